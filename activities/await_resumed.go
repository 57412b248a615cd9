package activities

import (
	"context"
	"time"

	"pirogue"
	"pirogue/lifecycle"
)

// heldBackoff spaces the looks whether a suspension has ended: soon at first, and then so rarely
// that ten thousand payments cost nothing for weeks.
var heldBackoff = Backoff{First: 10 * time.Second, Max: 10 * time.Minute, Factor: 2}

// What support reads of a payment that is kept back.
const (
	merchantSuspended = "the merchant is suspended: nothing is sent"
	operatorsAreAsked = "the database was restored and asks operators first: nothing is sent or ends without money"
)

// postponedReasons says why an attempt was not marked.
var postponedReasons = map[lifecycle.SendResult]string{
	lifecycle.SendSuspended: merchantSuspended, lifecycle.SendAskFirst: operatorsAreAsked,
}

// postponedBecause says why nothing of a merchant is sent; "" while it is.
func postponedBecause(m pirogue.Merchant) string {
	switch {
	case m.AskFirst:
		return operatorsAreAsked
	case m.Suspended:
		return merchantSuspended
	default:
		return ""
	}
}

// AwaitResumed returns when a payment that was kept back may be sent: its merchant is not
// suspended any more, and no operator has to be asked first. It returns also when the payment has
// ended, as with its bulk. It asks to be run again until then, so that waiting leaves no trace in
// the history.
func (a *SubmitActivities) AwaitResumed(ctx context.Context, id pirogue.PaymentID) (bool, error) {
	p, _, err := a.Store.Attempts.Latest(ctx, id)
	if err != nil || p.Status.Terminal() {
		return true, activityError(err)
	}
	merchant, err := a.Store.Merchants.Merchant(ctx, p.MerchantID)
	if err != nil {
		return false, activityError(err)
	}
	if why := postponedBecause(merchant); why != "" {
		return false, a.lookForResume(ctx, why)
	}
	return true, nil
}

// lookForResume asks to be run again while something is kept back.
func (a *core) lookForResume(ctx context.Context, words string) error {
	return retryIn(a.backOff(ctx, heldBackoff), words)
}
