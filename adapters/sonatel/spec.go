package sonatel

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/config"
	"pirogue/operator"
)

// Orange's promises about time and amounts.
const (
	maxValidity    = 24 * time.Hour // of a QR
	finalityWindow = 24 * time.Hour // Orange promises a final status within it
	minCollect     = 10             // francs; the specification has 1, the MAX IT app refuses less than 10
)

// spec describes Orange's specification.
var spec = client.Spec{
	Name: "Orange", Capability: capability, Credentials: credentials, StatusTable: statusTable,
	StatusCodes: statusCodes, ErrorTable: errorTable,
	CashOutErrorTable: cashOutErrorTable, ReadError: readError,
	CallbackSecret: client.CallbackSecret{Header: headerAuthorization, Scheme: "Basic ", Credential: credCallbackKey},
}

// capability is Orange's capability without callback signatures. After a lost response a QR
// is requested again under its reference. Nobody has seen the first one, and each can be
// paid once. A one-step payment is not, because its password is used up; nor is a deposit.
// Absence proves nothing, because Orange does not state that its search is complete.
var capability = operator.Capability{
	Reference:      operator.StatusByReference,
	OnLostResponse: operator.ResendSameReference,
	Window:         maxValidity,
	FinalityWindow: finalityWindow,
	Proof:          operator.ProofToken,

	StatementNames: true,
	// cashins and onestep answer with the final status; a QR code waits for its customer.
	DecidesAtOnce: operator.AtOnce{OneStep: true, MoneyOut: true},
}

// The limits of a request.
const (
	maxReference = 50 // characters
	maxName      = 45 // characters of a merchant's name; one integrator cuts here, another at 80
	localDigits  = 9  // of a number in Senegal; the length elsewhere concerns only simulators
)

// submissionLimits returns Orange's limits for an instance. Orange states no maximum.
func submissionLimits(conf config.Operator) client.SubmissionLimits {
	limits := client.SubmissionLimits{
		Name: "Orange", Country: conf.Country, Currency: conf.Currency, Reference: maxReference,
		CashIn: operator.Limits{Min: minCollect},
	}
	if conf.Country == country {
		limits.Digits = localDigits
	}
	return limits
}

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
var credentials = client.Credentials{
	credClientID:        {Required: true},
	credClientSecret:    {Required: true},
	credMSISDN:          {Form: nineDigits, Description: "9 digits, without +221", Required: true},
	credPIN:             {Form: fourDigits, Description: "4 digits", Required: true},
	credMerchantCode:    {Form: sixDigits, Description: "6 digits", Required: true},
	credMerchantName:    {Required: true},
	credCallbackKey:     client.HeaderSecret,
	credAPIKey:          {Form: client.HeaderValue, Description: client.HeaderValueRule},
	credCallbackSecrets: {Form: commaList, Description: "secrets separated by commas"},
	credTokenPath:       {Form: plainPath, Description: "a path with its first slash"},
}

// testHost marks the address of Orange's test system, api.sandbox.orange-sonatel.com.
const testHost = "sandbox."

// country is the only country of this API.
const country = "SN"

// checkConfig returns every mistake of a configuration that is specific to Orange. No message
// contains a credential.
func checkConfig(conf config.Operator) client.Mistakes {
	var m client.Mistakes
	m.AddIf(conf.Currency != pirogue.XOF, "currency %q is not XOF, the only one of this API", conf.Currency)
	m.AddIf(conf.Country != country && !conf.Simulator, "country %q is not SN, the only one of this API", conf.Country)
	_, known := pirogue.CountryByCode(conf.Country)
	m.AddIf(!known && conf.Simulator, "country %q is none we know", conf.Country)
	base, err := url.Parse(conf.BaseURL)
	m.AddIf(err == nil && conf.Mode == pirogue.Live && strings.Contains(base.Host, testHost),
		"base URL is Orange's test system, which cannot serve live keys")
	return m
}

// endpointSecrets returns the endpoint's signature secrets. There are several while one is
// replaced.
func endpointSecrets(conf config.Operator) []string {
	var secrets []string
	for part := range strings.SplitSeq(conf.Credentials[credCallbackSecrets], ",") {
		if secret := strings.TrimSpace(part); secret != "" {
			secrets = append(secrets, secret)
		}
	}
	return secrets
}

