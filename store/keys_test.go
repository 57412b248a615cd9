package store_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
)

func TestAKeyComesWithTheSecretsThatVerify(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		office := []netip.Prefix{netip.MustParsePrefix("196.200.80.0/24")}
		public, first, err := w.db.Keys.CreateKey(w.ctx(), w.owner, office)
		require.NoError(w.t, err)
		require.Regexp(w.t, "^nk_test_[0-9a-f]{24}$", public)
		require.Regexp(w.t, "^[0-9a-f]{64}$", first)
		secrets := func(after time.Duration) []string {
			k, m, err := w.db.Keys.Key(w.ctx(), public, w.at(after))
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
		second, err := w.db.Keys.RotateKey(w.ctx(), public, time.Hour)
		require.NoError(w.t, err)
		require.Equal(w.t, []string{second, first}, secrets(0))
		require.Equal(w.t, []string{second, first}, secrets(time.Hour-time.Microsecond))
		require.Equal(w.t, []string{second}, secrets(time.Hour))
		third, err := w.db.Keys.RotateKey(w.ctx(), public, time.Hour)
		require.NoError(w.t, err)
		require.Equal(w.t, []string{third, second}, secrets(0), "never three")
		fourth, err := w.db.Keys.RotateKey(w.ctx(), public, 0)
		require.NoError(w.t, err)
		require.Equal(w.t, []string{fourth}, secrets(0), "a secret that leaked stops at once")
	})
}

// A secret whose time is over is not opened. Its key of the ring may be gone, and nobody needs it.
func TestAKeyOutlivesItsOldSecret(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		_, err := w.db.Keys.RotateKey(w.ctx(), w.key, time.Hour)
		require.NoError(w.t, err)
		require.NoError(w.t, w.exec(w.raw(), "UPDATE api_keys SET previous_sealed = ? WHERE public = ?", "k0.gone", w.key))
		_, _, err = w.db.Keys.Key(w.ctx(), w.key, w.at(0))
		require.Equal(w.t, pirogue.Internal, pirogue.CodeOf(err), "it verifies, and cannot be read")
		key, _, err := w.db.Keys.Key(w.ctx(), w.key, w.at(time.Hour))
		require.NoError(w.t, err)
		require.Len(w.t, key.Secrets, 1)
	})
}

func TestAKeyThatIsNotInForceIsNotFound(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		public := w.key
		require.NoError(w.t, w.db.Keys.RevokeKey(w.ctx(), public))
		for name, key := range map[string]string{
			"revoked": public, "unknown": "nk_test_000000000000000000000000", "SQL": "' OR '1'='1", "NUL": "nk_\x00",
			"empty": "", "in capitals": strings.ToUpper(public),
		} {
			_, _, err := w.db.Keys.Key(w.ctx(), key, w.at(0))
			require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err), name)
		}
		_, err := w.db.Keys.RotateKey(w.ctx(), public, 0)
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(w.db.Keys.RevokeKey(w.ctx(), public)))
		_, _, err = w.db.Keys.WebhookSecrets(w.ctx(), w.owner)
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
		_, _, err = w.db.Keys.CreateKey(w.ctx(), access.Owner{MerchantID: "nobody", Mode: pirogue.Test}, nil)
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
		_, err = w.db.Keys.RotateKey(w.ctx(), public, access.RotationOverlap+1)
		require.Equal(w.t, pirogue.InvalidParameter, pirogue.CodeOf(err))
	})
}

func TestWebhooksAreSignedWithTheNewestKeyInForce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.now.Add(time.Second.Microseconds())
		newest, secret, err := w.db.Keys.CreateKey(w.ctx(), w.owner, nil)
		require.NoError(w.t, err)
		api, standard, err := w.db.Keys.WebhookSecrets(w.ctx(), w.owner)
		require.NoError(w.t, err)
		require.Equal(w.t, secret, api)
		require.Regexp(w.t, `^whsec_[A-Za-z0-9+/]{43}=$`, standard)

		keys, err := w.db.Keys.Keys(w.ctx(), w.owner)
		require.NoError(w.t, err)
		require.Len(w.t, keys, 2)
		require.Equal(w.t, newest, keys[0].Public)
		require.Empty(w.t, keys[0].Secrets)

		require.NoError(w.t, w.db.Keys.RevokeKey(w.ctx(), newest))
		older, same, err := w.db.Keys.WebhookSecrets(w.ctx(), w.owner)
		require.NoError(w.t, err)
		require.NotEqual(w.t, api, older)
		require.Equal(w.t, standard, same)
	})
}
