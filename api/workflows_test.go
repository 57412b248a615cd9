package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"pirogue"
	"pirogue/access"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/routing"
)

// fakeWorkflows plays the payments' workflows. The operator accepts each payment, and a cash-in
// gets a payment page, unless a test sets another result.
type fakeWorkflows struct {
	store *fakeStore

	mu      sync.Mutex
	away    error // Temporal does not respond
	start   func(context.Context, pirogue.Payment) (lifecycle.FirstResponse, error)
	signals []pirogue.PaymentID
	hears   error // error of Heard
	begun   int   // number of calls of Start

	launches error // error of LaunchBulk
	launched []pirogue.BulkID

	delivers  error // error of Deliver
	delivered []delivery
}

// delivery is one call of Deliver.
type delivery struct {
	owner access.Owner
	id    pirogue.EventID
	round int
}

// change changes the workflows from a test.
func (w *fakeWorkflows) change(how func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	how()
}

// Ready implements api.Workflows.
func (w *fakeWorkflows) Ready(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.away
}

// Start implements api.Workflows. Without a start of the test the operator accepts the payment at
// once.
func (w *fakeWorkflows) Start(ctx context.Context, p pirogue.Payment) (lifecycle.FirstResponse, error) {
	w.mu.Lock()
	w.begun++
	start := w.start
	w.mu.Unlock()
	if start != nil {
		return start(ctx, p)
	}
	w.store.update(p.ID, func(p *pirogue.Payment) {
		p.Status = pirogue.StatusPending
		if p.Kind != pirogue.CashIn {
			return
		}
		p.ExpiresAt = p.CreatedAt.Add(5 * time.Minute)
		p.NextAction = pirogue.NextAction{
			Type: pirogue.ActionRedirect, URL: "https://webpayment.example/pay/abc123", ExpiresAt: p.ExpiresAt,
		}
	})
	return lifecycle.FirstResponse{}, nil
}

// SignalCallback implements api.Workflows: a workflow is open for every stored payment of the kind.
func (w *fakeWorkflows) SignalCallback(_ context.Context, p pirogue.PaymentID, k pirogue.PaymentKind) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hears != nil {
		return w.hears
	}
	for _, q := range w.store.all() {
		if q.ID == p && q.Kind == k {
			w.signals = append(w.signals, p)
			return nil
		}
	}
	return pirogue.Errorf(pirogue.NotFound, "no %s workflow", k)
}

// Deliver implements api.Launcher.
func (w *fakeWorkflows) Deliver(_ context.Context, e pirogue.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.delivers != nil {
		return w.delivers
	}
	w.delivered = append(w.delivered, delivery{access.Owner{MerchantID: e.MerchantID, Mode: e.Mode}, e.ID, e.Round})
	return nil
}

// signalled returns the payments whose workflow was told of a callback.
func (w *fakeWorkflows) signalled() []pirogue.PaymentID {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]pirogue.PaymentID{}, w.signals...)
}

// The operators of the tests; each mode has its own. deaf sends no callbacks and pays nobody. giver
// gives back the cash-ins it collected. payer pays into wallets and sends all callbacks to one
// address.
const (
	testOperator  pirogue.OperatorCode = "orange-web-ml"
	liveOperator  pirogue.OperatorCode = "orange-web-ml-live"
	payerOperator pirogue.OperatorCode = "payer-ml"
	deafOperator  pirogue.OperatorCode = "deaf-ci"
	giverOperator pirogue.OperatorCode = "giver-tg"
)

// The limits of the tests' operators, in francs.
const (
	minAmount = 100
	maxAmount = 1_000_000
)

// fakeRoutes serves Orange in Mali in both modes, with cash-outs for test keys only. It also serves
// cash-ins in the Ivory Coast and in Togo.
type fakeRoutes struct{}

