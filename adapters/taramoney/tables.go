package taramoney

import (
	"net/http"

	"pirogue"
	"pirogue/adapters/outbound"
)

// outcomes is the whole of Taramoney's status vocabulary, of webhooks, of
// transactions/status and of the lists. Its texts mix cases, so words are compared in
// upper case. A word that is not here is Unknown, never a guess.
var outcomes = outbound.Vocabulary{
	"PENDING": pirogue.OutcomePending,
	"SUCCESS": pirogue.OutcomePaid,
	"PAID":    pirogue.OutcomePaid, // in the lists
	"FAILURE": pirogue.OutcomeDeclined,
	"FAILED":  pirogue.OutcomeDeclined, // in its SDK
}

// wordError is the status of an answer that is about the question, not the payment.
const wordError = "ERROR"

// messageAbsent comes with wordError when the payment of a question is not known.
const messageAbsent = "PAYMENT_FOR_TRANSACTION_NOT_FOUND"

// meant is the class of an answer to an order by its HTTP status; "" is accepted.
type meant struct{ with2xx, with4xx pirogue.Code }

// answers is what the status words mean in the answer to an order. ERROR with 200 is
// in no document about orders.
var answers = map[string]meant{
	"SUCCESS": {"", pirogue.Unknown}, // taken, not paid
	"FAILURE": {pirogue.Refused, pirogue.Refused},
	"FAILED":  {pirogue.Refused, pirogue.Refused},
	wordError: {pirogue.Unknown, pirogue.Refused},
}

// refusals is the messages that are a clear no to an order whose status is no
// SUCCESS, and that concern our account alone. No document lists messages: the first was
// seen, the second is our reading of an account that holds too little.
var refusals = map[string]pirogue.Code{
	"BUSINESS_NOT_ACTIVATED_PLEASE_CONTACT_SUPPORT": pirogue.Unable,
	"BUSINESS_BALANCE_INSUFFICIENT":                 pirogue.Unable,
}

// classes says what an HTTP status means whatever its body says. So does every status
// from 500 on: Unknown.
var classes = map[int]pirogue.Code{
	http.StatusMethodNotAllowed: pirogue.NotSent, // nothing of the API lives at this address
	http.StatusRequestTimeout:   pirogue.Unknown, // it may have been passed on already
	http.StatusConflict:         pirogue.Unknown, // something of this productId exists
	http.StatusTooManyRequests:  pirogue.NotSent, // a quota turns calls away before they are read
}

// guide is Taramoney's documents, as far as they are a table of words: see classOf.
var guide = outbound.Guide{
	Name: "Taramoney", Promises: promises, Terms: terms, Outcomes: outcomes, Statuses: classes, Private: private,
	Problem: outbound.Saying(said), Proof: outbound.Proof{Header: headerSecret, Credential: credWebhookSecret},
}

// shape is one wire format of a collection.
type shape struct {
	path     string
	dialCode bool                       // before the number
	networks map[pirogue.Network]string // those it collects from, as its field network calls them
}

// shapes is the wire formats by their names in the configuration. Our reading of
// mobilepay: its optional network takes our names; "wave" alone is documented, for
// other countries.
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

// methods is how payout/create calls the networks. Our reading: it calls them as the
// vendor of a collection; the one text that has an example says MTN_MOBILE_MONEY.
var methods = map[pirogue.Network]string{
	pirogue.Orange: "ORANGE_CAMEROON",
	pirogue.MTN:    "MTN_CAMEROON",
}

// outcomeOf translates a status word. It fails with Unknown for a word that is not in
// Taramoney's documents.
func (o *operator) outcomeOf(word outbound.Text) (pirogue.Outcome, error) {
	outcome, ok := outcomes[upper(word)]
	if !ok {
		return "", pirogue.Errorf(pirogue.Unknown, "status %q is not in Taramoney's documents", o.Words(string(word)))
	}
	return outcome, nil
}

// classOf returns the class of an answer to an order, "" for an accepted one.
func classOf(status int, word, message outbound.Text) pirogue.Code {
	if class, listed := classes[status]; listed {
		return class
	}
	row, listed := answers[upper(word)]
	switch {
	case status >= http.StatusInternalServerError, !listed:
		return pirogue.Unknown
	case status == http.StatusUnauthorized:
		return pirogue.Unable // our reading: the key or the business is not ours, so nothing was ordered
	case refusals[upper(message)] != "" && row.with2xx != "":
		return refusals[upper(message)]
	case status >= http.StatusBadRequest:
		return row.with4xx
	default:
		return row.with2xx
	}
}
