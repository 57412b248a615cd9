package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/access"
	"pirogue/listing"
)

const (
	reportPage    = 1000             // rows of a long list that one read returns and memory holds
	reportTimeout = 30 * time.Second // for one page, from when it has a connection
)

// report runs the reading statements of one page of a long list, all from one snapshot. No page
// waits for the reader of the list. So a slow reader holds no connection and no old version of a
// row. It fails with ServiceUnavailable if no connection is free, if ctx ends and after
// reportTimeout.
func (db *database) report(ctx context.Context, operation string, do func(tx *gorm.DB) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	timer := time.AfterFunc(operationTimeout, cancel)
	defer timer.Stop()
	return asError(operation, db.reports.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		timer.Reset(reportTimeout)
		return do(tx)
	}, readOnlySnapshot()))
}

// Export calls each for every payment of the owner that the filter selects, oldest first. It ends
// with the newest payment at the time of the call. It reads one page at a time, each from one
// snapshot. The order never changes, so a payment whose status changes meanwhile comes once. It has
// the status at the time of its page.
//
// It begins behind the payment f.After; another owner's payment gives nothing. It stops at the
// first error of each and returns that unchanged. It fails as report does.
func (db *Reports) Export(
	ctx context.Context, o access.Owner, f listing.ExportFilter, each func(listing.ExportRow) error,
) error {
	if !isStorable(string(f.Kind), string(f.Status), string(f.Country), string(f.After)) {
		return nil // nothing can have such a field
	}
	var newest []rowMark
	err := db.report(ctx, "export payments", func(tx *gorm.DB) error {
		newest = nil
		return tx.Raw(newestPayment, o.MerchantID, o.Mode).Scan(&newest).Error
	})
	if err != nil || len(newest) == 0 {
		return err
	}
	return readPages(f.Limit, func(size int) ([]listing.ExportRow, error) {
		page, err := db.exportPage(ctx, exportSelection{o, f, newest[0]}, size)
		if len(page) > 0 {
			f.After = page[len(page)-1].ID
		}
		return page, err
	}, each)
}

// readPages calls each for every row of a long list, at most limit rows; 0 means all. read returns
// the next page of at most size rows. A shorter page is the last one.
func readPages[R any](limit int, read func(size int) ([]R, error), each func(R) error) error {
	for entries := 0; limit == 0 || entries < limit; {
		size := reportPage
		if limit > 0 {
			size = min(size, limit-entries)
		}
		page, err := read(size)
		if err != nil {
			return err
		}
		for _, row := range page {
			if err := each(row); err != nil {
				return err
			}
		}
		if len(page) < size {
			return nil
		}
		entries += size
	}
	return nil
}

// newestPayment fixes the end of an export at its start, so that an export ends although payments
// keep coming.
const newestPayment = `
SELECT created_at, id FROM payments WHERE merchant_id = ? AND mode = ? ORDER BY created_at DESC, id DESC LIMIT 1`

// exportSelection selects the payments of an export, as far as the newest one.
type exportSelection struct {
	owner  access.Owner
	filter listing.ExportFilter
	newest rowMark
}

// exportPage reads one page of an export with each payment's effect on the balance.
func (db *Reports) exportPage(ctx context.Context, s exportSelection, size int) ([]listing.ExportRow, error) {
	var rows []paymentRow
	var net map[pirogue.PaymentID]int64
	err := db.report(ctx, "export payments", func(tx *gorm.DB) error {
		rows = nil
		err := s.read(tx, size, &rows)
		if err != nil || len(rows) == 0 {
			return err
		}
		net, err = netAmounts(tx, s.owner, rows)
		return err
	})
	if err != nil {
		return nil, err
	}
	payments, err := db.unpackPayments(rows)
	if err != nil {
		return nil, asError("export payments", err)
	}
	page := make([]listing.ExportRow, len(payments))
	for i, p := range payments {
		page[i] = listing.ExportRow{Payment: p, Net: net[p.ID]}
	}
	return page, nil
}

// read reads the rows of a page of at most size.
func (s exportSelection) read(tx *gorm.DB, size int, rows *[]paymentRow) error {
	page := rowPage{table: "payments", common: append(ownedBy(s.owner), s.newest.compared("<=")), size: size}
	page.common = append(page.common, between(s.filter.From, s.filter.To)...)
	if s.filter.After != "" {
		after, found, err := markOf(tx, page.table, s.owner, string(s.filter.After))
		if err != nil || !found {
			return err
		}
		page.common = append(page.common, after.compared(">"))
	}
	var err error
	page.parts, err = paymentParts(tx, s.owner, listing.PaymentFilter{
		Kind: s.filter.Kind, Status: s.filter.Status, Country: s.filter.Country,
	})
	if err != nil || len(page.parts) == 0 {
		return err
	}
	return page.read(tx, rows)
}

// netAmounts returns the effect of payments on an owner's balance so far, in minor units. It comes
// from the books, so it is right whatever happened to a payment. A payment that moved nothing is
// left out.
func netAmounts(tx *gorm.DB, o access.Owner, rows []paymentRow) (map[pirogue.PaymentID]int64, error) {
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	var sums []struct {
		PaymentID string
		Net       int64
	}
	err := tx.Raw(netOfPayments, map[string]any{"merchant": o.MerchantID, "mode": o.Mode, "payments": ids}).
		Scan(&sums).Error
	net := make(map[pirogue.PaymentID]int64, len(sums))
	for _, sum := range sums {
		net[pirogue.PaymentID(sum.PaymentID)] = sum.Net
	}
	return net, err
}

// netOfPayments sums the transfers on the owner's accounts. Money set aside for a bulk still
// counts as the merchant's, and a hold is no movement.
const netOfPayments = `
WITH ours (id) AS (SELECT id FROM ledger_accounts
                    WHERE merchant_id = @merchant AND mode = @mode AND kind IN ('MERCHANT','BULK'))
SELECT j.payment_id AS payment_id,
       CAST(SUM(CASE WHEN t.credit_id IN (SELECT id FROM ours) THEN t.amount ELSE 0 END
              - CASE WHEN t.debit_id IN (SELECT id FROM ours) THEN t.amount ELSE 0 END) AS BIGINT) AS net
  FROM ledger_journals j JOIN ledger_transfers t ON t.journal_id = j.id
 WHERE j.payment_id IN @payments AND t.phase IN ('posted','capture')
 GROUP BY j.payment_id`
