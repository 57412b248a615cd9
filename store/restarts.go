package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/bulk"
	"pirogue/lifecycle"
	"pirogue/support"
)

// Unfinished returns payments whose workflow has work left, if nobody has touched them or seen
// their workflow open since before. Those seen longest ago come first. It returns either open
// payments or ended ones.
//
// A CREATED payment belongs to its coordinator or its start deadline until it has stood still for
// too long. In ask-first mode it also returns each payment whose workflow is older than the mode,
// even if somebody touched it. That workflow must start anew: it knows things that the restored
// database does not.
func (db *Restarts) Unfinished(
	ctx context.Context, open bool, before time.Time, span lifecycle.RowSpan,
) ([]lifecycle.Restart, error) {
	condition := endedPayments
	if open {
		condition = openOnly
	}
	return db.restarts(ctx, func(tx *gorm.DB) *gorm.DB {
		return tx.Raw(unfinishedPayments+condition+unfinishedFirst, map[string]any{
			"before": timestamp(before), "line": timestamp(before.Add(-lineAfter)), "limit": span.Limit, "skip": span.Skip,
		})
	})
}

const (
	unfinishedPayments = `
SELECT p.* FROM payments p
 WHERE p.finished_at IS NULL AND p.workflow_seen_at < @before AND (p.status <> 'CREATED' OR p.created_at < @line)
   AND (p.workflow_seen_at < ` + askFirstBegun + ` OR p.updated_at < @before
        AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.payment_id = p.id AND a.updated_at >= @before))`
	openOnly        = ` AND p.sequence = 0 AND p.status IN ('CREATED','INITIATED','PENDING')`
	endedPayments   = ` AND p.status NOT IN ('CREATED','INITIATED','PENDING')`
	unfinishedFirst = ` ORDER BY p.workflow_seen_at, p.id LIMIT @limit OFFSET @skip`
)

// Restart returns one payment with the input to start its workflow again, even a finished
// payment. It fails with TransactionNotFound.
func (db *Restarts) Restart(ctx context.Context, id pirogue.PaymentID) (lifecycle.Restart, error) {
	found, err := db.restarts(ctx, func(tx *gorm.DB) *gorm.DB { return tx.Where("id = ?", id) })
	if err == nil && len(found) == 0 {
		err = pirogue.Errorf(pirogue.TransactionNotFound, "payment %q", id)
	}
	if err != nil {
		return lifecycle.Restart{}, err
	}
	return found[0], nil
}

// readAskFirstBegun reads the time at which the current ask-first mode began; no row if the mode is
// off. As askFirstBegun it is NULL then.
const (
	readAskFirstBegun = "SELECT begun_at FROM ask_first WHERE ended_at IS NULL"
	askFirstBegun     = "(" + readAskFirstBegun + ")"
)

// restarts reads payments with their attempts and open cases, all from one snapshot.
func (db *Restarts) restarts(ctx context.Context, selects func(*gorm.DB) *gorm.DB) ([]lifecycle.Restart, error) {
	var payments []paymentRow
	var begun []timeText
	attempts, cases := map[string][]attemptRow{}, map[string][]caseRow{}
	err := db.snapshot(ctx, "find unfinished payments", func(tx *gorm.DB) error {
		payments, begun = nil, nil
		clear(attempts)
		clear(cases)
		if err := selects(tx).Find(&payments).Error; err != nil || len(payments) == 0 {
			return err
		}
		ids := make([]string, len(payments))
		for i, p := range payments {
			ids[i] = p.ID
		}
		return errors.Join(readAttempts(tx, ids, attempts), readOpenCases(tx, ids, cases),
			tx.Raw(readAskFirstBegun).Scan(&begun).Error)
	})
	if err != nil {
		return nil, err
	}
	found := make([]lifecycle.Restart, len(payments))
	for i, p := range payments {
		found[i] = db.unpackRestart(p, attempts[p.ID], cases[p.ID])
		found[i].Anew = len(begun) > 0 && p.WorkflowSeenAt < begun[0]
	}
	return found, nil
}

// readAttempts reads the attempts of payments, in the order of their numbers.
func readAttempts(tx *gorm.DB, payments []string, into map[string][]attemptRow) error {
	query := tx.Where("payment_id IN ?", payments).Order("payment_id, number")
	return readByPayment(query, into, func(row attemptRow) string { return row.PaymentID })
}

// readOpenCases reads the open cases of payments, the oldest first.
func readOpenCases(tx *gorm.DB, payments []string, into map[string][]caseRow) error {
	query := tx.Where("payment_id IN ? AND closed_at IS NULL", payments).Order("opened_at, id")
	return readByPayment(query, into, func(row caseRow) string { return row.PaymentID })
}

// readByPayment appends the rows of a query to those of their payments.
func readByPayment[R any](query *gorm.DB, into map[string][]R, paymentOf func(R) string) error {
	var rows []R
	err := query.Find(&rows).Error
	for _, row := range rows {
		into[paymentOf(row)] = append(into[paymentOf(row)], row)
	}
	return err
}

