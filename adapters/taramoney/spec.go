package taramoney

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/config"
	"pirogue/operator"
)

// refusalSpan is the time for which Taramoney must not know a refused payout. That its
// status is readable at all is our reading. Taramoney may have a payout that it does not
// find.
const refusalSpan = time.Hour

// The limits of an order. Our reading: Taramoney states none.
const (
	maxReference = 20 // characters, as long as ours are
	maxName      = 100
)

// spec describes the tables in Taramoney's documents. submitCode reads the responses to
// orders.
var spec = client.Spec{
	Name: "Taramoney", Capability: capability, Limits: limits, StatusTable: statusTable, StatusCodes: statusCodes,
	Private:   privateText,
	ReadError: client.JSONErrors(readErrorText), CallbackSecret: client.CallbackSecret{
		Header: headerSecret, Credential: credWebhookSecret,
	},
}

// capability is Taramoney's capability for an account that may read a status. Absence proves
// nothing. Taramoney answers ERROR for a payment that it cannot find, and no document
// states that its search is complete.
var capability = operator.Capability{
	Reference:      operator.StatusByReference,
	OnLostResponse: operator.ResendNever,
	Proof:          operator.ProofNone,
	RefusalSpan:    refusalSpan,
}

// limits holds Taramoney's limits. Our reading: none are published.
var limits = client.SubmissionLimits{
	Name: "Taramoney", Country: "CM", Currency: pirogue.XAF, Reference: maxReference, Prefix: "6", Digits: 9,
	CashIn: operator.Limits{Min: 100, Max: 500_000}, CashOut: operator.Limits{Min: 100, Max: 500_000},
}

// The names of an instance's credentials.
const (
	credAPIKey        = "api_key"
	credBusinessID    = "business_id"
	credWebhookSecret = "webhook_secret"
)

// credentials returns the rules for the credentials of an account.
func credentials(conf config.Operator) client.Credentials {
	return client.Credentials{
		credAPIKey:     {Required: true},
		credBusinessID: {Required: true},
		credWebhookSecret: {
			Form: client.HeaderValue, Description: client.HeaderValueRule, Required: conf.NoStatus,
		},
	}
}

// basePath begins every path of Taramoney's API. Taramoney answers 405 to addresses without
// it.
const basePath = "/api/tara"

// checkConfig returns every mistake of a configuration that is specific to Taramoney. No message
// contains a credential.
func checkConfig(conf config.Operator) client.Mistakes {
	m := credentials(conf).Check(conf.Credentials)
	_, known := shapes[conf.Shape]
	m.AddIf(!known, "shape %q is none of: %q", conf.Shape, slices.Sorted(maps.Keys(shapes)))
	_, served := payoutMethods[conf.Network]
	m.AddIf(conf.Network != "" && !served, "network %q is none that Taramoney serves in Cameroon", conf.Network)
	m.AddIf(conf.Mode == pirogue.Test && !conf.Simulator, "mode test needs a simulator: Taramoney has no test system")
	base, err := url.Parse(conf.BaseURL)
	m.AddIf(!conf.Simulator && err == nil && base.Host != "" && strings.TrimRight(base.Path, "/") != basePath,
		"base URL must end in %s", basePath)
	return m
}

// statusTable holds every status word of Taramoney, of webhooks, of transactions/status and of
// the lists. Its texts mix cases, so words are compared in upper case. A word not listed is
// Unknown, never a guess.
var statusTable = client.StatusTable{
	"PENDING": pirogue.OutcomePending,
	"SUCCESS": pirogue.OutcomePaid,
	"PAID":    pirogue.OutcomePaid, // in the lists
	"FAILURE": pirogue.OutcomeDeclined,
	"FAILED":  pirogue.OutcomeDeclined, // in its SDK
}

