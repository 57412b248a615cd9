package sonatel

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"strings"
	"time"

	"pirogue/sandbox/engine"
)

// Status is the status of a transaction in the history.
type Status string

// The statuses that the sandbox uses, of the eight in Sonatel's document.
const (
	Initiated Status = "INITIATED" // two steps: waits for the customer
	Pending   Status = "PENDING"   // accepted, not executed
	Success   Status = "SUCCESS"   // executed
	Failed    Status = "FAILED"    // not executed
	Rejected  Status = "REJECTED"  // not executed: a line of a bulk that was refused
	Cancelled Status = "CANCELLED" // not executed: the customer did not confirm
)

// The types of transaction.
const (
	typeCashIn   = "CASHIN"           // a deposit into the customer's wallet
	typePayment  = "MERCHANT_PAYMENT" // a customer pays
	prefixCashIn = "CI"
	prefixPay    = "MP"
)

// The channels by which a transaction comes in.
const (
	channelAPI   = "API"
	channelMAXIT = "MAXIT"
)

// customerWaits is the time for which a payment in two steps waits for its customer.
// Sonatel promises a final status within 24 h.
const customerWaits = 24 * time.Hour

// Transaction is the description of a transaction in the book.
type Transaction struct {
	TransactionID string     `json:"transaction_id"`
	Type          string     `json:"type"`
	Status        Status     `json:"status"`
	Reference     string     `json:"reference"`
	BulkID        string     `json:"bulk_id,omitempty"`
	FromCode      bool       `json:"from_code"`   // a customer paid a QR code
	MSISDN        string     `json:"msisdn"`      // the customer's, international
	Amount        int64      `json:"amount"`      // XOF, executed or to be executed
	Asked         int64      `json:"asked"`       // XOF; differs only for number 999999
	AnswerLost    bool       `json:"answer_lost"` // the caller got no response
	CreatedAt     time.Time  `json:"created_at"`
	NextAt        *time.Time `json:"next_at"` // time of the next automatic event; null for never
}

// transaction is one movement of money, ordered or executed, in the journal's form. It
// reads no clock and changes nothing else.
type transaction struct {
	ID                  string            `json:"id"`
	Type                string            `json:"type"`
	Status              Status            `json:"status"`
	Reason              string            `json:"reason,omitempty"`
	Amount              int64             `json:"amount"`
	Asked               int64             `json:"asked"`
	Reference           string            `json:"reference"`
	BulkID              string            `json:"bulk_id,omitempty"`
	CodeID              string            `json:"code_id,omitempty"` // the QR code it pays
	Partner             party             `json:"partner"`
	Customer            party             `json:"customer"`
	MSISDN              string            `json:"msisdn"`
	Channel             string            `json:"channel"`
	Metadata            map[string]string `json:"metadata,omitempty"`
	ReceiveNotification bool              `json:"receive_notification"`
	RequestDate         time.Time         `json:"request_date"`
	CreatedAt           time.Time         `json:"created_at"`
	UpdatedAt           time.Time         `json:"updated_at"`
	CallbackURL         string            `json:"callback_url,omitempty"`
	Callbacks           int               `json:"callbacks"` // callbacks in all; above 1, one precedes the response
	LosesAnswers        bool              `json:"loses_answers,omitempty"`
	AnswerLost          bool              `json:"answer_lost,omitempty"`
	Ends                Status            `json:"ends,omitempty"` // the status at NextAt
	EndsBecause         string            `json:"ends_because,omitempty"`
	NextAt              time.Time         `json:"next_at"` // zero if no automatic event comes
}

// course is the automatic course of a transaction.
type course struct {
	first  Status // the status until then
	end    Status
	reason string // for an end that is no success
	after  time.Duration
	waits  bool // the response shows first, even if after is 0
}

// follow schedules the course of a transaction. No transaction ends before settling is
// over.
func (t *transaction) follow(c course, now time.Time, settling time.Duration) {
	t.CreatedAt, t.UpdatedAt = now, now
	after := max(c.after, settling)
	if after == 0 && !c.waits {
		t.Status, t.Reason = c.end, c.reason
		return
	}
	t.Status, t.Ends, t.EndsBecause, t.NextAt = c.first, c.end, c.reason, now.Add(after)
}

// settle ends a transaction according to its course.
func (t *transaction) settle(now time.Time) {
	t.Status, t.Reason, t.UpdatedAt = t.Ends, t.EndsBecause, now
	t.Ends, t.EndsBecause, t.NextAt = "", "", time.Time{}
}

// final reports whether no automatic event comes any more.
func (t *transaction) final() bool { return t.NextAt.IsZero() }

// succeeds reports whether the money moved or will move.
func (t *transaction) succeeds() bool { return t.Status == Success || t.Ends == Success }

// taken returns the part of the retailer's float that the transaction took or holds.
func (t *transaction) taken() int64 {
	if t.Type == typeCashIn && t.succeeds() {
		return t.Amount
	}
	return 0
}

