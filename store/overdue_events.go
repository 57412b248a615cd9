package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/lifecycle"
)

// overdueAfter is the delay of a delivery after which the sweep looks for its workflow. The
// endpoint may be busy, or the worker may have died.
const overdueAfter = 2 * time.Minute

// OverdueEvents returns WAITING events whose next delivery is late, or whose last one began and
// was cut off. Nobody has seen their workflow open since before. Those seen longest ago come
// first.
func (db *Webhooks) OverdueEvents(
	ctx context.Context, now, before time.Time, span lifecycle.RowSpan,
) ([]pirogue.Event, error) {
	var rows []eventRow
	err := db.read(ctx, "find overdue events", func(tx *gorm.DB) error {
		return tx.Where(
			"state = 'WAITING' AND workflow_seen_at < ? AND next_at < ?", timestamp(before), timestamp(now.Add(-overdueAfter)),
		).
			Order("workflow_seen_at, id").Offset(span.Skip).Limit(span.Limit).Find(&rows).Error
	})
	return unpackEvents(rows), err
}

// cutOffAfter is the age of a first delivery without an end, after which the sweep takes it as cut off.
// It is longer than a run of the activity that makes it.
const cutOffAfter = 20 * time.Second

// Undelivered returns WAITING events that have no delivery in their round, although one was due
// before a time. The longest overdue comes first. An event in its owner's queue is due at its place
// there. It also returns events whose first delivery began more than cutOffAfter before that time
// and has no end: the payment's workflow that made it may be gone.
func (db *Webhooks) Undelivered(ctx context.Context, before time.Time, limit int) ([]pirogue.Event, error) {
	var rows []eventRow
	err := db.read(ctx, "find undelivered events", func(tx *gorm.DB) error {
		return tx.Raw(undelivered, map[string]any{
			"before": timestamp(before), "began": timestamp(before.Add(-cutOffAfter)), "limit": limit,
		}).Scan(&rows).Error
	})
	return unpackEvents(rows), err
}

// undelivered has one part for each index that it reads.
const undelivered = `
SELECT * FROM (
  SELECT e.* FROM webhook_events e WHERE e.state = 'WAITING' AND e.begun = 0 AND e.next_at < @before
   UNION ALL
  SELECT e.* FROM webhook_events e
   WHERE e.state = 'WAITING' AND e.begun = 1 AND e.ended = 0 AND EXISTS (
     SELECT 1 FROM webhook_deliveries d
      WHERE d.event_id = e.id AND d.round = e.round AND d.number = 1 AND d.started_at < @began)
) overdue ORDER BY next_at, id LIMIT @limit`
