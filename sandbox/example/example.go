// Package example simulates the imaginary operator that adapters/example calls. Payments execute
// once for each reference.
package example

import (
	"cmp"
	"net/http"

	"pirogue/sandbox/engine"
)

// The values that the sandbox accepts and sends. None of them is secret.
const (
	APIKey = "sandbox-key"
	Secret = "sandbox-callback-secret"
)

// payment is the body of a request, of its response and of a callback.
type payment struct {
	ID          string `json:"id"`
	Reference   string `json:"reference"`
	MSISDN      string `json:"msisdn"`
	Amount      int64  `json:"amount"`
	Currency    string `json:"currency"`
	Status      string `json:"status"`
	CallbackURL string `json:"callback_url,omitempty"`
}

// words maps the states of an order to status words.
var words = map[engine.State]string{
	engine.Pending: "pending", engine.Executed: "paid", engine.Declined: "declined", engine.Lapsed: "expired",
}

// refusal returns the response of an error.
func refusal(status int, word string) engine.Refusal {
	return engine.RefusedWith{Status: status, Body: map[string]string{"error": word}}
}

// refusals maps errors of the engine to the operator's.
var refusals = map[error]engine.Refusal{
	engine.ErrNoOrder: refusal(404, "unknown_reference"), engine.ErrCeiling: refusal(422, "limit_reached"),
	engine.ErrFloat: refusal(422, "float_empty"), engine.ErrDown: refusal(503, "out_of_service"),
	engine.ErrFull: refusal(503, "out_of_service"), engine.ErrInternal: refusal(500, "internal"),
}

// Simulator simulates the operator. Make it with New.
type Simulator struct{ engine.Engine }

// New starts a simulator.
func New(o engine.Config) (*Simulator, error) {
	s := &Simulator{}
	o.Refusals, o.Callback = refusals, s.callback
	return s, s.Start(o)
}

// Handler serves the simulator.
func (s *Simulator) Handler() http.Handler {
	return s.Mux(map[string]engine.Call{
		"POST /collections": s.open(engine.In),
		"POST /payouts":     s.open(engine.Out),
		"GET /payments/{reference}": func(w http.ResponseWriter, r *http.Request) error {
			if err := s.admit(r); err != nil {
				return err
			}
			return s.ReplyByID(w, r.PathValue("reference"), s.show)
		},
	})
}

// admit refuses a call without the key.
func (s *Simulator) admit(r *http.Request) error {
	if !s.Authenticate(r.Header.Get("X-Api-Key"), APIKey) {
		return refusal(http.StatusUnauthorized, "unauthorized")
	}
	return nil
}

// open returns the call that opens an order in one direction.
func (s *Simulator) open(direction engine.Direction) engine.Call {
	return func(w http.ResponseWriter, r *http.Request) error {
		var p payment
		if err := cmp.Or(s.admit(r), engine.ReadJSON(w, r, &p)); err != nil {
			return err
		}
		return s.OpenAndReply(w, r, engine.ShownOrder{Order: engine.Order{
			ID: p.Reference, Reference: p.Reference, Direction: direction, MSISDN: "+226" + p.MSISDN, Asked: p.Amount,
			Currency: p.Currency, CallbackURL: p.CallbackURL,
		}, Show: s.show})
	}
}

// show returns an order as the operator shows it.
func (s *Simulator) show(o engine.Order) any {
	status := s.Faults.Read().StatusWord(words[o.State])
	return payment{"P-" + o.ID, o.Reference, o.MSISDN, o.Amount, o.Currency, status, ""}
}

// callback returns the message about the end of an order.
func (s *Simulator) callback(o engine.Order) engine.Notification {
	return s.Notification(o.CallbackURL, http.Header{"X-Callback-Secret": {Secret}}, s.show(o))
}
