package client

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Mistakes collects every mistake of a configuration.
type Mistakes []error

// AddIf adds a mistake if made is true.
func (m *Mistakes) AddIf(made bool, format string, args ...any) {
	if made {
		*m = append(*m, fmt.Errorf(format, args...))
	}
}

// Credentials maps the names of an adapter's credentials to their rules.
type Credentials map[string]Credential

// Credential is the rule for one credential.
type Credential struct {
	Form        *regexp.Regexp // nil accepts any text that is not blank
	Description string         // describes Form to people; never an example of a real value
	Required    bool           // the credential is mandatory
}

// HeaderValue is the form of a credential that goes into an HTTP header unchanged.
var HeaderValue = regexp.MustCompile(`^[!-~]+$`)

// HeaderValueRule describes HeaderValue to people.
const HeaderValueRule = "visible characters without spaces"

// HeaderSecret is the rule for a mandatory credential that we send or receive in a header.
var HeaderSecret = Credential{Form: HeaderValue, Description: HeaderValueRule, Required: true}

// notBlank matches any text that is not blank.
var notBlank = regexp.MustCompile(`\S`)

// Check reports credentials that are missing, malformed or unknown. It rejects unknown
// names because a misspelt optional secret would silently disable a check. No message
// contains a credential.
func (c Credentials) Check(given map[string]string) Mistakes {
	var m Mistakes
	for _, name := range slices.Sorted(maps.Keys(c)) {
		rule, value := c[name], given[name]
		if rule.Form == nil {
			rule.Form, rule.Description = notBlank, "not empty"
		}
		m.AddIf(value == "" && rule.Required, "credential %s is missing", name)
		m.AddIf(value != "" && !rule.Form.MatchString(value), "credential %s must be %s", name, rule.Description)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		_, known := c[name]
		m.AddIf(!known, "credential %q is none of this adapter", name)
	}
	return m
}
