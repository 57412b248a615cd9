package novasend

import (
	"bytes"
	"encoding/json"
	"net/http"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// headerSignature holds the proof of a webhook: the HMAC-SHA256 of its body under the
// webhook's own secret, in lower-case hexadecimal. It covers no time, so anyone can send an
// old webhook again. A callback is only a hint, and a repeated hint does no harm.
const headerSignature = "X-Signature-Value"

// Callback implements operator.CallbackReader. The body is the record itself.
func (o *adapter) Callback(a pirogue.Attempt, header http.Header, body []byte) (operator.OperatorResult, error) {
	got, err := o.provenRecord(header, body)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	if got.ourReference() != a.Ref {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "a callback about another order than %s", a.Ref)
	}
	outcome, err := got.outcome()
	if err != nil {
		return operator.OperatorResult{}, err
	}
	return operator.OperatorResult{Outcome: outcome, ProviderTxID: got.operatorID(), Message: o.Redact(got.text())}, nil
}

// CallbackReference returns the reference of a callback. Callbacks to the address in
// Novasend's portal need it, because that address serves every attempt. It returns the
// errors of Callback, and Unknown for a callback without a reference. One about a refund
// may have none.
func (o *adapter) CallbackReference(header http.Header, body []byte) (pirogue.OperatorRef, error) {
	got, err := o.provenRecord(header, body)
	if err != nil {
		return "", err
	}
	ref := got.ourReference()
	if ref == "" || len(ref) > maxReference {
		return "", pirogue.Errorf(operator.Unknown, "a callback without a reference of ours")
	}
	return ref, nil
}

// provenRecord returns the record of a callback whose signature is Novasend's.
func (o *adapter) provenRecord(header http.Header, body []byte) (record, error) {
	if !o.isSigned(header.Get(headerSignature), body) {
		return record{}, pirogue.Errorf(pirogue.SignatureInvalid, "the callback's signature is missing or wrong")
	}
	got, err := readRecord(body)
	if err != nil {
		return record{}, pirogue.Errorf(pirogue.InvalidJSON, "Novasend's callback: %s", o.Redact(err.Error()))
	}
	return got, nil
}

// isSigned reports whether the signature belongs to the body. Novasend's SDK signs the body
// as sent; Novasend's pages sign it after they encode it again.
func (o *adapter) isSigned(signature string, body []byte) bool {
	secret := o.conf.Credentials[credWebhookSecret]
	return client.EqualSecret(signature, client.SignHMAC(secret, body)) ||
		client.EqualSecret(signature, client.SignHMAC(secret, compactJSON(body)))
}

// compactJSON returns JSON without white space between its parts and without the escapes that
// PHP puts before slashes. Its members keep their order. A body that is not JSON stays
// unchanged.
func compactJSON(body []byte) []byte {
	var compact bytes.Buffer
	if err := json.Compact(&compact, body); err != nil {
		return body
	}
	from := compact.Bytes()
	to := make([]byte, 0, len(from))
	for i := 0; i < len(from); i++ {
		if from[i] == '\\' { // never the last byte of valid JSON
			i++
			if from[i] != '/' {
				to = append(to, '\\')
			}
		}
		to = append(to, from[i])
	}
	return to
}
