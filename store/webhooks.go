package store

import (
	"context"
	"time"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"

	"pirogue"
	"pirogue/access"
	"pirogue/listing"
	"pirogue/webhook"
)

// eventRow is a row of webhook_events. It counts the deliveries of its round. The two counts
// differ by one while a delivery is under way, and after one that was cut off.
type eventRow struct {
	ID         string `gorm:"primaryKey"`
	PaymentID  foreignKey
	BulkID     foreignKey
	MerchantID string
	Mode       string
	URL        string
	Body       string // the exact bytes, written once
	State      string
	Round      int // 0 until a person resends it
	Begun      int // deliveries of this round that have a row
	Ended      int // deliveries of this round that have ended
	NextAt     timeText
	Queued     bool // waits for its merchant's endpoint, and may go before NextAt
	Drained    bool // its last delivery was not its own workflow's: the next one is not before NextAt
	CreatedAt  timeText
}

// TableName returns the table's name.
func (eventRow) TableName() string { return "webhook_events" }

// deliveryRow is a row of webhook_deliveries.
type deliveryRow struct {
	EventID    string `gorm:"primaryKey"`
	Round      int    `gorm:"primaryKey"`
	Number     int    `gorm:"primaryKey"`
	StartedAt  timeText
	EndedAt    timeText // NULL: under way, or cut off
	HTTPStatus int      // 0: no response
	Error      string
}

// TableName returns the table's name.
func (deliveryRow) TableName() string { return "webhook_deliveries" }

// BeginDelivery writes the row of an event's next delivery in its current round, and returns
// both. A delivery that began and never ended comes back with its number: it counts once,
// whatever cut it off. The delivery's number is 0 if the event is not WAITING, or not due yet
// after a delivery by BeginQueued. It fails with NotFound.
func (db *Webhooks) BeginDelivery(
	ctx context.Context, id pirogue.EventID, at time.Time,
) (pirogue.Event, webhook.Delivery, error) {
	if db.dialect == goose.DialectPostgres {
		if event, delivery, begun, err := db.beginAtOnce(ctx, id, at); begun || err != nil {
			return event, delivery, err
		}
	}
	return db.beginNext(ctx, beginDelivery, id, at)
}

// BeginScheduledDelivery is BeginDelivery for a workflow that waited until the second delivery was due. No
// worker's clock is asked about that once more.
func (db *Webhooks) BeginScheduledDelivery(
	ctx context.Context, id pirogue.EventID, at time.Time,
) (pirogue.Event, webhook.Delivery, error) {
	return db.beginNext(ctx, beginScheduledDelivery, id, at)
}

// beginNext begins the next delivery of an event by a statement.
func (db *Webhooks) beginNext(
	ctx context.Context, statement string, id pirogue.EventID, at time.Time,
) (pirogue.Event, webhook.Delivery, error) {
	return db.begin(ctx, func(tx *gorm.DB, b *begunDelivery) error {
		var begun []eventRow
		if err := tx.Raw(statement, id, timestamp(at)).Scan(&begun).Error; err != nil {
			return err
		}
		if len(begun) == 1 {
			return b.create(tx, begun[0], at)
		}
		if err := b.read(tx, id); err != nil {
			return err
		}
		// Nothing began: nothing is left to send, it is too early, or the last delivery has not
		// ended.
		if b.event.State != string(pirogue.EventWaiting) || b.event.Begun == b.event.Ended {
			return unchanged{}
		}
		underWay := webhook.Delivery{EventID: id, Round: b.event.Round, Number: b.event.Begun}
		return selectDelivery(tx, underWay).Take(&b.delivery).Error
	})
}

// begunDelivery is an event with the delivery of it that is under way. The zero delivery is none.
type begunDelivery struct {
	event    eventRow
	delivery deliveryRow
}

// read reads the event. It fails with NotFound.
func (b *begunDelivery) read(tx *gorm.DB, id pirogue.EventID) error {
	return asNotFound(tx.Where("id = ?", id).Take(&b.event).Error, pirogue.NotFound, string(id))
}

