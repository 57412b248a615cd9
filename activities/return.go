package activities

import (
	"context"
	"time"

	"pirogue"
	"pirogue/failpoint"
	"pirogue/ids"
	"pirogue/routing"
	"pirogue/support"
)

// returnTries says how many refunds try to give the money of a case back. Then a person has to
// decide again. Each has a reference of its own.
const returnTries = 5

// returnPauses says how long a return that failed is let be before the next one. The number of
// returns that have failed selects the pause.
var returnPauses = [returnTries]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, time.Hour}

// returnBackoff spaces the looks at a return that is under way.
var returnBackoff = Backoff{First: 5 * time.Second, Max: 10 * time.Minute, Factor: 2, Jitter: JitterLater}

// ReturnRequest asks for the money of a case to be given back to its payer.
type ReturnRequest struct {
	Case support.CaseID `json:"case"`
	// Known says how many returns of the case the caller knows of: one more is begun unless there
	// are more. NoReturn begins none.
	Known int `json:"known"`
}

// NoReturn is the ReturnRequest.Known of a request that only looks.
const NoReturn = -1

// ReturnResult says how the return of a case's money stands.
type ReturnResult struct {
	Done  bool `json:"done,omitempty"`  // the case is closed
	Open  bool `json:"open,omitempty"`  // a return is under way, or another one follows by itself
	Tries int  `json:"tries,omitempty"` // returns that were begun
}

// GiveBack gives the money of a case back to its payer by a refund out of suspense. If a return
// was begun before, it tells how that stands. Without Done and Open nothing is under way: none
// was asked for, or no operator can pay into the payer's wallet and a person must.
func (a *CaseActivities) GiveBack(ctx context.Context, in ReturnRequest) (ReturnResult, error) {
	r, err := a.returnOf(ctx, in.Case)
	if err != nil {
		return ReturnResult{}, activityError(err)
	}
	if back := r.stands(); back.Done || back.Open || in.Known != back.Tries {
		return back, activityError(a.relaunch(ctx, r))
	}
	back, err := a.beginReturn(ctx, r)
	return back, activityError(err)
}

// AwaitReturn returns once the money of a case is back, which closes the case. It also returns
// once as many returns have failed as are tried by themselves. It begins the next one when one
// has failed; the workflow's history does not grow by it.
func (a *CaseActivities) AwaitReturn(ctx context.Context, id support.CaseID) (ReturnResult, error) {
	r, err := a.returnOf(ctx, id)
	if err != nil {
		return ReturnResult{}, activityError(err)
	}
	back, wait := r.stands(), a.backOff(ctx, returnBackoff)
	if back.Done || !back.Open {
		return back, nil
	}
	if last := r.returns[len(r.returns)-1]; last.Status.Terminal() {
		left := last.UpdatedAt.Add(returnPauses[(back.Tries-1)%returnTries]).Sub(a.Clock.Now())
		wait = a.later(left)
		if left <= 0 {
			if back, err = a.beginReturn(ctx, r); err != nil || !back.Open {
				return back, activityError(err)
			}
			wait = a.later(returnBackoff.First)
		}
	}
	if err := a.relaunch(ctx, r); err != nil {
		return back, activityError(err)
	}
	return back, retryIn(wait, "the money is on its way back to its payer")
}

// relaunch starts the workflow of a return that is still CREATED: the run that wrote it may have died
// before it started one. Starting it again is no error.
func (a *CaseActivities) relaunch(ctx context.Context, r caseReturn) error {
	if len(r.returns) == 0 || r.returns[len(r.returns)-1].Status != pirogue.StatusCreated {
		return nil
	}
	return a.Workflows.Launch(ctx, r.returns[len(r.returns)-1])
}

// caseReturn is a case with the refunds that were to give its money back.
type caseReturn struct {
	lateCase support.Case
	returns  []pirogue.Payment // oldest first
	blocked  bool              // a return that had failed has a case of its own: it may have paid
}

// returnOf reads a case with its returns.
func (a *CaseActivities) returnOf(ctx context.Context, id support.CaseID) (caseReturn, error) {
	lateCase, err := a.Store.Cases.Case(ctx, id)
	if err != nil {
		return caseReturn{}, err
	}
	r := caseReturn{lateCase: lateCase}
	if r.returns, err = a.Store.Cases.Returns(ctx, lateCase); err != nil {
		return r, err
	}
	for _, back := range r.returns {
		cases, err := a.Store.Cases.Cases(ctx, back.ID)
		if err != nil {
			return r, err
		}
		r.blocked = r.blocked || back.Status.Terminal() && len(cases) > 0
	}
	return r, nil
}

// stands tells how a return stands. After returnTries failures in a row a person decides.
func (r caseReturn) stands() ReturnResult {
	back := ReturnResult{Done: !r.lateCase.ClosedAt.IsZero(), Tries: len(r.returns)}
	if back.Done || back.Tries == 0 {
		return back
	}
	under := !r.returns[back.Tries-1].Status.Terminal()
	back.Open = under || back.Tries%returnTries != 0 && !r.blocked
	return back
}

// beginReturn begins the next return of a case. The operator that collected its money comes
// first, if it can give it back. It reports none open when no operator can pay into the payer's
// wallet. An earlier return that may have paid has the same effect.
func (a *CaseActivities) beginReturn(ctx context.Context, r caseReturn) (ReturnResult, error) {
	back := ReturnResult{Tries: len(r.returns)}
	parent, collected, err := a.Store.Attempts.Numbered(ctx, r.lateCase.PaymentID, r.lateCase.Attempt)
	if err != nil || r.lateCase.Paid == 0 || r.blocked {
		return back, err
	}
	route, err := routing.NewRefundRoute(a.Routes, parent, a.Operators[collected.Operator])
	if err != nil && pirogue.CodeOf(err) != pirogue.RefundNotAllowed {
		return back, err
	}
	refund := a.lateRefund(parent, r.lateCase, back.Tries+1)
	fits := route.Operators(refund)
	if len(fits) == 0 {
		return back, nil
	}
	refund.Operator = fits[0].Code
	attempt := ids.FirstAttempt(refund)
	if refund, _, err = a.Store.Payments.Accept(ctx, refund, attempt, a.Callbacks.Digest(attempt.Ref)); err != nil {
		return back, err
	}
	failpoint.Hit("return.accepted")
	err = a.Workflows.Launch(ctx, refund)
	failpoint.Hit("return.launched")
	return ReturnResult{Open: true, Tries: back.Tries + 1}, err
}

// lateRefund is the n-th payment that is to give stray money back. It has no start deadline:
// nobody asks for it again under another reference, so it waits as long as it takes.
func (a *CaseActivities) lateRefund(parent pirogue.Payment, stray support.Case, n int) pirogue.Payment {
	now := a.Clock.Now()
	return pirogue.Payment{
		ID: ids.Payment(), MerchantID: parent.MerchantID, Mode: parent.Mode, Kind: pirogue.Refund, Late: true,
		OrderID: support.NewReturnID(stray.ID, n), ParentID: parent.ID, Status: pirogue.StatusCreated,
		Amount:   pirogue.Money{Minor: stray.Paid, Currency: parent.Amount.Currency},
		Fee:      pirogue.Money{Currency: parent.Amount.Currency},
		FeePayer: pirogue.PaidByMerchant, Country: parent.Country, MSISDN: parent.MSISDN, Network: parent.Network,
		Description: string(stray.Cause), NotifyURL: parent.NotifyURL,
		CreatedAt: now, UpdatedAt: now,
	}
}
