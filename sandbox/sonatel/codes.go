package sonatel

import (
	"slices"
	"sync"
	"time"

	"pirogue/sandbox/engine"
)

// codes stores every QR code and lets customers pay them. The engine stores the payments.
type codes struct {
	engine       *engine.Engine
	settings     *settings
	merchantCode string
	limit        int
	record       func(entry) error

	mu          sync.Mutex // held while a code is paid, so that one for one use is paid once
	byID        engine.OrderedMap[code]
	byReference map[string][]string // ids, oldest first
}

// put stores a code.
func (cs *codes) put(c code) {
	if cs.byID.Put(c.ID, c) == nil {
		cs.byReference[c.Reference] = append(cs.byReference[c.Reference], c.ID)
	}
}

// save journals a code, then stores it.
func (cs *codes) save(c code) error {
	if err := cs.record(entry{Code: &c}); err != nil {
		return err
	}
	cs.put(c)
	return nil
}

// issue stores a new QR code. A reference may have several, as it may have several
// deposits: Sonatel ignores repeated references.
//
// The automatic customer has one order and sees one code of it. A merchant requests a
// second code only if the first never reached him. So the customer pays the newest code,
// and none once he has acted on an older one. A person who opens an older code's page can
// pay that one too.
func (cs *codes) issue(c code) (code, error) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.byID.Len() >= cs.limit {
		return code{}, engine.ErrFull
	}
	for _, older := range cs.byID.FindAll(cs.byReference[c.Reference]) {
		if c.MSISDN == "" || older.MSISDN != c.MSISDN {
			continue
		}
		if len(cs.tries(older)) > 0 {
			c.NextAt = nil
		}
		if older.NextAt != nil {
			older.NextAt = nil
			if err := cs.save(older); err != nil {
				return code{}, err
			}
		}
	}
	return c, cs.save(c)
}

// change modifies a code and returns the stored one. A step without a change writes no line
// in the journal.
func (cs *codes) change(id string, step func(*code) bool) (code, error) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	stored, found := cs.byID.Find(id)
	if !found {
		return code{}, notFound
	}
	next := stored
	if !step(&next) {
		return stored, nil
	}
	if err := cs.save(next); err != nil {
		return stored, err
	}
	return next, nil
}

// cancel cancels a code that nobody paid.
func (cs *codes) cancel(id string) (code, error) {
	return cs.change(id, func(c *code) bool { return cs.paidBy(*c) == "" && c.cancel() })
}

// tries returns the payments of a code, oldest first.
func (cs *codes) tries(c code) []transaction {
	tries := []transaction{}
	for _, o := range cs.engine.ByReference(c.Reference) {
		if o.Notes[noteCode] == c.ID {
			tries = append(tries, transaction{o})
		}
	}
	return tries
}

// lastTry returns the latest payment of a code, and false if nobody tried. A payment that
// Sonatel corrected is the latest.
func (cs *codes) lastTry(c code) (last transaction, tried bool) {
	for _, t := range cs.tries(c) {
		if !t.ChangedAt.Before(last.ChangedAt) {
			last, tried = t, true
		}
	}
	return last, tried
}

// paidBy returns the id of the transaction that pays a code, or of the last that did. It is
// empty if none does.
func (cs *codes) paidBy(c code) (id string) {
	for _, t := range cs.tries(c) {
		if t.succeeds() {
			id = t.ID
		}
	}
	return id
}

// confirmation is a customer's confirmation of a QR code.
type confirmation struct {
	codeID, msisdn string
	behaviour      engine.Behaviour // of the customer
	at             time.Time        // the sandbox may have been down at that time
	settling       time.Duration
}

