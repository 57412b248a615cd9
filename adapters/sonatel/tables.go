package sonatel

import (
	"net/http"

	"pirogue"
	"pirogue/adapters/outbound"
)

// outcomes holds every status word of Orange, OpenAPI v1.1.0.
var outcomes = outbound.StatusTable{
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

// codes maps Orange's error codes under 4xx to ours. Unable is for codes that concern our
// merchant alone; a code that may concern the customer as well is Refused. See leaving.
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

	codeBadKey: pirogue.NotSent, // Orange could not read the PIN, so it executed nothing
	"4004":     pirogue.Refused, // the QR has expired
	"4099":     pirogue.Refused, // bad request
}

// leaving overrides codes for a deposit. Its PIN is our retailer's, and so is the only
// balance that it takes from. For a payment both are the customer's. After a wrong PIN
// nothing was executed, so another operator may pay. pinLock ensures that the PIN is not
// tried again here.
var leaving = map[string]pirogue.Code{
	"2010":              pirogue.Unable,
	codeWrongPINTwoLeft: pirogue.Unable,
	codeWrongPINOneLeft: pirogue.Unable,
	codePINBlocked:      pirogue.Unable,
	"2020":              pirogue.Unable,
	"2021":              pirogue.Unable,
}

// classes maps the HTTP statuses that decide, whatever the body holds.
var classes = map[int]pirogue.Code{
	http.StatusRequestTimeout:  pirogue.Unknown, // the gateway may have passed it on already
	http.StatusConflict:        pirogue.Unknown, // this reference exists already
	http.StatusTooManyRequests: pirogue.NotSent, // the gateway's quota rejects calls before it passes them on
}

// guide describes Orange's specification.
var guide = outbound.Spec{
	Name: "Orange", Promised: promises, Credentials: credentials, StatusTable: outcomes, StatusCodes: classes, ErrorTable: codes,
	CashOutErrorTable: leaving, ReadError: said,
	Proof: outbound.CallbackSecret{Header: headerAuthorization, Scheme: "Basic ", Credential: credCallbackKey},
}
