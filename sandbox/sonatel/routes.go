package sonatel

import (
	"net/http"

	"pirogue/sandbox/engine"
)

// Handler serves the simulator. Mount it under the path of PublicURL, with that path
// stripped. Most clients still use the older token path. The switches can drop or spoil the
// responses to calls that move money or show movements.
func (s *Simulator) Handler() http.Handler {
	mux := http.NewServeMux()
	token := s.WithoutFaults(s.token)
	mux.Handle("POST /oauth/v1/token", token)
	mux.Handle("POST /oauth/token", token)
	for pattern, serve := range map[string]engine.Call{
		"GET /api/account/v1/publicKeys":                s.pins.servePublicKey,
		"GET /api/eWallet/v1/account":                   s.account,
		"PATCH /api/eWallet/v1/account":                 s.pins.change,
		"POST /api/eWallet/v1/account/retailer/balance": s.balance,
		"POST /api/notification/v1/merchantcallback":    s.callbacks.register,
		"GET /api/notification/v1/merchantcallback":     s.callbacks.serveRegistration,
		"GET /api/assignments/v1/partner/sim-cards":     s.simCards,
	} {
		mux.Handle(pattern, s.WithoutFaults(s.admitted(serve)))
	}
	past := history{&s.Engine, s.settings}
	for pattern, serve := range map[string]engine.Call{
		"POST /api/eWallet/v1/cashins":                   s.cashin,
		"POST /api/eWallet/v1/bulkcashins":               s.bulkCashin,
		"POST /api/eWallet/v4/qrcode":                    s.qrCode,
		"POST /api/eWallet/v1/payments/onestep":          s.oneStep,
		"POST /api/eWallet/v1/payments/otp":              s.otp,
		"POST /api/eWallet/v1/payments":                  s.twoSteps,
		"POST /api/eWallet/v1/transactions/{id}/confirm": s.confirm,
		"GET /api/eWallet/v1/transactions":               past.search,
		"GET /api/eWallet/v1/transactions/{id}/status":   past.status,
	} {
		mux.Handle(pattern, s.WithFaults(s.admitted(serve)))
	}
	pay := page{&s.Engine, s.settings, s.codes, s.checkout}
	mux.Handle(pagePath+"{id}", s.Faults.WithFaults(pay, http.HandlerFunc(pay.down)))
	mux.HandleFunc("GET /assets/{file}", s.checkout.ServeAsset)
	mux.HandleFunc("GET /book", s.ServeBook)
	mux.Handle("/switches", s.Settings())
	mux.Handle("/", notFound)
	return mux
}

// admitted returns an authenticated call.
func (s *Simulator) admitted(serve engine.Call) engine.Call {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := s.admit(r); err != nil {
			return err
		}
		return serve(w, r)
	}
}

// admit returns the reason to reject a call, or nil. The gateway checks the content type
// before the token, and requires one even without content.
func (s *Simulator) admit(r *http.Request) error {
	quirks := s.settings.quirks()
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
