package httpkit_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/operator"
)

// Merchants branch on codes, so each has one row, one status and both texts.
func TestCodes(t *testing.T) {
	t.Parallel()

	seen := map[pirogue.Code]bool{}
	for _, row := range httpkit.Codes {
		require.False(t, seen[row.Code], "%s has two rows", row.Code)
		seen[row.Code] = true
		require.NotEmpty(t, row.Text.FR, row.Code)
		require.NotEmpty(t, row.Text.EN, row.Code)
		require.GreaterOrEqual(t, row.HTTP, 400, row.Code)
		require.Equal(t, row, httpkit.InfoOf(row.Code))
	}
}

// The outcomes of operator calls and unknown codes must not reach a merchant.
func TestInfoOf(t *testing.T) {
	t.Parallel()

	for _, code := range []pirogue.Code{operator.NotSent, operator.Refused, operator.Unknown, "NO_SUCH_CODE"} {
		require.Equal(t, pirogue.Internal, httpkit.InfoOf(code).Code, code)
	}
	require.Equal(t, pirogue.Internal, pirogue.CodeOf(errors.New("from a library")))
	wrapped := fmt.Errorf("while reading: %w", pirogue.FieldError(pirogue.InvalidAmount, "amount"))
	require.Equal(t, pirogue.InvalidAmount, pirogue.CodeOf(wrapped))
}
