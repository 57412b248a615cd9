package lifecycle

import (
	"pirogue"
	"pirogue/operator"
)

// PaymentInput is the input of a payment's workflow: identifiers and the policy frozen when the workflow
// starts. A later change of configuration cannot alter a payment under way. It holds nothing
// personal and nothing secret, for Temporal's history keeps it.
type PaymentInput struct {
	PaymentID  pirogue.PaymentID         `json:"payment_id"`
	MerchantID pirogue.MerchantID        `json:"merchant_id"`
	Mode       pirogue.Mode              `json:"mode"`
	Kind       pirogue.PaymentKind       `json:"kind"`
	Country    pirogue.CountryCode       `json:"country"`
	Network    pirogue.Network           `json:"network"`
	Amount     pirogue.Money             `json:"amount"`              // moves at the operator: see Payment.AtOperator
	Current    operator.RouteCandidate   `json:"current"`             // of the operator tried first
	Fallbacks  []operator.RouteCandidate `json:"fallbacks,omitempty"` // the candidates for failover, in order
	Bulk       bool                      `json:"bulk,omitempty"`      // a bulk's line: interactive payments go first
	Resumes    *Resumption               `json:"resumes,omitempty"`   // its workflow was lost and is started again
	Revision   int                       `json:"revision,omitempty"`  // of the workflow's steps: see CurrentRevision
}

// The revisions of the steps that a payment's workflow takes. A workflow under way keeps the revision that
// it started with, so its history replays. In revision 0 Finalize starts a workflow for each event, and a
// callback cancels the poll.
const (
	// RevisionFewerTasks has the payment's workflow make the first delivery of its events.
	RevisionFewerTasks = 1
	// CurrentRevision is the revision of a workflow that starts.
	CurrentRevision = RevisionFewerTasks
)

// NewPaymentInput returns the workflow input of p. The first instance of route carries the payment; the
// others are its candidates for failover. The route must not be empty.
func NewPaymentInput(p pirogue.Payment, route []operator.Instance) PaymentInput {
	candidates := make([]operator.RouteCandidate, len(route))
	for n, i := range route {
		candidates[n] = operator.NewRouteCandidate(p.Kind, i)
	}
	return PaymentInput{
		PaymentID: p.ID, MerchantID: p.MerchantID, Mode: p.Mode, Kind: p.Kind,
		Country: p.Country, Network: p.Network, Amount: p.AtOperator(), Current: candidates[0], Fallbacks: candidates[1:],
		Bulk: p.BulkID != "", Revision: CurrentRevision,
	}
}
