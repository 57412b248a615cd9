package activities

import (
	"context"
	"errors"
	"time"

	"pirogue"
	"pirogue/access"
	"pirogue/bulk"
	"pirogue/failpoint"
	"pirogue/lifecycle"
	"pirogue/operator"
)

const (
	sweepAfter = 15 * time.Second // what is younger is still on its way
	purgeLimit = 1000             // signatures forgotten by one statement, which locks them for some ms
	purgeFor   = 10 * time.Second // that one sweep goes on forgetting, a third of the time between two
	purgeRest  = 3 * time.Second  // before the sweep's end, above the longest time of a statement
	sweepLimit = 500              // rows of one kind in one sweep; the next one takes the rest
)

// Swept counts the rows that a sweep found and moved on.
type Swept struct {
	Started  int `json:"started"`  // payments whose workflow had not been started
	Expired  int `json:"expired"`  // payments too old to be started
	Notified int `json:"notified"` // events whose delivery had not been started
	Routed   int `json:"routed"`   // callbacks no workflow had been told of
	Bulks    int `json:"bulks"`    // bulks whose workflow had not been started
	Purged   int `json:"purged"`   // spent signatures that were old enough to forget

	Restarted lifecycle.Restarted `json:"restarted,omitzero"` // workflows that were gone
}

// Sweep moves on what was acknowledged and then left behind by a crash: payments
// or bulks without a workflow, events without a delivery, callbacks nobody was told of. A
// payment past its start deadline is never started late, for the merchant may have
// asked again under another reference: it expires.
func (a *SweepActivities) Sweep(ctx context.Context) (Swept, error) {
	var swept Swept
	before := a.Clock.Now().Add(-sweepAfter)
	err := errors.Join(
		a.sweepPayments(ctx, before, &swept),
		a.sweepBulks(ctx, before, &swept),
		a.sweepEvents(ctx, before, &swept),
		a.sweepCallbacks(ctx, before, &swept),
		a.purge(ctx, &swept),
	)
	return swept, activityError(err)
}

// purge forgets signatures until none is old enough or its time is over. There are as many as
// signed requests and webhooks, so a sweep with a fixed number falls behind for good. Each statement
// is a transaction of its own. After a crash the next sweep takes the rest.
func (a *SweepActivities) purge(ctx context.Context, swept *Swept) error {
	until := a.Clock.Now().Add(purgeFor)
	for {
		now := a.Clock.Now()
		gone, err := a.Store.Keys.Purge(ctx, now.Add(-access.SignatureLife), purgeLimit)
		swept.Purged += gone
		if err != nil || gone < purgeLimit || !now.Before(until) || !leaves(ctx, purgeRest) {
			return err
		}
	}
}

func (a *SweepActivities) sweepPayments(ctx context.Context, before time.Time, swept *Swept) error {
	payments, unreadable := a.Store.Restarts.Unstarted(ctx, before, sweepLimit)
	return errors.Join(unreadable, each(ctx, payments, func(p pirogue.Payment) error {
		if p.StartDeadline.IsZero() || a.Clock.Now().Before(p.StartDeadline) {
			err := a.Workflows.Launch(ctx, p)
			failpoint.Hit("sweep.launched")
			return count(&swept.Started, err)
		}
		ended, err := a.finalizer.settle(ctx, NotStarted(p.ID))
		if errors.Is(err, lifecycle.ErrAskFirst) {
			return nil
		}
		if err == nil && ended.Status != pirogue.StatusExpired {
			return nil // its workflow came first
		}
		return count(&swept.Expired, err)
	}))
}

// sweepBulks starts the coordinators of bulks whose API died before it did. A bulk never
// expires: its money is set aside, and its merchant can cancel it.
func (a *SweepActivities) sweepBulks(ctx context.Context, before time.Time, swept *Swept) error {
	bulks, err := a.Store.Bulks.UnstartedBulks(ctx, before, sweepLimit)
	if err != nil {
		return err
	}
	return each(ctx, bulks, func(b bulk.Bulk) error {
		err := a.Workflows.LaunchBulk(ctx, b)
		failpoint.Hit("sweep.bulk.launched")
		return count(&swept.Bulks, err)
	})
}

func (a *SweepActivities) sweepEvents(ctx context.Context, before time.Time, swept *Swept) error {
	events, err := a.Store.Webhooks.Undelivered(ctx, before, sweepLimit)
	if err != nil {
		return err
	}
	return each(ctx, events, func(e pirogue.Event) error {
		return count(&swept.Notified, a.Workflows.Deliver(ctx, e))
	})
}

// sweepCallbacks goes on page by page while time is left: callbacks that cannot be passed on,
// however many, hold up none that can. It tells what went wrong in the first page that had
// trouble.
func (a *SweepActivities) sweepCallbacks(ctx context.Context, before time.Time, swept *Swept) error {
	var trouble error
	for after := (operator.Callback{}); ; {
		page, err := a.Store.Callbacks.Unrouted(ctx, after, before, sweepLimit)
		if err == nil {
			err = a.routeAll(ctx, page, swept)
		}
		if trouble == nil {
			trouble = err
		}
		if len(page) < sweepLimit || pirogue.CodeOf(err) == pirogue.ServiceUnavailable || !timeLeft(ctx) {
			return trouble
		}
		after = page[len(page)-1]
	}
}

// routeAll passes callbacks on.
func (a *SweepActivities) routeAll(ctx context.Context, callbacks []operator.Callback, swept *Swept) error {
	return each(ctx, callbacks, func(c operator.Callback) error {
		routed, err := a.route(ctx, c)
		if !routed {
			return err
		}
		return count(&swept.Routed, err)
	})
}

// each moves on every row, and returns all that went wrong. One that cannot be moved holds up
// no other.
func each[T any](ctx context.Context, rows []T, move func(T) error) error {
	var failed []error
	for _, row := range rows {
		if ctx.Err() != nil {
			return errors.Join(append(failed, ctx.Err())...)
		}
		failed = append(failed, move(row))
	}
	return errors.Join(failed...)
}

// count adds one to n unless the move failed.
func count(n *int, err error) error {
	if err == nil {
		*n++
	}
	return err
}
