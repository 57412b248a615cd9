package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/access"
	"pirogue/webhook"
)

// queuedAtOnce is the number of one owner's queued events that a search for the next one reads.
// Concurrent callers take different ones of these.
const queuedAtOnce = 32

// QueueDelivery gives an event whose merchant's endpoint is busy the next place in its owner's
// queue. It returns the event with the place in NextAt. Places lie gap apart, so that any number
// of events comes back at one pace. An event that is not WAITING, or was drained and is not due,
// gets none: its NextAt stays. It fails with NotFound.
func (db *Webhooks) QueueDelivery(
	ctx context.Context, id pirogue.EventID, at time.Time, gap time.Duration,
) (pirogue.Event, error) {
	const doing = "queue delivery"
	var event eventRow
	err := db.read(ctx, doing, func(tx *gorm.DB) error {
		event = eventRow{}
		return asNotFound(tx.Where("id = ?", id).Take(&event).Error, pirogue.NotFound, string(id))
	})
	if err != nil || event.State != string(pirogue.EventWaiting) || event.Drained && event.NextAt > timestamp(at) {
		return unpackEvent(event), err
	}
	var tail int64
	err = db.exec(ctx, doing, func(tx *gorm.DB) error {
		return tx.Raw(nextPlace, map[string]any{
			"merchant": event.MerchantID, "mode": event.Mode, "gap": gap.Microseconds(),
			"first": at.UnixMicro() + gap.Microseconds(), "now": at.UnixMicro(),
		}).Scan(&tail).Error
	})
	if err != nil {
		return pirogue.Event{}, err
	}
	event.NextAt = timestamp(time.UnixMicro(tail))
	err = db.exec(ctx, doing, func(tx *gorm.DB) error { return tx.Exec(queueEvent, event.NextAt, id).Error })
	return unpackEvent(event), err
}

// nextPlace is one statement, so that two callers never get one place. It has its own
// transaction, so that many events of one owner wait for each other as briefly as possible. An
// unused place stays empty.
const nextPlace = `
INSERT INTO webhook_queues AS q (merchant_id, mode, tail) VALUES (@merchant, @mode, @first)
ON CONFLICT (merchant_id, mode) DO UPDATE
   SET tail = CASE WHEN q.tail > @now THEN q.tail + @gap ELSE @first END
RETURNING tail`

// queueEvent does not change an event with a delivery under way.
const queueEvent = `
UPDATE webhook_events SET queued = TRUE, drained = FALSE, next_at = ?
 WHERE id = ? AND state = 'WAITING' AND begun = ended`

// QueueNextDelivery gives an event whose delivery failed the next place in its owner's queue. It
// returns the time of that place. It does so only if the queue reaches beyond due. Otherwise it
// returns the zero value, and the event comes back when it is due. An endpoint that answers gets
// the event with the rest of the queue.
func (db *Webhooks) QueueNextDelivery(
	ctx context.Context, e pirogue.Event, due time.Time, gap time.Duration,
) (time.Time, error) {
	const doing = "queue next delivery"
	var tails []int64
	err := db.exec(ctx, doing, func(tx *gorm.DB) error {
		return tx.Raw(nextPlaceBehind, map[string]any{
			"merchant": e.MerchantID, "mode": e.Mode, "gap": gap.Microseconds(), "due": due.UnixMicro(),
		}).Scan(&tails).Error
	})
	if err != nil || len(tails) == 0 {
		return time.Time{}, err
	}
	place := time.UnixMicro(tails[0]).UTC()
	return place, db.exec(ctx, doing, func(tx *gorm.DB) error { return tx.Exec(queueEvent, timestamp(place), e.ID).Error })
}

// nextPlaceBehind is nextPlace for a queue that reaches beyond a time.
const nextPlaceBehind = `
UPDATE webhook_queues SET tail = tail + @gap
 WHERE merchant_id = @merchant AND mode = @mode AND tail >= @due
RETURNING tail`

// BeginQueued begins the next delivery of an owner's oldest queued event, as BeginDelivery does,
// ahead of its place. The delivery's number is 0 if none is queued: the owner's next place is
// then the first again.
func (db *Webhooks) BeginQueued(
	ctx context.Context, o access.Owner, at time.Time,
) (pirogue.Event, webhook.Delivery, error) {
	return db.begin(ctx, func(tx *gorm.DB, b *begunDelivery) error {
		var queued []eventRow
		err := tx.Where("queued AND merchant_id = ? AND mode = ?", o.MerchantID, o.Mode).
			Order("created_at, id").Limit(queuedAtOnce).Find(&queued).Error
		if err != nil {
			return err
		}
		if len(queued) == 0 {
			return tx.Exec("DELETE FROM webhook_queues WHERE merchant_id = ? AND mode = ?", o.MerchantID, o.Mode).Error
		}
		for _, row := range queued {
			begun := tx.Exec(beginQueued, row.ID)
			if begun.Error != nil {
				return begun.Error
			}
			if begun.RowsAffected == 1 {
				row.Begun++
				return b.create(tx, row, at)
			}
		}
		return unchanged{} // other callers took all of them
	})
}

// beginQueued is beginDelivery for an event that is still queued. Of two callers one gets it.
const beginQueued = `
UPDATE webhook_events SET begun = begun + 1, queued = FALSE, drained = TRUE
 WHERE id = ? AND queued AND state = 'WAITING' AND begun = ended AND begun < 7`
