package sonatel

import (
	"net/url"
	"regexp"
	"strings"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/config"
)

// The names of an instance's credentials.
const (
	credClientID        = "client_id"
	credClientSecret    = "client_secret"
	credMSISDN          = "msisdn" // of the retailer, local
	credPIN             = "pin"
	credMerchantCode    = "merchant_code"
	credMerchantName    = "merchant_name"
	credAPIKey          = "api_key"
	credCallbackKey     = "callback_key"
	credCallbackSecrets = "callback_secrets"
	credTokenPath       = "token_path"
)

// The forms of some credentials in Orange's documents.
var (
	nineDigits = regexp.MustCompile(`^\d{9}$`)
	sixDigits  = regexp.MustCompile(`^\d{6}$`)
	fourDigits = regexp.MustCompile(`^\d{4}$`)
	plainPath  = regexp.MustCompile(`^/[a-z0-9/._-]+$`)
	commaList  = regexp.MustCompile(`^[^,\s]+(\s*,\s*[^,\s]+)*$`)
)

// credentials holds the rules for an instance's credentials.
var credentials = outbound.Credentials{
	credClientID:        {Required: true},
	credClientSecret:    {Required: true},
	credMSISDN:          {Form: nineDigits, Description: "9 digits, without +221", Required: true},
	credPIN:             {Form: fourDigits, Description: "4 digits", Required: true},
	credMerchantCode:    {Form: sixDigits, Description: "6 digits", Required: true},
	credMerchantName:    {Required: true},
	credCallbackKey:     outbound.Key,
	credAPIKey:          {Form: outbound.HeaderValue, Description: outbound.HeaderValueRule},
	credCallbackSecrets: {Form: commaList, Description: "secrets separated by commas"},
	credTokenPath:       {Form: plainPath, Description: "a path with its first slash"},
}

// testHost marks the address of Orange's test system, api.sandbox.orange-sonatel.com.
const testHost = "sandbox."

// country is the only country of this API.
const country = "SN"

// check returns every mistake of a configuration that is specific to Orange. No message
// contains a credential.
func check(conf config.Operator) outbound.Mistakes {
	var m outbound.Mistakes
	m.If(conf.Currency != pirogue.XOF, "currency %q is not XOF, the only one of this API", conf.Currency)
	m.If(conf.Country != country && !conf.Simulator, "country %q is not SN, the only one of this API", conf.Country)
	_, known := pirogue.CountryByCode(conf.Country)
	m.If(!known && conf.Simulator, "country %q is none we know", conf.Country)
	base, err := url.Parse(conf.BaseURL)
	m.If(err == nil && conf.Mode == pirogue.Live && strings.Contains(base.Host, testHost),
		"base URL is Orange's test system, which cannot serve live keys")
	return m
}

// secretsOf returns the endpoint's signature secrets. There are several while one is
// replaced.
func secretsOf(conf config.Operator) []string {
	var secrets []string
	for part := range strings.SplitSeq(conf.Credentials[credCallbackSecrets], ",") {
		if secret := strings.TrimSpace(part); secret != "" {
			secrets = append(secrets, secret)
		}
	}
	return secrets
}
