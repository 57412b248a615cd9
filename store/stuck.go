package store

import (
	"context"
	"time"

	"pirogue/support"
)

// The limits after which a payment without progress counts as stuck.
const (
	startedAfter  = 15 * time.Second    // from its acceptance until a workflow takes it up
	lineAfter     = 20 * time.Minute    // the same for a bulk's line: its page may take 15 min before it is sent
	answeredAfter = 60 * time.Second    // from its submission until the operator's result is known
	expiredAfter  = 2 * time.Minute     // from the end of the customer's window until its end
	paidOutAfter  = 5 * time.Minute     // from the acceptance of a cash-out or refund until its end
	reportedUntil = 30 * 24 * time.Hour // an undeliverable event is listed for this long
)

// Stuck returns a page of the payments of every merchant that need attention, each once with its
// most serious cause. The gravest causes come first, and within a cause the oldest payments.
// Every cause that has rows has its share of a page, so that a hundred cases hide nothing. A page
// is from one snapshot. It fails with InvalidParameter for an invalid cursor.
func (db *Worklist) Stuck(
	ctx context.Context, now time.Time, f support.WorkFilter,
) (support.WorkPage[support.Stuck], error) {
	lists := make([]worklist, len(stuckCauses))
	for i, c := range stuckCauses {
		lists[i] = worklist{cause: string(c.cause), query: c.query, args: stuckSince(now)}
	}
	found, err := db.readWork(ctx, "list stuck payments", lists, f)
	page := support.WorkPage[support.Stuck]{Next: found.next, Tallies: found.tallies}
	for _, row := range found.rows {
		allowed := support.StuckCause(row.list).AllowedActions(row.payment.Kind)
		if row.Cause != "" {
			allowed = support.Cause(row.Cause).AllowedActions()
		}
		page.Rows = append(page.Rows, support.Stuck{
			Payment: row.payment, Cause: support.StuckCause(row.list), Since: row.Since.time(), OperatorMessage: row.Message,
			Allowed: allowed, Unreadable: row.unreadable,
		})
	}
	return page, err
}

// stuckSince returns the time for each limit: a payment without progress since before it is
// stuck.
func stuckSince(now time.Time) map[string]any {
	return map[string]any{
		"started": timestamp(now.Add(-startedAfter)), "line": timestamp(now.Add(-lineAfter)),
		"answered": timestamp(now.Add(-answeredAfter)),
		"expired":  timestamp(now.Add(-expiredAfter)), "paid": timestamp(now.Add(-paidOutAfter)),
		"reported": timestamp(now.Add(-reportedUntil)),
	}
}

