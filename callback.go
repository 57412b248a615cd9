package pirogue

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Callback is a message from an operator to us about one attempt. It is a hint,
// never a fact: the workflow asks the operator before it believes it.
type Callback struct {
	ID         string // of the attempt and the body's digest: the same message twice is one
	AttemptID  AttemptID
	PaymentID  PaymentID
	Words      string // what the operator said, redacted
	ReceivedAt time.Time
	RoutedAt   time.Time // when its payment's workflow was told; zero: not yet
}

// NewCallback returns the callback that body is for attempt a.
func NewCallback(a Attempt, words string, body []byte, at time.Time) Callback {
	digest := sha256.Sum256(body)
	return Callback{
		ID: string(a.ID) + "/" + hex.EncodeToString(digest[:]), AttemptID: a.ID, PaymentID: a.PaymentID,
		Words: words, ReceivedAt: at,
	}
}

// CallbackDigest returns what the database keeps of a callback URL's token.
func CallbackDigest(token string) string {
	digest := sha256.Sum256([]byte(token))
	return hex.EncodeToString(digest[:])
}
