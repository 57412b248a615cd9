package digitalpaye

import (
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"pirogue/sandbox/engine"
)

// The documented limits of an order: one country, one currency, one range of amounts.
const (
	country     = "CI"
	currency    = "XOF"
	prefix      = "+225"
	leastAmount = 100       // francs
	mostAmount  = 1_000_000 // francs
)

// orderRequest is an order of a caller, independent of the shape of the call.
type orderRequest struct {
	in            *shape
	way           engine.Direction
	transactionID string
	country       string
	currency      string
	number        string // national
	operator      string
	amount        int64
	customer      customer
	otp           string // the one-time password of an Orange collection
	success       string // Wave's page leads there afterwards
	failure       string
	cancel        string
}

// snakeBody is the body of v2 and sdk. The name is name_user in a collection and name in a
// transfer. Wave's cancel address is url_cancel or url_return, by version of the SDK.
type snakeBody struct {
	CodeCountry   string `json:"code_country"`
	Operator      string `json:"operator"`
	Currency      string `json:"currency"`
	CustomerID    string `json:"customer_id"`
	Amount        int64  `json:"amount"` // a JSON number: "300" is rejected
	NameUser      string `json:"name_user"`
	Name          string `json:"name"`
	TransactionID string `json:"transaction_id"`
	CodeOTP       string `json:"code_otp"`
	URLSuccess    string `json:"url_success"`
	URLError      string `json:"url_error"`
	URLCancel     string `json:"url_cancel"`
	URLReturn     string `json:"url_return"`
}

// camelBody is the body of v1. The number is payer in a collection (the English page prints
// pay) and recipient in a transfer. The French pages call Wave's second address errorUrl or
// urlError. No page shows how an OTP is sent; both spellings of the SDK's field are read
// [our reading].
type camelBody struct {
	TransactionID string `json:"transactionId"`
	Customer      struct {
		customer

		Phone string `json:"phone"`
	} `json:"customer"`
	Payer      string `json:"payer"`
	Recipient  string `json:"recipient"`
	Currency   string `json:"currency"`
	Amount     string `json:"amount"` // a JSON string: 300 without quotes is rejected
	Operator   string `json:"operator"`
	CodeOTP    string `json:"codeOtp"`
	SnakeOTP   string `json:"code_otp"`
	URLSuccess string `json:"urlSuccess"`
	URLError   string `json:"urlError"`
	ErrorURL   string `json:"errorUrl"`
}

// readOrder decodes a body in its shape. It rejects a body of neither shape.
func readOrder(a admittedCall, way engine.Direction) (orderRequest, error) {
	if a.in.snake && a.in.camel {
		return orderRequest{}, invalid("transaction_id")
	}
	if a.in.snake {
		var b snakeBody
		err := decode(a.raw, &b)
		return b.request(a.in, way), err
	}
	var b camelBody
	err := decode(a.raw, &b)
	return b.request(a.in, way), err
}

// decode rejects a value of the wrong JSON type and names its field.
func decode(raw []byte, body any) error {
	err := json.Unmarshal(raw, body)
	if wrong, found := errors.AsType[*json.UnmarshalTypeError](err); found && wrong.Field != "" {
		return invalid(wrong.Field)
	}
	if err != nil {
		return badRequest
	}
	return nil
}

// request returns the order of a body in v2 or sdk.
func (b snakeBody) request(in *shape, way engine.Direction) orderRequest {
	name := b.NameUser
	if way == engine.Out {
		name = b.Name
	}
	q := orderRequest{
		in: in, way: way, transactionID: b.TransactionID, country: b.CodeCountry, currency: b.Currency,
		number: b.CustomerID, operator: b.Operator, amount: b.Amount, customer: customerNamed(name), otp: b.CodeOTP,
		success: b.URLSuccess, failure: b.URLError, cancel: b.URLCancel + b.URLReturn,
	}
	q.customer.PhoneNumber = b.CustomerID
	return q
}

// request returns the order of a body in v1. An amount that is not a whole number of francs
// becomes 0, which check refuses.
func (b camelBody) request(in *shape, way engine.Direction) orderRequest {
	q := orderRequest{
		in: in, way: way, transactionID: b.TransactionID, country: country, currency: b.Currency, number: b.Payer,
		operator: b.Operator, customer: b.Customer.customer, otp: b.CodeOTP + b.SnakeOTP,
		success: b.URLSuccess, failure: b.URLError + b.ErrorURL,
	}
	if way == engine.Out {
		q.number = b.Recipient
	}
	q.customer.PhoneNumber = b.Customer.Phone
	if wholeFrancs.MatchString(b.Amount) {
		q.amount, _ = strconv.ParseInt(b.Amount, 10, 64) //nolint:errcheck // eight digits always fit
	}
	return q
}

var (
	wholeFrancs   = regexp.MustCompile(`^[1-9][0-9]{0,7}$`)
	localNumber   = regexp.MustCompile(`^0[0-9]{9}$`) // ten digits since 2021, with the zero
	transactionID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

// validate returns the first mistake of an order, or nil.
func (q orderRequest) validate() error {
	net := q.network()
	for _, rule := range []struct {
		snake, camel string // the field in either shape
		holds        bool
	}{
		{"transaction_id", "transactionId", q.hasValidID()},
		{"code_country", "countryCode", q.country == country},
		{"currency", "currency", q.currency == currency},
		{"customer_id", q.counterparty(), localNumber.MatchString(q.number)},
		{q.nameField(), "customer", q.hasCustomer()},
		{"amount", "amount", q.amount >= leastAmount && q.amount <= mostAmount},
		{"operator", "operator", net != ""},
		{"url_success", "urlSuccess", q.success == "" || engine.IsAddress(q.success)},
		{"url_error", "urlError", q.failure == "" || engine.IsAddress(q.failure)},
		{"url_cancel", "urlCancel", q.cancel == "" || engine.IsAddress(q.cancel)},
	} {
		switch {
		case rule.holds:
		case q.in.camel:
			return invalid(rule.camel)
		default:
			return invalid(rule.snake)
		}
	}
	// An Orange customer creates the code on the phone beforehand. A collection without a code
	// is accepted [our reading]; one with a wrong code is not.
	if q.way == engine.In && net == orange && q.otp != "" && q.otp != OTP {
		return wrongOTP
	}
	return nil
}

// network returns the network that the caller's word names, or "" for an unknown word.
func (q orderRequest) network() network { return q.in.networks[q.operator] }

// hasValidID reports whether the transaction id is valid.
func (q orderRequest) hasValidID() bool {
	return len(q.transactionID) <= q.in.maxID && transactionID.MatchString(q.transactionID)
}

// hasCustomer reports whether the order names its customer as fully as the shape requires.
func (q orderRequest) hasCustomer() bool {
	return q.in.snake && q.customer.name() != "" || q.in.camel && q.customer.complete()
}

// counterparty returns v1's field for the customer's number.
func (q orderRequest) counterparty() string {
	if q.way == engine.Out {
		return "recipient"
	}
	return "payer"
}

// nameField returns v2's field for the customer's name.
func (q orderRequest) nameField() string {
	if q.way == engine.Out {
		return "name"
	}
	return "name_user"
}

// msisdn returns the international number of the customer.
func (q orderRequest) msisdn() string { return prefix + q.number }

// local returns a number in Digitalpaye's national form.
func local(msisdn string) string { return strings.TrimPrefix(msisdn, prefix) }
