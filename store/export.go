package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"pirogue"
)

// exportPatience is how long one export may take: all that time the database keeps what
// later commits replaced.
const exportPatience = 30 * time.Minute

// Export calls each for every payment of the owner that the filter selects, oldest first,
// all of one moment. Rows are read and decoded one at a time, so memory does not grow
// with their number. It begins after the payment f.After; one that is not the owner's
// gives nothing. It stops at each's first error and returns it as it is. It fails with
// ServiceUnavailable when no connection is free for a long read, when ctx ends and after
// exportPatience.
func (db *DB) Export(
	ctx context.Context, o pirogue.Owner, f pirogue.ExportFilter, each func(pirogue.Payment) error,
) error {
	if !keepable(string(f.Kind), string(f.Status), string(f.Country), string(f.After)) {
		return nil // nothing can have such a field
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	patience := time.AfterFunc(giveUpAfter, cancel)
	defer patience.Stop()
	var stopped error
	err := db.reports.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		patience.Reset(exportPatience)
		stopped = db.stream(exported(tx, o, f), each)
		return stopped
	}, oneMoment())
	if stopped != nil {
		return stopped
	}
	return failure("export payments", err)
}

// exported selects what an export tells.
func exported(tx *gorm.DB, o pirogue.Owner, f pirogue.ExportFilter) *gorm.DB {
	query := selected(tx.Model(&paymentRow{}).Where("merchant_id = ? AND mode = ?", o.MerchantID, o.Mode),
		pirogue.PaymentFilter{Kind: f.Kind, Status: f.Status, Country: f.Country, CreatedFrom: f.From, CreatedTo: f.To})
	if f.After != "" {
		query = query.Where(`(created_at, id) >
			(SELECT created_at, id FROM payments WHERE id = ? AND merchant_id = ? AND mode = ?)`,
			f.After, o.MerchantID, o.Mode)
	}
	if f.Limit > 0 {
		query = query.Limit(f.Limit)
	}
	return query.Order("created_at, id")
}

// stream decodes a query's rows as they come. The database sends on when a row was taken.
func (db *DB) stream(query *gorm.DB, each func(pirogue.Payment) error) error {
	rows, err := query.Rows()
	if err != nil {
		return failure("export payments", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err, below, has told what it would
	for rows.Next() {
		var row paymentRow
		if err := query.ScanRows(rows, &row); err != nil {
			return failure("export payments", err)
		}
		p, err := db.unpackPayment(row)
		if err != nil {
			return failure("export payments", err)
		}
		if err := each(p); err != nil {
			return err
		}
	}
	return failure("export payments", rows.Err())
}