// create writes the row of the delivery that an event has just begun.
func (b *begunDelivery) create(tx *gorm.DB, event eventRow, at time.Time) error {
	b.event = event
	b.delivery = deliveryRow{EventID: event.ID, Round: event.Round, Number: event.Begun, StartedAt: timestamp(at)}
	return tx.Create(&b.delivery).Error
}

// begin runs do in a transaction, and returns the event and the delivery that do found or made.
func (db *Webhooks) begin(
	ctx context.Context, do func(tx *gorm.DB, b *begunDelivery) error,
) (pirogue.Event, webhook.Delivery, error) {
	var b begunDelivery
	err := db.inTx(ctx, "begin delivery", func(tx *gorm.DB) error {
		b = begunDelivery{}
		return do(tx, &b)
	})
	if err != nil {
		return pirogue.Event{}, webhook.Delivery{}, err
	}
	return unpackEvent(b.event), unpackDelivery(b.delivery), nil
}

// beginAtOnce is BeginDelivery in one statement, which SQLite does not have. It reports false, and
// changes nothing, if no delivery can begin.
func (db *Webhooks) beginAtOnce(
	ctx context.Context, id pirogue.EventID, at time.Time,
) (pirogue.Event, webhook.Delivery, bool, error) {
	var begun []eventRow
	err := db.exec(ctx, "begin delivery", func(tx *gorm.DB) error {
		begun = nil
		return tx.Raw(beginWithRow, id, timestamp(at), timestamp(at)).Scan(&begun).Error
	})
	if err != nil || len(begun) == 0 {
		return pirogue.Event{}, webhook.Delivery{}, false, err
	}
	return unpackEvent(begun[0]), unpackDelivery(deliveryRow{
		EventID: begun[0].ID, Round: begun[0].Round, Number: begun[0].Begun, StartedAt: timestamp(at),
	}), true, nil
}

// beginWithRow is beginDelivery with the delivery's row.
const beginWithRow = `
WITH event AS (` + beginDelivery + `),
     delivery AS (INSERT INTO webhook_deliveries (event_id, round, number, started_at, http_status, error)
                  SELECT id, round, begun, CAST(? AS timestamptz), 0, '' FROM event)
SELECT * FROM event`

// beginDelivery counts a delivery before that has a row. Two callers at once meet at the event's
// row, and the second finds a delivery under way. An event on its schedule is never too early: a
// slow clock delays none.
const beginDelivery = `
UPDATE webhook_events SET begun = begun + 1, queued = FALSE, drained = FALSE
 WHERE id = ? AND state = 'WAITING' AND begun = ended AND begun < 7 AND (NOT drained OR next_at <= ?)
RETURNING *`

// beginScheduledDelivery is beginDelivery for a workflow that waited for the second delivery.
const beginScheduledDelivery = `
UPDATE webhook_events SET begun = begun + 1, queued = FALSE, drained = FALSE
 WHERE id = ? AND state = 'WAITING' AND begun = ended AND begun < 7 AND (NOT drained OR begun = 1 OR next_at <= ?)
RETURNING *`

// BeginFirstDelivery writes the row of an event's very first delivery and returns both. Once any
// delivery of the event began, in whatever round, nothing begins: the delivery's number is 0. It fails
// with NotFound. The next delivery is never before the event's NextAt, whenever its workflow starts.
func (db *Webhooks) BeginFirstDelivery(
	ctx context.Context, id pirogue.EventID, at time.Time,
) (pirogue.Event, webhook.Delivery, error) {
	return db.begin(ctx, func(tx *gorm.DB, b *begunDelivery) error {
		begun := tx.Exec(beginFirstDelivery, id)
		if begun.Error != nil {
			return begun.Error
		}
		if err := b.read(tx, id); err != nil {
			return err
		}
		if begun.RowsAffected == 0 {
			return unchanged{}
		}
		return b.create(tx, b.event, at)
	})
}

