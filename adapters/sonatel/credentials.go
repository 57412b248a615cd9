package sonatel

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"pirogue"
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

// A credential's form: anything but nothing, or what Orange's documents say.
var (
	something   = regexp.MustCompile(`\S`)
	nineDigits  = regexp.MustCompile(`^\d{9}$`)
	sixDigits   = regexp.MustCompile(`^\d{6}$`)
	fourDigits  = regexp.MustCompile(`^\d{4}$`)
	plainPath   = regexp.MustCompile(`^/[a-z0-9/._-]+$`)
	headerValue = regexp.MustCompile(`^[!-~]+$`)
	commaList   = regexp.MustCompile(`^[^,\s]+(\s*,\s*[^,\s]+)*$`)
)

// credentials is every credential, its form, and whether there must be one.
var credentials = map[string]struct {
	form  *regexp.Regexp
	words string
	must  bool
}{
	credClientID:        {something, "not empty", true},
	credClientSecret:    {something, "not empty", true},
	credMSISDN:          {nineDigits, "9 digits, without +221", true},
	credPIN:             {fourDigits, "4 digits", true},
	credMerchantCode:    {sixDigits, "6 digits", true},
	credMerchantName:    {something, "not empty", true},
	credCallbackKey:     {headerValue, "visible characters without spaces", true},
	credAPIKey:          {headerValue, "visible characters without spaces", false},
	credCallbackSecrets: {commaList, "secrets separated by commas", false},
	credTokenPath:       {plainPath, "a path with its first slash", false},
}

// testHost marks the address of Orange's test system,
// api.sandbox.orange-sonatel.com.
const testHost = "sandbox."

// check reports every mistake of a configuration that is Orange's to make. No
// message repeats a credential.
func check(conf config.Operator) error {
	mistakes := checkCredentials(conf.Credentials)
	if conf.Currency != pirogue.XOF {
		mistakes = append(mistakes, fmt.Errorf("currency %q is not XOF, the only one of this API", conf.Currency))
	}
	if conf.Country != "SN" && !conf.Simulator {
		mistakes = append(mistakes, fmt.Errorf("country %q is not SN, the only one of this API", conf.Country))
	}
	if _, known := pirogue.CountryByCode(conf.Country); !known && conf.Simulator {
		mistakes = append(mistakes, fmt.Errorf("country %q is none we know", conf.Country))
	}
	base, err := url.Parse(conf.BaseURL)
	if err == nil && conf.Mode == pirogue.Live && strings.Contains(base.Host, testHost) {
		mistakes = append(mistakes, errors.New("base URL is Orange's test system, which cannot serve live keys"))
	}
	return errors.Join(mistakes...)
}

// checkCredentials reports credentials that are missing, malformed or unknown: a
// misspelt callback_secrets would silently turn the signature check off.
func checkCredentials(given map[string]string) []error {
	var mistakes []error
	for _, name := range slices.Sorted(maps.Keys(credentials)) {
		rule, value := credentials[name], given[name]
		switch {
		case value == "" && rule.must:
			mistakes = append(mistakes, fmt.Errorf("credential %s is missing", name))
		case value != "" && !rule.form.MatchString(value):
			mistakes = append(mistakes, fmt.Errorf("credential %s must be %s", name, rule.words))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, known := credentials[name]; !known {
			mistakes = append(mistakes, fmt.Errorf("credential %q is none of this adapter", name))
		}
	}
	return mistakes
}

// secretsOf returns the endpoint's signature secrets; there are several while one
// is being replaced.
func secretsOf(conf config.Operator) []string {
	var secrets []string
	for part := range strings.SplitSeq(conf.Credentials[credCallbackSecrets], ",") {
		if secret := strings.TrimSpace(part); secret != "" {
			secrets = append(secrets, secret)
		}
	}
	return secrets
}