// paid returns the line of the book for an executed transaction.
func (t *transaction) paid() engine.Paid {
	direction := engine.In
	if t.Type == typeCashIn {
		direction = engine.Out
	}
	return engine.Paid{
		TxnID: t.ID, OrderID: t.Reference, MSISDN: t.MSISDN, Amount: t.Amount, Asked: t.Asked,
		Currency: unitXOF, At: t.UpdatedAt, Direction: direction,
	}
}

// view returns the description of a transaction for the book.
func (t *transaction) view() Transaction {
	v := Transaction{
		TransactionID: t.ID, Type: t.Type, Status: t.Status, Reference: t.Reference, BulkID: t.BulkID,
		FromCode: t.CodeID != "", MSISDN: t.MSISDN, Amount: t.Amount, Asked: t.Asked, AnswerLost: t.AnswerLost,
		CreatedAt: t.CreatedAt,
	}
	if !t.NextAt.IsZero() {
		v.NextAt = &t.NextAt
	}
	return v
}

// depositCourse returns the course of a deposit to one magic number.
func depositCourse(p engine.Payout) course {
	c := course{first: Pending, end: Success, after: p.After}
	if p.End != engine.PaidOut {
		c.end, c.reason = Failed, "Le dépôt n'a pas abouti."
	}
	return c
}

// paymentCourse returns the course of a payment after the customer of one magic number has
// confirmed it.
func paymentCourse(b engine.Behaviour) course {
	if b.Outcome == engine.Refuses {
		return course{first: Pending, end: Failed, reason: "Le solde du client est insuffisant."}
	}
	return course{first: Pending, end: Success}
}

// oneStepCourse returns the course of a payment whose customer gave an OTP beforehand. The
// response shows the end, unless the number takes its time.
func oneStepCourse(b engine.Behaviour) course {
	c := paymentCourse(b)
	switch {
	case b.Outcome == engine.Silent:
		c.end, c.after, c.reason = Failed, engine.SilentFor, "La transaction n'a pas abouti."
	case b.After > engine.DefaultPaidAfter:
		c.after = b.After
	}
	return c
}

// twoStepCourse returns the course of a payment that the customer confirms later.
func twoStepCourse(b engine.Behaviour) course {
	c := course{first: Initiated, end: Success, after: b.After, waits: true}
	switch b.Outcome {
	case engine.Refuses:
		c.end, c.reason = Cancelled, "Le client a refusé."
	case engine.Silent:
		c.end, c.reason, c.after = Cancelled, "Le client n'a pas confirmé.", customerWaits
	case engine.Pays:
	}
	return c
}

// international returns a local number with its country code, by its length: Senegal's have
// 9 digits, Mali's 8.
func international(local string) string {
	if len(local) == len("76123456") {
		return "+223" + local
	}
	return "+221" + local
}

// local returns an international number in Sonatel's form. One of another country keeps its
// country code.
func local(msisdn string) string {
	if number, senegalese := strings.CutPrefix(msisdn, "+221"); senegalese {
		return number
	}
	return strings.TrimPrefix(msisdn, "+")
}

// transactionReply is a transaction in the form of the history and of callbacks.
type transactionReply struct {
	TransactionID       string            `json:"transactionId"`
	Type                string            `json:"type"`
	Status              Status            `json:"status"`
	StatusReason        string            `json:"statusReason,omitempty"`
	Amount              shown             `json:"amount"`
	Reference           string            `json:"reference"`
	BulkID              string            `json:"bulkId,omitempty"`
	Metadata            map[string]string `json:"metadata"`
	Partner             party             `json:"partner"`
	Customer            party             `json:"customer"`
	Channel             string            `json:"channel"`
	ReceiveNotification bool              `json:"receiveNotification"`
	RequestDate         string            `json:"requestDate"`
	CreatedAt           string            `json:"createdAt"`
	UpdatedAt           string            `json:"updatedAt"`
}

// reply returns a transaction in the API's form. Sonatel adds keys of its own to the
// caller's metadata.
func (s *Simulator) reply(t transaction) transactionReply {
	metadata := map[string]string{"idempotencyKey": t.key()}
	maps.Copy(metadata, t.Metadata)
	return transactionReply{
		TransactionID: t.ID, Type: t.Type, Status: t.Status, StatusReason: t.Reason, Amount: s.show(t.Amount),
		Reference: t.Reference, BulkID: t.BulkID, Metadata: metadata, Partner: t.Partner, Customer: t.Customer,
		Channel: t.Channel, ReceiveNotification: t.ReceiveNotification, RequestDate: instant(t.RequestDate),
		CreatedAt: instant(t.CreatedAt), UpdatedAt: instant(t.UpdatedAt),
	}
}

// key returns the idempotency key of a callback. It is the same in every copy and every
// retry.
func (t *transaction) key() string {
	sum := sha256.Sum256([]byte(t.ID + " " + string(t.Status)))
	return hex.EncodeToString(sum[:16])
}
