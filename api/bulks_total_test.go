package api

import (
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/bulk"
)

func TestABulkCostsAtMostTheMaximum(t *testing.T) {
	t.Parallel()

	line := func(amount, fee int64) pirogue.Payment {
		return pirogue.Payment{
			Kind: pirogue.CashOut, Amount: pirogue.Money{Minor: amount, Currency: pirogue.XOF},
			Fee: pirogue.Money{Minor: fee, Currency: pirogue.XOF}, FeePayer: pirogue.PaidByMerchant,
		}
	}
	b := bulk.Bulk{Amount: pirogue.Money{Currency: pirogue.XOF}, Fee: pirogue.Money{Currency: pirogue.XOF}}
	require.NoError(t, add(&b, line(pirogue.MaxAmount/2, 5)))
	before := b
	err := add(&b, line(pirogue.MaxAmount/2-5, 1))
	require.Equal(t, pirogue.InvalidAmount, pirogue.CodeOf(err), "the fees count")
	require.Equal(t, before, b)
	require.NoError(t, add(&b, line(pirogue.MaxAmount/2-5, 0)))
	require.Equal(t, pirogue.MaxAmount, b.Cost)
}
