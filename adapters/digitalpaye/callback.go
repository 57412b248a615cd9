package digitalpaye

import (
	"net/http"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// Callback implements operator.CallbackReader. Digitalpaye signs nothing and sends no
// secret. Only the secret path of the callback address protects a callback: the account
// holds it, and Digitalpaye alone knows it. The body is the transaction itself, without an
// envelope.
func (o *adapter) Callback(a pirogue.Attempt, _ http.Header, body []byte) (operator.OperatorResult, error) {
	row, err := readCallback(body)
	if err != nil {
		return operator.OperatorResult{}, pirogue.Errorf(pirogue.InvalidJSON, "Digitalpaye's callback: %w", err)
	}
	if row.id != string(a.Ref) || row.id == "" {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "a callback about another order than %s", a.Ref)
	}
	result, err := o.Result(client.StatusFields{ID: row.ref, Status: row.status, Text: row.text()})
	if err != nil {
		return operator.OperatorResult{}, err
	}
	return result, nil
}

// readCallback reads a callback in the spelling that names its reference. The documents show only
// the camelCase one, and none states that it follows the version of the calls.
func readCallback(body []byte) (transaction, error) {
	row, err := readSeedTransaction(body)
	if err == nil && row.id == "" {
		row, err = readPagesTransaction(body)
	}
	return row, err
}

// CallbackReference returns the reference of a callback, because all callbacks of an
// account arrive at one address. It returns the errors of Callback, and Unknown where the
// callback holds no reference of ours.
func (o *adapter) CallbackReference(_ http.Header, body []byte) (pirogue.OperatorRef, error) {
	row, err := readCallback(body)
	if err != nil {
		return "", pirogue.Errorf(pirogue.InvalidJSON, "Digitalpaye's callback: %w", err)
	}
	if row.id == "" || len(row.id) > maxReference {
		return "", pirogue.Errorf(operator.Unknown, "a callback without a reference of ours")
	}
	return pirogue.OperatorRef(row.id), nil
}
