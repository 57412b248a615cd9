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

// readOwnedBulk reads a bulk of one owner. A missing bulk and another owner's bulk give the same
// error, so that nobody learns which IDs exist.
func readOwnedBulk(tx *gorm.DB, o access.Owner, id pirogue.BulkID) (bulkRow, error) {
	if !isStorable(string(id)) {
		return bulkRow{}, pirogue.Errorf(pirogue.NotFound, "bulk %q", id)
	}
	var row bulkRow
	err := tx.Where("id = ? AND merchant_id = ? AND mode = ?", id, o.MerchantID, o.Mode).Take(&row).Error
	return row, asNotFound(err, pirogue.NotFound, string(id))
}

// Bulk returns one of the owner's bulks with the counts of its lines. It fails with NotFound.
func (db *Bulks) Bulk(ctx context.Context, o access.Owner, id pirogue.BulkID) (bulk.BulkProgress, error) {
	return db.bulk(ctx, func(tx *gorm.DB) (bulkRow, error) { return readOwnedBulk(tx, o, id) })
}

// AnyBulk returns a bulk of any owner with the counts of its lines, for support. It fails with
// NotFound.
func (db *Bulks) AnyBulk(ctx context.Context, id pirogue.BulkID) (bulk.BulkProgress, error) {
	return db.bulk(ctx, func(tx *gorm.DB) (bulkRow, error) {
		var row bulkRow
		err := tx.Where("id = ?", id).Take(&row).Error
		return row, asNotFound(err, pirogue.NotFound, string(id))
	})
}

// bulk returns the bulk that find reads, with the counts of its lines.
func (db *Bulks) bulk(
	ctx context.Context, find func(tx *gorm.DB) (bulkRow, error),
) (bulk.BulkProgress, error) {
	var progress bulk.BulkProgress
	err := db.snapshot(ctx, "read bulk", func(tx *gorm.DB) error {
		row, err := find(tx)
		if err != nil {
			return err
		}
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

// endInOneCall is the number of unsent payments that a cancellation ends in its own call. The
// bulk's coordinator ends the others.
const endInOneCall = 50

// CancelBulk ends the lines of an owner's bulk that have not begun and returns their money, in
// one transaction. It then ends payments of which nothing was sent: some itself, and
// EndUnsentLines the others. A payment that may have been sent goes on. Of a page that begins at
// the same time, one of the two comes first. A bulk that is cancelled or over stays as it is. It
// returns the bulk afterwards and fails with NotFound.
func (db *Bulks) CancelBulk(
	ctx context.Context, o access.Owner, id pirogue.BulkID, at time.Time,
) (bulk.BulkProgress, error) {
	err := db.inTx(ctx, "cancel bulk", func(tx *gorm.DB) error {
		row, err := readOwnedBulk(tx, o, id)
		if err != nil {
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
	_, _ = db.EndUnsentLines(ctx, id, at, endInOneCall) //nolint:errcheck // said above
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

// UnstartedBulks returns bulks accepted before a time that no coordinator has started, oldest first.
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
			return nil, asError("find unstarted bulks", bad)
		}
		bulks[i] = bulk
	}
	return bulks, err
}