// beginFirstDelivery marks the event as drained: if its workflow starts at once, it waits for NextAt.
const beginFirstDelivery = `
UPDATE webhook_events SET begun = 1, queued = FALSE, drained = TRUE
 WHERE id = ? AND state = 'WAITING' AND round = 0 AND begun = 0`

// Event returns an event. It fails with NotFound.
func (db *Webhooks) Event(ctx context.Context, id pirogue.EventID) (pirogue.Event, error) {
	var event eventRow
	err := db.read(ctx, "read event", func(tx *gorm.DB) error {
		event = eventRow{}
		return asNotFound(tx.Where("id = ?", id).Take(&event).Error, pirogue.NotFound, string(id))
	})
	return unpackEvent(event), err
}

// selectDelivery selects the row of a delivery.
func selectDelivery(tx *gorm.DB, d webhook.Delivery) *gorm.DB {
	return tx.Model(&deliveryRow{}).Where("event_id = ? AND round = ? AND number = ?", d.EventID, d.Round, d.Number)
}

// EndDelivery ends a delivery, sets its event's state and the time of the next delivery. That is
// next, or the event's place in its owner's queue if that is later, when its workflow comes back.
// A delivery that has ended stays as it is. The last one of a round leaves no event WAITING,
// whatever state the caller wants. It fails with NotFound for a delivery that never began.
func (db *Webhooks) EndDelivery(
	ctx context.Context, d webhook.Delivery, state pirogue.EventState, next time.Time,
) error {
	if d.EndedAt.IsZero() {
		return pirogue.Errorf(pirogue.Internal, "end delivery %d of %s without a time", d.Number, d.EventID)
	}
	if d.Number == webhook.MaxDeliveries && state == pirogue.EventWaiting {
		state = pirogue.EventExhausted
	}
	if db.dialect == goose.DialectPostgres {
		if ended, err := db.endAtOnce(ctx, d, state, next); ended || err != nil {
			return err
		}
	}
	return db.inTx(ctx, "end delivery", func(tx *gorm.DB) error {
		ended := tx.Exec(endDelivery, state, timestamp(next), timestamp(next), d.EventID, d.Round, d.Number, d.Number-1)
		if ended.Error != nil {
			return ended.Error
		}
		if ended.RowsAffected == 0 {
			var row deliveryRow
			err := selectDelivery(tx, d).Take(&row).Error
			return asNotFound(err, pirogue.NotFound, string(d.EventID))
		}
		return selectDelivery(tx, d).Updates(map[string]any{
			"ended_at": timestamp(d.EndedAt), "http_status": d.HTTPStatus, "error": storableText(d.Error),
		}).Error
	})
}

// endAtOnce is EndDelivery in one statement, which SQLite does not have. It reports false, and changes
// nothing, if the delivery is not under way.
func (db *Webhooks) endAtOnce(
	ctx context.Context, d webhook.Delivery, state pirogue.EventState, next time.Time,
) (bool, error) {
	var ended []string
	err := db.exec(ctx, "end delivery", func(tx *gorm.DB) error {
		ended = nil
		return tx.Raw(endWithRow, state, timestamp(next), timestamp(next), d.EventID, d.Round, d.Number, d.Number-1,
			timestamp(d.EndedAt), d.HTTPStatus, storableText(d.Error)).Scan(&ended).Error
	})
	return len(ended) == 1, err
}

// endWithRow is endDelivery with the delivery's row.
const endWithRow = `
WITH event AS (` + endDelivery + ` RETURNING id, round, begun),
     delivery AS (UPDATE webhook_deliveries d SET ended_at = ?, http_status = ?, error = ? FROM event e
                   WHERE d.event_id = e.id AND d.round = e.round AND d.number = e.begun)
SELECT id FROM event`

