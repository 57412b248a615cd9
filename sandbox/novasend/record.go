package novasend

import (
	"strconv"
	"strings"
	"time"

	"pirogue/sandbox/engine"
)

// statusWords holds the status words of each family. The documents' pages use different words for
// success, so every family has another one.
var statusWords = map[family]map[engine.State]string{
	walletPayins: {
		engine.Pending: "processing", engine.Executed: "processed", engine.Declined: "failed", engine.Lapsed: "expired",
	},
	directPayins: {
		engine.Pending: "processing", engine.Executed: "success", engine.Declined: "failed", engine.Lapsed: "expired",
	},
	walletPayouts: {engine.Pending: "processing", engine.Executed: "processed", engine.Declined: "failed"},
	directPayouts: {engine.Pending: "pending", engine.Executed: "completed", engine.Declined: "failed"},
	refundOrders:  {engine.Pending: "processing", engine.Executed: "completed", engine.Declined: "failed"},
}

// transactionWords holds the words of transaction.status, which is the settled result.
var transactionWords = map[engine.State]string{
	engine.Pending: "pending", engine.Executed: "completed", engine.Declined: "failed",
}

// failure is the cause of a decline, null in every other response.
type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// failures maps the causes of a decline. The codes are our reading, from the words of the
// error page where it has one.
var failures = map[engine.Reason]failure{
	engine.TooPoor:  {"client_not_enough_cash", "The customer's balance is too low."},
	engine.SaidNo:   {"transaction_declined", "The customer declined the payment."},
	engine.Rejected: {"transaction_error", "The operator rejected the transaction."},
}

// record is an order in the current shape, with the fields in the documents' order.
type record struct {
	ID                   string       `json:"id"`
	Type                 string       `json:"type"`
	Reference            string       `json:"reference"` // the merchant's
	Status               string       `json:"status"`
	ConfirmationRequired bool         `json:"confirmationRequired"`
	ConfirmationStatus   string       `json:"confirmationStatus"`
	PaymentURL           *string      `json:"paymentUrl"`
	Customer             customer     `json:"customer"`
	MobileMoney          *mobileMoney `json:"mobileMoney,omitempty"`
	IsDirect             bool         `json:"isDirect"`
	PayFee               bool         `json:"payFee"`
	CreatedAt            string       `json:"createdAt"`
	Amount               int64        `json:"amount"`
	Fee                  int64        `json:"fee"`
	ChargedAmount        int64        `json:"chargedAmount"`
	Currency             string       `json:"currency"`
	Failure              *failure     `json:"failure"`
	Transaction          any          `json:"transaction,omitempty"`
}

// customer is the other side of an order, in the current shape.
type customer struct {
	Name        string `json:"name"`
	PhoneNumber string `json:"phoneNumber"`
}

// mobileMoney names the operator of a direct order with its country: WAVE_CI.
type mobileMoney struct {
	Provider struct {
		Name string `json:"name"`
	} `json:"provider"`
}

// seedOpened is the response to a call in the seed shape. The two references have other
// meanings than in the current shape, whose reference is the merchant's.
type seedOpened struct {
	Type                 string  `json:"type"`
	Fee                  int64   `json:"fee"`
	Reference            string  `json:"reference"` // Novasend's identifier
	PhoneNumber          string  `json:"phoneNumber"`
	CustomerName         string  `json:"customerName,omitempty"` // of a status only
	Amount               int64   `json:"amount"`
	ChargedAmount        int64   `json:"chargedAmount"`
	Status               string  `json:"status"`
	Currency             string  `json:"currency"`
	CustomerReference    string  `json:"customerReference"` // the merchant's reference
	ConfirmationRequired bool    `json:"confirmationRequired"`
	ConfirmationStatus   string  `json:"confirmationStatus"`
	PaymentURL           *string `json:"paymentUrl,omitempty"` // of the first response only
	CreatedAt            string  `json:"createdAt"`
}

// seedRecord is a status in the seed shape.
type seedRecord struct {
	seedOpened

	Transaction any      `json:"transaction"` // {} until the customer confirms, null if nobody did
	Failure     *failure `json:"failure"`
}

