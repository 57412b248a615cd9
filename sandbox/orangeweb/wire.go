package orangeweb

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"unicode/utf8"

	"pirogue/sandbox/engine"
)

// The limits of requests, from Orange's guide; lengths are in characters.
const (
	maxBody      = 1 << 16 // bytes
	maxOrderID   = 30
	maxReference = 30
	maxURL       = 120
	maxLang      = 5
)

// dev is the path segment of Orange's own sandbox, and devCurrency the only currency it
// accepts. Every other segment is a country with its currency.
const (
	dev         = "dev"
	devCurrency = "OUV"
)

var (
	country  = regexp.MustCompile(`^[a-z]{2}$`)
	currency = regexp.MustCompile(`^[A-Z]{3}$`)
	// host matches a valid host with its port.
	host = regexp.MustCompile(`^[A-Za-z0-9.\-\[\]:]+$`)
)

// order is the body of a webpayment call. It ignores unknown fields, as Orange does.
type order struct {
	MerchantKey string `json:"merchant_key,omitempty"`
	Currency    string `json:"currency"`
	OrderID     string `json:"order_id"`
	Amount      int64  `json:"amount"`
	ReturnURL   string `json:"return_url"`
	CancelURL   string `json:"cancel_url"`
	NotifURL    string `json:"notif_url"`
	Lang        string `json:"lang"`
	Reference   string `json:"reference"` // the merchant's name
}

// openedReply is the response to a webpayment call.
type openedReply struct {
	Status     int    `json:"status"` // 201, as in HTTP
	Message    string `json:"message"`
	PayToken   string `json:"pay_token"`
	PaymentURL string `json:"payment_url"`
	NotifToken string `json:"notif_token"`
}

// question is the body of a transactionstatus call; all three fields must match.
type question struct {
	OrderID  string `json:"order_id"`
	Amount   int64  `json:"amount"`
	PayToken string `json:"pay_token"`
}

// statusReply is the response to a transactionstatus call. Orange sends no amount; the
// field exists for the magic number that confirms another one.
type statusReply struct {
	Status  string `json:"status"`
	OrderID string `json:"order_id"`
	TxnID   string `json:"txnid"`
	Amount  *int64 `json:"amount,omitempty"`
}

// notification is the body posted to notif_url: no order_id, no amount, no signature.
type notification struct {
	Status     Status `json:"status"`
	NotifToken string `json:"notif_token"`
	TxnID      string `json:"txnid"`
}

// readBody decodes the JSON body of a call into v, which must be a pointer.
func readBody(w http.ResponseWriter, r *http.Request, v any) error {
	raw, err := engine.ReadBody(w, r, maxBody)
	if err != nil {
		if _, over := errors.AsType[*http.MaxBytesError](err); over {
			return tooLarge
		}
		return invalidBody.because("The body could not be read to its end.")
	}
	err = json.Unmarshal(raw, v)
	if wrong, found := errors.AsType[*json.UnmarshalTypeError](err); found {
		return invalidField.because(fmt.Sprintf("%s must be of type %s.", wrong.Field, wrong.Type))
	}
	if err != nil {
		return invalidBody
	}
	return nil
}

// rule is the rule for one text field of an order.
type rule struct {
	name, value string
	max         int // characters
	required    bool
	isURL       bool
}

// validate returns the first refusal that Orange has for the order, or nil.
func (o order) validate(segment string) error {
	for _, field := range []rule{
		{name: "merchant_key", value: o.MerchantKey, required: true, max: maxBody},
		{name: "order_id", value: o.OrderID, required: true, max: maxOrderID},
		{name: "currency", value: o.Currency, required: true, max: len(devCurrency)},
		{name: "return_url", value: o.ReturnURL, required: true, max: maxURL, isURL: true},
		{name: "cancel_url", value: o.CancelURL, required: true, max: maxURL, isURL: true},
		{name: "notif_url", value: o.NotifURL, required: true, max: maxURL, isURL: true},
		{name: "reference", value: o.Reference, max: maxReference},
		{name: "lang", value: o.Lang, max: maxLang},
	} {
		if err := field.check(); err != nil {
			return err
		}
	}
	if o.Amount <= 0 {
		return invalidField.because("amount must be an integer above 0.")
	}
	if !currency.MatchString(o.Currency) || (o.Currency == devCurrency) != (segment == dev) {
		return invalidField.because("currency must be OUV on dev, and the country's own elsewhere.")
	}
	return nil
}

// check returns the refusal of the text, or nil.
func (f rule) check() error {
	switch {
	case f.required && f.value == "":
		return missingField.because(f.name + " is required.")
	case utf8.RuneCountInString(f.value) > f.max:
		return invalidField.because(fmt.Sprintf("%s is longer than %d characters.", f.name, f.max))
	case f.isURL && !validURL(f.value):
		return invalidField.because(f.name + " must be an absolute http address.")
	}
	return nil
}

// validURL accepts absolute http addresses, localhost included. A sandbox runs on laptops,
// although the real Orange refuses localhost.
func validURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && host.MatchString(u.Host)
}
