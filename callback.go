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

// MaxVerified says how many callbacks of one attempt start a question about a payment that has
// ended. Later ones are kept as evidence only: so many questions have been asked by then.
const MaxVerified = 50

// Agreeing returns the statuses of payments that ended as the callback says, or of which it
// says nothing. One that cannot be understood may speak of money, where there was none.
func (c Callback) Agreeing() []Status {
	switch c.Receipt.Outcome {
	case OutcomePaid, "":
		return []Status{StatusSuccess, StatusReversed}
	case OutcomeDeclined, OutcomeExpired:
		return []Status{StatusFailed, StatusExpired}
	default:
		return []Status{StatusSuccess, StatusReversed, StatusFailed, StatusExpired}
	}
}

// CallbackDigest returns what the database keeps of a callback URL's token.
func CallbackDigest(token string) string {
	digest := sha256.Sum256([]byte(token))
	return hex.EncodeToString(digest[:])
}

// Heard returns what an operator that cannot be asked has said of an attempt: the
// callbacks that proved to be its own, oldest first. That money moved outweighs
// everything else, and what moved by another transaction of the operator's is its Extra. It
// is believed only with the order's amount; a callback that names none, or another, is a
// receipt with a Mismatch or an Amount that no order expects.
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
	if heard.Outcome == OutcomePaid && heard.Amount.Minor > 0 {
		heard.Extra = Beside(said, heard.ProviderTxID, heard.Amount)
	}
	return heard
}

// Beside returns what proven callbacks say moved by other transactions of the operator's than the
// one that a payment has; "" stands for the first that is named. One that names no amount, or
// another currency, counts as the amount ordered.
func Beside(said []Receipt, tx string, ordered Money) Money {
	beside, known := Money{}, map[string]bool{"": true, tx: true}
	for _, r := range said {
		if r.Outcome != OutcomePaid || known[r.ProviderTxID] {
			continue
		}
		known[r.ProviderTxID] = true
		if tx == "" {
			tx = r.ProviderTxID
			continue
		}
		amount := ordered
		if r.Amount.Minor > 0 && r.Amount.Currency == ordered.Currency {
			amount = r.Amount
		}
		beside = Money{Minor: beside.Minor + amount.Minor, Currency: ordered.Currency}
	}
	return beside
}
