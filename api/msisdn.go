package api

import (
	"regexp"

	"github.com/nyaruka/phonenumbers"

	"pirogue"
)

// e164 is a number as the contract spells it: ASCII digits after a plus sign,
// without spaces, extension or 00.
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// countryOf returns the country a number belongs to, and whether it can be dialled
// there at all. Which network carries it is not asked: numbers move between
// networks, so the prefix is no reason to refuse one.
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
