package taramoney

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/config"
)

// The names of an instance's credentials.
const (
	credAPIKey        = "api_key"
	credBusinessID    = "business_id"
	credWebhookSecret = "webhook_secret"
)

// basePath is where Taramoney's API begins. An address that ends before it is
// answered with 405.
const basePath = "/api/tara"

// credentials returns the rules for the credentials of an account.
func credentials(conf config.Operator) outbound.Credentials {
	return outbound.Credentials{
		credAPIKey:     {Must: true},
		credBusinessID: {Must: true},
		credWebhookSecret: {
			Form: outbound.HeaderValue, Words: outbound.HeaderWords, Must: conf.NoStatus,
		},
	}
}

// check reports every mistake of a configuration that is Taramoney's to make. No
// message repeats a credential.
func check(conf config.Operator) error {
	mistakes := credentials(conf).Check(conf.Credentials)
	if _, known := shapes[conf.Shape]; !known {
		mistakes = append(mistakes, fmt.Errorf("shape %q is none of: %q", conf.Shape, slices.Sorted(maps.Keys(shapes))))
	}
	if conf.Country != country {
		mistakes = append(mistakes, fmt.Errorf("country %q is not %s, the only one served", conf.Country, country))
	}
	if conf.Currency != pirogue.XAF {
		mistakes = append(mistakes, fmt.Errorf("currency %q is not XAF, the only one of this API", conf.Currency))
	}
	if _, served := methods[conf.Network]; conf.Network != "" && !served {
		mistakes = append(mistakes, fmt.Errorf("network %q is none that Taramoney serves in Cameroon", conf.Network))
	}
	if !conf.Simulator {
		mistakes = append(mistakes, checkReal(conf)...)
	}
	return errors.Join(mistakes...)
}

// checkReal reports the mistakes of an instance that reaches Taramoney itself.
func checkReal(conf config.Operator) []error {
	var mistakes []error
	if conf.Mode == pirogue.Test {
		mistakes = append(mistakes, errors.New("mode test needs a simulator: Taramoney has no test system"))
	}
	base, err := url.Parse(conf.BaseURL)
	if err == nil && base.Host != "" && strings.TrimRight(base.Path, "/") != basePath {
		mistakes = append(mistakes, fmt.Errorf("base URL must end in %s", basePath))
	}
	return mistakes
}
