package activities

import (
	"context"
	"errors"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// route tells a payment's workflow of a callback, and reports whether the callback needs
// nobody any more. An open payment without a workflow keeps its callback until there is one.
func (a *SweepActivities) route(ctx context.Context, c operator.Callback) (bool, error) {
	p, _, err := a.Store.Attempts.Latest(ctx, c.PaymentID)
	if err != nil {
		return false, err
	}
	err = a.Workflows.SignalCallback(ctx, p.ID, p.Kind)
	if err == nil {
		return true, a.Store.Callbacks.Routed(ctx, c.ID, a.Clock.Now())
	}
	if pirogue.CodeOf(err) != pirogue.NotFound {
		return false, err
	}
	agreed, err := a.Store.Callbacks.RoutedAtEnd(ctx, c, a.Clock.Now())
	if err != nil || agreed {
		return agreed, err
	}
	return a.verify(ctx, c)
}

// verify starts the workflow of a payment again that has ended otherwise than a callback
// says: it asks the operator, and opens a case where that is needed. The row is marked first,
// so that the sweep starts the workflow if this run does not get to it.
func (a *SweepActivities) verify(ctx context.Context, c operator.Callback) (bool, error) {
	lost, err := a.Store.Restarts.Restart(ctx, c.PaymentID)
	if err != nil || lost.Err != nil || !lost.Payment.Status.Terminal() {
		return false, errors.Join(err, lost.Err)
	}
	said, err := a.Store.Callbacks.Callbacks(ctx, c.AttemptID)
	if err != nil {
		return false, err
	}
	if len(said) <= operator.MaxVerified {
		if err := a.askAgain(ctx, lost); err != nil {
			return false, err
		}
	}
	return true, a.Store.Callbacks.Routed(ctx, c.ID, a.Clock.Now())
}

// askAgain starts the workflow of a payment that has ended, and has it ask at once.
func (a *SweepActivities) askAgain(ctx context.Context, lost lifecycle.Restart) error {
	p := lost.Payment
	if err := a.Store.Restarts.Reopen(ctx, p.ID, a.Clock.Now()); err != nil {
		return err
	}
	if err := a.Workflows.Restart(ctx, lost); err != nil {
		return err
	}
	err := a.Workflows.SignalCallback(ctx, p.ID, p.Kind)
	if pirogue.CodeOf(err) == pirogue.NotFound { // it has asked already, and is done
		return nil
	}
	return err
}
