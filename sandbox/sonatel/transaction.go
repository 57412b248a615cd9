package sonatel

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
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

// The types of transaction, and the prefixes of their identifiers.
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

// The notes of an order: the fields of a transaction that only Sonatel has. Those of
// parties and metadata follow a prefix.
const (
	noteBulk        = "bulk_id"
	noteCode        = "code_id" // the QR code that it pays
	noteTwoSteps    = "method"  // of a payment that the customer confirms later
	noteChannel     = "channel"
	noteReceives    = "receive_notification"
	noteRequestDate = "request_date"
	partnerPrefix   = "partner."
	customerPrefix  = "customer."
	metadataPrefix  = "metadata."
	noteIDType      = "id_type"
	noteID          = "id"
	noteWallet      = "wallet_type"
)

// The reasons for a decline that only Sonatel has.
const (
	noResult     engine.Reason = "no_result"     // of a payment in one step
	floatTooLow  engine.Reason = "float_too_low" // for a line of a bulk
	ceilingAtEnd engine.Reason = "ceiling"       // of a line of a bulk
)

// declines holds Sonatel's words for each reason.
var declines = map[engine.Reason]struct {
	status Status
	text   string
}{
	engine.TooPoor:  {Failed, "Le solde du client est insuffisant."},
	engine.SaidNo:   {Cancelled, "Le client a refusé."},
	engine.Silence:  {Cancelled, "Le client n'a pas confirmé."},
	engine.Rejected: {Failed, "Le dépôt n'a pas abouti."},
	noResult:        {Failed, "La transaction n'a pas abouti."},
	floatTooLow:     {Rejected, balanceTooLow.detail},
	ceilingAtEnd:    {Rejected, ceilingReached.detail},
}

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
	ResponseLost  bool       `json:"answer_lost"` // the caller got no response
	CreatedAt     time.Time  `json:"created_at"`
	NextAt        *time.Time `json:"next_at"` // time of the next automatic event; null for never
}

// transaction is an order in Sonatel's words: one movement of money, ordered or executed.
type transaction struct{ engine.Order }

// newTransactionID numbers transactions as Sonatel does: kind, date, time, series and
// number. count is the number of transactions before.
func newTransactionID(o engine.Order, count int) string {
	prefix := prefixPay
	if o.Direction == engine.Out {
		prefix = prefixCashIn
	}
	return fmt.Sprintf("%s%s.A%05d", prefix, o.OpenedAt.Format("060102.1504"), count+1)
}

// kind returns the type of the transaction.
func (t transaction) kind() string {
	if t.Direction == engine.Out {
		return typeCashIn
	}
	return typePayment
}

// status returns the status of the transaction.
func (t transaction) status() Status {
	switch {
	case t.State == engine.Executed:
		return Success
	case !t.Open():
		return declines[t.Reason].status
	case t.Notes[noteTwoSteps] != "":
		return Initiated
	default:
		return Pending
	}
}

// succeeds reports whether the money moved or will move.
func (t transaction) succeeds() bool {
	return t.State == engine.Executed || t.Open() && t.Ends == engine.Executed
}

// view returns the description of the transaction for the book.
func (t transaction) view() Transaction {
	v := Transaction{
		TransactionID: t.ID, Type: t.kind(), Status: t.status(), Reference: t.Reference, BulkID: t.Notes[noteBulk],
		FromCode: t.Notes[noteCode] != "", MSISDN: t.MSISDN, Amount: t.Amount, Asked: t.Asked, ResponseLost: t.ResponseLost,
		CreatedAt: t.OpenedAt,
	}
	if !t.NextAt.IsZero() {
		v.NextAt = &t.NextAt
	}
	return v
}

// transactionReply is a transaction in the form of the history and of callbacks.
type transactionReply struct {
	TransactionID       string            `json:"transactionId"`
	Type                string            `json:"type"`
	Status              Status            `json:"status"`
	StatusReason        string            `json:"statusReason,omitempty"`
	Amount              moneyReply        `json:"amount"`
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

// reply returns the transaction in the API's form. Sonatel adds keys of its own to the
// caller's metadata.
func (t transaction) reply(q Quirks) transactionReply {
	metadata := map[string]string{"idempotencyKey": t.key()}
	for name, value := range t.Notes {
		if key, found := strings.CutPrefix(name, metadataPrefix); found {
			metadata[key] = value
		}
	}
	return transactionReply{
		TransactionID: t.ID, Type: t.kind(), Status: t.status(), StatusReason: declines[t.Reason].text,
		Amount: q.money(t.Amount), Reference: t.Reference, BulkID: t.Notes[noteBulk], Metadata: metadata,
		Partner: t.party(partnerPrefix), Customer: t.party(customerPrefix), Channel: t.Notes[noteChannel],
		ReceiveNotification: t.Notes[noteReceives] == strconv.FormatBool(true),
		RequestDate:         cmp.Or(t.Notes[noteRequestDate], instant(t.OpenedAt)),
		CreatedAt:           instant(t.OpenedAt), UpdatedAt: instant(t.ChangedAt),
	}
}

// party returns one side of the transaction.
func (t transaction) party(prefix string) party {
	return party{
		IDType: t.Notes[prefix+noteIDType], ID: t.Notes[prefix+noteID], WalletType: t.Notes[prefix+noteWallet],
	}
}

// key returns the idempotency key of a callback. It is the same in every copy and every
// retry.
func (t transaction) key() string {
	sum := sha256.Sum256([]byte(t.ID + " " + string(t.status())))
	return hex.EncodeToString(sum[:16])
}

// notesOf returns the notes that every transaction has. It leaves the parties' secrets out,
// so that they may be stored and shown.
func notesOf(partner, customer party, channel string, metadata map[string]string) map[string]string {
	notes := map[string]string{noteChannel: channel}
	for prefix, p := range map[string]party{partnerPrefix: partner, customerPrefix: customer} {
		if p.WalletType == "" && p.IDType == idMSISDN {
			p.WalletType = principal
		}
		notes[prefix+noteIDType], notes[prefix+noteID], notes[prefix+noteWallet] = p.IDType, p.ID, p.WalletType
	}
	for key, value := range metadata {
		notes[metadataPrefix+key] = value
	}
	return notes
}
