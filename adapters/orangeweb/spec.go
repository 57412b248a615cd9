package orangeweb

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/config"
	"pirogue/operator"
)

// The credentials of an instance. One application at Orange serves dev and one country, so
// every country has its own.
const (
	credClientID     = "client_id"
	credClientSecret = "client_secret"
	credMerchantKey  = "merchant_key"
)

// environmentDev is the path segment of Orange's test system.
const environmentDev = "dev"

// currencyDev is the play currency that Orange's dev system expects in place of the
// national one. It never leaves this package.
const currencyDev = "OUV"

// The limits of a session, in characters.
const (
	maxOrderID   = 30
	maxURL       = 120
	maxReference = 30
)

// sessionLife is the validity of a session's token. A customer's confirmation after it is
// EXPIRED.
const sessionLife = 10 * time.Minute

// spec holds the facts of Orange's guide. Two refusals concern our account alone: it has no
// subscription, or the API does not serve this country.
var spec = client.Spec{
	Name: "Orange", Capability: capability, StatusTable: statusTable, StatusCodes: statusCodes,
	ReadError:  client.JSONErrors(readError),
	Limits:     client.SubmissionLimits{Name: "Orange", Reference: maxOrderID}, // the guide has no limits of amount
	ErrorTable: map[string]pirogue.Code{wordRefused: operator.Refused, wordNoAccess: operator.Unable},
}

// capability is Orange's capability. Our reference alone does not identify a session: without
// the pay_token no status is readable.
var capability = operator.Capability{
	Reference:      operator.NeitherByReference,
	OnLostResponse: operator.ResendNewReference,
	Window:         sessionLife,
	Proof:          operator.ProofToken,
}

// statusTable holds every status word of Orange.
var statusTable = client.StatusTable{
	"INITIATED": pirogue.OutcomePending, // the customer has not typed number and password
	"PENDING":   pirogue.OutcomePending, // the customer confirmed, Orange is processing
	"EXPIRED":   pirogue.OutcomeExpired, // the customer confirmed after the session's end
	"SUCCESS":   pirogue.OutcomePaid,
	"FAILED":    pirogue.OutcomeDeclined, // Orange gives no reason
}

// statusCodes maps the HTTP statuses that are no plain refusal to codes.
var statusCodes = map[int]pirogue.Code{
	http.StatusRequestTimeout:  operator.Unknown, // the gateway may have passed it on already
	http.StatusConflict:        operator.Unknown, // the order exists: an earlier call arrived, its pay_token is lost
	http.StatusTooManyRequests: operator.NotSent, // the gateway's quota rejects calls before it passes them on
}

// Our words for the refusals under any other 4xx with Orange's error body.
const (
	wordRefused  = "no"
	wordNoAccess = "no access"
)

// readError returns the word for an error and its text. Both are "" for a body that is not
// Orange's.
func readError(status int, body errorBody) (word, text string) {
	if len(body.Code) == 0 && body.Message == "" {
		return "", ""
	}
	text = fmt.Sprintf("%s %s %s", strings.Trim(string(body.Code), `"`), body.Message, body.Description)
	if status == http.StatusForbidden || status == http.StatusNotFound {
		return wordNoAccess, text
	}
	return wordRefused, text
}

// checkConfig returns every mistake of a configuration that is specific to Orange.
func checkConfig(conf config.Operator) client.Mistakes {
	var m client.Mistakes
	for _, name := range []string{credClientID, credClientSecret, credMerchantKey} {
		m.AddIf(conf.Credentials[name] == "", "credential %s is missing", name)
	}
	isDev := conf.Environment == environmentDev
	m.AddIf(conf.Environment == "", "environment is missing")
	m.AddIf(isDev && conf.Mode == pirogue.Live, "environment dev moves play money and cannot serve live keys")
	m.AddIf(conf.Environment != "" && !isDev && conf.Environment != strings.ToLower(string(conf.Country)),
		"environment %q is neither dev nor the segment of country %s", conf.Environment, conf.Country)
	m.AddIf(conf.Currency == "" || conf.Currency == currencyDev, "currency %q is not a national one", conf.Currency)
	return m
}
