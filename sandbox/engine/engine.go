package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// The limits of an engine.
const (
	defaultFloat = 1_000_000_000            // francs for payouts
	defaultLapse = 10 * time.Minute         // for an order that nobody confirms
	maxFloat     = int64(1_000_000_000_000) // francs
)

// The refusals of an engine. Each simulator reports them in its operator's words.
var (
	ErrFull     = errors.New("the sandbox keeps no more; start it with an empty journal")
	ErrFloat    = errors.New("the float is too low")
	ErrCeiling  = errors.New("the beneficiary's ceiling is reached")
	ErrReturned = errors.New("the order is not executed, or was given back already")
	ErrNoOrder  = errors.New("there is no such order")
	ErrUsed     = errors.New("an order has this identifier or key already")
	ErrDown     = errors.New("the operator is down for this number")
)

// Config configures an engine.
type Config struct {
	Options

	Float int64         // money for payouts, 1 000 000 000 francs by default
	Lapse time.Duration // wait for a silent customer, 10 min by default; negative for ever
	// CollectsOnly removes the float from the settings of an operator without payouts.
	CollectsOnly bool
	// UniqueReference makes a merchant's reference open one order for ever.
	UniqueReference bool
	// NewID names an order that is opened without an ID. count is the number of orders before
	// it. No two calls run at the same time.
	NewID func(o Order, count int) string
	// BookView returns the content of /book. The default is every order and the money that
	// moved.
	BookView func() any
	// Quirks holds the operator's own switches, each with its effect.
	Quirks map[string]string
	// Refusals maps errors to the operator's words: those of this package, and ErrInternal for
	// errors without a row.
	Refusals map[error]Refusal
	// Callback returns the message about an order's end, signed and complete except for
	// Copies. A message without a URL is not sent. A nil Callback sends none.
	Callback func(Order) Notification
	// Restore restores data that RecordOwn wrote. Only Start calls it.
	Restore func(data json.RawMessage) error
	// Correct corrects a declined order in place of Engine.Correct, for an operator with a
	// further condition.
	Correct func(Order) error
}

// Engine is the engine that operator simulators share. It holds the orders and their
// schedule, the book of executed payments, the float, the journal and the switches. It
// sends the callbacks. A simulator adds only its operator's API. Start starts it.
type Engine struct{ courses }

// Start starts the engine. With a journal it restores every order, and anything that fell due
// meanwhile happens at once. It returns an error without a valid address.
func (e *Engine) Start(o Config) (err error) {
	if o.Options, err = o.Ready(); err != nil {
		return err
	}
	o.Lapse, o.Float = cmp.Or(o.Lapse, defaultLapse), cmp.Or(o.Float, defaultFloat)
	e.orderBook = newOrderBook(o)
	if err := e.store.Open(o.JournalPath, e.apply); err != nil {
		return errors.Join(err, e.Runtime.Close(context.Background()))
	}
	for _, unfinished := range e.Orders() {
		e.schedule(unfinished)
	}
	return nil
}

// Address returns the address of one of the simulator's paths, for browsers and Pirogue.
func (e *Engine) Address(path string) string { return e.options.PublicURL + path }

// MaxOrders returns the number of orders that the engine can store.
func (e *Engine) MaxOrders() int { return e.options.MaxOrders }

// Close stops every customer, delivers the queued callbacks, and closes the journal. When
// ctx ends first, it drops the callbacks. It also drops delayed callbacks and releases
// calls that hang. Closing twice is harmless.
func (e *Engine) Close(ctx context.Context) error {
	return errors.Join(e.Runtime.Close(ctx), e.store.Close())
}

// ServeBook returns every order and the money that moved, as JSON, or the simulator's own
// BookView.
func (e *Engine) ServeBook(w http.ResponseWriter, _ *http.Request) {
	if e.options.BookView != nil {
		WriteJSON(w, http.StatusOK, e.options.BookView())
		return
	}
	WriteJSON(w, http.StatusOK, struct {
		Orders []Order     `json:"orders"`
		Paid   []BookEntry `json:"paid"`
	}{e.Orders(), e.Book()})
}
