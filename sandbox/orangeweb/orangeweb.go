// Package orangeweb simulates Orange Web Payment over HTTP. It serves the token, webpayment
// and transactionstatus calls, and sends the notification. It has the page on which the
// customer types a number and an OTP.
//
// It is written from the wire facts of Orange's guide and knows nothing of Pirogue's
// adapter. It keeps its own book of executed payments, so that Pirogue's books can be
// compared with an independent one.
//
// A session is one payment page. It begins INITIATED. When the customer confirms, it is
// PENDING for a moment, then SUCCESS or FAILED. Confirmed after its validity it is EXPIRED;
// abandoned or cancelled it stays INITIATED for ever.
//
// The real API has no customer number, because the customer types it on the page. Requests
// of test mode may add the header X-Sandbox-Msisdn. The customer of that number then acts
// automatically, by the table of magic numbers. Without the header nothing happens until a
// person uses the page.
package orangeweb

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"pirogue/sandbox/engine"
)

// The credentials that the sandbox accepts by default. None of them is secret.
const (
	ClientID     = "sandbox-client"
	ClientSecret = "sandbox-secret"
	MerchantKey  = "sandbox-merchant"
	OTP          = "123456" // the one-time password of every customer
)

// MSISDNHeader names the request header with the number of the automatic customer, in
// international form: +22376123456.
const MSISDNHeader = "X-Sandbox-Msisdn"

const defaultTokenLifetime = 90 * 24 * time.Hour // the 7 776 000 s of Orange's guide

// Credentials are those that a merchant receives from Orange.
type Credentials struct {
	ClientID, ClientSecret string // for the token call
	MerchantKey            string // in every webpayment call
}

// Options configures a simulator. MaxOrders counts sessions.
type Options struct {
	engine.Options

	// Credentials default, field by field, to the sandbox's own.
	Credentials Credentials
	// TokenLifetime is the life of an access token, 90 days by default.
	TokenLifetime time.Duration
}

// Simulator simulates Orange Web Payment. Make it with New.
type Simulator struct {
	engine.Engine

	credentials   Credentials
	tokenLifetime time.Duration
	tokens        engine.Tokens
	checkout      engine.Checkout
}

// New starts a simulator. With a journal it restores every session, and customers whose
// time passed meanwhile act at once.
func New(o Options) (*Simulator, error) {
	credentials := Credentials{
		ClientID:     cmp.Or(o.Credentials.ClientID, ClientID),
		ClientSecret: cmp.Or(o.Credentials.ClientSecret, ClientSecret),
		MerchantKey:  cmp.Or(o.Credentials.MerchantKey, MerchantKey),
	}
	checkout, err := engine.NewCheckout(files)
	if err != nil {
		return nil, err
	}
	s := &Simulator{
		credentials: credentials, tokenLifetime: cmp.Or(o.TokenLifetime, defaultTokenLifetime),
		tokens: engine.NewTokens(credentials.ClientSecret), checkout: checkout,
	}
	return s, s.Start(engine.Config{
		Options: o.Options, Lapse: -1, CollectsOnly: true, UniqueReference: true,
		NewID: transactionNumber, BookView: s.bookView, Refusals: refusals, Callback: s.notification,
	})
}

// transactionNumber numbers transactions as Orange does: MP, date, time, series, number.
func transactionNumber(o engine.Order, count int) string {
	return fmt.Sprintf("MP%s.A%05d", o.OpenedAt.Format("060102.1504"), count+1)
}

// Handler serves the simulator. Mount it under the path of PublicURL, with that path
// stripped.
func (s *Simulator) Handler() http.Handler {
	mux := s.Mux(map[string]engine.Call{
		"POST " + webpaymentPath:        s.webpayment,
		"POST " + transactionStatusPath: s.transactionStatus,
	})
	for _, path := range []string{"/oauth/v2/token", "/oauth/v3/token"} {
		mux.Handle("POST "+path, s.WithoutFaults(s.token))
		mux.Handle(path, s.WithoutFaults(refuseMethod))
	}
	mux.Handle(webpaymentPath, s.WithoutFaults(refuseMethod))
	mux.Handle(transactionStatusPath, s.WithoutFaults(refuseMethod))
	mux.Handle(pagePath+"{pay_token}", s.Faults.WithFaults(http.HandlerFunc(s.page), http.HandlerFunc(s.renderDown)))
	mux.HandleFunc("GET /assets/{file}", s.checkout.ServeAsset)
	mux.Handle("/", notFound)
	return mux
}
