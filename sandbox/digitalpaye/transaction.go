package digitalpaye

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"pirogue/sandbox/engine"
)

// The status words of a transaction. Digitalpaye's texts have other spellings of the first,
// which the sandbox does not use.
const (
	successful = "SUCCESSFUL"
	pending    = "PENDING"
	failed     = "FAILED"
)

// stateReplies holds the envelope of each state: status and code_status. The SDK reads 202 as
// pending and 200 as done. It shows the message of any other code, hence the 400. v1
// answers Successful for everything that it finds.
var stateReplies = map[engine.State]reply{
	engine.Executed: {code: 200, status: successful, snake: "PAYMENT_IS_SUCCESSFUL", camel: "Successful"},
	engine.Pending:  {code: 202, status: pending, snake: "PAYMENT_IS_PENDING", camel: "Successful"},
	engine.Declined: {code: 400, status: failed, camel: "Successful"},
	engine.Lapsed:   {code: 400, status: failed, camel: "Successful"},
}

// failures holds the cause of a failure, as a message of v2 and a reason of v1. No document has
// words for it [our reading]. The webhook, which is the bare transaction, does not state
// the cause.
var failures = map[engine.Reason]struct{ message, reason string }{
	engine.TooPoor:  {"PAYMENT_FAILED_CUSTOMER_BALANCE_INSUFFISANT", "Le solde du client est insuffisant."},
	engine.SaidNo:   {"PAYMENT_REFUSED_BY_CUSTOMER", "Le client a refusé le paiement."},
	engine.Rejected: {"PAYMENT_REJECTED_BY_OPERATOR", "L'opérateur a rejeté l'opération."},
	engine.Silence:  {"PAYMENT_EXPIRED", "Le client n'a pas confirmé à temps."},
}

// stateReply returns the envelope for the current state of an order.
func (s *Simulator) stateReply(o engine.Order) reply {
	a := stateReplies[o.State]
	if why, told := failures[o.Reason]; told {
		a.snake, a.reason = why.message, why.reason
	}
	return a
}

// rates are fees in thousandths of the amount. From the samples: 310 francs collected from
// Orange cost 6.2, and 100 from Wave 1.5. 25 000 to Orange cost 250, 100 to MTN 1, 500 to
// Wave 7.5. The others are [our reading].
var rates = map[network]map[engine.Direction]int64{
	orange: {engine.In: 20, engine.Out: 10},
	mtn:    {engine.In: 15, engine.Out: 10},
	moov:   {engine.In: 15, engine.Out: 10},
	wave:   {engine.In: 15, engine.Out: 15},
}

// figures are the four amounts of a transaction, as strings.
type figures struct{ amount, fees, receive, total string }

// figuresOf calculates in thousandths of a franc. The merchant bears the fees of a
// collection and pays those of a transfer on top.
func figuresOf(o engine.Order) figures {
	fees := o.Amount * rates[network(o.Notes[noteNetwork])][o.Direction]
	whole := o.Amount * 1000
	if o.Direction == engine.Out {
		return figures{decimal(whole), decimal(fees), decimal(whole), decimal(whole + fees)}
	}
	return figures{decimal(whole), decimal(fees), decimal(whole - fees), decimal(whole)}
}

// decimal formats thousandths exactly and without trailing zeros: 6.2, 507.5, 100.
func decimal(thousandths int64) string {
	whole, rest := strconv.FormatInt(thousandths/1000, 10), strconv.FormatInt(1000+thousandths%1000, 10)[1:]
	return strings.TrimRight(strings.TrimRight(whole+"."+rest, "0"), ".")
}

// transaction is the flat object of either vocabulary. Status, list and webhook show it,
// and it is the data of an order's first response.
type transaction interface {
	setStatus(status string)   // sets another status word
	setWaveURL(waveURL string) // sets the address where a Wave customer pays
}

