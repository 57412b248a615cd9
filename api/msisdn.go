package api

import (
	"regexp"

	"github.com/nyaruka/phonenumbers"

	"pirogue"
)

// e164 is the contract's form of a number: a plus sign and ASCII digits, without spaces, extension
// or 00.
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// countryOf returns the country of a number, and whether the number is valid there. It ignores the
// network: numbers move between networks, so the prefix is no reason to refuse one.
func countryOf(number string) (pirogue.CountryCode, bool) {
	if !e164.MatchString(number) {
		return "", false
	}
	parsed, err := phonenumbers.Parse(number, phonenumbers.UNKNOWN_REGION)
	if err != nil || !phonenumbers.IsValidNumber(parsed) {
		return "", false
	}
	return pirogue.CountryCode(phonenumbers.GetRegionCodeForNumber(parsed)), true
}
