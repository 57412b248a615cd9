package sonatel

import (
	"strconv"
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
	ResponseLost  bool       `json:"answer_lost"` // nobody ever received the code
	TransactionID string     `json:"transaction_id,omitempty"`
	CreatedAt     time.Time  `json:"created_at"`
	ValidUntil    time.Time  `json:"valid_until"`
	NextAt        *time.Time `json:"next_at"` // time at which the automatic customer pays; null for never
}

// code is one QR code in the journal's form. It stores no transaction.
type code struct {
	Code

	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	SuccessURL  string            `json:"success_url,omitempty"`
	CancelURL   string            `json:"cancel_url,omitempty"`
	CallbackURL string            `json:"callback_url,omitempty"`
	SingleUse   bool              `json:"single_use"`
	Visited     bool              `json:"visited,omitempty"`
	Unread      bool              `json:"unread,omitempty"` // the response was spoiled
	// Force is the magic number of the switch Force when the code was made.
	Force string `json:"force,omitempty"`
}

// behaviour returns the behaviour of this code's customer. Without a number nobody acts
// automatically.
func (c *code) behaviour() engine.Behaviour {
	if c.MSISDN == "" {
		return engine.Behaviour{Outcome: engine.Silent}
	}
	return engine.Switches{Force: c.Force}.BehaviourOf(c.MSISDN)
}

// scheduleCustomer schedules the automatic customer. If the response was lost, nobody has the
// code, so nobody pays.
func (c *code) scheduleCustomer() {
	b := c.behaviour()
	if b.Outcome != engine.Silent && !c.ResponseLost && !c.Unread {
		c.NextAt = new(c.CreatedAt.Add(b.After))
	}
}

// actsAtOnce reports whether the automatic customer waits only for the response.
func (c *code) actsAtOnce() bool {
	return c.NextAt != nil && c.NextAt.Equal(c.CreatedAt)
}

// markLost cancels the automatic customer of a code that nobody received.
func (c *code) markLost() bool {
	c.ResponseLost, c.NextAt = true, nil
	return true
}

// visit records that a person opened the page. The first time, an automatic customer who
// yields steps back.
func (c *code) visit(now time.Time) bool {
	if c.Visited || c.NextAt == nil || !c.behaviour().YieldsToUser {
		return false
	}
	c.Visited = true
	c.NextAt = new(now.Add(stepsBackFor))
	return true
}

// cancel records that a person pressed "cancel". Sonatel sends no callback: the code is
// simply never paid.
func (c *code) cancel() bool {
	if c.Cancelled {
		return false
	}
	c.Cancelled, c.NextAt = true, nil
	return true
}

// confirmedAt returns the time of the automatic customer's confirmation. The late customer
// confirms in the code's last moment, and Sonatel reports it later.
func (c *code) confirmedAt() time.Time {
	if c.behaviour().After == engine.LateAfter && c.NextAt.After(c.ValidUntil) {
		return c.ValidUntil
	}
	return *c.NextAt
}

// checkPayable returns the reason why a code cannot be paid at an instant, or nil. paid
// reports whether it was paid before.
func (c *code) checkPayable(at time.Time, paid bool) error {
	switch {
	case c.Cancelled, at.After(c.ValidUntil):
		return codeExpired
	case c.SingleUse && paid:
		return codeUsed
	case c.Amount < minPayable:
		return invalidInput.withDetail("The amount is below 10 XOF.")
	}
	return nil
}

// opening returns the opening of the transaction of a customer who confirms the code.
func (c *code) opening(by confirmation, merchantCode string) engine.Opening {
	partner, customer := party{IDType: idCode, ID: merchantCode}, party{IDType: idMSISDN, ID: local(by.msisdn)}
	notes := notesOf(partner, customer, channelMAXIT, c.Metadata)
	notes[noteCode], notes[noteRequestDate] = c.ID, instant(c.CreatedAt)
	notes[noteReceives] = strconv.FormatBool(true)
	wanted := engine.CollectionOf(engine.Order{
		Reference: c.Reference, MSISDN: by.msisdn, Asked: c.Amount, Currency: unitXOF, CallbackURL: c.CallbackURL,
		Notes: notes,
	}, by.behaviour, 0, 0)
	wanted.Course, wanted.LosesResponses = paymentCourse(by.behaviour), false
	wanted.Course.After = by.settling
	return wanted
}

// view returns the description of a code for the book. paidBy is the transaction that pays
// it.
func (c *code) view(paidBy string) Code {
	v := c.Code
	v.TransactionID = paidBy
	return v
}
