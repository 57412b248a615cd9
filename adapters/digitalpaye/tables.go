package digitalpaye

import (
	"net/http"
	"regexp"

	"pirogue"
	"pirogue/adapters/outbound"
)

// outcomes is the whole of Digitalpaye's vocabulary for what became of a transaction.
// Success is spelt in three ways in its own texts.
var outcomes = outbound.Vocabulary{
	"PENDING":     pirogue.OutcomePending,
	"SUCCESSFUL":  pirogue.OutcomePaid,
	"SUCCESSFULL": pirogue.OutcomePaid,
	"SUCESSFUL":   pirogue.OutcomePaid,
	wordFailed:    pirogue.OutcomeDeclined,
}

// kinds is what Digitalpaye's types of transaction are to us: transfert is version 2's
// word, transfer version 1's.
var kinds = map[string]pirogue.Kind{
	"collecte":  pirogue.CashIn,
	"transfert": pirogue.CashOut,
	"transfer":  pirogue.CashOut,
}

// networks is every word for a network that one of the documents has. A word that is
// not here says nothing about the network: the customer's number is compared as well.
var networks = map[string]pirogue.Network{
	"ORANGE_MONEY":    pirogue.Orange,
	"ORANGE_MONEY_CI": pirogue.Orange,
	"MTN_MONEY_CI":    pirogue.MTN,
	"MOOV_MONEY_CI":   pirogue.Moov,
	"FLOOZ_MONEY_CI":  pirogue.Moov,
	"WAVE_MONEY_CI":   pirogue.Wave,
	"WAVE_CI":         pirogue.Wave,
}

// The envelope's words, in version 2, for an answer that is no success, and for one that
// brings a transaction which is none.
const (
	wordError  = "ERROR"
	wordFailed = "FAILED"
)

// verdict is an error word together with the status it is documented under.
type verdict struct {
	status int
	word   string
}

// verdicts is what Digitalpaye's error words say about a request. A word that is not
// here, or stands under another status, is Unknown. So is every status that no
// document has, but for 429: a gateway's quota turns calls away before it passes them
// on [our reading]. Unable is what concerns our account alone; BadRequestError says too
// little for that.
var verdicts = map[verdict]pirogue.Code{
	{http.StatusBadRequest, "BadRequestError"}:                pirogue.Refused,
	{http.StatusUnauthorized, "UnauthorizedError"}:            pirogue.NotSent, // turned away at the gate
	{http.StatusUnauthorized, "TOKEN_EXPIRED"}:                pirogue.NotSent, // likewise
	{http.StatusNotFound, "NotFoundError"}:                    pirogue.Unknown, // it does not say what was not found
	{http.StatusConflict, "TRANSACTION_ID_ALREADY_EXISTS"}:    pirogue.Unknown, // [our reading]: an earlier call was heard
	{http.StatusPreconditionFailed, "AMOUNT_INSUFFISANT"}:     pirogue.Unable,  // ours, of a transfer
	{http.StatusInternalServerError, "InternalServerError"}:   pirogue.Unknown,
	{http.StatusGatewayTimeout, "PAYMENT_FAILED_TRY_AGAINST"}: pirogue.Unknown, // a time-out labelled as a failure
}

// repeated finds an error that speaks of a transaction_id, or of something that is
// there already. No document says how a repeated transaction_id is refused, and a
// refusal that may mean "I have it" is none.
var repeated = regexp.MustCompile(`(?i)transaction[\s_.-]*id|d[ée]j[àa]|already|dupli|doublon|uniq`)

// guide is Digitalpaye's documents. What its errors mean is in verdicts.
var guide = outbound.Guide{
	Name: "Digitalpaye", Promises: promises, Terms: terms, Credentials: credentials, Outcomes: outcomes, Private: private,
}
