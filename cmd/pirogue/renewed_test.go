package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/piroguetest"
	"pirogue/support"
)

// pageless takes the address of the payment page out of Orange's first response to a new session.
// The session is open all the same, and its customer pays it.
func pageless(simulators http.Handler) http.Handler {
	var first sync.Once
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serve := simulators.ServeHTTP
		if strings.HasSuffix(r.URL.Path, "/webpayment") {
			first.Do(func() { serve = withoutPage(simulators) })
		}
		serve(w, r)
	})
}

// withoutPage serves one session without the address of its page.
func withoutPage(simulators http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		simulators.ServeHTTP(answer, r)
		var session map[string]any
		if err := json.NewDecoder(bytes.NewReader(answer.Body.Bytes())).Decode(&session); err != nil {
			panic(http.ErrAbortHandler)
		}
		delete(session, "payment_url")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answer.Code)
		json.NewEncoder(w).Encode(session) //nolint:errcheck // a client that has gone away has its own error
	}
}

// TestASessionWithoutAPageIsPaid has the customer pay two sessions of one cash-in. One is the
// session whose response named no page, the other is Pirogue's next one. Pirogue refunds the
// first.
func TestASessionWithoutAPageIsPaid(t *testing.T) {
	t.Parallel()

	piroguetest.EachDatabase(t, func(t *testing.T, database string) {
		t.Parallel()
		w := newWorld(t, setup{database: database, play: 4, between: pageless})
		m := w.merchant()
		got, err := m.insist(t.Context(), "/payments/cashin", order("+22376000123"))
		require.NoError(t, err)
		require.Equal(t, http.StatusServiceUnavailable, got.Status, "the operator's first answer is of no use: %s",
			got.Raw)
		m.until(t, got.Data.ID, "SUCCESS", patience)
		w.expectCase(t, t.Name(), got.Data.ID, support.CauseEarlierPaid, patience)
		require.Eventually(t, func() bool {
			cases, err := w.parts.store.Cases.Cases(t.Context(), pirogue.PaymentID(got.Data.ID))
			return err == nil && len(cases) == 1 && !cases[0].ClosedAt.IsZero()
		}, 2*patience, 100*time.Millisecond, "its money is not back")
		w.settled()
	})
}
