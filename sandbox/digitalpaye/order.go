package digitalpaye

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"pirogue/sandbox/engine"
)

// The notes of an order.
const (
	noteShape    = "shape"    // the shape in which it was opened, and of its webhook
	noteNetwork  = "network"  // orange, mtn, moov or wave
	noteCustomer = "customer" // JSON in v1's form
	noteLink     = "link"     // the secret of Wave's page
	noteSuccess  = "success"  // the address to which that page leads afterwards
	noteFailure  = "failure"
	noteCancel   = "cancel"
)

// firstRef is the first number of v2's references, as in the published samples.
const firstRef = 7698

// collect serves a collection: it asks the customer to pay.
func (s *Simulator) collect(w http.ResponseWriter, r *http.Request, a admittedCall) error {
	q, err := readOrder(a, engine.In)
	if err != nil {
		return err
	}
	return s.open(w, r, q)
}

// transfer serves a transfer: it pays the customer.
func (s *Simulator) transfer(w http.ResponseWriter, r *http.Request, a admittedCall) error {
	q, err := readOrder(a, engine.Out)
	if err != nil {
		return err
	}
	return s.open(w, r, q)
}

// open opens the order that a call asks for and sends the response.
func (s *Simulator) open(w http.ResponseWriter, r *http.Request, q orderRequest) error {
	if err := q.validate(); err != nil {
		return err
	}
	if s.Down(q.way, q.msisdn()) {
		return unavailable
	}
	o, err := s.record(q)
	if err != nil {
		return err
	}
	status, reply := s.openingReply(o, q.in)
	s.ReplyToOpening(w, r, engine.JSONReply(o, status, reply))
	return nil
}

// openingReply returns the response to the call that opened an order. It is 202 while the
// order is pending, 200 once it is executed. With the quirk it is 504, which reports FAILED
// for both.
func (s *Simulator) openingReply(o engine.Order, in *shape) (int, envelope) {
	answer := s.stateReply(o)
	t := s.transaction(o, in)
	t.setWaveURL(s.waveURL(o))
	if s.Quirk(quirkGatewayTimeout) {
		t.setStatus(failed)
		answer = reply{
			code: http.StatusGatewayTimeout, status: "ERROR", snake: tryAgain, camel: tryAgain,
			reason: "Le paiement a échoué. Veuillez réessayer.",
		}
	}
	answer.data = t
	return answer.code, in.wrap(answer)
}

// tryAgain is the message of a gateway that timed out [V seed], whatever the result of the
// order.
const tryAgain = "PAYMENT_FAILED_TRY_AGAINST"

// record stores an order. A transaction id is used once, in either direction, and is free
// again if nothing was stored.
func (s *Simulator) record(q orderRequest) (engine.Order, error) {
	if len(s.ByReference(q.transactionID)) > 0 { // before it changes the directory of customers
		return engine.Order{}, q.in.duplicate()
	}
	o, err := s.orderOf(q)
	if err != nil {
		return engine.Order{}, err
	}
	o, err = s.Open(o)
	if errors.Is(err, engine.ErrUsed) { // by a concurrent call
		err = q.in.duplicate()
	}
	return o, err
}

// orderOf returns the order of a call.
func (s *Simulator) orderOf(q orderRequest) (engine.Order, error) {
	known, err := s.customers.upsert(q.customer)
	if err != nil {
		return engine.Order{}, err
	}
	who, err := json.Marshal(known)
	o := engine.Order{
		Reference: q.transactionID, Account: APIKey, Direction: q.way, MSISDN: q.msisdn(),
		Asked: q.amount, Currency: q.currency, CallbackURL: s.webhookOf(APIKey),
		Notes: map[string]string{
			noteShape: q.in.name, noteNetwork: string(q.network()), noteCustomer: string(who),
		},
	}
	if q.way == engine.In && q.network() == wave {
		link := rand.Text()
		o.Key, o.Notes[noteLink] = linkKey(link), link
		o.Notes[noteSuccess], o.Notes[noteFailure], o.Notes[noteCancel] = q.success, q.failure, q.cancel
	}
	return o, err
}

// newRef returns Digitalpaye's own name of an order: numbered in v2, ten letters and digits
// in v1. It is unique: the number counts orders, and the letters hold 50 random bits.
func newRef(o engine.Order, count int) string {
	if shapeOf(o).camel {
		return rand.Text()[:10]
	}
	return "RCI-DIGITALP-" + strconv.Itoa(firstRef+count)
}

// webhook returns the only message about an order's end: the flat transaction, unsigned. It
// goes to the account's current address. After a restart, which loses that, it goes to the
// one at the opening of the order.
func (s *Simulator) webhook(o engine.Order) engine.Notification {
	to := s.webhookOf(o.Account)
	if to == "" {
		to = o.CallbackURL
	}
	return s.Notification(to, nil, s.transaction(o, shapeOf(o)))
}
