package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/access"
	"pirogue/bulk"
	"pirogue/failpoint"
	"pirogue/ledger"
)

// lineAsPayment reads a line that has no payment yet, as the payment that it would begin as. The
// fields of like that are not zero select the line.
func lineAsPayment(tx *gorm.DB, like lineRow, into *paymentRow) error {
	var line lineRow
	if err := tx.Where(&like).Take(&line).Error; err != nil {
		return err
	}
	var bulk bulkRow
	if err := tx.Where("id = ?", line.BulkID).Take(&bulk).Error; err != nil {
		return err
	}
	*into = line.payment(bulk, bulk.CreatedAt)
	return nil
}

// StartLines makes payments of the next waiting lines of a page, at most limit, in one
// transaction. Each gets its first attempt and its hold; prepare returns the attempt and the
// digest of its callback token. It returns the number of payments, 0 if no line waits. Each line
// becomes one payment, however many callers there are. An ACCEPTED bulk is RUNNING afterwards.
//
// It fails with NotFound. It fails with MerchantSuspended if lines wait that may not begin.
func (db *BulkLines) StartLines(
	ctx context.Context, id pirogue.BulkID, page, limit int,
	prepare func(pirogue.Payment) (pirogue.Attempt, string),
) (int, error) {
	var started int
	var suspended bool
	err := db.inTx(ctx, "start lines", func(tx *gorm.DB) error {
		started, suspended = 0, false
		now := db.clock.Now()
		bulk, err := takeUpLocked(tx, id, now)
		if err != nil {
			return err
		}
		var lines []lineRow
		if err := tx.Raw(beginLines, lineCreated, id, page, limit).Scan(&lines).Error; err != nil {
			return err
		}
		if len(lines) == 0 { // only a suspension leaves lines that wait: the bulk's row is locked
			return tx.Raw(waitingLines, id, page).Scan(&suspended).Error
		}
		failpoint.Hit("store.bulk.lines")
		started = len(lines)
		return db.createPayments(tx, bulk, lines, prepare, now)
	})
	if err == nil && suspended {
		err = pirogue.Errorf(pirogue.MerchantSuspended, "no line of bulk %s begins", id)
	}
	if err != nil {
		return 0, err
	}
	return started, nil
}

// awaitTakeUp makes an ACCEPTED bulk RUNNING and locks its row until the transaction ends. So of
// the start of a page and a cancellation one comes first. It fails with NotFound.
func takeUpLocked(tx *gorm.DB, id pirogue.BulkID, at time.Time) (bulkRow, error) {
	var rows []bulkRow
	err := tx.Raw(takeUpBulk, map[string]any{"id": id, "at": timestamp(at)}).Scan(&rows).Error
	if err == nil && len(rows) == 0 {
		err = pirogue.Errorf(pirogue.NotFound, "no open bulk %q", id)
	}
	if err != nil {
		return bulkRow{}, err
	}
	return rows[0], nil
}

// takeUpBulk takes up a bulk that is not over. A repeated call keeps the first start time.
const takeUpBulk = `
UPDATE bulks SET started_at = COALESCE(started_at, @at), updated_at = @at,
       state = CASE state WHEN 'ACCEPTED' THEN 'RUNNING' ELSE state END
 WHERE id = @id AND state IN ('ACCEPTED','RUNNING','CANCELLING')
RETURNING *`

// lineIsKnown is true of a line that had not begun in the time that a restored database lost. A
// line that had begun waits for people: it may have been paid.
const lineIsKnown = `NOT EXISTS (SELECT 1 FROM lost_rows WHERE row_id = bulk_lines.payment_id)`

