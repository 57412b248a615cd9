package pirogue

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Callback is a message from an operator to us about one attempt. It is a hint,
// never a fact: the workflow asks the operator before it believes it. Only of an operator
// that cannot be asked is it all there will ever be; see Heard.
type Callback struct {
	ID         string // of the attempt and the body's digest: the same message twice is one
	AttemptID  AttemptID
	PaymentID  PaymentID
	Receipt    Receipt // what the operator said; Outcome is "" when it could not be understood
	ReceivedAt time.Time
	RoutedAt   time.Time // when its payment's workflow was told; zero: not yet
}

// NewCallback returns the callback that body is for attempt a, read as a receipt.
func NewCallback(a Attempt, said Receipt, body []byte, at time.Time) Callback {
	digest := sha256.Sum256(body)
	return Callback{
		ID: string(a.ID) + "/" + hex.EncodeToString(digest[:]), AttemptID: a.ID, PaymentID: a.PaymentID,
		Receipt: said, ReceivedAt: at,
	}
}

// CallbackDigest returns what the database keeps of a callback URL's token.
func CallbackDigest(token string) string {
	digest := sha256.Sum256([]byte(token))
	return hex.EncodeToString(digest[:])
}

// Heard returns what an operator that cannot be asked has said of an attempt: the
// callbacks that proved to be its own, oldest first. That money moved outweighs
// everything else. It is believed only with the order's amount; a callback that names
// none, or another, is a receipt with a Mismatch or an Amount that no order expects.
func Heard(said []Receipt) Receipt {
	heard := Receipt{Outcome: OutcomePending, Words: "no callback was believed yet"}
	for _, r := range said {
		if r.Outcome != "" && r.Outcome != OutcomePending && heard.Outcome != OutcomePaid {
			heard = r
		}
	}
	if heard.Outcome == OutcomePaid && heard.Amount == (Money{}) && heard.Mismatch == "" {
		heard.Mismatch = MismatchUnstated
	}
	return heard
}
