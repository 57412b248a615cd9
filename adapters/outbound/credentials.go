package outbound

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Credentials is every credential an adapter knows, by its name in the configuration.
type Credentials map[string]Credential

// Credential is what one credential must be like.
type Credential struct {
	Form  *regexp.Regexp // nil: anything but nothing
	Words string         // Form for people; never an example of a real value
	Must  bool           // there must be one
}

// HeaderValue is the form of a credential that goes into an HTTP header as it is.
var HeaderValue = regexp.MustCompile(`^[!-~]+$`)

// HeaderWords is HeaderValue for people.
const HeaderWords = "visible characters without spaces"

// something is anything but nothing.
var something = regexp.MustCompile(`\S`)

// Check reports credentials that are missing, malformed or unknown: a misspelt
// optional secret would silently turn a check off. No message repeats a credential.
func (c Credentials) Check(given map[string]string) []error {
	var mistakes []error
	for _, name := range slices.Sorted(maps.Keys(c)) {
		rule, value := c[name], given[name]
		if rule.Form == nil {
			rule.Form, rule.Words = something, "not empty"
		}
		switch {
		case value == "" && rule.Must:
			mistakes = append(mistakes, fmt.Errorf("credential %s is missing", name))
		case value != "" && !rule.Form.MatchString(value):
			mistakes = append(mistakes, fmt.Errorf("credential %s must be %s", name, rule.Words))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, known := c[name]; !known {
			mistakes = append(mistakes, fmt.Errorf("credential %q is none of this adapter", name))
		}
	}
	return mistakes
}
