package outbound

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Mistakes is what is wrong with a configuration, all of it.
type Mistakes []error

// If adds a mistake that was made.
func (m *Mistakes) If(made bool, format string, args ...any) {
	if made {
		*m = append(*m, fmt.Errorf(format, args...))
	}
}

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

// Key is a credential that must be there and goes into a header, or comes in one.
var Key = Credential{Form: HeaderValue, Words: HeaderWords, Must: true}

// something is anything but nothing.
var something = regexp.MustCompile(`\S`)

// Check reports credentials that are missing, malformed or unknown: a misspelt
// optional secret would silently turn a check off. No message repeats a credential.
func (c Credentials) Check(given map[string]string) Mistakes {
	var m Mistakes
	for _, name := range slices.Sorted(maps.Keys(c)) {
		rule, value := c[name], given[name]
		if rule.Form == nil {
			rule.Form, rule.Words = something, "not empty"
		}
		m.If(value == "" && rule.Must, "credential %s is missing", name)
		m.If(value != "" && !rule.Form.MatchString(value), "credential %s must be %s", name, rule.Words)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		_, known := c[name]
		m.If(!known, "credential %q is none of this adapter", name)
	}
	return m
}
