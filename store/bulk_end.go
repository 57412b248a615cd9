package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/bulk"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

// EndUnsentLines ends payments of a bulk that is being cancelled, if nothing of them was ever
// sent: at most limit. It releases their holds and returns their number. The proof is in the rows
// of their attempts: each is PREPARED and was never SENT. Payments that may have been sent stay
// as they are. So do those of a bulk that is not being cancelled, and everything in ask-first
// mode. A payment that cannot be ended does not delay the others.
func (db *Bulks) EndUnsentLines(ctx context.Context, id pirogue.BulkID, at time.Time, limit int) (int, error) {
	var payments []pirogue.PaymentID
	err := db.read(ctx, "find unsent lines", func(tx *gorm.DB) error {
		return tx.Raw(unsentOfCancelled, id, limit).Scan(&payments).Error
	})
	ended := 0
	for _, payment := range payments {
		freed, failed := db.endUnsent(ctx, payment, at)
		if freed {
			ended++
		}
		err = errors.Join(err, failed)
		if pirogue.CodeOf(failed) == pirogue.ServiceUnavailable {
			break
		}
	}
	return ended, err
}

// unsentOfCancelled only proposes payments: finalizeUnsent decides with the payment's row locked.
const unsentOfCancelled = `
SELECT p.id FROM payments p JOIN bulks b ON b.id = p.bulk_id
 WHERE p.bulk_id = ? AND b.state = 'CANCELLING' AND p.status IN ('CREATED','PENDING') AND NOT ` + asksFirst + `
   AND NOT EXISTS (SELECT 1 FROM attempts WHERE payment_id = p.id AND ` + mayHaveLeft + `)
 ORDER BY p.id LIMIT ?`

// mayHaveLeft is true of an attempt whose row does not prove that no byte of it has left.
const mayHaveLeft = `(state <> 'PREPARED' OR first_sent_at IS NOT NULL OR may_have_left <> ',')`

// finalizeUnsent ends one payment as cancelled. It locks the payment's row before it reads the
// attempts, as every sender does. So of a sender and this call one comes first, and the other
// sees it.
func (db *Bulks) endUnsent(ctx context.Context, id pirogue.PaymentID, at time.Time) (bool, error) {
	var ended bool
	err := db.inTx(ctx, "end unsent line", func(tx *gorm.DB) error {
		ended = false
		held := tx.Exec(
			"UPDATE payments SET updated_at = ? WHERE id = ? AND status IN ('CREATED','PENDING')", timestamp(at), id,
		)
		if held.Error != nil || held.RowsAffected == 0 {
			return orUnchanged(held.Error)
		}
		var sent int64
		err := tx.Model(&attemptRow{}).
			Where("payment_id = ? AND "+mayHaveLeft, id).Count(&sent).Error
		if err != nil || sent > 0 {
			return orUnchanged(err)
		}
		ended = true
		return db.endCancelled(tx, id, false, at)
	})
	return ended && err == nil, err
}

// EndCancelled ends the payment of an attempt that Send holds back because its bulk is being
// cancelled. It releases the payment's hold and returns its status. Nothing of this attempt has
// left. An earlier attempt can have no effect any more, or this one would not exist. Its operator
// can still be watched, so such a payment is not finished. A payment that was sent in the
// meantime stays as it is.
func (db *Bulks) EndCancelled(ctx context.Context, id pirogue.AttemptID, at time.Time) (pirogue.Status, error) {
	var stored pirogue.Status
	err := db.inTx(ctx, "end cancelled line", func(tx *gorm.DB) error {
		payment, err := lockPayment(tx, id, at)
		if err != nil {
			return err
		}
		var kept []int
		named := sendTerms(id, operator.SendLimits{}, at)
		err = tx.Raw("SELECT number FROM attempts WHERE "+sendable+" AND "+keepBackReason+" = 'CANCELLED'", named).
			Scan(&kept).Error
		if err != nil {
			return err
		}
		if len(kept) == 0 {
			err = unchanged{}
		} else {
			err = db.endCancelled(tx, payment, kept[0] > 1, at)
		}
		if err != nil && !errors.Is(err, unchanged{}) {
			return err
		}
		return errors.Join(err, tx.Raw("SELECT status FROM payments WHERE id = ?", payment).Scan(&stored).Error)
	})
	return stored, err
}

// endCancelled makes a payment FAILED whose bulk is being cancelled, with its event and its
// books. The caller holds its row. It fails with unchanged if the payment has ended.
func (db *Bulks) endCancelled(tx *gorm.DB, id pirogue.PaymentID, watched bool, at time.Time) error {
	cancelled := finalization{Finalization: lifecycle.Finalization{
		PaymentID: id, Status: pirogue.StatusFailed, At: at, Watched: watched,
		Failure: pirogue.Failure{Code: pirogue.FailedCancelled},
	}}
	row, changed, err := cancelled.apply(tx)
	if err != nil || !changed {
		return orUnchanged(err)
	}
	// Its event and its books hold nothing that is sealed.
	p, _ := db.unpackPayment(row.Payment) //nolint:errcheck // said above
	if err := db.completeFinalization(tx, &lifecycle.Finalized{Payment: p}, cancelled, row); err != nil {
		return err
	}
	return closeLineCase(tx, id, at)
}

// orUnchanged returns err, or unchanged for nil.
func orUnchanged(err error) error {
	if err == nil {
		return unchanged{}
	}
	return err
}

// UnstartedLines returns payments of a bulk whose workflow could not be started, in the order of
// their IDs. It returns at most limit, behind the payment after. Each of them has an open case.
func (db *BulkLines) UnstartedLines(
	ctx context.Context, id pirogue.BulkID, after pirogue.PaymentID, limit int,
) ([]bulk.OpenLine, error) {
	var rows []paymentRow
	err := db.read(ctx, "read lines that are not started", func(tx *gorm.DB) error {
		return tx.Raw(unstartedLines, id, after, support.CauseLineNotStarted, limit).Scan(&rows).Error
	})
	return db.unpackLines(rows), err
}

// unstartedLines reads a bulk's open payments with an open case of a workflow that could not
// start.
const unstartedLines = `
SELECT p.* FROM payments p
 WHERE p.bulk_id = ? AND p.id > ? AND p.sequence = 0 AND p.status IN ('CREATED','INITIATED','PENDING')
   AND EXISTS (SELECT 1 FROM cases c WHERE c.payment_id = p.id AND c.cause = ? AND c.closed_at IS NULL)
 ORDER BY p.id LIMIT ?`

// LineStarted closes the case about a line whose workflow could not be started. Without such a
// case it does nothing.
func (db *BulkLines) LineStarted(ctx context.Context, id pirogue.PaymentID, at time.Time) error {
	return db.exec(ctx, "close case of line", func(tx *gorm.DB) error { return closeLineCase(tx, id, at) })
}

// closeLineCase closes the case about a line that could not be started, if it is open.
func closeLineCase(tx *gorm.DB, id pirogue.PaymentID, at time.Time) error {
	return tx.Exec("UPDATE cases SET closed_at = ? WHERE id = ? AND closed_at IS NULL",
		timestamp(at), support.NewCaseID(id, support.CauseLineNotStarted)).Error
}
