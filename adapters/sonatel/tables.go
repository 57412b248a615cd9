package sonatel

import (
	"net/http"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
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

// leaving overrides codes for a deposit. Its PIN is our retailer's, and so is the only
// balance that it takes from. For a payment both are the customer's. After a wrong PIN
// nothing was executed, so another operator may pay. pinLock ensures that the PIN is not
// tried again here.
var leaving = map[string]pirogue.Code{
	"2010":              operator.Unable,
	codeWrongPINTwoLeft: operator.Unable,
	codeWrongPINOneLeft: operator.Unable,
	codePINBlocked:      operator.Unable,
	"2020":              operator.Unable,
	"2021":              operator.Unable,
}

// classes maps the HTTP statuses that decide, whatever the body holds.
var classes = map[int]pirogue.Code{
	http.StatusRequestTimeout:  operator.Unknown, // the gateway may have passed it on already
	http.StatusConflict:        operator.Unknown, // this reference exists already
	http.StatusTooManyRequests: operator.NotSent, // the gateway's quota rejects calls before it passes them on
}

// guide describes Orange's specification.
var guide = outbound.Spec{
	Name: "Orange", Promised: promises, Credentials: credentials, StatusTable: outcomes, StatusCodes: classes, ErrorTable: codes,
	CashOutErrorTable: leaving, ReadError: said,
	Proof: outbound.CallbackSecret{Header: headerAuthorization, Scheme: "Basic ", Credential: credCallbackKey},
}
