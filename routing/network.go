package routing

import (
	"strings"

	"pirogue"
)

// prefixes lists the national prefixes assigned to each network, by country. They are a hint:
// numbers move between networks, so Pirogue refuses no number for its prefix.
//
// Source: the vendor table in Novasend's documentation, v1.0. The two prefixes of Cameroon on which
// sources disagree (685-689) are left out.
var prefixes = map[pirogue.CountryCode]map[pirogue.Network][]string{
	"ML": {pirogue.Orange: span("70-79 82-84 90-94"), pirogue.Moov: span("60-69 80 89 95-99")},
	"CI": {pirogue.Orange: span("07"), pirogue.MTN: span("05"), pirogue.Moov: span("01")},
	"SN": {pirogue.Orange: span("77-78")},
	"BF": {pirogue.Orange: span("05-07 54-57 64-67 74-77"), pirogue.Moov: span("01-03 51-53 60-62 70-73")},
	"TG": {pirogue.Moov: span("76-79 96-99")},
	"CM": {pirogue.Orange: span("655-659 690-699"), pirogue.MTN: span("650-654 670-679 680-684")},
}

// ProbableNetwork returns the network that a number's prefix suggests; "" when it
// suggests none.
func ProbableNetwork(number pirogue.MSISDN) pirogue.Network {
	country, national, ok := number.Split()
	if !ok {
		return ""
	}
	for network, given := range prefixes[country.Code] {
		for _, prefix := range given {
			if strings.HasPrefix(national, prefix) {
				return network
			}
		}
	}
	return ""
}

// span writes out prefixes such as "70-72 80" as 70, 71, 72, 80.
func span(text string) []string {
	var all []string
	for part := range strings.FieldsSeq(text) {
		first, last, ranged := strings.Cut(part, "-")
		if !ranged {
			last = first
		}
		for prefix := first; ; prefix = next(prefix) {
			all = append(all, prefix)
			if prefix == last {
				break
			}
		}
	}
	return all
}

// next returns the decimal number that follows digits, with as many digits.
func next(digits string) string {
	raised := []byte(digits)
	for i := len(raised) - 1; i >= 0; i-- {
		if raised[i] != '9' {
			raised[i]++
			break
		}
		raised[i] = '0'
	}
	return string(raised)
}
