package client

import (
	"strings"

	"pirogue"
)

// mask lists the characters by which operators hide a digit.
const mask = "xX*#•"

// IsAnotherNumber reports whether an operator wrote another number than the wallet's, in
// international or local form. A missing number proves no difference, and a hidden digit
// may be any digit.
func IsAnotherNumber(written string, wallet pirogue.MSISDN) bool {
	kept := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return r
		case strings.ContainsRune(mask, r):
			return '*'
		default:
			return -1
		}
	}, written)
	if strings.Trim(kept, "*") == "" {
		return false
	}
	whole := strings.TrimPrefix(string(wallet), "+")
	country, _ := wallet.Country()
	for _, form := range []string{whole, "00" + whole, strings.TrimPrefix(whole, country.DialCode)} {
		if matches(kept, form) {
			return false
		}
	}
	return true
}

// matches reports whether a number with hidden digits may be the given one. Operators do
// not hide one character per digit. So a number of another length is compared up to its
// first hidden digit and from its last.
func matches(kept, form string) bool {
	first, last := strings.Index(kept, "*"), strings.LastIndex(kept, "*")
	switch {
	case first < 0:
		return kept == form
	case len(kept) != len(form):
		shown := first + len(kept) - last - 1
		return shown <= len(form) && strings.HasPrefix(form, kept[:first]) && strings.HasSuffix(form, kept[last+1:])
	}
	for i := range len(kept) {
		if kept[i] != '*' && kept[i] != form[i] {
			return false
		}
	}
	return true
}
