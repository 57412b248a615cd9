package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/operator"
)

// InFlight returns the number of open payments about which an operator can be asked: something of
// their latest attempt has left.
func (db *Operators) InFlight(ctx context.Context, o pirogue.OperatorCode) (int, error) {
	return db.countRows(ctx, "count payments under way", openWhose+` AND a.state <> 'PREPARED'`, o)
}

// PollLoad counts the payments about which an operator is asked. It counts every payment that
// ended without success since watched, even one that needs no watch. A count that is too high
// makes the queries too rare, and never too frequent.
func (db *Operators) PollLoad(
	ctx context.Context, o pirogue.OperatorCode, fresh, watched time.Time,
) (operator.PollLoad, error) {
	var load operator.PollLoad
	err := db.read(ctx, "count what an operator is asked about", func(tx *gorm.DB) error {
		since := map[string]any{"operator": o, "fresh": timestamp(fresh), "watched": timestamp(watched)}
		return tx.Raw(questionLoad, since).Scan(&load).Error
	})
	return load, err
}

// questionLoad counts an operator's open payments that may be asked about, and those of them that
// are fresh. It also counts the ended payments that count as watched.
const questionLoad = `
SELECT COUNT(*) AS open, COUNT(CASE WHEN p.kind = 'CASHIN' AND p.created_at > @fresh THEN 1 END) AS fresh,
       (SELECT COUNT(*) FROM payments w
         WHERE w.operator = @operator AND w.status IN ('EXPIRED','FAILED') AND w.updated_at > @watched
           AND w.sequence > 0 AND w.settled_at IS NULL AND COALESCE(w.finished_at, 'infinity') > @watched) AS watched
  FROM payments p
  JOIN attempts a ON a.payment_id = p.id
   AND a.number = (SELECT MAX(number) FROM attempts later WHERE later.payment_id = p.id)
 WHERE p.operator = @operator AND p.sequence = 0 AND p.status IN ('CREATED','INITIATED','PENDING')
   AND a.state <> 'PREPARED'`

// WatchLoad counts the attempts at an operator that are due for a status query although their
// payment has ended. It counts those that left us since a time.
func (db *Operators) WatchLoad(
	ctx context.Context, o pirogue.OperatorCode, since, now time.Time,
) (operator.WatchLoad, error) {
	var found struct {
		Due   int
		First timeText
	}
	err := db.read(ctx, "count watched payments that are due", func(tx *gorm.DB) error {
		return tx.Raw(
			watchLoad, map[string]any{"operator": o, "since": timestamp(since), "now": timestamp(now)},
		).Scan(&found).Error
	})
	return operator.WatchLoad{Due: found.Due, First: found.First.time()}, err
}

// watchLoad counts the due attempts of ended payments, and reads the first sending of the oldest
// one.
const watchLoad = `
SELECT COUNT(*) AS due, MIN(a.first_sent_at) AS first
  FROM payments p
  JOIN attempts a ON a.payment_id = p.id AND a.operator = p.operator
 WHERE p.operator = @operator AND p.status IN ('EXPIRED','FAILED') AND p.updated_at > @since
   AND p.sequence > 0 AND p.settled_at IS NULL AND COALESCE(p.finished_at, 'infinity') > @since
   AND p.finished_at IS NULL AND a.first_sent_at > @since AND a.next_poll_at <= @now`

// Waiting returns the number of open payments that wait to be sent to an operator. Their latest
// attempt is prepared for it, and nothing of it has left. It leaves out payments of a suspended
// merchant, which wait for the end of the suspension.
func (db *Operators) Waiting(ctx context.Context, o pirogue.OperatorCode) (int, error) {
	return db.countRows(ctx, "count payments that wait", openWhose+` AND a.state = 'PREPARED'
	  AND NOT EXISTS (SELECT 1 FROM merchants m WHERE m.id = p.merchant_id AND m.suspended_at IS NOT NULL)`, o)
}

// openWhose counts an operator's open payments by their latest attempt.
const openWhose = `SELECT COUNT(*) FROM payments p
	JOIN attempts a ON a.payment_id = p.id
	 AND a.number = (SELECT MAX(number) FROM attempts later WHERE later.payment_id = p.id)
	WHERE p.operator = ? AND p.sequence = 0 AND p.status IN ('CREATED','INITIATED','PENDING')`

// countRows runs a query that returns one number.
func (db *Operators) countRows(ctx context.Context, operation, query string, args ...any) (int, error) {
	var n int
	err := db.read(ctx, operation, func(tx *gorm.DB) error { return tx.Raw(query, args...).Scan(&n).Error })
	return n, err
}
