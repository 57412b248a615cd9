package bulk

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"pirogue"
	"pirogue/operator"
)

// MaxBulkLines limits the cash-outs in one bulk.
const MaxBulkLines = 10_000

// BulkPageLines limits the lines of a bulk that are started together. It keeps the history of the
// largest bulk within 150 events.
const BulkPageLines = 500

// BulkState is the progress of a bulk as a whole.
type BulkState string

// The states of a bulk. The last two are final.
const (
	BulkAccepted   BulkState = "ACCEPTED"   // its money is set aside, no line has begun
	BulkRunning    BulkState = "RUNNING"    // its lines become payments, page by page
	BulkCancelling BulkState = "CANCELLING" // no other line begins; those under way go on
	BulkCompleted  BulkState = "COMPLETED"  // every line has ended
	BulkCancelled  BulkState = "CANCELLED"  // likewise, and some were cancelled
)

// BulkStates lists every state, in the order in which a bulk meets them.
var BulkStates = []BulkState{BulkAccepted, BulkRunning, BulkCancelling, BulkCompleted, BulkCancelled}

// Ended reports whether the state is final.
func (s BulkState) Ended() bool { return s == BulkCompleted || s == BulkCancelled }

// Bulk holds many cash-outs of one merchant in one subsidiary that one request asked for.
// Acceptance sets its money aside as a whole.
type Bulk struct {
	ID          pirogue.BulkID
	MerchantID  pirogue.MerchantID
	Mode        pirogue.Mode
	Reference   string // merchant_bulk_id, unique for ever per merchant and mode
	State       BulkState
	Country     pirogue.CountryCode
	Lines       int
	Amount      pirogue.Money // the sum of the lines' amounts
	Fee         pirogue.Money // the sum of their fees, frozen when the bulk was accepted
	Cost        int64         // set aside at acceptance, in minor units: the sum of Payment.Net
	Digest      string        // of the lines in the request: it tells a repeated request from another one
	NotifyURL   string        // overrides the merchant's
	NotifyLines bool          // the end of each line has a webhook of its own
	Metadata    map[string]string
	Pages       []pirogue.OperatorCode // the operator of each page's lines, in the order of the pages
	CreatedAt   time.Time
	UpdatedAt   time.Time
	StartedAt   time.Time // when its workflow began; zero: not yet
	ClosedAt    time.Time // zero until it ended
	Anew        bool      // its workflow is to be started again: see Restart.Anew
}

// Differences names the request fields in which q differs from b. A repeated request has none.
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

// LineStatus is the status of a line of a bulk: its payment's status or, without a payment,
// LineWaiting or LineCancelled.
type LineStatus string

// The statuses of a line that has no payment.
const (
	LineWaiting   LineStatus = "WAITING"   // its turn has not come
	LineCancelled LineStatus = "CANCELLED" // it never begins
)

// LineStatuses lists every status, in the order in which a line meets them.
var LineStatuses = []LineStatus{
	LineWaiting, LineStatus(pirogue.StatusCreated), LineStatus(pirogue.StatusInitiated), LineStatus(pirogue.StatusPending),
	LineStatus(pirogue.StatusSuccess), LineStatus(pirogue.StatusFailed), LineStatus(pirogue.StatusExpired), LineCancelled,
}

// Ended reports whether a line of this status is final.
func (s LineStatus) Ended() bool { return s == LineCancelled || pirogue.Status(s).Terminal() }

// BulkLine is one cash-out of a bulk. Payment is the line's payment or, before there is one, the
// payment that it would begin as.
type BulkLine struct {
	Number     int // from 1, in the order of the request
	Status     LineStatus
	Payment    pirogue.Payment
	Unreadable bool // Payment lacks what is sealed, such as its number
}

// LineSpan selects lines of a bulk, in their order.
type LineSpan struct {
	After int // begins behind the line with this number
	Limit int // 0: no limit
}

// BulkTally counts the lines of a bulk that have one status, with their sums in minor units.
type BulkTally struct {
	Lines  int
	Amount int64
	Fee    int64
	Cost   int64 // what the merchant's balance loses, or would lose
}

// BulkProgress is a bulk with the tallies of its lines, read at one moment.
type BulkProgress struct {
	Bulk
	Tallies map[LineStatus]BulkTally
}

// Ended counts the lines whose status is final.
func (p BulkProgress) Ended() int {
	ended := 0
	for status, tally := range p.Tallies {
		if status.Ended() {
			ended += tally.Lines
		}
	}
	return ended
}

// Percent returns lines as a share of the bulk's lines, in whole per cent. It rounds down, so that
// 100 means all of them.
func (p BulkProgress) Percent(lines int) int {
	if p.Bulk.Lines == 0 {
		return 0
	}
	return lines * 100 / p.Bulk.Lines
}

// BulkInput is the input of a bulk's workflow: identifiers and the policy frozen when the workflow
// starts. It holds nothing personal and nothing secret, for Temporal's history keeps it.
type BulkInput struct {
	BulkID     pirogue.BulkID     `json:"bulk_id"`
	MerchantID pirogue.MerchantID `json:"merchant_id"`
	Pages      []BulkPage         `json:"pages"`
}

// BulkPage is the policy for one page of a bulk.
type BulkPage struct {
	// Operator takes the lines of the page by bulk calls; "" when each payment is
	// submitted by itself.
	Operator    pirogue.OperatorCode `json:"operator,omitempty"`
	CallTimeout operator.Duration    `json:"call_timeout,omitzero"` // of one bulk call
}

// NewBulkInput returns the workflow input of b; instance finds the operator of each page. Where
// that operator has no bulk call, or is not configured, the page's payments are submitted one by
// one.
func NewBulkInput(b Bulk, instance func(pirogue.OperatorCode) (operator.Instance, bool)) BulkInput {
	order := BulkInput{BulkID: b.ID, MerchantID: b.MerchantID, Pages: make([]BulkPage, len(b.Pages))}
	for i, code := range b.Pages {
		found, known := instance(code)
		if _, whole := found.Operator.(operator.BulkDisburser); known && whole {
			order.Pages[i] = BulkPage{Operator: code, CallTimeout: operator.Duration(found.CallTimeout)}
		}
	}
	return order
}

// NewBulkEventID returns the ID of the event for a bulk's end. A bulk has one such event, so it
// cannot be written twice.
func NewBulkEventID(b pirogue.BulkID) pirogue.EventID {
	return pirogue.EventID("evt_" + strings.ReplaceAll(string(b), "-", "") + "_1")
}

// BulkPageProgress counts lines of a page that wait and that have begun, and the open payments of the
// whole bulk.
type BulkPageProgress struct{ Waiting, Begun, Open int }

// OpenLine is the payment of a line that has not ended. Where its row cannot be read, Err gives the
// reason and Payment holds the unsealed fields only.
type OpenLine struct {
	Payment pirogue.Payment
	Err     error
}

// UnsentLine is the payment of a line that was never sent, with its attempt.
type UnsentLine struct {
	Payment pirogue.Payment
	Attempt pirogue.Attempt
}

// LineField names a field of a bulk's n-th line, n from 1, in the form of API errors. Field amount
// of the first line is lines[0].amount.
func LineField(n int, field string) string { return fmt.Sprintf("lines[%d].%s", n-1, field) }
