package activities

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"pirogue"
	"pirogue/failpoint"
	"pirogue/lifecycle"
	"pirogue/support"
)

const (
	seenAfter    = time.Minute     // for so long a workflow is believed to be open, and a row to be looked after
	restartLimit = 500             // rows in one page
	restartWidth = 16              // workflows looked for at once
	restartRest  = 5 * time.Second // before an activity's end, in which no row is looked at
	shownMost    = 4000            // workflows listed, and a page: Temporal answers with 2 MB at most
	manyGone     = 10              // one in so many rows of a page is gone: the next page is looked at at once
)

// RestartScope says how far RestartLost goes.
type RestartScope struct {
	DryRun bool `json:"dry_run,omitempty"` // what is gone is listed, as far as time and room allow, and nothing is started
	List   bool `json:"list,omitempty"`    // what was found is returned one by one
}

// RestartLost starts workflows again that are gone although something is left for them to do.
// They belong to payments that are open, watched or have a case. Others belong to bulks that
// have not ended or to events with deliveries left. Temporal's database may be lost, a workflow
// may have been terminated or have failed. A row that cannot be restarted becomes a case and
// holds up no other. Open payments have pages of their own: tens of thousands that are only
// watched hold up none of them.
func (a *SweepActivities) RestartLost(ctx context.Context, scope RestartScope) (lifecycle.Restarted, error) {
	run := &restartRun{SweepActivities: a, scope: scope}
	err := errors.Join(
		run.pages(ctx, lifecycle.FollowedPayment, run.lostPayments(true)),
		run.pages(ctx, lifecycle.FollowedPayment, run.lostPayments(false)),
		run.pages(ctx, lifecycle.FollowedBulk, run.openBulks),
		run.pages(ctx, lifecycle.FollowedEvent, run.overdueEvents),
	)
	return run.done, activityError(err)
}

// restartRun is one run of RestartLost.
type restartRun struct {
	*SweepActivities

	scope RestartScope

	mu   sync.Mutex
	done lifecycle.Restarted
}

// candidate is a row whose workflow may be gone.
type candidate struct {
	followed lifecycle.FollowedWork
	why      string
	anew     bool // it is started again although one is open
	restart  func(ctx context.Context) error
	started  *int // counts what restart started
}

// readRows reads rows that nobody touched since before.
type readRows func(ctx context.Context, before time.Time, span lifecycle.RowSpan) ([]candidate, error)

// pages looks at one page of rows. It goes on to the next while many workflows are gone and
// time is left: a lost database is made up for within minutes.
func (r *restartRun) pages(ctx context.Context, what lifecycle.FollowedKind, read readRows) error {
	if r.scope.DryRun {
		return r.show(ctx, what, read)
	}
	for {
		page, unreadable := read(ctx, r.Clock.Now().Add(-seenAfter), lifecycle.RowSpan{Limit: restartLimit})
		seen, gone, err := r.lookAt(ctx, page)
		err = errors.Join(unreadable, err, r.Store.Restarts.MarkSeen(ctx, what, seen, r.Clock.Now()))
		failpoint.Hit("restart.seen")
		if err != nil || len(page) < restartLimit || gone*manyGone < len(page) || !timeLeft(ctx) {
			return err
		}
	}
}

// show lists what is gone among all rows of one kind, page by page. It says so where time or room
// ends before the rows do. No row is marked: the pages follow by their place.
func (r *restartRun) show(ctx context.Context, what lifecycle.FollowedKind, read readRows) error {
	before := r.Clock.Now().Add(-seenAfter)
	for skip := 0; ; skip += restartLimit {
		page, unreadable := read(ctx, before, lifecycle.RowSpan{Skip: skip, Limit: restartLimit})
		seen, _, err := r.lookAt(ctx, page)
		if err := errors.Join(unreadable, err); err != nil {
			return err
		}
		whole := len(seen) == len(page)
		if whole && len(page) < restartLimit {
			return nil
		}
		if !whole || len(r.done.Found) >= shownMost || !timeLeft(ctx) {
			if !slices.Contains(r.done.NotAll, what) {
				r.done.NotAll = append(r.done.NotAll, what)
			}
			return nil
		}
	}
}

// timeLeft reports whether another page can be looked at before the activity ends.
func timeLeft(ctx context.Context) bool { return leaves(ctx, restartRest) }

// leaves reports whether more than rest is left of the activity's time.
func leaves(ctx context.Context, rest time.Duration) bool {
	end, limited := ctx.Deadline()
	return ctx.Err() == nil && (!limited || time.Until(end) > rest)
}

// beforeRest returns a context that ends restartRest before ctx does.
func beforeRest(ctx context.Context) (context.Context, context.CancelFunc) {
	if end, limited := ctx.Deadline(); limited {
		return context.WithDeadline(ctx, end.Add(-restartRest))
	}
	return context.WithCancel(ctx)
}

