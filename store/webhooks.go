package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"pirogue"
)

// eventRow is a row of webhook_events. It counts its own deliveries: they differ by one
// while a delivery is under way, or was cut off.
type eventRow struct {
	ID         string `gorm:"primaryKey"`
	PaymentID  string
	MerchantID string
	Mode       string
	URL        string
	Body       string // the exact bytes, written once
	State      string
	Begun      int // deliveries that have a row
	Ended      int // deliveries whose end is known
	CreatedAt  stamp
}

// TableName returns the table's name.
func (eventRow) TableName() string { return "webhook_events" }

// deliveryRow is a row of webhook_deliveries.
type deliveryRow struct {
	EventID    string `gorm:"primaryKey"`
	Number     int    `gorm:"primaryKey"`
	StartedAt  stamp
	EndedAt    stamp // NULL: under way, or cut off
	HTTPStatus int   // 0: no answer
	Error      string
}

// TableName returns the table's name.
func (deliveryRow) TableName() string { return "webhook_deliveries" }

// BeginDelivery writes the row of an event's next delivery and returns both. A delivery
// that was begun and never ended comes back with its number: it counts once, whatever
// cut it off. The delivery's number is 0 when the event is not WAITING. It fails with
// NotFound.
func (db *DB) BeginDelivery(
	ctx context.Context, id pirogue.EventID, at time.Time,
) (pirogue.Event, pirogue.Delivery, error) {
	var event eventRow
	var delivery deliveryRow
	err := db.together(ctx, "begin delivery", func(tx *gorm.DB) error {
		event, delivery = eventRow{}, deliveryRow{}
		begun := tx.Exec(beginDelivery, id)
		if begun.Error != nil {
			return begun.Error
		}
		if err := missing(tx.Where("id = ?", id).Take(&event).Error, pirogue.NotFound, string(id)); err != nil {
			return err
		}
		if begun.RowsAffected == 1 {
			delivery = deliveryRow{EventID: event.ID, Number: event.Begun, StartedAt: on(at)}
			return tx.Create(&delivery).Error
		}
		// Nothing was begun: either nothing is left to send, or the last one has not ended.
		if event.State != string(pirogue.EventWaiting) {
			return unchanged{}
		}
		return tx.Where("event_id = ? AND number = ?", id, event.Begun).Take(&delivery).Error
	})
	if err != nil {
		return pirogue.Event{}, pirogue.Delivery{}, err
	}
	return unpackEvent(event), unpackDelivery(delivery), nil
}

// beginDelivery counts a delivery before it has a row: two callers at once meet on the
// event's row, and the second finds one under way.
const beginDelivery = `
UPDATE webhook_events SET begun = begun + 1 WHERE id = ? AND state = 'WAITING' AND begun = ended AND begun < 7`

// EndDelivery ends a delivery and sets its event's state. A delivery that ended already
// stays as it ended. The last one leaves no event WAITING, whatever state the caller
// asks for. It fails with NotFound for a delivery that was not begun.
func (db *DB) EndDelivery(ctx context.Context, d pirogue.Delivery, state pirogue.EventState) error {
	if d.EndedAt.IsZero() {
		return pirogue.Errorf(pirogue.Internal, "end delivery %d of %s without a moment", d.Number, d.EventID)
	}
	if d.Number == pirogue.MaxDeliveries && state == pirogue.EventWaiting {
		state = pirogue.EventExhausted
	}
	return db.together(ctx, "end delivery", func(tx *gorm.DB) error {
		ended := tx.Exec(endDelivery, state, d.EventID, d.Number, d.Number-1)
		if ended.Error != nil {
			return ended.Error
		}
		if ended.RowsAffected == 0 {
			var row deliveryRow
			err := tx.Where("event_id = ? AND number = ?", d.EventID, d.Number).Take(&row).Error
			return missing(err, pirogue.NotFound, string(d.EventID))
		}
		return tx.Model(&deliveryRow{}).Where("event_id = ? AND number = ?", d.EventID, d.Number).
			Updates(map[string]any{
				"ended_at": on(d.EndedAt), "http_status": d.HTTPStatus, "error": clean(d.Error),
			}).Error
	})
}

// endDelivery ends the delivery that is under way and no other. A state that somebody
// else gave the event in the meantime stays.
const endDelivery = `
UPDATE webhook_events
   SET ended = ended + 1, state = CASE WHEN state = 'WAITING' THEN CAST(? AS TEXT) ELSE state END
 WHERE id = ? AND begun = ? AND ended = ?`

func unpackEvent(r eventRow) pirogue.Event {
	return pirogue.Event{
		ID: pirogue.EventID(r.ID), PaymentID: pirogue.PaymentID(r.PaymentID),
		MerchantID: pirogue.MerchantID(r.MerchantID), Mode: pirogue.Mode(r.Mode), URL: r.URL,
		Body: []byte(r.Body), State: pirogue.EventState(r.State), CreatedAt: r.CreatedAt.time(),
	}
}

func unpackDelivery(r deliveryRow) pirogue.Delivery {
	return pirogue.Delivery{
		EventID: pirogue.EventID(r.EventID), Number: r.Number, StartedAt: r.StartedAt.time(),
		EndedAt: r.EndedAt.time(), HTTPStatus: r.HTTPStatus, Error: r.Error,
	}
}
