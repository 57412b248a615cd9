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

// maxWords is how much of an operator's text is kept, in characters.
const maxWords = 200

// private is what a text may repeat and nobody here need read: anything as long as a
// token or a sealed PIN, and numbers of eight digits or more, which are telephone numbers.
// Amounts are shorter.
var private = regexp.MustCompile(`[A-Za-z0-9+/=_.-]{64,}|\+?[0-9]{8,}`)

// Words makes an operator's text fit to be stored and read by support: the secrets and
// what is private by its look cut out, whether or not the operator was meant to repeat
// them, line breaks and other controls turned into spaces, at most 200 characters.
func Words(text string, secrets ...string) string {
	hidden := private.FindAllStringIndex(text, -1)
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
	}, strings.ToValidUTF8(without(text, hidden), "?"))
	return Cut(strings.Join(strings.Fields(text), " "), maxWords)
}

// without returns a text in which a mark stands for every run of hidden bytes. Runs that
// overlap are one, so that no end of one stays because another was cut out before.
func without(text string, hidden [][]int) string {
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

// Same compares what a caller brought with what only we and the operator know, in a time
// that tells nothing about it. Nothing is the same as a secret that is not there.
func Same(brought, secret string) bool {
	return secret != "" && subtle.ConstantTimeCompare([]byte(brought), []byte(secret)) == 1
}

// Sign returns the HMAC-SHA256 of a text in lower-case hexadecimal.
func Sign(secret string, text []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(text)
	return hex.EncodeToString(mac.Sum(nil))
}

// IsPage reports whether an address may be shown to a customer: https, or http from a
// simulator.
func IsPage(address string, simulator bool) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || (u.Scheme == "http" && simulator))
}

// Text is a JSON string, or a number where an operator is not sure which it sends:
// amounts, codes and identifiers come as both.
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

// Cut returns the first n characters of text, never a part of one.
func Cut(text string, n int) string {
	runes := []rune(text)
	return string(runes[:min(n, len(runes))])
}

// Francs reads the amount of a payment as operators print it, such as 153, "153" or
// "153.00", without a float in between. It fails when the amount is not a whole number,
// for the currencies Pirogue keeps have no minor unit, below 0 and above pirogue.MaxAmount:
// no payment moves that much, so such an answer says nothing.
func Francs(n json.Number) (int64, error) {
	francs, err := Whole(n)
	if err == nil && (francs < 0 || francs > pirogue.MaxAmount) {
		return 0, fmt.Errorf("amount %d is no payment's", francs)
	}
	return francs, err
}

// Whole is Francs without bounds, for what is no payment, such as a balance.
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
