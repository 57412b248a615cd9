package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"pirogue"
	"pirogue/access"
	"pirogue/bulk"
	"pirogue/failpoint"
	"pirogue/ledger"
	"pirogue/support"
	"pirogue/webhook"
)

const (
	// bulkPatience bounds the whole acceptance of a bulk. Ten thousand lines take longer than one
	// payment may.
	bulkPatience = 20 * time.Second
	// bulkChunk is the number of lines that one statement writes. Their parameters fit into the
	// limits of both databases.
	bulkChunk = 500
	// maxTaken bounds the taken order numbers that one error names.
	maxTaken = 100
)

// AcceptBulk writes a bulk with all its lines, takes their order numbers and sets their cost
// aside, in one transaction. The owner's reference is a unique key: if it exists, nothing changes
// and the original is returned with false. A failure leaves nothing behind.
//
// It fails with InvalidOrderID, which names the lines whose order number is taken, and with
// InsufficientBalance.
func (db *Bulks) AcceptBulk(
	ctx context.Context, b bulk.Bulk, lines []bulk.BulkLine,
) (bulk.Bulk, bool, error) {
	if !isStorable(b.Reference, b.NotifyURL) {
		return bulk.Bulk{}, false, pirogue.FieldError(pirogue.InvalidParameter, "merchant_bulk_id")
	}
	pages := paged(&b, lines)
	packed, err := db.packBulk(b)
	if err != nil {
		return bulk.Bulk{}, false, failure("accept bulk", err)
	}
	rows := make([]lineRow, len(lines))
	for i, line := range lines {
		if rows[i], err = db.packLine(b, line, pages[i]); err != nil {
			return bulk.Bulk{}, false, failure("accept bulk", err)
		}
	}
	stands, created := packed, false
	err = db.inLongTx(ctx, "accept bulk", func(tx *gorm.DB) error {
		stands, created = packed, false
		return writeBulk(tx, b, rows, &stands, &created)
	})
	if err != nil {
		return bulk.Bulk{}, false, err
	}
	accepted, err := db.unpackBulk(stands)
	return accepted, created, failure("accept bulk", err)
}

// paged puts each operator's lines on pages of their own, in their order. It returns the page of
// each line, from 1. So all lines of a page have one route.
func paged(b *bulk.Bulk, lines []bulk.BulkLine) []int {
	pages, open, room := make([]int, len(lines)), map[pirogue.OperatorCode]int{}, map[pirogue.OperatorCode]int{}
	b.Pages = nil
	for i, line := range lines {
		code := line.Payment.Operator
		if room[code] == 0 {
			b.Pages = append(b.Pages, code)
			open[code], room[code] = len(b.Pages), bulk.BulkPageLines
		}
		pages[i] = open[code]
		room[code]--
	}
	return pages
}

// writeBulk is the transaction of AcceptBulk.
func writeBulk(tx *gorm.DB, b bulk.Bulk, rows []lineRow, stands *bulkRow, created *bool) error {
	written := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(stands)
	if written.Error != nil {
		return written.Error
	}
	if written.RowsAffected == 0 {
		like := bulkRow{MerchantID: stands.MerchantID, Mode: stands.Mode, MerchantRef: stands.MerchantRef}
		*stands = bulkRow{}
		return tx.Where(&like).Take(stands).Error
	}
	*created = true
	if err := refuseWhileAsking(tx); err != nil {
		return err
	}
	failpoint.Hit("store.bulk.written")
	if err := claimReferences(tx, b, rows); err != nil {
		return err
	}
	for chunk := range slices.Chunk(rows, bulkChunk) {
		if err := tx.Create(&chunk).Error; err != nil {
			return err
		}
	}
	failpoint.Hit("store.bulk.claimed")
	hold := ledger.Bulk(b)
	err := book(tx, &hold, b.CreatedAt) // last: the merchant's other payments wait for its balance
	failpoint.Hit("store.bulk.held")
	return err
}

