package store

import (
	"context"

	"pirogue"
)

// OperatorBook returns what our books say reached an operator: the amount, in minor
// units, for each of our references. A payment's money stands under the reference of
// its latest attempt there. It is what the operator's own record is compared with.
func (db *DB) OperatorBook(ctx context.Context, code pirogue.OperatorCode) (map[string]int64, error) {
	var rows []struct {
		Ref    string
		Amount int64
	}
	err := failure("read operator's book", db.reports.WithContext(ctx).Raw(operatorBook, code).Scan(&rows).Error)
	book := make(map[string]int64, len(rows))
	for _, row := range rows {
		book[row.Ref] = row.Amount
	}
	return book, err
}

const operatorBook = `
SELECT a.ref AS ref, CAST(SUM(t.amount) AS BIGINT) AS amount
  FROM ledger_accounts f
  JOIN ledger_transfers t ON t.debit_id = f.id
  JOIN ledger_journals j ON j.id = t.journal_id
  JOIN attempts a ON a.payment_id = j.payment_id AND a.operator = f.operator
 WHERE f.kind = 'FLOAT' AND f.operator = ?
   AND a.number = (SELECT MAX(b.number) FROM attempts b WHERE b.payment_id = a.payment_id AND b.operator = a.operator)
 GROUP BY a.ref`
