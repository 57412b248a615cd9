package store_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/support"
)

func TestTheDatabaseRefusesAnAmountAboveTheMaximum(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.newCashIn(w.owner, "order_1")
		p.Amount.Minor = pirogue.MaxAmount + 1
		w.requireRefused(pirogue.Internal, p, a)
		p.Amount.Minor, p.Fee.Minor = pirogue.MaxAmount, 0
		w.accepted(p, a)
		require.NoError(w.t, w.opens(support.Case{
			ID: support.NewCaseID(p.ID, support.CauseUnknown), PaymentID: p.ID, Cause: support.CauseUnknown,
			OpenedAt: w.at(0),
		}))
		require.NoError(w.t, w.db.Merchants.SetFee(w.ctx(), w.owner.MerchantID, pirogue.FeeRule{
			Kind: pirogue.CashIn, Payer: pirogue.PaidByMerchant,
		}))
		db, above := w.raw(), fmt.Sprint(pirogue.MaxAmount+1)
		for name, statement := range map[string]string{
			"a payment's amount": "INSERT INTO payments (id, kind, status, amount, fee) VALUES ('x', 'CASHIN', 'CREATED', " +
				above + ", 0)",
			"a payment's fee": "INSERT INTO payments (id, kind, status, amount, fee) VALUES ('x', 'CASHIN', 'CREATED', 1, " +
				above + ")",
			"a bulk's cost":      "INSERT INTO bulks (id, amount, fee, cost) VALUES ('x', 1, 0, " + above + ")",
			"a line's amount":    "INSERT INTO bulk_lines (bulk_id, number, amount, fee) VALUES ('x', 1, " + above + ", 0)",
			"a settlement":       "INSERT INTO settlements (id, amount) VALUES ('x', " + above + ")",
			"a transfer":         "INSERT INTO ledger_transfers (id, amount) VALUES ('x', " + above + ")",
			"a case's money":     "UPDATE cases SET paid = " + above,
			"a fee's fixed part": "UPDATE fee_rules SET fixed = " + above,
			"a fee's bounds":     "UPDATE fee_rules SET min = 1, max = " + above,
		} {
			require.ErrorContains(w.t, w.exec(db, statement), "above the maximum", name)
		}
		w.requireSound()
	})
}

// Rows that are older than the maximum may be larger. They end as all others do, and make no
// query fail.
func TestAnAmountOlderThanTheMaximumStopsNoReading(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		huge := func(o access.Owner, reference string) pirogue.Payment {
			p, a := w.newCashIn(o, reference)
			p.Amount.Minor, p.Fee.Minor, p.FeeReturns = math.MaxInt64, 0, false
			return w.underway(p, a)
		}
		other := w.another()
		var first, second, third pirogue.Payment
		w.beforeTheMaximum(func() {
			first, second = huge(w.owner, "first"), huge(w.owner, "second")
			third = huge(other, "another merchant's")
		})
		require.Equal(w.t, 2*pirogue.MaxAmount, w.money().Pending, "two of them do not fit into 64 bits")

		_, err := w.success(first)
		require.NoError(w.t, err)
		_, err = w.end(second, pirogue.StatusExpired, pirogue.FailedNotPaid)
		require.NoError(w.t, err)
		require.Equal(w.t, int64(math.MaxInt64), w.money().Available)

		_, err = w.success(third)
		require.NoError(w.t, err)
		w.owner = w.another()
		w.fund(500)
		w.requireBalance(500, 0)
		w.requireSound()
	})
}

// A hold that is older than the maximum is captured or released. No hold of that size is made
// again.
func TestAHoldOlderThanTheMaximumIsResolved(t *testing.T) {
	t.Parallel()
	const large = 2 * pirogue.MaxAmount
	each(t, func(w *world) {
		var paid, failed pirogue.Payment
		w.beforeTheMaximum(func() {
			w.fund(2 * large)
			paid = w.underway(w.cashOut("paid", large, 0))
			failed = w.underway(w.cashOut("failed", large, 0))
		})
		w.requireBalance(0, 2*large)
		_, err := w.success(paid)
		require.NoError(w.t, err)
		_, err = w.end(failed, pirogue.StatusFailed, pirogue.FailedDeclined)
		require.NoError(w.t, err)
		w.requireBalance(large, 0)
		p, a := w.cashOut("another", large, 0)
		w.requireRefused(pirogue.Internal, p, a)
		w.requireSound()
	})
}

// beforeTheMaximum runs do in a database without the triggers that enforce the maximum.
func (w *world) beforeTheMaximum(do func()) {
	w.t.Helper()
	db, on := w.raw(), map[string]string{}
	guards := "SELECT name || ' ' || tbl_name || ' ' || sql FROM sqlite_master " +
		"WHERE type = 'trigger' AND name LIKE '%_amount'"
	if w.postgres() {
		guards = `SELECT tgname || ' ' || tgrelid::regclass || ' ' || pg_get_triggerdef(oid) FROM pg_trigger
			WHERE tgname LIKE '%_amount'`
	}
	var again []string
	for _, guard := range texts(w.t, db, guards) {
		message := strings.SplitN(guard, " ", 3)
		on[message[0]], again = message[1], append(again, message[2])
	}
	require.NotEmpty(w.t, on)
	for name, table := range on {
		statement := "DROP TRIGGER " + name
		if w.postgres() {
			statement += " ON " + table
		}
		require.NoError(w.t, w.exec(db, statement))
	}
	do()
	for _, statement := range again {
		require.NoError(w.t, w.exec(db, statement))
	}
}
