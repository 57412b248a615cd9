package orangeweb

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"pirogue/sandbox/stage"
)

// What the book refuses.
var (
	errOrderUsed = errors.New("order_id was used before")
	errFull      = errors.New("the sandbox keeps no more sessions; start it with an empty journal")
	errUnknown   = errors.New("no such session")
)

// book keeps every session and the list of what was executed. Nothing changes in
// memory before the journal has it, so what anyone saw survives a crash.
type book struct {
	mu       sync.Mutex
	journal  *stage.Journal
	limit    int                 // sessions
	sessions map[string]*session // by pay token
	order    []string            // pay tokens, oldest first
	byOrder  map[string]string   // order_id to pay token, for ever: order_id is unique
	calls    map[caller]int      // webpayment calls executed per customer and amount
	paid     []stage.Paid
	ended    int // sessions that have a txnid
}

// caller tells repeated calls for the same thing apart from other calls.
type caller struct {
	msisdn string
	amount int64
}

// entry is one line of the journal: what happened, the session after it, and
// the money that moved, if any did.
type entry struct {
	Event   event       `json:"event"`
	Session session     `json:"session"`
	Paid    *stage.Paid `json:"paid,omitempty"`
}

// openBook reads the journal at path back; an empty path keeps all in memory.
func openBook(path string, limit int) (*book, error) {
	b := &book{
		limit: limit, sessions: make(map[string]*session),
		byOrder: make(map[string]string), calls: make(map[caller]int),
	}
	if path == "" {
		return b, nil
	}
	journal, err := stage.OpenJournal(path, func(line []byte) error {
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		b.apply(e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	b.journal = journal
	return b, nil
}

// open keeps a session that has just begun, and decides whether its answer is
// lost. It refuses an order_id that was ever used.
func (b *book) open(s session) (session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, used := b.byOrder[s.Order.OrderID]; used {
		return session{}, errOrderUsed
	}
	if len(b.sessions) >= b.limit {
		return session{}, errFull
	}
	if s.behaviour().AnswerLost && b.calls[s.caller()]%2 == 0 {
		s.AnswerLost = true // the first, the third, … : the retry gets through
	}
	s.expectCustomer()
	return s, b.record(entry{Event: opened, Session: s})
}

// change takes a session one step further and returns it as it stands
// afterwards. A step that changes nothing leaves no line in the journal.
func (b *book) change(payToken string, now time.Time, step func(*session) event) (session, event, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept, found := b.sessions[payToken]
	if !found {
		return session{}, nothing, errUnknown
	}
	next := *kept
	e := entry{Event: step(&next)}
	switch e.Event {
	case nothing:
		return *kept, nothing, nil
	case paid:
		next.TxnID = b.nextTxnID(now)
		e.Paid = next.paid(now)
	case corrected: // it is the transaction that had failed
		e.Paid = next.paid(now)
	case failed:
		next.TxnID = b.nextTxnID(now)
	default: // no other event ends in a transaction
	}
	e.Session = next
	if err := b.record(e); err != nil {
		return *kept, nothing, err
	}
	return next, e.Event, nil
}

// paid is the line of the book for a session that has just succeeded.
func (s *session) paid(now time.Time) *stage.Paid {
	return &stage.Paid{
		TxnID: s.TxnID, OrderID: s.Order.OrderID, MSISDN: s.MSISDN,
		Amount: s.executedAmount(), Asked: s.Order.Amount, Currency: s.Order.Currency, At: now,
	}
}

// nextTxnID numbers transactions as Orange does: MP, date, time, series, number.
func (b *book) nextTxnID(now time.Time) string {
	return fmt.Sprintf("MP%s.A%05d", now.UTC().Format("060102.1504"), b.ended+1)
}

// record journals e, then lets it count.
func (b *book) record(e entry) error {
	if err := b.journal.Append(e); err != nil {
		return err
	}
	b.apply(e)
	return nil
}

// apply makes the book read as it does after e.
func (b *book) apply(e entry) {
	s := e.Session
	if e.Event == opened {
		b.order = append(b.order, s.PayToken)
		b.byOrder[s.Order.OrderID] = s.PayToken
		b.calls[s.caller()]++
	}
	if e.Paid != nil {
		b.paid = append(b.paid, *e.Paid)
	}
	if e.Event == paid || e.Event == failed {
		b.ended++
	}
	b.sessions[s.PayToken] = &s
}

// find returns the session of a pay token.
func (b *book) find(payToken string) (session, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if kept, found := b.sessions[payToken]; found {
		return *kept, true
	}
	return session{}, false
}

// all returns every session, oldest first.
func (b *book) all() []session {
	b.mu.Lock()
	defer b.mu.Unlock()
	sessions := make([]session, len(b.order))
	for i, payToken := range b.order {
		sessions[i] = *b.sessions[payToken]
	}
	return sessions
}

// asked returns how many sessions there are.
func (b *book) asked() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.order)
}

// executed returns the money that moved, oldest first.
func (b *book) executed() []stage.Paid {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.paid)
}

// close closes the journal. What is in memory can still be read.
func (b *book) close() error {
	return b.journal.Close()
}

func (s *session) caller() caller {
	return caller{msisdn: s.MSISDN, amount: s.Order.Amount}
}
