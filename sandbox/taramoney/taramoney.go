// Package taramoney plays Taramoney (Cameroon first) over HTTP: collections by the
// older cmmobile and by mobilepay, payouts, the status of a payment, the two lists, and
// the webhooks with their shared secret.
//
// It is written from Tara's own page on cmmobile and from what integrators saw in
// production, and knows nothing of Pirogue's adapter. It keeps its own book of what it
// executed, so that Pirogue's books can be held against a witness who was not told what
// to say. "[our reading]" marks what no document says and the sandbox had to decide.
//
// Beware: SUCCESS in the answer to a collection or a payout means that it was accepted,
// not that money moved. Tara promises no deduplication: a repeated productId prompts the
// customer again and a repeated receiverId pays again, and the book shows both. A
// webhook leaves once and is never retried. A payout tells nobody.
//
// The last six digits of the number decide what happens. A customer of Wave pays by
// themselves as well; the link in authUrl leads to a page of the sandbox where a person
// can be quicker. Tara knows no access tokens: the switches about them change nothing.
package taramoney

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"pirogue/sandbox/stage"
)

// What the sandbox accepts and sends. None of it is secret.
const (
	APIKey        = "sandbox-key"
	BusinessID    = "sandbox-biz"
	WebhookSecret = "sandbox-webhook-secret"
)

// APIPath is where the API begins below PublicURL, as it does on Tara's host: the base
// address of a client is PublicURL + APIPath.
const APIPath = "/api/tara"

// SecretHeader carries the webhook secret, verbatim; seen in production.
const SecretHeader = "tara-webhook-secret" //nolint:gosec // the header's name

// The quirks of a Tara account; see quirks.
//
//nolint:gosec // names, not secrets
const (
	poorWebhooks       = "poor_webhooks"
	noWebhookSecret    = "no_webhook_secret"
	wrongWebhookSecret = "wrong_webhook_secret"
	noStatus           = "no_status"
	listsNameProducts  = "lists_name_products"
	statusByPaymentID  = "status_by_payment_id"
)

// quirks says what each one does when it is on. Accounts differ in all of them but the
// wrong secret, which is somebody else's webhook.
var quirks = map[string]string{
	poorWebhooks:       "webhooks have the seven fields of Tara's page: no productId, no amount",
	noWebhookSecret:    "webhooks leave without the header tara-webhook-secret",
	wrongWebhookSecret: "webhooks bring a secret that is not the account's",
	noStatus:           "transactions/status answers that the business is not activated for it",
	listsNameProducts:  "the entries of transactionlist and paid/transactionlist carry productId",
	statusByPaymentID:  "transactions/status finds a payment by Tara's own paymentId or payoutId alone",
}

// Options says how a simulator runs. Only PublicURL has no default.
type Options struct {
	// PublicURL is where browsers and Pirogue reach this simulator, base path included
	// and APIPath not: http://127.0.0.1:8090/taramoney.
	PublicURL string
	// JournalPath is the file that keeps orders and book; empty keeps them in memory.
	JournalPath string
	// Clock is the time of day unless said otherwise.
	Clock stage.Clock
	// MaxOrders bounds memory, 100 000 by default. Beyond it calls answer 503: a witness
	// refuses rather than forgets.
	MaxOrders int
	// NotifyClient carries webhooks; the default follows no redirect.
	NotifyClient *http.Client
	// Log takes what is worth knowing; nil keeps silent.
	Log *slog.Logger
}

// Simulator is Taramoney. Make it with New.
type Simulator struct {
	base string // PublicURL without a slash at its end
	log  *slog.Logger
	till *stage.Till
}

// New starts a simulator. With a journal it takes up every order where it was left, and
// what fell due meanwhile happens at once.
func New(o Options) (*Simulator, error) {
	address, err := url.Parse(o.PublicURL)
	if err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https") {
		return nil, fmt.Errorf("public URL %q is not an http address", o.PublicURL)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Simulator{base: strings.TrimRight(o.PublicURL, "/"), log: o.Log}
	s.till, err = stage.OpenTill(stage.TillOptions{
		JournalPath: o.JournalPath, Clock: o.Clock, MaxOrders: o.MaxOrders,
		NotifyClient: o.NotifyClient, Log: o.Log, Quirks: quirks,
		Callback: s.webhook,
	})
	if err != nil {
		return nil, err
	}
	s.till.Start()
	return s, nil
}

// Handler serves the simulator. Mount it under the path of PublicURL, with that path
// stripped. Whatever is not below APIPath answers 405, as Tara's host does [seen].
func (s *Simulator) Handler() http.Handler {
	mux := http.NewServeMux()
	for path, serve := range map[string]call{
		"/cmmobile": s.cmMobile, "/mobilepay": s.mobilePay, "/payout/create": s.createPayout,
		"/transactions/status": s.status, "/resend-webhook": s.resend,
	} {
		mux.Handle("POST "+APIPath+path, s.till.API(s.admit(serve), unavailable))
	}
	for path, serve := range map[string]call{
		"/transactionlist": s.transactions, "/paid/transactionlist": s.paidTransactions,
	} {
		mux.Handle("POST "+APIPath+path, s.till.Board().Disturb(s.admit(serve), unavailable))
	}
	mux.Handle(payPath+"{id}", s.till.Board().Disturb(http.HandlerFunc(s.page), http.HandlerFunc(s.pageDown)))
	mux.HandleFunc("GET /book", s.till.ServeBook)
	mux.HandleFunc("/switches", s.till.ServeSwitches)
	mux.Handle("/", notAllowed)
	return mux
}

// Settings is how the switches are read and changed.
func (s *Simulator) Settings() stage.Settings { return s.till.Settings() }

// Book returns everything executed so far, oldest first.
func (s *Simulator) Book() []stage.Paid { return s.till.Book() }

// Asked returns how many collections and payouts were ever accepted.
func (s *Simulator) Asked() int { return s.till.Asked() }

// Close stops every customer, delivers the webhooks that are queued, and closes the
// journal. When ctx ends first, webhooks are given up. Closing twice is harmless.
func (s *Simulator) Close(ctx context.Context) error { return s.till.Close(ctx) }

// refuse answers with err. What is not Tara's own refusal is ours to log, not the
// caller's to read.
func (s *Simulator) refuse(w http.ResponseWriter, err error) {
	var known refusal
	switch {
	case errors.As(err, &known):
	case errors.Is(err, stage.ErrFull):
		known = unavailable
	default:
		s.log.Error("call failed", "error", err)
		known = internal
	}
	stage.WriteJSON(w, known.http, known)
}
