package store_test

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/store"
)

func TestASignatureIsGoodForOneMethodAndPath(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		at, life := w.at(0), access.SignatureLife
		spend := func(method, path string, after time.Duration) bool {
			ok, err := w.db.UseSignature(w.ctx(), access.UsedSignature{
				Signature: sha256.Sum256([]byte("s")), KeyID: w.key, Method: method, Path: path, At: at.Add(after),
			})
			require.NoError(w.t, err)
			return ok
		}
		require.True(w.t, spend("POST", "/payments/cashin", 0), "first seen")
		require.True(w.t, spend("POST", "/payments/cashin", time.Second), "the same request again")
		require.False(w.t, spend("POST", "/refunds", time.Second), "replayed on another path")
		require.False(w.t, spend("GET", "/payments/cashin", life-time.Microsecond), "or with another method, to the last")
		require.True(w.t, spend("POST", "/refunds", life), "forgotten, it can be bound again")
		require.False(w.t, spend("POST", "/payments/cashin", life+time.Second), "and is bound")
	})
}

func TestOnePathWinsASignatureThatComesOnTwo(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		var won [2]atomic.Int64
		require.NoError(w.t, together(60, func(i int) error {
			ok, err := w.db.UseSignature(w.ctx(), access.UsedSignature{
				Signature: sha256.Sum256([]byte("s")), KeyID: w.key, Method: "POST", Path: fmt.Sprint("/", i%2), At: w.at(0),
			})
			if ok {
				won[i%2].Add(1)
			}
			return err
		}))
		require.ElementsMatch(w.t, []int64{0, 30}, []int64{won[0].Load(), won[1].Load()})
	})
}

func TestAPathThatCannotBeKeptIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		_, err := w.db.UseSignature(w.ctx(), access.UsedSignature{Method: "GET", Path: "/\x00", At: w.at(0)})
		require.Equal(w.t, pirogue.InvalidParameter, pirogue.CodeOf(err))
	})
}

func TestAPurgeForgetsInSmallStepsAndNeverWhatStillGuards(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		spend := func(i int) {
			ok, err := w.db.UseSignature(w.ctx(), access.UsedSignature{
				Signature: sha256.Sum256(fmt.Append(nil, i)), KeyID: w.key, Method: "GET", Path: "/", At: w.at(0),
			})
			require.NoError(w.t, err)
			require.True(w.t, ok)
		}
		for i := range 5 {
			spend(i)
		}
		w.now.Add(time.Hour.Microseconds())
		spend(99)
		for _, want := range []int{2, 2, 1, 0} {
			gone, err := w.db.Purge(w.ctx(), w.at(24*time.Hour), 2) // a time that is too late
			require.NoError(w.t, err)
			require.Equal(w.t, want, gone)
		}
		ok, err := w.db.UseSignature(w.ctx(), access.UsedSignature{
			Signature: sha256.Sum256(fmt.Append(nil, 99)), Method: "POST", Path: "/refunds", At: w.at(0),
		})
		require.NoError(w.t, err)
		require.False(w.t, ok)
	})
}

func TestABurstPassesAndTheRestWaitsAsLongAsItIsTold(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) { // 10 a second, 20 at once
		take := func(after time.Duration) time.Duration {
			wait, err := w.db.Take(w.ctx(), w.owner, w.at(after))
			require.NoError(w.t, err)
			return wait
		}
		for range 20 {
			require.Zero(w.t, take(0))
		}
		require.Equal(w.t, 100*time.Millisecond, take(0))
		require.Equal(w.t, 70*time.Millisecond, take(30*time.Millisecond))
		require.Equal(w.t, time.Microsecond, take(100*time.Millisecond-time.Microsecond), "a moment too early")
		require.Zero(w.t, take(100*time.Millisecond), "the wait was true")
		require.NotZero(w.t, take(100*time.Millisecond))
		for range 20 {
			require.Zero(w.t, take(time.Hour), "a quiet hour saves one burst")
		}
		require.Equal(w.t, 100*time.Millisecond, take(time.Hour), "and no more")
		wait, err := w.db.Take(w.ctx(), w.another(), w.at(0))
		require.NoError(w.t, err)
		require.Zero(w.t, wait, "another merchant has a rate of its own")
	})
}

func TestTheBurstIsExactWhenAllComeAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		var passed atomic.Int64
		require.NoError(w.t, together(200, func(int) error {
			wait, err := w.db.Take(w.ctx(), w.owner, w.at(0))
			if err == nil && wait == 0 {
				passed.Add(1)
			}
			return err
		}))
		require.EqualValues(w.t, 20, passed.Load())
	})
}

func TestNoRateLimitsNothing(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		db := w.open(store.Rate{})
		for range 30 {
			wait, err := db.Take(w.ctx(), w.owner, w.at(0))
			require.NoError(w.t, err)
			require.Zero(w.t, wait)
		}
	})
}

