package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/bulk"
	"pirogue/failpoint"
	"pirogue/support"
	"pirogue/webhook"
)

// CloseBulk ends a bulk whose lines are all over and writes the merchant's event, in one
// transaction. It reports false as long as a line is open. It then has counted none of the lines
// that are over, so it may be called for days. A repeated call returns the bulk as it is. It
// fails with NotFound.
func (db *Bulks) CloseBulk(
	ctx context.Context, id pirogue.BulkID, at time.Time,
) (bulk.BulkProgress, bool, error) {
	var progress bulk.BulkProgress
	open, err := db.openBulk(ctx, id)
	if err != nil || open {
		return progress, false, err
	}
	err = db.inLongTx(ctx, "close bulk", func(tx *gorm.DB) error {
		set := tx.Exec(closeBulk, map[string]any{"id": id, "at": timestamp(at)})
		if set.Error != nil {
			return set.Error
		}
		failpoint.Hit("store.bulk.closed")
		var row bulkRow
		if err := tx.Where("id = ?", id).Take(&row).Error; err != nil {
			return err
		}
		var err error
		if progress, err = db.progress(tx, row); err != nil || set.RowsAffected == 0 {
			return err
		}
		if err := writeBulkEvent(tx, progress, at); err != nil {
			return err
		}
		return tx.Exec(closeLineCases, timestamp(at),
			[]support.Cause{support.CauseLineNotStarted, support.CauseWorkflowLost}, id).Error
	})
	if err != nil {
		return bulk.BulkProgress{}, false, err
	}
	return progress, progress.State.Ended(), nil
}

// closeLineCases closes the remaining cases about lines that could not be started, since every
// line is over. A line that is watched keeps its WORKFLOW_LOST case: its workflow is still
// needed.
const closeLineCases = `
UPDATE cases SET closed_at = ?
 WHERE cause IN ? AND closed_at IS NULL AND payment_id IN (
       SELECT p.id FROM payments p
        WHERE p.bulk_id = ? AND (p.finished_at IS NOT NULL OR cases.cause = 'LINE_NOT_STARTED'))`

// openBulk reports whether a line of a bulk waits or has an open payment. Two indexes hold just
// those rows, so it reads one of them at most. It fails with NotFound.
func (db *Bulks) openBulk(ctx context.Context, id pirogue.BulkID) (bool, error) {
	var open []bool
	err := db.read(ctx, "look for open lines", func(tx *gorm.DB) error {
		return tx.Raw(openBulk, map[string]any{"id": id}).Scan(&open).Error
	})
	if err == nil && len(open) == 0 {
		err = pirogue.Errorf(pirogue.NotFound, "bulk %q", id)
	}
	return err == nil && open[0], err
}

// openBulk is true of a bulk that has a waiting line or an open payment; no row means no such
// bulk.
const openBulk = `
SELECT EXISTS (SELECT 1 FROM bulk_lines l WHERE l.bulk_id = bulks.id AND l.state = 'WAITING')
    OR EXISTS (SELECT 1 FROM payments p
                WHERE p.bulk_id = bulks.id AND p.sequence = 0 AND p.status IN ('CREATED','INITIATED','PENDING'))
  FROM bulks WHERE id = @id`

// closeBulk checks the waiting lines and the open payments in one statement. Until a line is
// over, it is always one or the other.
const closeBulk = `
UPDATE bulks SET closed_at = @at, updated_at = @at,
       state = CASE WHEN EXISTS (SELECT 1 FROM bulk_lines l WHERE l.bulk_id = bulks.id AND l.state = 'CANCELLED')
                      OR EXISTS (SELECT 1 FROM payments p WHERE p.bulk_id = bulks.id AND p.status = 'FAILED'
                                                            AND p.failure_code = 'CANCELLED')
                    THEN 'CANCELLED' ELSE 'COMPLETED' END
 WHERE id = @id AND closed_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM bulk_lines l WHERE l.bulk_id = bulks.id AND l.state = 'WAITING')
   AND NOT EXISTS (SELECT 1 FROM payments p
                    WHERE p.bulk_id = bulks.id AND p.sequence = 0 AND p.status IN ('CREATED','INITIATED','PENDING'))`

// writeBulkEvent writes the event of a bulk that has just ended.
func writeBulkEvent(tx *gorm.DB, p bulk.BulkProgress, at time.Time) error {
	url, err := notifyAddress(tx, p.NotifyURL, p.MerchantID)
	if err != nil {
		return err
	}
	event, err := webhook.NewBulkEvent(p, url, at)
	if err != nil {
		return err
	}
	err = tx.Create(packEvent(event)).Error
	failpoint.Hit("store.bulk.announced")
	return err
}
