package api

import (
	"regexp"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/operator"
)

// cashInRoutes serves the cash-ins: money from a customer to the merchant.
type cashInRoutes struct {
	requests   paymentRequests
	acceptance *acceptance
}

// register adds the route.
func (h cashInRoutes) register(in routeGroup) { in.post("/payments/cashin", h.create) }

// create accepts a cash-in. It reads the request, finds the operators of its route and has the
// payment accepted; see acceptance.
func (h cashInRoutes) create(c *gin.Context, rc *requestContext) error {
	in, err := h.requests.read(rc, pirogue.CashIn)
	if err != nil {
		return err
	}
	route, err := h.requests.route(&in, rc.key.Mode)
	if err != nil {
		return err
	}
	p := in.payment()
	conflictWith := func(original pirogue.Payment) error { return conflict(original, p, rc.language) }
	return h.acceptance.accept(c, rc, newPayment{p, withinLimits(route), in.otp, conflictWith})
}

// paymentRequest is a merchant's request for a cash-in or a cash-out, read and checked.
type paymentRequest struct {
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

// paymentRequests reads the requests for cash-ins and cash-outs, which differ in a few fields only.
type paymentRequests struct {
	routes Routes
	urls   httpkit.URLRules
}

// read reads a request. It fails with InvalidJSON, UnknownField, or the code of the first wrong
// field; the error names every wrong field.
func (r paymentRequests) read(rc *requestContext, k pirogue.PaymentKind) (paymentRequest, error) {
	f, err := readForm(rc.body, requestFields[k]...)
	if err != nil {
		return paymentRequest{}, err
	}
	in := r.fields(f, rc.key.Mode, k)
	return in, f.err()
}

// fields reads the fields of a cash-in or a cash-out and adds the mistakes to f.
func (r paymentRequests) fields(f *form, m pirogue.Mode, k pirogue.PaymentKind) paymentRequest {
	f.require("merchant_order_id", "amount", numberField[k])
	in := paymentRequest{
		kind:    k,
		orderID: f.text("merchant_order_id", pirogue.InvalidOrderID, orderID.MatchString),
		amount:  f.amount("amount"),
	}
	in.msisdn, in.country = readCustomer(f, numberField[k])
	in.returnURL = f.text("return_url", pirogue.InvalidURL, r.urls.Page(m))
	in.cancelURL = f.text("cancel_url", pirogue.InvalidURL, r.urls.Page(m))
	in.notifyURL = f.text("notify_url", pirogue.InvalidURL, r.urls.Webhook(m))
	in.customerName = f.text("customer_name", pirogue.InvalidParameter, line(maxName))
	in.description = f.text("description", pirogue.InvalidParameter, line(maxDescription))
	in.network = pirogue.Network(f.text("network", pirogue.InvalidParameter,
		oneOf(pirogue.Orange, pirogue.MTN, pirogue.Moov, pirogue.Wave)))
	in.otp = f.text("otp", pirogue.InvalidParameter, oneTimePassword.MatchString)
	in.metadata = f.metadata("metadata")
	return in
}

// readCustomer reads the number and derives its country and currency. Where the request also names
// these, they must agree. A contradiction is the merchant's mistake, and Pirogue does not guess
// which part is right.
func readCustomer(f *form, field string) (pirogue.MSISDN, pirogue.Country) {
	var derived pirogue.CountryCode
	number := f.text(field, pirogue.InvalidMSISDN, func(text string) (ok bool) {
		derived, ok = countryOf(text)
		return ok
	})
	claimed := pirogue.CountryCode(f.text("country_code", pirogue.CountryNotSupported, func(text string) bool {
		_, ok := pirogue.CountryByCode(pirogue.CountryCode(text))
		return ok
	}))
	country, supported := pirogue.CountryByCode(derived)
	switch {
	case number == "":
	case claimed != "" && claimed != derived:
		f.reject(field, pirogue.InvalidMSISDN)
	case !supported:
		f.reject(field, pirogue.CountryNotSupported)
	}
	f.text("currency", pirogue.InvalidCurrency, func(text string) bool {
		if !supported {
			return oneOf(pirogue.XOF, pirogue.XAF)(text)
		}
		return pirogue.Currency(text) == country.Currency
	})
	return pirogue.MSISDN(number), country
}

// payment returns the payment that the request asks for, without its acceptance.
func (in paymentRequest) payment() pirogue.Payment {
	return pirogue.Payment{
		Kind: in.kind, OrderID: in.orderID,
		Amount:  pirogue.Money{Minor: in.amount, Currency: in.country.Currency},
		Country: in.country.Code, MSISDN: in.msisdn, Network: in.network,
		CustomerName: in.customerName, Description: in.description,
		ReturnURL: in.returnURL, CancelURL: in.cancelURL, NotifyURL: in.notifyURL, Metadata: in.metadata,
	}
}

// route sets the network whose route the payment takes and returns the operators to try, in order. It
// fails with CountryNotSupported.
func (r paymentRequests) route(in *paymentRequest, m pirogue.Mode) ([]operator.Instance, error) {
	in.network, _ = r.routes.Network(m, in.country.Code, in.network, in.kind, in.msisdn)
	route, err := r.routes.Route(m, in.country.Code, in.network, in.kind)
	if err != nil || len(route) == 0 {
		return nil, r.unserved(*in, m, err)
	}
	return route, nil
}

// unserved names the field that asks for a service without an operator. It is the network where the
// country is served without it, and the number otherwise.
func (r paymentRequests) unserved(in paymentRequest, m pirogue.Mode, err error) error {
	if code := pirogue.CodeOf(err); code != "" && code != pirogue.CountryNotSupported {
		return err
	}
	if in.network != "" {
		others, err := r.routes.Route(m, in.country.Code, "", in.kind)
		if err == nil && len(others) > 0 {
			return pirogue.FieldError(pirogue.InvalidParameter, "network")
		}
	}
	return pirogue.FieldError(pirogue.CountryNotSupported, numberField[in.kind])
}
