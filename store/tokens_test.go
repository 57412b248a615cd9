package store_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/support"
)

func TestATokenAdmitsItsHolderUntilItIsRevoked(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		secret, err := w.db.Tokens.CreateToken(w.ctx(), "awa", support.RoleFinance)
		require.NoError(w.t, err)
		other, err := w.db.Tokens.CreateToken(w.ctx(), "moussa", support.RoleReader)
		require.NoError(w.t, err)
		require.NotEqual(w.t, secret, other)
		name, role, err := w.db.Tokens.Token(w.ctx(), secret)
		require.NoError(w.t, err)
		require.Equal(w.t, []any{"awa", support.RoleFinance}, []any{name, role})
		require.False(w.t, bytes.Contains(w.dump(), []byte(strings.TrimPrefix(secret, "pirogue_admin_"))))

		w.now.Add(time.Hour.Microseconds())
		require.NoError(w.t, w.db.Tokens.RevokeToken(w.ctx(), "awa"))
		for name, guess := range map[string]string{"revoked": secret, "guessed": "x", "none": "", "NUL": "\x00"} {
			who, role, err := w.db.Tokens.Token(w.ctx(), guess)
			require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err), name)
			require.Empty(w.t, who+string(role), name)
		}
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(w.db.Tokens.RevokeToken(w.ctx(), "awa")))
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(w.db.Tokens.RevokeToken(w.ctx(), "nobody\x00")))
		_, err = w.db.Tokens.CreateToken(w.ctx(), "awa", support.RoleSupport)
		require.NoError(w.t, err, "a name can have another token when its first was revoked")

		tokens, err := w.db.Tokens.Tokens(w.ctx())
		require.NoError(w.t, err)
		var entries []string
		for _, token := range tokens {
			entries = append(entries,
				token.Name+" "+string(token.Role)+" "+map[bool]string{true: "in force"}[token.RevokedAt.IsZero()])
		}
		require.ElementsMatch(w.t, []string{"awa finance ", "moussa reader in force", "awa support in force"}, entries)
	})
}

func TestATokenHasANameOfItsOwnAndARole(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		_, err := w.db.Tokens.CreateToken(w.ctx(), "awa", support.RoleReader)
		require.NoError(w.t, err)
		for name, row := range map[string]struct {
			name string
			role support.Role
		}{
			"a name in use": {"awa", support.RoleReader},
			"no name":       {"", support.RoleReader},
			"NUL":           {"a\x00", support.RoleReader},
			"no role":       {"moussa", ""},
			"another role":  {"moussa", "root"},
		} {
			_, err := w.db.Tokens.CreateToken(w.ctx(), row.name, row.role)
			require.Equal(w.t, pirogue.InvalidParameter, pirogue.CodeOf(err), name)
		}
		tokens, err := w.db.Tokens.Tokens(w.ctx())
		require.NoError(w.t, err)
		require.Len(w.t, tokens, 1)
	})
}