func TestAKeyComesWithTheSecretsThatVerify(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		office := []netip.Prefix{netip.MustParsePrefix("196.200.80.0/24")}
		public, first, err := w.db.CreateKey(w.ctx(), w.owner, office)
		require.NoError(w.t, err)
		require.Regexp(w.t, "^nk_test_[0-9a-f]{24}$", public)
		require.Regexp(w.t, "^[0-9a-f]{64}$", first)
		secrets := func(after time.Duration) []string {
			k, m, err := w.db.Key(w.ctx(), public, w.at(after))
			require.NoError(w.t, err)
			require.Equal(w.t, w.owner, access.Owner{MerchantID: k.MerchantID, Mode: k.Mode})
			require.Equal(w.t, office, k.AllowedIPs)
			require.Equal(w.t, "Boutique Téranga", m.Name)
			var texts []string
			for _, s := range k.Secrets {
				texts = append(texts, s.Text)
			}
			return texts
		}
		require.Equal(w.t, []string{first}, secrets(0))
		second, err := w.db.RotateKey(w.ctx(), public, time.Hour)
		require.NoError(w.t, err)
		require.Equal(w.t, []string{second, first}, secrets(0))
		require.Equal(w.t, []string{second, first}, secrets(time.Hour-time.Microsecond))
		require.Equal(w.t, []string{second}, secrets(time.Hour))
		third, err := w.db.RotateKey(w.ctx(), public, time.Hour)
		require.NoError(w.t, err)
		require.Equal(w.t, []string{third, second}, secrets(0), "never three")
		fourth, err := w.db.RotateKey(w.ctx(), public, 0)
		require.NoError(w.t, err)
		require.Equal(w.t, []string{fourth}, secrets(0), "a secret that leaked stops at once")
	})
}

func TestAKeyThatIsNotInForceIsNotFound(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		public := w.key
		require.NoError(w.t, w.db.RevokeKey(w.ctx(), public))
		for name, key := range map[string]string{
			"revoked": public, "unknown": "nk_test_000000000000000000000000", "SQL": "' OR '1'='1", "NUL": "nk_\x00",
			"empty": "", "in capitals": strings.ToUpper(public),
		} {
			_, _, err := w.db.Key(w.ctx(), key, w.at(0))
			require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err), name)
		}
		_, err := w.db.RotateKey(w.ctx(), public, 0)
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(w.db.RevokeKey(w.ctx(), public)))
		_, _, err = w.db.WebhookSecrets(w.ctx(), w.owner)
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
		_, _, err = w.db.CreateKey(w.ctx(), access.Owner{MerchantID: "nobody", Mode: pirogue.Test}, nil)
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
		_, err = w.db.RotateKey(w.ctx(), public, access.RotationOverlap+1)
		require.Equal(w.t, pirogue.InvalidParameter, pirogue.CodeOf(err))
	})
}

func TestWebhooksAreSignedWithTheNewestKeyInForce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.now.Add(time.Second.Microseconds())
		newest, secret, err := w.db.CreateKey(w.ctx(), w.owner, nil)
		require.NoError(w.t, err)
		api, standard, err := w.db.WebhookSecrets(w.ctx(), w.owner)
		require.NoError(w.t, err)
		require.Equal(w.t, secret, api)
		require.Regexp(w.t, `^whsec_[A-Za-z0-9+/]{43}=$`, standard)

		keys, err := w.db.Keys(w.ctx(), w.owner)
		require.NoError(w.t, err)
		require.Len(w.t, keys, 2)
		require.Equal(w.t, newest, keys[0].Public)
		require.Empty(w.t, keys[0].Secrets)

		require.NoError(w.t, w.db.RevokeKey(w.ctx(), newest))
		older, same, err := w.db.WebhookSecrets(w.ctx(), w.owner)
		require.NoError(w.t, err)
		require.NotEqual(w.t, api, older)
		require.Equal(w.t, standard, same)
	})
}

func TestAMerchantCanBeChanged(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		id := w.owner.MerchantID
		merchant := func() pirogue.Merchant {
			m, err := w.db.Merchant(w.ctx(), id)
			require.NoError(w.t, err)
			return m
		}
		want := pirogue.Merchant{
			ID: id, Name: "Boutique Téranga", NotifyURL: hook, LatePolicy: pirogue.LateReturn, CreatedAt: w.at(0),
		}
		require.Equal(w.t, want, merchant())
		require.NoError(w.t, w.db.SuspendMerchant(w.ctx(), id))
		require.True(w.t, merchant().Suspended)
		require.NoError(w.t, w.db.ResumeMerchant(w.ctx(), id))
		require.NoError(w.t, w.db.SetNotifyURL(w.ctx(), id, ""))
		want.NotifyURL = ""
		require.Equal(w.t, want, merchant())
		stands, err := w.db.CreateMerchant(w.ctx(), pirogue.Merchant{ID: id, Name: "Somebody else"})
		require.NoError(w.t, err)
		require.Equal(w.t, want, stands, "a merchant is made once")
		all, err := w.db.Merchants(w.ctx())
		require.NoError(w.t, err)
		require.Equal(w.t, []pirogue.Merchant{want}, all)

		_, err = w.db.Merchant(w.ctx(), "nobody")
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(w.db.SuspendMerchant(w.ctx(), "nobody")))
	})
}
