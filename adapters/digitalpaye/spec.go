package digitalpaye

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"time"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/config"
	"pirogue/operator"
)

// refusalSpan is the least time between two refusals of one payment before we accept them.
// It is in no document: Digitalpaye has reported payments as failed whose result it did not
// know.
const refusalSpan = 10 * time.Minute

// spec describes Digitalpaye's documents. errorTable holds the meaning of its errors.
var spec = client.Spec{
	Name: "Digitalpaye", Capability: capability, Limits: limits, Credentials: credentials, StatusTable: statusTable,
	Private:      privateText,
	RejectsToken: rejectsToken,
}

// capability is Digitalpaye's capability. The documents declare transaction_id unique. They
// do not state how a repeated one is refused, or that it is executed once. So neither a
// transfer nor a collection may be repeated: its prompt may be on the customer's phone
// already. Absence proves nothing, because no document states that the list is complete.
var capability = operator.Capability{
	Reference:      operator.StatusByReference,
	OnLostResponse: operator.ResendNever,
	Proof:          operator.ProofNone,
	RefusalSpan:    refusalSpan,

	StatementNames: true, // transaction_id is in every sample of a transaction
	// A transfer may answer 200 SUCCESSFUL; a collection waits for its customer.
	DecidesAtOnce: operator.AtOnce{MoneyOut: true},
}

// country is the only country in Digitalpaye's documents.
const country = "CI"

// maxReference is the greatest length of a transaction_id, in characters, by the seed
// document. The camelCase pages show longer ones and state no limit.
const maxReference = 20

// limits holds Digitalpaye's limits, the same both ways, in francs. A number has ten digits
// since 2021, with its leading zero.
var limits = client.SubmissionLimits{
	Name: "Digitalpaye", Country: country, Currency: pirogue.XOF, Reference: maxReference, Digits: 10,
	CashIn: operator.Limits{Min: 100, Max: 1_000_000}, CashOut: operator.Limits{Min: 100, Max: 1_000_000},
}

// The names of an instance's credentials.
const (
	credAPIKey    = "api_key"
	credAPISecret = "api_secret"
)

// withoutColon is the form of a user name in Basic authentication, which a colon would end.
var withoutColon = regexp.MustCompile(`^[^:\s]+$`)

// credentials holds the rules for an instance's credentials.
var credentials = client.Credentials{
	credAPIKey:    {Form: withoutColon, Description: "without spaces and colons", Required: true},
	credAPISecret: {Required: true},
}

// environmentProduction is the only documented value of X-Environment.
const environmentProduction = "Production"

// checkConfig returns every mistake of a configuration that is specific to Digitalpaye. No
// message contains a credential.
func checkConfig(conf config.Operator) client.Mistakes {
	var m client.Mistakes
	chosen, known := shapes[conf.Shape]
	m.AddIf(!known, "shape %q is none of %q", conf.Shape, slices.Sorted(maps.Keys(shapes)))
	_, served := chosen.operators[conf.Network]
	m.AddIf(known && !served && conf.Network != "", "network %q is none of this API", conf.Network)
	environment := environmentOf(conf)
	m.AddIf(!client.HeaderValue.MatchString(environment), "environment must be %s", client.HeaderValueRule)
	m.AddIf(conf.Mode == pirogue.Live && environment != environmentProduction,
		"environment is not Production, and cannot serve live keys")
	return m
}

// environmentOf returns the X-Environment of an instance: Digitalpaye's test or live
// system.
func environmentOf(conf config.Operator) string {
	return cmp.Or(conf.Environment, environmentProduction)
}

