package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/operator"
)

// The backlog's conditions are literals and not parameters. So a database can see that its
// partial index holds exactly these rows.

// Unstarted returns payments that are CREATED since before a time, oldest first. It leaves out
// the lines of bulks: their coordinator starts them, and they may wait for it without a limit. A
// row that cannot be read is left out, and the error names it; the other rows are returned beside
// that error.
func (db *Restarts) Unstarted(ctx context.Context, before time.Time, limit int) ([]pirogue.Payment, error) {
	var rows []paymentRow
	err := db.read(ctx, "find unstarted payments", func(tx *gorm.DB) error {
		return tx.Where("status = 'CREATED' AND bulk_id IS NULL AND created_at < ?", timestamp(before)).
			Order("created_at, id").Limit(limit).Find(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	payments, err := db.readablePayments(rows)
	return payments, failure("find unstarted payments", err)
}

// Undelivered returns WAITING events without a delivery in their round although one was due
// before a time, the longest overdue first. An event in its owner's queue is due at its place
// there.
func (db *Webhooks) Undelivered(ctx context.Context, before time.Time, limit int) ([]pirogue.Event, error) {
	var rows []eventRow
	err := db.read(ctx, "find undelivered events", func(tx *gorm.DB) error {
		return tx.Where("state = 'WAITING' AND begun = 0 AND next_at < ?", timestamp(before)).
			Order("next_at, id").Limit(limit).Find(&rows).Error
	})
	return unpackEvents(rows), err
}

// Unrouted returns callbacks received before a time that no workflow was told of, oldest first.
// It begins behind the callback after; the zero value begins at the start.
func (db *Callbacks) Unrouted(
	ctx context.Context, after operator.Callback, before time.Time, limit int,
) ([]operator.Callback, error) {
	var rows []callbackRow
	err := db.read(ctx, "find unrouted callbacks", func(tx *gorm.DB) error {
		return tx.Where("routed_at IS NULL AND received_at < ?", timestamp(before)).
			Where("(received_at, id) > (?, ?)", string(timestamp(after.ReceivedAt)), after.ID).
			Order("received_at, id").Limit(limit).Find(&rows).Error
	})
	callbacks := make([]operator.Callback, len(rows))
	for i, r := range rows {
		callbacks[i] = operator.Callback{
			ID: r.ID, AttemptID: pirogue.AttemptID(r.AttemptID), PaymentID: pirogue.PaymentID(r.PaymentID),
			Receipt: r.receipt(), ReceivedAt: r.ReceivedAt.time(), RoutedAt: r.RoutedAt.time(),
		}
	}
	return callbacks, err
}
