package pirogue

import (
	"context"
	"time"
)

// StatementReader can list what an operator executed for us, for reconciliation and
// to find an attempt whose answer was lost. It returns every transaction between two
// instants, both included, in the operator's order and each once. It fails with NotSent
// or Unknown, never with a part of the list.
type StatementReader interface {
	Statement(ctx context.Context, from, to time.Time) ([]StatementLine, error)
}

// CallPermit is asked before each call to an operator that a context is used for. It may wait, and
// its error stops the call: nothing is sent then.
type CallPermit func(ctx context.Context) error

type callPermitKey struct{}

// WithCallPermit returns a context whose calls to operators each need a permit, so that an
// operation of several calls can be counted, spaced and bounded by whoever asks for it. With a
// nil permit they need none.
func WithCallPermit(ctx context.Context, permit CallPermit) context.Context {
	return context.WithValue(ctx, callPermitKey{}, permit)
}

// PermitCall asks for the permit of one call under a context that needs one.
func PermitCall(ctx context.Context) error {
	if permit, needed := ctx.Value(callPermitKey{}).(CallPermit); needed && permit != nil {
		return permit(ctx)
	}
	return nil
}

// StatementLine is one transaction as its operator lists it. What could not be read
// stays empty: a list that lacked the line would be worse.
type StatementLine struct {
	TxID      string      // the operator's own
	Ref       OperatorRef // "" where the operator does not repeat it
	Kind      Kind        // "" for a type that we never ask for
	Outcome   Outcome     // "" for a word that the adapter does not know
	Word      string      // the operator's own word for the outcome
	Amount    Money       // the principal; the zero value when it is no whole amount of a currency
	Customer  string      // the customer's number as the operator writes it: personal data
	Partner   string      // our own account as the operator names it
	CreatedAt time.Time
	UpdatedAt time.Time
	Reason    string // what the operator says of it, redacted
}
