package orangeweb

import (
	"errors"
	"fmt"
	"time"

	"pirogue/sandbox/engine"
)

// The refusals of the book.
var (
	errOrderUsed = errors.New("order_id was used before")
	errFull      = errors.New("the sandbox keeps no more sessions; start it with an empty journal")
	errUnknown   = errors.New("no such session")
)

// book stores every session and the list of executed payments.
type book struct {
	engine.Store[entry]

	limit    int                        // sessions
	sessions engine.OrderedMap[session] // by pay token
	orders   map[string]bool            // every order_id ever used, because it must be unique
	calls    map[engine.Caller]int      // webpayment calls executed per customer and amount
	ended    int                        // sessions with a txnid
}

// entry is one line of the journal: the event, the session after it, and the money that
// moved, if any.
type entry struct {
	Event   event        `json:"event"`
	Session session      `json:"session"`
	Paid    *engine.Paid `json:"paid,omitempty"`
}

// openBook replays the journal at path; an empty path keeps everything in memory.
func openBook(path string, limit int) (*book, error) {
	b := &book{limit: limit, orders: map[string]bool{}, calls: map[engine.Caller]int{}}
	return b, b.Open(path, b.apply)
}

// open stores a new session and decides whether its response is lost. It refuses an
// order_id that was ever used.
func (b *book) open(s session) (session, error) {
	b.Lock()
	defer b.Unlock()
	if b.orders[s.Order.OrderID] {
		return session{}, errOrderUsed
	}
	if b.sessions.Len() >= b.limit {
		return session{}, errFull
	}
	if s.behaviour().AnswerLost && b.calls[s.caller()]%2 == 0 {
		s.AnswerLost = true // the first, the third, …: the retry gets its response
	}
	s.expectCustomer()
	return s, b.Record(entry{Event: opened, Session: s})
}

// change modifies a session and returns the stored one. A step without a change writes no
// line in the journal.
func (b *book) change(payToken string, now time.Time, step func(*session) event) (session, event, error) {
	b.Lock()
	defer b.Unlock()
	kept, found := b.sessions.Find(payToken)
	if !found {
		return session{}, nothing, errUnknown
	}
	next := kept
	e := entry{Event: step(&next)}
	switch e.Event {
	case nothing:
		return kept, nothing, nil
	case paid:
		next.TxnID = b.nextTxnID(now)
		e.Paid = next.paid(now)
	case corrected: // it is the transaction that failed before
		e.Paid = next.paid(now)
	case failed:
		next.TxnID = b.nextTxnID(now)
	default: // no other event creates a transaction
	}
	e.Session = next
	if err := b.Record(e); err != nil {
		return kept, nothing, err
	}
	return next, e.Event, nil
}

// paid returns the line of the book for a session that succeeds now.
func (s *session) paid(now time.Time) *engine.Paid {
	return &engine.Paid{
		TxnID: s.TxnID, OrderID: s.Order.OrderID, MSISDN: s.MSISDN,
		Amount: s.executedAmount(), Asked: s.Order.Amount, Currency: s.Order.Currency, At: now,
	}
}

// nextTxnID numbers transactions as Orange does: MP, date, time, series, number.
func (b *book) nextTxnID(now time.Time) string {
	return fmt.Sprintf("MP%s.A%05d", now.UTC().Format("060102.1504"), b.ended+1)
}

// apply stores e's session and updates everything derived from it.
func (b *book) apply(e entry) error {
	s := e.Session
	if e.Event == opened {
		b.orders[s.Order.OrderID] = true
		b.calls[s.caller()]++
	}
	if e.Paid != nil {
		b.Pay(*e.Paid)
	}
	if e.Event == paid || e.Event == failed {
		b.ended++
	}
	b.sessions.Put(s.PayToken, s)
	return nil
}

// find returns the session of a pay token.
func (b *book) find(payToken string) (session, bool) {
	b.Lock()
	defer b.Unlock()
	return b.sessions.Find(payToken)
}

// all returns every session, oldest first.
func (b *book) all() []session {
	b.Lock()
	defer b.Unlock()
	return b.sessions.All()
}

// caller identifies repeated calls for the same customer and amount.
func (s *session) caller() engine.Caller {
	return engine.Caller{MSISDN: s.MSISDN, Asked: s.Order.Amount}
}
