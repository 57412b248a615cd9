package pirogue

import "strings"

// MSISDN is a telephone number in E.164 form with its plus sign, such as "+22376123456". It is
// personal data: logs, workflow histories and API responses carry Masked.
type MSISDN string

// Country returns the country of the number's calling code. It is false when Countries has no such
// code.
func (m MSISDN) Country() (Country, bool) {
	country, _, ok := m.Split()
	return country, ok
}

// Split returns the country of the number and the national number, leading zeros kept. It is false
// when Countries has no such calling code.
func (m MSISDN) Split() (Country, string, bool) {
	for _, c := range Countries {
		if national, ours := strings.CutPrefix(string(m), "+"+c.DialCode); ours {
			return c, national, true
		}
	}
	return Country{}, "", false
}

// shown sets how many digits of a masked number stay readable at its end.
const shown = 2

// Masked returns the number with its middle hidden, such as "+223*****56".
func (m MSISDN) Masked() string {
	prefix := 0
	if country, _, ok := m.Split(); ok {
		prefix = len(country.DialCode) + 1
	}
	if len(m) < prefix+shown {
		return strings.Repeat("*", len(m))
	}
	hidden := len(m) - prefix - shown
	return string(m[:prefix]) + strings.Repeat("*", min(hidden, 5)) + string(m[len(m)-shown:])
}
