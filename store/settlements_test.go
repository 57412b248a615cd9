package store_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/support"
)

// settlement returns a payout of the world's merchant that is not booked yet.
func (w *world) settlement(id string, amount int64) support.Settlement {
	return support.Settlement{
		ID: id, MerchantID: w.owner.MerchantID, Mode: w.owner.Mode, Country: "ML",
		Amount: pirogue.Money{Minor: amount, Currency: pirogue.XOF}, Note: "April", PaidAt: w.at(0),
	}
}

func TestAPayoutTakesTheMerchantsMoneyOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(5000)
		first := w.settlement("bank-1", 3000)
		require.NoError(w.t, w.db.Settlements.RecordSettlement(w.ctx(), first))
		again := first
		again.PaidAt = time.Time{} // a repeat that names no time
		w.now.Add(time.Hour.Microseconds())
		require.NoError(w.t, w.db.Settlements.RecordSettlement(w.ctx(), again))
		w.requireBalance(2000, 0)

		for name, change := range map[string]func(p *support.Settlement){
			"another amount":   func(p *support.Settlement) { p.Amount.Minor = 3001 },
			"another merchant": func(p *support.Settlement) { p.MerchantID = w.another().MerchantID },
			"another note":     func(p *support.Settlement) { p.Note = "May" },
		} {
			other := first
			change(&other)
			require.Equal(
				w.t, pirogue.IdempotencyMismatch, pirogue.CodeOf(w.db.Settlements.RecordSettlement(w.ctx(), other)), name,
			)
		}
		require.Equal(
			w.t, pirogue.InsufficientBalance,
			pirogue.CodeOf(w.db.Settlements.RecordSettlement(w.ctx(), w.settlement("bank-2", 2001))),
		)
		second := w.settlement("bank-2", 2000) // the failed call did not use the ID up
		require.NoError(w.t, w.db.Settlements.RecordSettlement(w.ctx(), second))
		w.requireBalance(0, 0)

		settlements, err := w.db.Settlements.Settlements(w.ctx(), w.owner)
		require.NoError(w.t, err)
		require.Equal(w.t, []support.Settlement{second, first}, settlements)
		settlements, err = w.db.Settlements.Settlements(
			w.ctx(), access.Owner{MerchantID: w.owner.MerchantID, Mode: pirogue.Live},
		)
		require.NoError(w.t, err)
		require.Empty(w.t, settlements)
		w.requireSound()
	})
}

func TestManyPayoutsNeverTakeMoreThanThereIs(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(5000)
		var paid, turnedAway atomic.Int64
		require.NoError(w.t, concurrently(40, func(i int) error {
			err := w.db.Settlements.RecordSettlement(w.ctx(), w.settlement("bank-"+string(rune('a'+i/2)), 1000)) // each twice
			switch pirogue.CodeOf(err) {
			case "":
				paid.Add(1)
			case pirogue.InsufficientBalance:
				turnedAway.Add(1)
			default:
				return err
			}
			return nil
		}))
		w.requireBalance(0, 0)
		settlements, err := w.db.Settlements.Settlements(w.ctx(), w.owner)
		require.NoError(w.t, err)
		require.Len(w.t, settlements, 5)
		require.Equal(w.t, []int64{10, 30}, []int64{paid.Load(), turnedAway.Load()}, "both calls of one payout hear the same")
		w.requireSound()
	})
}

func TestAPayoutThatMeansNothingIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(5000)
		for name, row := range map[string]struct {
			spoil func(p *support.Settlement)
			code  pirogue.Code
		}{
			"no ID":              {func(p *support.Settlement) { p.ID = "" }, pirogue.InvalidParameter},
			"no such merchant":   {func(p *support.Settlement) { p.MerchantID = "none" }, pirogue.NotFound},
			"no mode":            {func(p *support.Settlement) { p.Mode = "" }, pirogue.InvalidParameter},
			"no such country":    {func(p *support.Settlement) { p.Country = "FR" }, pirogue.CountryNotSupported},
			"another's currency": {func(p *support.Settlement) { p.Amount.Currency = pirogue.XAF }, pirogue.InvalidCurrency},
			"nothing":            {func(p *support.Settlement) { p.Amount.Minor = 0 }, pirogue.InvalidAmount},
			"less than nothing":  {func(p *support.Settlement) { p.Amount.Minor = -1 }, pirogue.InvalidAmount},
			"more than the maximum": {
				func(p *support.Settlement) { p.Amount.Minor = pirogue.MaxAmount + 1 }, pirogue.InvalidAmount,
			},
			"NUL":                    {func(p *support.Settlement) { p.Note = "\x00" }, pirogue.InvalidParameter},
			"a merchant with a NUL":  {func(p *support.Settlement) { p.MerchantID = "\x00" }, pirogue.NotFound},
			"a country without cash": {func(p *support.Settlement) { p.Country = "SN" }, pirogue.InsufficientBalance},
		} {
			p := w.settlement("bank-1", 1000)
			row.spoil(&p)
			require.Equal(w.t, row.code, pirogue.CodeOf(w.db.Settlements.RecordSettlement(w.ctx(), p)), name)
		}
		w.requireBalance(5000, 0)
		w.requireSound()
	})
}
