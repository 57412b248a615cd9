package stage

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// The limits of a till.
const (
	defaultMaxOrders = 100_000                  // about 100 MB
	defaultFloat     = 1_000_000_000            // francs for payouts
	defaultLapse     = 10 * time.Minute         // of an order that nobody confirms
	maxFloat         = int64(1_000_000_000_000) // francs
)

// What a till refuses. Each simulator says it in its operator's words.
var (
	ErrFull     = errors.New("the sandbox keeps no more; start it with an empty journal")
	ErrFloat    = errors.New("the float is too low")
	ErrCeiling  = errors.New("the beneficiary's ceiling is reached")
	ErrReturned = errors.New("the order is not executed, or was given back already")
	ErrNoOrder  = errors.New("there is no such order")
)

// TillOptions says how a till runs. None is required.
type TillOptions struct {
	JournalPath  string        // the file that keeps the orders; empty keeps them in memory
	Clock        Clock         // the time of day unless said otherwise
	MaxOrders    int           // 100 000 by default; beyond it orders fail with ErrFull
	Float        int64         // what payouts can take, 1 000 000 000 francs by default
	Lapse        time.Duration // how long an order waits for a silent customer, 10 min by default
	NotifyClient *http.Client  // carries callbacks; the default follows no redirect
	Log          *slog.Logger  // nil keeps silent
	// Quirks are the operator's own switches: what each one does when it is on.
	Quirks map[string]string
	// Callback writes the message that tells of an order's end, signed and ready but
	// for its copies; a message without a URL is not sent. nil tells nobody.
	Callback func(Order) Message
}

// Till is what the simulators of operators have in common: the orders on their
// courses, the book of what was executed, the float, the journal, the switches and the
// callbacks. A simulator adds its operator's wire to it, and nothing else.
//
// Nothing changes in memory before the journal has it, so that what anybody saw
// survives a crash.
type Till struct {
	options   TillOptions
	board     *Board
	agenda    *Agenda
	messenger *Messenger
	life      context.Context //nolint:containedctx // ends with Close, and with it every wait
	end       context.CancelFunc

	mu          sync.Mutex
	journal     *Journal
	orders      map[string]*Order
	sequence    []string            // IDs, oldest first
	byReference map[string][]string // IDs, oldest first
	byKey       map[string]string
	calls       map[string]int // of one customer for one amount, to lose every other answer
	returned    map[string]bool
	paid        []Paid
	float       int64
	taken       int64
	quirks      map[string]bool
}

// OpenTill opens a till. With a journal it takes up every order where it was left, and
// what fell due meanwhile happens at once.
func OpenTill(o TillOptions) (*Till, error) {
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.MaxOrders, o.Float, o.Lapse = cmp.Or(o.MaxOrders, defaultMaxOrders), cmp.Or(o.Float, defaultFloat), cmp.Or(o.Lapse, defaultLapse)
	if o.Clock == nil {
		o.Clock = WallClock{}
	}
	t := &Till{
		options: o, board: NewBoard(o.Clock), agenda: NewAgenda(o.Clock), messenger: NewMessenger(o.NotifyClient, o.Log),
		orders: map[string]*Order{}, byReference: map[string][]string{}, byKey: map[string]string{},
		calls: map[string]int{}, returned: map[string]bool{}, float: o.Float, quirks: map[string]bool{},
	}
	t.life, t.end = context.WithCancel(context.Background())
	if err := t.readJournal(); err != nil {
		return nil, errors.Join(err, t.messenger.Close(t.life))
	}
	for _, unfinished := range t.Orders() {
		t.arrange(unfinished)
	}
	return t, nil
}

func (t *Till) readJournal() error {
	if t.options.JournalPath == "" {
		return nil
	}
	var err error
	t.journal, err = OpenJournal(t.options.JournalPath, func(line []byte) error {
		var o Order
		if err := json.Unmarshal(line, &o); err != nil {
			return err
		}
		t.apply(o)
		return nil
	})
	return err
}

