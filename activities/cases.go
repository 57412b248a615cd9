package activities

import (
	"context"

	"pirogue"
	"pirogue/failpoint"
	"pirogue/ids"
)

// Trouble asks for a case: money that a person, or the merchant's policy, must
// place.
type Trouble struct {
	PaymentID pirogue.PaymentID `json:"payment_id"`
	Cause     pirogue.Cause     `json:"cause"`
	Attempt   int               `json:"attempt,omitempty"` // number of the attempt; 0 for the latest
	// Paid is all that moved at the operator under the attempt, in minor units; 0 books nothing.
	Paid int64  `json:"paid,omitempty"`
	Note string `json:"note"`
	// Again opens the case anew if a person has closed it. It books nothing then.
	Again bool `json:"again,omitempty"`
}

// OpenCase books stray money to suspense, opens the case about it and returns its ID. An
// amount that no payment can have is not booked: the case's note says what the operator named.
func (a *Activities) OpenCase(ctx context.Context, in Trouble) (pirogue.CaseID, error) {
	if !pirogue.IsAmount(in.Paid) {
		in.Paid = 0
	}
	if in.Cause == pirogue.CauseReversed {
		// What we gave back ourselves is not taken back by the operator.
		if p, _, err := a.Store.Latest(ctx, in.PaymentID); err != nil || p.Refunded+p.RefundHeld > 0 {
			return "", encode(err)
		}
	}
	opened := pirogue.Case{
		ID: pirogue.NewCaseID(in.PaymentID, in.Cause), PaymentID: in.PaymentID, Cause: in.Cause, Attempt: in.Attempt,
		Note: in.Note, Paid: in.Paid, OpenedAt: a.Clock.Now(),
	}
	if in.Again {
		return opened.ID, encode(a.Store.ReopenCase(ctx, opened))
	}
	opened, err := a.Store.OpenCase(ctx, opened)
	failpoint.Hit("case.opened")
	return opened.ID, encode(err)
}

// UnplacedCases returns the open cases of a payment that have money in suspense, the oldest
// first.
func (a *Activities) UnplacedCases(ctx context.Context, id pirogue.PaymentID) ([]pirogue.CaseID, error) {
	all, err := a.Store.Cases(ctx, id)
	open := []pirogue.CaseID{}
	for _, c := range all {
		if c.Paid > 0 && c.ClosedAt.IsZero() {
			open = append(open, c.ID)
		}
	}
	return open, encode(err)
}

// CloseCases closes the cases of a payment that a person has settled.
func (a *Activities) CloseCases(ctx context.Context, id pirogue.PaymentID) (bool, error) {
	return true, encode(a.Store.CloseCases(ctx, id, a.Clock.Now()))
}

// CloseCase closes one case, whatever others its payment has.
func (a *Activities) CloseCase(ctx context.Context, id pirogue.CaseID) (bool, error) {
	return true, encode(a.Store.CloseCase(ctx, id, a.Clock.Now()))
}

// GivenBack is how stray money goes back to its payer. Refund is "" when no operator
// can pay into the payer's wallet: then a person must.
type GivenBack struct {
	Refund pirogue.PaymentID `json:"refund,omitempty"`
}

// GiveBack returns the stray money of a case to its payer, by a refund out of suspense
// whose reference is the case: made again, it is the same refund.
func (a *Activities) GiveBack(ctx context.Context, id pirogue.CaseID) (GivenBack, error) {
	stray, err := a.Store.Case(ctx, id)
	if err != nil {
		return GivenBack{}, encode(err)
	}
	parent, _, err := a.Store.Latest(ctx, stray.PaymentID)
	if err != nil || stray.Paid == 0 {
		return GivenBack{}, encode(err)
	}
	route, err := a.Routes.Route(parent.Mode, parent.Country, parent.Network, pirogue.CashOut)
	if err != nil && pirogue.CodeOf(err) != pirogue.CountryNotSupported {
		return GivenBack{}, encode(err)
	}
	refund := a.lateRefund(parent, stray)
	fits := pirogue.Refunders(a.Operators[parent.Operator], route, parent, refund)
	if len(fits) == 0 {
		return GivenBack{}, nil
	}
	refund.Operator = fits[0].Code
	attempt := firstAttempt(refund)
	refund, _, err = a.Store.Accept(ctx, refund, attempt, a.Callbacks.Digest(attempt.Ref))
	if err != nil {
		return GivenBack{}, encode(err)
	}
	failpoint.Hit("giveback.accepted")
	err = a.Workflows.Launch(ctx, refund)
	failpoint.Hit("giveback.launched")
	return GivenBack{Refund: refund.ID}, encode(err)
}

// lateRefund is the payment that gives stray money back. It has no start deadline: nobody
// asks for it again under another reference, so it waits as long as it takes.
func (a *Activities) lateRefund(parent pirogue.Payment, stray pirogue.Case) pirogue.Payment {
	now := a.Clock.Now()
	return pirogue.Payment{
		ID: ids.Payment(), MerchantID: parent.MerchantID, Mode: parent.Mode, Kind: pirogue.Refund, Late: true,
		OrderID: string(stray.ID), ParentID: parent.ID, Status: pirogue.StatusCreated,
		Amount:   pirogue.Money{Minor: stray.Paid, Currency: parent.Amount.Currency},
		Fee:      pirogue.Money{Currency: parent.Amount.Currency},
		FeePayer: pirogue.PaidByMerchant, Country: parent.Country, MSISDN: parent.MSISDN, Network: parent.Network,
		Description: string(stray.Cause), NotifyURL: parent.NotifyURL,
		CreatedAt: now, UpdatedAt: now,
	}
}

// firstAttempt is the submission that the database keeps beside a payment before any
// byte leaves.
func firstAttempt(p pirogue.Payment) pirogue.Attempt {
	return pirogue.Attempt{
		ID: pirogue.AttemptID(ids.New()), PaymentID: p.ID, Number: 1, Operator: p.Operator,
		Ref: ids.Reference(p.Kind), State: pirogue.AttemptPrepared, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
	}
}
