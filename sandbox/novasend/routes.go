package novasend

import (
	"net/http"

	"pirogue/sandbox/engine"
)

// call is one call of the API by an account. It writes the response, or returns the reason
// why it did not.
type call func(w http.ResponseWriter, r *http.Request, a Account) error

// Handler serves the simulator. Mount it under the path of PublicURL, with that path
// stripped.
func (s *Simulator) Handler() http.Handler {
	mux := s.Mux(map[string]engine.Call{
		"POST /v1/payin/sessions":    s.idempotent(session),
		"POST /v1/direct/payin":      s.idempotent(directPayin),
		"POST /v1/payout":            s.idempotent(walletPayout),
		"POST /v1/direct/payout":     s.idempotent(directPayout),
		"POST /v1/payin/{id}/refund": s.idempotent(s.refund),
		"GET /v1/payin/{id}":         s.status(walletPayins, directPayins),
		"GET /v1/payin/{id}/refund":  s.authenticated(s.refundStatus),
		"GET /v1/payout/{id}":        s.status(walletPayouts),
		"GET /v1/direct/payout/{id}": s.status(directPayouts),
	})
	mux.Handle("GET /v1/balance", s.WithoutFaults(s.authenticated(s.balance)))
	mux.Handle("/link/{code}", s.Faults.WithFaults(http.HandlerFunc(s.page), http.HandlerFunc(renderDown)))
	mux.Handle("POST /portal/webhook", s.ServeCall(s.portal, refusals))
	mux.Handle("/", notFound)
	return mux
}

// authenticated serves a call of an authenticated account.
func (s *Simulator) authenticated(serve call) engine.Call {
	return engine.Admitted(s.authenticate, serve)
}

// status serves the status of an order that one of these families of calls made.
func (s *Simulator) status(families ...family) engine.Call {
	return s.authenticated(func(w http.ResponseWriter, r *http.Request, a Account) error {
		o, err := s.find(a, r.PathValue("id"), families...)
		if err != nil {
			return err
		}
		return s.Reply(w, o, s.read)
	})
}

// refundStatus serves the status of a payin's latest refund; the path is our reading.
func (s *Simulator) refundStatus(w http.ResponseWriter, r *http.Request, a Account) error {
	payin, err := s.find(a, r.PathValue("id"), walletPayins, directPayins)
	if err != nil {
		return err
	}
	s.mu.Lock()
	id := s.refunds[payin.ID]
	s.mu.Unlock()
	return s.ReplyByID(w, id, s.read)
}

// find returns an account's order by Novasend's identifier. If the response with that was
// lost, the merchant's reference finds it; our reading. Another account's order counts as
// unknown.
func (s *Simulator) find(a Account, id string, families ...family) (engine.Order, error) {
	candidates := s.Search(id)
	if o, found := s.Order(id); found {
		candidates = []engine.Order{o}
	}
	for _, o := range candidates {
		for _, f := range families {
			if o.Account == a.ID && familyOf(o) == f {
				return o, nil
			}
		}
	}
	return engine.Order{}, doesNotExist
}

// wallet is one row of the balance.
type wallet struct {
	Balance          int64  `json:"balance"`
	AvailableBalance int64  `json:"availableBalance"`
	Reference        string `json:"reference"`
	Currency         string `json:"currency"`
}

// balance serves the money left for payouts. Only the available part may be spent: the
// balance still includes the amounts of pending payouts. The sandbox's accounts share one
// float.
func (s *Simulator) balance(w http.ResponseWriter, _ *http.Request, a Account) error {
	available, held := s.Float(), int64(0)
	for _, o := range s.Orders() {
		switch {
		case o.Direction != engine.Out:
		case o.State == engine.Executed:
			available -= fee(o)
		case o.State == engine.Pending && o.Ends == engine.Executed:
			held += o.Amount
		}
	}
	available = max(available, 0)
	engine.WriteJSON(w, http.StatusOK, []wallet{
		{available + held, available, a.ID, countries[a.Country].currency},
	})
	return nil
}
