package store

import (
	"database/sql/driver"
	"fmt"
	"math/big"
	"strings"

	"gorm.io/gorm"
	"modernc.org/sqlite"
)

// exactSum names a SUM for SQLite, whose own fails as soon as a sum exceeds 64 bits. Such a sum
// becomes a float, which still compares.
const exactSum = "exact_sum"

func init() { //nolint:gochecknoinits // the driver knows functions by a name it is told once
	sqlite.MustRegisterFunction(exactSum, &sqlite.FunctionImpl{
		NArgs: 1, Deterministic: true,
		MakeAggregate: func(sqlite.FunctionContext) (sqlite.AggregateFunction, error) { return &bigSum{}, nil },
	})
}

// exactSums returns a query whose sums cannot fail. PostgreSQL needs no change: it adds BIGINTs as
// NUMERIC.
func exactSums(tx *gorm.DB, query string) string {
	if tx.Name() == "postgres" {
		return query
	}
	return strings.ReplaceAll(query, "SUM(", exactSum+"(")
}

// bigSum adds integers of any size. As in SQL, NULL is skipped and the sum of no row is NULL.
type bigSum struct {
	sum  big.Int
	rows int
}

// Step implements sqlite.AggregateFunction.
func (s *bigSum) Step(_ *sqlite.FunctionContext, row []driver.Value) error {
	return s.addTimes(row[0], 1)
}

// WindowInverse implements sqlite.AggregateFunction.
func (s *bigSum) WindowInverse(_ *sqlite.FunctionContext, row []driver.Value) error {
	return s.addTimes(row[0], -1)
}

// addTimes adds a value to the sum, or with times -1 takes it out again.
func (s *bigSum) addTimes(value driver.Value, times int) error {
	n, ok := value.(int64)
	switch {
	case value == nil:
		return nil
	case !ok:
		return fmt.Errorf("%s adds integers, not %T", exactSum, value)
	}
	s.rows += times
	s.sum.Add(&s.sum, new(big.Int).Mul(big.NewInt(n), big.NewInt(int64(times))))
	return nil
}

// WindowValue implements sqlite.AggregateFunction.
func (s *bigSum) WindowValue(*sqlite.FunctionContext) (driver.Value, error) {
	switch {
	case s.rows == 0:
		return nil, nil //nolint:nilnil // NULL
	case s.sum.IsInt64():
		return s.sum.Int64(), nil
	default:
		near, _ := new(big.Float).SetInt(&s.sum).Float64()
		return near, nil
	}
}

// Final implements sqlite.AggregateFunction.
func (*bigSum) Final(*sqlite.FunctionContext) {}
