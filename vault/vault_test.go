package vault_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue/vault"
)

func ring(t *testing.T, text string) *vault.Ring {
	t.Helper()
	r, err := vault.ParseRing(text)
	require.NoError(t, err)
	return r
}

func TestWhatIsSealedOpensOnlyForItsPurpose(t *testing.T) {
	t.Parallel()

	r := ring(t, vault.NewRing("k1"))
	sealed, err := r.Seal("api-secret", []byte("0b2cc4dc"))
	require.NoError(t, err)
	require.NotContains(t, sealed, "0b2cc4dc")

	plain, err := r.Open("api-secret", sealed)
	require.NoError(t, err)
	require.Equal(t, "0b2cc4dc", string(plain))

	_, err = r.Open("msisdn", sealed)
	require.Error(t, err)
}

func TestARotatedRingOpensOldTextAndKeepsItsDigests(t *testing.T) {
	t.Parallel()

	old := vault.NewRing("k1")
	before, after := ring(t, old), ring(t, vault.NewRing("k2")+","+old)
	sealed, err := before.Seal("msisdn", []byte("+22376123456"))
	require.NoError(t, err)

	plain, err := after.Open("msisdn", sealed)
	require.NoError(t, err)
	require.Equal(t, "+22376123456", string(plain))
	require.Equal(t, before.Digest("msisdn", "+22376123456"), after.Digest("msisdn", "+22376123456"))
	require.Len(t, after.Token("callback", "CI0123"), 43)

	_, err = before.Open("msisdn", "k2."+strings.Split(sealed, ".")[1])
	require.ErrorContains(t, err, "not in the ring")
}

func TestAChangedByteDoesNotOpen(t *testing.T) {
	t.Parallel()

	r := ring(t, vault.NewRing("k1"))
	sealed, err := r.Seal("msisdn", []byte("+22376123456"))
	require.NoError(t, err)
	flipped := []byte(sealed)
	flipped[len(flipped)/2] ^= 1
	_, err = r.Open("msisdn", string(flipped))
	require.Error(t, err)
}

func TestARingThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()

	for name, text := range map[string]string{
		"empty":         "",
		"no name":       ":" + strings.Repeat("a", 64),
		"a short key":   "k1:abcd",
		"not hex":       "k1:" + strings.Repeat("z", 64),
		"a dot in it":   "k.1:" + strings.Repeat("a", 64),
		"the same name": "k1:" + strings.Repeat("a", 64) + ",k1:" + strings.Repeat("b", 64),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := vault.ParseRing(text)
			require.Error(t, err)
		})
	}
}
