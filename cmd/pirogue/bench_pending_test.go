package main

import (
	"context"
	"database/sql"
	"flag"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"pirogue/piroguetest"
)

// The load of BenchmarkPending.
const (
	pendingMeasured = 2 * time.Minute
	startPatience   = 30 * time.Second // until a worker that is busy has submitted a payment
)

// pendingPayments is the number of payments of BenchmarkPending. 20,000 of them take Temporal a quarter of
// an hour and more to start on two cores.
var pendingPayments = flag.Int("pending-payments", 5000, "payments of BenchmarkPending")

// BenchmarkPending measures the cost of payments that wait for their customers. It reports each part's
// resident memory with the settings of docker-compose.yml, and before the payments. It also reports the
// polls in a second, the transactions of our database for each, and the growth of histories. Temporal keeps
// its data in a file in memory, so that the payments start within minutes.
func BenchmarkPending(b *testing.B) {
	var polls atomic.Int64
	f := startFleet(b, piroguetest.StartMeasuredPostgres(b), fleetSetup{settings: func(f *fleet) []string {
		relay := f.relay("sandbox", func(r *http.Request, pass func()) {
			if strings.HasSuffix(r.URL.Path, statusPath) {
				polls.Add(1)
			}
			pass()
		})
		return []string{"PIROGUE_SANDBOX_URL=" + relay, "GOMEMLIMIT=450MiB", "PIROGUE_RATE_PER_SECOND=1000"}
	}})
	db, err := sql.Open("pgx", f.postgres.URL)
	require.NoError(b, err)
	defer db.Close()
	for b.Loop() {
		for part := range f.running {
			b.ReportMetric(f.resident(part), part+"-idle-MiB")
		}
		began := time.Now()
		id := f.startPending(b)
		b.ReportMetric(float64(*pendingPayments)/time.Since(began).Seconds(), "starts/s")
		time.Sleep(2 * inFlightSettles)
		events, before := f.events(b, "cashin-"+id), commits(b, db)
		polls.Store(0)
		time.Sleep(pendingMeasured)
		asked, spent := float64(polls.Load()), float64(commits(b, db)-before)
		b.ReportMetric(asked/pendingMeasured.Seconds(), "polls/s")
		b.ReportMetric(spent/asked, "transactions/poll")
		b.ReportMetric(float64(f.events(b, "cashin-"+id)-events), "events-more")
		for part := range f.running {
			b.ReportMetric(f.resident(part), part+"-MiB")
		}
	}
}

// startPending starts the payments of BenchmarkPending. It returns the ID of one of them.
func (f *fleet) startPending(b *testing.B) string {
	b.Helper()
	ids := make([]string, *pendingPayments)
	together(len(ids), atOnce, func(i int) {
		ctx, stop := context.WithTimeout(b.Context(), startPatience)
		defer stop()
		got, err := f.customer().insist(ctx, "/payments/cashin", order("+22376333333"))
		if err != nil || got.Data.ID == "" {
			b.Errorf("POST: %v %s", err, got.Raw)
		}
		ids[i] = got.Data.ID
	})
	return ids[0]
}

// inFlightSettles bounds the age of the count of pending payments. After it the interval between
// queries fits their number.
const inFlightSettles = 10 * time.Second

// events returns the number of events in a workflow's history.
func (w *world) events(b *testing.B, id string) int {
	b.Helper()
	n := 0
	all := w.parts.temporal.GetWorkflowHistory(b.Context(), id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for all.HasNext() {
		_, err := all.Next()
		require.NoError(b, err)
		n++
	}
	return n
}

// commits returns the number of transactions that a database has committed.
func commits(b *testing.B, db *sql.DB) int64 {
	b.Helper()
	var n int64
	require.NoError(b, db.QueryRowContext(b.Context(),
		"SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()").Scan(&n))
	return n
}
