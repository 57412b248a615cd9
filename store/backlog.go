package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"pirogue"
)

// The backlog's conditions are written out, not passed as parameters, so that a
// database can see that its partial index holds just these rows.

// Unstarted returns payments CREATED before a moment, oldest first. A bulk's lines are
// not among them: their coordinator starts them, and they wait for their turn as long as
// it takes. A row that cannot be read is left out and named by the error beside the others.
func (db *DB) Unstarted(ctx context.Context, before time.Time, limit int) ([]pirogue.Payment, error) {
	var rows []paymentRow
	err := db.look(ctx, "find unstarted payments", func(tx *gorm.DB) error {
		return tx.Where("status = 'CREATED' AND bulk_id IS NULL AND created_at < ?", on(before)).
			Order("created_at, id").Limit(limit).Find(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	payments, err := db.readablePayments(rows)
	return payments, failure("find unstarted payments", err)
}

// Undelivered returns WAITING events of which no delivery was begun in the round they are
// in, though one was due before a moment, the longest overdue first. Those that wait in
// their owner's queue are due at their place there.
func (db *DB) Undelivered(ctx context.Context, before time.Time, limit int) ([]pirogue.Event, error) {
	var rows []eventRow
	err := db.look(ctx, "find undelivered events", func(tx *gorm.DB) error {
		return tx.Where("state = 'WAITING' AND begun = 0 AND next_at < ?", on(before)).
			Order("next_at, id").Limit(limit).Find(&rows).Error
	})
	return unpackEvents(rows), err
}

// Unrouted returns callbacks received before a moment of which no workflow was told,
// oldest first, behind the callback after; its zero value is the beginning.
func (db *DB) Unrouted(
	ctx context.Context, after pirogue.Callback, before time.Time, limit int,
) ([]pirogue.Callback, error) {
	var rows []callbackRow
	err := db.look(ctx, "find unrouted callbacks", func(tx *gorm.DB) error {
		return tx.Where("routed_at IS NULL AND received_at < ?", on(before)).
			Where("(received_at, id) > (?, ?)", string(on(after.ReceivedAt)), after.ID).
			Order("received_at, id").Limit(limit).Find(&rows).Error
	})
	callbacks := make([]pirogue.Callback, len(rows))
	for i, r := range rows {
		callbacks[i] = pirogue.Callback{
			ID: r.ID, AttemptID: pirogue.AttemptID(r.AttemptID), PaymentID: pirogue.PaymentID(r.PaymentID),
			Receipt: r.receipt(), ReceivedAt: r.ReceivedAt.time(), RoutedAt: r.RoutedAt.time(),
		}
	}
	return callbacks, err
}
