package main

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/support"
)

// scrape returns the response of /metrics with a backlog.
func scrape(t *testing.T, b *backlog) string {
	t.Helper()
	registry := prometheus.NewRegistry()
	require.NoError(t, registry.Register(b))
	other := prometheus.NewCounter(prometheus.CounterOpts{Name: "other_total"})
	require.NoError(t, registry.Register(other))
	got := httptest.NewRecorder()
	promhttp.HandlerFor(registry, scraped(registry)).ServeHTTP(got, httptest.NewRequest("GET", "/metrics", nil))
	require.Equal(t, 200, got.Code, "%s", got.Body)
	require.Contains(t, got.Body.String(), "other_total 0")
	return got.Body.String()
}

func TestWhatWaitsIsAFigure(t *testing.T) {
	t.Parallel()

	now := time.Date(2026, 4, 29, 14, 0, 0, 0, time.UTC)
	told := scrape(t, &backlog{
		clock: func() time.Time { return now }, log: zap.NewNop(),
		read: func(context.Context, time.Time) (support.Figures, error) {
			return support.Figures{
				Open:       []support.OpenFigure{{Kind: pirogue.CashOut, Status: pirogue.StatusPending, Payments: 3}},
				OldestHold: now.Add(-time.Hour), Unrouted: 2, OldestUnrouted: now.Add(-time.Minute), OverdueEvents: 4,
				Stuck:    []support.WorkTally{{Cause: "ANSWER_UNKNOWN", Currency: "XOF", Payments: 5, Amount: 700}},
				Cases:    []support.WorkTally{{Cause: "LATE_SUCCESS", Currency: "XAF", Payments: 6, Amount: 800}},
				Suspense: []support.SuspenseFigure{{Currency: "XOF", In: 900, Out: 100}},
			}, nil
		},
	})
	for _, line := range []string{
		"pirogue_backlog_up 1", `pirogue_open_payments{kind="CASHOUT",status="PENDING"} 3`,
		"pirogue_oldest_hold_seconds 3600",
		`pirogue_stuck_payments{cause="ANSWER_UNKNOWN",currency="XOF"} 5`,
		`pirogue_stuck_minor_units{cause="ANSWER_UNKNOWN",currency="XOF"} 700`,
		`pirogue_open_cases{cause="LATE_SUCCESS",currency="XAF"} 6`,
		`pirogue_open_cases_minor_units{cause="LATE_SUCCESS",currency="XAF"} 800`,
		`pirogue_suspense_minor_units{currency="XOF",direction="in"} 900`,
		`pirogue_suspense_minor_units{currency="XOF",direction="out"} 100`,
		"pirogue_unrouted_callbacks 2", "pirogue_oldest_unrouted_callback_seconds 60", "pirogue_overdue_events 4",
	} {
		require.Contains(t, told, line+"\n")
	}
}

func TestAFigureThatFailsIsSeenAndTakesNoOtherWithIt(t *testing.T) {
	t.Parallel()

	told := scrape(t, &backlog{
		clock: time.Now, log: zap.NewNop(),
		read: func(context.Context, time.Time) (support.Figures, error) {
			return support.Figures{}, errors.New("the database is away")
		},
	})
	require.Contains(t, told, "pirogue_backlog_up 0\n")
	require.NotContains(t, told, "pirogue_oldest_hold_seconds ")
}

func TestTheDatabaseIsAskedOnceForManyScrapes(t *testing.T) {
	t.Parallel()

	var asked, ahead atomic.Int64
	b := &backlog{
		clock: func() time.Time { return time.Unix(1_000_000+ahead.Load(), 0) }, log: zap.NewNop(),
		read: func(context.Context, time.Time) (support.Figures, error) {
			asked.Add(1)
			return support.Figures{}, nil
		},
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { _, _, _ = b.count() }) //nolint:errcheck // it cannot fail
	}
	all.Wait()
	require.Equal(t, int64(1), asked.Load())
	ahead.Store(int64(figureLife.Seconds()))
	_, _, err := b.count()
	require.NoError(t, err)
	require.Equal(t, int64(2), asked.Load())
}

// An alert on the first event never fires for a series that begins with that event. A rate that
// is compared with another needs a second event.
func TestEveryIncreaseBeginsAtZero(t *testing.T) {
	t.Parallel()
	rules, err := os.ReadFile("../../deploy/alerts.yml")
	require.NoError(t, err)
	increase := regexp.MustCompile(`increase\((pirogue_[a-z_]+)`)
	increases := increase.FindAllStringSubmatch(string(rules), -1)
	require.NotEmpty(t, increases)

	const blocked = "pirogue_activity_blocked_total"
	registry := prometheus.NewRegistry()
	count, err := blockedFigure(registry)
	require.NoError(t, err)
	series := func() map[string]map[string]float64 {
		told := map[string]map[string]float64{}
		families, err := registry.Gather()
		require.NoError(t, err)
		for _, family := range families {
			told[family.GetName()] = map[string]float64{}
			for _, metric := range family.GetMetric() {
				told[family.GetName()][metric.GetLabel()[0].GetValue()] = metric.GetCounter().GetValue()
			}
		}
		return told
	}
	before := series()
	for _, name := range increases {
		require.NotEmpty(t, before[name[1]], name[1])
	}
	for _, activity := range []string{"Finalize", "AskStatus", "Submit", "Deliver", "Sweep"} {
		require.Contains(t, before[blocked], activity)
	}
	count("Finalize")
	after := series()
	require.Len(t, after[blocked], len(before[blocked]), "a series is new")
	require.Equal(t, 1.0, after[blocked]["Finalize"])
}
