package engine_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
)

// TestTokens changes the claims of a token, and signs it with another secret.
func TestTokens(t *testing.T) {
	t.Parallel()
	ours := engine.NewTokens("secret")
	token, err := ours.JWT(map[string]int{"exp": 1})
	others, otherErr := engine.NewTokens("another").JWT(map[string]int{"exp": 1})
	require.NoError(t, err)
	require.NoError(t, otherErr)
	parts := strings.Split(token, ".")
	longer := base64.RawURLEncoding.EncodeToString([]byte(`{"exp":2}`))
	for name, row := range map[string]struct {
		token string
		ours  bool
	}{
		"as it was made":       {token, true},
		"with a later end":     {parts[0] + "." + longer + "." + parts[2], false},
		"by somebody else":     {others, false},
		"without its seal":     {parts[0] + "." + parts[1] + ".", false},
		"that is nothing":      {"", false},
		"in one piece, sealed": {"x." + parts[2], false},
	} {
		var said struct{ Exp int }
		require.Equal(t, row.ours, ours.Read(row.token, &said), name)
	}
}