// beginLines decides which lines begin. The bulk's row is locked, so nobody cancels them
// meanwhile. No line of a suspended merchant begins, and none in ask-first mode.
const beginLines = `
UPDATE bulk_lines SET state = ?
 WHERE (bulk_id, number) IN (SELECT bulk_id, number FROM bulk_lines
                              WHERE bulk_id = ? AND page = ? AND state = 'WAITING' AND ` + lineIsKnown + `
                              ORDER BY number LIMIT ?)
   AND NOT EXISTS (SELECT 1 FROM merchants m WHERE m.id = bulk_lines.merchant_id AND m.suspended_at IS NOT NULL)
   AND NOT ` + asksFirst + `
RETURNING *`

// waitingLines is true if a line of a page waits. Lines that may have begun in a lost time do not
// count.
const waitingLines = `
SELECT EXISTS (SELECT 1 FROM bulk_lines WHERE bulk_id = ? AND page = ? AND state = 'WAITING' AND ` + lineIsKnown + `)`

// createPayments writes the payments of lines, with their attempts and journals. It
// books the money last and in one call, so that the balance is locked briefly.
func (db *BulkLines) createPayments(
	tx *gorm.DB, bulk bulkRow, lines []lineRow,
	prepare func(pirogue.Payment) (pirogue.Attempt, string), now time.Time,
) error {
	payments, attempts := make([]paymentRow, len(lines)), make([]attemptRow, len(lines))
	var journals []ledger.Journal
	for i, line := range lines {
		payments[i] = line.payment(bulk, timestamp(now))
		// Neither the attempt nor the books need the sealed values. So a line that cannot be
		// decrypted begins too, and OpenLines names it.
		p, _ := db.unpackPayment(payments[i]) //nolint:errcheck // said above
		attempt, digest := prepare(p)
		_, attempt = firstAttempt(p, attempt, db.clock)
		attempts[i] = packAttempt(attempt, digest)
		journals = append(journals, ledger.LineJournals(p)...)
	}
	for _, rows := range []any{&payments, &attempts} {
		if err := tx.Create(rows).Error; err != nil {
			return err
		}
	}
	failpoint.Hit("store.bulk.payments")
	err := bookAll(tx, now, journals...)
	failpoint.Hit("store.bulk.booked")
	return err
}

// BulkPage returns the number of a page's lines that wait and that have begun. It also returns the
// number of open payments of the whole bulk.
func (db *BulkLines) BulkPage(ctx context.Context, id pirogue.BulkID, page int) (bulk.BulkPageProgress, error) {
	var stand struct{ Waiting, Begun, Open int }
	err := db.read(ctx, "read page of bulk", func(tx *gorm.DB) error {
		return tx.Raw(readPage, map[string]any{"id": id, "page": page}).Scan(&stand).Error
	})
	return bulk.BulkPageProgress(stand), err
}

// readPage counts the lines of one page that wait and that have begun. Its count of open payments
// is of the whole bulk.
const readPage = `
SELECT (SELECT COUNT(*) FROM bulk_lines WHERE bulk_id = @id AND page = @page AND state = 'WAITING') AS waiting,
       (SELECT COUNT(*) FROM bulk_lines WHERE bulk_id = @id AND page = @page AND state = 'CREATED') AS begun,
       (SELECT COUNT(*) FROM payments
         WHERE bulk_id = @id AND sequence = 0 AND status IN ('CREATED','INITIATED','PENDING')) AS open`

// OpenLines returns the payments of a page that have not ended, in the order of its lines. A row
// that cannot be decrypted is among them with its error, and hides no other.
func (db *BulkLines) OpenLines(ctx context.Context, id pirogue.BulkID, page int) ([]bulk.OpenLine, error) {
	var rows []paymentRow
	err := db.read(ctx, "read open lines", func(tx *gorm.DB) error {
		return tx.Raw(openLines, id, page).Scan(&rows).Error
	})
	return db.unpackLines(rows), err
}

// unpackLines returns the payments of lines, each with the error that makes it unreadable.
func (db *BulkLines) unpackLines(rows []paymentRow) []bulk.OpenLine {
	lines := make([]bulk.OpenLine, len(rows))
	for i, row := range rows {
		p, err := db.unpackPayment(row)
		lines[i] = bulk.OpenLine{Payment: p, Err: err}
	}
	return lines
}

