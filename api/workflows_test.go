package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"pirogue"
)

// fakeWorkflows plays the payments' workflows: a cash-in is accepted by its operator
// and gets a page to pay on, unless a test says otherwise.
type fakeWorkflows struct {
	store *fakeStore

	mu      sync.Mutex
	away    error // Temporal is
	start   func(context.Context, pirogue.Payment) (pirogue.FirstAnswer, error)
	waiting func(context.Context) (pirogue.Waiting, error)
	heard   []pirogue.PaymentID
	hears   error // what Heard fails with
	begun   int   // how often Start was called
}

// change changes the workflows from outside.
func (w *fakeWorkflows) change(how func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	how()
}

func (w *fakeWorkflows) Ready(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.away
}

func (w *fakeWorkflows) Start(ctx context.Context, p pirogue.Payment) (pirogue.FirstAnswer, error) {
	w.mu.Lock()
	w.begun++
	start := w.start
	w.mu.Unlock()
	if start != nil {
		return start(ctx, p)
	}
	w.store.update(p.ID, func(p *pirogue.Payment) {
		p.Status = pirogue.StatusPending
		p.ExpiresAt = p.CreatedAt.Add(5 * time.Minute)
		p.NextAction = pirogue.NextAction{
			Type: pirogue.ActionRedirect, URL: "https://webpayment.example/pay/abc123", ExpiresAt: p.ExpiresAt,
		}
	})
	return pirogue.FirstAnswer{}, nil
}

func (w *fakeWorkflows) Waiting(
	ctx context.Context, _ pirogue.PaymentID, _ pirogue.Kind, now time.Time,
) (pirogue.Waiting, error) {
	w.mu.Lock()
	waiting := w.waiting
	w.mu.Unlock()
	if waiting != nil {
		return waiting(ctx)
	}
	return pirogue.Waiting{For: "customer", NextPoll: now.Add(5 * time.Second), Deadline: now.Add(time.Minute)}, nil
}

func (w *fakeWorkflows) Heard(_ context.Context, p pirogue.PaymentID, k pirogue.Kind) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hears != nil {
		return w.hears
	}
	if k != pirogue.CashIn {
		return pirogue.Errorf(pirogue.NotFound, "no %s workflow", k)
	}
	w.heard = append(w.heard, p)
	return nil
}

// told returns the payments whose workflow heard of a callback.
func (w *fakeWorkflows) told() []pirogue.PaymentID {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]pirogue.PaymentID{}, w.heard...)
}

// The operators of the tests. Both modes have their own; deaf sends no callbacks.
const (
	testOperator pirogue.OperatorCode = "orange-web-ml"
	liveOperator pirogue.OperatorCode = "orange-web-ml-live"
	deafOperator pirogue.OperatorCode = "deaf-ci"
)

// The limits of the operators of the tests, in francs.
const (
	minAmount = 100
	maxAmount = 1_000_000
)

// fakeRoutes serves Orange in Mali in both modes and the Ivory Coast with test keys.
type fakeRoutes struct{}

func (fakeRoutes) Route(
	m pirogue.Mode, c pirogue.CountryCode, n pirogue.Network, k pirogue.Kind,
) ([]pirogue.Instance, error) {
	found := []pirogue.Instance{}
	for _, i := range instances {
		if i.Mode == m && i.Country == c && k == pirogue.CashIn && (n == "" || n == i.Network) {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return nil, pirogue.FieldError(pirogue.CountryNotSupported, "country_code")
	}
	return found, nil
}

func (fakeRoutes) Instance(code pirogue.OperatorCode) (pirogue.Instance, bool) {
	for _, i := range instances {
		if i.Code == code {
			return i, true
		}
	}
	return pirogue.Instance{}, false
}

var instances = []pirogue.Instance{
	{Code: testOperator, Mode: pirogue.Test, Country: "ML", Network: pirogue.Orange, Operator: fakeOperator{}},
	{Code: liveOperator, Mode: pirogue.Live, Country: "ML", Network: pirogue.Orange, Operator: fakeOperator{}},
	{Code: deafOperator, Mode: pirogue.Test, Country: "CI", Network: pirogue.Wave, Operator: deaf{}},
}

// deaf is an operator that only collects, any amount.
type deaf struct{}

func (deaf) Capability() pirogue.Capability { return pirogue.Capability{} }

// fakeOperator reads callbacks of the shape {"ref","status"} that carry its secret.
type fakeOperator struct{}

func (fakeOperator) Capability() pirogue.Capability {
	return pirogue.Capability{MinAmount: minAmount, MaxAmount: maxAmount}
}

func (fakeOperator) Callback(a pirogue.Attempt, header http.Header, body []byte) (pirogue.Receipt, error) {
	if header.Get("X-Operator-Secret") != "s3cret" {
		return pirogue.Receipt{}, pirogue.Errorf(pirogue.SignatureInvalid, "no secret")
	}
	var said struct{ Ref, Status string }
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&said); err != nil {
		return pirogue.Receipt{}, pirogue.Errorf(pirogue.InvalidJSON, "callback: %w", err)
	}
	receipt := pirogue.Receipt{Outcome: pirogue.OutcomePaid, Words: said.Status}
	if said.Status != "PAID" || said.Ref != string(a.Ref) {
		return receipt, pirogue.Errorf(pirogue.Unknown, "%q about %q", said.Status, said.Ref)
	}
	return receipt, nil
}
