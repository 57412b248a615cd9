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
	accounts := accounts{&s.Engine, s.settings, s.pins, s.credentials}
	history := history{&s.Engine, s.settings}
	page := page{&s.Engine, s.settings, s.codes, s.checkout}
	token := s.WithoutFaults(s.token)
	mux.Handle("POST /oauth/v1/token", token)
	mux.Handle("POST /oauth/token", token)
	for pattern, serve := range map[string]engine.Call{
		"GET /api/account/v1/publicKeys":                s.pins.servePublicKey,
		"GET /api/eWallet/v1/account":                   accounts.account,
		"PATCH /api/eWallet/v1/account":                 s.pins.change,
		"POST /api/eWallet/v1/account/retailer/balance": accounts.balance,
		"POST /api/notification/v1/merchantcallback":    s.callbacks.register,
		"GET /api/notification/v1/merchantcallback":     s.callbacks.serveRegistration,
		"GET /api/assignments/v1/partner/sim-cards":     accounts.simCards,
	} {
		mux.Handle(pattern, s.WithoutFaults(s.authorized(serve)))
	}
	for pattern, serve := range map[string]engine.Call{
		"POST /api/eWallet/v1/cashins":                   s.cashin,
		"POST /api/eWallet/v1/bulkcashins":               s.bulkCashin,
		"POST /api/eWallet/v4/qrcode":                    s.qrCode,
		"POST /api/eWallet/v1/payments/onestep":          s.oneStep,
		"POST /api/eWallet/v1/payments/otp":              s.otp,
		"POST /api/eWallet/v1/payments":                  s.twoSteps,
		"POST /api/eWallet/v1/transactions/{id}/confirm": s.confirm,
		"GET /api/eWallet/v1/transactions":               history.search,
		"GET /api/eWallet/v1/transactions/{id}/status":   history.status,
	} {
		mux.Handle(pattern, s.WithFaults(s.authorized(serve)))
	}
	mux.Handle(pagePath+"{id}", s.Faults.WithFaults(page, http.HandlerFunc(page.down)))
	mux.HandleFunc("GET /assets/{file}", s.checkout.ServeAsset)
	mux.HandleFunc("GET /book", s.ServeBook)
	mux.Handle("/switches", s.Settings())
	mux.Handle("/", notFound)
	return mux
}

// authorized returns a call with an access token.
func (s *Simulator) authorized(serve engine.Call) engine.Call {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := s.authorize(r); err != nil {
			return err
		}
		return serve(w, r)
	}
}
