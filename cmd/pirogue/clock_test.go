package main

import (
	"context"
	"errors"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"pirogue"
	"pirogue/activities"
	"pirogue/config"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/piroguetest"
	"pirogue/sandbox"
	"pirogue/store"
	"pirogue/vault"
)

// machine is a machine's clock that a test moves, with the next reading of its database's clock.
type machine struct {
	now     atomic.Int64 // nanoseconds since 1970
	reading store.ClockReading
	err     error
	reads   int
}

func newMachine() *machine {
	m := &machine{}
	m.now.Store(time.Date(2026, 4, 29, 14, 0, 0, 0, time.UTC).UnixNano())
	return m
}

func (m *machine) time() time.Time { return time.Unix(0, m.now.Load()).UTC() }

// read returns the reading that the test has set, taken at the machine's time.
func (m *machine) read(context.Context, pirogue.Clock) (store.ClockReading, error) {
	m.reads++
	r := m.reading
	r.At = m.time()
	return r, m.err
}

func TestTheClockFollowsTheDatabases(t *testing.T) {
	t.Parallel()

	m, begun := newMachine(), newMachine().time()
	logged, lines := observer.New(zap.WarnLevel)
	c := &databaseClock{machine: m.time, log: zap.New(logged)}
	require.Equal(t, begun, c.Now(), "without a database the machine's")

	m.reading = store.ClockReading{Offset: 10 * time.Minute, RoundTrip: time.Millisecond}
	require.NoError(t, c.start(t.Context(), m.read))
	require.Equal(t, begun.Add(10*time.Minute), c.Now())
	require.Equal(t, 1, lines.Len(), "a machine that is far off is logged")
	m.now.Add(int64(time.Second))
	require.Equal(t, begun.Add(10*time.Minute+time.Second), c.Now(), "the time goes on between two readings")

	m.reading.Offset, m.err = -time.Hour, errors.New("the database is away")
	_, err := c.measure(t.Context(), m.read)
	require.ErrorContains(t, err, "away")
	require.Equal(t, begun.Add(10*time.Minute+time.Second), c.Now(), "the last reading stays in force")

	m.reading.RoundTrip, m.err = clockRoundTrip+1, nil
	coarse, err := c.measure(t.Context(), m.read)
	require.Error(t, err)
	require.True(t, coarse)
	require.Equal(t, begun.Add(10*time.Minute+time.Second), c.Now(), "a reading that took too long counts for nothing")

	m.reading.RoundTrip = clockRoundTrip
	_, err = c.measure(t.Context(), m.read)
	require.NoError(t, err)
	require.Equal(t, begun.Add(time.Second-time.Hour), c.Now())
	require.Equal(t, 1, lines.Len(), "it is logged once")
}

func TestNothingBeginsWithoutTheDatabasesClock(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		roundTrip time.Duration
		err       error
		reads     int
	}{
		"the database is away": {0, errors.New("away"), 1},
		"it answers too late":  {clockRoundTrip + 1, nil, clockTries},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine()
			m.reading.RoundTrip, m.err = tt.roundTrip, tt.err
			c := &databaseClock{machine: m.time, log: zap.NewNop()}
			require.Error(t, c.start(t.Context(), m.read))
			require.Equal(t, tt.reads, m.reads)
		})
	}
}

func TestTheClockIsReadAtEveryTick(t *testing.T) {
	t.Parallel()

	m := newMachine()
	c := &databaseClock{machine: m.time, log: zap.NewNop()}
	ctx, stop := context.WithCancel(t.Context())
	tick, ended := make(chan time.Time), make(chan struct{})
	go func() {
		defer close(ended)
		c.follow(ctx, m.read, tick)
	}()
	m.reading.Offset = time.Minute
	tick <- time.Time{}
	tick <- time.Time{} // taken only after the first one was read
	require.Equal(t, m.time().Add(time.Minute), c.Now())
	stop()
	<-ended
}

// TestTheClockTellsDates proves that the difference of two times is the difference of their
// dates, whatever the machine's monotonic clock says. A reading between the two may have moved
// the time.
func TestTheClockTellsDates(t *testing.T) {
	t.Parallel()

	begun := time.Now() // with a monotonic reading
	now := begun
	c := &databaseClock{machine: func() time.Time { return now }, log: zap.NewNop()}
	c.last.Store(&store.ClockReading{At: begun, Offset: time.Hour})
	now = begun.Add(time.Second)
	told := c.Now()
	require.Equal(t, begun.Round(0).Add(time.Hour+time.Second), told)
	require.Equal(t, told.Round(0), told)
}

func TestTheClockIsAFigure(t *testing.T) {
	t.Parallel()

	m := newMachine()
	c := &databaseClock{machine: m.time, log: zap.NewNop()}
	registry := prometheus.NewRegistry()
	require.NoError(t, registry.Register(c))
	m.reading.Offset = -90 * time.Second
	require.NoError(t, c.start(t.Context(), m.read))
	m.now.Add(int64(7 * time.Second))
	got := httptest.NewRecorder()
	promhttp.HandlerFor(registry, scraped(registry)).ServeHTTP(got, httptest.NewRequest("GET", "/metrics", nil))
	require.Contains(t, got.Body.String(), "pirogue_clock_offset_seconds -90\n")
	require.Contains(t, got.Body.String(), "pirogue_clock_reading_age_seconds 7\n")
}

