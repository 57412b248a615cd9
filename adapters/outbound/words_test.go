package outbound

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestWordsKeepNoSecret(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"a secret repeated":      {"merchant_key k-9 is k-9", "merchant_key [secret] is [secret]"},
		"lines and controls":     {"no\r\n\tfunds\x00here ", "no funds here"},
		"a page":                 {strings.Repeat("é", 500), strings.Repeat("é", 200)},
		"bytes that are no text": {"ok\xff", "ok?"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Words(tt.text, "", "k-9"); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestFrancsAreReadExactly(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want int64
		bad  bool
	}{
		"an integer":                   {`153`, 153, false},
		"a string with decimals":       {`"153.00"`, 153, false},
		"a float without a fraction":   {`10.0`, 10, false},
		"more than a float can hold":   {`9007199254740993.00`, 9007199254740993, false},
		"below zero":                   {`-5`, -5, false},
		"a fraction":                   {`7.5`, 0, true},
		"an exponent":                  {`1e3`, 0, true},
		"an exponent after the point":  {`1.0e3`, 0, true},
		"more than the books can hold": {`9223372036854775808`, 0, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n json.Number
			if err := json.Unmarshal([]byte(tt.text), &n); err != nil {
				t.Fatal(err)
			}
			got, err := Francs(n)
			if got != tt.want || (err != nil) != tt.bad {
				t.Errorf("%d, %v; want %d", got, err, tt.want)
			}
		})
	}
}
