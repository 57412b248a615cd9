package taramoney

import (
	"net/http"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// outcomes holds every status word of Taramoney, of webhooks, of transactions/status and of
// the lists. Its texts mix cases, so words are compared in upper case. A word not listed is
// Unknown, never a guess.
var outcomes = outbound.StatusTable{
	"PENDING": pirogue.OutcomePending,
	"SUCCESS": pirogue.OutcomePaid,
	"PAID":    pirogue.OutcomePaid, // in the lists
	"FAILURE": pirogue.OutcomeDeclined,
	"FAILED":  pirogue.OutcomeDeclined, // in its SDK
}

// wordError is the status of a response that describes the call, not the payment.
const wordError = "ERROR"

// messageAbsent comes with wordError if Taramoney does not know the payment.
const messageAbsent = "PAYMENT_FOR_TRANSACTION_NOT_FOUND"

// meant holds the error codes of a response to an order, by its HTTP status; "" means
// accepted.
type meant struct{ with2xx, with4xx pirogue.Code }

// answers holds the meaning of the status words in the response to an order. No document
// about orders has ERROR with 200.
var answers = map[string]meant{
	"SUCCESS": {"", operator.Unknown}, // accepted, not paid
	"FAILURE": {operator.Refused, operator.Refused},
	"FAILED":  {operator.Refused, operator.Refused},
	wordError: {operator.Unknown, operator.Refused},
}

// refusals holds the messages that clearly refuse an order whose status is not SUCCESS, and
// that concern our account alone. No document lists messages. Integrators saw the first;
// the second is our reading of an account with too low a balance.
var refusals = map[string]pirogue.Code{
	"BUSINESS_NOT_ACTIVATED_PLEASE_CONTACT_SUPPORT": operator.Unable,
	"BUSINESS_BALANCE_INSUFFICIENT":                 operator.Unable,
}

// classes maps the HTTP statuses that decide, whatever the body holds. Every status from
// 500 on is Unknown as well.
var classes = map[int]pirogue.Code{
	http.StatusMethodNotAllowed: operator.NotSent, // no API answers at this address
	http.StatusRequestTimeout:   operator.Unknown, // the gateway may have passed it on already
	http.StatusConflict:         operator.Unknown, // this productId exists already
	http.StatusTooManyRequests:  operator.NotSent, // a quota rejects calls before they are read
}

// guide describes the tables in Taramoney's documents. classOf reads the responses to
// orders.
var guide = outbound.Spec{
	Name: "Taramoney", Promised: promises, Limits: terms, StatusTable: outcomes, StatusCodes: classes, Private: private,
	ReadError: outbound.JSONErrors(said), Proof: outbound.CallbackSecret{Header: headerSecret, Credential: credWebhookSecret},
}

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

// methods holds the names of the networks in payout/create. Our reading: they are those of
// the vendor of a collection; the only text with an example has MTN_MOBILE_MONEY.
var methods = map[pirogue.Network]string{
	pirogue.Orange: "ORANGE_CAMEROON",
	pirogue.MTN:    "MTN_CAMEROON",
}

// outcomeOf returns the outcome of a status word. It returns Unknown for a word that is not
// in Taramoney's documents.
func (o *adapter) outcomeOf(word outbound.Text) (pirogue.Outcome, error) {
	outcome, ok := outcomes[upper(word)]
	if !ok {
		return "", pirogue.Errorf(operator.Unknown, "status %q is not in Taramoney's documents", o.Redact(string(word)))
	}
	return outcome, nil
}

// classOf returns the error code of a response to an order, "" for an accepted one.
func classOf(status int, word, message outbound.Text) pirogue.Code {
	if class, listed := classes[status]; listed {
		return class
	}
	row, listed := answers[upper(word)]
	switch {
	case status >= http.StatusInternalServerError, !listed:
		return operator.Unknown
	case status == http.StatusUnauthorized:
		return operator.Unable // our reading: the key or the business is not ours, so nothing was executed
	case refusals[upper(message)] != "" && row.with2xx != "":
		return refusals[upper(message)]
	case status >= http.StatusBadRequest:
		return row.with4xx
	default:
		return row.with2xx
	}
}
