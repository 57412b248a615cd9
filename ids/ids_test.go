package ids_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/ids"
)

func TestEveryIdentifierHasTheShapeItsReadersExpect(t *testing.T) {
	t.Parallel()

	tests := map[string]struct{ got, shape string }{
		"a payment is a lower-case UUIDv7": {
			string(ids.Payment()), `^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
		},
		"an operator reference fits every operator": {string(ids.Reference(pirogue.CashIn)), `^CI[0-9A-HJKMNP-TV-Z]{18}$`},
		"a test key says so":                        {ids.Key(pirogue.Test), `^nk_test_[0-9a-f]{24}$`},
		"a live key says so":                        {ids.Key(pirogue.Live), `^nk_live_[0-9a-f]{24}$`},
		"a secret has 64 hex characters":            {ids.Secret(), `^[0-9a-f]{64}$`},
		"a request id says what it is":              {ids.Request(), `^req_[0-9a-f]{20}$`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Regexp(t, regexp.MustCompile(tt.shape), tt.got)
		})
	}
}

func TestNoTwoReferencesAreEqual(t *testing.T) {
	t.Parallel()

	seen := map[pirogue.OperatorRef]bool{}
	for range 10_000 {
		ref := ids.Reference(pirogue.CashOut)
		require.False(t, seen[ref], "reference %s was drawn twice", ref)
		seen[ref] = true
	}
}
