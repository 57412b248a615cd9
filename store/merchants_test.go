package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
)

func TestAMerchantCanBeChanged(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		id := w.owner.MerchantID
		merchant := func() pirogue.Merchant {
			m, err := w.db.Merchants.Merchant(w.ctx(), id)
			require.NoError(w.t, err)
			return m
		}
		want := pirogue.Merchant{
			ID: id, Name: "Boutique Téranga", NotifyURL: hook, LatePolicy: pirogue.LateReturn, CreatedAt: w.at(0),
		}
		require.Equal(w.t, want, merchant())
		require.NoError(w.t, w.db.Merchants.SuspendMerchant(w.ctx(), id))
		require.True(w.t, merchant().Suspended)
		require.NoError(w.t, w.db.Merchants.ResumeMerchant(w.ctx(), id))
		require.Equal(w.t, pirogue.InvalidURL, pirogue.CodeOf(w.db.Merchants.SetNotifyURL(w.ctx(), id, "https://\x00")))
		require.Equal(w.t, hook, merchant().NotifyURL)
		require.NoError(w.t, w.db.Merchants.SetNotifyURL(w.ctx(), id, ""))
		want.NotifyURL = ""
		require.Equal(w.t, want, merchant())
		stored, err := w.db.Merchants.CreateMerchant(w.ctx(), pirogue.Merchant{ID: id, Name: "Somebody else"})
		require.NoError(w.t, err)
		require.Equal(w.t, want, stored, "a merchant is made once")
		all, err := w.db.Merchants.Merchants(w.ctx())
		require.NoError(w.t, err)
		require.Equal(w.t, []pirogue.Merchant{want}, all)

		_, err = w.db.Merchants.Merchant(w.ctx(), "nobody")
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(w.db.Merchants.SuspendMerchant(w.ctx(), "nobody")))
		for _, nobody := range []pirogue.MerchantID{"nobody", "\x00"} {
			require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(w.db.Merchants.SetNotifyURL(w.ctx(), nobody, hook)))
		}
	})
}
