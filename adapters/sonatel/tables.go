package sonatel

import (
	"net/http"

	"pirogue"
	"pirogue/adapters/outbound"
)

// outcomes is the whole of Orange's status vocabulary, OpenAPI v1.1.0.
var outcomes = outbound.Vocabulary{
	"PRE_INITIATED": pirogue.OutcomePending,
	"INITIATED":     pirogue.OutcomePending,
	"PENDING":       pirogue.OutcomePending,
	"ACCEPTED":      pirogue.OutcomePending,
	"SUCCESS":       pirogue.OutcomePaid,
	"FAILED":        pirogue.OutcomeDeclined,
	"REJECTED":      pirogue.OutcomeDeclined,
	"CANCELLED":     pirogue.OutcomeDeclined,
}

// kinds is what Orange's types of transaction are to us. Both ways of collecting
// are a payment to a merchant.
var kinds = map[string]pirogue.Kind{
	"CASHIN":           pirogue.CashOut,
	"MERCHANT_PAYMENT": pirogue.CashIn,
	"WEB_PAYMENT":      pirogue.CashIn,
}

// The codes that decide what happens to the PIN and to the key it is sealed with.
const (
	codeWrongPINTwoLeft = "2011"
	codeWrongPINOneLeft = "2012"
	codePINBlocked      = "2013"
	codeBadKey          = "4003"
)

// pinRefusals are the codes after which the PIN must not leave again.
var pinRefusals = map[string]string{
	codeWrongPINTwoLeft: "wrong, two tries left",
	codeWrongPINOneLeft: "wrong, one try left",
	codePINBlocked:      "blocked",
}

// codes is what Orange's error codes say about a request it answered with 4xx. Unable is
// what concerns our merchant alone; a code that may be about the customer as well is
// Refused. See leaving.
var codes = map[string]pirogue.Code{
	"1": pirogue.Unknown, "2": pirogue.Unknown, "5": pirogue.Unknown, // try again later, states of the service

	"10": pirogue.NotSent, // bad credentials of the application
	"11": pirogue.NotSent, // the application is not subscribed to this API

	"20": pirogue.Refused, "21": pirogue.Refused, "22": pirogue.Refused, // input bad, body missing or invalid
	"23": pirogue.Refused, "24": pirogue.Refused, "25": pirogue.Refused, // parameter or header missing

	"50": pirogue.Unknown, // internal error
	"51": pirogue.Unknown, // the transaction is pending
	"60": pirogue.Refused, // entity not found

	"2000": pirogue.Refused, // the customer has no account
	"2001": pirogue.Refused, // bad MSISDN
	"2010": pirogue.Refused, // the PIN must be changed first

	codeWrongPINTwoLeft: pirogue.Refused,
	codeWrongPINOneLeft: pirogue.Refused,
	codePINBlocked:      pirogue.Refused,

	"2020": pirogue.Refused, // balance too low
	"2021": pirogue.Refused, // the payer's
	"2022": pirogue.Refused, // the payee's
	"2023": pirogue.Refused, // ceiling of the account
	"2024": pirogue.Unable,  // of the merchant
	"2025": pirogue.Refused, // of the beneficiary
	"2041": pirogue.Refused, // transaction not allowed
	"2042": pirogue.Unable,  // merchant not allowed
	"2043": pirogue.Refused, // beneficiary not allowed

	codeBadKey: pirogue.NotSent, // the PIN could not be read, so nothing was done with it
	"4004":     pirogue.Refused, // the QR has expired
	"4099":     pirogue.Refused, // bad request
}

// leaving is what codes means instead of a deposit: the PIN is our retailer's, and so is
// the one balance that a deposit takes from. Of a payment both are the customer's. After
// a wrong PIN nothing was executed and another operator may pay; pinLock sees to it that
// the PIN is not tried again here.
var leaving = map[string]pirogue.Code{
	"2010":              pirogue.Unable,
	codeWrongPINTwoLeft: pirogue.Unable,
	codeWrongPINOneLeft: pirogue.Unable,
	codePINBlocked:      pirogue.Unable,
	"2020":              pirogue.Unable,
	"2021":              pirogue.Unable,
}

// classes says what an HTTP status means whatever its body says.
var classes = map[int]pirogue.Code{
	http.StatusRequestTimeout:  pirogue.Unknown, // it may have been passed on already
	http.StatusConflict:        pirogue.Unknown, // something of this reference exists
	http.StatusTooManyRequests: pirogue.NotSent, // the gateway's quota turns calls away before it passes them on
}

// guide is Orange's specification.
var guide = outbound.Guide{
	Name: "Orange", Promises: promises, Credentials: credentials, Outcomes: outcomes, Statuses: classes, Problems: codes,
	Leaving: leaving, Problem: said,
	Proof: outbound.Proof{Header: headerAuthorization, Scheme: "Basic ", Credential: credCallbackKey},
}
