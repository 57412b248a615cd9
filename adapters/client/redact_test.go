package client

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWordsKeepNoSecret(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"a secret repeated":      {"merchant_key k-9 is k-9", "merchant_key [secret] is [secret]"},
		"lines and controls":     {"no\r\n\tfunds\x00here ", "no funds here"},
		"a page":                 {strings.Repeat("é", 500), strings.Repeat("é", 200)},
		"bytes that are no text": {"ok\xff", "ok?"},
		"telephone numbers":      {"no +22790123456 90123456 5000000", "no [secret] [secret] 5000000"},
		"a token": {
			strings.Repeat("aB3_", 16) + " " + strings.Repeat("a", 63), "[secret] " + strings.Repeat("a", 63),
		},
		"a key of digits":        {"key ab-12345678-k is not ours", "key [secret] is not ours"},
		"a number with a secret": {"no 2279k-90123456", "no 2279[secret]"},
		"a secret in a number":   {"no 9012k-93456789012", "no 9012[secret]"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Redact(tt.text, "", "k-9", "ab-12345678-k")
			require.Equal(t, tt.want, got)
		})
	}
}

func TestParseAmount(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want int64
		bad  bool
	}{
		"an integer":                    {`153`, 153, false},
		"a string with decimals":        {`"153.00"`, 153, false},
		"a float without a fraction":    {`10.0`, 10, false},
		"as much as a payment may move": {`1000000000000.00`, 1_000_000_000_000, false},
		"more than a payment may move":  {`1000000000001`, 0, true},
		"below zero":                    {`-5`, 0, true},
		"a fraction":                    {`7.5`, 0, true},
		"an exponent":                   {`1e3`, 0, true},
		"an exponent after the point":   {`1.0e3`, 0, true},
		"more than the books can hold":  {`9223372036854775808`, 0, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n json.Number
			require.NoError(t, json.Unmarshal([]byte(tt.text), &n))
			got, err := ParseAmount(n)
			require.Equal(t, tt.want, got, err)
			require.Equal(t, tt.bad, (err != nil))
		})
	}
}

func TestParseWhole(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"-5": -5, "9007199254740993.00": 9007199254740993} {
		got, err := ParseWhole(json.Number(text))
		require.Equal(t, want, got, err)
		require.NoError(t, err)
	}
}

func TestEqualSecret(t *testing.T) {
	t.Parallel()
	require.True(t, EqualSecret("a", "a"), "secrets are not told apart")
	require.False(t, EqualSecret("a", "ab"), "secrets are not told apart")
	require.False(t, EqualSecret("ab", "a"), "secrets are not told apart")
	require.False(t, EqualSecret("", "a"), "secrets are not told apart")
	require.False(t, EqualSecret("", ""), "secrets are not told apart")
}

func TestWhichPageMayBeShown(t *testing.T) {
	t.Parallel()
	for address, shown := range map[string][2]bool{ // shown for the real operator, and for a simulator
		"https://pay.example/c": {true, true},
		"http://pay.example/c":  {false, true},
		"javascript:alert(1)":   {false, false},
		"javascript://pay/%0a1": {false, false},
		"https:///c":            {false, false},
		"/c":                    {false, false},
		"":                      {false, false},
	} {
		require.Equal(t, shown[0], IsPageURL(address, false))
		require.Equal(t, shown[1], IsPageURL(address, true))
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]Text{
		`"5.0"`: "5.0", `5.0`: "5.0", `123456789012345678901`: "123456789012345678901", `null`: "",
	} {
		var got Text
		err := json.Unmarshal([]byte(raw), &got)
		require.NoError(t, err, raw)
		require.Equal(t, want, got, raw)
	}
	for _, raw := range []string{`{}`, `[]`, `true`} {
		var got Text
		require.Error(t, json.Unmarshal([]byte(raw), &got))
	}
}
