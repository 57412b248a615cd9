package digitalpaye

import (
	"cmp"
	"maps"
	"regexp"
	"slices"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/config"
)

// The names of an instance's credentials.
const (
	credAPIKey    = "api_key"
	credAPISecret = "api_secret"
)

// production is the only documented value of X-Environment.
const production = "Production"

// country is the only country in Digitalpaye's documents.
const country = "CI"

// noColon is the form of a user name in Basic authentication, which a colon would end.
var noColon = regexp.MustCompile(`^[^:\s]+$`)

// credentials holds the rules for an instance's credentials.
var credentials = outbound.Credentials{
	credAPIKey:    {Form: noColon, Description: "without spaces and colons", Required: true},
	credAPISecret: {Required: true},
}

// check returns every mistake of a configuration that is specific to Digitalpaye. No
// message contains a credential.
func check(conf config.Operator) outbound.Mistakes {
	var m outbound.Mistakes
	chosen, known := shapes[conf.Shape]
	m.If(!known, "shape %q is none of %q", conf.Shape, slices.Sorted(maps.Keys(shapes)))
	_, served := chosen.operators[conf.Network]
	m.If(known && !served && conf.Network != "", "network %q is none of this API", conf.Network)
	environment := environmentOf(conf)
	m.If(!outbound.HeaderValue.MatchString(environment), "environment must be %s", outbound.HeaderValueRule)
	m.If(conf.Mode == pirogue.Live && environment != production,
		"environment is not Production, and cannot serve live keys")
	return m
}

// environmentOf returns the X-Environment of an instance: Digitalpaye's test or live
// system.
func environmentOf(conf config.Operator) string { return cmp.Or(conf.Environment, production) }
