// Package taramoney simulates Taramoney (Cameroon first) over HTTP. It serves collections
// by the older cmmobile and by mobilepay, payouts, the status of a payment and the two
// lists. It sends the webhooks with their shared secret.
//
// It is written from Tara's own page on cmmobile and from what integrators saw in
// production. It knows nothing of Pirogue's adapter. It keeps its own book of executed
// payments, so that Pirogue's books can be compared with an independent one. "[our
// reading]" marks facts that no document states and the sandbox had to decide.
//
// Beware: SUCCESS in the response to a collection or a payout means that it was accepted,
// not that money moved. Tara promises no deduplication. A repeated productId prompts the
// customer again, a repeated receiverId pays again, and the book shows both. A webhook is
// sent once and never retried. A payout has none.
//
// The last six digits of the number decide the course of a payment. A Wave customer also
// pays by himself. The link in authUrl leads to a page of the sandbox, where a person can
// be faster. Tara has no access tokens, so the switches about them change nothing.
package taramoney

import (
	"net/http"

	"pirogue/sandbox/engine"
)

// The values that the sandbox accepts and sends. None of them is secret.
const (
	APIKey        = "sandbox-key"
	BusinessID    = "sandbox-biz"
	WebhookSecret = "sandbox-webhook-secret"
)

// APIPath begins the API below PublicURL, as on Tara's host: the base address of a client
// is PublicURL + APIPath.
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

// quirks holds the effect of each one. Tara's accounts differ in all of them except the
// wrong secret, which stands for another account's webhook.
var quirks = map[string]string{
	poorWebhooks:       "webhooks have the seven fields of Tara's page: no productId, no amount",
	noWebhookSecret:    "webhooks leave without the header tara-webhook-secret",
	wrongWebhookSecret: "webhooks bring a secret that is not the account's",
	noStatus:           "transactions/status answers that the business is not activated for it",
	listsNameProducts:  "the entries of transactionlist and paid/transactionlist carry productId",
	statusByPaymentID:  "transactions/status finds a payment by Tara's own paymentId or payoutId alone",
}

// Simulator simulates Taramoney. Make it with New.
type Simulator struct{ engine.Engine }

// New starts a simulator. PublicURL must not include APIPath.
func New(o engine.Config) (*Simulator, error) {
	s := &Simulator{}
	o.Quirks, o.Refusals, o.Callback = quirks, refusals, s.webhook
	return s, s.Start(o)
}

// Handler serves the simulator. Mount it under the path of PublicURL, with that path
// stripped. Paths outside APIPath answer 405, as on Tara's host [seen].
func (s *Simulator) Handler() http.Handler {
	calls := map[string]engine.Call{}
	for path, serve := range map[string]call{
		"/cmmobile": s.cmMobile, "/mobilepay": s.mobilePay, "/payout/create": s.createPayout,
		"/transactions/status": s.status, "/resend-webhook": s.resend,
	} {
		calls["POST "+APIPath+path] = engine.Admitted(s.readAuthenticated, serve)
	}
	mux := s.Mux(calls)
	for path, serve := range map[string]call{
		"/transactionlist": s.transactions, "/paid/transactionlist": s.paidTransactions,
	} {
		mux.Handle("POST "+APIPath+path, s.WithoutFaults(engine.Admitted(s.readAuthenticated, serve)))
	}
	mux.Handle(payPath+"{id}", s.Faults.WithFaults(http.HandlerFunc(s.page), http.HandlerFunc(renderDown)))
	mux.Handle("/", notAllowed)
	return mux
}
