package store

import (
	"context"
	"slices"

	"gorm.io/gorm"
)

// Violation is one row of the database that breaks a rule which no caller should be able to
// break.
type Violation struct {
	Rule string // in words
	Row  string // identifies the row, such as a payment's ID
}

// Audit checks every rule against the whole database, from one snapshot. It reads whole tables:
// run it after tests and at night. An empty result means that the books balance and nothing
// acknowledged was lost.
func (db *Books) Audit(ctx context.Context) ([]Violation, error) {
	var found []Violation
	err := db.audits.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		for _, r := range slices.Concat(rules, bulkRules) {
			var rows []string
			if err := tx.Raw(exactSums(tx, r.query)).Scan(&rows).Error; err != nil {
				return asError("audit: "+r.name, err)
			}
			for _, row := range rows {
				found = append(found, Violation{Rule: r.name, Row: row})
			}
		}
		return nil
	}, readOnlySnapshot())
	return found, asError("audit", err)
}

// rule must always be true. Its query returns the rows for which it is false.
type rule struct{ name, query string }

// rules lists the rules of payments, books, attempts and webhooks.
var rules = []rule{
	// The books. One transaction writes counters and entries; if they differ, money was made or
	// lost.
	{"debits equal credits in every mode and currency", `
SELECT mode || ' ' || currency FROM ledger_accounts
 GROUP BY mode, currency HAVING SUM(debits_posted) <> SUM(credits_posted)`},

	{"an account's debits are the sum of what moved", `
SELECT a.id FROM ledger_accounts a
  LEFT JOIN ledger_transfers t ON t.debit_id = a.id AND t.phase IN ('posted','capture')
 GROUP BY a.id, a.debits_posted HAVING a.debits_posted <> COALESCE(SUM(t.amount), 0)`},

	{"an account's credits are the sum of what moved", `
SELECT a.id FROM ledger_accounts a
  LEFT JOIN ledger_transfers t ON t.credit_id = a.id AND t.phase IN ('posted','capture')
 GROUP BY a.id, a.credits_posted HAVING a.credits_posted <> COALESCE(SUM(t.amount), 0)`},

	{"what an account holds is the sum of its open holds", `
SELECT a.id FROM ledger_accounts a
  LEFT JOIN ledger_transfers t ON t.debit_id = a.id AND t.phase = 'hold'
        AND NOT EXISTS (SELECT 1 FROM ledger_transfers r WHERE r.hold_id = t.id)
 GROUP BY a.id, a.debits_held HAVING a.debits_held <> COALESCE(SUM(t.amount), 0)`},

	{"a journal has transfers", `
SELECT j.id FROM ledger_journals j
 WHERE NOT EXISTS (SELECT 1 FROM ledger_transfers t WHERE t.journal_id = j.id)`},

	{"a transfer is in the phase that its journal's step says", `
SELECT t.id FROM ledger_transfers t JOIN ledger_journals j ON j.id = t.journal_id
 WHERE t.phase <> CASE WHEN j.step IN ('hold','capture','release') THEN j.step ELSE 'posted' END`},

	{"what is captured or released is what its payment held", `
SELECT r.id FROM ledger_transfers r JOIN ledger_journals rj ON rj.id = r.journal_id
  JOIN ledger_transfers h ON h.id = r.hold_id JOIN ledger_journals hj ON hj.id = h.journal_id
 WHERE h.phase <> 'hold' OR r.amount <> h.amount OR r.debit_id <> h.debit_id OR rj.payment_id <> hj.payment_id`},

	{"a payout is booked with its amount", `
SELECT o.id FROM settlements o
  LEFT JOIN ledger_journals j ON j.settlement_id = o.id
  LEFT JOIN ledger_transfers t ON t.journal_id = j.id AND t.mode = o.mode AND t.currency = o.currency
 GROUP BY o.id, o.amount HAVING COALESCE(SUM(t.amount), 0) <> o.amount`},

	// Money and status. They change together, so each proves the other.
	{"a cash-in is booked when it is SUCCESS or REVERSED, and only then", `
SELECT p.id FROM payments p LEFT JOIN ledger_journals j ON j.payment_id = p.id AND j.step = 'cashin'
 GROUP BY p.id, p.kind, p.status
HAVING (p.kind = 'CASHIN' AND p.status IN ('SUCCESS','REVERSED')) <> (COUNT(j.id) = 1)`},

	{"a cash-in's journal credits its merchant with its amount", `
SELECT p.id FROM payments p
  JOIN ledger_journals j ON j.payment_id = p.id AND j.step = 'cashin'
  JOIN ledger_transfers t ON t.journal_id = j.id
  JOIN ledger_accounts a ON a.id = t.credit_id
 GROUP BY p.id, p.amount, p.merchant_id, p.mode, p.currency
HAVING SUM(CASE WHEN a.kind = 'MERCHANT' AND a.merchant_id = p.merchant_id AND a.mode = p.mode
                 AND a.currency = p.currency THEN t.amount ELSE 0 END) <> p.amount`},

	{"a cash-out or refund has a hold; SUCCESS captures it, FAILED and EXPIRED release it", `
SELECT p.id FROM payments p
  LEFT JOIN ledger_journals j ON j.payment_id = p.id AND j.step IN ('hold','capture','release')
 GROUP BY p.id, p.kind, p.status
HAVING COUNT(CASE j.step WHEN 'hold' THEN 1 END) <> CASE WHEN p.kind <> 'CASHIN' THEN 1 ELSE 0 END
    OR COUNT(CASE j.step WHEN 'capture' THEN 1 END)
       <> CASE WHEN p.kind <> 'CASHIN' AND p.status = 'SUCCESS' THEN 1 ELSE 0 END
    OR COUNT(CASE j.step WHEN 'release' THEN 1 END)
       <> CASE WHEN p.kind <> 'CASHIN' AND p.status IN ('FAILED','EXPIRED') THEN 1 ELSE 0 END`},

	{"a hold is open while its payment is, and no longer", `
SELECT h.id FROM ledger_transfers h
  JOIN ledger_journals j ON j.id = h.journal_id JOIN payments p ON p.id = j.payment_id
 WHERE h.phase = 'hold'
   AND (p.status IN ('CREATED','INITIATED','PENDING'))
       = EXISTS (SELECT 1 FROM ledger_transfers r WHERE r.hold_id = h.id)`},

	{"a hold is on its merchant, or for a late refund on suspense, and is what the payment costs", `
SELECT p.id FROM payments p
  JOIN ledger_journals j ON j.payment_id = p.id AND j.step = 'hold'
  JOIN ledger_transfers t ON t.journal_id = j.id
  JOIN ledger_accounts a ON a.id = t.debit_id
 GROUP BY p.id, p.amount, p.fee, p.fee_payer, p.late, p.merchant_id, p.mode, p.country, p.currency
HAVING SUM(t.amount) <> p.amount + CASE p.fee_payer WHEN 'merchant' THEN p.fee ELSE 0 END
    OR COUNT(*) <> COUNT(CASE WHEN a.kind = CASE p.late WHEN 1 THEN 'SUSPENSE' ELSE 'MERCHANT' END
                               AND a.merchant_id = p.merchant_id AND a.mode = p.mode
                               AND a.country = p.country AND a.currency = p.currency THEN 1 END)`},

	{"a payment has one event for each time it became terminal", `
SELECT p.id FROM payments p LEFT JOIN webhook_events e ON e.payment_id = p.id
 GROUP BY p.id, p.sequence HAVING COUNT(e.id) <> p.sequence`},

	// Refunds. A cash-in has the sum of its refunds, and the refunds must add up to it.
	{"what was refunded of a cash-in is the sum of its successful refunds", `
SELECT p.id FROM payments p LEFT JOIN payments r ON r.parent_id = p.id AND r.late = 0
 GROUP BY p.id, p.refunded
HAVING p.refunded <> COALESCE(SUM(CASE r.status WHEN 'SUCCESS' THEN r.amount ELSE r.moved END), 0)`},

	{"what is held of a cash-in is the sum of its open refunds", `
SELECT p.id FROM payments p
  LEFT JOIN payments r ON r.parent_id = p.id AND r.late = 0 AND r.status IN ('CREATED','INITIATED','PENDING')
 GROUP BY p.id, p.refund_held HAVING p.refund_held <> COALESCE(SUM(r.amount), 0)`},

	{"no more is refunded or held than was paid", `
SELECT id FROM payments WHERE refunded + refund_held > amount`},

	{"a cash-in is REVERSED when all of it was refunded, and only then", `
SELECT id FROM payments WHERE (status = 'REVERSED') <> (refunded = amount)`},

	{"a refund gives back a cash-in of its owner, in its currency and country", `
SELECT r.id FROM payments r JOIN payments p ON p.id = r.parent_id
 WHERE p.kind <> 'CASHIN' OR p.merchant_id <> r.merchant_id OR p.mode <> r.mode
    OR p.currency <> r.currency OR p.country <> r.country`},

	{"a fee comes back with its cash-in: all of it with all, none without the contract", `
SELECT p.id FROM payments p
  LEFT JOIN payments r ON r.parent_id = p.id
  LEFT JOIN ledger_journals j ON j.payment_id = r.id AND j.step = 'fee'
  LEFT JOIN ledger_transfers t ON t.journal_id = j.id
 WHERE p.kind = 'CASHIN'
 GROUP BY p.id, p.fee, p.fee_returns, p.refunded, p.amount
HAVING COALESCE(SUM(t.amount), 0) > p.fee * p.fee_returns
    OR (p.refunded = p.amount AND COALESCE(SUM(t.amount), 0) <> p.fee * p.fee_returns)`},

	// Suspense. Money in it has a case, and goes back once.
	{"what came late is what the payment's cases say", `
SELECT p.id FROM payments p
 WHERE (SELECT COALESCE(SUM(c.paid), 0) FROM cases c WHERE c.payment_id = p.id)
    <> (SELECT COALESCE(SUM(t.amount), 0) FROM ledger_journals j JOIN ledger_transfers t ON t.journal_id = j.id
         WHERE j.payment_id = p.id AND j.step = 'late')`},

	{"late money is booked at its attempt's operator, with a case of that attempt", `
SELECT j.id FROM ledger_journals j
  JOIN ledger_transfers t ON t.journal_id = j.id
  JOIN ledger_accounts f ON f.kind = 'FLOAT' AND f.id IN (t.debit_id, t.credit_id)
 WHERE j.step = 'late' AND j.attempt > 0
   AND (NOT EXISTS (SELECT 1 FROM attempts a
                     WHERE a.payment_id = j.payment_id AND a.number = j.attempt AND a.operator = f.operator)
     OR NOT EXISTS (SELECT 1 FROM cases c
                     WHERE c.payment_id = j.payment_id AND c.paid >= t.amount AND c.attempt IN (0, j.attempt)))`},

	{"money in suspense has an open case of the same sum, for each payment", `
SELECT w.payment_id FROM (
  SELECT m.payment_id, SUM(m.amount) AS waiting FROM (
    SELECT j.payment_id, CASE c.kind WHEN 'SUSPENSE' THEN t.amount ELSE -t.amount END AS amount
      FROM ledger_journals j JOIN ledger_transfers t ON t.journal_id = j.id
      JOIN ledger_accounts d ON d.id = t.debit_id JOIN ledger_accounts c ON c.id = t.credit_id
     WHERE j.step IN ('late','clear') AND 'SUSPENSE' IN (c.kind, d.kind)
     UNION ALL
    SELECT r.parent_id, -t.amount
      FROM payments r JOIN ledger_journals j ON j.payment_id = r.id AND j.step = 'capture'
      JOIN ledger_transfers t ON t.journal_id = j.id
     WHERE r.late = 1
     UNION ALL
    SELECT o.payment_id, 0 FROM cases o WHERE o.closed_at IS NULL) m
   GROUP BY m.payment_id) w
 WHERE ABS(w.waiting) <> (SELECT COALESCE(SUM(o.paid), 0) FROM cases o
                           WHERE o.payment_id = w.payment_id AND o.closed_at IS NULL)`},

	{"a payment that was paid in part has FAILED, and its merchant was charged that part", `
SELECT p.id FROM payments p
  LEFT JOIN ledger_journals j ON j.payment_id = p.id AND j.step = 'clear'
  LEFT JOIN ledger_transfers t ON t.journal_id = j.id
  LEFT JOIN ledger_accounts d ON d.id = t.debit_id AND d.kind = 'MERCHANT'
 GROUP BY p.id, p.moved, p.status
HAVING p.moved <> COALESCE(SUM(CASE WHEN d.id IS NULL THEN 0 ELSE t.amount END), 0)
    OR p.moved > 0 AND p.status <> 'FAILED'`},

	{"no more goes back out of suspense than came", `
SELECT p.id FROM payments p
  JOIN payments r ON r.parent_id = p.id AND r.late = 1 AND r.status NOT IN ('FAILED','EXPIRED')
 GROUP BY p.id
HAVING SUM(r.amount) > (SELECT COALESCE(SUM(c.paid), 0) FROM cases c WHERE c.payment_id = p.id)`},

	// Histories. They are append-only, so they prove which statuses a payment had.
	{"a history has only edges of the status graph", `
SELECT h.payment_id || '#' || h.number FROM status_history h JOIN payments p ON p.id = h.payment_id
 WHERE NOT EXISTS (SELECT 1 FROM status_transitions e
                    WHERE e.kind = p.kind AND e.from_status = h.from_status AND e.to_status = h.to_status)`},

	{"a line of a history begins where the one before ended", `
SELECT h.payment_id || '#' || h.number FROM status_history h
 WHERE h.number > 1
   AND NOT EXISTS (SELECT 1 FROM status_history b
                    WHERE b.payment_id = h.payment_id AND b.number = h.number - 1 AND b.to_status = h.from_status)`},

	{"a history ends at the payment's status", `
SELECT p.id FROM payments p
 WHERE NOT EXISTS (SELECT 1 FROM status_history h
                    WHERE h.payment_id = p.id AND h.number = p.version AND h.to_status = p.status)
    OR p.version <> (SELECT COUNT(*) FROM status_history h WHERE h.payment_id = p.id)`},

	// Attempts. A payment that could be at its operator twice would break one of these.
	{"a payment's attempts are numbered from 1 without a gap", `
SELECT p.id FROM payments p LEFT JOIN attempts a ON a.payment_id = p.id
 GROUP BY p.id HAVING COUNT(a.id) = 0 OR MAX(a.number) <> COUNT(a.id)`},

	{"an attempt that was followed by another is not under way", `
SELECT a.id FROM attempts a
 WHERE a.state = 'SENT'
   AND EXISTS (SELECT 1 FROM attempts later WHERE later.payment_id = a.payment_id AND later.number > a.number)`},

	{"an attempt is PREPARED exactly when none of its sendings may have left", `
SELECT a.id FROM attempts a WHERE (a.state = 'PREPARED') <> (a.may_have_left = ',')`},

	{"nothing was sent for a payment that is CREATED", `
SELECT p.id FROM payments p
 WHERE p.status = 'CREATED' AND EXISTS (SELECT 1 FROM attempts a WHERE a.payment_id = p.id AND a.state <> 'PREPARED')`},

	{"something was sent for a payment that is SUCCESS", `
SELECT p.id FROM payments p
 WHERE p.status = 'SUCCESS'
   AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.payment_id = p.id AND a.sent_at IS NOT NULL)`},

	// Webhooks. An event counts the deliveries of its round, and their rows have the ends.
	{"an event's deliveries are as many as it counts", `
SELECT e.id FROM webhook_events e LEFT JOIN webhook_deliveries d ON d.event_id = e.id AND d.round = e.round
 GROUP BY e.id, e.begun, e.ended
HAVING COUNT(d.number) <> e.begun OR COUNT(d.ended_at) <> e.ended OR COALESCE(MAX(d.number), 0) <> e.begun`},

	{"a DELIVERED event was answered with 2xx", `
SELECT e.id FROM webhook_events e
 WHERE e.state = 'DELIVERED'
   AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d
                    WHERE d.event_id = e.id AND d.round = e.round AND d.http_status BETWEEN 200 AND 299)`},
}
