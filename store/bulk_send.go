package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/bulk"
	"pirogue/failpoint"
	"pirogue/lifecycle"
)

// UnsentLines returns the payments of a page of which nothing was ever sent. Each comes with its
// attempt, in the order of the lines. It leaves out a row that cannot be decrypted: OpenLines
// names it.
func (db *BulkLines) UnsentLines(ctx context.Context, id pirogue.BulkID, page int) ([]bulk.UnsentLine, error) {
	var payments []paymentRow
	var attempts []attemptRow
	err := db.snapshot(ctx, "read unsent lines", func(tx *gorm.DB) error {
		payments, attempts = nil, nil
		for _, reading := range []struct {
			query string
			into  any
		}{{unsentPayments, &payments}, {unsentAttempts, &attempts}} {
			if err := tx.Raw(reading.query+unsentLines, id, page).Scan(reading.into).Error; err != nil {
				return err
			}
		}
		return nil
	})
	var lines []bulk.UnsentLine
	for i := range payments {
		p, badPayment := db.unpackPayment(payments[i])
		a, badAttempt := db.unpackAttempt(attempts[i])
		if errors.Join(badPayment, badAttempt) == nil {
			lines = append(lines, bulk.UnsentLine{Payment: p, Attempt: a})
		}
	}
	return lines, err
}

const (
	unsentPayments = "SELECT p.*"
	unsentAttempts = "SELECT a.*"
	// unsentLines leaves out an attempt that was proven not sent. Its payment is PENDING, and its
	// own workflow sends it.
	unsentLines = `
  FROM bulk_lines l JOIN payments p ON p.id = l.payment_id JOIN attempts a ON a.payment_id = p.id
 WHERE l.bulk_id = ? AND l.page = ? AND p.status = 'CREATED' AND a.state = 'PREPARED' AND a.number = 1
 ORDER BY l.number`
)

// SendLines marks attempts SENT and their payments INITIATED in one transaction, before one
// request carries all of them. It returns the sendings of the attempts that it marked. No byte of
// the others may leave: something holds them back, or another call marked them. Each attempt is
// marked once, however many callers there are.
func (db *BulkLines) SendLines(
	ctx context.Context, attempts []pirogue.AttemptID, at time.Time,
) (map[pirogue.AttemptID]lifecycle.Sending, error) {
	marked := map[pirogue.AttemptID]lifecycle.Sending{}
	err := db.inTx(ctx, "send lines", func(tx *gorm.DB) error {
		clear(marked)
		var payments []string
		var rows []attemptRow
		err := tx.Raw(lockUnsent, map[string]any{"at": timestamp(at), "attempts": attempts}).Scan(&payments).Error
		if err != nil || len(payments) == 0 {
			return err
		}
		named := map[string]any{"at": timestamp(at), "attempts": attempts, "payments": payments}
		if err := tx.Raw(sendLines, named).Scan(&rows).Error; err != nil || len(rows) == 0 {
			return orUnchanged(err)
		}
		sent := make([]string, len(rows))
		for i, row := range rows {
			sent[i], marked[pirogue.AttemptID(row.ID)] = row.ID, sendingOf(row)
		}
		failpoint.Hit("store.bulk.sent")
		return markInitiated(tx, sent, at)
	})
	if err != nil {
		return nil, err
	}
	return marked, nil
}

// lockUnsent locks the payments until the transaction ends, as every change of an attempt does.
const lockUnsent = `
UPDATE payments SET updated_at = @at
 WHERE id IN (SELECT payment_id FROM attempts WHERE id IN @attempts) AND status = 'CREATED' AND ` + started + `
RETURNING id`

// sendLines checks for a reason to hold a line back after its payment is locked, as sendAttempt
// does.
const sendLines = `
UPDATE attempts SET state = 'SENT', sent_at = @at, first_sent_at = @at, updated_at = @at,
       sendings = sendings + 1, may_have_left = may_have_left || CAST(sendings + 1 AS TEXT) || ','
 WHERE id IN @attempts AND payment_id IN @payments AND state = 'PREPARED'
   AND ` + keepBackReason + ` IS NULL
   AND number = (SELECT MAX(number) FROM attempts later WHERE later.payment_id = attempts.payment_id)
RETURNING id, sendings, may_have_left`

// markInitiated moves the payments of attempts that were just marked from CREATED to INITIATED. The
// caller has locked their rows.
func markInitiated(tx *gorm.DB, attempts []string, at time.Time) error {
	return tx.Exec(`UPDATE payments SET status = 'INITIATED', version = version + 1, updated_at = ?
		WHERE id IN (SELECT payment_id FROM attempts WHERE id IN ?) AND status = 'CREATED'`,
		timestamp(at), attempts).Error
}
