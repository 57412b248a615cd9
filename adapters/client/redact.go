package client

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// maxText is the number of characters kept of an operator's text.
const maxText = 200

// privateText matches text that nobody at Pirogue needs to read. It matches strings as long as
// a token or a sealed PIN. It also matches numbers of eight digits or more, which are
// telephone numbers. Amounts are shorter.
var privateText = regexp.MustCompile(`[A-Za-z0-9+/=_.-]{64,}|\+?[0-9]{8,}`)

// Redact returns an operator's text that may be stored and read by support. It replaces
// secrets and everything that privateText matches, whether or not the operator should have
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
	return Truncate(strings.Join(strings.Fields(text), " "), maxText)
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

// Truncate returns the first n characters of text. It never splits a character.
func Truncate(text string, n int) string {
	runes := []rune(text)
	return string(runes[:min(n, len(runes))])
}
