package digitalpaye

import (
	"cmp"
	"errors"
	"fmt"
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

// production is the one documented value of X-Environment.
const production = "Production"

// country is the only one that Digitalpaye's documents serve.
const country = "CI"

// noColon is the form of what Basic authentication puts before its colon.
var noColon = regexp.MustCompile(`^[^:\s]+$`)

// credentials is every credential of an instance.
var credentials = outbound.Credentials{
	credAPIKey:    {Form: noColon, Words: "without spaces and colons", Must: true},
	credAPISecret: {Must: true},
}

// check reports every mistake of a configuration that is Digitalpaye's to make. No
// message repeats a credential.
func check(conf config.Operator) error {
	mistakes := credentials.Check(conf.Credentials)
	if conf.Country != country {
		mistakes = append(mistakes, fmt.Errorf("country %q is not CI, the only one of this API", conf.Country))
	}
	if conf.Currency != pirogue.XOF {
		mistakes = append(mistakes, fmt.Errorf("currency %q is not XOF, the only one of this API", conf.Currency))
	}
	chosen, known := shapes[conf.Shape]
	if !known {
		mistakes = append(mistakes, fmt.Errorf("shape %q is none of %q", conf.Shape, slices.Sorted(maps.Keys(shapes))))
	}
	if _, served := chosen.operators[conf.Network]; known && !served && conf.Network != "" {
		mistakes = append(mistakes, fmt.Errorf("network %q is none of this API", conf.Network))
	}
	environment := cmp.Or(conf.Environment, production)
	if !outbound.HeaderValue.MatchString(environment) {
		mistakes = append(mistakes, fmt.Errorf("environment must be %s", outbound.HeaderWords))
	}
	if conf.Mode == pirogue.Live && environment != production {
		mistakes = append(mistakes, errors.New("environment is not Production, and cannot serve live keys"))
	}
	return errors.Join(mistakes...)
}
