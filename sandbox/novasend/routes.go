package novasend

import (
	"net/http"

	"pirogue/sandbox/stage"
)

// call is one call of the API by an account. It answers, or returns why it did not.
type call func(w http.ResponseWriter, r *http.Request, a Account) error

// Handler serves the simulator. Mount it under the path of PublicURL, with that path
// stripped.
func (s *Simulator) Handler() http.Handler {
	down := http.HandlerFunc(unavailable.answer)
	mux := http.NewServeMux()
	for pattern, serve := range map[string]call{
		"POST /v1/payin/sessions":    s.once(session),
		"POST /v1/direct/payin":      s.once(directPayin),
		"POST /v1/payout":            s.once(walletPayout),
		"POST /v1/direct/payout":     s.once(directPayout),
		"POST /v1/payin/{id}/refund": s.once(s.refund),
		"GET /v1/payin/{id}":         s.status(walletPayins, directPayins),
		"GET /v1/payin/{id}/refund":  s.refundStatus,
		"GET /v1/payout/{id}":        s.status(walletPayouts),
		"GET /v1/direct/payout/{id}": s.status(directPayouts),
	} {
		mux.Handle(pattern, s.till.API(s.admitted(serve), down))
	}
	// A balance is not about one payment, so that no test has its answer dropped.
	mux.Handle("GET /v1/balance", s.till.Board().Disturb(s.admitted(s.balance), down))
	mux.Handle("/link/{code}", s.till.Board().Disturb(http.HandlerFunc(s.page), http.HandlerFunc(s.pageDown)))
	mux.HandleFunc("POST /portal/webhook", s.portal)
	mux.HandleFunc("GET /book", s.till.ServeBook)
	mux.HandleFunc("/switches", s.till.ServeSwitches)
	mux.HandleFunc("/", notFound.answer)
	return mux
}

// admitted serves a call to those who may make it.
func (s *Simulator) admitted(serve call) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := s.admit(r)
		if err == nil {
			err = serve(w, r, a)
		}
		if err != nil {
			s.refuse(w, err)
		}
	})
}

// status tells how an order stands that was made by one of these families of calls.
func (s *Simulator) status(families ...family) call {
	return func(w http.ResponseWriter, r *http.Request, a Account) error {
		o, err := s.find(a, r.PathValue("id"), families...)
		if err != nil {
			return err
		}
		if s.till.Down(o.Direction, o.MSISDN) {
			return unavailable
		}
		stage.WriteJSON(w, http.StatusOK, s.read(o))
		return nil
	}
}

// refundStatus tells how the latest refund of a payin stands; our reading of where.
func (s *Simulator) refundStatus(w http.ResponseWriter, r *http.Request, a Account) error {
	payin, err := s.find(a, r.PathValue("id"), walletPayins, directPayins)
	if err != nil {
		return err
	}
	s.mu.Lock()
	id := s.refunds[payin.ID]
	s.mu.Unlock()
	o, found := s.till.Order(id)
	switch {
	case !found:
		return doesNotExist
	case s.till.Down(o.Direction, o.MSISDN):
		return unavailable
	}
	stage.WriteJSON(w, http.StatusOK, s.read(o))
	return nil
}

// find returns an account's order by Novasend's identifier or, where the answer that
// told it was lost, by the merchant's reference; our reading. Somebody else's order is
// as good as none.
func (s *Simulator) find(a Account, id string, families ...family) (stage.Order, error) {
	candidates := s.till.ByReference(id)
	if o, found := s.till.Order(id); found {
		candidates = []stage.Order{o}
	}
	for _, o := range candidates {
		for _, f := range families {
			if o.Account == a.ID && familyOf(o) == f {
				return o, nil
			}
		}
	}
	return stage.Order{}, doesNotExist
}

// wallet is one line of the balance.
type wallet struct {
	Balance          int64  `json:"balance"`
	AvailableBalance int64  `json:"availableBalance"`
	Reference        string `json:"reference"`
	Currency         string `json:"currency"`
}

// balance tells what is left for payouts. Only the available part may be spent: the
// balance still counts what pending payouts will take. The sandbox's accounts have one
// float in common.
func (s *Simulator) balance(w http.ResponseWriter, _ *http.Request, a Account) error {
	available, held := s.till.Float(), int64(0)
	for _, o := range s.till.Orders() {
		switch {
		case o.Direction != stage.Out:
		case o.State == stage.Executed:
			available -= fee(o)
		case o.State == stage.Pending && o.Ends == stage.Executed:
			held += o.Amount
		}
	}
	available = max(available, 0)
	stage.WriteJSON(w, http.StatusOK, []wallet{
		{available + held, available, a.ID, countries[a.Country].currency},
	})
	return nil
}