// stuckCauses lists every cause with the query that finds it, the gravest first. The order is:
// cases for a person, money in an unknown place, and what waits for an operator. Then come
// payments that have not begun, and ended payments with undelivered webhooks.
//
// A payment with an open case is listed for that alone, because nothing else can be done
// meanwhile. A NOT_BOOKED case comes before any other. The other causes exclude one another.
//
// Conditions are literals, so that a database can see that its partial index holds these rows. Each
// row has a payment's id, the time since which it is stuck, and its order within that time. It also
// has its case's cause, the operator's message and the amount at stake.
var stuckCauses = []struct {
	cause support.StuckCause
	query string
}{
	{support.StuckCase, `
SELECT c.payment_id AS id, c.opened_at AS since, c.id AS place, c.cause AS cause, c.note AS message, c.paid AS paid
  FROM cases c
 WHERE c.closed_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM cases e
                    WHERE e.payment_id = c.payment_id AND e.closed_at IS NULL
                      AND (CASE e.cause WHEN 'NOT_BOOKED' THEN 0 ELSE 1 END, e.opened_at, e.id)
                        < (CASE c.cause WHEN 'NOT_BOOKED' THEN 0 ELSE 1 END, c.opened_at, c.id))`},

	{support.StuckUnknown, `
SELECT p.id AS id, a.sent_at AS since, p.id AS place, '' AS cause, a.operator_message AS message,
       0 AS paid` + openPayments + `
   AND a.state IN ('SENT','UNKNOWN') AND a.sent_at < @answered`},

	// A refused attempt whose payment is still open waits for us, not for the operator. It is
	// listed here, so that no open payment is invisible.
	{support.StuckUndecided, `
SELECT p.id AS id, CASE p.kind WHEN 'CASHIN' THEN COALESCE(p.expires_at, a.sent_at) ELSE p.created_at END AS since,
       p.id AS place, '' AS cause, a.operator_message AS message, 0 AS paid` + openPayments + `
   AND a.state IN ('ACCEPTED','REFUSED')
   AND (p.kind = 'CASHIN' AND COALESCE(p.expires_at, a.sent_at) < @expired
     OR p.kind <> 'CASHIN' AND p.created_at < @paid)`},

	{support.StuckUnsent, `
SELECT p.id AS id, a.created_at AS since, p.id AS place, '' AS cause, a.operator_message AS message,
       0 AS paid` + openPayments + `
   AND p.status <> 'CREATED' AND a.state = 'PREPARED' AND a.created_at < @answered AND NOT ` + ofSuspended},

	{support.StuckSuspended, `
SELECT p.id AS id, a.created_at AS since, p.id AS place, '' AS cause, a.operator_message AS message,
       0 AS paid` + openPayments + `
   AND p.status <> 'CREATED' AND a.state = 'PREPARED' AND a.created_at < @answered AND ` + ofSuspended},

	{support.StuckUnstarted, `
SELECT p.id AS id, p.created_at AS since, p.id AS place, '' AS cause, '' AS message, 0 AS paid
  FROM payments p
 WHERE p.sequence = 0 AND p.status = 'CREATED' AND p.bulk_id IS NULL AND p.created_at < @started` + withoutCase + `
 UNION ALL
SELECT p.id, p.created_at, p.id, '', '', 0
  FROM payments p
 WHERE p.sequence = 0 AND p.status = 'CREATED' AND p.bulk_id IS NOT NULL AND p.created_at < @line` + withoutCase},

	{support.StuckUnreported, `
SELECT p.id AS id, e.created_at AS since, e.id AS place, '' AS cause,
       COALESCE((SELECT CASE d.error WHEN '' THEN 'HTTP ' || d.http_status ELSE d.error END
                   FROM webhook_deliveries d
                  WHERE d.event_id = e.id AND d.round = e.round AND d.ended_at IS NOT NULL
                  ORDER BY d.number DESC LIMIT 1), '') AS message, 0 AS paid
  FROM webhook_events e JOIN payments p ON p.id = e.payment_id
 WHERE (e.state = 'EXHAUSTED' OR (e.state = 'WAITING' AND e.begun >= 2)) AND e.created_at > @reported
   AND e.payment_id IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM webhook_events f
                    WHERE f.payment_id = e.payment_id AND (f.created_at, f.id) < (e.created_at, e.id)
                      AND (f.state = 'EXHAUSTED' OR (f.state = 'WAITING' AND f.begun >= 2))
                      AND f.created_at > @reported)` + withoutCase},
}

// openPayments joins the open payments with their latest attempts. SQLite keeps the written order
// of a CROSS JOIN: the few open payments first.
const openPayments = `
  FROM payments p CROSS JOIN attempts a
 WHERE p.sequence = 0 AND p.status IN ('CREATED','INITIATED','PENDING') AND a.payment_id = p.id
   AND a.number = (SELECT MAX(l.number) FROM attempts l WHERE l.payment_id = p.id)` + withoutCase

// ofSuspended is true of the payments of a suspended merchant.
const ofSuspended = `EXISTS (SELECT 1 FROM merchants m WHERE m.id = p.merchant_id AND m.suspended_at IS NOT NULL)`

// withoutCase leaves out the payments with an open case.
const withoutCase = `
   AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.payment_id = p.id AND c.closed_at IS NULL)`