// refundRecord is a refund, in either shape of the payin. It does not repeat the merchant's
// own reference.
type refundRecord struct {
	Type              string `json:"type"`
	Reference         string `json:"reference"`
	OriginalReference string `json:"originalReference"`
	Amount            int64  `json:"amount"`
	Fee               int64  `json:"fee"`
	Currency          string `json:"currency"`
	Status            string `json:"status"`
	Reason            string `json:"reason"`
	RefundType        string `json:"refundType"`
	CustomerMSISDN    string `json:"customerMsisdn"`
	CustomerName      string `json:"customerName"`
	CreatedAt         string `json:"createdAt"`
	Transaction       struct {
		Reference   string  `json:"reference"`
		Status      string  `json:"status"`
		ProcessedAt *string `json:"processedAt"`
	} `json:"transaction"`
}

// transaction is the movement in Novasend's core system. Its amounts are text with two
// decimals in every currency.
type transaction struct {
	Reference     string `json:"reference"`
	Status        string `json:"status"`
	CustomerName  string `json:"customerName"`
	ProcessedAt   string `json:"processedAt"`
	PhoneNumber   string `json:"phoneNumber"`
	Amount        string `json:"amount"`
	Fees          string `json:"fees"`
	ChargedAmount string `json:"chargedAmount"`
	Currency      string `json:"currency"`
}

// opened returns the response to the call that opened an order. It never shows the
// transaction, even if the order ended in the call.
func (s *Simulator) opened(o engine.Order) any {
	switch {
	case o.Parent != "":
		return s.refundOf(o, s.word(o))
	case o.Notes[noteShape] == seedShape:
		r := s.seedOf(o, s.word(o))
		r.CustomerName = ""
		r.PaymentURL = s.paymentURL(o)
		return r.seedOpened
	}
	r := s.recordOf(o, s.word(o))
	r.Transaction = nil
	return r
}

// read returns the response to a status call. Only these responses have an undocumented
// word while UnknownWords is on.
func (s *Simulator) read(o engine.Order) any {
	says := s.Faults.Read().StatusWord(s.word(o))
	switch {
	case o.Parent != "":
		return s.refundOf(o, says)
	case o.Notes[noteShape] == seedShape:
		return s.seedOf(o, says)
	}
	return s.recordOf(o, says)
}

// word returns the status of an order. With the quirk only the transaction shows a refusal,
// as in the seed: processed is not success.
func (s *Simulator) word(o engine.Order) string {
	if s.failsInsideOnly(o) {
		return "processed"
	}
	return statusWords[familyOf(o)][o.State]
}

// failsInsideOnly reports whether only the transaction shows an order's refusal. A refund
// has no such pair of words.
func (s *Simulator) failsInsideOnly(o engine.Order) bool {
	return o.State == engine.Declined && o.Parent == "" && s.Quirk(processedButFailed)
}

// recordOf returns an order in the current shape, with the given status word.
func (s *Simulator) recordOf(o engine.Order, says string) record {
	provider, direct := o.Notes[noteProvider]
	r := record{
		ID: o.ID, Type: kind(o), Reference: o.Reference, Status: says,
		ConfirmationRequired: mustConfirm(o), ConfirmationStatus: confirmation(o), PaymentURL: s.paymentURL(o),
		Customer: customer{o.Notes[noteName], o.MSISDN}, IsDirect: direct, PayFee: true, CreatedAt: instant(o.OpenedAt),
		Amount: shown(o), Fee: fee(o), ChargedAmount: shown(o) + fee(o), Currency: o.Currency, Failure: failureOf(o),
	}
	if direct {
		r.MobileMoney = &mobileMoney{}
		r.MobileMoney.Provider.Name = provider
	}
	if settles(o) || s.failsInsideOnly(o) {
		r.Transaction = core(o, says)
	}
	return r
}

// seedOf returns an order in the seed shape, for a caller with an accountId.
func (s *Simulator) seedOf(o engine.Order, says string) seedRecord {
	return seedRecord{seedOpened: seedOpened{
		Type: kind(o), Fee: fee(o), Reference: o.ID, PhoneNumber: o.MSISDN, CustomerName: o.Notes[noteName],
		Amount: shown(o), ChargedAmount: shown(o) + fee(o), Status: says, Currency: o.Currency,
		CustomerReference: o.Reference, ConfirmationRequired: mustConfirm(o), ConfirmationStatus: confirmation(o),
		CreatedAt: instant(o.OpenedAt),
	}, Transaction: core(o, says), Failure: failureOf(o)}
}

