package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/listing"
)

func TestBalancesShowEverySubsidiary(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		paid, _ := w.sent("paid")
		_, err := w.success(paid)
		require.NoError(w.t, err)
		w.accept("under way in Mali")
		borne, a := w.newCashIn(w.owner, "its fee is the customer's")
		borne.FeePayer, borne.FeeReturns = pirogue.PaidByCustomer, false
		w.accepted(borne, a)
		w.now.Add(time.Second.Microseconds())
		w.accepted(w.cashOut("a cash-out", 1000, 20))
		cameroon, a := w.newCashIn(w.owner, "under way in Cameroon")
		cameroon.Country, cameroon.Amount, cameroon.Fee = "CM", pirogue.Money{
			Minor:    700,
			Currency: pirogue.XAF,
		}, pirogue.Money{}
		w.accepted(cameroon, a)

		balances, err := w.db.Reports.Balances(w.ctx(), w.owner)
		require.NoError(w.t, err)
		require.Equal(w.t, []listing.Balance{
			{Country: "CM", Currency: pirogue.XAF, Pending: 700, UpdatedAt: w.at(0)},
			{
				Country: "ML", Currency: pirogue.XOF, Available: 4925 - 1020, Pending: 4925 + 5000, Reserved: 1020,
				UpdatedAt: w.at(0),
			},
		}, balances)
		strangers, err := w.db.Reports.Balances(w.ctx(), w.another())
		require.NoError(w.t, err)
		require.Empty(w.t, strangers)
	})
}

func TestAContractIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		schedule, err := w.db.Merchants.Fees(w.ctx(), w.owner.MerchantID)
		require.NoError(w.t, err)
		require.Empty(w.t, schedule, "no contract, no fee")
		db := w.raw()
		for _, rule := range []string{
			"'CASHIN', '', '', 0, 150, 10, 0, 'merchant', 1",
			"'CASHOUT', 'ML', 'orange', 25, 0, 0, 500, 'customer', 0",
		} {
			require.NoError(w.t, w.exec(db,
				"INSERT INTO fee_rules (merchant_id, kind, country, network, fixed, basis_points, "+
					"min, max, payer, returned) VALUES (?, "+rule+")", string(w.owner.MerchantID)))
		}
		schedule, err = w.open(defaultRate).Merchants.Fees(w.ctx(), w.owner.MerchantID)
		require.NoError(w.t, err)
		require.Equal(w.t, pirogue.FeeSchedule{
			{Kind: pirogue.CashIn, BasisPoints: 150, Min: 10, Payer: pirogue.PaidByMerchant, Returned: true},
			{
				Kind: pirogue.CashOut, Country: "ML", Network: pirogue.Orange, Fixed: 25, Max: 500,
				Payer: pirogue.PaidByCustomer,
			},
		}, schedule)
		schedule, err = w.db.Merchants.Fees(w.ctx(), w.another().MerchantID)
		require.NoError(w.t, err)
		require.Empty(w.t, schedule, "another merchant's")
	})
}

func TestOperatorBookNamesThePaidReference(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, first := w.accept("order_1")
		second := w.renewAt("another", p, first)
		w.send(second)
		p, _ = w.latest(p.ID)
		_, err := w.success(p)
		require.NoError(w.t, err)
		out, a := w.cashOut("order_2", 1000, 20)
		w.underway(out, a)
		for code, want := range map[pirogue.OperatorCode]map[string]int64{
			first.Operator: {}, second.Operator: {string(second.Ref): 5000}, "nobody": {},
		} {
			in, out := w.operatorBook(code)
			require.Equal(w.t, want, in, code)
			require.Empty(w.t, out, "what is held has not moved")
		}
		_, err = w.success(out)
		require.NoError(w.t, err)
		_, left := w.operatorBook(operatorCode)
		require.Equal(w.t, map[string]int64{string(a.Ref): 1000}, left, "the fee stays with us")
		w.requireSound()
	})
}
