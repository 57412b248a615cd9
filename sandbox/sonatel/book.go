package sonatel

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"
	"time"

	"pirogue/sandbox/engine"
)

// book stores every QR code and transaction, and the list of executed payments. It also
// stores the retailer's float and PIN, the callback registration and the keys.
type book struct {
	engine.Store[entry]

	limit        int // greatest number of codes, and of transactions
	codes        engine.OrderedMap[code]
	transactions engine.OrderedMap[transaction]
	codesOf      map[string][]string   // code ids of a reference, oldest first
	byReference  map[string][]string   // transaction ids, oldest first
	calls        map[engine.Caller]int // deposits and one-step payments per customer and amount
	granted      int64                 // the float before anything was taken from it
	taken        int64                 // the part of it taken or held
	pin          pinState
	registration registration
	keys         [2]*rsa.PrivateKey
}

// pinState is the retailer's PIN and the number of wrong ones entered in a row.
type pinState struct {
	PIN   string `json:"pin"`
	Wrong int    `json:"wrong"`
}

// servedKeyLine is one of the two keys in PKCS #1 form.
type servedKeyLine struct {
	Number int    `json:"number"`
	Key    []byte `json:"key"`
}

// entry is one line of the journal. It holds everything that one step changed, in its final
// state, and the money that moved.
type entry struct {
	Code         *code          `json:"code,omitempty"`
	Transactions []transaction  `json:"transactions,omitempty"`
	Paid         []engine.Paid  `json:"paid,omitempty"`
	PIN          *pinState      `json:"pin,omitempty"`
	Registration *registration  `json:"registration,omitempty"`
	Key          *servedKeyLine `json:"key,omitempty"`
}

// openBook replays the journal at path; an empty path keeps everything in memory.
func openBook(path string, limit int, pin string) (*book, error) {
	b := &book{
		limit: limit, granted: defaultFloat, pin: pinState{PIN: pin},
		codesOf: map[string][]string{}, byReference: map[string][]string{}, calls: map[engine.Caller]int{},
	}
	return b, b.Open(path, b.apply)
}