// onMachine makes the parts of one process over a database, on a machine whose clock is wrong by
// ahead.
func onMachine(t *testing.T, conf config.Config, ahead time.Duration) *parts {
	t.Helper()
	p, err := newPartsOn(conf, func() time.Time { return time.Now().Add(ahead) })
	require.NoError(t, err)
	p.log = zap.NewNop()
	require.NoError(t, p.openStore(t.Context()))
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

// TestWorkersWithOtherClocksProveNoFailureTooSoon has one worker send a cash-out and another one
// query it, on machines whose clocks are 10 min apart. The operator's "not known" must end the
// cash-out only after the finality window.
func TestWorkersWithOtherClocksProveNoFailureTooSoon(t *testing.T) {
	t.Parallel()

	server := httptest.NewUnstartedServer(nil)
	url := "http://" + server.Listener.Addr().String()
	simulators, err := sandbox.New(sandbox.Options{PublicURL: url})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, simulators.Close(context.Background())) })
	server.Config.Handler = simulators.Handler()
	server.Start()
	t.Cleanup(server.Close)
	conf, err := config.Load([]string{
		"DATABASE_URL=" + piroguetest.Postgres(t), "PIROGUE_KEYS=" + vault.NewRing("test"),
		"PIROGUE_SANDBOX_URL=" + url,
	})
	require.NoError(t, err)
	slow, fast := onMachine(t, conf, -10*time.Minute), onMachine(t, conf, 0)
	require.NoError(t, slow.store.Migrate(t.Context()))

	p, attempt := slow.sentCashOut(t)
	leg := operator.NewRouteCandidate(p.Kind, slow.instances[p.Operator])
	leg.FinalityWindow, leg.AbsenceProves = 5*time.Minute, true
	for range 4 {
		receipt, err := fast.newActivities().AskStatus(t.Context(), activities.StatusInput{
			PaymentID: p.ID, Pace: activities.Once, Candidate: leg,
		})
		require.NoError(t, err)
		require.True(t, receipt.Absent)
		require.Equal(t, pirogue.OutcomePending, receipt.Outcome, "%s was sent a moment ago", attempt.Ref)
	}
}

// sentCashOut accepts a cash-out of a funded merchant and marks it as sent. Its operator never
// receives it.
func (p *parts) sentCashOut(t *testing.T) (pirogue.Payment, pirogue.Attempt) {
	t.Helper()
	merchant, err := p.store.Merchants.CreateMerchant(t.Context(), pirogue.Merchant{Name: "Boutique"})
	require.NoError(t, err)
	funds, first := p.sent(t, merchant.ID, pirogue.CashIn, 10_000)
	_, err = p.store.Payments.Finalize(t.Context(), lifecycle.Finalization{
		PaymentID: funds.ID, Status: pirogue.StatusSuccess, At: p.clock.Now(),
	})
	require.NoError(t, err, first.Ref)
	return p.sent(t, merchant.ID, pirogue.CashOut, 5000)
}

// sent accepts a payment and marks it as sent.
func (p *parts) sent(
	t *testing.T, merchant pirogue.MerchantID, kind pirogue.PaymentKind, amount int64,
) (pirogue.Payment, pirogue.Attempt) {
	t.Helper()
	now := p.clock.Now()
	payment := pirogue.Payment{
		ID: ids.Payment(), MerchantID: merchant, Mode: pirogue.Test, Kind: kind, OrderID: "order_" + string(kind),
		Status: pirogue.StatusCreated, Amount: pirogue.Money{Minor: amount, Currency: pirogue.XOF},
		Fee: pirogue.Money{Currency: pirogue.XOF}, FeePayer: pirogue.PaidByMerchant, Country: "SN",
		MSISDN:  "+221771234567",
		Network: pirogue.Orange, Operator: "sonatel-sn-test", StartDeadline: now.Add(time.Minute), CreatedAt: now,
		UpdatedAt: now,
	}
	attempt := pirogue.Attempt{
		ID: pirogue.AttemptID(ids.New()), PaymentID: payment.ID, Number: 1, Operator: payment.Operator,
		Ref: ids.Reference(kind), State: pirogue.AttemptPrepared, CreatedAt: now,
	}
	_, fresh, err := p.store.Payments.Accept(t.Context(), payment, attempt, string(attempt.ID))
	require.NoError(t, err)
	require.True(t, fresh)
	sending, err := p.store.Attempts.Send(t.Context(), attempt.ID, operator.SendLimits{}, p.clock.Now())
	require.NoError(t, err)
	require.Positive(t, sending.Number)
	return payment, attempt
}
