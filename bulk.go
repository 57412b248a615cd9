package pirogue

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"
)

// BulkID identifies a bulk: a UUIDv7 in lower case.
type BulkID string

// MaxBulkLines is how many cash-outs one bulk holds.
const MaxBulkLines = 10_000

// BulkPageLines is how many lines of a bulk are started together, at most. With it the
// history of the largest bulk stays within 150 events.
const BulkPageLines = 500

// BulkState is how far a bulk has come.
type BulkState string

// The states of a bulk. The last two are final.
const (
	BulkAccepted   BulkState = "ACCEPTED"   // its money is set aside, no line has begun
	BulkRunning    BulkState = "RUNNING"    // its lines become payments, page by page
	BulkCancelling BulkState = "CANCELLING" // no other line begins; those under way go on
	BulkCompleted  BulkState = "COMPLETED"  // every line has ended
	BulkCancelled  BulkState = "CANCELLED"  // likewise, and some were cancelled
)

// BulkStates is every state, in the order in which a bulk meets them.
var BulkStates = []BulkState{BulkAccepted, BulkRunning, BulkCancelling, BulkCompleted, BulkCancelled}

// Ended reports whether nothing about the bulk will change any more.
func (s BulkState) Ended() bool { return s == BulkCompleted || s == BulkCancelled }

// Bulk is many cash-outs of one merchant in one subsidiary that were asked for
// together. Its money is set aside as a whole when it is accepted.
type Bulk struct {
	ID          BulkID
	MerchantID  MerchantID
	Mode        Mode
	Reference   string // merchant_bulk_id, unique for ever per merchant and mode
	State       BulkState
	Country     CountryCode
	Lines       int
	Amount      Money  // the sum of the lines' amounts
	Fee         Money  // the sum of their fees, frozen when the bulk was accepted
	Cost        int64  // what is set aside, in minor units: the sum of Payment.Net
	Digest      string // of the lines as they were asked for
	NotifyURL   string // overrides the merchant's
	NotifyLines bool   // the end of each line is told by a webhook of its own
	Metadata    map[string]string
	Pages       []OperatorCode // the operator of each page's lines, in the order of the pages
	CreatedAt   time.Time
	UpdatedAt   time.Time
	StartedAt   time.Time // when its coordinator took it up; zero: not yet
	ClosedAt    time.Time // zero until it ended
	Anew        bool      // of one whose workflow is to be started again: see Restart.Anew
}

// Differences names the request fields in which q is not the same request as b.
func (b Bulk) Differences(q Bulk) []string {
	var fields []string
	for _, row := range []struct {
		field string
		same  bool
	}{
		{"lines", b.Digest == q.Digest},
		{"notify_url", b.NotifyURL == q.NotifyURL},
		{"notify_lines", b.NotifyLines == q.NotifyLines},
		{"metadata", maps.Equal(b.Metadata, q.Metadata)},
	} {
		if !row.same {
			fields = append(fields, row.field)
		}
	}
	return fields
}

// LineStatus is where a line of a bulk stands: its payment's status, or one of the two
// that a line without a payment can have.
type LineStatus string

// The statuses of a line that has no payment.
const (
	LineWaiting   LineStatus = "WAITING"   // its turn has not come
	LineCancelled LineStatus = "CANCELLED" // it never begins
)

// LineStatuses is every status of a line, in the order in which it meets them.
var LineStatuses = []LineStatus{
	LineWaiting, LineStatus(StatusCreated), LineStatus(StatusInitiated), LineStatus(StatusPending),
	LineStatus(StatusSuccess), LineStatus(StatusFailed), LineStatus(StatusExpired), LineCancelled,
}

// Ended reports whether a line of this status is over.
func (s LineStatus) Ended() bool { return s == LineCancelled || Status(s).Terminal() }

// BulkLine is one cash-out of a bulk. Payment is as it stands or, as long as the line
// has none, as it would begin.
type BulkLine struct {
	Number     int // from 1, in the order of the request
	Status     LineStatus
	Payment    Payment
	Unreadable bool // Payment lacks what is sealed, such as its number
}

// LineSpan selects lines of a bulk, in their order.
type LineSpan struct {
	After int // begins behind the line with this number
	Limit int // 0: no limit
}

// Tally is how many lines of a bulk have one status, and what they amount to in minor
// units.
type Tally struct {
	Lines  int
	Amount int64
	Fee    int64
	Cost   int64 // what the merchant's balance loses, or would lose
}

// BulkProgress is a bulk with how its lines stand, all of one moment.
type BulkProgress struct {
	Bulk
	Tallies map[LineStatus]Tally
}

// Ended returns how many lines are over.
func (p BulkProgress) Ended() int {
	ended := 0
	for status, tally := range p.Tallies {
		if status.Ended() {
			ended += tally.Lines
		}
	}
	return ended
}

