package novasend

import (
	"bytes"
	"encoding/json"
	"net/http"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// headerSignature holds the proof of a webhook: the HMAC-SHA256 of its body under the
// webhook's own secret, in lower-case hexadecimal. It covers no time, so anyone can send an
// old webhook again. A callback is only a hint, and a repeated hint does no harm.
const headerSignature = "X-Signature-Value"

// Callback implements pirogue.CallbackReader. The body is the record itself.
func (o *adapter) Callback(a pirogue.Attempt, header http.Header, body []byte) (operator.OperatorResult, error) {
	got, err := o.proven(header, body)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	if got.ours() != a.Ref {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "a callback about another order than %s", a.Ref)
	}
	outcome, err := got.outcome()
	if err != nil {
		return operator.OperatorResult{}, err
	}
	return operator.OperatorResult{Outcome: outcome, ProviderTxID: got.theirs(), Message: o.Redact(got.reason())}, nil
}

// CallbackReference returns the reference of a callback. Callbacks to the address in
// Novasend's portal need it, because that address serves every attempt. It returns the
// errors of Callback, and Unknown for a callback without a reference. One about a refund
// may have none.
func (o *adapter) CallbackReference(header http.Header, body []byte) (pirogue.OperatorRef, error) {
	got, err := o.proven(header, body)
	if err != nil {
		return "", err
	}
	ref := got.ours()
	if ref == "" || len(ref) > maxReference {
		return "", pirogue.Errorf(operator.Unknown, "a callback without a reference of ours")
	}
	return ref, nil
}

// proven returns the record of a callback whose signature is Novasend's.
func (o *adapter) proven(header http.Header, body []byte) (record, error) {
	if !o.signed(header.Get(headerSignature), body) {
		return record{}, pirogue.Errorf(pirogue.SignatureInvalid, "the callback's signature is missing or wrong")
	}
	got, err := decode(body)
	if err != nil {
		return record{}, pirogue.Errorf(pirogue.InvalidJSON, "Novasend's callback: %s", o.Redact(err.Error()))
	}
	return got, nil
}

// signed reports whether the signature belongs to the body. Novasend's SDK signs the body
// as sent; Novasend's pages sign it after they encode it again.
func (o *adapter) signed(signature string, body []byte) bool {
	secret := o.conf.Credentials[credWebhookSecret]
	return outbound.Same(signature, outbound.Sign(secret, body)) ||
		outbound.Same(signature, outbound.Sign(secret, rewritten(body)))
}

// rewritten returns JSON without white space between its parts and without the escapes that
// PHP puts before slashes. Its members keep their order. A body that is not JSON stays
// unchanged.
func rewritten(body []byte) []byte {
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
