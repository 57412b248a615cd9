package store

import (
	"context"

	"gorm.io/gorm"
)

// Violation is one row of the database that breaks a rule which no caller should be
// able to break.
type Violation struct {
	Rule string // in words
	Row  string // which one, such as a payment's ID
}

// Audit checks every rule against everything that is kept, as it stands at one moment.
// It reads whole tables: run it after tests and at night. No violation means that the
// books balance and that nothing acknowledged was lost.
func (db *DB) Audit(ctx context.Context) ([]Violation, error) {
	var found []Violation
	err := db.reports.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		for _, r := range rules {
			var rows []string
			if err := tx.Raw(r.query).Scan(&rows).Error; err != nil {
				return failure("audit: "+r.name, err)
			}
			for _, row := range rows {
				found = append(found, Violation{Rule: r.name, Row: row})
			}
		}
		return nil
	}, oneMoment())
	return found, failure("audit", err)
}

// rules is what must always be true; each query returns the rows for which it is not.
var rules = []struct{ name, query string }{
	// The books. Counters and entries are written by one transaction; if they differ, money
	// was made or lost.
	{"debits equal credits in every mode and currency", `
SELECT mode || ' ' || currency FROM ledger_accounts
 GROUP BY mode, currency HAVING SUM(debits_posted) <> SUM(credits_posted)`},

	{"an account's debits are the sum of its transfers", `
SELECT a.id FROM ledger_accounts a LEFT JOIN ledger_transfers t ON t.debit_id = a.id
 GROUP BY a.id, a.debits_posted HAVING a.debits_posted <> COALESCE(SUM(t.amount), 0)`},

	{"an account's credits are the sum of its transfers", `
SELECT a.id FROM ledger_accounts a LEFT JOIN ledger_transfers t ON t.credit_id = a.id
 GROUP BY a.id, a.credits_posted HAVING a.credits_posted <> COALESCE(SUM(t.amount), 0)`},

	{"nothing is held, for nothing can be held yet", `
SELECT id FROM ledger_accounts WHERE debits_held <> 0`},

	{"a journal has transfers", `
SELECT j.id FROM ledger_journals j
 WHERE NOT EXISTS (SELECT 1 FROM ledger_transfers t WHERE t.journal_id = j.id)`},

	// Money and status. They change together, so each must vouch for the other.
	{"a cash-in is booked when it is SUCCESS or REVERSED, and only then", `
SELECT p.id FROM payments p LEFT JOIN ledger_journals j ON j.payment_id = p.id AND j.step = 'cashin'
 WHERE p.kind = 'CASHIN'
 GROUP BY p.id, p.status HAVING (p.status IN ('SUCCESS','REVERSED')) <> (COUNT(j.id) = 1)`},

	{"a cash-in's journal credits its merchant with its amount", `
SELECT p.id FROM payments p
  JOIN ledger_journals j ON j.payment_id = p.id AND j.step = 'cashin'
  JOIN ledger_transfers t ON t.journal_id = j.id
  JOIN ledger_accounts a ON a.id = t.credit_id
 GROUP BY p.id, p.amount, p.merchant_id, p.mode, p.currency
HAVING SUM(CASE WHEN a.kind = 'MERCHANT' AND a.merchant_id = p.merchant_id AND a.mode = p.mode
                 AND a.currency = p.currency THEN t.amount ELSE 0 END) <> p.amount`},

	{"a payment has one event for each time it became terminal", `
SELECT p.id FROM payments p LEFT JOIN webhook_events e ON e.payment_id = p.id
 GROUP BY p.id, p.sequence HAVING COUNT(e.id) <> p.sequence`},

	// Histories. They are append-only, so they are the witness of what the status was.
	{"a history has only edges of the status graph", `
SELECT h.payment_id || '#' || h.number FROM status_history h JOIN payments p ON p.id = h.payment_id
 WHERE NOT EXISTS (SELECT 1 FROM status_edges e
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

	{"nothing was sent for a payment that is CREATED", `
SELECT p.id FROM payments p
 WHERE p.status = 'CREATED' AND EXISTS (SELECT 1 FROM attempts a WHERE a.payment_id = p.id AND a.state <> 'PREPARED')`},

	{"something was sent for a payment that is SUCCESS", `
SELECT p.id FROM payments p
 WHERE p.status = 'SUCCESS'
   AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.payment_id = p.id AND a.sent_at IS NOT NULL)`},

	// Webhooks. An event says how many rows it has, and the rows say how they ended.
	{"an event's deliveries are as many as it counts", `
SELECT e.id FROM webhook_events e LEFT JOIN webhook_deliveries d ON d.event_id = e.id
 GROUP BY e.id, e.begun, e.ended
HAVING COUNT(d.number) <> e.begun OR COUNT(d.ended_at) <> e.ended OR COALESCE(MAX(d.number), 0) <> e.begun`},

	{"a DELIVERED event was answered with 2xx", `
SELECT e.id FROM webhook_events e
 WHERE e.state = 'DELIVERED'
   AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d
                    WHERE d.event_id = e.id AND d.http_status BETWEEN 200 AND 299)`},
}