// statusTable holds every status word of Digitalpaye. Its own texts spell success in three
// ways.
var statusTable = client.StatusTable{
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

// errorKey is an error word with the status under which it is documented.
type errorKey struct {
	status int
	word   string
}

// errorTable maps Digitalpaye's error words to codes. A word not listed, or under another
// status, is Unknown. So is every undocumented status except 429: a gateway's quota rejects
// calls before it passes them on [our reading]. Unable is for words that concern our
// account alone; BadRequestError is too vague for that.
var errorTable = map[errorKey]pirogue.Code{
	{http.StatusBadRequest, "BadRequestError"}:                operator.Refused,
	{http.StatusUnauthorized, "UnauthorizedError"}:            operator.NotSent, // rejected before execution
	{http.StatusUnauthorized, "TOKEN_EXPIRED"}:                operator.NotSent, // likewise
	{http.StatusNotFound, "NotFoundError"}:                    operator.Unknown, // it may mean anything that is missing
	{http.StatusConflict, "TRANSACTION_ID_ALREADY_EXISTS"}:    operator.Unknown, // [our reading]: an earlier call arrived
	{http.StatusPreconditionFailed, "AMOUNT_INSUFFISANT"}:     operator.Unable,  // ours, of a transfer
	{http.StatusInternalServerError, "InternalServerError"}:   operator.Unknown,
	{http.StatusGatewayTimeout, "PAYMENT_FAILED_TRY_AGAINST"}: operator.Unknown, // a time-out labelled as a failure
}

// repeatedReference matches an error about a transaction_id, or about something that exists already.
// No document states how a repeated transaction_id is refused. A refusal that may mean "I
// have it" is not a refusal.
var repeatedReference = regexp.MustCompile(`(?i)transaction[\s_.-]*id|d[ée]j[àa]|already|dupli|doublon|uniq`)

// privateText matches a telephone number of Côte d'Ivoire with gaps. Digitalpaye's messages may
// repeat one, and nobody at Pirogue needs to read it.
var privateText = regexp.MustCompile(`(?:\+|\b)(?:225[ .-]?)?0\d(?:[ .-]?\d){8}\b`)

// shape describes one of Digitalpaye's wire formats.
type shape struct {
	collectPath  string
	transferPath string
	statusPath   string // the reference follows
	listPath     string
	balancePath  string

	operators map[pirogue.Network]string // the names of the networks
	collect   func(submission) any       // the body of a collection
	transfer  func(submission) any       // the body of a transfer
	read      func(json.RawMessage) (transaction, error)
}

// shapes maps the names in the configuration to wire formats. Another generation of the API
// is one more row here, and one more file for its spelling.
var shapes = map[string]shape{
	// The seed document. It has the transfer. The other paths are the SDK's under version 2,
	// and every document that has balance guesses its path [our reading].
	"": {
		collectPath:  "/v2/collecte/mobile-money",
		transferPath: "/v2/transfers/mobile-money",
		statusPath:   "/v2/get-status-payment/",
		listPath:     "/v2/get-all-transactions",
		balancePath:  "/v2/balance",
		operators:    networkNames("ORANGE_MONEY_CI", "MTN_MONEY_CI", "MOOV_MONEY_CI", "WAVE_MONEY_CI"),
		collect:      newSeedCollect, transfer: newSeedTransfer, read: readSeedTransaction,
	},
	// Digitalpaye's PHP SDK, 1.0 to 1.1.0.
	"sdk": {
		collectPath:  "/v1/collecte/mobile-money",
		transferPath: "/v1/transfers/mobile-money",
		statusPath:   "/v1/get-status-payment/",
		listPath:     "/v1/get-all-transactions",
		balancePath:  "/v1/balance",
		operators:    networkNames("ORANGE_MONEY_CI", "MTN_MONEY_CI", "MOOV_MONEY_CI", "WAVE_CI"),
		collect:      newSeedCollect, transfer: newSeedTransfer, read: readSeedTransaction,
	},
	// The current pages. List and balance are in their menu without a path [our reading].
	"v1": {
		collectPath:  "/v1/collecte/mobile-money",
		transferPath: "/v1/transfer/mobile-money",
		statusPath:   "/v1/transaction/",
		listPath:     "/v1/transactions",
		balancePath:  "/v1/balance",
		operators:    networkNames("ORANGE_MONEY_CI", "MTN_MONEY_CI", "FLOOZ_MONEY_CI", "WAVE_MONEY_CI"),
		collect:      newPagesCollect, transfer: newPagesTransfer, read: readPagesTransaction,
	},
}

// networkNames returns one wire format's names of the four networks.
func networkNames(orange, mtn, moov, wave string) map[pirogue.Network]string {
	return map[pirogue.Network]string{
		pirogue.Orange: orange, pirogue.MTN: mtn, pirogue.Moov: moov, pirogue.Wave: wave,
	}
}
