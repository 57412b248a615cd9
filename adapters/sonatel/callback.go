package sonatel

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// The headers of a callback.
const (
	headerAuthorization = "Authorization"
	headerSignature     = "X-Sonatel-Signature"
)

// The limits of a callback's proof.
const (
	tolerance     = 300 * time.Second // greatest difference between Orange's time and ours
	maxSignatures = 8                 // in one header; two while a secret is replaced
)

// Callback implements operator.CallbackReader. Its proof is the callback_key that was
// registered with the address, sent verbatim after "Basic". If the configuration has the
// endpoint's secrets, the signature must be right too. Orange repeats a callback until it
// gets a response, and never after a 4xx.
func (o *adapter) Callback(a pirogue.Attempt, header http.Header, body []byte) (operator.OperatorResult, error) {
	got, err := o.provenTransaction(header, body)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	if got.Reference != string(a.Ref) {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "a callback about another order than %s", a.Ref)
	}
	return o.transactionResult(got)
}

// CallbackReference returns the reference of a callback. Callbacks to the merchant's
// registered address need it, because that address serves every attempt. It returns the
// errors of Callback, and Unknown for a callback without a reference.
func (o *adapter) CallbackReference(header http.Header, body []byte) (pirogue.OperatorRef, error) {
	got, err := o.provenTransaction(header, body)
	if err != nil {
		return "", err
	}
	if got.Reference == "" || len(got.Reference) > maxReference {
		return "", pirogue.Errorf(operator.Unknown, "a callback without a reference of ours")
	}
	return pirogue.OperatorRef(got.Reference), nil
}

// provenTransaction returns the transaction of a callback whose proof is Orange's.
func (o *adapter) provenTransaction(header http.Header, body []byte) (transaction, error) {
	if err := o.VerifyCallback(header); err != nil {
		return transaction{}, err
	}
	if len(o.endpoint) > 0 && !o.isSigned(header.Get(headerSignature), body) {
		return transaction{}, pirogue.Errorf(pirogue.SignatureInvalid, "the callback's signature is missing, old or wrong")
	}
	var got transaction
	if err := json.Unmarshal(body, &got); err != nil {
		return transaction{}, pirogue.Errorf(pirogue.InvalidJSON, "Orange's callback: %w", err)
	}
	return got, nil
}

// isSigned reports whether a header "t=<unix>,v1=<hex>,…" signs body with one of the
// endpoint's secrets. The time in it must be within the tolerance of ours.
func (o *adapter) isSigned(header string, body []byte) bool {
	stamp, signatures := readSignature(header)
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || len(signatures) > maxSignatures {
		return false
	}
	if away := o.clock.Now().Sub(time.Unix(seconds, 0)).Abs(); away > tolerance {
		return false
	}
	valid := false
	for _, secret := range o.endpoint {
		want := client.SignHMAC(secret, append([]byte(stamp+","), body...))
		for _, got := range signatures {
			valid = client.EqualSecret(got, want) || valid
		}
	}
	return valid
}

// readSignature splits a signature header. A header with two times has none.
func readSignature(header string) (stamp string, signatures []string) {
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch {
		case name == "v1":
			signatures = append(signatures, value)
		case name == "t" && stamp != "":
			return "", nil
		case name == "t":
			stamp = value
		}
	}
	return stamp, signatures
}