// openLines reads the payments of a page that have not ended.
const openLines = `
SELECT p.* FROM bulk_lines l JOIN payments p ON p.id = l.payment_id
 WHERE l.bulk_id = ? AND l.page = ? AND p.sequence = 0 AND p.status IN ('CREATED','INITIATED','PENDING')
 ORDER BY l.number`

// BulkLines calls each for every line of one of the owner's bulks, in their order. It reads one
// page at a time; see Export. It fails with NotFound.
func (db *Bulks) BulkLines(
	ctx context.Context, o access.Owner, id pirogue.BulkID, span bulk.LineSpan, each func(bulk.BulkLine) error,
) error {
	return readPages(span.Limit, func(size int) ([]bulk.BulkLine, error) {
		page, err := db.linesPage(ctx, o, id, span.After, size)
		if len(page) > 0 {
			span.After = page[len(page)-1].Number
		}
		return page, err
	}, each)
}

// linesPage reads the lines of a bulk behind the line after. A line without a payment has NULL in
// the payment's columns.
func (db *Bulks) linesPage(
	ctx context.Context, o access.Owner, id pirogue.BulkID, after, size int,
) ([]bulk.BulkLine, error) {
	var parent bulkRow
	var rows []lineResultRow
	err := db.report(ctx, "read lines of bulk", func(tx *gorm.DB) error {
		var err error
		rows = nil
		if parent, err = readOwnedBulk(tx, o, id); err != nil {
			return err
		}
		return tx.Model(&lineRow{}).Where("bulk_id = ? AND number > ?", parent.ID, after).Order("number").
			Limit(size).Select(lineColumns).Scan(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	lines := make([]bulk.BulkLine, len(rows))
	for i, row := range rows {
		lines[i] = db.unpackLine(parent, row)
	}
	return lines, nil
}

// lineResultRow is a line with the result of its payment.
type lineResultRow struct {
	Line         lineRow `gorm:"embedded"`
	Status       string
	PaidBy       string
	ProviderTxID string
	FailureCode  string
	FailureNote  string
	ChangedAt    timeText
}

// lineColumns reads a payment's columns with one subquery each. Each finds the payment by its
// key, which costs less than a join whose order the planner might reverse.
const lineColumns = `bulk_lines.*,
  COALESCE((SELECT status FROM payments p WHERE p.id = payment_id), '') AS status,
  COALESCE((SELECT operator FROM payments p WHERE p.id = payment_id), '') AS paid_by,
  COALESCE((SELECT provider_tx_id FROM payments p WHERE p.id = payment_id), '') AS provider_tx_id,
  COALESCE((SELECT failure_code FROM payments p WHERE p.id = payment_id), '') AS failure_code,
  COALESCE((SELECT failure_note FROM payments p WHERE p.id = payment_id), '') AS failure_note,
  (SELECT updated_at FROM payments p WHERE p.id = payment_id) AS changed_at`

// unpackLine returns a bulk's line with its payment. A payment that cannot be decrypted has only
// the fields that are not sealed, so that it hides no other.
func (db *Bulks) unpackLine(parent bulkRow, r lineResultRow) bulk.BulkLine {
	row, status := r.Line.payment(parent, parent.CreatedAt), bulk.LineStatus(r.Line.State)
	if r.Line.State == lineCreated {
		row.Status, row.Operator, row.ProviderTxID = r.Status, r.PaidBy, r.ProviderTxID
		row.FailureCode, row.FailureNote, row.UpdatedAt = r.FailureCode, r.FailureNote, r.ChangedAt
		status = bulk.LineStatus(r.Status)
	}
	p, err := db.unpackPayment(row)
	return bulk.BulkLine{Number: r.Line.Number, Status: status, Payment: p, Unreadable: err != nil}
}
