package novasend

import (
	"cmp"
	"context"
	"crypto/sha1" //nolint:gosec // RFC 9562 makes version 5 of it; nothing is kept secret by it
	"encoding/hex"
	"encoding/json"
	"strings"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// The headers of this API's writes. The client adds those of every call.
const (
	headerIdempotency = "X-Idempotency-Key"
	language          = "fr" // of Novasend's messages
)

// purposes separates the keys of two writes with one reference. Both ways to collect share
// a purpose. A collection sent again by the other way must meet a conflict, not be
// collected twice.
var purposes = map[pirogue.PaymentKind]string{
	pirogue.CashIn: "payin", pirogue.CashOut: "payout", pirogue.Refund: "refund",
}

// namespace is the UUID namespace for names that are URLs, RFC 9562 section 6.6.
var namespace = [...]byte{
	0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8,
}

// idempotencyKey returns the X-Idempotency-Key of a write: a UUID, version 5. It derives
// from the purpose and our reference alone. So it is the same whenever and wherever the
// write is repeated.
func idempotencyKey(kind pirogue.PaymentKind, ref pirogue.OperatorRef) string {
	name := "urn:pirogue:novasend:" + purposes[kind] + ":" + string(ref)
	sum := sha1.Sum(append(namespace[:], name...)) //nolint:gosec // see the import
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x50 // version 5
	id[8] = id[8]&0x3f | 0x80 // the variant of RFC 9562
	digits := hex.EncodeToString(id)
	return strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-")
}

// defaultName is the name of a customer whose name nobody gave us. Some of Novasend's pages
// require one.
const defaultName = "Client"

// customerName returns the customer's name that we send to Novasend.
func customerName(customer string) string { return cmp.Or(customer, defaultName) }

// walletTransfer is the money that moves between Novasend and a wallet of a named network.
type walletTransfer struct {
	Amount   int64  `json:"amount"`
	MSISDN   string `json:"msisdn"`
	Provider string `json:"provider"`
	Country  string `json:"country"`
	OTP      string `json:"otp,omitempty"` // required for ORANGE
}

// newWalletTransfer returns the money that moves, in the form of the direct API.
func (o *adapter) newWalletTransfer(amount pirogue.Money, number pirogue.MSISDN, provider string) walletTransfer {
	return walletTransfer{
		Amount: amount.Minor, MSISDN: string(number), Provider: provider, Country: string(o.conf.Country),
	}
}

// returnPages holds the pages to which the customer's browser goes afterwards.
type returnPages struct {
	SuccessURL string `json:"successUrl"`
	FailureURL string `json:"failureUrl"`
}

// submission is one call that may move money.
type submission struct {
	path   string
	body   any
	kind   pirogue.PaymentKind
	ref    pirogue.OperatorRef
	secret string // a value of the body that Novasend might repeat; "" for none
}

// submit makes a call that may move money and reads the response about an order. An Unknown
// result may hold Novasend's name of the order all the same.
func (o *adapter) submit(ctx context.Context, s submission, want expected) (record, operator.OperatorResult, error) {
	req, err := client.PostJSON(s.path, s.body)
	if err != nil {
		return record{}, operator.OperatorResult{}, err
	}
	req.Header.Set(headerIdempotency, idempotencyKey(s.kind, s.ref))
	req.Secrets = []string{s.secret}
	resp, err := o.Submit(ctx, req, s.kind)
	var got record
	result, err := o.ReadResult(resp, err, func(body []byte) (result operator.OperatorResult, err error) {
		got, result, err = o.readRecordResult(body, want)
		return result, err
	})
	return got, result, err
}

// errorBody is the body of an error. Novasend's statusCode repeats the HTTP status.
type errorBody struct {
	Code    string `json:"code"`
	Message string `json:"message"` // for people, in the language of the request
}

// readErrorBody returns the content of an error body. A page of some proxy on the way does not
// speak for Novasend and has no code. A message of an undocumented form loses only the
// message.
func readErrorBody(body []byte) errorBody {
	var got errorBody
	if err := json.Unmarshal(body, &got); err != nil {
		return errorBody{Code: got.Code}
	}
	return got
}

// errorWord returns an error's key in the table of errors: its code. Without one it is the
// message, spelt as a code.
func (p errorBody) errorWord() string {
	text := p.Code
	if text == "" {
		text = p.Message
	}
	return strings.ReplaceAll(strings.ToLower(text), " ", "_")
}
