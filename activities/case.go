package activities

import (
	"context"

	"pirogue"
	"pirogue/failpoint"
	"pirogue/support"
)

// OpenCaseInput asks for a case: money that a person, or the merchant's policy, must
// place.
type OpenCaseInput struct {
	PaymentID pirogue.PaymentID `json:"payment_id"`
	Cause     support.Cause     `json:"cause"`
	Attempt   int               `json:"attempt,omitempty"` // number of the attempt; 0 for the latest
	// Paid is all that moved at the operator under the attempt, in minor units; 0 books nothing.
	Paid int64  `json:"paid,omitempty"`
	Note string `json:"note"`
	// Again opens the case anew if a person has closed it. It books nothing then.
	Again bool `json:"again,omitempty"`
}

// OpenCase books stray money to suspense, opens the case about it and returns its ID; "" when the
// money had its case, and people or its return have closed that: nothing is left to settle. An
// amount that no payment can have is not booked: the case's note says what the operator named.
func (a *CaseActivities) OpenCase(ctx context.Context, in OpenCaseInput) (support.CaseID, error) {
	if !pirogue.IsAmount(in.Paid) {
		in.Paid = 0
	}
	if in.Cause == support.CauseReversed {
		if ours, err := a.gaveBack(ctx, in.PaymentID); err != nil || ours {
			return "", activityError(err)
		}
	}
	opened := support.Case{
		ID: support.NewCaseID(in.PaymentID, in.Cause), PaymentID: in.PaymentID, Cause: in.Cause, Attempt: in.Attempt,
		Note: in.Note, Paid: in.Paid, OpenedAt: a.Clock.Now(),
	}
	if in.Again {
		return opened.ID, activityError(a.Store.Cases.ReopenCase(ctx, opened))
	}
	opened, err := a.Store.Cases.OpenCase(ctx, opened)
	failpoint.Hit("case.opened")
	if err == nil {
		logResult(ctx, "case opened", "payment", in.PaymentID, "case", opened.ID, "cause", in.Cause)
	}
	if err == nil && !opened.ClosedAt.IsZero() {
		return "", nil
	}
	return opened.ID, activityError(err)
}

// gaveBack reports whether the operator that collected a cash-in gave all of it back, or is about
// to. Only our refund call counts. Refunds in part leave the collection as it was, and so do those
// into the payer's wallet: an operator that takes it back does so itself.
func (a *CaseActivities) gaveBack(ctx context.Context, id pirogue.PaymentID) (bool, error) {
	p, _, err := a.Store.Attempts.Latest(ctx, id)
	if err != nil || p.Refunded+p.RefundHeld < p.Amount.Minor {
		return false, err
	}
	refunds, err := a.Store.Payments.Refunds(ctx, id)
	if err != nil {
		return false, err
	}
	var back int64
	for _, refund := range refunds {
		_, reverses, err := a.reverses(ctx, a.Operators[refund.Operator], refund)
		if err != nil {
			return false, err
		}
		if reverses {
			back += refund.Amount.Minor
		}
	}
	return back >= p.Amount.Minor, nil
}

// UnsettledCase is a case that waits to be settled.
type UnsettledCase struct {
	ID    support.CaseID `json:"id"`
	Cause support.Cause  `json:"cause"`
}

// UnsettledCases returns the open cases of an ended payment the oldest first. People, or the
// return of their money, settle them one by one.
func (a *CaseActivities) UnsettledCases(ctx context.Context, id pirogue.PaymentID) ([]UnsettledCase, error) {
	all, err := a.Store.Cases.Cases(ctx, id)
	open := []UnsettledCase{}
	for _, c := range all {
		if c.ClosedAt.IsZero() && c.Cause.SettledByWorkflow() && c.Cause != support.CauseUnknown {
			open = append(open, UnsettledCase{c.ID, c.Cause})
		}
	}
	return open, activityError(err)
}

// CloseCase closes a case that has no money in suspense, because it is known what became of its
// payment.
func (a *CaseActivities) CloseCase(ctx context.Context, id support.CaseID) (bool, error) {
	return true, activityError(a.Store.Cases.CloseCase(ctx, id, a.Clock.Now()))
}

// PlaceCase closes a case whose money two people placed outside Pirogue.
func (a *CaseActivities) PlaceCase(ctx context.Context, id support.CaseID) (bool, error) {
	err := a.Store.Cases.PlaceCase(ctx, id, a.Clock.Now())
	return true, activityError(err)
}
