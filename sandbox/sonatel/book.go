package sonatel

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"pirogue/sandbox/stage"
)

// What the book refuses besides the problems of the wire.
var errFull = errors.New("the sandbox keeps no more; start it with an empty journal")

// book keeps every QR code and transaction, the list of what was executed, the
// retailer's float and PIN, the callback registration and the keys. Nothing changes
// in memory before the journal has it, so what anyone saw survives a crash.
type book struct {
	mu           sync.Mutex
	journal      *stage.Journal
	limit        int // codes, and transactions
	codes        map[string]*code
	codeOrder    []string
	transactions map[string]*transaction
	order        []string            // transaction ids, oldest first
	byReference  map[string][]string // transaction ids, oldest first
	calls        map[caller]int      // deposits and one-step payments per customer and amount
	paid         []stage.Paid
	granted      int64 // the float, with what was ever taken from it added back
	taken        int64 // from the float, or held of it
	pin          pinState
	registration registration
	keys         [2]*rsa.PrivateKey
}

// caller tells repeated calls for the same thing apart from other calls.
type caller struct {
	msisdn string
	amount int64
}

// pinState is the retailer's PIN and how many wrong ones were entered in a row.
type pinState struct {
	PIN   string `json:"pin"`
	Wrong int    `json:"wrong"`
}

// servedKeyLine is one of the two keys, as PKCS #1 has it.
type servedKeyLine struct {
	Number int    `json:"number"`
	Key    []byte `json:"key"`
}

// entry is one line of the journal: everything that one step changed, as it stands
// afterwards, and the money that moved.
type entry struct {
	Code         *code          `json:"code,omitempty"`
	Transactions []transaction  `json:"transactions,omitempty"`
	Paid         []stage.Paid   `json:"paid,omitempty"`
	PIN          *pinState      `json:"pin,omitempty"`
	Registration *registration  `json:"registration,omitempty"`
	Key          *servedKeyLine `json:"key,omitempty"`
}

// openBook reads the journal at path back; an empty path keeps all in memory.
func openBook(path string, limit int, pin string) (*book, error) {
	b := &book{
		limit: limit, granted: defaultFloat, pin: pinState{PIN: pin},
		codes: make(map[string]*code), transactions: make(map[string]*transaction),
		byReference: make(map[string][]string), calls: make(map[caller]int),
	}
	if path == "" {
		return b, nil
	}
	journal, err := stage.OpenJournal(path, func(line []byte) error {
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		return b.apply(e)
	})
	if err != nil {
		return nil, err
	}
	b.journal = journal
	return b, nil
}

// begin puts movements that are asked for on their courses, all of them or none,
// and decides whether the answer is lost. A line of a bulk for which the float is
// too low is rejected; a movement by itself is refused.
func (b *book) begin(now time.Time, settling time.Duration, asked []ordered) ([]transaction, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.transactions)+len(asked) > b.limit {
		return nil, errFull
	}
	left := b.granted - b.taken
	begun := make([]transaction, len(asked))
	for i, one := range asked {
		t, c := one.transaction, one.course
		switch {
		case t.Type != typeCashIn || c.end != Success || t.Amount <= left:
		case t.BulkID == "":
			return nil, balanceTooLow
		default:
			c.end, c.reason = Rejected, balanceTooLow.detail
		}
		t.ID = b.nextID(t.Type, now, i)
		t.AnswerLost = t.LosesAnswers && b.calls[t.caller()]%2 == 0 // the first, the third, …
		t.follow(c, now, settling)
		left -= t.taken()
		begun[i] = t
	}
	return begun, b.record(entryOf(begun))
}

// ordered is a transaction that is asked for, and the course it will take. Both are
// made outside the book's lock; the float and the number come inside.
type ordered struct {
	transaction transaction
	course      course
}

// settle ends a transaction that has not ended, and reports whether it did: two
// alarms for one transaction end it once. early lets the customer confirm it before
// it is due, whatever its course was.
func (b *book) settle(id string, now time.Time, early bool) (transaction, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept, found := b.transactions[id]
	switch {
	case !found:
		return transaction{}, false, notFound
	case kept.final():
		return *kept, false, nil
	}
	next := *kept
	if early {
		next.Ends, next.EndsBecause = Success, ""
	}
	next.settle(now)
	if err := b.record(entryOf([]transaction{next})); err != nil {
		return *kept, false, err
	}
	return next, true, nil
}

// correct executes a transaction that had failed. It refuses what the float no longer
// affords, and a code for one use that another try paid meanwhile.
func (b *book) correct(id string, now time.Time) (transaction, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept, found := b.transactions[id]
	if !found || !kept.final() || kept.Status == Success {
		return transaction{}, notFound
	}
	next := *kept
	next.Status, next.Reason, next.UpdatedAt = Success, "", now
	if next.taken() > b.granted-b.taken {
		return transaction{}, balanceTooLow
	}
	e := entryOf([]transaction{next})
	if paid, ofCode := b.codes[next.CodeID]; ofCode {
		if paid.SingleUse && paid.PaidBy != "" {
			return transaction{}, codeExpired.because("The QR code was used.")
		}
		after := *paid
		after.PaidBy, after.LastTry, after.NextAt = next.ID, next.ID, time.Time{}
		e.Code = &after
	}
	if err := b.record(e); err != nil {
		return transaction{}, err
	}
	return next, nil
}

// entryOf is the line for transactions that have just begun or ended.
func entryOf(changed []transaction) entry {
	e := entry{Transactions: changed}
	for _, t := range changed {
		if t.Status == Success {
			e.Paid = append(e.Paid, t.paid())
		}
	}
	return e
}

