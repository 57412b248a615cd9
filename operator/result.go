package operator

import (
	"pirogue"
)

// The outcomes of a call to an operator that did not end in a Receipt. They stay inside Pirogue:
// the workflow decides from them and no merchant ever sees one.
const (
	NotSent pirogue.Code = "NOT_SENT" // no byte reached the operator, or its gateway turned it away unread: safe to retry
	Refused pirogue.Code = "REFUSED"  // the operator refused the payment: final for the attempt
	Unable  pirogue.Code = "UNABLE"   // refused for a reason of the operator's own: final too, and failover is allowed
	Unknown pirogue.Code = "UNKNOWN"  // the operator may have executed it: ask for its status before anything else
)

// OperatorResult is an operator's result for one attempt at one moment.
type OperatorResult struct {
	Outcome      pirogue.Outcome    `json:"outcome"`
	ProviderTxID string             `json:"provider_tx_id,omitempty"`
	NextAction   pirogue.NextAction `json:"next_action,omitzero"`
	Handle       pirogue.Handle     `json:"-"`
	// Amount is the principal that the operator confirmed; zero when it names none. A Receipt with
	// another amount than the payment's never becomes a success.
	Amount pirogue.Money `json:"amount,omitzero"`
	// Extra holds the money that other transactions moved under the same reference; zero for
	// nothing. Amount equals the payment's amount then.
	Extra pirogue.Money `json:"extra,omitzero"`
	// Mismatch names a fact besides the amount that differs from the request: "currency" or
	// "counterparty"; "" for none. A Receipt with a Mismatch never becomes a success.
	Mismatch string `json:"mismatch,omitempty"`
	Message  string `json:"message,omitempty"` // the operator's message, redacted, for support
	// UnderWay means that the operator itself reports the attempt as pending. It has neither lost
	// the attempt nor failed to respond.
	UnderWay bool `json:"under_way,omitempty"`
	// Unreadable means that the response does not prove whether money moved, or how much. The call
	// failed, or its status word is in no table. It may report "paid" without an amount that the
	// operator states elsewhere, or a proven callback contradicts it. Words holds the reason.
	Unreadable bool `json:"unreadable,omitempty"`
	// Contradicted means that it is Unclear because a proven callback reports that money moved.
	Contradicted bool `json:"contradicted,omitempty"`
	// Absent means that the operator responded and does not know the attempt.
	Absent bool `json:"absent,omitempty"`
	// StaysOpen means that the payment stays open in spite of this result, because the service is in
	// ask-first mode.
	StaysOpen bool `json:"kept_open,omitempty"`
}

// Moved returns the total moved under the reference of a PAID receipt, in minor units. An operator
// that names no amount moved the ordered one.
func (r OperatorResult) Moved(ordered pirogue.Money) int64 {
	if r.Amount == (pirogue.Money{}) {
		return ordered.Minor + r.Extra.Minor
	}
	return r.Amount.Minor + r.Extra.Minor
}

// MismatchUnstated is the Mismatch of a callback that reports a payment without its amount. It
// occurs only with an operator that has no status call.
const MismatchUnstated = "amount_unstated"
