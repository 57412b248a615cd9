package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
)

// CashIn collects money from a customer for a merchant.
//
// The payment is submitted, its status is asked until the operator's word is final
// or the customer's time is over, and the end is booked and told to the merchant.
// A callback only makes the question come sooner. After EXPIRED or FAILED a slow
// watch goes on, because money can come late; and an amount that is not the order's
// is never a success.
func CashIn(ctx workflow.Context, order pirogue.Order) (pirogue.Status, error) {
	return perform(ctx, order, (*story).collect)
}

// collect is the story of a cash-in.
func (s *story) collect(ctx workflow.Context) (pirogue.Status, error) {
	for {
		submitted, err := s.submit(ctx)
		if err != nil {
			return "", err
		}
		receipt := pirogue.Receipt{}
		switch submitted.Class {
		case activities.Over:
			return s.over(ctx, submitted.Status)
		case activities.Declined:
			return s.end(ctx, failed(pirogue.FailedRefused, submitted.Words))
		case activities.Accepted, activities.Unsure:
			if receipt, err = s.await(ctx); err != nil {
				return "", err
			}
		case activities.Unavailable, activities.NotInTime, activities.TooLate, activities.Held:
		}
		if !unsent(submitted, receipt) {
			return s.collected(ctx, submitted, receipt)
		}
		if status, ended, err := s.endUnsent(ctx, submitted, receipt); err != nil || ended {
			return status, err
		}
	}
}

// collected ends a cash-in by its operator's final word, or by the end of its window.
func (s *story) collected(
	ctx workflow.Context, submitted activities.Submitted, receipt pirogue.Receipt,
) (pirogue.Status, error) {
	switch {
	case submitted.Class == activities.Unavailable:
		return s.unreached(ctx, submitted)
	case receipt.Outcome == pirogue.OutcomePaid:
		return s.paid(ctx, receipt)
	case receipt.Outcome == pirogue.OutcomeDeclined:
		return s.endAndWatch(ctx, failed(pirogue.FailedDeclined, receipt.Words))
	default:
		return s.endAndWatch(ctx, unpaid(submitted, receipt))
	}
}

// unreached ends a cash-in that its operator did not take within the time that it was tried.
// What may have been sent, nobody can pay, for nobody was shown it. Where the operator can be
// asked about it, that is not proven: it is watched.
func (s *story) unreached(ctx workflow.Context, submitted activities.Submitted) (pirogue.Status, error) {
	switch {
	case submitted.Named:
		return s.endAndWatch(ctx, failed(pirogue.FailedUnconfirmed, submitted.Words))
	case submitted.Earlier:
		return s.end(ctx, failed(pirogue.FailedUnconfirmed, submitted.Words))
	default:
		return s.end(ctx, failed(pirogue.FailedUnavailable, submitted.Words))
	}
}

// unpaid is the ending of a payment whose time is over. Where the operator's answer to the
// submission was lost, or its last word cannot be read, nobody knows whether it was paid.
func unpaid(submitted activities.Submitted, receipt pirogue.Receipt) activities.Ending {
	ending := expired(receipt.Words)
	switch {
	case submitted.Class == activities.Unsure && receipt.Outcome == pirogue.OutcomePending:
		return failed(pirogue.FailedUnconfirmed, receipt.Words)
	case receipt.Unclear:
		ending.Failure.Code = pirogue.FailedUnconfirmed
	}
	return ending
}

// keptOpenFor adds to a customer's time while operators are asked first: then the last
// question is put again.
const keptOpenFor = 10 * time.Minute

// await returns the operator's final word, or what one last question at the end of the
// window brought. Nothing ends the window early: whatever a callback or support asks
// before it closes, an answer that is not final goes on waiting.
func (s *story) await(ctx workflow.Context) (pirogue.Receipt, error) {
	s.deadline = s.windowEnd(ctx)
	for {
		left := s.deadline.Sub(workflow.Now(ctx))
		if left <= 0 {
			receipt, err := s.askClosing(ctx)
			if err != nil || !receipt.KeptOpen {
				return receipt, err
			}
			s.deadline = workflow.Now(ctx).Add(keptOpenFor)
			continue
		}
		s.tellWaiting(ctx)
		receipt, word, err := s.follow(ctx, activities.Brisk, left)
		switch {
		case activities.TimedOut(err): // up to one question early: none more fits in
			if _, err := s.sleep(ctx, s.deadline.Sub(workflow.Now(ctx))); err != nil {
				return pirogue.Receipt{}, err
			}
		case err != nil || word == polled || receipt.Outcome != pirogue.OutcomePending:
			return receipt, err
		}
	}
}