// pay lets a customer pay a code. Only a successful payment uses up a code for one use:
// after a failed try the customer may try again.
func (cs *codes) pay(by confirmation) (engine.Order, error) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c, found := cs.byID.Find(by.codeID)
	if !found {
		return engine.Order{}, notFound
	}
	if err := c.checkPayable(by.at, cs.paidBy(c) != ""); err != nil {
		return engine.Order{}, err
	}
	opened, err := cs.engine.OpenAll(c.opening(by, cs.merchantCode))
	if err != nil {
		return engine.Order{}, err
	}
	cs.dismissCustomer(c)
	return opened[0], nil
}

// dismissCustomer ends the wait for the automatic customer of a code that somebody tried to pay.
// The transaction says so in the journal.
func (cs *codes) dismissCustomer(c code) {
	c.NextAt = nil
	cs.put(c)
}

// correct executes a failed transaction, unless it is that of a code for one use that
// another try paid meanwhile.
func (cs *codes) correct(o engine.Order) error {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if c, ofCode := cs.byID.Find(o.Notes[noteCode]); ofCode && c.SingleUse && cs.paidBy(c) != "" {
		return codeUsed
	}
	_, err := cs.engine.Correct(o.ID)
	return err
}

// payEarly serves the number with three callbacks. Its customer pays, and one callback
// arrives, while the merchant still waits for the code.
func (cs *codes) payEarly(c code) (engine.Order, bool) {
	if c.behaviour().Callbacks < 2 || c.NextAt == nil {
		return engine.Order{}, false
	}
	return cs.payAutomatically(c, *c.NextAt, 0)
}

// payAutomatically lets the automatic customer of a code confirm it at an instant.
func (cs *codes) payAutomatically(c code, at time.Time, settling time.Duration) (engine.Order, bool) {
	paid, err := cs.pay(confirmation{codeID: c.ID, msisdn: c.MSISDN, behaviour: c.behaviour(), at: at, settling: settling})
	if err != nil {
		cs.engine.Log.Info("customer could not pay", "reference", c.Reference, "error", err)
	}
	return paid, err == nil
}

// scheduleCustomer schedules the payment of a QR code's automatic customer. It does not wake a
// customer twice who steps back meanwhile: the call that finds nothing due schedules again.
func (cs *codes) scheduleCustomer(c code) {
	switch {
	case c.NextAt == nil:
	case c.NextAt.After(cs.engine.Now()):
		cs.engine.Scheduler.At(*c.NextAt, func() { cs.payWhenDue(c.ID) })
	default:
		cs.payWhenDue(c.ID)
	}
}

// payWhenDue lets the automatic customer of a code pay it, if it is due.
func (cs *codes) payWhenDue(id string) {
	c, found := cs.find(id)
	switch {
	case !found || c.NextAt == nil:
	case c.NextAt.After(cs.engine.Now()):
		cs.scheduleCustomer(c)
	default:
		if paid, ok := cs.payAutomatically(c, c.confirmedAt(), cs.settings.settling()); ok {
			cs.engine.Proceed(paid)
		}
	}
}

// resume schedules the automatic customers that a restart interrupted. A code that somebody
// tried to pay has none.
func (cs *codes) resume() {
	cs.mu.Lock()
	for _, o := range cs.engine.Orders() {
		if c, ofCode := cs.byID.Find(o.Notes[noteCode]); ofCode {
			cs.dismissCustomer(c)
		}
	}
	cs.mu.Unlock()
	for _, unpaid := range cs.all() {
		cs.scheduleCustomer(unpaid)
	}
}

// lostBefore reports whether the response with an earlier code of the same reference was
// lost. The number that loses responses loses only the first, or nobody could ever pay.
func (cs *codes) lostBefore(c code) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return slices.ContainsFunc(cs.byID.FindAll(cs.byReference[c.Reference]), func(other code) bool {
		return other.ID != c.ID && other.ResponseLost
	})
}

// find returns a QR code by its id.
func (cs *codes) find(id string) (code, bool) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.byID.Find(id)
}

// all returns every QR code, oldest first.
func (cs *codes) all() []code {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.byID.All()
}
