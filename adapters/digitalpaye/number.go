package digitalpaye

import (
	"strings"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// dialCode is the calling code of Côte d'Ivoire.
const dialCode = "225"

// terms holds Digitalpaye's limits, the same both ways, in francs. A number has ten digits
// since 2021, with its leading zero.
var terms = outbound.Limits{
	Name: "Digitalpaye", Country: country, Currency: pirogue.XOF, Reference: maxReference, Digits: 10,
	CashIn: operator.Limits{Min: 100, Max: 1_000_000}, CashOut: operator.Limits{Min: 100, Max: 1_000_000},
}

// international returns the E.164 form of a number that Digitalpaye wrote as +225…, as 225…
// or in the local form. It returns "" for any text that is no number of Côte d'Ivoire.
func international(number string) pirogue.MSISDN {
	digits := strings.TrimPrefix(number, "+")
	if len(digits) > terms.Digits {
		digits = strings.TrimPrefix(digits, dialCode)
	}
	whole := pirogue.MSISDN("+" + dialCode + digits)
	if _, ours := terms.LocalOf(whole); !ours {
		return ""
	}
	return whole
}
