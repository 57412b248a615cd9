package taramoney

import (
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

// basePath begins every path of Taramoney's API. Taramoney answers 405 to addresses without
// it.
const basePath = "/api/tara"

// credentials returns the rules for the credentials of an account.
func credentials(conf config.Operator) outbound.Credentials {
	return outbound.Credentials{
		credAPIKey:     {Required: true},
		credBusinessID: {Required: true},
		credWebhookSecret: {
			Form: outbound.HeaderValue, Description: outbound.HeaderValueRule, Required: conf.NoStatus,
		},
	}
}

// check returns every mistake of a configuration that is specific to Taramoney. No message
// contains a credential.
func check(conf config.Operator) outbound.Mistakes {
	m := credentials(conf).Check(conf.Credentials)
	_, known := shapes[conf.Shape]
	m.If(!known, "shape %q is none of: %q", conf.Shape, slices.Sorted(maps.Keys(shapes)))
	_, served := methods[conf.Network]
	m.If(conf.Network != "" && !served, "network %q is none that Taramoney serves in Cameroon", conf.Network)
	m.If(conf.Mode == pirogue.Test && !conf.Simulator, "mode test needs a simulator: Taramoney has no test system")
	base, err := url.Parse(conf.BaseURL)
	m.If(!conf.Simulator && err == nil && base.Host != "" && strings.TrimRight(base.Path, "/") != basePath,
		"base URL must end in %s", basePath)
	return m
}
