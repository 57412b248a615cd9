package store

import (
	"context"

	"pirogue"
)

// OperatorBook returns the money that moved through an operator by our books, to us and away from
// us. The maps hold the amount, in minor units, for each of our references. A payment's money
// stands under the attempt by which it moved, or else under its latest attempt there. The
// operator's own record must agree with it. Money that is only held has not moved.
func (db *Books) OperatorBook(ctx context.Context, code pirogue.OperatorCode) (in, out map[string]int64, err error) {
	var rows []struct {
		Ref      string
		Incoming int64
		Outgoing int64
	}
	err = asError("read operator's book", db.audits.WithContext(ctx).Raw(operatorBook, code).Scan(&rows).Error)
	in, out = map[string]int64{}, map[string]int64{}
	for _, row := range rows {
		if row.Incoming > 0 {
			in[row.Ref] = row.Incoming
		}
		if row.Outgoing > 0 {
			out[row.Ref] = row.Outgoing
		}
	}
	return in, out, err
}

// operatorBook adds up the posted and captured transfers of an operator's FLOAT accounts by
// reference. Holds are left out: their money has not moved.
const operatorBook = `
SELECT a.ref AS ref, CAST(SUM(m.incoming) AS BIGINT) AS incoming, CAST(SUM(m.outgoing) AS BIGINT) AS outgoing
  FROM ledger_accounts f
  JOIN (SELECT debit_id AS account_id, journal_id, amount AS incoming, 0 AS outgoing FROM ledger_transfers
         WHERE phase IN ('posted','capture')
         UNION ALL
        SELECT credit_id, journal_id, 0, amount FROM ledger_transfers
         WHERE phase IN ('posted','capture')) AS m ON m.account_id = f.id
  JOIN ledger_journals j ON j.id = m.journal_id
  JOIN attempts a ON a.payment_id = j.payment_id AND a.operator = f.operator
 WHERE f.kind = 'FLOAT' AND f.operator = ?
   AND a.number = CASE WHEN j.attempt > 0 THEN j.attempt ELSE
       (SELECT MAX(b.number) FROM attempts b WHERE b.payment_id = a.payment_id AND b.operator = a.operator) END
 GROUP BY a.ref`
