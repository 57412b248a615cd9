package engine_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"pirogue/sandbox/engine"
)

// TestATokenIsSealed changes the claims of a token, and signs it with another secret.
func TestATokenIsSealed(t *testing.T) {
	t.Parallel()
	ours := engine.NewTokens("secret")
	token, err := ours.JWT(map[string]int{"exp": 1})
	others, otherErr := engine.NewTokens("another").JWT(map[string]int{"exp": 1})
	if err != nil || otherErr != nil {
		t.Fatal(err, otherErr)
	}
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
		if read := ours.Read(row.token, &said); read != row.ours {
			t.Errorf("a token %s is ours: %v, and says %d", name, read, said.Exp)
		}
	}
}
