package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"pirogue"
)

// How long a payment may stand still before it is called stuck.
const (
	startedAfter  = 15 * time.Second    // from its acceptance until a workflow took it up
	lineAfter     = 20 * time.Minute    // the same of a bulk's line: its page may take 15 min, and then it is sent
	answeredAfter = 60 * time.Second    // from its submission until the operator's answer is known
	expiredAfter  = 2 * time.Minute     // from the end of the customer's window until it ended
	paidOutAfter  = 5 * time.Minute     // from the acceptance of a cash-out or refund until it ended
	reportedUntil = 30 * 24 * time.Hour // how long an event that could not be delivered is listed
)

// stuckRow is one payment that a cause's query found.
type stuckRow struct {
	ID    string
	Since stamp
	Cause string // of its case, "" without one
	Words string
}

// Stuck returns the payments of every merchant that need a look, each once with its most
// serious cause: the gravest causes first, within a cause the oldest first. At most limit
// and pirogue.MaxPage + 1 come back, all of one moment.
func (db *DB) Stuck(ctx context.Context, now time.Time, limit int) ([]pirogue.Stuck, error) {
	var found []pirogue.Stuck
	err := db.snapshot(ctx, "list stuck payments", func(tx *gorm.DB) error {
		found = nil
		seen := map[string]bool{}
		for _, c := range stuckCauses {
			rows, err := stuckRows(tx, c.query, now, pageSize(limit))
			if err != nil {
				return err
			}
			stuck, err := db.unpackStuck(tx, c.cause, rows, seen)
			if err != nil {
				return err
			}
			found = append(found, stuck...)
		}
		return nil
	})
	return found[:min(len(found), pageSize(limit))], err
}

// stuckRows runs one cause's query. It asks for a whole page, for some of the rows may be
// on the list already, for a graver cause.
func stuckRows(tx *gorm.DB, query string, now time.Time, limit int) ([]stuckRow, error) {
	var rows []stuckRow
	err := tx.Raw(query, map[string]any{
		"started": on(now.Add(-startedAfter)), "line": on(now.Add(-lineAfter)), "answered": on(now.Add(-answeredAfter)),
		"expired": on(now.Add(-expiredAfter)), "paid": on(now.Add(-paidOutAfter)),
		"reported": on(now.Add(-reportedUntil)), "limit": limit,
	}).Scan(&rows).Error
	return rows, err
}

// unpackStuck returns what was found for a cause and is not seen yet.
func (db *DB) unpackStuck(
	tx *gorm.DB, cause pirogue.StuckCause, rows []stuckRow, seen map[string]bool,
) ([]pirogue.Stuck, error) {
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	payments, err := db.paymentsByID(tx, ids)
	if err != nil {
		return nil, err
	}
	var stuck []pirogue.Stuck
	for _, row := range rows {
		if seen[row.ID] {
			continue
		}
		seen[row.ID] = true
		p := payments[pirogue.PaymentID(row.ID)]
		allowed := cause.Verbs(p.Kind)
		if row.Cause != "" {
			allowed = pirogue.Cause(row.Cause).Verbs()
		}
		stuck = append(stuck, pirogue.Stuck{
			Payment: p, Cause: cause, Since: row.Since.time(), Words: row.Words, Allowed: allowed,
		})
	}
	return stuck, nil
}

// stuckCauses is every cause with the query that finds it, the gravest first: what a
// person must settle, then money whose whereabouts nobody knows, then what an operator
// keeps waiting, then what has not begun, then what is over and only untold. Conditions
// are written out, so that a database can see that its partial index holds these rows.
var stuckCauses = []struct {
	cause pirogue.StuckCause
	query string
}{
	{pirogue.StuckCase, `
SELECT c.payment_id AS id, c.opened_at AS since, c.cause AS cause, c.note AS words
  FROM cases c
 WHERE c.closed_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM cases e
                    WHERE e.payment_id = c.payment_id AND e.closed_at IS NULL
                      AND (e.opened_at, e.id) < (c.opened_at, c.id))
 ORDER BY c.opened_at, c.id LIMIT @limit`},

	{pirogue.StuckUnknown, `
SELECT p.id AS id, a.sent_at AS since, '' AS cause, a.answer AS words` + openPayments + `
   AND a.state IN ('SENT','UNKNOWN') AND a.sent_at < @answered
 ORDER BY a.sent_at, p.id LIMIT @limit`},

	// A refused attempt whose payment is still open waits for us, not for the operator: it
	// is listed here, so that no open payment is invisible.
	{pirogue.StuckUndecided, `
SELECT p.id AS id, CASE p.kind WHEN 'CASHIN' THEN COALESCE(p.expires_at, a.sent_at) ELSE p.created_at END AS since,
       '' AS cause, a.answer AS words` + openPayments + `
   AND a.state IN ('ACCEPTED','REFUSED')
   AND (p.kind = 'CASHIN' AND COALESCE(p.expires_at, a.sent_at) < @expired
     OR p.kind <> 'CASHIN' AND p.created_at < @paid)
 ORDER BY since, p.id LIMIT @limit`},

	{pirogue.StuckUnsent, `
SELECT p.id AS id, a.created_at AS since, '' AS cause, a.answer AS words` + openPayments + `
   AND p.status <> 'CREATED' AND a.state = 'PREPARED' AND a.created_at < @answered
 ORDER BY a.created_at, p.id LIMIT @limit`},

	{pirogue.StuckUnstarted, `
SELECT p.id AS id, p.created_at AS since, '' AS cause, '' AS words
  FROM payments p
 WHERE p.status = 'CREATED' AND p.bulk_id IS NULL AND p.created_at < @started
 UNION ALL
SELECT p.id, p.created_at, '', ''
  FROM payments p
 WHERE p.status = 'CREATED' AND p.bulk_id IS NOT NULL AND p.created_at < @line
 ORDER BY since, id LIMIT @limit`},

	{pirogue.StuckUnreported, `
SELECT e.payment_id AS id, e.created_at AS since, '' AS cause,
       COALESCE((SELECT CASE d.error WHEN '' THEN 'HTTP ' || d.http_status ELSE d.error END
                   FROM webhook_deliveries d
                  WHERE d.event_id = e.id AND d.round = e.round AND d.ended_at IS NOT NULL
                  ORDER BY d.number DESC LIMIT 1), '') AS words
  FROM webhook_events e
 WHERE (e.state = 'EXHAUSTED' OR (e.state = 'WAITING' AND e.begun >= 2)) AND e.created_at > @reported
   AND e.payment_id IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM webhook_events f
                    WHERE f.payment_id = e.payment_id AND (f.created_at, f.id) < (e.created_at, e.id)
                      AND (f.state = 'EXHAUSTED' OR (f.state = 'WAITING' AND f.begun >= 2))
                      AND f.created_at > @reported)
 ORDER BY e.created_at, e.id LIMIT @limit`},
}

// openPayments is the open payments, each with its latest attempt. SQLite takes a CROSS
// JOIN in the order in which it is written: the few open payments first.
const openPayments = `
  FROM payments p CROSS JOIN attempts a
 WHERE p.status IN ('CREATED','INITIATED','PENDING') AND a.payment_id = p.id
   AND a.number = (SELECT MAX(l.number) FROM attempts l WHERE l.payment_id = p.id)`
