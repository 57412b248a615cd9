package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
)

func TestGetOperators(t *testing.T) {
	t.Parallel()

	t.Run("availability", testOperatorsAvailability)
	t.Run("untested_outage_half_open", testOperatorsUntestedOutageHalfOpen)
	t.Run("modes_are_apart", testOperatorsModesAreApart)
	t.Run("msisdn_country_and_network", testOperatorsMsisdnCountryAndNetwork)
	t.Run("metric_of_every_breaker", testOperatorsMetricOfEveryBreaker)
}

// A merchant hides a network that takes no payments at the moment.
func testOperatorsAvailability(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	got := w.get("/operators?country_code=ML")
	require.Equal(t, http.StatusOK, got.Code, "%s", got.Body)
	require.Len(t, got.list(), 2, "one way in and one way out")
	line := got.list()[0]
	require.Equal(t, "orange CASHIN XOF 0",
		fmt.Sprint(line["network"], " ", line["type"], " ", line["currency"], " ", line["decimals"]))
	require.Equal(t, true, line["available"])
	require.EqualValues(t, minAmount, line["min_amount"])
	require.EqualValues(t, maxAmount, line["max_amount"])

	since := time.Date(2026, 4, 29, 14, 0, 0, 0, time.UTC)
	for state, h := range map[string]operator.CircuitBreaker{
		"open":      {State: operator.BreakerOpen, Since: since, ProbeAt: w.now()},
		"half_open": {State: operator.BreakerHalfOpen, Since: since, ProbeAt: w.now()},
		"parked":    {State: operator.BreakerClosed, Parked: true, ParkedAt: since},
	} {
		w.store.change(func() { w.store.breakers = map[pirogue.OperatorCode]operator.CircuitBreaker{testOperator: h} })
		line := w.get("/operators?country_code=ML").list()[0]
		require.Equal(t, false, line["available"], state)
		require.Equal(t, []any{map[string]any{
			"operator": string(testOperator), "state": state, "available": false, "since": "2026-04-29T14:00:00Z",
		}}, line["operators"])
	}
	w.get("/operators?country_code=XX").requireCode(pirogue.InvalidParameter)
	w.get("/operators?country=ML").requireCode(pirogue.InvalidParameter)
}

// Only payments find an operator available again. Merchants that see it as unavailable send none,
// and it would stay unavailable for ever.
func testOperatorsUntestedOutageHalfOpen(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	away := operator.CircuitBreaker{Operator: testOperator}.Failed("connection refused", w.now())
	w.store.change(func() { w.store.breakers = map[pirogue.OperatorCode]operator.CircuitBreaker{testOperator: away} })
	shown := func() (line payment, figures string) {
		return w.get("/operators?country_code=ML").list()[0], w.admin("/metrics").Body.String()
	}
	w.advance(4 * time.Minute)
	line, figures := shown()
	require.Equal(t, false, line["available"])
	require.Contains(t, figures, `pirogue_operator_available{operator="`+string(testOperator)+`",state="open"} 0`)

	w.advance(2 * time.Minute)
	line, figures = shown()
	require.Equal(t, true, line["available"])
	require.Contains(t, fmt.Sprint(line["operators"]), "state:half_open")
	require.Contains(t, figures, `pirogue_operator_available{operator="`+string(testOperator)+`",state="half_open"} 1`)

	away.Parked = true
	w.store.change(func() { w.store.breakers = map[pirogue.OperatorCode]operator.CircuitBreaker{testOperator: away} })
	line, _ = shown()
	require.Equal(t, false, line["available"], "what a person took out of service stays out")
}

// Simulators must not appear as live operators.
func testOperatorsModesAreApart(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	live := w.do(w.request(w.live, http.MethodGet, "/api/v1/operators", "")).list()
	require.Len(t, live, 1)
	require.Equal(t, []any{map[string]any{"operator": string(liveOperator), "state": "closed", "available": true}},
		live[0]["operators"])
}

// A shop checks a number before it asks for a payment. An impossible number gets a 200 with valid
// false.
func testOperatorsMsisdnCountryAndNetwork(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	for number, want := range map[string]string{
		"+22376123456": `{"msisdn":"+22376123456","valid":true,"country_code":"ML",` +
			`"currency":"XOF","probable_network":"orange","networks":["orange"]}`,
		"%2B22566123456": `{"msisdn":"+22566123456","valid":false,"networks":[]}`,
		"+2250505123456": `{"msisdn":"+2250505123456","valid":true,"country_code":"CI",` +
			`"currency":"XOF","probable_network":"mtn","networks":["wave"]}`,
		"+33612345678": `{"msisdn":"+33612345678","valid":false,"networks":[]}`,
		"hello":        `{"msisdn":"hello","valid":false,"networks":[]}`,
	} {
		got := w.get("/msisdn/" + number)
		require.Equal(t, http.StatusOK, got.Code)
		require.JSONEq(t, `{"data":`+want+`}`, got.Body.String(), number)
	}
	w.get("/msisdn/+223761234567890123456789012345678").requireCode(pirogue.InvalidParameter)
}

// Alerts read this metric. An operator without a health row counts as closed.
func testOperatorsMetricOfEveryBreaker(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.store.change(func() {
		w.store.breakers = map[pirogue.OperatorCode]operator.CircuitBreaker{
			testOperator: {State: operator.BreakerOpen, ProbeAt: w.now()},
		}
	})
	page := w.admin("/metrics").Body.String()
	require.Contains(t, page, `pirogue_operator_available{operator="`+string(testOperator)+`",state="open"} 0`)
	require.Contains(t, page, `pirogue_operator_available{operator="`+string(liveOperator)+`",state="closed"} 1`)
}
