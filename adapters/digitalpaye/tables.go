package digitalpaye

import (
	"net/http"
	"regexp"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// outcomes holds every status word of Digitalpaye. Its own texts spell success in three
// ways.
var outcomes = outbound.StatusTable{
	"PENDING":     pirogue.OutcomePending,
	"SUCCESSFUL":  pirogue.OutcomePaid,
	"SUCCESSFULL": pirogue.OutcomePaid,
	"SUCESSFUL":   pirogue.OutcomePaid,
	wordFailed:    pirogue.OutcomeDeclined,
}

// kinds maps Digitalpaye's types of transaction to ours: transfert is version 2's word,
// transfer version 1's.
var kinds = map[string]pirogue.PaymentKind{
	"collecte":  pirogue.CashIn,
	"transfert": pirogue.CashOut,
	"transfer":  pirogue.CashOut,
}

// networks holds every word for a network in any of the documents. A word not listed proves
// no difference: the customer's number is compared as well.
var networks = map[string]pirogue.Network{
	"ORANGE_MONEY":    pirogue.Orange,
	"ORANGE_MONEY_CI": pirogue.Orange,
	"MTN_MONEY_CI":    pirogue.MTN,
	"MOOV_MONEY_CI":   pirogue.Moov,
	"FLOOZ_MONEY_CI":  pirogue.Moov,
	"WAVE_MONEY_CI":   pirogue.Wave,
	"WAVE_CI":         pirogue.Wave,
}

// The envelope's words in version 2: for a response that is no success, and for one whose
// transaction is none.
const (
	wordError  = "ERROR"
	wordFailed = "FAILED"
)

// verdict is an error word with the status under which it is documented.
type verdict struct {
	status int
	word   string
}

// verdicts maps Digitalpaye's error words to codes. A word not listed, or under another
// status, is Unknown. So is every undocumented status except 429: a gateway's quota rejects
// calls before it passes them on [our reading]. Unable is for words that concern our
// account alone; BadRequestError is too vague for that.
var verdicts = map[verdict]pirogue.Code{
	{http.StatusBadRequest, "BadRequestError"}:                operator.Refused,
	{http.StatusUnauthorized, "UnauthorizedError"}:            operator.NotSent, // rejected before execution
	{http.StatusUnauthorized, "TOKEN_EXPIRED"}:                operator.NotSent, // likewise
	{http.StatusNotFound, "NotFoundError"}:                    operator.Unknown, // it may mean anything that is missing
	{http.StatusConflict, "TRANSACTION_ID_ALREADY_EXISTS"}:    operator.Unknown, // [our reading]: an earlier call arrived
	{http.StatusPreconditionFailed, "AMOUNT_INSUFFISANT"}:     operator.Unable,  // ours, of a transfer
	{http.StatusInternalServerError, "InternalServerError"}:   operator.Unknown,
	{http.StatusGatewayTimeout, "PAYMENT_FAILED_TRY_AGAINST"}: operator.Unknown, // a time-out labelled as a failure
}

// repeated matches an error about a transaction_id, or about something that exists already.
// No document states how a repeated transaction_id is refused. A refusal that may mean "I
// have it" is not a refusal.
var repeated = regexp.MustCompile(`(?i)transaction[\s_.-]*id|d[ée]j[àa]|already|dupli|doublon|uniq`)

// guide describes Digitalpaye's documents. verdicts holds the meaning of its errors.
var guide = outbound.Spec{
	Name: "Digitalpaye", Promised: promises, Limits: terms, Credentials: credentials, StatusTable: outcomes, Private: private,
}
