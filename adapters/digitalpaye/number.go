package digitalpaye

import (
	"strings"

	"pirogue"
)

const (
	dialCode    = "225"
	localDigits = 10 // of a number in Côte d'Ivoire since 2021, with its leading zero
)

// local returns a number as Digitalpaye wants it, and whether it is one of Côte
// d'Ivoire.
func local(number pirogue.MSISDN) (string, bool) {
	digits, found := strings.CutPrefix(string(number), "+"+dialCode)
	return digits, found && isLocal(digits)
}

// international returns a number in E.164 that Digitalpaye wrote as +225…, as 225… or
// in the local form; "" for anything that is no number of Côte d'Ivoire.
func international(number string) pirogue.MSISDN {
	digits := strings.TrimPrefix(number, "+")
	if len(digits) > localDigits {
		digits = strings.TrimPrefix(digits, dialCode)
	}
	if !isLocal(digits) {
		return ""
	}
	return pirogue.MSISDN("+" + dialCode + digits)
}

func isLocal(digits string) bool {
	return len(digits) == localDigits && strings.Trim(digits, "0123456789") == ""
}