// Now is the till's clock, UTC.
func (t *Till) Now() time.Time { return t.options.Clock.Now().UTC() }

// Stamp is the moment that a message to somebody else bears; see Stamp.
func (t *Till) Stamp() time.Time { return Stamp(t.options.Clock).UTC() }

// Collect opens an order of a customer who pays; ID, Reference, MSISDN, Asked and
// Currency must be given. What the customer does is the number's to say. It fails with
// ErrFull.
func (t *Till) Collect(o Order) (Order, error) {
	now := t.board.Read()
	b := now.BehaviourOf(o.MSISDN)
	o.Direction = In
	return t.open(o, b.AnswerLost, func(o *Order) { o.collection(b, t.options.Lapse, now.settling()) })
}

// PayOut opens an order of a customer who is paid. It fails with ErrCeiling for the
// number that is refused at once, with ErrFloat, and with ErrFull; nothing is kept then.
func (t *Till) PayOut(o Order) (Order, error) {
	now := t.board.Read()
	p := now.PayoutTo(o.MSISDN)
	if p.End == RefusedAtOnce {
		return Order{}, ErrCeiling
	}
	o.Direction = Out
	return t.open(o, p.AnswerLost, func(o *Order) { o.payout(p, now.settling()) })
}

// Return opens an order that gives an executed one back, all of it. It fails with
// ErrReturned, ErrFloat and ErrFull.
func (t *Till) Return(parent string, o Order) (Order, error) {
	given, found := t.Order(parent)
	if !found || given.State != Executed || given.Direction != In {
		return Order{}, ErrReturned
	}
	o.Parent, o.MSISDN, o.Asked, o.Currency = parent, given.MSISDN, given.Amount, given.Currency
	return t.PayOut(o)
}

// open puts an order into the book and on its course.
func (t *Till) open(o Order, losesAnswers bool, course func(*Order)) (Order, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.orders) >= t.options.MaxOrders {
		return Order{}, ErrFull
	}
	if o.Parent != "" && t.returned[o.Parent] {
		return Order{}, ErrReturned
	}
	o.Amount, o.OpenedAt, o.ChangedAt = o.Asked, t.Now(), t.Now()
	o.AnswerLost = losesAnswers && t.calls[caller(o)]%2 == 0 // the first, the third, …
	course(&o)
	if o.taken() > t.float-t.taken {
		return Order{}, ErrFloat
	}
	return o, t.record(o)
}

// caller tells repeated calls for the same thing from other calls.
func caller(o Order) string {
	return string(o.Direction) + " " + o.MSISDN + " " + time.Duration(o.Asked).String()
}

// Decide ends an open order as a person on the operator's page does, and tells of it.
// It fails with ErrNoOrder when there is none, or none that is open.
func (t *Till) Decide(id string, state State, why Reason) (Order, error) {
	return t.change(id, func(o *Order) bool {
		if !o.Open() {
			return false
		}
		o.end(state, why, t.Now())
		return true
	})
}

// Correct executes an order that had been declined, as an operator does that finds out
// later that the customer was debited. It fails with ErrNoOrder.
func (t *Till) Correct(id string) (Order, error) {
	return t.change(id, func(o *Order) bool {
		if o.State != Declined {
			return false
		}
		o.end(Executed, "", t.Now())
		return true
	})
}

// change takes an order one step further and tells of it.
func (t *Till) change(id string, step func(*Order) bool) (Order, error) {
	t.mu.Lock()
	kept, found := t.orders[id]
	if !found {
		t.mu.Unlock()
		return Order{}, ErrNoOrder
	}
	next := *kept
	if !step(&next) {
		t.mu.Unlock()
		return *kept, ErrNoOrder
	}
	err := t.record(next)
	t.mu.Unlock()
	if err == nil {
		t.tell(next, max(next.Copies, 1))
		t.mayCorrect(next)
	}
	return next, err
}

