package operator

import (
	"context"
	"time"

	"pirogue"
)

// StatementReader lists the transactions that an operator executed for us. Reconciliation reads it,
// also to find an attempt whose response was lost. It returns every transaction between two
// instants, both included, in the operator's order and each once. It fails with NotSent or Unknown,
// never with a part of the list.
type StatementReader interface {
	Statement(ctx context.Context, from, to time.Time) ([]StatementLine, error)
}

// CallPermit is asked before each call to an operator under a context. It may wait. Its error stops
// the call: no byte is sent.
type CallPermit func(ctx context.Context) error

// callPermitKey is the key of a CallPermit in a context.
type callPermitKey struct{}

// WithCallPermit returns a context whose calls to operators each need a permit. The caller can so
// count, space and bound the calls of one operation. With a nil permit they need none.
func WithCallPermit(ctx context.Context, permit CallPermit) context.Context {
	return context.WithValue(ctx, callPermitKey{}, permit)
}

// PermitCall asks for the permit of one call. It returns nil at once under a context that needs
// none.
func PermitCall(ctx context.Context) error {
	if permit, needed := ctx.Value(callPermitKey{}).(CallPermit); needed && permit != nil {
		return permit(ctx)
	}
	return nil
}

// StatementLine is one transaction in its operator's list. A field that cannot be read stays empty:
// to leave the line out would hide its money.
type StatementLine struct {
	TxID      string              // the operator's own
	Ref       pirogue.OperatorRef // "" where the operator does not repeat it
	Kind      pirogue.PaymentKind // "" for a type that we never ask for
	Outcome   pirogue.Outcome     // "" for a status word that the adapter does not know
	Word      string              // the operator's own status word
	Amount    pirogue.Money       // the principal; zero when the text is no whole amount of a currency
	Customer  string              // the customer's number as the operator writes it: personal data
	Partner   string              // our own account as the operator names it
	CreatedAt time.Time
	UpdatedAt time.Time
	Reason    string // the operator's reason, redacted
}