func (fakeRoutes) Route(
	m pirogue.Mode, c pirogue.CountryCode, n pirogue.Network, k pirogue.PaymentKind,
) ([]operator.Instance, error) {
	found := []operator.Instance{}
	for _, i := range instances {
		serves := (k == pirogue.CashOut) == (i.Code == payerOperator)
		if i.Mode == m && i.Country == c && serves && (n == "" || n == i.Network) {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return nil, pirogue.FieldError(pirogue.CountryNotSupported, "country_code")
	}
	return found, nil
}

func (fakeRoutes) Network(
	_ pirogue.Mode, c pirogue.CountryCode, asked pirogue.Network, _ pirogue.PaymentKind, _ pirogue.MSISDN,
) (pirogue.Network, string) {
	for _, i := range instances {
		if asked == "" && i.Country == c {
			return i.Network, "the country's first"
		}
	}
	return asked, "asked for"
}

func (fakeRoutes) Routes(m pirogue.Mode) []routing.Route {
	routes := []routing.Route{}
	for _, i := range instances {
		if i.Mode == m {
			kind := pirogue.CashIn
			if i.Code == payerOperator {
				kind = pirogue.CashOut
			}
			routes = append(routes, routing.Route{
				Mode: m, Country: i.Country, Network: i.Network, Kind: kind, Operators: []pirogue.OperatorCode{i.Code},
			})
		}
	}
	return routes
}

func (fakeRoutes) Instance(code pirogue.OperatorCode) (operator.Instance, bool) {
	for _, i := range instances {
		if i.Code == code {
			return i, true
		}
	}
	return operator.Instance{}, false
}

var instances = []operator.Instance{
	{Code: testOperator, Mode: pirogue.Test, Country: "ML", Network: pirogue.Orange, Operator: fakeOperator{}},
	{Code: liveOperator, Mode: pirogue.Live, Country: "ML", Network: pirogue.Orange, Operator: fakeOperator{}},
	{Code: payerOperator, Mode: pirogue.Test, Country: "ML", Network: pirogue.Orange, Operator: payingOperator{}},
	{Code: giverOperator, Mode: pirogue.Test, Country: "TG", Network: pirogue.Moov, Operator: refundingOperator{}},
	{Code: deafOperator, Mode: pirogue.Test, Country: "CI", Network: pirogue.Wave, Operator: silentOperator{}},
}

// silentOperator is an operator that only collects, any amount.
type silentOperator struct{}

func (silentOperator) Capability() operator.Capability { return operator.Capability{} }

// refundingOperator is an operator that gives back the cash-ins it collected.
type refundingOperator struct{ fakeOperator }

func (refundingOperator) Refund(context.Context, operator.RefundRequest) (operator.OperatorResult, error) {
	return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "the API calls no operator")
}

// payingOperator is an operator that pays into wallets and has one address for all its callbacks.
type payingOperator struct{ fakeOperator }

func (payingOperator) Disburse(context.Context, operator.DisburseRequest) (operator.OperatorResult, error) {
	return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "the API calls no operator")
}

func (payingOperator) CallbackReference(header http.Header, body []byte) (pirogue.OperatorRef, error) {
	said, err := readCallback(header, body)
	if err == nil && said.Ref == "" {
		err = pirogue.Errorf(operator.Unknown, "no reference")
	}
	return pirogue.OperatorRef(said.Ref), err
}

// fakeOperator reads callbacks of the form {"ref","status"} that bear its secret.
type fakeOperator struct{}

// Capability implements pirogue.Operator.
func (fakeOperator) Capability() operator.Capability {
	limits := operator.Limits{Min: minAmount, Max: maxAmount}
	return operator.Capability{CashIn: limits, CashOut: limits}
}

// Callback implements pirogue.CallbackReader.
func (fakeOperator) Callback(a pirogue.Attempt, header http.Header, body []byte) (operator.OperatorResult, error) {
	said, err := readCallback(header, body)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	receipt := operator.OperatorResult{Outcome: pirogue.OutcomePaid, Message: said.Status}
	if said.Status != "PAID" || said.Ref != string(a.Ref) {
		return receipt, pirogue.Errorf(operator.Unknown, "%q about %q", said.Status, said.Ref)
	}
	return receipt, nil
}

// callbackBody is the body of a callback in the tests.
type callbackBody struct{ Ref, Status string }

func readCallback(header http.Header, body []byte) (callbackBody, error) {
	var s callbackBody
	if header.Get("X-Operator-Secret") != "s3cret" {
		return s, pirogue.Errorf(pirogue.SignatureInvalid, "no secret")
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&s); err != nil {
		return s, pirogue.Errorf(pirogue.InvalidJSON, "callback: %w", err)
	}
	return s, nil
}
