package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/ids"
)

func TestOneFeePerKindCountryAndNetwork(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		id := w.owner.MerchantID
		rules := pirogue.FeeSchedule{
			{
				Kind: pirogue.CashIn, Fixed: 10, BasisPoints: 150, Min: 25, Max: 500,
				Payer: pirogue.PaidByMerchant, Returned: true,
			},
			{
				Kind: pirogue.CashIn, Country: "ML", Network: pirogue.Orange, BasisPoints: 200,
				Payer: pirogue.PaidByCustomer,
			},
			{Kind: pirogue.CashOut, Fixed: 100, Payer: pirogue.PaidByMerchant},
		}
		for _, r := range rules {
			require.NoError(w.t, w.db.Merchants.SetFee(w.ctx(), id, r))
		}
		rules[1].BasisPoints, rules[1].Payer, rules[1].Returned = 175, pirogue.PaidByMerchant, true
		for range 2 {
			require.NoError(w.t, w.db.Merchants.SetFee(w.ctx(), id, rules[1]))
		}
		fees := func() pirogue.FeeSchedule {
			fees, err := w.db.Merchants.Fees(w.ctx(), id)
			require.NoError(w.t, err)
			return fees
		}
		require.ElementsMatch(w.t, rules, fees())

		require.NoError(w.t, w.db.Merchants.RemoveFee(w.ctx(), id, pirogue.CashIn, "ML", pirogue.Orange))
		require.Equal(w.t, pirogue.NotFound,
			pirogue.CodeOf(w.db.Merchants.RemoveFee(w.ctx(), id, pirogue.CashIn, "ML", pirogue.Orange)))
		require.ElementsMatch(w.t, pirogue.FeeSchedule{rules[0], rules[2]}, fees())
		others, err := w.db.Merchants.Fees(w.ctx(), w.another().MerchantID)
		require.NoError(w.t, err)
		require.Empty(w.t, others)
	})
}

func TestAContractThatMeansNothingIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		id := w.owner.MerchantID
		good := pirogue.FeeRule{Kind: pirogue.CashIn, Payer: pirogue.PaidByMerchant}
		for name, row := range map[string]struct {
			merchant pirogue.MerchantID
			spoil    func(r *pirogue.FeeRule)
			code     pirogue.Code
		}{
			"no kind":          {id, func(r *pirogue.FeeRule) { r.Kind = "" }, pirogue.InvalidParameter},
			"more than all":    {id, func(r *pirogue.FeeRule) { r.BasisPoints = 10_001 }, pirogue.InvalidParameter},
			"no such country":  {id, func(r *pirogue.FeeRule) { r.Country = "FR" }, pirogue.CountryNotSupported},
			"NUL":              {id, func(r *pirogue.FeeRule) { r.Network = "\x00" }, pirogue.InvalidParameter},
			"no such merchant": {pirogue.MerchantID(ids.New()), func(*pirogue.FeeRule) {}, pirogue.NotFound},
			"NUL for merchant": {"\x00", func(*pirogue.FeeRule) {}, pirogue.NotFound},
		} {
			r := good
			row.spoil(&r)
			require.Equal(w.t, row.code, pirogue.CodeOf(w.db.Merchants.SetFee(w.ctx(), row.merchant, r)), name)
		}
		require.Equal(
			w.t, pirogue.NotFound, pirogue.CodeOf(w.db.Merchants.RemoveFee(w.ctx(), "\x00", pirogue.CashIn, "", "")),
		)
	})
}

func TestAMerchantChoosesWhatBecomesOfLateMoney(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		id := w.owner.MerchantID
		for _, policy := range []pirogue.LatePolicy{pirogue.LateAccept, pirogue.LateReturn} {
			require.NoError(w.t, w.db.Merchants.SetLatePolicy(w.ctx(), id, policy))
			merchant, err := w.db.Merchants.Merchant(w.ctx(), id)
			require.NoError(w.t, err)
			require.Equal(w.t, policy, merchant.LatePolicy)
		}
		require.Equal(w.t, pirogue.InvalidParameter, pirogue.CodeOf(w.db.Merchants.SetLatePolicy(w.ctx(), id, "keep")))
		require.Equal(w.t, pirogue.NotFound,
			pirogue.CodeOf(w.db.Merchants.SetLatePolicy(w.ctx(), pirogue.MerchantID(ids.New()), pirogue.LateAccept)))
		require.Equal(
			w.t, pirogue.NotFound, pirogue.CodeOf(w.db.Merchants.SetLatePolicy(w.ctx(), "\x00", pirogue.LateAccept)),
		)
	})
}
