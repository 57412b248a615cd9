package novasend

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/config"
)

// The names of an instance's credentials.
const (
	credAPIKey        = "api_key"
	credAPIClient     = "api_client"
	credAccountID     = "account_id"
	credWebhookSecret = "webhook_secret"
)

// beforeColon is what may stand before the colon of HTTP's basic authentication.
var beforeColon = regexp.MustCompile(`^[!-9;-~]+$`)

// credentials is every credential of an instance.
var credentials = outbound.Credentials{
	credAPIKey:        {Form: beforeColon, Words: outbound.HeaderWords + " or colons", Must: true},
	credAPIClient:     {Form: outbound.HeaderValue, Words: outbound.HeaderWords, Must: true},
	credAccountID:     {},
	credWebhookSecret: {Must: true}, // without it any stranger could make us ask
}

// The shapes of Novasend's requests: values of config.Operator.Shape.
const (
	shapeSeed    = ""
	shapeCurrent = "current"
	shapeDirect  = "direct"
)

// testHosts mark the addresses of Novasend's test systems, sandbox.novasend.app and
// business-staging.novasend.app.
var testHosts = regexp.MustCompile(`sandbox|staging`)

// check reports every mistake of a configuration that is Novasend's to make. No
// message repeats a credential.
func check(conf config.Operator) error {
	mistakes := credentials.Check(conf.Credentials)
	country, known := pirogue.CountryByCode(conf.Country)
	switch {
	case !known:
		mistakes = append(mistakes, fmt.Errorf("country %q is none we know", conf.Country))
	case conf.Currency != country.Currency:
		mistakes = append(mistakes, fmt.Errorf("currency %q is not %s, the one of %s",
			conf.Currency, country.Currency, country.Code))
	}
	base, err := url.Parse(conf.BaseURL)
	if err == nil && conf.Mode == pirogue.Live && testHosts.MatchString(base.Host) {
		mistakes = append(mistakes, errors.New("base URL is a test system of Novasend's, which cannot serve live keys"))
	}
	return errors.Join(append(mistakes, checkShape(conf)...)...)
}

// checkShape reports what is wrong with the shape and with what it needs.
func checkShape(conf config.Operator) []error {
	var mistakes []error
	switch conf.Shape {
	case shapeSeed:
		if conf.Credentials[credAccountID] == "" {
			mistakes = append(mistakes, fmt.Errorf("credential %s is missing", credAccountID))
		}
	case shapeCurrent:
	case shapeDirect:
		if !direct[conf.Country] {
			mistakes = append(mistakes, fmt.Errorf("shape direct does not serve country %q", conf.Country))
		}
	default:
		mistakes = append(mistakes, fmt.Errorf("shape %q is none of: %q, %s, %s",
			conf.Shape, shapeSeed, shapeCurrent, shapeDirect))
	}
	if conf.Network != "" && conf.Shape == shapeDirect && providers[conf.Network] == "" {
		mistakes = append(mistakes, fmt.Errorf("network %q is none that Novasend reaches directly", conf.Network))
	}
	return mistakes
}