// refundOf returns a refund with the given status word.
func (s *Simulator) refundOf(o engine.Order, says string) refundRecord {
	amount := o.Asked
	if o.State == engine.Executed {
		amount = o.Amount
	}
	r := refundRecord{
		Type: "refund", Reference: o.ID, OriginalReference: o.Parent, Amount: amount, Currency: o.Currency,
		Status: says, Reason: o.Notes[noteReason], RefundType: "full", CustomerMSISDN: o.MSISDN,
		CustomerName: o.Notes[noteName], CreatedAt: instant(o.OpenedAt),
	}
	r.Transaction.Reference, r.Transaction.Status = coreID(o), coreWord(o, says)
	if !o.Open() {
		at := instant(o.ChangedAt)
		r.Transaction.ProcessedAt = &at
	}
	return r
}

// settles reports whether the status of an order shows its transaction. The current pages
// show none for direct orders and payouts.
func settles(o engine.Order) bool {
	return familyOf(o) == walletPayins || o.Notes[noteShape] == seedShape
}

// core returns the transaction of an order: {} until somebody confirmed, null if nobody
// ever did.
func core(o engine.Order, says string) any {
	switch o.State {
	case engine.Pending:
		return struct{}{}
	case engine.Lapsed:
		return (*transaction)(nil)
	case engine.Executed, engine.Declined:
	}
	return &transaction{
		Reference: coreID(o), Status: coreWord(o, says), CustomerName: o.Notes[noteName], ProcessedAt: instant(o.ChangedAt),
		PhoneNumber: o.MSISDN, Amount: decimal(o.Amount), Fees: decimal(0), ChargedAmount: decimal(o.Amount),
		Currency: o.Currency,
	}
}

// coreWord returns the status of a transaction. It is the unknown word if the status
// outside is.
func coreWord(o engine.Order, says string) string {
	if says == engine.UnknownWord {
		return says
	}
	return transactionWords[o.State]
}

// shown returns the amount at the top of an order. Another amount that moved is in the
// transaction, if there is one.
func shown(o engine.Order) int64 {
	if o.State == engine.Executed && !settles(o) {
		return o.Amount
	}
	return o.Asked
}

// confirmation returns the state of the customer's own confirmation of a payin.
func confirmation(o engine.Order) string {
	switch {
	case o.Direction == engine.Out:
		return "none"
	case o.State == engine.Lapsed:
		return "expired"
	case o.State == engine.Declined && o.Reason == engine.SaidNo:
		return "declined"
	case !o.Open() || o.Notes[noteOTP] != "":
		return "accepted"
	case familyOf(o) == directPayins: // a push is under way to the phone
		return "pending"
	default:
		return "none"
	}
}

// mustConfirm reports whether an order waits for its customer. An OTP counts as the
// confirmation.
func mustConfirm(o engine.Order) bool { return o.Direction == engine.In && o.Notes[noteOTP] == "" }

// paymentURL returns the hosted page of an order, or nil if the customer needs none.
func (s *Simulator) paymentURL(o engine.Order) *string {
	if !hasPage(o) {
		return nil
	}
	address := s.Address("/link/" + withoutPrefix(o.ID))
	return &address
}

// hasPage reports whether the customer confirms on a page: a session's, and Wave's.
func hasPage(o engine.Order) bool {
	return familyOf(o) == walletPayins ||
		familyOf(o) == directPayins && strings.HasPrefix(o.Notes[noteProvider], wave+"_")
}

// failureOf returns the cause of a decline, or nil for any other state.
func failureOf(o engine.Order) *failure {
	if why, declined := failures[o.Reason]; declined && o.State == engine.Declined {
		return &why
	}
	return nil
}

// kind returns the type of an order from the merchant's view: payin for incoming money.
func kind(o engine.Order) string {
	if o.Direction == engine.In {
		return "payin"
	}
	return "payout"
}

// fee returns Novasend's fee on top of an order: 2 %, rounded up, as 6 of 300 in every
// example. A refund is free; our reading.
func fee(o engine.Order) int64 {
	if o.Parent != "" {
		return 0
	}
	return (o.Asked*2 + 99) / 100
}

// coreID returns the identifier in the core system, which no call accepts.
func coreID(o engine.Order) string { return "tr_" + withoutPrefix(o.ID)[:16] }

// decimal formats an amount as the core system does.
func decimal(amount int64) string { return strconv.FormatInt(amount, 10) + ".00" }

// instant formats a time as Novasend does.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
