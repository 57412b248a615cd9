// Package digitalpaye plays the API of Digitalpaye (Côte d'Ivoire) over HTTP: token,
// collections and transfers on four mobile networks, status, list, balance, customers,
// Wave's payment page and the unsigned webhook.
//
// It is written from Digitalpaye's pages, its PHP SDK and what integrators saw, and
// knows nothing of Pirogue's adapter. It keeps its own book of what it executed, so
// that Pirogue's books can be held against a witness who was not told what to say.
// Where those sources are silent, a comment says [our reading].
//
// Digitalpaye publishes three shapes of one API, and all are served at once: "v2"
// (snake_case, 2024), "sdk" (the same bodies under /v1, as the PHP SDK sends them) and
// "v1" (camelCase, the current pages). Where two of them share a path the body says
// which one is spoken, and an answer without such a body speaks both.
//
// Numbers are national on the wire, ten digits with their leading zero, and the last
// six decide what happens. Fees are decimals of a currency that has no minor unit: the
// merchant bears them of a collection, and pays them on top of a transfer. The float
// goes down by what is transferred alone.
package digitalpaye

import (
	"sync"
	"time"

	"pirogue/sandbox/stage"
)

// What the sandbox accepts. None of it is secret.
const (
	APIKey      = "sandbox-key"
	APISecret   = "sandbox-secret"
	Environment = "sandbox" // of the header X-Environment, which may say Production as well
	OTP         = "123456"  // of every Orange customer who pays
)

const (
	tokenLifetime = 600 * time.Second // exp minus iat of every published token
	production    = "Production"      // the only environment that is documented
)

// The quirks. They are off after every start.
const (
	quirkGatewayTimeout = "gateway_timeout"
	quirkStatusByRef    = "status_by_ref_only"
	quirkWithoutPlus    = "numbers_without_plus"
)

var quirks = map[string]string{
	quirkGatewayTimeout: "every order is opened and executed as usual, and answered 504 PAYMENT_FAILED_TRY_AGAINST " +
		"with a data.status of FAILED",
	quirkStatusByRef: "the status call knows Digitalpaye's ref alone and answers 404 to a transaction id of ours",
	quirkWithoutPlus: "number_user is written without its plus sign: 2250777123456",
}

// Simulator is Digitalpaye's API. Make it with New.
type Simulator struct {
	stage.Till

	tokens    stage.Tokens
	customers *customers
	opening   sync.Mutex // no order comes between looking for a transaction id and taking it
	mu        sync.Mutex
	webhooks  map[string]string // address by API key, as the portal keeps it
}

// New starts a simulator; it keeps so many customers as orders. With a journal it takes up
// everything where it was left, and what fell due meanwhile happens at once.
func New(o stage.TillOptions) (*Simulator, error) {
	s := &Simulator{tokens: stage.NewTokens(APISecret), webhooks: map[string]string{}}
	o.Quirks, o.Refusals, o.Callback = quirks, stage.Refusals(refusals), s.webhook
	if err := s.Begin(o); err != nil {
		return nil, err
	}
	s.customers = newCustomers(s.MaxOrders())
	return s, nil
}
