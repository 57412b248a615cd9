package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"pirogue/operator"
)

const (
	// resendAfter separates a status call from the request for the callback. Each run of the activity
	// makes one call, because the rate limit of the operator's queue counts runs.
	resendAfter = time.Second
	// callbackWait limits the wait for the callback before the next status call. A callback that
	// comes earlier interrupts it.
	callbackWait = 30 * time.Second
)

// resender returns the operator of a check that has not been asked yet to send its callback again.
// It reports false before the end of the finality window.
func (a *StatusActivities) resender(c statusCheck) (operator.CallbackResender, bool) {
	if c.Pace != Final || !c.attempt.CallbackAskedAt.IsZero() {
		return nil, false
	}
	resender, can := a.Operators[c.attempt.Operator].Operator.(operator.CallbackResender)
	return resender, can
}

// askForCallback asks an operator to send its latest callback again after a status that could not
// be read. It reports whether it did, which is once for each attempt. A failure of the operator is
// logged: the next status call decides all the same.
func (a *StatusActivities) askForCallback(ctx context.Context, c statusCheck) (bool, error) {
	resender, can := a.resender(c)
	if !can || activity.GetInfo(ctx).Attempt == 1 { // the first run asks for the status
		return false, nil
	}
	asked, err := a.query(ctx, c.payment, c.attempt)
	if err != nil {
		return false, err
	}
	first, err := a.Store.Sendings.ClaimCallbackResend(ctx, c.attempt.ID, a.Clock.Now())
	if err != nil || !first {
		return false, err
	}
	outcome := "accepted"
	if err := resender.ResendCallback(ctx, asked); err != nil {
		outcome = err.Error()
	}
	logResult(ctx, "callback asked for again", "payment", c.PaymentID, "attempt", c.attempt.Number,
		"operator", c.attempt.Operator, "outcome", outcome)
	return true, nil
}
