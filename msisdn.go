package pirogue

import "strings"

// MSISDN is a telephone number in E.164 form with its plus sign, such as
// "+22376123456". It is personal data: logs, histories and answers carry Masked.
type MSISDN string

// Country returns the country a number's calling code belongs to, and whether it is one
// we know.
func (m MSISDN) Country() (Country, bool) {
	country, _, ok := m.split()
	return country, ok
}

// split returns the country a number belongs to and the number without its calling
// code, leading zeros kept, and whether it is a country we know.
func (m MSISDN) split() (Country, string, bool) {
	for _, c := range Countries {
		if national, ours := strings.CutPrefix(string(m), "+"+c.DialCode); ours {
			return c, national, true
		}
	}
	return Country{}, "", false
}

// shown is how many digits of a masked number stay readable at its end.
const shown = 2

// Masked returns the number with its middle hidden, such as "+223*****56".
func (m MSISDN) Masked() string {
	prefix := 0
	if country, _, ok := m.split(); ok {
		prefix = len(country.DialCode) + 1
	}
	if len(m) < prefix+shown {
		return strings.Repeat("*", len(m))
	}
	hidden := len(m) - prefix - shown
	return string(m[:prefix]) + strings.Repeat("*", min(hidden, 5)) + string(m[len(m)-shown:])
}