// claimReferences takes the order numbers of all lines. If some are taken, it fails with
// InvalidOrderID and names their lines. Every bulk takes its numbers in one order, so that two
// bulks with the same numbers do not deadlock.
func claimReferences(tx *gorm.DB, b bulk.Bulk, rows []lineRow) error {
	sorted := slices.SortedFunc(slices.Values(rows), func(x, y lineRow) int {
		return strings.Compare(x.MerchantRef, y.MerchantRef)
	})
	var taken []lineRow
	for chunk := range slices.Chunk(sorted, bulkChunk) {
		args := make([]any, 0, 3*len(chunk))
		for _, row := range chunk {
			args = append(args, b.MerchantID, b.Mode, row.MerchantRef)
		}
		var claimed []string
		err := tx.Raw(fmt.Sprintf(claimAll, values(len(chunk), "?, ?, ?")), args...).Scan(&claimed).Error
		if err != nil {
			return err
		}
		if len(claimed) == len(chunk) {
			continue
		}
		slices.Sort(claimed)
		for _, row := range chunk {
			if _, free := slices.BinarySearch(claimed, row.MerchantRef); !free {
				taken = append(taken, row)
			}
		}
	}
	return takenLines(taken)
}

// claimAll takes the order numbers that are free and returns them. The others are taken.
const claimAll = `
INSERT INTO order_references (merchant_id, mode, merchant_ref) VALUES %s
ON CONFLICT DO NOTHING RETURNING merchant_ref`

// takenLines returns an error that names the lines whose order number is taken; nil if there are
// none.
func takenLines(taken []lineRow) error {
	if len(taken) == 0 {
		return nil
	}
	slices.SortFunc(taken, func(x, y lineRow) int { return x.Number - y.Number })
	wrong := &pirogue.Error{Code: pirogue.InvalidOrderID, Err: fmt.Errorf("%d order numbers are taken", len(taken))}
	for _, row := range taken[:min(len(taken), maxTaken)] {
		wrong.Params = append(wrong.Params, pirogue.Param{
			Field: bulk.LineField(row.Number, "merchant_order_id"), Code: pirogue.DuplicateOrder, Line: row.Number,
		})
	}
	return wrong
}

// ownedBulk reads a bulk of one owner. A missing bulk and another owner's bulk give the same
// error, so that nobody learns which IDs exist.
func ownedBulk(tx *gorm.DB, o access.Owner, id pirogue.BulkID, into *bulkRow) error {
	if !isStorable(string(id)) {
		return pirogue.Errorf(pirogue.NotFound, "bulk %q", id)
	}
	err := tx.Where("id = ? AND merchant_id = ? AND mode = ?", id, o.MerchantID, o.Mode).Take(into).Error
	return asNotFound(err, pirogue.NotFound, string(id))
}

// Bulk returns one of the owner's bulks with the counts of its lines. It fails with NotFound.
func (db *Bulks) Bulk(ctx context.Context, o access.Owner, id pirogue.BulkID) (bulk.BulkProgress, error) {
	return db.bulk(ctx, func(tx *gorm.DB, into *bulkRow) error { return ownedBulk(tx, o, id, into) })
}

// AnyBulk returns a bulk of any owner with the counts of its lines, for support. It fails with
// NotFound.
func (db *Bulks) AnyBulk(ctx context.Context, id pirogue.BulkID) (bulk.BulkProgress, error) {
	return db.bulk(ctx, func(tx *gorm.DB, into *bulkRow) error {
		return asNotFound(tx.Where("id = ?", id).Take(into).Error, pirogue.NotFound, string(id))
	})
}

// bulk returns the bulk that find reads, with the counts of its lines.
func (db *Bulks) bulk(
	ctx context.Context, find func(tx *gorm.DB, into *bulkRow) error,
) (bulk.BulkProgress, error) {
	var progress bulk.BulkProgress
	err := db.snapshot(ctx, "read bulk", func(tx *gorm.DB) error {
		var row bulkRow
		if err := find(tx, &row); err != nil {
			return err
		}
		var err error
		progress, err = db.progress(tx, row)
		return err
	})
	return progress, err
}

// progress counts a bulk's lines by their status.
func (db *Bulks) progress(tx *gorm.DB, row bulkRow) (bulk.BulkProgress, error) {
	unpacked, err := db.unpackBulk(row)
	if err != nil {
		return bulk.BulkProgress{}, err
	}
	var rows []struct {
		Status            bulk.LineStatus
		Lines             int
		Amount, Fee, Cost int64
	}
	if err := tx.Raw(tallyLines, row.ID).Scan(&rows).Error; err != nil {
		return bulk.BulkProgress{}, err
	}
	tallies := map[bulk.LineStatus]bulk.BulkTally{}
	for _, r := range rows {
		tallies[r.Status] = bulk.BulkTally{Lines: r.Lines, Amount: r.Amount, Fee: r.Fee, Cost: r.Cost}
	}
	return bulk.BulkProgress{Bulk: unpacked, Tallies: tallies}, nil
}

