package outbound

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"pirogue"
)

// maxWords is the number of characters kept of an operator's text.
const maxWords = 200

// privateText matches text that nobody at Pirogue needs to read. It matches strings as long as
// a token or a sealed PIN. It also matches numbers of eight digits or more, which are
// telephone numbers. Amounts are shorter.
var privateText = regexp.MustCompile(`[A-Za-z0-9+/=_.-]{64,}|\+?[0-9]{8,}`)

// Redact returns an operator's text that may be stored and read by support. It replaces
// secrets and everything that private matches, whether or not the operator should have
// repeated them. It turns line breaks and other control characters into spaces and keeps at
// most 200 characters.
func Redact(text string, secrets ...string) string {
	hidden := privateText.FindAllStringIndex(text, -1)
	for _, secret := range secrets {
		for from := 0; secret != ""; {
			at := strings.Index(text[from:], secret)
			if at < 0 {
				break
			}
			hidden = append(hidden, []int{from + at, from + at + len(secret)})
			from += at + 1
		}
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(replaceHidden(text, hidden), "?"))
	return Cut(strings.Join(strings.Fields(text), " "), maxWords)
}

// replaceHidden returns text with a mark in place of every run of hidden bytes. Overlapping runs
// count as one, so that no end of a secret remains because another run was removed first.
func replaceHidden(text string, hidden [][]int) string {
	slices.SortFunc(hidden, func(a, b []int) int { return a[0] - b[0] })
	var kept strings.Builder
	end := 0
	for _, run := range hidden {
		if run[0] >= end {
			kept.WriteString(text[end:run[0]] + "[secret]")
		}
		end = max(end, run[1])
	}
	return kept.String() + text[end:]
}

// Same compares a value from a caller with a secret in constant time, so that the time
// reveals nothing. It returns false for an empty secret.
func Same(brought, secret string) bool {
	return secret != "" && subtle.ConstantTimeCompare([]byte(brought), []byte(secret)) == 1
}

// Sign returns the HMAC-SHA256 of a text in lower-case hexadecimal.
func Sign(secret string, text []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(text)
	return hex.EncodeToString(mac.Sum(nil))
}

// IsPage reports whether a customer may be sent to an address: https, or http of a
// simulator.
func IsPage(address string, simulator bool) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || (u.Scheme == "http" && simulator))
}

// Text reads a JSON string or a number. Some operators send amounts, codes and identifiers
// as either.
type Text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(raw, []byte(`"`)) {
		return json.Unmarshal(raw, (*string)(t))
	}
	var number json.Number
	if err := json.Unmarshal(raw, &number); err != nil {
		return err
	}
	*t = Text(number)
	return nil
}

// Cut returns the first n characters of text. It never splits a character.
func Cut(text string, n int) string {
	runes := []rune(text)
	return string(runes[:min(n, len(runes))])
}

// Francs reads the amount of a payment as operators print it, such as 153, "153" or
// "153.00". It uses no float in between. It returns an error for a fraction, because
// Pirogue's currencies have no minor unit. It also rejects amounts below 0 or above
// pirogue.MaxAmount: no payment moves that much.
func Francs(n json.Number) (int64, error) {
	francs, err := Whole(n)
	if err == nil && (francs < 0 || francs > pirogue.MaxAmount) {
		return 0, fmt.Errorf("amount %d is no payment's", francs)
	}
	return francs, err
}

// Whole does what Francs does without bounds, for amounts that are no payment, such as a
// balance.
func Whole(n json.Number) (int64, error) {
	whole, fraction, _ := strings.Cut(n.String(), ".")
	if strings.Trim(fraction, "0") != "" {
		return 0, fmt.Errorf("amount %q is not a whole number", n)
	}
	francs, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("amount: %w", err)
	}
	return francs, nil
}
