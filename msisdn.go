package pirogue

import "strings"

// MSISDN is a telephone number in E.164 form with its plus sign, such as
// "+22376123456". It is personal data: logs, histories and answers carry Masked.
type MSISDN string

// shown is how many digits of a masked number stay readable at its end.
const shown = 2

// Masked returns the number with its middle hidden, such as "+223*****56".
func (m MSISDN) Masked() string {
	prefix := 0
	for _, c := range Countries {
		if strings.HasPrefix(string(m), "+"+c.DialCode) {
			prefix = len(c.DialCode) + 1
		}
	}
	if len(m) < prefix+shown {
		return strings.Repeat("*", len(m))
	}
	hidden := len(m) - prefix - shown
	return string(m[:prefix]) + strings.Repeat("*", min(hidden, 5)) + string(m[len(m)-shown:])
}
