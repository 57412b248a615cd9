package operator

import "time"

// Duration is a time.Duration that JSON writes as text, such as "5m0s". People read it so in the
// inputs of workflows and activities.
type Duration time.Duration

// MarshalText writes the duration in the form of time.Duration.String. It never fails.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText parses a duration such as "90s". It returns an error for any other text.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}
