package taramoney

import (
	"cmp"
	"context"
	"encoding/json"
	"regexp"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// defaultProduct is the product name that the customer sees if the merchant has no name.
const defaultProduct = "Paiement"

// collectRequest is the body of POST cmmobile and of POST mobilepay.
type collectRequest struct {
	account

	ProductID    string `json:"productId"` // our reference
	ProductName  string `json:"productName"`
	ProductPrice int64  `json:"productPrice"` // francs
	PhoneNumber  string `json:"phoneNumber"`
	Network      string `json:"network,omitempty"` // mobilepay only
	WebHookURL   string `json:"webHookUrl"`
}

// Collect implements operator.Collector. Taramoney prompts the customer on the phone. Its
// response holds the code to dial if no prompt appears. A collection that Taramoney can
// never accept is Unable and not sent.
func (o *adapter) Collect(ctx context.Context, c operator.CollectRequest) (operator.OperatorResult, error) {
	req, err := o.collectRequest(c)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	got, err := o.submit(ctx, o.shape.path, req)
	result := operator.OperatorResult{ProviderTxID: string(got.TransactionID)}
	if err != nil {
		return result, err
	}
	next, err := o.nextAction(got)
	if err != nil {
		return result, err
	}
	result.Outcome, result.NextAction, result.Message = pirogue.OutcomePending, next, o.Redact(got.String())
	return result, nil
}

// collectRequest returns the body of a collection. It returns Unable for one that Taramoney can
// never accept.
func (o *adapter) collectRequest(c operator.CollectRequest) (collectRequest, error) {
	digits, err := o.Limits.LocalNumber(client.CollectSubmission(c))
	if err != nil {
		return collectRequest{}, err
	}
	network, served := o.shape.networks[c.Network]
	if !served {
		return collectRequest{}, pirogue.Errorf(operator.Unable, "not sent: network %q by %s", c.Network, o.shape.path)
	}
	if o.conf.NoStatus && c.CallbackURL == "" {
		return collectRequest{}, pirogue.Errorf(operator.Unable, "not sent: without a webhook nothing reports the result")
	}
	if o.shape.dialCode {
		digits = dialCode + digits
	}
	return collectRequest{
		account:      o.account(),
		ProductID:    string(c.Ref),
		ProductName:  client.Truncate(cmp.Or(c.Payee, defaultProduct), maxName),
		ProductPrice: c.Amount.Minor,
		PhoneNumber:  digits,
		Network:      network,
		WebHookURL:   c.CallbackURL,
	}, nil
}

// dialable matches a code that a phone can dial, such as #150*50#.
var dialable = regexp.MustCompile(`^[*#][0-9*#]{1,40}$`)

// nextAction returns the customer's next action: to open Wave's page, to dial the code, or to
// wait for the phone. It drops a code that no phone can dial. It returns Unknown for an
// unusable page, because nobody can pay then.
func (o *adapter) nextAction(got submitResponse) (pirogue.NextAction, error) {
	if len(got.AuthURL) > 0 && string(got.AuthURL) != "null" && string(got.AuthURL) != `""` {
		page := o.pageURL(got.AuthURL)
		if page == "" {
			return pirogue.NextAction{}, pirogue.Errorf(operator.Unknown, "accepted, but authUrl holds no https address")
		}
		return pirogue.NextAction{Type: pirogue.ActionRedirect, URL: page, Vendor: o.Redact(string(got.Vendor))}, nil
	}
	next := pirogue.NextAction{Type: pirogue.ActionPush, Vendor: o.Redact(string(got.Vendor))}
	if dialable.MatchString(string(got.USSDCode)) {
		next.Type, next.USSDCode = pirogue.ActionUSSD, string(got.USSDCode)
	}
	return next, nil
}

// pageURL returns the address in an authUrl, or "" if a customer may not be sent there. An
// authUrl is a string of JSON, {"url":…}; integrators also saw that object itself.
func (o *adapter) pageURL(raw json.RawMessage) string {
	var wave struct {
		URL string `json:"url"`
	}
	if err := unpack(raw, &wave); err != nil {
		return ""
	}
	if !client.IsPageURL(wave.URL, o.conf.Simulator) {
		return ""
	}
	return wave.URL
}
