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
	"pirogue/bulk"
	"pirogue/failpoint"
	"pirogue/ledger"
)

const (
	// longTxTimeout bounds the whole acceptance of a bulk. Ten thousand lines take longer than one
	// payment may.
	longTxTimeout = 20 * time.Second
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
	pages := assignPages(&b, lines)
	packed, err := db.packBulk(b)
	if err != nil {
		return bulk.Bulk{}, false, asError("accept bulk", err)
	}
	rows := make([]lineRow, len(lines))
	for i, line := range lines {
		if rows[i], err = db.packLine(b, line, pages[i]); err != nil {
			return bulk.Bulk{}, false, asError("accept bulk", err)
		}
	}
	stored, created := packed, false
	err = db.inLongTx(ctx, "accept bulk", func(tx *gorm.DB) error {
		stored, created = packed, false
		return writeBulk(tx, b, rows, &stored, &created)
	})
	if err != nil {
		return bulk.Bulk{}, false, err
	}
	accepted, err := db.unpackBulk(stored)
	return accepted, created, asError("accept bulk", err)
}

// assignPages puts each operator's lines on pages of their own, in their order. It returns the
// page of each line, from 1. So all lines of a page have one route.
func assignPages(b *bulk.Bulk, lines []bulk.BulkLine) []int {
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
func writeBulk(tx *gorm.DB, b bulk.Bulk, rows []lineRow, stored *bulkRow, created *bool) error {
	written := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(stored)
	if written.Error != nil {
		return written.Error
	}
	if written.RowsAffected == 0 {
		like := bulkRow{MerchantID: stored.MerchantID, Mode: stored.Mode, MerchantRef: stored.MerchantRef}
		*stored = bulkRow{}
		return tx.Where(&like).Take(stored).Error
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
		err := tx.Raw(fmt.Sprintf(claimAll, valuesRows(len(chunk), "?, ?, ?")), args...).Scan(&claimed).Error
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
