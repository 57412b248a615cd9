package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"pirogue"
	"pirogue/bulk"
	"pirogue/failpoint"
	"pirogue/ids"
	"pirogue/support"
)

const (
	// linesTogether limits the lines of a bulk that begin in one transaction. The merchant's other
	// payments wait for it no longer than for one another.
	linesTogether = 50
	// bulkRoom limits the open payments of a bulk when another page begins. Lines that have not begun
	// can still be cancelled, and an operator that decides nothing is given no more.
	bulkRoom = bulk.BulkPageLines
	// launchShare is the part of an operator's contract that the starts of a page's payments take.
	// The rest is for their status calls and for all other payments. At most launchGap lies between
	// two starts, so that a page keeps to its time.
	launchShare = SendShare
	launchGap   = time.Second
	// triedInVain is the run of a page from which on a line that Temporal does not take is a
	// case: the pages behind it wait no longer.
	triedInVain = 20
	// linesTold limits the lines that a page's error names, of those that it could not start.
	linesTold = 5
	// closeSeldom is the longest wait between two looks at whether a bulk is over.
	closeSeldom = 10 * time.Minute
	// endedInOneLook limits how many payments of a cancelled bulk, of which nothing was sent, one
	// look ends: few enough for its time.
	endedInOneLook = 200
)

// roomBackoff spaces the looks for room. Each is a call in the queue of the page's operator: soon at
// first, and then so rarely that many bulks that wait take none of its rate.
var roomBackoff = Backoff{First: 5 * time.Second, Max: time.Minute, Factor: 2}

// BulkPageInput asks for one page of a bulk to be started.
type BulkPageInput struct {
	BulkID pirogue.BulkID `json:"bulk_id"`
	Number int            `json:"number"` // from 1
	Page   bulk.BulkPage  `json:"page"`
}

// BulkPageResult counts what a page has started.
type BulkPageResult struct {
	Launched int `json:"launched"` // payments whose workflow was started, or joined
	Cases    int `json:"cases,omitempty"`
}

// StartPage makes payments of a page's lines and starts their workflows. It may die on any
// line and be run again: a line becomes one payment, and a payment has one workflow.
// Before the page begins it waits for room among the bulk's open payments, and none of a
// suspended merchant begins. Where the
// operator takes many payments by one call, that is made first: the workflows then find
// their attempts answered.
func (a *BulkActivities) StartPage(ctx context.Context, in BulkPageInput) (BulkPageResult, error) {
	stand, err := a.Store.BulkLines.BulkPage(ctx, in.BulkID, in.Number)
	if err != nil {
		return BulkPageResult{}, activityError(err)
	}
	if stand.Begun == 0 && stand.Waiting > 0 && stand.Open >= bulkRoom {
		why := fmt.Sprintf("%d payments of the bulk are open", stand.Open)
		return BulkPageResult{}, retryIn(a.backOff(ctx, roomBackoff), why)
	}
	for {
		begun, err := a.Store.BulkLines.StartLines(ctx, in.BulkID, in.Number, linesTogether, a.lineAttempt)
		if pirogue.CodeOf(err) == pirogue.MerchantSuspended {
			return BulkPageResult{}, a.lookForResume(ctx,
				"no line begins: the merchant is suspended, or operators are asked first")
		}
		if err != nil {
			return BulkPageResult{}, encodeRow(err)
		}
		if begun == 0 {
			break
		}
		activity.RecordHeartbeat(ctx, "lines begin")
	}
	failpoint.Hit("bulk.page.begun")
	if in.Page.Operator != "" {
		if err := a.handOver(ctx, in); err != nil {
			return BulkPageResult{}, activityError(err)
		}
	}
	return a.launchPage(ctx, in)
}

// lineAttempt returns the first attempt of a line's payment.
func (a *BulkActivities) lineAttempt(p pirogue.Payment) (pirogue.Attempt, string) {
	attempt := ids.FirstAttempt(p)
	return attempt, a.Callbacks.Digest(attempt.Ref)
}

// launchPage starts the workflows of a page's open payments. One that has a workflow already
// keeps it; one that has ended is left alone, for Temporal may have forgotten that it ever had
// one. They start no faster than their operator takes them: a heap of them would hold up the
// payments for which somebody waits. One that can never be started becomes a case. One that
// cannot be started while Temporal is away makes the page fail at its end. The page is run
// again.
func (a *BulkActivities) launchPage(ctx context.Context, in BulkPageInput) (BulkPageResult, error) {
	open, err := a.Store.BulkLines.OpenLines(ctx, in.BulkID, in.Number)
	if err != nil {
		return BulkPageResult{}, activityError(err)
	}
	var failed []error
	var page BulkPageResult
	for i, line := range open {
		if err := a.pace(ctx, line.Payment.Operator); err != nil {
			return BulkPageResult{}, activityError(err)
		}
		started, err := a.launchLine(ctx, line)
		switch {
		case err != nil:
			failed = append(failed, fmt.Errorf("payment %s: %w", line.Payment.ID, err))
		case started:
			page.Launched++
		default:
			page.Cases++
		}
		failpoint.Hit("bulk.line.launched")
		activity.RecordHeartbeat(ctx, fmt.Sprintf("%d of %d tried, %d not started", i+1, len(open), len(failed)))
	}
	if len(failed) > 0 {
		told := errors.Join(failed[:min(len(failed), linesTold)]...)
		return BulkPageResult{}, activityError(fmt.Errorf("%d of %d lines are not started: %w", len(failed), len(open), told))
	}
	failpoint.Hit("bulk.page.launched")
	return page, nil
}

