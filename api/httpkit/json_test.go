package httpkit

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"pirogue"
)

// FuzzStrictJSON checks that the reader accepts only text that all JSON parsers read alike.
func FuzzStrictJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":1}`, `{"a":1,"a":2}`, `{"a":{"b":[1,"x",null,true,-1.5e3]}}`, `{"a":1}{"b":2}`, `[1]`, `null`, ``,
		`{"a":"\ud83d\ude00"}`,
		`{"a":"\ud83d"}`, `{"a":"\\ud83d"}`, "{\"a\":\"\xff\"}", `{"\u0061":1,"a":2}`, "\ufeff{}", `{"a":"\u0000"}`,
		strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20), `{"amount":9223372036854775808}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := DecodeObject(body, math.MaxInt)
		if err != nil {
			require.Equal(t, pirogue.InvalidJSON, pirogue.CodeOf(err))
			return
		}
		var plain map[string]any
		require.NoError(t, json.Unmarshal(body, &plain), "Go itself cannot read %q", body)
		require.Len(t, got.Values, len(plain))
		require.Len(t, got.Names, len(plain))
		for name, value := range got.Values {
			require.Contains(t, plain, name)
			if text, ok := value.(string); ok {
				require.True(t, utf8.ValidString(text))
				require.Equal(t, plain[name], text)
				require.False(t, strings.Contains(text, lost) && !mentions(body), "%q lost a letter", body)
			}
		}
	})
}

// lost is the character that Go puts in the place of bytes it cannot decode.
const lost = "\ufffd"

// mentions reports whether a body holds that character itself.
func mentions(body []byte) bool {
	return strings.Contains(string(body), lost) || strings.Contains(strings.ToLower(string(body)), `\ufffd`)
}