// unpackRestart returns a payment from its rows, with the error that makes it unreadable.
func (db *Restarts) unpackRestart(p paymentRow, attempts []attemptRow, cases []caseRow) lifecycle.Restart {
	payment, err := db.unpackPayment(p)
	r := lifecycle.Restart{Payment: payment, Err: err}
	for _, c := range cases {
		cause := support.Cause(c.Cause)
		if cause == support.CauseWorkflowLost || cause == support.CauseNotBooked {
			r.Over = append(r.Over, support.CaseID(c.ID))
		}
		if cause.SettledByWorkflow() {
			r.Case = cmp.Or(r.Case, cause)
		}
	}
	for _, row := range attempts {
		r.Tried = append(r.Tried, pirogue.OperatorCode(row.Operator))
	}
	if len(attempts) == 0 {
		r.Err = errors.Join(r.Err, pirogue.Errorf(pirogue.Internal, "payment %s has no attempt", p.ID))
		return r
	}
	var unreadable error
	r.Attempt, unreadable = db.unpackAttempt(attempts[len(attempts)-1])
	r.Err = errors.Join(r.Err, unreadable)
	r.Tried = slices.Compact(r.Tried)
	return r
}

// OpenBulks returns bulks that have not ended, if nobody has touched them or seen their
// coordinator open since before. Those seen longest ago come first. A row that cannot be read is
// left out, and the error names it; the other rows are returned beside that error. As with
// payments, ask-first mode makes them start anew.
func (db *Restarts) OpenBulks(ctx context.Context, before time.Time, span lifecycle.RowSpan) ([]bulk.Bulk, error) {
	var rows []struct {
		Row  bulkRow `gorm:"embedded"`
		Anew bool
	}
	err := db.read(ctx, "find open bulks", func(tx *gorm.DB) error {
		named := map[string]any{"before": timestamp(before), "limit": span.Limit, "skip": span.Skip}
		return tx.Raw(openBulks, named).Scan(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	bulks := make([]bulk.Bulk, 0, len(rows))
	for _, row := range rows {
		b, unreadable := db.unpackBulk(row.Row)
		b.Anew = row.Anew
		if unreadable != nil {
			err = errors.Join(err, unreadable)
			continue
		}
		bulks = append(bulks, b)
	}
	return bulks, asError("find open bulks", err)
}

// openBulks reads the open bulks that nobody has touched since @before, with whether their
// workflow must start anew.
const openBulks = `
SELECT bulks.*, COALESCE(workflow_seen_at < ` + askFirstBegun + `, FALSE) AS anew FROM bulks
 WHERE closed_at IS NULL AND workflow_seen_at < @before
   AND (workflow_seen_at < ` + askFirstBegun + ` OR updated_at < @before)
 ORDER BY workflow_seen_at, id LIMIT @limit OFFSET @skip`

// seenRows holds the statement for each kind that records a time on the rows that still need a
// workflow.
var seenRows = map[lifecycle.FollowedKind]string{
	lifecycle.FollowedPayment: "UPDATE payments SET workflow_seen_at = ? WHERE id IN ? AND finished_at IS NULL",
	lifecycle.FollowedBulk:    "UPDATE bulks SET workflow_seen_at = ? WHERE id IN ? AND closed_at IS NULL",
	lifecycle.FollowedEvent:   "UPDATE webhook_events SET workflow_seen_at = ? WHERE id IN ? AND state = 'WAITING'",
}

// MarkSeen records when the workflows of rows of one kind were seen open.
func (db *Restarts) MarkSeen(ctx context.Context, what lifecycle.FollowedKind, ids []string, at time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	return db.exec(ctx, "mark workflows as seen", func(tx *gorm.DB) error {
		return tx.Exec(seenRows[what], timestamp(at), ids).Error
	})
}

// hasOpenCase is true of a payment with an open case that its own workflow ends; see
// pirogue.Cause.SettledByWorkflow. The condition goes on with ")".
const hasOpenCase = `EXISTS (SELECT 1 FROM cases c WHERE c.payment_id = payments.id AND c.closed_at IS NULL
  AND c.cause NOT IN ('WORKFLOW_LOST','LINE_NOT_STARTED','NOT_BOOKED')`

// Finish records that the workflow of a payment that has ended has no work left. An open or
// finished payment stays as it is, and so does one with a case that its workflow ends.
func (db *Restarts) Finish(ctx context.Context, id pirogue.PaymentID, at time.Time) error {
	return db.exec(ctx, "finish payment", func(tx *gorm.DB) error {
		return tx.Exec(`UPDATE payments SET finished_at = ? WHERE id = ? AND finished_at IS NULL
			AND status IN ('SUCCESS','FAILED','EXPIRED','REVERSED') AND NOT `+hasOpenCase+`)`, timestamp(at), id).Error
	})
}

// Reopen records that the workflow of a payment has work again. So the sweep restarts it if it is
// gone. A payment that is not finished stays as it is.
func (db *Restarts) Reopen(ctx context.Context, id pirogue.PaymentID, at time.Time) error {
	return db.exec(ctx, "reopen payment", func(tx *gorm.DB) error {
		return tx.Exec(`UPDATE payments SET finished_at = NULL, workflow_seen_at = ?
			WHERE id = ? AND finished_at IS NOT NULL`, timestamp(at), id).Error
	})
}

// Unstarted returns payments that are CREATED since before a time, oldest first. It leaves out the
// lines of bulks: their coordinator starts them, and they may wait for it without a limit. A row
// that cannot be read is left out, and the error names it; the other rows are returned beside that
// error. Its conditions are literals and not parameters. So a database sees that its partial index
// holds all of these rows.
func (db *Restarts) Unstarted(ctx context.Context, before time.Time, limit int) ([]pirogue.Payment, error) {
	var rows []paymentRow
	err := db.read(ctx, "find unstarted payments", func(tx *gorm.DB) error {
		return tx.Where("sequence = 0 AND status = 'CREATED' AND bulk_id IS NULL AND created_at < ?", timestamp(before)).
			Order("created_at, id").Limit(limit).Find(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	payments, err := db.readablePayments(rows)
	return payments, asError("find unstarted payments", err)
}
