package sonatel

import (
	"net/http"

	"pirogue/sandbox/engine"
)

// Handler serves the simulator. Mount it under the path of PublicURL, with that path
// stripped.
func (s *Simulator) Handler() http.Handler {
	mux := http.NewServeMux()
	s.routeAccounts(mux)
	s.routeMoney(mux)
	page := s.Faults.WithFaults(http.HandlerFunc(s.page), http.HandlerFunc(s.pageDown))
	mux.Handle("/qr/{id}", page)
	mux.HandleFunc("GET /assets/{file}", s.checkout.ServeAsset)
	mux.HandleFunc("GET /book", s.showBook)
	mux.Handle("/switches", s.board)
	mux.Handle("/", notFound)
	return mux
}

// routeAccounts adds the calls for tokens, keys, accounts and registrations. Most clients
// still use the older token path.
func (s *Simulator) routeAccounts(mux *http.ServeMux) {
	token := s.Faults.WithFaults(s.Answer(s.token, problems), unavailable)
	mux.Handle("POST /oauth/v1/token", token)
	mux.Handle("POST /oauth/token", token)
	mux.Handle("GET /api/account/v1/publicKeys", s.api(s.publicKey))
	mux.Handle("GET /api/eWallet/v1/account", s.api(s.account))
	mux.Handle("PATCH /api/eWallet/v1/account", s.api(s.changePIN))
	mux.Handle("POST /api/eWallet/v1/account/retailer/balance", s.api(s.balance))
	mux.Handle("POST /api/notification/v1/merchantcallback", s.api(s.register))
	mux.Handle("GET /api/notification/v1/merchantcallback", s.api(s.registered))
	mux.Handle("GET /api/assignments/v1/partner/sim-cards", s.api(s.simCards))
}

// routeMoney adds the calls that move money or show movements. The switches can drop or
// spoil their responses.
func (s *Simulator) routeMoney(mux *http.ServeMux) {
	for pattern, serve := range map[string]engine.Call{
		"POST /api/eWallet/v1/cashins":                   s.cashin,
		"POST /api/eWallet/v1/bulkcashins":               s.bulkCashin,
		"POST /api/eWallet/v4/qrcode":                    s.qrCode,
		"POST /api/eWallet/v1/payments/onestep":          s.oneStep,
		"POST /api/eWallet/v1/payments/otp":              s.otp,
		"POST /api/eWallet/v1/payments":                  s.twoSteps,
		"POST /api/eWallet/v1/transactions/{id}/confirm": s.confirm,
		"GET /api/eWallet/v1/transactions":               s.search,
		"GET /api/eWallet/v1/transactions/{id}/status":   s.status,
	} {
		call := s.Faults.Drop(s.Faults.Mangle(s.admitted(serve)))
		mux.Handle(pattern, s.Faults.WithFaults(call, unavailable))
	}
}

// api serves an authenticated call, unless Sonatel is down.
func (s *Simulator) api(serve engine.Call) http.Handler {
	return s.Faults.WithFaults(s.admitted(serve), unavailable)
}

// admitted serves an authenticated call.
func (s *Simulator) admitted(serve engine.Call) http.Handler {
	return s.Answer(func(w http.ResponseWriter, r *http.Request) error {
		if err := s.admit(r); err != nil {
			return err
		}
		return serve(w, r)
	}, problems)
}

// admit returns the reason to reject a call, or nil. The gateway checks the content type
// before the token, and requires one even without content.
func (s *Simulator) admit(r *http.Request) error {
	quirks := s.board.quirksNow()
	if !engine.SaysJSON(r) && (r.Method != http.MethodGet || quirks.ContentTypeRequiredOnGET) {
		return unsupportedMedia
	}
	token, isBearer := engine.Bearer(r)
	switch {
	case !isBearer:
		return badCredentials.because("The call needs an Authorization: Bearer header.")
	case s.Faults.Read().RefuseTokens:
		return badCredentials.because("The access token is revoked.")
	default:
		return s.tokens.check(token)
	}
}

// showBook sends every code, every transaction and every executed payment.
func (s *Simulator) showBook(w http.ResponseWriter, _ *http.Request) {
	engine.WriteJSON(w, http.StatusOK, struct {
		Codes        []Code        `json:"qr_codes"`
		Transactions []Transaction `json:"transactions"`
		Paid         []engine.Paid `json:"paid"`
	}{s.Codes(), s.Transactions(), s.Book()})
}
