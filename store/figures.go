package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pirogue/support"
)

// Figures counts the work that waits, all from one snapshot. It reads open rows only, none that
// are over. For each cause it counts at most pirogue.MaxCounted stuck payments: a merchant whose
// endpoint is gone leaves millions of events behind.
func (db *Worklist) Figures(ctx context.Context, now time.Time) (support.Figures, error) {
	return db.figures(ctx, now, support.MaxCounted)
}

// figures is Figures with a given limit of stuck payments for each cause, so that tests can reach
// it.
func (db *Worklist) figures(ctx context.Context, now time.Time, most int) (support.Figures, error) {
	limit := fmt.Sprintf(" LIMIT %d", most)
	var f support.Figures
	err := db.report(ctx, "count what waits", func(tx *gorm.DB) error {
		f = support.Figures{}
		if err := tx.Raw(countOpen).Scan(&f.Open).Error; err != nil {
			return err
		}
		if err := tx.Raw(countSuspense).Scan(&f.Suspense).Error; err != nil {
			return err
		}
		if err := countWaitingWork(tx, now, &f); err != nil {
			return err
		}
		for _, c := range stuckCauses {
			tallies, err := worklist{cause: string(c.cause), query: c.query + limit, args: stuckSince(now)}.
				tally(tx, support.WorkFilter{})
			if err != nil {
				return err
			}
			f.Stuck = append(f.Stuck, tallies...)
		}
		var err error
		f.Cases, err = worklist{query: openCases}.tally(tx, support.WorkFilter{})
		return err
	})
	return f, err
}

// countWaitingWork reads the figures that one row holds.
func countWaitingWork(tx *gorm.DB, now time.Time, f *support.Figures) error {
	var row struct {
		OldestHold, OldestUnrouted timeText
		Unrouted, Overdue          int
	}
	err := tx.Raw(countWaiting, map[string]any{"overdue": timestamp(now.Add(-support.EventOverdue))}).Scan(&row).Error
	f.OldestHold, f.OldestUnrouted = row.OldestHold.time(), row.OldestUnrouted.time()
	f.Unrouted, f.OverdueEvents = row.Unrouted, row.Overdue
	return err
}

// countOpen counts open payments by kind and status.
const countOpen = `
SELECT kind, status, COUNT(*) AS payments FROM payments
 WHERE sequence = 0 AND status IN ('CREATED','INITIATED','PENDING') GROUP BY kind, status ORDER BY kind, status`

// countSuspense adds up suspense in both directions: "in" waits for its payer, and "out" left
// without a debit. Their difference would hide both.
const countSuspense = `
SELECT currency, CAST(SUM(CASE WHEN balance > 0 THEN balance ELSE 0 END) AS BIGINT) AS "in",
       CAST(SUM(CASE WHEN balance < 0 THEN -balance ELSE 0 END) AS BIGINT) AS "out"
  FROM (SELECT currency, credits_posted - debits_posted AS balance
          FROM ledger_accounts WHERE kind = 'SUSPENSE') AS parts
 GROUP BY currency ORDER BY currency`

// countWaiting reads the oldest hold, the callbacks that no workflow knows of, and the overdue
// events.
const countWaiting = `
SELECT (SELECT MIN(created_at) FROM payments
         WHERE sequence = 0 AND status IN ('CREATED','INITIATED','PENDING') AND kind <> 'CASHIN') AS oldest_hold,
       (SELECT MIN(received_at) FROM callbacks WHERE routed_at IS NULL) AS oldest_unrouted,
       (SELECT COUNT(*) FROM callbacks WHERE routed_at IS NULL) AS unrouted,
       (SELECT COUNT(*) FROM webhook_events WHERE state = 'WAITING' AND next_at < @overdue) AS overdue`
