package novasend

import (
	"net/http"
	"net/url"
	"regexp"
	"time"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/config"
	"pirogue/operator"
)

// The times that Novasend states.
const (
	defaultTimeout = 30 * time.Second // of one call, as Novasend recommends
	finalityWindow = 48 * time.Hour   // within it a failed payin may become a success
)

// spec describes Novasend's pages. Each type of record has status words of its own.
var spec = client.Spec{
	Name: "Novasend", Capability: capability, Credentials: credentials, StatusCodes: statusCodes,
	ErrorTable: errorTable, CashOutErrorTable: cashOutErrorTable,
	NotFoundErrors: notFoundErrors, ReadError: readError, Private: privateText,
}

// capability is Novasend's capability. Novasend does not state how long it waits for a
// customer. Nor does it state that an unknown reference was never executed.
var capability = operator.Capability{
	Reference:      operator.IdempotentByReference,
	OnLostResponse: operator.ResendSameReference,
	FinalityWindow: finalityWindow,
	Proof:          operator.ProofSignature,
	WholeRefunds:   true,
}

// maxReference is the greatest length of a reference, in characters, by Novasend's SDK.
const maxReference = 128

// submissionLimits returns Novasend's limits for an instance.
func submissionLimits(conf config.Operator) client.SubmissionLimits {
	limits := amountLimits(conf.Country)
	return client.SubmissionLimits{
		Name: "Novasend", Country: conf.Country, Currency: conf.Currency, Network: conf.Network, Reference: maxReference,
		CashIn: limits[pirogue.CashIn], CashOut: limits[pirogue.CashOut],
	}
}

// amountLimits returns the limits of one payment in a country, in francs. They are those of the
// introduction page, written for Côte d'Ivoire. In Cameroon they are those that an
// integrator was told.
func amountLimits(country pirogue.CountryCode) map[pirogue.PaymentKind]operator.Limits {
	if country == "CM" {
		both := operator.Limits{Min: 200, Max: 500_000}
		return map[pirogue.PaymentKind]operator.Limits{pirogue.CashIn: both, pirogue.CashOut: both}
	}
	return map[pirogue.PaymentKind]operator.Limits{
		pirogue.CashIn:  {Min: 100, Max: 2_000_000},
		pirogue.CashOut: {Min: 200, Max: 1_500_000},
	}
}

// The names of an instance's credentials.
const (
	credAPIKey        = "api_key"
	credAPIClient     = "api_client"
	credAccountID     = "account_id"
	credWebhookSecret = "webhook_secret"
)

// withoutColon is the form of a user name in HTTP's basic authentication, which a colon
// would end.
var withoutColon = regexp.MustCompile(`^[!-9;-~]+$`)

