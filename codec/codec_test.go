package codec_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"

	"pirogue/codec"
	"pirogue/vault"
)

func TestWhatTemporalStoresIsSealedAndReadAgain(t *testing.T) {
	t.Parallel()

	c := codec.Converter(ring(t), codec.RefuseUnsealed)
	payload, err := c.ToPayload("CI0123456789ABCDEFGH")
	require.NoError(t, err)
	require.NotContains(t, string(payload.GetData()), "CI0123456789ABCDEFGH")

	var got string
	require.NoError(t, c.FromPayload(payload, &got))
	require.Equal(t, "CI0123456789ABCDEFGH", got)
}

func TestAMissingKeyPanicsSoThatTheWorkflowOnlyWaits(t *testing.T) {
	t.Parallel()

	payload, err := codec.Converter(ring(t), codec.RefuseUnsealed).ToPayload("x")
	require.NoError(t, err)
	other := codec.Converter(ring(t), codec.RefuseUnsealed)
	require.Panics(t, func() {
		var got string
		require.NoError(t, other.FromPayload(payload, &got))
	})
}

// Anyone who can write to Temporal can send a payload without encryption. The codec refuses
// it with an error: the error rejects the Update that carries it and blocks no workflow.
func TestAnUnsealedPayloadIsRefused(t *testing.T) {
	t.Parallel()

	plain, err := converter.GetDefaultDataConverter().ToPayload("018f3b1e")
	require.NoError(t, err)
	var got string
	require.ErrorContains(t, codec.Converter(ring(t), codec.RefuseUnsealed).FromPayload(plain, &got), "not sealed")
	require.Empty(t, got)
	require.NoError(t, codec.Converter(ring(t), codec.ReadUnsealed).FromPayload(plain, &got))
	require.Equal(t, "018f3b1e", got)
}

func ring(t *testing.T) *vault.Ring {
	t.Helper()
	r, err := vault.ParseRing(vault.NewRing("k" + t.Name()[:4]))
	require.NoError(t, err)
	return r
}
