// Package digitalpaye simulates the API of Digitalpaye (Côte d'Ivoire) over HTTP. It serves
// tokens, collections and transfers on four mobile networks, status, list, balance and
// customers. It has Wave's payment page and sends the unsigned webhook.
//
// It is written from Digitalpaye's pages, its PHP SDK and what integrators saw, and knows
// nothing of Pirogue's adapter. It keeps its own book of executed payments, so that
// Pirogue's books can be compared with an independent one. Where those sources are silent,
// a comment marks the fact [our reading].
//
// Digitalpaye publishes three shapes of one API, and the simulator serves all of them. "v2"
// is snake_case, of 2024. "sdk" has the same bodies under /v1, as the PHP SDK sends them.
// "v1" is camelCase, of the current pages. Where two of them share a path, the body decides
// the shape. A response to a call without such a body has the fields of both.
//
// Numbers are national on the wire, ten digits with their leading zero. The last six decide
// the course of a payment. Fees have decimals, although the currency has no minor unit. The
// merchant bears the fees of a collection and pays those of a transfer on top. Only the
// transferred amount reduces the float.
package digitalpaye

import (
	"sync"
	"time"

	"pirogue/sandbox/engine"
)

// The credentials that the sandbox accepts. None of them is secret.
const (
	APIKey      = "sandbox-key"
	APISecret   = "sandbox-secret"
	Environment = "sandbox" // of the header X-Environment, which may also be Production
	OTP         = "123456"  // of every Orange customer who pays
)

const (
	tokenLifetime = 600 * time.Second // exp minus iat of every published token
	production    = "Production"      // the only documented environment
)

// The quirks. They are off after every start.
const (
	quirkGatewayTimeout = "gateway_timeout"
	quirkStatusByRef    = "status_by_ref_only"
	quirkWithoutPlus    = "numbers_without_plus"
)

// quirks holds the effect of each quirk, for people.
var quirks = map[string]string{
	quirkGatewayTimeout: "every order is opened and executed as usual, and answered 504 PAYMENT_FAILED_TRY_AGAINST " +
		"with a data.status of FAILED",
	quirkStatusByRef: "the status call knows Digitalpaye's ref alone and answers 404 to a transaction id of ours",
	quirkWithoutPlus: "number_user is written without its plus sign: 2250777123456",
}

// Simulator simulates Digitalpaye's API. Make it with New.
type Simulator struct {
	engine.Engine

	tokens    engine.Tokens
	customers *customers
	mu        sync.Mutex
	webhooks  map[string]string // addresses by API key, as the portal stores them
}

// New starts a simulator. It stores as many customers as orders. With a journal it restores
// everything, and anything that fell due meanwhile happens at once.
func New(o engine.Config) (*Simulator, error) {
	s := &Simulator{tokens: engine.NewTokens(APISecret), webhooks: map[string]string{}}
	o.Quirks, o.Refusals, o.Callback = quirks, engine.Refusals(refusals), s.webhook
	o.UniqueReference, o.NewID = true, newRef
	if err := s.Start(o); err != nil {
		return nil, err
	}
	s.customers = newCustomers(s.MaxOrders(), s.Now)
	return s, nil
}
