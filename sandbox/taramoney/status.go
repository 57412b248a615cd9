package taramoney

import (
	"net/http"
	"strconv"
	"time"

	"pirogue/sandbox/stage"
)

// words are the status words for where an order stands.
var words = map[stage.State]string{
	stage.Pending: pending, stage.Executed: success, stage.Declined: failure, stage.Lapsed: failure,
}

// reasons are the messages for why an order failed [our reading].
var reasons = map[stage.Reason]string{
	stage.TooPoor: "INSUFFICIENT_BALANCE", stage.SaidNo: "PAYMENT_REFUSED_BY_CUSTOMER",
	stage.Rejected: "PAYOUT_REJECTED", stage.Silence: "PAYMENT_EXPIRED",
}

// product is the body of transactions/status and resend-webhook.
type product struct {
	ProductID string `json:"productId"`
}

// standing is the answer of transactions/status as it was seen: a payment in two JSON
// objects that are text. productId comes back when it was asked by [documented], and not
// when the payment was asked for by Tara's own identifier [seen].
type standing struct {
	ProductID     string `json:"productId,omitempty"`
	Status        string `json:"status"`
	Message       string `json:"message"`
	TransactionID string `json:"transactionId,omitempty"` // once money moved, as is what follows
	ReceiptURL    string `json:"receiptUrl,omitempty"`
	PaymentData   string `json:"paymentData,omitempty"` // with the net amount
	Payload       string `json:"payload"`               // with the gross amount
}

// payload is the text object of a status that says whose payment it is.
type payload struct {
	BusinessID  string `json:"businessId"`
	PaymentID   string `json:"paymentId"`
	Amount      string `json:"amount"` // gross: what the customer pays
	ProductID   string `json:"productId"`
	PhoneNumber string `json:"phoneNumber"`
	Status      string `json:"status"`
}

// paymentData is the text object of a status with what the merchant is credited.
type paymentData struct {
	Amount         int64  `json:"amount"` // net
	Currency       string `json:"currency"`
	ProductID      string `json:"productId"`
	PhoneNumber    string `json:"phoneNumber"`
	MobileOperator string `json:"mobileOperator"`
}

// status serves transactions/status.
func (s *Simulator) status(w http.ResponseWriter, _ *http.Request, body []byte) error {
	if s.Quirk(noStatus) {
		return noStatusForYou
	}
	var asked product
	if err := decode(body, &asked); err != nil {
		return err
	}
	if err := check(rule{"productId", isText(asked.ProductID)}); err != nil {
		return err
	}
	order, _ := s.find(asked.ProductID)
	return s.Show(w, order, func(o stage.Order) any {
		answer := s.standing(o)
		if asked.ProductID == o.Reference {
			answer.ProductID = o.Reference
		}
		return answer
	})
}

// find returns the order that a status asks for: by the merchant's reference, and a
// payout by its payoutId as well; where the quirk says so, by Tara's identifier alone.
func (s *Simulator) find(asked string) (stage.Order, bool) {
	byID, known := s.Order(asked)
	if s.Quirk(statusByPaymentID) {
		return byID, known
	}
	if order, found := decisive(s.Search(asked)); found {
		return order, true
	}
	if byID.Direction != stage.Out {
		return stage.Order{}, false
	}
	return byID, known
}

// decisive returns the order that counts among those of one reference: the one that was
// executed, or else the latest [our reading].
func decisive(orders []stage.Order) (stage.Order, bool) {
	if len(orders) == 0 {
		return stage.Order{}, false
	}
	for _, order := range orders {
		if order.State == stage.Executed {
			return order, true
		}
	}
	return orders[len(orders)-1], true
}