// credentials holds the rules for an instance's credentials.
var credentials = client.Credentials{
	credAPIKey:        {Form: withoutColon, Description: client.HeaderValueRule + " or colons", Required: true},
	credAPIClient:     client.HeaderSecret,
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

// checkConfig returns every mistake of a configuration that is specific to Novasend. No message
// contains a credential.
func checkConfig(conf config.Operator) client.Mistakes {
	var m client.Mistakes
	country, known := pirogue.CountryByCode(conf.Country)
	m.AddIf(!known, "country %q is none we know", conf.Country)
	m.AddIf(known && conf.Currency != country.Currency, "currency %q is not %s, the one of %s",
		conf.Currency, country.Currency, country.Code)
	base, err := url.Parse(conf.BaseURL)
	m.AddIf(err == nil && conf.Mode == pirogue.Live && testHosts.MatchString(base.Host),
		"base URL is a test system of Novasend's, which cannot serve live keys")
	m.AddIf(conf.Shape == shapeSeed && conf.Credentials[credAccountID] == "", "credential %s is missing", credAccountID)
	m.AddIf(conf.Shape == shapeDirect && !directCountries[conf.Country], "shape direct does not serve country %q",
		conf.Country)
	m.AddIf(conf.Shape != shapeSeed && conf.Shape != shapeCurrent && conf.Shape != shapeDirect,
		"shape %q is none of: %q, %s, %s", conf.Shape, shapeSeed, shapeCurrent, shapeDirect)
	m.AddIf(conf.Network != "" && conf.Shape == shapeDirect && providerNames[conf.Network] == "",
		"network %q is none that Novasend reaches directly", conf.Network)
	return m
}

// The types of a record.
const (
	typePayin  = "payin"
	typePayout = "payout"
	typeRefund = "refund"
)

// wordProcessed is the only status with two meanings: see record.outcome.
const wordProcessed = "processed"

// sessionStatusTable holds the status words of payins and payouts: the seed's three, and those of
// Novasend's later pages and notifications.
var sessionStatusTable = client.StatusTable{
	"processing":  pirogue.OutcomePending,
	"pending":     pirogue.OutcomePending,
	wordProcessed: pirogue.OutcomePending, // confirmed by the customer, not yet paid
	"success":     pirogue.OutcomePaid,
	"successful":  pirogue.OutcomePaid,
	"completed":   pirogue.OutcomePaid,
	"failed":      pirogue.OutcomeDeclined,
	"declined":    pirogue.OutcomeDeclined,
	"cancelled":   pirogue.OutcomeDeclined,
	"expired":     pirogue.OutcomeExpired,
}

// statusTables holds the status words of each type.
var statusTables = map[string]client.StatusTable{
	typePayin:  sessionStatusTable,
	typePayout: sessionStatusTable,
	typeRefund: {
		"pending":    pirogue.OutcomePending,
		"processing": pirogue.OutcomePending,
		"completed":  pirogue.OutcomePaid,
		"failed":     pirogue.OutcomeDeclined,
	},
}

// transactionStatusTable holds the words of transaction.status, which is final for every type.
var transactionStatusTable = client.StatusTable{
	"pending":   pirogue.OutcomePending,
	"completed": pirogue.OutcomePaid,
	"failed":    pirogue.OutcomeDeclined,
}

// confirmationTable holds the meaning of confirmationStatus for the payment. A customer's
// acceptance moves no money yet.
var confirmationTable = client.StatusTable{
	"":         pirogue.OutcomePending, // the record has none
	"none":     pirogue.OutcomePending,
	"pending":  pirogue.OutcomePending,
	"accepted": pirogue.OutcomePending,
	"declined": pirogue.OutcomeDeclined,
	"expired":  pirogue.OutcomeExpired,
}

// statusCodes maps the HTTP statuses that decide, whatever the body holds.
var statusCodes = map[int]pirogue.Code{
	http.StatusUnauthorized:    operator.NotSent,
	http.StatusRequestTimeout:  operator.Unknown, // the gateway may have passed it on already
	http.StatusConflict:        operator.Unknown, // this reference or key exists already
	http.StatusTooManyRequests: operator.NotSent, // our reading: a quota rejects calls before they are passed on
}

// errorTable maps Novasend's errors under 4xx to codes. Some pages list an error by its message
// alone, such as "Invalid amount": see codeOf. Unable is for what Novasend does not serve,
// whoever pays or is paid. An error that may concern the customer as well is Refused. See
// cashOutErrorTable.
var errorTable = map[string]pirogue.Code{
	"invalid_amount": operator.Refused, // above the network's maximum

	"unauthorized":        operator.NotSent, // rejected before the request was read
	"api_token_invalid":   operator.NotSent,
	"api_token_not_found": operator.NotSent,

	"transaction_error": operator.Unknown, // "retry or contact support": it may have been executed

	"transaction_not_refundable":    operator.Refused,
	"refund_not_allowed":            operator.Refused,
	"transaction_not_processed":     operator.Refused,
	"transaction_otp_required":      operator.Refused,
	"transaction_greater_than_zero": operator.Refused,
	"client_kyc_not_approved":       operator.Refused,
	"client_not_enough_cash":        operator.Refused,
	"wallet_not_enough_cash":        operator.Refused,
	"wallet_should_be_different":    operator.Refused,

	"wallet_not_found":           operator.Refused,
	"client_not_found":           operator.Refused,
	"country_not_found":          operator.Unable,
	"provider_not_found":         operator.Unable,
	"transaction_does_not_exist": operator.Refused,
	"payment_not_found":          operator.Refused,

	"transaction_is_already_processed": operator.Unknown, // 409, on one page 404: an earlier call arrived
	"transaction_already_refunded":     operator.Unknown,
	"duplicate_refund":                 operator.Unknown,
}

// cashOutErrorTable overrides errorTable where money leaves us. A payout or a refund takes our money, so
// an insufficient balance is ours. For a payin it is the payer's.
var cashOutErrorTable = map[string]pirogue.Code{
	"client_not_enough_cash": operator.Unable,
	"wallet_not_enough_cash": operator.Unable,
}

// notFoundErrors lists the errors for a reference that Novasend does not know.
var notFoundErrors = map[string]bool{
	"transaction_does_not_exist": true,
	"payment_not_found":          true,
}

// readError returns the code of a problem and its text for people.
func readError(a client.Response) (word, text string) {
	p := readErrorBody(a.Body)
	if p == (errorBody{}) {
		return "", ""
	}
	return p.errorWord(), p.Code + " " + p.Message
}

// privateText matches a telephone number with gaps, of any country: eight digits or more.
// Novasend's messages may repeat one, and nobody at Pirogue needs to read it.
var privateText = regexp.MustCompile(`(?:\+|\b)\d(?:[ .-]?\d){7,}\b`)

// providerNames maps networks to their names in the direct API.
var providerNames = map[pirogue.Network]string{
	pirogue.Orange: "ORANGE",
	pirogue.MTN:    "MOMO",
	pirogue.Moov:   "MOOV",
	pirogue.Wave:   "WAVE",
}

// directCountries lists the countries of the direct API.
var directCountries = map[pirogue.CountryCode]bool{"CI": true, "CM": true}

// ussdCodes holds the codes that a customer in Côte d'Ivoire dials to confirm if the push does
// not appear.
var ussdCodes = map[pirogue.Network]string{pirogue.MTN: "*133#", pirogue.Moov: "*155#"}
