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
	"context"
	"errors"
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
	*engine.Runtime

	options  Options
	book     *book
	tokens   tokens
	checkout engine.Checkout
}

// New starts a simulator. With a journal it restores every session, and customers whose
// time passed meanwhile act at once.
func New(o Options) (*Simulator, error) {
	ready, err := o.Ready()
	if err != nil {
		return nil, err
	}
	o.Options = ready
	o.Credentials = Credentials{
		ClientID:     cmp.Or(o.Credentials.ClientID, ClientID),
		ClientSecret: cmp.Or(o.Credentials.ClientSecret, ClientSecret),
		MerchantKey:  cmp.Or(o.Credentials.MerchantKey, MerchantKey),
	}
	o.TokenLifetime = cmp.Or(o.TokenLifetime, defaultTokenLifetime)
	checkout, err := engine.NewCheckout(files)
	if err != nil {
		return nil, err
	}
	kept, err := openBook(o.JournalPath, o.MaxOrders)
	if err != nil {
		return nil, err
	}
	s := &Simulator{
		Runtime: engine.NewRuntime(o.Options), options: o, book: kept, checkout: checkout,
		tokens: tokens{o.Clock, engine.NewTokens(o.Credentials.ClientSecret)},
	}
	for _, unfinished := range kept.all() {
		s.arrange(unfinished)
	}
	return s, nil
}

// Handler serves the simulator. Mount it under the path of PublicURL, with that path
// stripped.
func (s *Simulator) Handler() http.Handler {
	call := func(h http.Handler) http.Handler { return s.Faults.WithFaults(postOnly(h), unavailable) }
	payment := func(serve engine.Call) http.Handler {
		return call(s.Faults.Drop(s.Faults.Mangle(s.Answer(serve, refusals))))
	}
	page := s.Faults.WithFaults(http.HandlerFunc(s.page), http.HandlerFunc(s.pageDown))
	mux := http.NewServeMux()
	mux.Handle("/oauth/v2/token", call(http.HandlerFunc(s.token)))
	mux.Handle("/oauth/v3/token", call(http.HandlerFunc(s.token)))
	mux.Handle("/orange-money-webpay/{segment}/v1/webpayment", payment(s.webpayment))
	mux.Handle("/orange-money-webpay/{segment}/v1/transactionstatus", payment(s.transactionStatus))
	mux.Handle("/payment/pay_token/{pay_token}", page)
	mux.HandleFunc("GET /assets/{file}", s.checkout.ServeAsset)
	mux.HandleFunc("GET /book", s.showBook)
	mux.Handle("/switches", s.Faults)
	mux.Handle("/", notFound)
	return mux
}

// Book returns every executed payment, oldest first.
func (s *Simulator) Book() []engine.Paid {
	return s.book.Paid()
}

// Sessions returns every session, oldest first.
func (s *Simulator) Sessions() []Session {
	kept := s.book.all()
	views := make([]Session, len(kept))
	for i, one := range kept {
		views[i] = one.view()
	}
	return views
}

// Asked returns the number of sessions ever opened.
func (s *Simulator) Asked() int { return len(s.book.all()) }

// Settings reads and changes the switches. This simulator has none of its own.
func (s *Simulator) Settings() engine.Settings { return s.Faults.Settings() }

// Switches returns the current fault switches.
func (s *Simulator) Switches() engine.Switches {
	return s.Faults.Read()
}

// SetSwitches replaces all fault switches. It changes none and returns an error if one is
// out of its range.
func (s *Simulator) SetSwitches(wanted engine.Switches) error {
	return s.Faults.Set(wanted)
}

// Close stops every customer, delivers the queued notifications, and closes the journal.
// When ctx ends first, it drops the notifications. It releases calls that hang. Closing
// twice is harmless.
func (s *Simulator) Close(ctx context.Context) error {
	return errors.Join(s.Runtime.Close(ctx), s.book.Close())
}