// snakeTransaction is the transaction of v2 and sdk [V seed]. date has no zone and is UTC,
// the time of Abidjan.
type snakeTransaction struct {
	LinkPaymentID *string `json:"linkpayment_id"` // null: the sandbox has no payment links
	Ref           string  `json:"ref"`
	OperatorID    *string `json:"operator_id"` // null, as in the seed
	TransactionID string  `json:"transaction_id"`
	CardID        *string `json:"cardId"`
	NumberUser    string  `json:"number_user"`
	NameUser      string  `json:"name_user"`
	EmailUser     *string `json:"email_user"`
	CountryUser   string  `json:"country_user"`
	Currency      string  `json:"currency"`
	Amount        string  `json:"amount"`
	Fees          string  `json:"fees"`
	AmountReceive string  `json:"amount_receive"`
	AmountTotal   string  `json:"amount_total"`
	Status        string  `json:"status"`
	Type          string  `json:"type_transaction"`
	TypePayment   string  `json:"type_payment"`
	Date          string  `json:"date"`
	DateUpdate    *string `json:"date_update"` // null until something changes
	WaveLaunchURL string  `json:"wave_launch_url,omitempty"`
}

func (t *snakeTransaction) setStatus(status string)   { t.Status = status }
func (t *snakeTransaction) setWaveURL(waveURL string) { t.WaveLaunchURL = waveURL }

// camelTransaction is the transaction of v1 [V]. The phone is national there. Its Wave page
// has waveLaunchUrl. The SDK's name is added, because readers of all shapes know it [our
// reading].
type camelTransaction struct {
	Ref           string   `json:"ref"`
	TransactionID string   `json:"transactionId"`
	Currency      string   `json:"currency"`
	Amount        string   `json:"amount"`
	Fees          string   `json:"fees"`
	AmountReceive string   `json:"amountReceive"`
	AmountTotal   string   `json:"amountTotal"`
	Phone         string   `json:"phone"`
	Status        string   `json:"status"`
	Type          string   `json:"typeTransaction"`
	Operator      string   `json:"operator"`
	CreatedAt     string   `json:"createdAt"`
	Customer      customer `json:"customer"`
	WaveLaunchURL string   `json:"waveLaunchUrl,omitempty"`
	SnakeURL      string   `json:"wave_launch_url,omitempty"`
}

func (t *camelTransaction) setStatus(status string)   { t.Status = status }
func (t *camelTransaction) setWaveURL(waveURL string) { t.WaveLaunchURL, t.SnakeURL = waveURL, waveURL }

// transaction returns an order in the form of a shape.
func (s *Simulator) transaction(o engine.Order, in *shape) transaction {
	var who customer
	if err := json.Unmarshal([]byte(o.Notes[noteCustomer]), &who); err != nil {
		s.Log.Error("customer not read", "ref", o.ID, "error", err)
	}
	sums, operator := figuresOf(o), in.networkWords[network(o.Notes[noteNetwork])]
	if in.camel {
		return &camelTransaction{
			Ref: o.ID, TransactionID: o.Reference, Currency: o.Currency, Amount: sums.amount, Fees: sums.fees,
			AmountReceive: sums.receive, AmountTotal: sums.total, Phone: local(o.MSISDN),
			Status: stateReplies[o.State].status, Type: kind(o, "transfer"), Operator: operator,
			CreatedAt: instant(o.OpenedAt), Customer: who,
		}
	}
	t := &snakeTransaction{
		Ref: o.ID, TransactionID: o.Reference, NumberUser: s.number(o.MSISDN), NameUser: who.name(),
		CountryUser: country, Currency: o.Currency, Amount: sums.amount, Fees: sums.fees,
		AmountReceive: sums.receive, AmountTotal: sums.total, Status: stateReplies[o.State].status,
		Type: kind(o, "transfert"), TypePayment: operator, Date: o.OpenedAt.UTC().Format(time.DateTime),
	}
	if !o.ChangedAt.Equal(o.OpenedAt) {
		changed := o.ChangedAt.UTC().Format(time.DateTime)
		t.DateUpdate = &changed
	}
	if who.Email != "" {
		t.EmailUser = &who.Email
	}
	return t
}

// kind returns the type of an order by its direction: v2 has transfert, v1 transfer.
func kind(o engine.Order, out string) string {
	if o.Direction == engine.Out {
		return out
	}
	return "collecte"
}

// number returns a number in v2's form: +225… in the seed, 225… in other samples.
func (s *Simulator) number(msisdn string) string {
	if s.Quirk(quirkWithoutPlus) {
		return strings.TrimPrefix(msisdn, "+")
	}
	return msisdn
}

// instant formats a time in v1's form: 2025-04-03T22:03:50.000Z.
func instant(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }
