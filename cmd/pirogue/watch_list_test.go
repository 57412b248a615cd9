package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"pirogue"
	"pirogue/access"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/adapters"
	"pirogue/config"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/piroguetest"
	"pirogue/sandbox"
	"pirogue/sandbox/engine"
	"pirogue/store"
	"pirogue/vault"
)

// watchedBy is the operator whose ended payments are watched. Its simulator promises no more than
// the live operator.
const watchedBy = pirogue.OperatorCode("sonatel-sn-test")

// watchWorld holds payments that have ended and the activity that watches them. Its clock is also
// the simulator's.
type watchWorld struct {
	t        *testing.T
	clock    *engine.VirtualClock
	db       *store.DB
	owner    access.Owner
	instance operator.Instance
	env      *testsuite.TestActivityEnvironment
	watches  *activities.Activities
	calls    atomic.Int64 // status queries to the simulator
	listing  atomic.Bool  // whether the simulator answers lists
}

func newWatchWorld(t *testing.T, database string) *watchWorld {
	t.Helper()
	w := &watchWorld{t: t, clock: engine.NewVirtualClock(time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC), 0)}
	w.listing.Store(true)
	ring, err := vault.ParseRing(vault.NewRing("test"))
	require.NoError(t, err)
	w.db, err = store.Open(t.Context(), store.Options{URL: database, Clock: w.clock.Now, Ring: ring})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.db.Close()) })
	require.NoError(t, w.db.Migrate(t.Context()))
	merchant, err := w.db.Merchants.CreateMerchant(t.Context(), pirogue.Merchant{Name: "Boutique Téranga"})
	require.NoError(t, err)
	w.owner = access.Owner{MerchantID: merchant.ID, Mode: pirogue.Test}

	conf, err := config.Load([]string{"PIROGUE_SANDBOX_URL=" + w.serve()})
	require.NoError(t, err)
	instances, err := adapters.Open(conf.Operators, w.clock.Now)
	require.NoError(t, err)
	w.instance = instances[watchedBy]
	w.instance.FinalityWindow = 0 // the live operator's
	instances[watchedBy] = w.instance
	w.watches = activities.New(activities.Config{
		Store: activitiestest.Store(activitiestest.NewAllStores(w.db)), Operators: instances, Clock: w.clock.Now,
	})
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	w.env = suite.NewTestActivityEnvironment()
	w.env.RegisterActivity(w.watches)
	return w
}

// serve starts the simulators and returns their address.
func (w *watchWorld) serve() string {
	server := httptest.NewUnstartedServer(nil)
	url := "http://" + server.Listener.Addr().String()
	simulators, err := sandbox.New(sandbox.Options{PublicURL: url, Clock: w.clock})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, simulators.Close(context.Background())) })
	require.NoError(w.t, simulators.Simulator("sonatel").Settings().Set([]byte(`{"promises": "live"}`)))
	server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/sonatel/api/eWallet/v1/transactions" {
			w.calls.Add(1)
			if !w.listing.Load() && !r.URL.Query().Has("reference") {
				http.Error(rw, "no such service", http.StatusForbidden)
				return
			}
		}
		simulators.Handler().ServeHTTP(rw, r)
	})
	server.Start()
	w.t.Cleanup(server.Close)
	return url
}

// expired makes a payment whose customer has not paid in time.
func (w *watchWorld) expired(reference string, number pirogue.MSISDN) pirogue.PaymentID {
	w.t.Helper()
	ctx, now := w.t.Context(), w.clock.Now()
	p := pirogue.Payment{
		ID: ids.Payment(), MerchantID: w.owner.MerchantID, Mode: w.owner.Mode, Kind: pirogue.CashIn, OrderID: reference,
		Status: pirogue.StatusCreated, Amount: pirogue.Money{Minor: 5000, Currency: pirogue.XOF},
		FeePayer: pirogue.PaidByMerchant, Country: "SN", MSISDN: number, Network: pirogue.Orange, Operator: watchedBy,
		StartDeadline: now.Add(90 * time.Second), CreatedAt: now, UpdatedAt: now,
	}
	a := pirogue.Attempt{
		ID: pirogue.AttemptID(ids.New()), PaymentID: p.ID, Number: 1, Operator: watchedBy, Ref: ids.Reference(p.Kind),
		State: pirogue.AttemptPrepared, CreatedAt: now, UpdatedAt: now,
	}
	_, _, err := w.db.Payments.Accept(ctx, p, a, operator.CallbackDigest(string(a.Ref)))
	require.NoError(w.t, err)
	sending, err := w.db.Attempts.Send(ctx, a.ID, operator.SendLimits{}, now)
	require.NoError(w.t, err)
	collector, can := w.instance.Operator.(operator.Collector)
	require.True(w.t, can)
	receipt, err := collector.Collect(ctx, operator.CollectRequest{
		Ref: a.Ref, Amount: p.Amount, MSISDN: number, Network: p.Network, Payee: "Boutique", Window: 24 * time.Hour,
		CallbackURL: "http://127.0.0.1:1/callbacks", ReturnURL: "http://127.0.0.1:1", CancelURL: "http://127.0.0.1:1",
	})
	require.NoError(w.t, err)
	_, err = w.db.Attempts.RecordAttemptResult(ctx, lifecycle.AttemptResult{
		AttemptID: a.ID, Sending: sending.Number, State: pirogue.AttemptAccepted, Handle: receipt.Handle, At: now,
	})
	require.NoError(w.t, err)
	end := now.Add(5 * time.Minute)
	_, err = w.db.Attempts.RecordPoll(ctx, lifecycle.Poll{
		AttemptID: a.ID, Sendings: sending.Number, Outcome: pirogue.OutcomePending, At: end,
		Next: end.Add(10 * time.Second),
	})
	require.NoError(w.t, err)
	_, err = w.db.Payments.Finalize(ctx, lifecycle.Finalization{
		PaymentID: p.ID, Status: pirogue.StatusExpired, Watched: true, At: end.Add(time.Second),
	})
	require.NoError(w.t, err)
	return p.ID
}

// watch queries payments for the duration over. Each payment's activity runs again at the delay
// that the last run returned. It returns the total number of runs and the payments that were
// paid.
func (w *watchWorld) watch(payments []pirogue.PaymentID, over time.Duration) (runs int, paid []pirogue.PaymentID) {
	w.t.Helper()
	due, end := map[pirogue.PaymentID]time.Time{}, w.clock.Now().Add(over)
	for _, id := range payments {
		due[id] = w.clock.Now()
	}
	for len(due) > 0 {
		var first pirogue.PaymentID
		for id, at := range due {
			if first == "" || at.Before(due[first]) {
				first = id
			}
		}
		if due[first].After(end) {
			break
		}
		w.clock.Advance(due[first].Sub(w.clock.Now()))
		runs++
		value, err := w.env.ExecuteActivity(w.watches.AskStatus, activities.StatusInput{
			PaymentID: first, Pace: activities.Slow, Candidate: operator.NewRouteCandidate(pirogue.CashIn, w.instance),
		})
		var again *temporal.ApplicationError
		if errors.As(err, &again) && again.NextRetryDelay() > 0 {
			due[first] = w.clock.Now().Add(again.NextRetryDelay())
			continue
		}
		require.NoError(w.t, err)
		var receipt operator.OperatorResult
		require.NoError(w.t, value.Get(&receipt))
		require.Equal(w.t, pirogue.OutcomePaid, receipt.Outcome)
		paid = append(paid, first)
		delete(due, first)
	}
	return runs, paid
}

// begin makes n ended payments, a second apart; the last ones are paid late.
func (w *watchWorld) begin(n, late int) (all, paid []pirogue.PaymentID) {
	for i := range n {
		number := pirogue.MSISDN("+221770333333") // never pays: Orange does not list the code
		if i >= n-late {
			number = "+221770777777" // pays after our expiry
		}
		all = append(all, w.expired(fmt.Sprintf("order_%03d", i), number))
		w.clock.Advance(time.Second)
	}
	w.clock.Advance(5 * time.Minute)
	return all, all[n-late:]
}

// TestAListAnswersForManyWatches proves that the watch of many payments needs few calls. It still
// finds late money, even if the operator answers no list.
func TestAListAnswersForManyWatches(t *testing.T) {
	t.Parallel()
	const watched, late, over = 200, 3, 20 * time.Hour
	piroguetest.EachDatabase(t, func(t *testing.T, database string) {
		t.Helper()
		w := newWatchWorld(t, database)
		all, want := w.begin(watched, late)
		runs, paid := w.watch(all, over)
		t.Logf("%d watches asked %d times: %d calls", watched, runs, w.calls.Load())
		require.ElementsMatch(t, want, paid)
		require.Less(t, w.calls.Load(), int64(watched/2), "calls in twenty hours")
		require.Greater(t, runs, 7*watched, "questions in twenty hours")
		for _, id := range all[:watched-late] {
			_, attempt, err := w.db.Attempts.Latest(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, 1, attempt.Evidence.Times, "a list is no evidence")
			require.Greater(t, attempt.Polls, 7, "a question that the list answered is counted")
		}
	})
}

func TestAListThatFailsIsReplacedByQuestions(t *testing.T) {
	t.Parallel()
	w := newWatchWorld(t, piroguetest.SQLite(t))
	w.listing.Store(false)
	all, want := w.begin(20, 2)
	_, paid := w.watch(all, time.Hour)
	require.ElementsMatch(t, want, paid)
	require.Greater(t, w.calls.Load(), int64(2*len(all)))
}