// begin schedules ordered movements, all of them or none, and decides whether the response
// is lost. If the float is too low, a line of a bulk is rejected and a single movement is
// refused.
func (b *book) begin(now time.Time, settling time.Duration, asked []ordered) ([]transaction, error) {
	b.Lock()
	defer b.Unlock()
	if b.transactions.Len()+len(asked) > b.limit {
		return nil, engine.ErrFull
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
	return begun, b.Record(entryOf(begun))
}

// ordered is an ordered transaction with its course. Both are made outside the book's lock;
// inside it, the float and the number are added.
type ordered struct {
	transaction transaction
	course      course
}

// settle ends an open transaction and reports whether it did, so that two alarms end a
// transaction once. early lets the customer confirm it before it is due, whatever its
// course.
func (b *book) settle(id string, now time.Time, early bool) (transaction, bool, error) {
	b.Lock()
	defer b.Unlock()
	kept, found := b.transactions.Find(id)
	switch {
	case !found:
		return transaction{}, false, notFound
	case kept.final():
		return kept, false, nil
	}
	next := kept
	if early {
		next.Ends, next.EndsBecause = Success, ""
	}
	next.settle(now)
	if err := b.Record(entryOf([]transaction{next})); err != nil {
		return kept, false, err
	}
	return next, true, nil
}

// correct executes a failed transaction. It refuses one for which the float is too low. It
// also refuses a code for one use that another try paid meanwhile.
func (b *book) correct(id string, now time.Time) (transaction, error) {
	b.Lock()
	defer b.Unlock()
	kept, found := b.transactions.Find(id)
	if !found || !kept.final() || kept.Status == Success {
		return transaction{}, notFound
	}
	next := kept
	next.Status, next.Reason, next.UpdatedAt = Success, "", now
	if next.taken() > b.granted-b.taken {
		return transaction{}, balanceTooLow
	}
	e := entryOf([]transaction{next})
	if paid, ofCode := b.codes.Find(next.CodeID); ofCode {
		// Another try paid the code, so this one must stay failed.
		if paid.SingleUse && paid.PaidBy != "" {
			return transaction{}, codeExpired.because("The QR code was used.")
		}
		after := paid
		after.PaidBy, after.LastTry, after.NextAt = next.ID, next.ID, time.Time{}
		e.Code = &after
	}
	if err := b.Record(e); err != nil {
		return transaction{}, err
	}
	return next, nil
}

// entryOf returns the journal entry for transactions that have just begun or ended.
func entryOf(changed []transaction) entry {
	e := entry{Transactions: changed}
	for _, t := range changed {
		if t.Status == Success {
			e.Paid = append(e.Paid, t.paid())
		}
	}
	return e
}

// issue stores a new QR code. A reference may have several, as it may have several
// deposits: Sonatel ignores repeated references.
//
// The automatic customer has one order and sees one code of it. A merchant requests a
// second code only if the first never reached him. So the customer pays the newest code,
// and none once he has acted on an older one. A person who opens an older code's page can
// pay that one too.
func (b *book) issue(c code) (code, error) {
	b.Lock()
	defer b.Unlock()
	if b.codes.Len() >= b.limit {
		return code{}, engine.ErrFull
	}
	for _, older := range b.codes.Those(b.codesOf[c.Reference]) {
		if c.MSISDN == "" || older.MSISDN != c.MSISDN {
			continue
		}
		if older.LastTry != "" {
			c.NextAt = time.Time{}
		}
		if !older.NextAt.IsZero() {
			older.NextAt = time.Time{}
			if err := b.Record(entry{Code: &older}); err != nil {
				return code{}, err
			}
		}
	}
	return c, b.Record(entry{Code: &c})
}

// change modifies a code and returns the stored one. A step without a change writes no line
// in the journal.
func (b *book) change(id string, step func(*code) bool) (code, error) {
	b.Lock()
	defer b.Unlock()
	kept, found := b.codes.Find(id)
	if !found {
		return code{}, notFound
	}
	next := kept
	if !step(&next) {
		return kept, nil
	}
	if err := b.Record(entry{Code: &next}); err != nil {
		return kept, err
	}
	return next, nil
}

// payment is a customer's confirmation of a QR code.
type payment struct {
	codeID, msisdn, merchantCode string
	behaviour                    engine.Behaviour // of the customer
	at, now                      time.Time        // confirmed, and noticed: the sandbox may have been down
	settling                     time.Duration
}

// pay lets a customer pay a code. Only a successful payment uses up a code for one use:
// after a failed try the customer may try again.
func (b *book) pay(p payment) (transaction, error) {
	b.Lock()
	defer b.Unlock()
	kept, found := b.codes.Find(p.codeID)
	switch {
	case !found:
		return transaction{}, notFound
	case b.transactions.Len() >= b.limit:
		return transaction{}, engine.ErrFull
	}
	if err := kept.payable(p.at); err != nil {
		return transaction{}, err
	}
	t := kept.payment(p.msisdn, p.merchantCode, p.behaviour)
	t.ID = b.nextID(t.Type, p.now, 0)
	t.follow(paymentCourse(p.behaviour), p.now, p.settling)
	after := kept
	after.NextAt, after.LastTry = time.Time{}, t.ID
	if t.succeeds() {
		after.PaidBy = t.ID
	}
	e := entryOf([]transaction{t})
	e.Code = &after
	return t, b.Record(e)
}

// nextID numbers transactions as Sonatel does: kind, date, time, series and number. ahead
// counts those that begin together.
func (b *book) nextID(kind string, now time.Time, ahead int) string {
	prefix := prefixPay
	if kind == typeCashIn {
		prefix = prefixCashIn
	}
	return fmt.Sprintf("%s%s.A%05d", prefix, now.UTC().Format("060102.1504"), b.transactions.Len()+ahead+1)
}

// apply stores e and updates everything derived from it.
func (b *book) apply(e entry) error {
	if e.Code != nil && b.codes.Put(e.Code.ID, *e.Code) == nil {
		b.codesOf[e.Code.Reference] = append(b.codesOf[e.Code.Reference], e.Code.ID)
	}
	for _, t := range e.Transactions {
		b.put(t)
	}
	b.Pay(e.Paid...)
	if e.PIN != nil {
		b.pin = *e.PIN
	}
	if e.Registration != nil {
		b.registration = *e.Registration
	}
	return b.applyKey(e.Key)
}

// put stores a transaction and updates the float.
func (b *book) put(t transaction) {
	if before := b.transactions.Put(t.ID, t); before != nil {
		b.taken -= before.taken()
	} else {
		b.byReference[t.Reference] = append(b.byReference[t.Reference], t.ID)
		b.calls[t.caller()]++
	}
	b.taken += t.taken()
}

// caller identifies repeated calls for the same customer and amount.
func (t *transaction) caller() engine.Caller { return engine.Caller{MSISDN: t.MSISDN, Asked: t.Asked} }

// find returns a transaction by its id.
func (b *book) find(id string) (transaction, bool) {
	b.Lock()
	defer b.Unlock()
	return b.transactions.Find(id)
}

// findCode returns a QR code by its id.
func (b *book) findCode(id string) (code, bool) {
	b.Lock()
	defer b.Unlock()
	return b.codes.Find(id)
}

// lostBefore reports whether the response with an earlier code of the same reference was
// lost. The number that loses responses loses only the first, or nobody could ever pay.
func (b *book) lostBefore(c code) bool {
	b.Lock()
	defer b.Unlock()
	return slices.ContainsFunc(b.codes.Those(b.codesOf[c.Reference]), func(other code) bool {
		return other.ID != c.ID && other.AnswerLost
	})
}

// allCodes returns every QR code, oldest first.
func (b *book) allCodes() []code {
	b.Lock()
	defer b.Unlock()
	return b.codes.All()
}

// allTransactions returns every transaction, oldest first.
func (b *book) allTransactions() []transaction {
	b.Lock()
	defer b.Unlock()
	return b.transactions.All()
}

// referred returns the transactions with a reference, oldest first.
func (b *book) referred(reference string) []transaction {
	b.Lock()
	defer b.Unlock()
	return b.transactions.Those(b.byReference[reference])
}

// asked returns the number of codes and of transactions that pay no code.
func (b *book) asked() int {
	count := len(b.allCodes())
	for _, t := range b.allTransactions() {
		if t.CodeID == "" {
			count++
		}
	}
	return count
}

// newID returns an identifier that nobody can guess: 26 letters and digits.
func newID() string { return rand.Text() }
