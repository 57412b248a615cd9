package sonatel

import (
	"crypto/subtle"
	"mime"
	"net/http"
	"strings"

	"pirogue/sandbox/stage"
)

// call is one call of the API. It answers, or returns why it did not.
type call func(http.ResponseWriter, *http.Request) error

// Handler serves the simulator. Mount it under the path of PublicURL, with that
// path stripped.
func (s *Simulator) Handler() http.Handler {
	mux := http.NewServeMux()
	s.routeAccounts(mux)
	s.routeMoney(mux)
	page := s.board.Disturb(http.HandlerFunc(s.page), http.HandlerFunc(s.pageDown))
	mux.Handle("/qr/{id}", page)
	mux.HandleFunc("GET /assets/{file}", asset)
	mux.HandleFunc("GET /book", s.showBook)
	mux.Handle("/switches", s.board)
	mux.Handle("/", s.answer(notFound))
	return mux
}

// routeAccounts adds what opens the door and sets things up. The older token path
// is the one most clients still use.
func (s *Simulator) routeAccounts(mux *http.ServeMux) {
	token := s.board.Disturb(http.HandlerFunc(s.token), s.answer(unavailable))
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

// routeMoney adds what moves money and tells of it; a test can have these answers
// dropped or mangled.
func (s *Simulator) routeMoney(mux *http.ServeMux) {
	for pattern, serve := range map[string]call{
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
		call := s.board.Drop(s.board.Mangle(s.admitted(serve)))
		mux.Handle(pattern, s.board.Disturb(call, s.answer(unavailable)))
	}
}

// api serves a call to those who may make it, unless Sonatel is down.
func (s *Simulator) api(serve call) http.Handler {
	return s.board.Disturb(s.admitted(serve), s.answer(unavailable))
}

// admitted serves a call to those who may make it.
func (s *Simulator) admitted(serve call) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := s.admit(r)
		if err == nil {
			err = serve(w, r)
		}
		if err != nil {
			s.refuse(w, r, err)
		}
	})
}

// admit returns why a call may not pass, or nil. The gateway looks at the content
// type before it looks at the token, and wants one even where there is no content.
func (s *Simulator) admit(r *http.Request) error {
	quirks := s.board.quirksNow()
	if r.Method != http.MethodGet || quirks.ContentTypeRequiredOnGET {
		media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || media != "application/json" {
			return unsupportedMedia
		}
	}
	token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case !isBearer:
		return badCredentials.because("The call needs an Authorization: Bearer header.")
	case s.board.Read().RefuseTokens:
		return badCredentials.because("The access token is revoked.")
	default:
		return s.tokens.check(token)
	}
}

// showBook answers with everything the simulator knows and executed.
func (s *Simulator) showBook(w http.ResponseWriter, _ *http.Request) {
	executed := s.Book()
	if executed == nil {
		executed = []stage.Paid{}
	}
	stage.WriteJSON(w, http.StatusOK, struct {
		Codes        []Code        `json:"qr_codes"`
		Transactions []Transaction `json:"transactions"`
		Paid         []stage.Paid  `json:"paid"`
	}{s.Codes(), s.Transactions(), executed})
}

// same compares secrets in a time that does not depend on where they differ.
func same(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