// issue keeps a QR code that has just been made. A reference may have several, as one
// may have several deposits: Sonatel looks at no reference.
func (b *book) issue(c code) (code, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.codes) >= b.limit {
		return code{}, errFull
	}
	return c, b.record(entry{Code: &c})
}

// change takes a code one step further and returns it as it stands afterwards. A
// step that changes nothing leaves no line in the journal.
func (b *book) change(id string, step func(*code) bool) (code, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept, found := b.codes[id]
	if !found {
		return code{}, notFound
	}
	next := *kept
	if !step(&next) {
		return *kept, nil
	}
	if err := b.record(entry{Code: &next}); err != nil {
		return *kept, err
	}
	return next, nil
}

// payment is a customer confirming a QR code: who, and when.
type payment struct {
	codeID, msisdn, merchantCode string
	behaviour                    stage.Behaviour // of the customer
	at, now                      time.Time       // confirmed, and noticed; the sandbox may have been down
	settling                     time.Duration
}

// pay lets a customer pay a code. Only one payment that succeeds uses up a code for
// one use: after a failed try the customer may try again.
func (b *book) pay(p payment) (transaction, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept, found := b.codes[p.codeID]
	switch {
	case !found:
		return transaction{}, notFound
	case len(b.transactions) >= b.limit:
		return transaction{}, errFull
	}
	if err := kept.payable(p.at); err != nil {
		return transaction{}, err
	}
	t := kept.payment(p.msisdn, p.merchantCode, p.behaviour)
	t.ID = b.nextID(t.Type, p.now, 0)
	t.follow(paymentCourse(p.behaviour), p.now, p.settling)
	after := *kept
	after.NextAt, after.LastTry = time.Time{}, t.ID
	if t.succeeds() {
		after.PaidBy = t.ID
	}
	e := entryOf([]transaction{t})
	e.Code = &after
	return t, b.record(e)
}

// nextID numbers transactions as Sonatel does: kind, date, time, series and number.
// ahead counts those that begin together.
func (b *book) nextID(kind string, now time.Time, ahead int) string {
	prefix := prefixPay
	if kind == typeCashIn {
		prefix = prefixCashIn
	}
	return fmt.Sprintf("%s%s.A%05d", prefix, now.UTC().Format("060102.1504"), len(b.order)+ahead+1)
}

// record journals e, then lets it count.
func (b *book) record(e entry) error {
	if err := b.journal.Append(e); err != nil {
		return err
	}
	return b.apply(e)
}

// apply makes the book read as it does after e.
func (b *book) apply(e entry) error {
	if e.Code != nil {
		if _, known := b.codes[e.Code.ID]; !known {
			b.codeOrder = append(b.codeOrder, e.Code.ID)
		}
		b.codes[e.Code.ID] = e.Code
	}
	for _, t := range e.Transactions {
		b.put(t)
	}
	b.paid = append(b.paid, e.Paid...)
	if e.PIN != nil {
		b.pin = *e.PIN
	}
	if e.Registration != nil {
		b.registration = *e.Registration
	}
	return b.applyKey(e.Key)
}

// put keeps a transaction as it stands, and takes from the float what it takes.
func (b *book) put(t transaction) {
	before, known := b.transactions[t.ID]
	if known {
		b.taken -= before.taken()
	} else {
		b.order = append(b.order, t.ID)
		b.byReference[t.Reference] = append(b.byReference[t.Reference], t.ID)
		b.calls[t.caller()]++
	}
	b.taken += t.taken()
	b.transactions[t.ID] = &t
}

func (t *transaction) caller() caller {
	return caller{msisdn: t.MSISDN, amount: t.Asked}
}

// find returns a transaction by its id.
func (b *book) find(id string) (transaction, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if kept, found := b.transactions[id]; found {
		return *kept, true
	}
	return transaction{}, false
}

// findCode returns a QR code by its id.
func (b *book) findCode(id string) (code, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if kept, found := b.codes[id]; found {
		return *kept, true
	}
	return code{}, false
}

// lostBefore reports whether an earlier code of the same reference reached nobody: the
// number that loses answers loses the first one alone, or nobody could ever pay.
func (b *book) lostBefore(c code) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.codeOrder, func(id string) bool {
		other := b.codes[id]
		return other.Reference == c.Reference && other.ID != c.ID && other.AnswerLost
	})
}

// allCodes returns every QR code, oldest first.
func (b *book) allCodes() []code {
	b.mu.Lock()
	defer b.mu.Unlock()
	codes := make([]code, len(b.codeOrder))
	for i, id := range b.codeOrder {
		codes[i] = *b.codes[id]
	}
	return codes
}

// allTransactions returns every transaction, oldest first.
func (b *book) allTransactions() []transaction {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.those(b.order)
}

// referred returns the transactions with a reference, oldest first.
func (b *book) referred(reference string) []transaction {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.those(b.byReference[reference])
}

func (b *book) those(ids []string) []transaction {
	found := make([]transaction, len(ids))
	for i, id := range ids {
		found[i] = *b.transactions[id]
	}
	return found
}

// asked returns how many codes there are, and transactions that pay none.
func (b *book) asked() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	count := len(b.codes)
	for _, t := range b.transactions {
		if t.CodeID == "" {
			count++
		}
	}
	return count
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

// newID returns an identifier nobody can guess: 26 letters and digits.
func newID() string { return rand.Text() }