// tallyLines counts a bulk's lines by the status of their payment, or by their own state without
// one. The sums are in minor units.
const tallyLines = `
SELECT COALESCE(p.status, l.state) AS status, COUNT(*) AS lines, CAST(SUM(l.amount) AS BIGINT) AS amount,
       CAST(SUM(l.fee) AS BIGINT) AS fee, CAST(SUM(l.cost) AS BIGINT) AS cost
  FROM bulk_lines l LEFT JOIN payments p ON p.id = l.payment_id
 WHERE l.bulk_id = ?
 GROUP BY 1`

// endTogether is the number of unsent payments that a cancellation ends in its own call. The
// bulk's coordinator ends the others.
const endTogether = 50

// CancelBulk ends the lines of an owner's bulk that have not begun and returns their money, in
// one transaction. It then ends payments of which nothing was sent: some itself, and
// EndUnsentLines the others. A payment that may have been sent goes on. Of a page that begins at
// the same time, one of the two comes first. A bulk that is cancelled or over stays as it is. It
// returns the bulk afterwards and fails with NotFound.
func (db *Bulks) CancelBulk(
	ctx context.Context, o access.Owner, id pirogue.BulkID, at time.Time,
) (bulk.BulkProgress, error) {
	err := db.inTx(ctx, "cancel bulk", func(tx *gorm.DB) error {
		var row bulkRow
		if err := ownedBulk(tx, o, id, &row); err != nil {
			return err
		}
		set := tx.Model(&bulkRow{}).Where("id = ? AND state IN ('ACCEPTED','RUNNING')", id).
			Updates(map[string]any{"state": bulk.BulkCancelling, "updated_at": timestamp(at), "cancelled_at": timestamp(at)})
		if set.Error != nil {
			return set.Error
		}
		if set.RowsAffected == 0 {
			return unchanged{}
		}
		if err := refuseWhileAsking(tx); err != nil {
			return err
		}
		failpoint.Hit("store.bulk.cancelling")
		return db.cancelLines(tx, row, at)
	})
	if err != nil {
		return bulk.BulkProgress{}, err
	}
	// The bulk is being cancelled even if this fails: its coordinator ends the rest.
	_, _ = db.EndUnsentLines(ctx, id, at, endTogether) //nolint:errcheck // said above
	return db.Bulk(ctx, o, id)
}

// cancelLines ends the waiting lines and books their cost back.
func (db *Bulks) cancelLines(tx *gorm.DB, row bulkRow, at time.Time) error {
	var costs []int64
	err := tx.Raw("UPDATE bulk_lines SET state = ? WHERE bulk_id = ? AND state = ? AND "+lineIsKnown+" RETURNING cost",
		lineCancelled, row.ID, lineWaiting).Scan(&costs).Error
	if err != nil {
		return err
	}
	bulk, err := db.unpackBulk(row)
	if err != nil {
		return err
	}
	total := int64(0)
	for _, cost := range costs {
		total += cost // no more than the bulk's cost, so it does not overflow
	}
	rest, some := ledger.Rest(bulk, total)
	if !some {
		return nil
	}
	err = book(tx, &rest, at)
	failpoint.Hit("store.bulk.returned")
	return err
}

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
		if err := announceBulk(tx, progress, at); err != nil {
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
                WHERE p.bulk_id = bulks.id AND p.status IN ('CREATED','INITIATED','PENDING'))
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
                    WHERE p.bulk_id = bulks.id AND p.status IN ('CREATED','INITIATED','PENDING'))`

// announceBulk writes the event of a bulk that has just ended.
func announceBulk(tx *gorm.DB, p bulk.BulkProgress, at time.Time) error {
	url, err := listening(tx, p.NotifyURL, p.MerchantID)
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

// UnstartedBulks returns bulks accepted before a time that no coordinator has taken up, oldest
// first.
func (db *Bulks) UnstartedBulks(ctx context.Context, before time.Time, limit int) ([]bulk.Bulk, error) {
	var rows []bulkRow
	err := db.read(ctx, "find unstarted bulks", func(tx *gorm.DB) error {
		return tx.Where("started_at IS NULL AND created_at < ?", timestamp(before)).
			Order("created_at, id").Limit(limit).Find(&rows).Error
	})
	bulks := make([]bulk.Bulk, len(rows))
	for i, row := range rows {
		bulk, bad := db.unpackBulk(row)
		if bad != nil {
			return nil, failure("find unstarted bulks", bad)
		}
		bulks[i] = bulk
	}
	return bulks, err
}