// statusCodes maps the HTTP statuses that decide, whatever the body holds. Every status from
// 500 on is Unknown as well.
var statusCodes = map[int]pirogue.Code{
	http.StatusMethodNotAllowed: operator.NotSent, // no API answers at this address
	http.StatusRequestTimeout:   operator.Unknown, // the gateway may have passed it on already
	http.StatusConflict:         operator.Unknown, // this productId exists already
	http.StatusTooManyRequests:  operator.NotSent, // a quota rejects calls before they are read
}

// wordError is the status of a response that describes the call, not the payment.
const wordError = "ERROR"

// messageAbsent comes with wordError if Taramoney does not know the payment.
const messageAbsent = "PAYMENT_FOR_TRANSACTION_NOT_FOUND"

// submitCodes holds the error codes of a response to an order, by its HTTP status; "" means
// accepted.
type submitCodes struct{ with2xx, with4xx pirogue.Code }

// submitTable holds the meaning of the status words in the response to an order. No document
// about orders has ERROR with 200.
var submitTable = map[string]submitCodes{
	"SUCCESS": {"", operator.Unknown}, // accepted, not paid
	"FAILURE": {operator.Refused, operator.Refused},
	"FAILED":  {operator.Refused, operator.Refused},
	wordError: {operator.Unknown, operator.Refused},
}

// accountErrors holds the messages that clearly refuse an order whose status is not SUCCESS, and
// that concern our account alone. No document lists messages. Integrators saw the first;
// the second is our reading of an account with too low a balance.
var accountErrors = map[string]pirogue.Code{
	"BUSINESS_NOT_ACTIVATED_PLEASE_CONTACT_SUPPORT": operator.Unable,
	"BUSINESS_BALANCE_INSUFFICIENT":                 operator.Unable,
}

// submitCode returns the error code of a response to an order, "" for an accepted one.
func submitCode(status int, word, message client.Text) pirogue.Code {
	if code, listed := statusCodes[status]; listed {
		return code
	}
	row, listed := submitTable[upperWord(word)]
	switch {
	case status >= http.StatusInternalServerError, !listed:
		return operator.Unknown
	case status == http.StatusUnauthorized:
		return operator.Unable // our reading: the key or the business is not ours, so nothing was executed
	case accountErrors[upperWord(message)] != "" && row.with2xx != "":
		return accountErrors[upperWord(message)]
	case status >= http.StatusBadRequest:
		return row.with4xx
	default:
		return row.with2xx
	}
}

// readErrorText returns a response's text for people. Its word is always "": no document lists the
// messages, so no message refuses a status call.
func readErrorText(_ int, m statusMessage) (word, text string) {
	if m == (statusMessage{}) {
		return "", ""
	}
	return "", m.String()
}

// privateText matches a telephone number of Cameroon with gaps. Taramoney's messages may repeat
// one, and nobody at Pirogue needs to read it.
var privateText = regexp.MustCompile(`(?:\+|\b)(?:237[ .-]?)?6(?:[ .-]?\d){8}\b`)

// shape is one wire format of a collection.
type shape struct {
	path     string
	dialCode bool                       // before the number
	networks map[pirogue.Network]string // the networks it collects from, with the values of its field network
}

// shapes maps the names in the configuration to wire formats. Our reading of mobilepay: its
// optional network accepts our names; only "wave" is documented, for other countries.
var shapes = map[string]shape{
	"": {
		path:     "/cmmobile",
		networks: map[pirogue.Network]string{pirogue.Orange: "", pirogue.MTN: ""},
	},
	"mobilepay": {
		path: "/mobilepay", dialCode: true,
		networks: map[pirogue.Network]string{pirogue.Orange: "orange", pirogue.MTN: "mtn", pirogue.Wave: "wave"},
	},
}

// payoutMethods holds the names of the networks in payout/create. Our reading: they are those of
// the vendor of a collection; the only text with an example has MTN_MOBILE_MONEY.
var payoutMethods = map[pirogue.Network]string{
	pirogue.Orange: "ORANGE_CAMEROON",
	pirogue.MTN:    "MTN_CAMEROON",
}
