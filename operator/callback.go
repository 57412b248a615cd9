package operator

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"pirogue"
)

// Callback is a message from an operator to us about one attempt. It is a hint, never a fact: the
// workflow asks the operator before it believes it. Where an operator has no status call, callbacks
// are the only source: see Heard.
type Callback struct {
	ID         string // the attempt's ID and the body's digest, so a repeated message has the same ID
	AttemptID  pirogue.AttemptID
	PaymentID  pirogue.PaymentID
	Result     OperatorResult // as read from the body; Outcome is "" when the adapter cannot interpret it
	ReceivedAt time.Time
	RoutedAt   time.Time // when its payment's workflow was told; zero: not yet
}

// NewCallback returns the callback for attempt a whose body the adapter read as said. Its ID makes
// a repeated message the same callback.
func NewCallback(a pirogue.Attempt, said OperatorResult, body []byte, at time.Time) Callback {
	digest := sha256.Sum256(body)
	return Callback{
		ID: string(a.ID) + "/" + hex.EncodeToString(digest[:]), AttemptID: a.ID, PaymentID: a.PaymentID,
		Result: said, ReceivedAt: at,
	}
}

// MaxVerified limits the callbacks of one attempt that trigger a status call after the payment
// ended. Later ones are kept as evidence only: the operator has been asked often enough by then.
const MaxVerified = 50

// Agreeing returns the terminal statuses that the callback does not contradict. A callback without
// an outcome may mean that money moved, so it agrees with SUCCESS and REVERSED only.
func (c Callback) Agreeing() []pirogue.Status {
	switch c.Result.Outcome {
	case pirogue.OutcomePaid, "":
		return []pirogue.Status{pirogue.StatusSuccess, pirogue.StatusReversed}
	case pirogue.OutcomeDeclined, pirogue.OutcomeExpired:
		return []pirogue.Status{pirogue.StatusFailed, pirogue.StatusExpired}
	default:
		return []pirogue.Status{pirogue.StatusSuccess, pirogue.StatusReversed, pirogue.StatusFailed, pirogue.StatusExpired}
	}
}

// CallbackDigest returns the hex SHA-256 of a callback URL's token. The database keeps the digest
// only, so that a reader of it cannot forge a callback.
func CallbackDigest(token string) string {
	digest := sha256.Sum256([]byte(token))
	return hex.EncodeToString(digest[:])
}

// LatestVerified combines the proven callbacks of an attempt, oldest first, where the operator has no status
// call. PAID outweighs every other outcome. Only the payment's own amount makes it a success;
// without an amount it gets MismatchUnstated. Extra holds the money of other transactions of the
// operator.
func LatestVerified(said []OperatorResult) OperatorResult {
	heard := OperatorResult{Outcome: pirogue.OutcomePending, Message: "no callback was believed yet"}
	for _, r := range said {
		if r.Outcome != "" && r.Outcome != pirogue.OutcomePending && heard.Outcome != pirogue.OutcomePaid {
			heard = r
		}
	}
	if heard.Outcome == pirogue.OutcomePaid && heard.Amount == (pirogue.Money{}) && heard.Mismatch == "" {
		heard.Mismatch = MismatchUnstated
	}
	if heard.Outcome == pirogue.OutcomePaid && heard.Amount.Minor > 0 {
		heard.Extra = Beside(said, heard.ProviderTxID, heard.Amount)
	}
	return heard
}

// Beside adds up the money that proven callbacks report under other transactions than tx. With tx
// "" the first transaction named counts as tx. A callback without an amount, or in another
// currency, counts as ordered.
func Beside(said []OperatorResult, tx string, ordered pirogue.Money) pirogue.Money {
	beside, known := pirogue.Money{}, map[string]bool{"": true, tx: true}
	for _, r := range said {
		if r.Outcome != pirogue.OutcomePaid || known[r.ProviderTxID] {
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
		beside = pirogue.Money{Minor: beside.Minor + amount.Minor, Currency: ordered.Currency}
	}
	return beside
}
