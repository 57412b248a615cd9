package orangeweb

import (
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
	validity     = 10 * time.Minute // of a session, from its opening
	stepsBackFor = 90 * time.Second // wait of the automatic customer once a person opened the page
	maxTries     = 3                // wrong OTPs before the payment fails
)

// Session is the description of a session in the book. It has no tokens: anyone with them
// can pay, or pretend that somebody did.
type Session struct {
	OrderID    string     `json:"order_id"`
	MSISDN     string     `json:"msisdn"` // from the header, or typed on the page
	Amount     int64      `json:"amount"`
	Currency   string     `json:"currency"`
	Status     Status     `json:"status"`
	TxnID      string     `json:"txnid"`
	Cancelled  bool       `json:"cancelled"`   // on the page; the status stays INITIATED
	AnswerLost bool       `json:"answer_lost"` // nobody ever saw the page's address
	OpenedAt   time.Time  `json:"opened_at"`
	ValidUntil time.Time  `json:"valid_until"`
	NextAt     *time.Time `json:"next_at"` // time of the next automatic event; null for never
}

// session is one payment page in the journal's form. Its methods are the whole life of a
// session. They read no clock and change nothing else.
type session struct {
	PayToken   string `json:"pay_token"`
	NotifToken string `json:"notif_token"`
	Segment    string `json:"segment"` // dev, or a country
	Order      order  `json:"order"`
	MSISDN     string `json:"msisdn"`
	Status     Status `json:"status"`
	TxnID      string `json:"txnid"`
	Cancelled  bool   `json:"cancelled"`
	AnswerLost bool   `json:"answer_lost"`
	Visited    bool   `json:"visited"`
	WrongOTPs  int    `json:"wrong_otps"`
	// Force is the magic number of the switch Force when the customer was scheduled, or when a
	// person confirmed. Empty lets the number decide.
	Force string `json:"force,omitempty"`
	// Unread is set if the response with the page's address was spoiled.
	Unread     bool      `json:"unread,omitempty"`
	OpenedAt   time.Time `json:"opened_at"`
	ValidUntil time.Time `json:"valid_until"`
	NextAt     time.Time `json:"next_at"` // zero if no automatic event comes
}

// event names a step in a session's life for the journal.
type event string

// The events of a session.
const (
	nothing   event = ""
	opened    event = "opened"
	visited   event = "visited"
	cancelled event = "cancelled"
	wrongOTP  event = "wrong_otp"
	lost      event = "lost"
	confirmed event = "confirmed"
	paid      event = "paid"
	failed    event = "failed"
	expired   event = "expired"
	corrected event = "corrected" // failed, and paid after all
)

// behaviour returns the behaviour of this session's customer. Without a number nobody acts
// automatically.
func (s *session) behaviour() engine.Behaviour {
	if s.MSISDN == "" {
		return engine.Behaviour{Outcome: engine.Silent}
	}
	return engine.Switches{Force: s.Force}.BehaviourOf(s.MSISDN)
}

// expectCustomer schedules the automatic customer. If the response was lost, nobody saw the
// page, so nobody acts.
func (s *session) expectCustomer() {
	b := s.behaviour()
	if b.Outcome != engine.Silent && !s.AnswerLost && !s.Unread {
		s.NextAt = s.OpenedAt.Add(b.After)
	}
}

// actsAtOnce reports whether the automatic customer waits only for the response.
func (s *session) actsAtOnce() bool {
	return s.NextAt.Equal(s.OpenedAt)
}

// visit records that a person opened the page. The first time, an automatic customer who
// yields steps back.
func (s *session) visit(now time.Time) event {
	if s.Visited || s.Status != Initiated || s.NextAt.IsZero() || !s.behaviour().YieldsToUser {
		return nothing
	}
	s.Visited = true
	s.NextAt = now.Add(stepsBackFor)
	return visited
}

// lose cancels the automatic customer of a page that nobody received.
func (s *session) lose() event {
	if s.Status != Initiated {
		return nothing
	}
	s.AnswerLost, s.NextAt = true, time.Time{}
	return lost
}

// cancel records that a person pressed "cancel". Orange sends no notification: the session
// looks abandoned for ever.
func (s *session) cancel() event {
	if s.Status != Initiated || s.Cancelled {
		return nothing
	}
	s.Cancelled = true
	s.NextAt = time.Time{}
	return cancelled
}

// mistype records a wrong OTP. The last try fails the payment.
func (s *session) mistype() event {
	if !s.payable() {
		return nothing
	}
	s.WrongOTPs++
	if s.WrongOTPs < maxTries {
		return wrongOTP
	}
	s.Status = Pending
	return s.settle()
}

// confirm records a customer's confirmation at an instant, noticed now. The two differ only
// if the simulator was down in between. Orange then processes for settling.
func (s *session) confirm(at, now time.Time, settling time.Duration) event {
	switch {
	case !s.payable():
		return nothing
	case at.After(s.ValidUntil):
		s.Status, s.NextAt = Expired, time.Time{}
		return expired
	}
	s.Status, s.NextAt = Pending, now.Add(settling)
	if settling > 0 {
		return confirmed
	}
	return s.settle()
}

// settle ends a confirmed session according to the customer's number and OTPs.
func (s *session) settle() event {
	if s.Status != Pending {
		return nothing
	}
	s.NextAt = time.Time{}
	if s.WrongOTPs >= maxTries || s.behaviour().Outcome == engine.Refuses {
		s.Status = Failed
		return failed
	}
	s.Status = Success
	return paid
}

// correct turns a failure into a success, as Orange does when it finds out later that the
// customer was debited.
func (s *session) correct() event {
	if s.Status != Failed {
		return nothing
	}
	s.Status = Success
	return corrected
}

// proceed runs the automatic event that is due at now, if there is one.
func (s *session) proceed(now time.Time, settling time.Duration) event {
	switch {
	case s.NextAt.IsZero() || s.NextAt.After(now):
		return nothing
	case s.Status == Initiated:
		return s.confirm(s.NextAt, now, settling)
	default:
		return s.settle()
	}
}

// payable reports whether a customer can still confirm, in time or too late.
func (s *session) payable() bool {
	return s.Status == Initiated && !s.Cancelled
}

// executedAmount returns the amount that moves: the order's, unless the magic number makes
// Orange confirm another one.
func (s *session) executedAmount() int64 {
	if s.behaviour().OtherAmount {
		return engine.AnotherAmount(s.Order.Amount)
	}
	return s.Order.Amount
}

// view returns the description of a session for the book, without its tokens.
func (s *session) view() Session {
	v := Session{
		OrderID: s.Order.OrderID, MSISDN: s.MSISDN, Amount: s.Order.Amount, Currency: s.Order.Currency,
		Status: s.Status, TxnID: s.TxnID, Cancelled: s.Cancelled, AnswerLost: s.AnswerLost,
		OpenedAt: s.OpenedAt, ValidUntil: s.ValidUntil,
	}
	if !s.NextAt.IsZero() {
		v.NextAt = &s.NextAt
	}
	return v
}