// endDelivery ends the delivery that is under way and no other. If another caller has changed the
// event's state, that state stays.
const endDelivery = `
UPDATE webhook_events
   SET ended = ended + 1, state = CASE WHEN state = 'WAITING' THEN CAST(? AS TEXT) ELSE state END,
       next_at = CASE WHEN ? > next_at THEN ? ELSE next_at END
 WHERE id = ? AND round = ? AND begun = ? AND ended = ?`

// maxRounds bounds the rounds of an event, the first one included. The database has the same
// limit: see the check on webhook_events.round.
const maxRounds = 100

// Resend makes an event WAITING again, in another round with the full number of deliveries, and
// returns it. The address is the payment's, or else the merchant's at present. An event that is
// WAITING, has no address or has used its maxRounds is returned unchanged. So a repeated call has
// one effect. It fails with NotFound, also for another owner's event.
func (db *Webhooks) Resend(ctx context.Context, o access.Owner, id pirogue.EventID) (pirogue.Event, error) {
	if !isStorable(string(id)) {
		return pirogue.Event{}, pirogue.Errorf(pirogue.NotFound, "event %q", id)
	}
	var row eventRow
	err := db.inTx(ctx, "resend event", func(tx *gorm.DB) error {
		row = eventRow{}
		err := tx.Exec(resendEvent, map[string]any{
			"id": id, "merchant": o.MerchantID, "mode": o.Mode, "last": maxRounds - 1, "now": timestamp(db.clock.Now()),
		}).Error
		if err != nil {
			return err
		}
		err = tx.Where("id = ? AND merchant_id = ? AND mode = ?", id, o.MerchantID, o.Mode).Take(&row).Error
		return asNotFound(err, pirogue.NotFound, string(id))
	})
	return unpackEvent(row), err
}

// resendEvent begins a round if the last one is over. Of two callers at once the second finds the
// event WAITING.
const resendEvent = `
UPDATE webhook_events
   SET state = 'WAITING', round = round + 1, begun = 0, ended = 0, queued = FALSE, drained = FALSE, next_at = @now,
       url = ` + addressNow + `
 WHERE id = @id AND merchant_id = @merchant AND mode = @mode AND state <> 'WAITING' AND round < @last
   AND ` + addressNow + ` <> ''`

// addressNow is the address an event would have if it were written at present. For a merchant
// without an address it is the event's old one.
const addressNow = `COALESCE(
  (SELECT NULLIF(p.notify_url, '') FROM payments p WHERE p.id = webhook_events.payment_id),
  (SELECT NULLIF(b.notify_url, '') FROM bulks b WHERE b.id = webhook_events.bulk_id),
  (SELECT NULLIF(m.notify_url, '') FROM merchants m WHERE m.id = webhook_events.merchant_id),
  url)`

// EventsOf returns a payment's events, the oldest first.
func (db *Webhooks) EventsOf(ctx context.Context, id pirogue.PaymentID) ([]pirogue.Event, error) {
	if !isStorable(string(id)) {
		return []pirogue.Event{}, nil
	}
	var rows []eventRow
	err := db.read(ctx, "list events", func(tx *gorm.DB) error {
		return tx.Where("payment_id = ?", id).Order("created_at, id").Find(&rows).Error
	})
	return unpackEvents(rows), err
}

// Deliveries returns the owner's events that the filter selects, newest first. Each comes with
// its deliveries in the order of their rounds. All are from one snapshot. A page begins behind the
// event f.Before; another owner's event gives an empty page. It returns at most pirogue.MaxPage +
// 1, so that a caller can see whether more follow.
func (db *Webhooks) Deliveries(ctx context.Context, o access.Owner, f listing.EventFilter) ([]listing.EventLog, error) {
	if !isStorable(string(f.PaymentID), string(f.State), string(f.Before)) {
		return []listing.EventLog{}, nil
	}
	var events []eventRow
	var deliveries []deliveryRow
	err := db.snapshot(ctx, "list deliveries", func(tx *gorm.DB) error {
		events, deliveries = nil, nil
		err := readEvents(tx, o, f, &events)
		if err != nil || len(events) == 0 {
			return err
		}
		ids := make([]string, len(events))
		for i, event := range events {
			ids[i] = event.ID
		}
		return tx.Where("event_id IN ?", ids).Order("event_id, round, number").Find(&deliveries).Error
	})
	return unpackLogs(events, deliveries), err
}

