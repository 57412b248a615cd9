package stage

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// NoBreak is a space at which no line ends.
const NoBreak = "\u00a0"

// Grouped writes an amount as French-speaking Africa does: 50 000, with spaces at
// which no line ends.
func Grouped(amount int64) string {
	digits := strconv.FormatInt(amount, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + NoBreak + digits[i:]
	}
	return digits
}

// BareNumber strips what people put between the digits of a number, and writes an
// international 00 as +.
func BareNumber(typed string) string {
	bare := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" .-()\u00a0\u202f", r) {
			return -1
		}
		return r
	}, typed)
	if international, found := strings.CutPrefix(bare, "00"); found {
		return "+" + international
	}
	return bare
}

// Language chooses among the known languages for a page: what the link says
// (?lang=en), else what the browser prefers, else the first known one.
func Language(r *http.Request, known ...string) string {
	// Only the primary part of a tag counts: fr-SN and fr-ML read the same page.
	wanted := []string{r.URL.Query().Get("lang")}
	for _, tag := range append(wanted, preferred(r.Header.Get("Accept-Language"))...) {
		code, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if slices.Contains(known, code) {
			return code
		}
	}
	return known[0]
}

// preferred lists the languages of an Accept-Language header, the most wanted
// first. What cannot be read counts least.
func preferred(header string) []string {
	weights := map[string]float64{}
	var tags []string
	for _, part := range strings.Split(header, ",") {
		tag, quality, weighed := strings.Cut(strings.TrimSpace(part), ";q=")
		weights[tag] = 1
		if weighed {
			weights[tag], _ = strconv.ParseFloat(quality, 64) //nolint:errcheck // unreadable is 0
		}
		tags = append(tags, tag)
	}
	slices.SortStableFunc(tags, func(a, b string) int {
		switch {
		case weights[a] > weights[b]:
			return -1
		case weights[a] < weights[b]:
			return 1
		}
		return 0
	})
	return tags
}
