package outbound

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// maxWords is how much of an operator's text is kept, in characters.
const maxWords = 200

// Words makes an operator's text fit to be stored and read by support: the secrets
// cut out, whether or not the operator was meant to repeat them, line breaks and
// other controls turned into spaces, at most 200 characters.
func Words(text string, secrets ...string) string {
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	return Cut(strings.Join(strings.Fields(text), " "), maxWords)
}

// Cut returns the first n characters of text, never a part of one.
func Cut(text string, n int) string {
	runes := []rune(text)
	return string(runes[:min(n, len(runes))])
}

// Francs reads an amount as operators print it, such as 153, "153" or "153.00",
// without a float in between. It fails when the amount is not a whole number: the
// currencies Pirogue keeps have no minor unit.
func Francs(n json.Number) (int64, error) {
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
