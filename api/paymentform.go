package api

import (
	"regexp"

	"pirogue"
)

// paymentForm is a merchant's request for a cash-in or a cash-out, read and checked.
type paymentForm struct {
	kind         pirogue.PaymentKind
	orderID      string
	amount       int64 // minor units
	msisdn       pirogue.MSISDN
	country      pirogue.Country
	network      pirogue.Network // "" when the merchant names none
	customerName string
	description  string
	returnURL    string
	cancelURL    string
	notifyURL    string
	metadata     map[string]string
	otp          string // the customer's one-time password; "" for none
}

// requestFields lists every field of the two requests, in the contract's order. A cash-out has no
// return pages and no one-time password.
var requestFields = map[pirogue.PaymentKind][]string{
	pirogue.CashIn: {
		"merchant_order_id", "amount", "customer_msisdn", "currency", "country_code", "return_url", "cancel_url",
		"notify_url", "customer_name", "description", "network", "otp", "metadata",
	},
	pirogue.CashOut: {
		"merchant_order_id", "amount", "beneficiary_msisdn", "currency", "country_code",
		"notify_url", "customer_name", "description", "network", "metadata",
	},
}

// numberField holds each request's name for the customer's number.
var numberField = map[pirogue.PaymentKind]string{
	pirogue.CashIn:  "customer_msisdn",
	pirogue.CashOut: "beneficiary_msisdn",
}

// orderID is the accepted form of a merchant's reference. It allows visible ASCII only, so that two
// references that look alike are equal.
var orderID = regexp.MustCompile(`^[\x21-\x7e]{1,64}$`)

// oneTimePassword is the accepted form of a password that the network gave the customer beforehand.
var oneTimePassword = regexp.MustCompile(`^[0-9A-Za-z]{1,16}$`)

// readForm reads a body whose fields must be among the given names. It fails with InvalidJSON or
// UnknownField.
func readForm(body []byte, fields ...string) (*form, error) {
	o, err := decodeObject(body)
	if err != nil {
		return nil, err
	}
	f := &form{object: o}
	f.only(fields...)
	return f, f.err()
}

// readPayment reads a cash-in or a cash-out. It fails with InvalidJSON, UnknownField, or the code
// of the first wrong field; the error names every wrong field.
func (s *Server) readPayment(body []byte, m pirogue.Mode, k pirogue.PaymentKind) (paymentForm, error) {
	f, err := readForm(body, requestFields[k]...)
	if err != nil {
		return paymentForm{}, err
	}
	in := s.paymentOf(f, m, k)
	return in, f.err()
}

// paymentOf reads the fields of a cash-in or a cash-out and adds the mistakes to f.
func (s *Server) paymentOf(f *form, m pirogue.Mode, k pirogue.PaymentKind) paymentForm {
	f.need("merchant_order_id", "amount", numberField[k])
	in := paymentForm{
		kind:    k,
		orderID: f.text("merchant_order_id", pirogue.InvalidOrderID, orderID.MatchString),
		amount:  f.amount("amount"),
	}
	in.msisdn, in.country = readCustomer(f, numberField[k])
	in.returnURL = f.text("return_url", pirogue.InvalidURL, s.urls.page(m))
	in.cancelURL = f.text("cancel_url", pirogue.InvalidURL, s.urls.page(m))
	in.notifyURL = f.text("notify_url", pirogue.InvalidURL, s.urls.webhook(m))
	in.customerName = f.text("customer_name", pirogue.InvalidParameter, line(maxName))
	in.description = f.text("description", pirogue.InvalidParameter, line(maxDescription))
	in.network = pirogue.Network(f.text("network", pirogue.InvalidParameter,
		oneOf(pirogue.Orange, pirogue.MTN, pirogue.Moov, pirogue.Wave)))
	in.otp = f.text("otp", pirogue.InvalidParameter, oneTimePassword.MatchString)
	in.metadata = f.pairs("metadata")
	return in
}

// readCustomer reads the number and derives its country and currency. Where the request also names
// these, they must agree. A contradiction is a mistake in the shop, and Pirogue does not guess
// which part is right.
func readCustomer(f *form, field string) (pirogue.MSISDN, pirogue.Country) {
	var home pirogue.CountryCode
	number := f.text(field, pirogue.InvalidMSISDN, func(text string) (ok bool) {
		home, ok = countryOf(text)
		return ok
	})
	said := pirogue.CountryCode(f.text("country_code", pirogue.CountryNotSupported, func(text string) bool {
		_, ok := pirogue.CountryByCode(pirogue.CountryCode(text))
		return ok
	}))
	country, served := pirogue.CountryByCode(home)
	switch {
	case number == "":
	case said != "" && said != home:
		f.wrong(field, pirogue.InvalidMSISDN)
	case !served:
		f.wrong(field, pirogue.CountryNotSupported)
	}
	f.text("currency", pirogue.InvalidCurrency, func(text string) bool {
		if !served {
			return oneOf(pirogue.XOF, pirogue.XAF)(text)
		}
		return pirogue.Currency(text) == country.Currency
	})
	return pirogue.MSISDN(number), country
}
