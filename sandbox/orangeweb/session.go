package orangeweb

import (
	"cmp"
	"time"

	"pirogue/sandbox/engine"
)

// Status is the status of a session in transactionstatus.
type Status string

// The five statuses of Orange's guide.
const (
	Initiated Status = "INITIATED" // waits for the customer, for ever if need be
	Pending   Status = "PENDING"   // the customer confirmed and Orange is processing
	Expired   Status = "EXPIRED"   // the customer confirmed after the validity
	Success   Status = "SUCCESS"   // paid
	Failed    Status = "FAILED"    // not paid, no reason given
)

const (
	validity = 10 * time.Minute // of a session, from its opening
	maxTries = 3                // wrong OTPs before the payment fails
)

// The notes of an order. Its Reference is the order_id, and its Key the pay token.
const (
	noteSegment    = "segment" // dev, or a country
	noteNotifToken = "notif_token"
	noteMerchant   = "merchant" // the merchant's name
	noteLang       = "lang"
	noteReturn     = "return_url"
	noteCancel     = "cancel_url"
	noteWrongOTPs  = "wrong_otps" // their number
)

// Session is the description of a session in the book. It has no tokens: anyone with them
// can pay, or pretend that somebody did.
type Session struct {
	OrderID      string     `json:"order_id"`
	MSISDN       string     `json:"msisdn"` // from the header, or typed on the page
	Amount       int64      `json:"amount"`
	Currency     string     `json:"currency"`
	Status       Status     `json:"status"`
	TxnID        string     `json:"txnid"`
	Cancelled    bool       `json:"cancelled"`   // on the page; the status stays INITIATED
	ResponseLost bool       `json:"answer_lost"` // nobody ever saw the page's address
	OpenedAt     time.Time  `json:"opened_at"`
	ValidUntil   time.Time  `json:"valid_until"`
	NextAt       *time.Time `json:"next_at"` // time of the next automatic event; null for never
}

// bookView returns the content of /book.
func (s *Simulator) bookView() any {
	return struct {
		Sessions []Session          `json:"sessions"`
		Paid     []engine.BookEntry `json:"paid"`
	}{s.Sessions(), s.Book()}
}

// Sessions returns every session, oldest first.
func (s *Simulator) Sessions() []Session {
	orders := s.Orders()
	views := make([]Session, len(orders))
	for i, o := range orders {
		views[i] = Session{
			OrderID: o.Reference, MSISDN: o.MSISDN, Amount: o.Asked, Currency: o.Currency, Status: statusOf(o),
			TxnID: txnID(o), Cancelled: cancelled(o), ResponseLost: o.ResponseLost, OpenedAt: o.OpenedAt,
			ValidUntil: validUntil(o),
		}
		if !o.NextAt.IsZero() {
			views[i].NextAt = &o.NextAt
		}
	}
	return views
}

// statusOf returns the status of an order in Orange's words.
func statusOf(o engine.Order) Status {
	switch {
	case o.State == engine.Executed:
		return Success
	case o.State == engine.Declined:
		return Failed
	case o.AwaitsCustomer(), cancelled(o):
		return Initiated
	case o.Open():
		return Pending
	default:
		return Expired
	}
}

// txnID returns the number of an ended transaction, and nothing before.
func txnID(o engine.Order) string {
	if o.State == engine.Executed || o.State == engine.Declined {
		return o.ID
	}
	return ""
}

// cancelled reports whether a person clicked "cancel". Orange sends no notification: the
// session looks abandoned for ever.
func cancelled(o engine.Order) bool { return o.Reason == engine.LeftPage }

// validUntil returns the last instant at which a customer can pay.
func validUntil(o engine.Order) time.Time { return o.OpenedAt.Add(validity) }

// notification returns the message about the end of a session. Orange sends one for SUCCESS
// and FAILED only, once.
func (s *Simulator) notification(o engine.Order) engine.Notification {
	if txnID(o) == "" {
		return engine.Notification{}
	}
	return s.Notification(o.CallbackURL, nil,
		notification{Status: statusOf(o), NotifToken: o.Notes[noteNotifToken], TxnID: o.ID})
}

// merchant returns the name of the merchant, or other if he gave none.
func merchant(o engine.Order, other string) string { return cmp.Or(o.Notes[noteMerchant], other) }
