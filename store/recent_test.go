package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/store"
)

// TestRecentKey changes a key and its merchant in one process and looks at what two processes
// believe.
func TestRecentKey(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		other := w.open(defaultRate)
		public := w.key
		read := func(db *store.DB) (access.APIKey, pirogue.Merchant, bool) {
			return db.Keys.RecentKey(public, w.at(0))
		}
		know := func() {
			_, _, err := w.db.Keys.Key(w.ctx(), public, w.at(0))
			require.NoError(w.t, err)
			_, _, err = other.Keys.Key(w.ctx(), public, w.at(0))
			require.NoError(w.t, err)
		}
		_, _, known := read(w.db)
		require.False(w.t, known, "before it was read")

		know()
		_, merchant, known := read(w.db)
		require.True(w.t, known)
		require.False(w.t, merchant.Suspended)

		require.NoError(w.t, w.db.Merchants.SuspendMerchant(w.ctx(), w.owner.MerchantID))
		_, _, known = read(w.db)
		require.False(w.t, known, "in the process that suspended its merchant")
		require.Eventually(w.t, func() bool {
			_, _, known := read(other)
			return !known
		}, 2*time.Second+100*time.Millisecond, 20*time.Millisecond, "in every other process")
		expired, _, _ := read(other)
		require.Empty(w.t, expired.Secrets, "nobody may compare with what is forgotten")

		know()
		_, merchant, _ = read(other)
		require.True(w.t, merchant.Suspended)
		secret, err := w.db.Keys.RotateKey(w.ctx(), public, time.Hour)
		require.NoError(w.t, err)
		know()
		key, _, _ := read(other)
		require.Equal(w.t, secret, key.Secrets[0].Text)
		require.Len(w.t, key.Secrets, 2)
		w.now.Add(time.Hour.Microseconds())
		know()
		key, _, _ = read(other)
		require.Len(w.t, key.Secrets, 1, "the old secret has ended")

		require.NoError(w.t, w.db.Keys.RevokeKey(w.ctx(), public))
		_, _, known = read(w.db)
		require.False(w.t, known, "in the process that revoked it")
	})
}

// TestRecentFees changes a fee in one process and looks at what two processes charge.
func TestRecentFees(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		other, id := w.open(defaultRate), w.owner.MerchantID
		charged := func(db *store.DB) int {
			schedule, err := db.Merchants.Fees(w.ctx(), id)
			require.NoError(w.t, err)
			return len(schedule)
		}
		require.Zero(w.t, charged(w.db))
		require.Zero(w.t, charged(other))
		require.NoError(w.t, w.db.Merchants.SetFee(w.ctx(), id, pirogue.FeeRule{
			Kind: pirogue.CashIn, BasisPoints: 150, Payer: pirogue.PaidByMerchant,
		}))
		require.Equal(w.t, 1, charged(w.db), "in the process that set it")
		require.Eventually(w.t, func() bool { return charged(other) == 1 },
			2*time.Second+100*time.Millisecond, 20*time.Millisecond, "in every other process")
	})
}

// TestAdmit checks that a signature and a request are counted together, and that a replay counts
// against nothing.
func TestAdmit(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		admit := func(signature, path string, after time.Duration) (bool, time.Duration) {
			good, wait, err := w.db.Keys.Admit(w.ctx(), access.UsedSignature{
				Signature: signatureOf(signature), KeyID: w.key, Method: "POST", Path: path, At: w.at(after),
			}, w.owner)
			require.NoError(w.t, err)
			return good, wait
		}
		for range defaultRate.Burst {
			good, wait := admit("s", "/cashin", 0)
			require.True(w.t, good)
			require.Zero(w.t, wait)
			good, wait = admit("s", "/refunds", 0)
			require.False(w.t, good, "a replay")
			require.Zero(w.t, wait, "counts against nothing")
		}
		good, wait := admit("s", "/cashin", 0)
		require.True(w.t, good)
		require.Equal(w.t, time.Second/time.Duration(defaultRate.PerSecond), wait, "above the rate")
		good, wait = admit("t", "/refunds", 0)
		require.True(w.t, good)
		require.Positive(w.t, wait, "above the rate")
		good, _ = admit("t", "/cashin", time.Minute)
		require.False(w.t, good, "a refused request has used its signature")
		good, wait = admit("s", "/refunds", access.SignatureLife)
		require.True(w.t, good, "forgotten, it can be bound again")
		require.Zero(w.t, wait)
		good, _ = admit("s", "/cashin", access.SignatureLife)
		require.False(w.t, good, "and is bound")
	})
}

// TestAdmitOfAChangedKey changes a key in one process and admits a request by what another one remembers
// of it.
func TestAdmitOfAChangedKey(t *testing.T) {
	t.Parallel()
	revoke := func(w *world) error { return w.db.Keys.RevokeKey(w.ctx(), w.key) }
	for name, row := range map[string]struct {
		change  func(w *world) error
		admits  bool // a request that the remembered key verified
		limited bool // requests are counted
	}{
		"not at all":                 {change: func(*world) error { return nil }, admits: true, limited: true},
		"not at all, without a rate": {change: func(*world) error { return nil }, admits: true},
		"revoked":                    {change: revoke, limited: true},
		"revoked, without a rate":    {change: revoke},
		"rotated": {change: func(w *world) error {
			_, err := w.db.Keys.RotateKey(w.ctx(), w.key, 0)
			return err
		}, limited: true},
		"its merchant suspended": {change: func(w *world) error {
			return w.db.Merchants.SuspendMerchant(w.ctx(), w.owner.MerchantID)
		}, limited: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(w *world) {
				rate := store.Rate{}
				if row.limited {
					rate = defaultRate
				}
				other := w.open(rate)
				key, _, err := other.Keys.Key(w.ctx(), w.key, w.at(0))
				require.NoError(w.t, err)
				require.NoError(w.t, row.change(w))
				admit := func(version, signature string) (bool, error) {
					good, wait, err := other.Keys.Admit(w.ctx(), access.UsedSignature{
						Signature: signatureOf(signature), KeyID: w.key, KeyVersion: version,
						Method: "POST", Path: "/cashout", At: w.at(0),
					}, w.owner)
					require.Zero(w.t, wait)
					return good, err
				}
				for range 2 * defaultRate.Burst { // one that is refused counts against nothing
					good, err := admit(key.Version, "s")
					if row.admits {
						require.NoError(w.t, err)
						require.True(w.t, good)
						return
					}
					require.ErrorIs(w.t, err, access.ErrKeyChanged)
					require.False(w.t, good)
				}
				good, err := admit("", "t")
				require.NoError(w.t, err)
				require.True(w.t, good)
			})
		})
	}
}
