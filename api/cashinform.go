package api

import (
	"regexp"

	"pirogue"
)

// cashInForm is what a merchant says to collect from a customer, read and checked.
type cashInForm struct {
	orderID      string
	amount       int64
	msisdn       pirogue.MSISDN
	country      pirogue.Country
	network      pirogue.Network // "" when the merchant leaves it to us
	customerName string
	description  string
	returnURL    string
	cancelURL    string
	notifyURL    string
	metadata     map[string]string
}

// cashInFields is every field of the request, in the contract's order.
var cashInFields = []string{
	"merchant_order_id", "amount", "customer_msisdn", "currency", "country_code", "return_url", "cancel_url",
	"notify_url", "customer_name", "description", "network", "otp", "metadata",
}

// orderID is a merchant's reference: visible ASCII, so that two references that
// look alike are alike.
var orderID = regexp.MustCompile(`^[\x21-\x7e]{1,64}$`)

// otp is a one-time password. No operator in the routes wants one beforehand, so it
// is checked and forgotten: it is not ours to keep.
var otp = regexp.MustCompile(`^[0-9A-Za-z]{1,16}$`)

// readCashIn reads a cash-in. It fails with InvalidJSON, with UnknownField, or with
// the code of the first wrong field and every wrong field named.
func (s *Server) readCashIn(body []byte, m pirogue.Mode) (cashInForm, error) {
	o, err := decodeObject(body)
	if err != nil {
		return cashInForm{}, err
	}
	f := &form{object: o}
	if f.only(cashInFields...); f.err() != nil {
		return cashInForm{}, f.err()
	}
	f.need("merchant_order_id", "amount", "customer_msisdn")
	in := cashInForm{
		orderID: f.text("merchant_order_id", pirogue.InvalidOrderID, orderID.MatchString),
		amount:  f.amount("amount"),
	}
	in.msisdn, in.country = readCustomer(f)
	in.returnURL = f.text("return_url", pirogue.InvalidURL, s.urls.page(m))
	in.cancelURL = f.text("cancel_url", pirogue.InvalidURL, s.urls.page(m))
	in.notifyURL = f.text("notify_url", pirogue.InvalidURL, s.urls.webhook(m))
	in.customerName = f.text("customer_name", pirogue.InvalidParameter, line(maxName))
	in.description = f.text("description", pirogue.InvalidParameter, line(maxDescription))
	in.network = pirogue.Network(f.text("network", pirogue.InvalidParameter,
		oneOf(pirogue.Orange, pirogue.MTN, pirogue.Moov, pirogue.Wave)))
	f.text("otp", pirogue.InvalidParameter, otp.MatchString)
	in.metadata = f.pairs("metadata")
	return in, f.err()
}

// readCustomer reads the number, and the country and currency that follow from it.
// Said as well, they must agree: a contradiction is a mistake in the shop, and we
// do not choose which half of it was meant.
func readCustomer(f *form) (pirogue.MSISDN, pirogue.Country) {
	var home pirogue.CountryCode
	number := f.text("customer_msisdn", pirogue.InvalidMSISDN, func(text string) (ok bool) {
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
		f.wrong("customer_msisdn", pirogue.InvalidMSISDN)
	case !served:
		f.wrong("customer_msisdn", pirogue.CountryNotSupported)
	}
	f.text("currency", pirogue.InvalidCurrency, func(text string) bool {
		if !served {
			return oneOf(pirogue.XOF, pirogue.XAF)(text)
		}
		return pirogue.Currency(text) == country.Currency
	})
	return pirogue.MSISDN(number), country
}
