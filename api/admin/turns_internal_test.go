package admin

import (
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
)

// A lane without actions is deleted, so memory does not grow with the number of payments.
func TestAPaymentThatNobodyActsOnTakesNoRoom(t *testing.T) {
	t.Parallel()

	turns := newConcurrencyLimiter()
	for _, id := range []pirogue.PaymentID{"a", "b", "a"} {
		leave, err := turns.take(t.Context(), id)
		require.NoError(t, err)
		require.Len(t, turns.lanes, 1)
		leave()
	}
	require.Empty(t, turns.lanes)
}
