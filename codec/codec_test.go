package codec_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue/codec"
	"pirogue/vault"
)

func TestWhatTemporalStoresIsSealedAndReadAgain(t *testing.T) {
	t.Parallel()

	c := codec.Converter(ring(t))
	payload, err := c.ToPayload("CI0123456789ABCDEFGH")
	require.NoError(t, err)
	require.NotContains(t, string(payload.GetData()), "CI0123456789ABCDEFGH")

	var got string
	require.NoError(t, c.FromPayload(payload, &got))
	require.Equal(t, "CI0123456789ABCDEFGH", got)
}

func TestAMissingKeyPanicsSoThatTheWorkflowOnlyWaits(t *testing.T) {
	t.Parallel()

	payload, err := codec.Converter(ring(t)).ToPayload("x")
	require.NoError(t, err)
	other := codec.Converter(ring(t))
	require.Panics(t, func() {
		var got string
		require.NoError(t, other.FromPayload(payload, &got))
	})
}

func ring(t *testing.T) *vault.Ring {
	t.Helper()
	r, err := vault.ParseRing(vault.NewRing("k" + t.Name()[:4]))
	require.NoError(t, err)
	return r
}