// lookAt looks for the workflows of a page, several at once, and starts those again that
// are gone. It returns the rows that are looked after then, and how many workflows were
// gone. It stops when Temporal is away, and early enough for the rows to be marked: where
// Temporal answers slowly, the next run goes on behind them.
func (r *restartRun) lookAt(ctx context.Context, page []candidate) (seen []string, gone int, err error) {
	ctx, stop := beforeRest(ctx)
	defer stop()
	rows := make(chan candidate)
	var all sync.WaitGroup
	var failed []error
	for range min(restartWidth, len(page)) {
		all.Go(func() {
			for c := range rows {
				open, trouble := r.follow(ctx, c)
				if pirogue.CodeOf(trouble) == pirogue.ServiceUnavailable {
					stop()
				}
				r.mu.Lock()
				if trouble == nil {
					seen = append(seen, c.followed.ID)
				}
				if !open {
					gone++
				}
				failed = append(failed, trouble)
				r.mu.Unlock()
			}
		})
	}
	for _, c := range page {
		if ctx.Err() != nil {
			break
		}
		rows <- c
	}
	close(rows)
	all.Wait()
	return seen, gone, errors.Join(failed...)
}

// follow sees to it that a row has a workflow, and reports whether it had one.
func (r *restartRun) follow(ctx context.Context, c candidate) (bool, error) {
	open, err := r.Workflows.Open(ctx, c.followed)
	if err != nil || open && !c.anew {
		return true, err
	}
	r.mu.Lock()
	if r.scope.DryRun || r.scope.List && len(r.done.Found) < shownMost {
		r.done.Found = append(r.done.Found, lifecycle.LostWorkflow{What: c.followed.What, ID: c.followed.ID, Why: c.why})
	}
	r.mu.Unlock()
	if r.scope.DryRun {
		return false, nil
	}
	if err = c.restart(ctx); err == nil {
		r.mu.Lock()
		*c.started++
		r.mu.Unlock()
	}
	return false, err
}

// lostPayments reads pages of payments: of those that are open, or of the others.
func (r *restartRun) lostPayments(open bool) readRows {
	return func(ctx context.Context, before time.Time, span lifecycle.RowSpan) ([]candidate, error) {
		found, err := r.Store.Restarts.Unfinished(ctx, open, before, span)
		return r.paymentCandidates(found), err
	}
}

// paymentCandidates returns payments whose workflow may be gone.
func (r *restartRun) paymentCandidates(found []lifecycle.Restart) []candidate {
	page := make([]candidate, len(found))
	for i, lost := range found {
		p := lost.Payment
		page[i] = candidate{
			followed: lifecycle.FollowedWork{What: lifecycle.FollowedPayment, ID: string(p.ID), Kind: p.Kind},
			why:      strings.TrimSpace(string(p.Kind) + " " + string(p.Status) + " " + string(lost.Case)),
			anew:     lost.Anew,
			restart:  func(ctx context.Context) error { return r.restartPayment(ctx, lost) },
			started:  &r.done.Payments,
		}
	}
	return page
}

// restartPayment starts a payment's workflow again. One whose rows do not allow it is for a
// person: its operator may have left the configuration, or a key may be missing.
func (r *restartRun) restartPayment(ctx context.Context, lost lifecycle.Restart) error {
	id := support.NewCaseID(lost.Payment.ID, support.CauseWorkflowLost)
	err := r.Workflows.Restart(ctx, lost)
	switch {
	case pirogue.CodeOf(err) == pirogue.ServiceUnavailable:
		return err
	case err == nil:
		return r.closeOver(ctx, lost)
	}
	r.mu.Lock()
	r.done.Cases++
	r.done.Payments--
	r.mu.Unlock()
	return r.Store.Cases.ReopenCase(ctx, support.Case{
		ID: id, PaymentID: lost.Payment.ID, Cause: support.CauseWorkflowLost, Note: err.Error(), OpenedAt: r.Clock.Now(),
	})
}

// closeOver closes the cases that are over because a payment's workflow runs again. What fails again
// opens its case again.
func (r *restartRun) closeOver(ctx context.Context, lost lifecycle.Restart) error {
	for _, id := range lost.Over {
		if err := r.Store.Cases.CloseCase(ctx, id, r.Clock.Now()); err != nil {
			return err
		}
	}
	return nil
}

// openBulks reads a page of bulks.
func (r *restartRun) openBulks(ctx context.Context, before time.Time, span lifecycle.RowSpan) ([]candidate, error) {
	bulks, err := r.Store.Restarts.OpenBulks(ctx, before, span)
	page := make([]candidate, len(bulks))
	for i, b := range bulks {
		page[i] = candidate{
			followed: lifecycle.FollowedWork{What: lifecycle.FollowedBulk, ID: string(b.ID)},
			why:      string(b.State),
			anew:     b.Anew,
			restart:  func(ctx context.Context) error { return r.Workflows.RestartBulk(ctx, b) },
			started:  &r.done.Bulks,
		}
	}
	return page, err
}

// overdueEvents reads a page of events.
func (r *restartRun) overdueEvents(
	ctx context.Context, before time.Time, span lifecycle.RowSpan,
) ([]candidate, error) {
	events, err := r.Store.Webhooks.OverdueEvents(ctx, r.Clock.Now(), before, span)
	page := make([]candidate, len(events))
	for i, e := range events {
		page[i] = candidate{
			followed: lifecycle.FollowedWork{What: lifecycle.FollowedEvent, ID: string(e.ID), Round: e.Round},
			why:      "its next delivery is overdue",
			restart:  func(ctx context.Context) error { return r.Workflows.RestartDelivery(ctx, e) },
			started:  &r.done.Events,
		}
	}
	return page, err
}
