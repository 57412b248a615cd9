package taramoney

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// dialCode is the calling code of Cameroon.
const dialCode = "237"

// account holds the credentials in every request. Taramoney has no other authentication.
type account struct {
	APIKey     string `json:"apiKey"`
	BusinessID string `json:"businessId"`
}

// account returns the account of the instance.
func (o *adapter) account() account {
	return account{APIKey: o.conf.Credentials[credAPIKey], BusinessID: o.conf.Credentials[credBusinessID]}
}

// post makes one call. submitCode reads its response.
func (o *adapter) post(ctx context.Context, path string, body any) (client.Response, error) {
	req, err := client.PostJSON(path, body)
	if err != nil {
		return client.Response{}, err
	}
	return o.Do(ctx, req)
}

// query makes a call that moves no money and returns the body of a good response.
func (o *adapter) query(ctx context.Context, path string, body any) ([]byte, error) {
	resp, err := o.post(ctx, path, body)
	if err == nil && !resp.OK() {
		err = o.ResponseError(resp, "")
	}
	return resp.Body, err
}

// statusMessage holds the fields of every response except a list.
type statusMessage struct {
	Status  client.Text `json:"status"`
	Message client.Text `json:"message"` // for people, also in French
}

// readMessage reads a response. It returns the zero value for a body that is not Taramoney's.
func readMessage(body []byte) statusMessage {
	var got statusMessage
	if err := json.Unmarshal(body, &got); err != nil {
		return statusMessage{}
	}
	return got
}

// String returns the text for people.
func (m statusMessage) String() string { return string(m.Status) + " " + string(m.Message) }

// upperWord returns a word in the upper case of the tables.
func upperWord(t client.Text) string { return strings.ToUpper(strings.TrimSpace(string(t))) }

// unpack reads JSON that Taramoney may have packed into a string.
func unpack(raw []byte, into any) error {
	if !bytes.HasPrefix(raw, []byte(`"`)) {
		return json.Unmarshal(raw, into)
	}
	var packed string
	if err := json.Unmarshal(raw, &packed); err != nil {
		return err
	}
	return json.Unmarshal([]byte(packed), into)
}

// submitResponse is the body of a response to cmmobile, mobilepay and payout/create.
type submitResponse struct {
	statusMessage

	TransactionID client.Text     `json:"transactionId"` // of a collection: seen, not documented, not always there
	USSDCode      client.Text     `json:"ussdCode"`
	Vendor        client.Text     `json:"vendor"`
	AuthURL       json.RawMessage `json:"authUrl"` // of Wave
	PayoutID      client.Text     `json:"payoutId"`
}

// submit makes a call that Taramoney may accept or refuse. With an Unknown error it returns
// the names in the response, because the order may have been executed under them.
func (o *adapter) submit(ctx context.Context, path string, body any) (submitResponse, error) {
	resp, err := o.post(ctx, path, body)
	if err != nil {
		return submitResponse{}, err
	}
	var got submitResponse
	if err := json.Unmarshal(resp.Body, &got); err != nil {
		got = submitResponse{}
	}
	switch code := submitCode(resp.Status, got.Status, got.Message); code {
	case "":
		return got, nil
	case operator.Unknown:
		return got, o.CodedError(code, resp)
	default:
		return submitResponse{}, o.CodedError(code, resp)
	}
}

// payment is Taramoney's description of one payment: the body of a webhook, and the payload
// in the response of transactions/status. The seed's webhooks have neither productId nor
// amount.
type payment struct {
	BusinessID  client.Text `json:"businessId"`
	PaymentID   client.Text `json:"paymentId"`
	ProductID   client.Text `json:"productId"`   // the reference of the order
	PhoneNumber client.Text `json:"phoneNumber"` // without 237 in the samples
	Amount      client.Text `json:"amount"`      // gross, as paid; the net is called originalAmount
	Currency    client.Text `json:"currency"`    // in no document; checked if present
	Status      client.Text `json:"status"`
}

// payload is a payment in the form of transactions/status: packed into a string of JSON.
// The zero value means that it is missing.
type payload struct{ payment }

// UnmarshalJSON implements json.Unmarshaler.
func (p *payload) UnmarshalJSON(raw []byte) error {
	if bytes.Equal(raw, []byte(`""`)) {
		return nil
	}
	return unpack(raw, &p.payment)
}

// attemptNames returns the names that Taramoney may use for an attempt: our reference, and for a
// payout its own identifier.
func attemptNames(ref pirogue.OperatorRef, handle pirogue.Handle) []string {
	names := []string{string(ref)}
	if id := handle[keyPayoutID]; id != "" {
		names = append(names, id)
	}
	return names
}

// isOtherProduct reports whether a productId is present and is none of the names.
func isOtherProduct(productID client.Text, names []string) bool {
	return productID != "" && !slices.Contains(names, string(productID))
}

// outcomeOf returns the outcome of a status word. It returns Unknown for a word that is not
// in Taramoney's documents.
func (o *adapter) outcomeOf(word client.Text) (pirogue.Outcome, error) {
	outcome, ok := statusTable[upperWord(word)]
	if !ok {
		return "", pirogue.Errorf(operator.Unknown, "status %q is not in Taramoney's documents", o.Redact(string(word)))
	}
	return outcome, nil
}

// readAmount returns the amount that was paid, or the zero value if the payment states none. It
// returns Unknown for an amount that is not a whole number.
func (o *adapter) readAmount(p payment) (pirogue.Money, error) {
	if p.Amount == "" {
		return pirogue.Money{}, nil
	}
	francs, err := client.ParseAmount(json.Number(p.Amount))
	if err != nil {
		return pirogue.Money{}, pirogue.Errorf(operator.Unknown, "paid %q, which is no whole amount",
			o.Redact(string(p.Amount)))
	}
	currency := cmp.Or(pirogue.Currency(upperWord(p.Currency)), o.conf.Currency)
	return pirogue.Money{Minor: francs, Currency: currency}, nil
}

// mismatch returns the part of a success that differs from the order. It is another
// currency, another credited business, or another wallet. A field that the payment leaves
// out is no difference.
func (o *adapter) mismatch(p payment, q operator.StatusQuery) string {
	switch {
	case p.Currency != "" && upperWord(p.Currency) != string(q.Amount.Currency):
		return client.MismatchCurrency
	case o.isOtherBusiness(p), client.IsAnotherNumber(string(p.PhoneNumber), q.MSISDN):
		return client.MismatchCounterparty
	default:
		return ""
	}
}

// isOtherBusiness reports whether a payment names another business.
func (o *adapter) isOtherBusiness(p payment) bool {
	return p.BusinessID != "" && string(p.BusinessID) != o.conf.Credentials[credBusinessID]
}
