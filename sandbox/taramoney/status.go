package taramoney

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"pirogue/sandbox/engine"
)

// statusWords maps the states of an order to status words.
var statusWords = map[engine.State]string{
	engine.Pending: pending, engine.Executed: success, engine.Declined: failure, engine.Lapsed: failure,
}

// failureMessages maps the causes of a failure to messages [our reading].
var failureMessages = map[engine.Reason]string{
	engine.TooPoor: "INSUFFICIENT_BALANCE", engine.SaidNo: "PAYMENT_REFUSED_BY_CUSTOMER",
	engine.Rejected: "PAYOUT_REJECTED", engine.Silence: "PAYMENT_EXPIRED",
}

// productRequest is the body of transactions/status and resend-webhook.
type productRequest struct {
	ProductID string `json:"productId"`
}

// statusReply is the response of transactions/status as integrators saw it: a payment in two
// JSON objects that are text. productId is present if the call used it [documented], and
// not if the call used Tara's own identifier [seen].
type statusReply struct {
	ProductID     string `json:"productId,omitempty"`
	Status        string `json:"status"`
	Message       string `json:"message"`
	TransactionID string `json:"transactionId,omitempty"` // once money moved, like the following
	ReceiptURL    string `json:"receiptUrl,omitempty"`
	PaymentData   string `json:"paymentData,omitempty"` // with the net amount
	Payload       string `json:"payload"`               // with the gross amount
}

// payload is the text object that identifies the payment.
type payload struct {
	BusinessID  string `json:"businessId"`
	PaymentID   string `json:"paymentId"`
	Amount      string `json:"amount"` // gross: the amount that the customer pays
	ProductID   string `json:"productId"`
	PhoneNumber string `json:"phoneNumber"`
	Status      string `json:"status"`
}

// paymentData is the text object with the merchant's credit.
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
		return statusNotActivated
	}
	var asked productRequest
	if err := decode(body, &asked); err != nil {
		return err
	}
	if err := check(rule{"productId", isText(asked.ProductID)}); err != nil {
		return err
	}
	order, _ := s.find(asked.ProductID)
	return s.Reply(w, order, func(o engine.Order) any {
		answer := s.statusOf(o)
		if asked.ProductID == o.Reference {
			answer.ProductID = o.Reference
		}
		return answer
	})
}

// find returns the order of a status call by the merchant's reference. A payout is found by
// its payoutId as well. With the quirk it accepts only Tara's identifier.
func (s *Simulator) find(asked string) (engine.Order, bool) {
	byID, known := s.Order(asked)
	if s.Quirk(statusByPaymentID) {
		return byID, known
	}
	if order, found := decisiveOrder(s.Search(asked)); found {
		return order, true
	}
	if byID.Direction != engine.Out {
		return engine.Order{}, false
	}
	return byID, known
}

// decisiveOrder returns the decisive order of one reference: the executed one, or else the
// latest [our reading].
func decisiveOrder(orders []engine.Order) (engine.Order, bool) {
	if len(orders) == 0 {
		return engine.Order{}, false
	}
	for _, order := range orders {
		if order.State == engine.Executed {
			return order, true
		}
	}
	return orders[len(orders)-1], true
}

// statusOf returns the status of an order, in an undocumented word if UnknownWords is on.
func (s *Simulator) statusOf(o engine.Order) statusReply {
	word, message := statusWords[o.State], failureMessages[o.Reason]
	answer := statusReply{}
	switch o.State {
	case engine.Pending:
		message = "PAYMENT_PENDING"
	case engine.Executed:
		message = accepted
		answer.TransactionID, answer.ReceiptURL = o.Notes[noteMovement], s.pageURL(o)
		answer.PaymentData = nestedJSON(paymentData{
			netAmount(o), o.Currency, o.Reference, o.Notes[notePhone], o.Notes[noteVendor],
		})
	case engine.Declined, engine.Lapsed:
	}
	now := s.Faults.Read()
	word, message = now.StatusWord(word), now.StatusWord(message)
	answer.Status, answer.Message = word, message
	answer.Payload = nestedJSON(payload{
		BusinessID, o.ID, strconv.FormatInt(o.Amount, 10), o.Reference, o.Notes[notePhone], word,
	})
	return answer
}

// resend serves resend-webhook: it sends the webhook of an ended collection once more.
func (s *Simulator) resend(w http.ResponseWriter, _ *http.Request, body []byte) error {
	var asked productRequest
	if err := decode(body, &asked); err != nil {
		return err
	}
	order, found := decisiveOrder(s.ByReference(asked.ProductID))
	switch {
	case !found || order.Direction != engine.In:
		return notFound
	case s.Down(engine.In, order.MSISDN):
		return unavailable
	case order.Open():
		return notFinal
	}
	s.NotifyAgain(order)
	engine.WriteJSON(w, http.StatusOK, map[string]string{"status": success, "message": "WEBHOOK_SENT"})
	return nil
}

// The pages of a list.
const (
	defaultSize = 20
	maxSize     = 100
)

// listEntry is one collection in a list. Tara gives createdAt to a pending one and paidAt to a
// paid one, in UTC. It names the merchant's product in no entry. The quirk
// lists_name_products adds it.
type listEntry struct {
	TransactionID string `json:"transactionId"` // as in mobilepay's response
	ProductID     string `json:"productId,omitempty"`
	Amount        int64  `json:"amount"` // gross [our reading]
	Currency      string `json:"currency"`
	Status        string `json:"status"` // PENDING or PAID
	CreatedAt     string `json:"createdAt,omitempty"`
	PaidAt        string `json:"paidAt,omitempty"`
}

// transactions serves transactionlist. It has no word for failures, so it omits them [our
// reading]; it omits payouts too.
func (s *Simulator) transactions(w http.ResponseWriter, _ *http.Request, body []byte) error {
	return writePage(w, body, s.listed(engine.Executed, engine.Pending))
}

// paidTransactions serves paid/transactionlist.
func (s *Simulator) paidTransactions(w http.ResponseWriter, _ *http.Request, body []byte) error {
	return writePage(w, body, s.listed(engine.Executed))
}

// listed returns the collections in one of these states, newest first [our reading].
func (s *Simulator) listed(states ...engine.State) []listEntry {
	all, listed := s.Orders(), []listEntry{}
	for i := len(all) - 1; i >= 0; i-- {
		if o := all[i]; o.Direction == engine.In && slices.Contains(states, o.State) {
			listed = append(listed, s.entryOf(o))
		}
	}
	return listed
}

// writePage sends the page of a list that the body asks for, as a bare array.
func writePage(w http.ResponseWriter, body []byte, listed []listEntry) error {
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
	from := min(asked.Start, len(listed))
	engine.WriteJSON(w, http.StatusOK, listed[from:min(from+asked.Size, len(listed))])
	return nil
}

// entryOf returns an order as an entry of a list.
func (s *Simulator) entryOf(o engine.Order) listEntry {
	e := listEntry{TransactionID: o.ID, Amount: o.Amount, Currency: o.Currency, Status: pending}
	if o.State == engine.Executed {
		e.Status, e.PaidAt = "PAID", o.ChangedAt.Format(time.RFC3339)
	} else {
		e.CreatedAt = o.OpenedAt.Format(time.RFC3339)
	}
	if s.Quirk(listsNameProducts) {
		e.ProductID = o.Reference
	}
	return e
}