// launchLine starts the workflow of a line's payment, or joins it. It reports false for a
// line whose row cannot be read or whose order cannot be built: a person must know of it,
// and a case is open. It fails while Temporal or our database is away.
func (a *BulkActivities) launchLine(ctx context.Context, line bulk.OpenLine) (bool, error) {
	why := line.Err
	if why == nil {
		why = a.Workflows.Launch(ctx, line.Payment)
	}
	if why == nil {
		return true, nil
	}
	away := line.Err == nil && pirogue.CodeOf(why) != pirogue.Internal && activity.GetInfo(ctx).Attempt < triedInVain
	if ctx.Err() != nil || away {
		return false, why
	}
	id := line.Payment.ID
	_, err := a.Store.Cases.OpenCase(ctx, support.Case{
		ID: support.NewCaseID(id, support.CauseLineNotStarted), PaymentID: id, Cause: support.CauseLineNotStarted,
		Note: "its workflow cannot be started: " + why.Error(), OpenedAt: a.Clock.Now(),
	})
	return false, err
}

// pace waits before a payment of a bulk is started. It fails when the activity is over.
func (a *BulkActivities) pace(ctx context.Context, o pirogue.OperatorCode) error {
	rate := a.Operators[o].CallsPerSecond * launchShare
	if rate <= 0 {
		return ctx.Err()
	}
	gap := time.NewTimer(min(launchGap, time.Duration(float64(time.Second)/rate)))
	defer gap.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-gap.C:
		return nil
	}
}

// BulkClosed holds the end of a bulk.
type BulkClosed struct {
	State  bulk.BulkState          `json:"state"`
	Counts map[bulk.LineStatus]int `json:"counts"`
}

// CloseBulk asks to be run again until every line of a bulk is over; then it ends the bulk and
// starts telling the merchant. Meanwhile it tries the lines again that could not be started. It
// ends those of a cancelled bulk that never left. The workflow's history does not grow by the
// waiting.
func (a *BulkActivities) CloseBulk(ctx context.Context, id pirogue.BulkID) (BulkClosed, error) {
	ended, err := a.Store.Bulks.EndUnsentLines(ctx, id, a.Clock.Now(), endedInOneLook)
	if err != nil {
		return BulkClosed{}, activityError(err)
	}
	started, err := a.startLate(ctx, id)
	if err != nil {
		return BulkClosed{}, activityError(err)
	}
	progress, closed, err := a.Store.Bulks.CloseBulk(ctx, id, a.Clock.Now())
	if err != nil {
		return BulkClosed{}, encodeRow(err)
	}
	if !closed {
		wait := min(Long.Delay(activity.GetInfo(ctx).Attempt), closeSeldom)
		if ended == endedInOneLook || started == linesTogether {
			wait = roomBackoff.First // there are more of them
		}
		return BulkClosed{}, retryIn(JitterBoth.Spread(wait, a.chance()), "lines are open")
	}
	failpoint.Hit("bulk.closed")
	event := pirogue.Event{ID: bulk.NewBulkEventID(id), MerchantID: progress.MerchantID, Mode: progress.Mode}
	if err := a.Workflows.Deliver(ctx, event); err != nil {
		return BulkClosed{}, activityError(err)
	}
	failpoint.Hit("bulk.announced")
	counts := map[bulk.LineStatus]int{}
	for status, tally := range progress.Tallies {
		counts[status] = tally.Lines
	}
	return BulkClosed{State: progress.State, Counts: counts}, nil
}

// startLate tries the lines of a bulk again that could not be started. It closes the case of
// each that can be: its operator is configured again, or its row can be read. It starts at most
// linesTogether and returns how many.
func (a *BulkActivities) startLate(ctx context.Context, id pirogue.BulkID) (int, error) {
	started, after := 0, pirogue.PaymentID("")
	for started < linesTogether {
		lines, err := a.Store.BulkLines.UnstartedLines(ctx, id, after, bulk.BulkPageLines)
		if err != nil || len(lines) == 0 {
			return started, err
		}
		for _, line := range lines {
			after = line.Payment.ID
			late, err := a.launchLine(ctx, line)
			if late {
				started++
				err = a.Store.BulkLines.LineStarted(ctx, after, a.Clock.Now())
			}
			if err != nil || started == linesTogether {
				return started, err
			}
		}
	}
	return started, nil
}
