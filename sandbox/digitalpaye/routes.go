package digitalpaye

import (
	"net/http"

	"pirogue/sandbox/engine"
)

const maxBody = 1 << 16 // bytes of a request

// admittedCall is a call of an authenticated caller.
type admittedCall struct {
	in  *shape // the shape of the response
	raw []byte // the body of a POST
}

// call is one call of the API. It writes the response, or returns the reason why it did
// not.
type call func(http.ResponseWriter, *http.Request, admittedCall) error

// Handler serves the simulator. Mount it under the path of PublicURL, with that path
// stripped.
func (s *Simulator) Handler() http.Handler {
	mux := s.Mux(s.paymentCalls())
	mux.Handle("POST /v1/auth", s.WithoutFaults(s.token))
	mux.Handle("GET /v2/balance", s.WithoutFaults(s.authenticated(v2, s.balance)))
	mux.Handle("GET /v1/balance", s.WithoutFaults(s.authenticated(either, s.balance)))
	mux.Handle("POST /v1/customers/create", s.WithoutFaults(s.authenticated(v1, s.customers.create)))
	mux.Handle("GET /v1/customers", s.WithoutFaults(s.authenticated(v1, s.customers.list)))
	mux.Handle("GET /v1/customers/{id}", s.WithoutFaults(s.authenticated(v1, s.customers.read)))
	mux.Handle("/wave/{link}", s.Faults.WithFaults(http.HandlerFunc(s.page), http.HandlerFunc(renderDown)))
	mux.HandleFunc("POST /portal/webhook", s.setWebhook)
	mux.Handle("/", s.Faults.WithFaults(noPath, unavailable))
	return mux
}

// paymentCalls returns the calls that move money or show its movements. The list can replace a
// status call by our id, so the switches spoil and drop its responses too. Camel bodies are
// accepted at /v1/transfers as well, where the older text of v1 sends them.
func (s *Simulator) paymentCalls() map[string]engine.Call {
	return map[string]engine.Call{
		"POST /v2/collecte/mobile-money":  s.authenticated(v2, s.collect),
		"POST /v1/collecte/mobile-money":  s.authenticated(nil, s.collect), // the body decides the shape
		"POST /v2/transfers/mobile-money": s.authenticated(v2, s.transfer),
		"POST /v1/transfers/mobile-money": s.authenticated(nil, s.transfer),
		"POST /v1/transfer/mobile-money":  s.authenticated(v1, s.transfer),
		"GET /v2/get-status-payment/{id}": s.authenticated(v2, s.status),
		"GET /v1/get-status-payment/{id}": s.authenticated(sdk, s.status),
		"GET /v1/transaction/{id}":        s.authenticated(v1, s.status),
		"GET /v2/get-all-transactions":    s.authenticated(v2, s.list),
		"GET /v1/get-all-transactions":    s.authenticated(sdk, s.list),
		"GET /v1/transactions":            s.authenticated(v1, s.list),
	}
}

// authenticated authenticates a caller, serves the call, and responds in the caller's shape.
func (s *Simulator) authenticated(in *shape, serve call) engine.Call {
	return func(w http.ResponseWriter, r *http.Request) error {
		raw, err := engine.ReadBody(w, r, maxBody)
		a := admittedCall{in: in, raw: raw}
		if in == nil {
			a.in = shapeOfBody(raw)
		}
		if err != nil {
			err = badRequest
		} else if err = s.authenticate(r); err == nil {
			err = serve(w, r, a)
		}
		if err != nil {
			return s.refusal(a.in, err)
		}
		return nil
	}
}

// authenticate returns the reason to reject a call, or nil.
func (s *Simulator) authenticate(r *http.Request) error {
	token, isBearer := engine.BearerToken(r)
	if !isBearer || s.Faults.Read().RefuseTokens || !s.validToken(token) {
		return tokenExpired
	}
	if !rightEnvironment(r) {
		return invalid("X-Environment")
	}
	if r.Method == http.MethodPost && !engine.IsJSON(r) {
		return invalid("Content-Type")
	}
	return nil
}

// rightEnvironment checks the header that every page of the documentation requires.
func rightEnvironment(r *http.Request) bool {
	named := r.Header.Get("X-Environment")
	return named == production || named == Environment
}

// setWebhook stands for the page of the portal where a merchant enters the only address for
// webhooks. It is no part of the API. The address lies in memory; an order stores the one
// at its opening.
func (s *Simulator) setWebhook(w http.ResponseWriter, r *http.Request) {
	var form struct{ Key, URL string }
	err := engine.ReadJSON(w, r, &form)
	switch {
	case err != nil || !engine.IsAddress(form.URL):
		engine.WriteJSON(w, http.StatusBadRequest, map[string]string{"error": "want a key and an absolute http url"})
	case !engine.SameSecret(form.Key, APIKey):
		engine.WriteJSON(w, http.StatusUnauthorized, map[string]string{"error": "no account has this key"})
	default:
		s.mu.Lock()
		s.webhooks[form.Key] = form.URL
		s.mu.Unlock()
		engine.WriteJSON(w, http.StatusOK, map[string]string{"url": form.URL})
	}
}

// webhookOf returns an account's webhook address, or "" if it has none.
func (s *Simulator) webhookOf(account string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.webhooks[account]
}