// statusTable holds every status word of Orange, OpenAPI v1.1.0.
var statusTable = client.StatusTable{
	"PRE_INITIATED": pirogue.OutcomePending,
	"INITIATED":     pirogue.OutcomePending,
	"PENDING":       pirogue.OutcomePending,
	"ACCEPTED":      pirogue.OutcomePending,
	"SUCCESS":       pirogue.OutcomePaid,
	"FAILED":        pirogue.OutcomeDeclined,
	"REJECTED":      pirogue.OutcomeDeclined,
	"CANCELLED":     pirogue.OutcomeDeclined,
}

// kinds maps Orange's types of transaction to ours. Both ways to collect are a payment to a
// merchant.
var kinds = map[string]pirogue.PaymentKind{
	"CASHIN":           pirogue.CashOut,
	"MERCHANT_PAYMENT": pirogue.CashIn,
	"WEB_PAYMENT":      pirogue.CashIn,
}

// The codes that decide about the PIN and about the key that seals it.
const (
	codeWrongPINTwoLeft = "2011"
	codeWrongPINOneLeft = "2012"
	codePINBlocked      = "2013"
	codeBadKey          = "4003"
)

// pinRefusals lists the codes after which the PIN must not leave again.
var pinRefusals = map[string]string{
	codeWrongPINTwoLeft: "wrong, two tries left",
	codeWrongPINOneLeft: "wrong, one try left",
	codePINBlocked:      "blocked",
}

// errorTable maps Orange's error codes under 4xx to ours. Unable is for codes that concern our
// merchant alone; a code that may concern the customer as well is Refused. See cashOutErrorTable.
var errorTable = map[string]pirogue.Code{
	"1": operator.Unknown, "2": operator.Unknown, "5": operator.Unknown, // try again later, states of the service

	"10": operator.NotSent, // bad credentials of the application
	"11": operator.NotSent, // the application is not subscribed to this API

	"20": operator.Refused, "21": operator.Refused, "22": operator.Refused, // input bad, body missing or invalid
	"23": operator.Refused, "24": operator.Refused, "25": operator.Refused, // parameter or header missing

	"50": operator.Unknown, // internal error
	"51": operator.Unknown, // the transaction is pending
	"60": operator.Refused, // entity not found

	"2000": operator.Refused, // the customer has no account
	"2001": operator.Refused, // bad MSISDN
	"2010": operator.Refused, // the PIN must be changed first

	codeWrongPINTwoLeft: operator.Refused,
	codeWrongPINOneLeft: operator.Refused,
	codePINBlocked:      operator.Refused,

	"2020": operator.Refused, // balance too low
	"2021": operator.Refused, // the payer's
	"2022": operator.Refused, // the payee's
	"2023": operator.Refused, // ceiling of the account
	"2024": operator.Unable,  // of the merchant
	"2025": operator.Refused, // of the beneficiary
	"2041": operator.Refused, // transaction not allowed
	"2042": operator.Unable,  // merchant not allowed
	"2043": operator.Refused, // beneficiary not allowed

	codeBadKey: operator.NotSent, // Orange could not read the PIN, so it executed nothing
	"4004":     operator.Refused, // the QR has expired
	"4099":     operator.Refused, // bad request
}

// cashOutErrorTable overrides errorTable for a deposit. Its PIN is our retailer's, and so is the only
// balance that it takes from. For a payment both are the customer's. After a wrong PIN
// nothing was executed, so another operator may pay. pinLock ensures that the PIN is not
// tried again here.
var cashOutErrorTable = map[string]pirogue.Code{
	"2010":              operator.Unable,
	codeWrongPINTwoLeft: operator.Unable,
	codeWrongPINOneLeft: operator.Unable,
	codePINBlocked:      operator.Unable,
	"2020":              operator.Unable,
	"2021":              operator.Unable,
}

// statusCodes maps the HTTP statuses that decide, whatever the body holds.
var statusCodes = map[int]pirogue.Code{
	http.StatusRequestTimeout:  operator.Unknown, // the gateway may have passed it on already
	http.StatusConflict:        operator.Unknown, // this reference exists already
	http.StatusTooManyRequests: operator.NotSent, // the gateway's quota rejects calls before it passes them on
}

// readError returns the code of an error and its text for people.
func readError(r client.Response) (word, text string) {
	p := readErrorBody(r.Body)
	if p.Code == "" {
		return "", ""
	}
	return string(p.Code), "code " + string(p.Code) + " " + p.String()
}
