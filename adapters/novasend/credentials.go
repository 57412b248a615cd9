package novasend

import (
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

// beforeColon is the form of a user name in HTTP's basic authentication, which a colon
// would end.
var beforeColon = regexp.MustCompile(`^[!-9;-~]+$`)

// credentials holds the rules for an instance's credentials.
var credentials = outbound.Credentials{
	credAPIKey:        {Form: beforeColon, Description: outbound.HeaderValueRule + " or colons", Required: true},
	credAPIClient:     outbound.Key,
	credAccountID:     {},
	credWebhookSecret: {Required: true}, // without it anyone could make us call Novasend
}

// The shapes of Novasend's requests: values of config.Operator.Shape.
const (
	shapeSeed    = ""
	shapeCurrent = "current"
	shapeDirect  = "direct"
)

// testHosts matches the addresses of Novasend's test systems, sandbox.novasend.app and
// business-staging.novasend.app.
var testHosts = regexp.MustCompile(`sandbox|staging`)

// check returns every mistake of a configuration that is specific to Novasend. No message
// contains a credential.
func check(conf config.Operator) outbound.Mistakes {
	var m outbound.Mistakes
	country, known := pirogue.CountryByCode(conf.Country)
	m.If(!known, "country %q is none we know", conf.Country)
	m.If(known && conf.Currency != country.Currency, "currency %q is not %s, the one of %s",
		conf.Currency, country.Currency, country.Code)
	base, err := url.Parse(conf.BaseURL)
	m.If(err == nil && conf.Mode == pirogue.Live && testHosts.MatchString(base.Host),
		"base URL is a test system of Novasend's, which cannot serve live keys")
	m.If(conf.Shape == shapeSeed && conf.Credentials[credAccountID] == "", "credential %s is missing", credAccountID)
	m.If(conf.Shape == shapeDirect && !direct[conf.Country], "shape direct does not serve country %q", conf.Country)
	m.If(conf.Shape != shapeSeed && conf.Shape != shapeCurrent && conf.Shape != shapeDirect,
		"shape %q is none of: %q, %s, %s", conf.Shape, shapeSeed, shapeCurrent, shapeDirect)
	m.If(conf.Network != "" && conf.Shape == shapeDirect && providers[conf.Network] == "",
		"network %q is none that Novasend reaches directly", conf.Network)
	return m
}