// eventStates lists all states of an event.
var eventStates = []pirogue.EventState{
	pirogue.EventWaiting, pirogue.EventDelivered, pirogue.EventExhausted, pirogue.EventUnwanted,
}

// readEvents reads the events that a filter selects, newest first. Zero fields do not select.
func readEvents(tx *gorm.DB, o access.Owner, f listing.EventFilter, events *[]eventRow) error {
	page := rowPage{
		table: "webhook_events", common: append(ownedBy(o), between(f.From, f.To)...), newest: true, size: pageSize(f.Limit),
	}
	if f.Before != "" {
		before, found, err := markOf(tx, page.table, o, string(f.Before))
		if err != nil || !found {
			return err
		}
		page.common = append(page.common, before.compared("<"))
	}
	switch {
	case f.PaymentID != "" && f.State != "":
		page.parts = [][]condition{{equal("payment_id", f.PaymentID), equal("state", f.State)}}
	case f.PaymentID != "":
		page.parts = [][]condition{{equal("payment_id", f.PaymentID)}}
	case f.State != "":
		page.parts = [][]condition{{equal("state", f.State)}}
	default: // the index has each state in the order of the list
		for _, state := range eventStates {
			page.parts = append(page.parts, []condition{equal("state", state)})
		}
	}
	return page.read(tx, events)
}

// unpackLogs returns each event with its deliveries.
func unpackLogs(events []eventRow, deliveries []deliveryRow) []listing.EventLog {
	of := map[string][]webhook.Delivery{}
	for _, d := range deliveries {
		of[d.EventID] = append(of[d.EventID], unpackDelivery(d))
	}
	logs := make([]listing.EventLog, len(events))
	for i, event := range events {
		logs[i] = listing.EventLog{Event: unpackEvent(event), Deliveries: of[event.ID]}
	}
	return logs
}

// packEvent returns the row of an event that has no delivery yet.
func packEvent(e pirogue.Event) *eventRow {
	return &eventRow{
		ID: string(e.ID), PaymentID: foreignKey(e.PaymentID), BulkID: foreignKey(e.BulkID), MerchantID: string(e.MerchantID),
		Mode: string(e.Mode), URL: e.URL, Body: string(e.Body), State: string(e.State), NextAt: timestamp(e.CreatedAt),
		CreatedAt: timestamp(e.CreatedAt),
	}
}

// unpackEvents returns the events of rows, in their order.
func unpackEvents(rows []eventRow) []pirogue.Event {
	events := make([]pirogue.Event, len(rows))
	for i, row := range rows {
		events[i] = unpackEvent(row)
	}
	return events
}

// unpackEvent returns the event of a row.
func unpackEvent(r eventRow) pirogue.Event {
	return pirogue.Event{
		ID: pirogue.EventID(r.ID), PaymentID: pirogue.PaymentID(r.PaymentID), BulkID: pirogue.BulkID(r.BulkID),
		MerchantID: pirogue.MerchantID(r.MerchantID), Mode: pirogue.Mode(r.Mode), URL: r.URL,
		Body: []byte(r.Body), State: pirogue.EventState(r.State), Round: r.Round, NextAt: r.NextAt.time(),
		CreatedAt: r.CreatedAt.time(),
	}
}

// unpackDelivery returns the delivery of a row.
func unpackDelivery(r deliveryRow) webhook.Delivery {
	return webhook.Delivery{
		EventID: pirogue.EventID(r.EventID), Round: r.Round, Number: r.Number, StartedAt: r.StartedAt.time(),
		EndedAt: r.EndedAt.time(), HTTPStatus: r.HTTPStatus, Error: r.Error,
	}
}
