package pirogue

import (
	"fmt"
	"math"
)

// Currency is an ISO 4217 code, such as "XOF".
type Currency string

// The currencies in which Pirogue keeps books. Both CFA francs have no minor unit, so an amount of
// 500 is 500 francs. They are two currencies: never net one against the other.
const (
	XOF Currency = "XOF" // West African CFA franc, BCEAO
	XAF Currency = "XAF" // Central African CFA franc, BEAC
)

// MaxAmount is the largest amount of one payment, fee or settlement, in minor units. Sums of
// millions of such amounts fit into 64 bits, and any JSON client reads it exactly.
const MaxAmount int64 = 1_000_000_000_000

// IsAmount reports whether a number of minor units may be paid: from 1 to MaxAmount.
func IsAmount(minor int64) bool { return minor > 0 && minor <= MaxAmount }

// Money is an amount in the minor unit of its currency. It is never a float. Amounts of two
// currencies never mix: Add fails.
type Money struct {
	Minor    int64    `json:"minor"`
	Currency Currency `json:"currency"`
}

// Add returns the sum of two amounts of one currency. It fails with Internal when
// the currencies differ or the sum does not fit.
func (m Money) Add(n Money) (Money, error) {
	if m.Currency != n.Currency {
		return Money{}, Errorf(Internal, "cannot add %s to %s", n.Currency, m.Currency)
	}
	if (n.Minor > 0 && m.Minor > math.MaxInt64-n.Minor) || (n.Minor < 0 && m.Minor < math.MinInt64-n.Minor) {
		return Money{}, Errorf(Internal, "sum of %s and %s does not fit", m, n)
	}
	return Money{Minor: m.Minor + n.Minor, Currency: m.Currency}, nil
}

// String returns the amount for logs, such as "5000 XOF".
func (m Money) String() string { return fmt.Sprintf("%d %s", m.Minor, m.Currency) }
