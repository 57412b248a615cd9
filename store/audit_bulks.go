package store

// bulkRules lists the rules of bulks; see rules.
var bulkRules = []rule{
	{"what is set aside for bulks is what their waiting lines cost", `
SELECT merchant_id || ' ' || mode || ' ' || country
  FROM (SELECT merchant_id, mode, country, currency, credits_posted - debits_posted AS amount
          FROM ledger_accounts WHERE kind = 'BULK'
         UNION ALL
        SELECT b.merchant_id, b.mode, b.country, b.currency, -l.cost
          FROM bulk_lines l JOIN bulks b ON b.id = l.bulk_id WHERE l.state = 'WAITING') AS parts
 GROUP BY merchant_id, mode, country, currency HAVING SUM(amount) <> 0`},

	{"a bulk is the sum of its lines", `
SELECT b.id FROM bulks b LEFT JOIN bulk_lines l ON l.bulk_id = b.id
 GROUP BY b.id, b.lines, b.amount, b.fee, b.cost
HAVING COUNT(l.number) <> b.lines OR COALESCE(MAX(l.number), 0) <> b.lines OR COALESCE(SUM(l.amount), 0) <> b.amount
    OR COALESCE(SUM(l.fee), 0) <> b.fee OR COALESCE(SUM(l.cost), 0) <> b.cost`},

	{"a bulk set aside what it costs, and gave back what its cancelled lines would have cost", `
SELECT b.id FROM bulks b
 WHERE b.cost <> (SELECT COALESCE(SUM(t.amount), 0)
                    FROM ledger_journals j JOIN ledger_transfers t ON t.journal_id = j.id
                   WHERE j.bulk_id = b.id AND j.step = 'bulk')
    OR (SELECT COALESCE(SUM(l.cost), 0) FROM bulk_lines l WHERE l.bulk_id = b.id AND l.state = 'CANCELLED')
    <> (SELECT COALESCE(SUM(t.amount), 0) FROM ledger_journals j JOIN ledger_transfers t ON t.journal_id = j.id
         WHERE j.bulk_id = b.id AND j.step = 'rest')`},

	{"a line that has begun is one payment, as it was accepted, and one that has not is none", `
SELECT l.payment_id FROM bulk_lines l LEFT JOIN payments p ON p.id = l.payment_id
 WHERE (l.state = 'CREATED') <> (p.id IS NOT NULL)
    OR p.bulk_id IS NULL AND p.id IS NOT NULL OR p.bulk_id <> l.bulk_id
    OR p.kind <> 'CASHOUT' OR p.merchant_ref <> l.merchant_ref OR p.merchant_id <> l.merchant_id
    OR p.mode <> l.mode OR p.amount <> l.amount OR p.fee <> l.fee
    OR p.fee_payer <> l.fee_payer
 UNION ALL
SELECT p.id FROM payments p
 WHERE p.bulk_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM bulk_lines l WHERE l.payment_id = p.id)`},

	{"a line that has begun took its part of what was set aside, and no other payment did", `
SELECT p.id FROM payments p LEFT JOIN bulk_lines l ON l.payment_id = p.id
 WHERE COALESCE(l.cost, 0) <> (SELECT COALESCE(SUM(t.amount), 0)
                                 FROM ledger_journals j JOIN ledger_transfers t ON t.journal_id = j.id
                                WHERE j.payment_id = p.id AND j.step = 'line')`},

	{"a bulk that is over has no open line and was told once, and no other was told", `
SELECT b.id FROM bulks b
 WHERE (b.closed_at IS NOT NULL) <> (1 = (SELECT COUNT(*) FROM webhook_events e WHERE e.bulk_id = b.id))
    OR b.closed_at IS NOT NULL
   AND EXISTS (SELECT 1 FROM bulk_lines l LEFT JOIN payments p ON p.id = l.payment_id
                WHERE l.bulk_id = b.id
                  AND COALESCE(p.status, l.state) IN ('WAITING','CREATED','INITIATED','PENDING'))`},

	{"a bulk is CANCELLED when lines of it were, and only then", `
SELECT b.id FROM bulks b
 WHERE b.state IN ('ACCEPTED','RUNNING','COMPLETED','CANCELLED') AND (b.state = 'CANCELLED')
    <> (EXISTS (SELECT 1 FROM bulk_lines l WHERE l.bulk_id = b.id AND l.state = 'CANCELLED')
     OR EXISTS (SELECT 1 FROM payments p
                 WHERE p.bulk_id = b.id AND p.status = 'FAILED' AND p.failure_code = 'CANCELLED'))`},

	{"an order number stays taken", `
SELECT p.id FROM payments p
 WHERE p.ref_space = 'order'
   AND NOT EXISTS (SELECT 1 FROM order_references r
                    WHERE r.merchant_id = p.merchant_id AND r.mode = p.mode AND r.merchant_ref = p.merchant_ref)`},
}
