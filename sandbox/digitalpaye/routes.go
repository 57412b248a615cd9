package digitalpaye

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"

	"pirogue/sandbox/stage"
)

const maxBody = 1 << 16 // bytes of a request

// asked is a call by somebody who may make it.
type asked struct {
	in  *shape // in which to answer
	raw []byte // the body of a POST
}

// call is one call of the API. It answers, or returns why it did not.
type call func(http.ResponseWriter, *http.Request, asked) error

// Handler serves the simulator. Mount it under the path of PublicURL, with that path
// stripped.
func (s *Simulator) Handler() http.Handler {
	mux := http.NewServeMux()
	s.routeMoney(mux)
	s.routeAccount(mux)
	mux.Handle("/wave/{link}", s.till.Board().Disturb(http.HandlerFunc(s.page), http.HandlerFunc(s.pageDown)))
	mux.HandleFunc("POST /portal/webhook", s.setWebhook)
	mux.HandleFunc("GET /book", s.till.ServeBook)
	mux.HandleFunc("/switches", s.till.ServeSwitches)
	mux.Handle("/", s.till.Board().Disturb(always(noPath), always(unavailable)))
	return mux
}

// routeMoney adds what moves money and tells of it. A list tells what a status call by
// our id may not, so its answers are spoiled and lost as those are. Camel bodies are
// taken at /v1/transfers as well, where the older text of v1 sends them.
func (s *Simulator) routeMoney(mux *http.ServeMux) {
	for _, route := range []struct {
		pattern string
		in      *shape // nil where the body says it
		serve   call
	}{
		{"POST /v2/collecte/mobile-money", v2, s.collect},
		{"POST /v1/collecte/mobile-money", nil, s.collect},
		{"POST /v2/transfers/mobile-money", v2, s.transfer},
		{"POST /v1/transfers/mobile-money", nil, s.transfer},
		{"POST /v1/transfer/mobile-money", v1, s.transfer},
		{"GET /v2/get-status-payment/{id}", v2, s.status},
		{"GET /v1/get-status-payment/{id}", sdk, s.status},
		{"GET /v1/transaction/{id}", v1, s.status},
		{"GET /v2/get-all-transactions", v2, s.list},
		{"GET /v1/get-all-transactions", sdk, s.list},
		{"GET /v1/transactions", v1, s.list},
	} {
		mux.Handle(route.pattern, s.till.API(s.admitted(route.in, route.serve), always(unavailable)))
	}
}

// routeAccount adds what opens the door and what concerns the account as a whole.
func (s *Simulator) routeAccount(mux *http.ServeMux) {
	disturbed := func(h http.Handler) http.Handler { return s.till.Board().Disturb(h, always(unavailable)) }
	mux.Handle("POST /v1/auth", disturbed(http.HandlerFunc(s.token)))
	mux.Handle("GET /v2/balance", disturbed(s.admitted(v2, s.balance)))
	mux.Handle("GET /v1/balance", disturbed(s.admitted(either, s.balance)))
	mux.Handle("POST /v1/customers/create", disturbed(s.admitted(v1, s.createCustomer)))
	mux.Handle("GET /v1/customers", disturbed(s.admitted(v1, s.listCustomers)))
	mux.Handle("GET /v1/customers/{id}", disturbed(s.admitted(v1, s.readCustomer)))
}

// admitted serves a call to those who may make it, and answers in their shape.
func (s *Simulator) admitted(in *shape, serve call) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		a := asked{in: in, raw: raw}
		if in == nil {
			a.in = spoken(raw)
		}
		if err != nil {
			err = badRequest
		} else if err = s.admit(r); err == nil {
			err = serve(w, r, a)
		}
		if err != nil {
			s.refuse(w, a.in, err)
		}
	})
}

// admit returns why a call may not pass, or nil.
func (s *Simulator) admit(r *http.Request) error {
	token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !isBearer || s.till.Board().Read().RefuseTokens || !s.tokens.good(token) {
		return tokenExpired
	}
	if !rightEnvironment(r) {
		return invalid("X-Environment")
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method == http.MethodPost && (err != nil || media != "application/json") {
		return invalid("Content-Type")
	}
	return nil
}

// rightEnvironment looks at the header that every page of the documentation wants.
func rightEnvironment(r *http.Request) bool {
	named := r.Header.Get("X-Environment")
	return named == production || named == Environment
}

// setWebhook stands for the page of the portal where a merchant enters the one address
// to which Digitalpaye posts. It is no part of the API. The address is kept in memory;
// an order remembers the one that held when it was opened.
func (s *Simulator) setWebhook(w http.ResponseWriter, r *http.Request) {
	var form struct{ Key, URL string }
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&form)
	switch {
	case err != nil || !isAddress(form.URL):
		stage.WriteJSON(w, http.StatusBadRequest, map[string]string{"error": "want a key and an absolute http url"})
	case !same(form.Key, APIKey):
		stage.WriteJSON(w, http.StatusUnauthorized, map[string]string{"error": "no account has this key"})
	default:
		s.mu.Lock()
		s.webhooks[form.Key] = form.URL
		s.mu.Unlock()
		stage.WriteJSON(w, http.StatusOK, map[string]string{"url": form.URL})
	}
}

// webhookOf is the address that an account has entered, empty for none.
func (s *Simulator) webhookOf(account string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.webhooks[account]
}

// same compares secrets in a time that does not depend on where they differ.
func same(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
