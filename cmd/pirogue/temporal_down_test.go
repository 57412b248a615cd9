package main

import (
	"context"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"pirogue"
	"pirogue/piroguetest"
)

// awayWithin bounds the time until a merchant's request fails because a part is down.
const awayWithin = 3 * time.Second

// TestTemporalsDatabaseIsAway takes a real Temporal's database away; Temporal still answers
// health checks. Pirogue accepts nothing then and leaves nothing behind. Open payments go on once
// the database is back.
func TestTemporalsDatabaseIsAway(t *testing.T) {
	t.Parallel()

	piroguetest.EachDatabase(t, func(t *testing.T, database string) {
		t.Parallel()
		file := filepath.Join(piroguetest.Folder(t), "temporal.db")
		server := piroguetest.StartTemporal(t, "-port", "0", "-ui-port", "0", "-db", file)
		w := newWorld(t, setup{database: database, temporal: server.Address})
		m := w.merchant()
		m.fund(t, 100_000)
		before, err := w.parts.store.Reports.Balances(t.Context(), w.owner(t))
		require.NoError(t, err)
		open := m.pay(t, order("+22376000123"))
		require.Equal(t, http.StatusAccepted, open.Status, open.Raw)

		giveBack := piroguetest.TakeTemporalDatabase(t, file)
		require.Eventually(t, func() bool { return w.parts.starter.Ready(t.Context()) != nil }, patience,
			10*time.Millisecond)
		_, err = w.parts.temporal.CheckHealth(t.Context(), &client.CheckHealthRequest{})
		require.NoError(t, err, "it answers health checks")
		asked := map[string]string{
			"/payments/cashin": order("+22376123456"), "/payments/cashout": cashOut("+22376123456", 1000),
		}
		for path, body := range asked {
			ctx, stop := context.WithTimeout(t.Context(), awayWithin)
			got, err := m.do(ctx, http.MethodPost, path, body)
			stop()
			require.NoError(t, err)
			require.Equal(t, http.StatusServiceUnavailable, got.Status, got.Raw)
			require.Equal(t, string(pirogue.ServiceUnavailable), got.Code)
			require.Empty(t, got.Data.ID)
		}
		after, err := w.parts.store.Reports.Balances(t.Context(), w.owner(t))
		require.NoError(t, err)
		require.Equal(t, before[0].Reserved, after[0].Reserved, "nothing is set aside")

		giveBack()
		for path, body := range asked {
			got, err := m.insist(t.Context(), path, body)
			require.NoError(t, err)
			require.Equal(t, http.StatusAccepted, got.Status, "nothing was left behind: %s", got.Raw)
			m.until(t, got.Data.ID, "SUCCESS", 2*patience)
		}
		m.until(t, open.Data.ID, "SUCCESS", 2*patience)
		w.settled()
	})
}
