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

// Undelivered returns WAITING events that have no delivery in their round, although one was due
// before a time. The longest overdue comes first. An event in its owner's queue is due at its place
// there.
func (db *Webhooks) Undelivered(ctx context.Context, before time.Time, limit int) ([]pirogue.Event, error) {
	var rows []eventRow
	err := db.read(ctx, "find undelivered events", func(tx *gorm.DB) error {
		return tx.Where("state = 'WAITING' AND begun = 0 AND next_at < ?", timestamp(before)).
			Order("next_at, id").Limit(limit).Find(&rows).Error
	})
	return unpackEvents(rows), err
}