// standing says where an order stands, in a word that stands in no guide if need be.
func (s *Simulator) standing(o stage.Order) standing {
	word, message := words[o.State], reasons[o.Reason]
	answer := standing{}
	switch o.State {
	case stage.Pending:
		message = "PAYMENT_PENDING"
	case stage.Executed:
		message = accepted
		answer.TransactionID, answer.ReceiptURL = o.Notes[noteMovement], s.pageURL(o)
		answer.PaymentData = text(paymentData{
			net(o), o.Currency, o.Reference, o.Notes[notePhone], o.Notes[noteVendor],
		})
	case stage.Declined, stage.Lapsed:
	}
	now := s.Board.Read()
	word, message = now.Word(word), now.Word(message)
	answer.Status, answer.Message = word, message
	answer.Payload = text(payload{
		BusinessID, o.ID, strconv.FormatInt(o.Amount, 10), o.Reference, o.Notes[notePhone], word,
	})
	return answer
}

// resend serves resend-webhook: the webhook of a collection that ended leaves once more.
func (s *Simulator) resend(w http.ResponseWriter, _ *http.Request, body []byte) error {
	var asked product
	if err := decode(body, &asked); err != nil {
		return err
	}
	order, found := decisive(s.ByReference(asked.ProductID))
	switch {
	case !found || order.Direction != stage.In:
		return notFound
	case s.Down(stage.In, order.MSISDN):
		return unavailable
	case order.Open():
		return notFinal
	}
	s.TellAgain(order)
	stage.WriteJSON(w, http.StatusOK, map[string]string{"status": success, "message": "WEBHOOK_SENT"})
	return nil
}

// The pages of a list.
const (
	defaultSize = 20
	maxSize     = 100
)

// entry is one collection in a list. Tara gives createdAt to what is pending and paidAt
// to what is paid, in UTC, and names the merchant's product in no entry.
type entry struct {
	TransactionID string `json:"transactionId"` // as mobilepay answered it
	ProductID     string `json:"productId,omitempty"`
	Amount        int64  `json:"amount"` // gross [our reading]
	Currency      string `json:"currency"`
	Status        string `json:"status"` // PENDING or PAID
	CreatedAt     string `json:"createdAt,omitempty"`
	PaidAt        string `json:"paidAt,omitempty"`
}

// transactions serves transactionlist. It has no word for what failed, so that is left
// out [our reading]; so are payouts.
func (s *Simulator) transactions(w http.ResponseWriter, _ *http.Request, body []byte) error {
	return s.list(w, body, stage.Executed, stage.Pending)
}

// paidTransactions serves paid/transactionlist.
func (s *Simulator) paidTransactions(w http.ResponseWriter, _ *http.Request, body []byte) error {
	return s.list(w, body, stage.Executed, stage.Executed)
}

// list answers with one page of the collections in one of two states, as a bare array,
// newest first [our reading].
func (s *Simulator) list(w http.ResponseWriter, body []byte, either, or stage.State) error {
	asked := struct {
		Start int `json:"start"`
		Size  int `json:"size"`
	}{Size: defaultSize}
	if err := decode(body, &asked); err != nil {
		return err
	}
	if err := check(rule{"start", asked.Start >= 0}, rule{"size", asked.Size > 0 && asked.Size <= maxSize}); err != nil {
		return err
	}
	all, listed := s.Orders(), []entry{}
	for i := len(all) - 1; i >= 0; i-- {
		if o := all[i]; o.Direction == stage.In && (o.State == either || o.State == or) {
			listed = append(listed, s.entry(o))
		}
	}
	from := min(asked.Start, len(listed))
	stage.WriteJSON(w, http.StatusOK, listed[from:min(from+asked.Size, len(listed))])
	return nil
}

func (s *Simulator) entry(o stage.Order) entry {
	e := entry{TransactionID: o.ID, Amount: o.Amount, Currency: o.Currency, Status: pending}
	if o.State == stage.Executed {
		e.Status, e.PaidAt = "PAID", o.ChangedAt.Format(time.RFC3339)
	} else {
		e.CreatedAt = o.OpenedAt.Format(time.RFC3339)
	}
	if s.Quirk(listsNameProducts) {
		e.ProductID = o.Reference
	}
	return e
}
