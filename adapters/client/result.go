package client

import (
	"encoding/json"
	"net/http"

	"pirogue"
	"pirogue/operator"
)

// The differences from an order besides the amount: values of OperatorResult.Mismatch.
const (
	MismatchCurrency     = "currency"
	MismatchCounterparty = "counterparty"
)

// ResultReader reads the body of a response or a callback. On an Unknown error its result may
// hold the operator's name of the transaction.
type ResultReader func(body []byte) (operator.OperatorResult, error)

// ReadJSON returns a ResultReader of JSON bodies of type T. It returns InvalidJSON for any
// other body.
func ReadJSON[T any](read func(body T) (operator.OperatorResult, error)) ResultReader {
	return func(raw []byte) (operator.OperatorResult, error) {
		var body T
		if err := json.Unmarshal(raw, &body); err != nil {
			return operator.OperatorResult{}, pirogue.Errorf(pirogue.InvalidJSON, "not the JSON of the operator's documents")
		}
		return read(body)
	}
}

// ReadResult returns the operator result of a response to Submit or Query. On an Unknown error it
// keeps the transaction ID and handle that read finds. A status call can use them.
func (c *Client) ReadResult(r Response, err error, read ResultReader) (operator.OperatorResult, error) {
	if err == nil {
		return readBody(r.Body, read)
	}
	if pirogue.CodeOf(err) != operator.Unknown {
		return operator.OperatorResult{}, err
	}
	named, _ := read(r.Body) //nolint:errcheck // err is what is reported; the name is all that is wanted
	return operator.OperatorResult{ProviderTxID: named.ProviderTxID, Handle: named.Handle}, err
}

// readBody reads the body of a response. A body that is not JSON is Unknown, because the
// operator may have executed the request.
func readBody(body []byte, read ResultReader) (operator.OperatorResult, error) {
	result, err := read(body)
	if pirogue.CodeOf(err) == pirogue.InvalidJSON {
		err = pirogue.Errorf(operator.Unknown, "%w", err)
	}
	return result, err
}

// VerifyCallback returns SignatureInvalid for a callback without the spec's CallbackSecret. An
// instance without the secret accepts every callback.
func (c *Client) VerifyCallback(header http.Header) error {
	proof := c.spec.CallbackSecret
	secret := c.credentials[proof.Credential]
	if secret == "" || EqualSecret(header.Get(proof.Header), proof.Scheme+secret) {
		return nil
	}
	return pirogue.Errorf(pirogue.SignatureInvalid, "the secret of a callback of %s is missing or not ours", c.spec.Name)
}

// ReadCallback reads a callback after VerifyCallback. It returns Unknown if the callback names
// another transaction than the attempt's handle.
func (c *Client) ReadCallback(
	a pirogue.Attempt, header http.Header, body []byte, read ResultReader,
) (operator.OperatorResult, error) {
	if err := c.VerifyCallback(header); err != nil {
		return operator.OperatorResult{}, err
	}
	result, err := read(body)
	// A callback must not decide another attempt than the one it was sent to.
	for key, name := range result.Handle {
		if known := a.Handle[key]; known != "" && known != name {
			return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "a callback about another order than %s", a.Ref)
		}
	}
	return result, err
}

// StatusFields holds an operator's statement about one attempt, in its own words. "" marks a
// field that it leaves out.
type StatusFields struct {
	ID     string // the operator's name of the transaction; the handle keeps it under Key
	Key    string // "" if the handle does not need the name
	Status string
	Text   string // for people, besides the status
}

// Result returns the operator result of a statement. An undocumented status word is
// Unknown; the result still holds the operator's name of the transaction.
func (c *Client) Result(s StatusFields, secrets ...string) (operator.OperatorResult, error) {
	result := operator.OperatorResult{ProviderTxID: s.ID}
	if s.ID != "" && s.Key != "" {
		result.Handle = pirogue.Handle{s.Key: s.ID}
	}
	outcome, listed := c.spec.StatusTable[s.Status]
	if !listed {
		word := c.Redact(s.Status, secrets...)
		return result, pirogue.Errorf(operator.Unknown, "status %q is in no document of the operator", word)
	}
	result.Outcome, result.Message = outcome, c.Redact(s.Status+" "+s.Text, secrets...)
	return result, nil
}

// ResultWithAmount does what Result does and reads the amount of a success. A success without a
// whole amount is Unknown; the result still holds the operator's name. Other outcomes have
// no amount.
func (c *Client) ResultWithAmount(s StatusFields, amount string, in pirogue.Currency) (operator.OperatorResult, error) {
	result, err := c.Result(s)
	if err != nil || result.Outcome != pirogue.OutcomePaid {
		return result, err
	}
	francs, err := ParseAmount(json.Number(amount))
	if err != nil || in == "" {
		named := operator.OperatorResult{ProviderTxID: result.ProviderTxID, Handle: result.Handle}
		return named, pirogue.Errorf(operator.Unknown, "paid, but no whole amount of a currency")
	}
	result.Amount = pirogue.Money{Minor: francs, Currency: in}
	return result, nil
}
