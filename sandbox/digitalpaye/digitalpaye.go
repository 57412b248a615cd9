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
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
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
	tokenLifetime    = 600 * time.Second // exp minus iat of every published token
	defaultMaxOrders = 100_000
	production       = "Production" // the only environment that is documented
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

// Options says how a simulator runs. Only PublicURL has no default.
type Options struct {
	// PublicURL is where browsers and Pirogue reach this simulator, base path
	// included: http://127.0.0.1:8090/digitalpaye.
	PublicURL string
	// JournalPath is the file that keeps orders and book; empty keeps them in memory.
	JournalPath string
	// Clock is the time of day unless said otherwise.
	Clock stage.Clock
	// MaxOrders bounds memory: so many orders, and so many customers, 100 000 by
	// default. Beyond it calls answer 503: a witness refuses rather than forgets.
	MaxOrders int
	// NotifyClient carries webhooks; the default follows no redirect.
	NotifyClient *http.Client
	// Log takes what is worth knowing; nil keeps silent.
	Log *slog.Logger
}

// Simulator is Digitalpaye's API. Make it with New.
type Simulator struct {
	options   Options
	till      *stage.Till
	tokens    tokens
	customers *customers
	opening   sync.Mutex // no order comes between looking for a transaction id and taking it
	mu        sync.Mutex
	webhooks  map[string]string // address by API key, as the portal keeps it
}

// New starts a simulator. With a journal it takes up everything where it was left, and
// what fell due meanwhile happens at once.
func New(o Options) (*Simulator, error) {
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	if !isAddress(o.PublicURL) {
		return nil, fmt.Errorf("public URL %q is not an http address", o.PublicURL)
	}
	if o.Clock == nil {
		o.Clock = stage.WallClock{}
	}
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.MaxOrders = cmp.Or(o.MaxOrders, defaultMaxOrders)
	s := &Simulator{
		options: o, tokens: newTokens(o.Clock), customers: newCustomers(o.MaxOrders), webhooks: map[string]string{},
	}
	till, err := stage.OpenTill(stage.TillOptions{
		JournalPath: o.JournalPath, Clock: o.Clock, MaxOrders: o.MaxOrders, NotifyClient: o.NotifyClient, Log: o.Log,
		Quirks: quirks, Callback: s.webhook,
	})
	if err != nil {
		return nil, err
	}
	s.till = till
	till.Start()
	return s, nil
}

// isAddress reports whether address is an absolute one that a browser can open.
func isAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// Settings is how the switches are read and changed.
func (s *Simulator) Settings() stage.Settings { return s.till.Settings() }

// Book returns everything executed so far, oldest first.
func (s *Simulator) Book() []stage.Paid { return s.till.Book() }

// Asked returns how many orders there ever were.
func (s *Simulator) Asked() int { return s.till.Asked() }

// Close stops every customer, delivers the webhooks that are queued, and closes the
// journal. When ctx ends first, webhooks are given up. Closing twice is harmless.
func (s *Simulator) Close(ctx context.Context) error { return s.till.Close(ctx) }
