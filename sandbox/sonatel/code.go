package sonatel

import (
	"time"

	"pirogue/sandbox/engine"
)

const (
	// maxValidity is the longest life of a QR code, and the default.
	maxValidity = 24 * time.Hour
	// minPayable is the least amount that MAX IT lets a customer pay, in XOF. The API makes QR
	// codes of less all the same: observed in production.
	minPayable = 10
	// stepsBackFor is the time for which the automatic customer waits once a person opened the
	// page.
	stepsBackFor = 90 * time.Second
)

// Code is the description of a QR code in the book. It has no link, because anyone with the
// link can pay.
type Code struct {
	Reference     string     `json:"reference"`
	MSISDN        string     `json:"msisdn"` // from the header; empty if a person is to pay
	Amount        int64      `json:"amount"` // XOF
	Cancelled     bool       `json:"cancelled"`
	AnswerLost    bool       `json:"answer_lost"` // nobody ever received the code
	TransactionID string     `json:"transaction_id,omitempty"`
	CreatedAt     time.Time  `json:"created_at"`
	ValidUntil    time.Time  `json:"valid_until"`
	NextAt        *time.Time `json:"next_at"` // time at which the automatic customer pays; null for never
}

// code is one QR code in the journal's form.
type code struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Amount      int64             `json:"amount"`
	Reference   string            `json:"reference"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	SuccessURL  string            `json:"success_url,omitempty"`
	CancelURL   string            `json:"cancel_url,omitempty"`
	CallbackURL string            `json:"callback_url,omitempty"`
	SingleUse   bool              `json:"single_use"`
	MSISDN      string            `json:"msisdn,omitempty"`
	CreatedAt   time.Time         `json:"created_at"`
	ValidUntil  time.Time         `json:"valid_until"`
	Visited     bool              `json:"visited,omitempty"`
	Cancelled   bool              `json:"cancelled,omitempty"`
	AnswerLost  bool              `json:"answer_lost,omitempty"`
	Unread      bool              `json:"unread,omitempty"` // the response was spoiled
	// Force is the magic number of the switch Force when the code was made.
	Force   string    `json:"force,omitempty"`
	PaidBy  string    `json:"paid_by,omitempty"` // the transaction that pays it, or the last that did
	LastTry string    `json:"last_try,omitempty"`
	NextAt  time.Time `json:"next_at"` // zero if nobody pays automatically
}

// behaviour returns the behaviour of this code's customer. Without a number nobody acts
// automatically.
func (c *code) behaviour() engine.Behaviour {
	if c.MSISDN == "" {
		return engine.Behaviour{Outcome: engine.Silent}
	}
	return engine.Switches{Force: c.Force}.BehaviourOf(c.MSISDN)
}

// expectCustomer schedules the automatic customer. If the response was lost, nobody has the
// code, so nobody pays.
func (c *code) expectCustomer() {
	b := c.behaviour()
	if b.Outcome != engine.Silent && !c.AnswerLost && !c.Unread {
		c.NextAt = c.CreatedAt.Add(b.After)
	}
}

// actsAtOnce reports whether the automatic customer waits only for the response.
func (c *code) actsAtOnce() bool {
	return c.NextAt.Equal(c.CreatedAt)
}

// lose cancels the automatic customer of a code that nobody received.
func (c *code) lose() bool {
	c.AnswerLost, c.NextAt = true, time.Time{}
	return true
}

// visit records that a person opened the page. The first time, an automatic customer who
// yields steps back.
func (c *code) visit(now time.Time) bool {
	if c.Visited || c.NextAt.IsZero() || !c.behaviour().YieldsToUser {
		return false
	}
	c.Visited = true
	c.NextAt = now.Add(stepsBackFor)
	return true
}

// cancel records that a person pressed "cancel". Sonatel sends no callback: the code is
// simply never paid.
func (c *code) cancel() bool {
	if c.Cancelled || c.PaidBy != "" {
		return false
	}
	c.Cancelled, c.NextAt = true, time.Time{}
	return true
}

// confirmedAt returns the time of the automatic customer's confirmation. The late customer
// confirms in the code's last moment, and Sonatel reports it later.
func (c *code) confirmedAt() time.Time {
	if c.behaviour().After == engine.LateAfter && c.NextAt.After(c.ValidUntil) {
		return c.ValidUntil
	}
	return c.NextAt
}

// payable returns the reason why a code cannot be paid at an instant, or nil.
func (c *code) payable(at time.Time) error {
	switch {
	case c.Cancelled, at.After(c.ValidUntil):
		return codeExpired
	case c.SingleUse && c.PaidBy != "":
		return codeExpired.because("The QR code was used.")
	case c.Amount < minPayable:
		return invalidInput.because("The amount is below 10 XOF.")
	}
	return nil
}

// payment returns the transaction of a customer who pays the code with behaviour b.
func (c *code) payment(msisdn, merchantCode string, b engine.Behaviour) transaction {
	executed := c.Amount
	if b.OtherAmount {
		executed = engine.AnotherAmount(c.Amount)
	}
	return transaction{
		Type: typePayment, Amount: executed, Asked: c.Amount, Reference: c.Reference, CodeID: c.ID,
		Partner:  party{IDType: idCode, ID: merchantCode},
		Customer: party{IDType: idMSISDN, ID: local(msisdn)}.named(), MSISDN: msisdn,
		Channel: channelMAXIT, Metadata: c.Metadata, ReceiveNotification: true, RequestDate: c.CreatedAt,
		CallbackURL: c.CallbackURL, Callbacks: b.Callbacks,
	}
}

// view returns the description of a code for the book, without its link.
func (c *code) view() Code {
	v := Code{
		Reference: c.Reference, MSISDN: c.MSISDN, Amount: c.Amount, Cancelled: c.Cancelled,
		AnswerLost: c.AnswerLost, TransactionID: c.PaidBy, CreatedAt: c.CreatedAt, ValidUntil: c.ValidUntil,
	}
	if !c.NextAt.IsZero() {
		v.NextAt = &c.NextAt
	}
	return v
}