// Percent returns a part of the bulk's lines in whole per cent. It is rounded down, so
// that 100 says all of them.
func (p BulkProgress) Percent(lines int) int {
	if p.Bulk.Lines == 0 {
		return 0
	}
	return lines * 100 / p.Bulk.Lines
}

// BulkOrder is what a bulk's workflow is started with: identifiers and the policy frozen
// at that moment. It holds nothing personal and nothing secret.
type BulkOrder struct {
	BulkID     BulkID     `json:"bulk_id"`
	MerchantID MerchantID `json:"merchant_id"`
	Pages      []BulkPage `json:"pages"`
}

// BulkPage is how one page of a bulk is started.
type BulkPage struct {
	// Operator takes the lines of the page by bulk calls; "" when each payment is
	// submitted by itself.
	Operator    OperatorCode  `json:"operator,omitempty"`
	CallTimeout time.Duration `json:"call_timeout,omitempty"` // of one bulk call
}

// NewBulkOrder returns the order of a bulk whose pages these instances are to carry.
// An operator that has no bulk call, or is not configured, submits one by one.
func NewBulkOrder(b Bulk, instance func(OperatorCode) (Instance, bool)) BulkOrder {
	order := BulkOrder{BulkID: b.ID, MerchantID: b.MerchantID, Pages: make([]BulkPage, len(b.Pages))}
	for i, code := range b.Pages {
		found, known := instance(code)
		if _, whole := found.Operator.(BulkDisburser); known && whole {
			order.Pages[i] = BulkPage{Operator: code, CallTimeout: found.CallTimeout}
		}
	}
	return order
}

// NewBulkEventID returns the ID of the event that tells a bulk's end.
func NewBulkEventID(b BulkID) EventID {
	return EventID("evt_" + strings.ReplaceAll(string(b), "-", "") + "_1")
}

// bulkBody is the body of a bulk's webhook: the fields of a payment's webhook that a
// bulk has, then how its lines ended.
type bulkBody struct {
	Event     string             `json:"event"`
	BulkID    BulkID             `json:"bulk_id"`
	Reference string             `json:"merchant_bulk_id"`
	Status    BulkState          `json:"status"`
	Amount    int64              `json:"amount"`
	Currency  Currency           `json:"currency"`
	Timestamp string             `json:"timestamp"`
	EventID   EventID            `json:"event_id"`
	Sequence  int                `json:"sequence"`
	Lines     int                `json:"lines"`
	Counts    map[LineStatus]int `json:"counts"`
	Paid      int64              `json:"paid_amount"`     // that reached wallets, fees apart
	Returned  int64              `json:"returned_amount"` // back in the balance, fees included
	Fee       int64              `json:"fee"`             // of the lines that were paid
	Metadata  map[string]string  `json:"metadata"`
	Livemode  bool               `json:"livemode"`
}

// NewBulkEvent returns the event of a bulk that has just ended at the given moment; url
// is where the merchant listens, "" when nowhere.
func NewBulkEvent(p BulkProgress, url string, at time.Time) (Event, error) {
	id := NewBulkEventID(p.ID)
	paid := p.Tallies[LineStatus(StatusSuccess)]
	body := bulkBody{
		Event: "bulk.completed", BulkID: p.ID, Reference: p.Reference, Status: p.State, Amount: p.Amount.Minor,
		Currency: p.Amount.Currency, Timestamp: at.UTC().Format(webhookTime), EventID: id, Sequence: 1,
		Lines: p.Bulk.Lines, Counts: map[LineStatus]int{}, Paid: paid.Amount, Returned: p.Cost - paid.Cost, Fee: paid.Fee,
		Metadata: p.Metadata, Livemode: p.Mode == Live,
	}
	if body.Metadata == nil {
		body.Metadata = map[string]string{}
	}
	for status, tally := range p.Tallies {
		body.Counts[status] = tally.Lines
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return Event{}, Errorf(Internal, "encode event %s: %w", id, err)
	}
	state := EventWaiting
	if url == "" {
		state = EventUnwanted
	}
	return Event{
		ID: id, BulkID: p.ID, MerchantID: p.MerchantID, Mode: p.Mode, URL: url, Body: raw, State: state,
		NextAt: at, CreatedAt: at,
	}, nil
}

// BulkPageStand is how a page of a bulk stands: how many of its lines wait and how many
// have begun, and how many payments of the whole bulk are open.
type BulkPageStand struct{ Waiting, Begun, Open int }

// OpenLine is the payment of a line that has not ended. Err says why its row cannot be
// read: then only what is not sealed in it is known.
type OpenLine struct {
	Payment Payment
	Err     error
}

// UnsentLine is the payment of a line that was never sent, with the attempt to send it by.
type UnsentLine struct {
	Payment Payment
	Attempt Attempt
}

// LineField names a field of a bulk's n-th line, n from 1, as answers do.
func LineField(n int, field string) string { return fmt.Sprintf("lines[%d].%s", n-1, field) }