// arrange sees to it that an order ends when it is due.
func (t *Till) arrange(o Order) {
	switch {
	case o.NextAt.IsZero():
	case o.NextAt.After(t.Now()):
		t.agenda.At(o.NextAt, func() { t.due(o.ID) })
	default:
		t.due(o.ID)
	}
}

// due ends an order as its course says, unless it ended meanwhile.
func (t *Till) due(id string) {
	_, err := t.change(id, func(o *Order) bool {
		if !o.Open() || o.NextAt.IsZero() || o.NextAt.After(t.Now()) {
			return false
		}
		o.end(o.Ends, o.EndsReason, t.Now())
		return true
	})
	if err != nil && !errors.Is(err, ErrNoOrder) {
		t.options.Log.Error("order could not end", "error", err)
	}
}

// mayCorrect arranges the change of mind that the switch asks for.
func (t *Till) mayCorrect(o Order) {
	after := time.Duration(t.board.Read().CorrectAfterMS) * time.Millisecond
	if o.State == Declined && after > 0 {
		t.agenda.At(o.ChangedAt.Add(after), func() {
			if _, err := t.Correct(o.ID); err != nil && !errors.Is(err, ErrNoOrder) {
				t.options.Log.Error("order could not be corrected", "error", err)
			}
		})
	}
}

// record journals an order as it stands, then lets it count.
func (t *Till) record(o Order) error {
	if err := t.journal.Append(o); err != nil {
		return err
	}
	t.apply(o)
	return nil
}

// apply makes the till read as it does after o.
func (t *Till) apply(o Order) {
	before, known := t.orders[o.ID]
	if known {
		t.taken -= before.taken()
	} else {
		t.sequence = append(t.sequence, o.ID)
		t.byReference[o.Reference] = append(t.byReference[o.Reference], o.ID)
		t.calls[caller(o)]++
	}
	if o.Key != "" {
		t.byKey[o.Key] = o.ID
	}
	if o.State == Executed && (!known || before.State != Executed) {
		t.paid = append(t.paid, o.paid())
	}
	if o.Parent != "" {
		t.returned[o.Parent] = o.State == Pending || o.State == Executed
	}
	t.taken += o.taken()
	t.orders[o.ID] = &o
}

// Order returns an order by the operator's own identifier, and whether there is one.
func (t *Till) Order(id string) (Order, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if kept, found := t.orders[id]; found {
		return *kept, true
	}
	return Order{}, false
}

// ByKey returns the order that was opened under a key, and whether there is one.
func (t *Till) ByKey(key string) (Order, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if kept, found := t.orders[t.byKey[key]]; found {
		return *kept, true
	}
	return Order{}, false
}

// ByReference returns the orders of a merchant's reference, oldest first.
func (t *Till) ByReference(reference string) []Order {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.those(t.byReference[reference])
}

// Orders returns every order, oldest first.
func (t *Till) Orders() []Order {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.those(t.sequence)
}

func (t *Till) those(ids []string) []Order {
	found := make([]Order, len(ids))
	for i, id := range ids {
		found[i] = *t.orders[id]
	}
	return found
}

// Book returns the money that moved, oldest first.
func (t *Till) Book() []Paid {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.paid)
}

// Asked returns how many orders there ever were.
func (t *Till) Asked() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.sequence)
}

// Float returns what is left for payouts, in francs.
func (t *Till) Float() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.float - t.taken
}

// Quirk reports whether one of the operator's own switches is on.
func (t *Till) Quirk(name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.quirks[name]
}

// Quirks returns what each of the operator's own switches does.
func (t *Till) Quirks() map[string]string { return maps.Clone(t.options.Quirks) }

// Board returns the switches that every simulator has.
func (t *Till) Board() *Board { return t.board }

// Close stops every customer, delivers the callbacks that are queued, and closes the
// journal. When ctx ends first, callbacks are given up. Calls that hang are let go.
// Closing twice is harmless.
func (t *Till) Close(ctx context.Context) error {
	t.end()
	t.agenda.Close()
	return errors.Join(t.messenger.Close(ctx), t.journal.Close())
}
