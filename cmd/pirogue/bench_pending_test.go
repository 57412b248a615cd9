package main

import (
	"context"
	"database/sql"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/config"
	"pirogue/lifecycle"
	"pirogue/piroguetest"
)

// The load of BenchmarkFiveThousandPending.
const (
	pendingPayments = 5000
	pendingContract = 60 // calls a second of the operator's contract
	pendingMeasured = time.Minute
	loopsBeside     = 500 // workflows that loop over an activity and a timer
	loopEvery       = 10 * time.Second
)

// BenchmarkFiveThousandPending measures the cost of payments that wait for their customers. It
// reports status queries a second against the contract, events of history and memory. It also
// reports transactions of our database for each query. Beside them, workflows query by an activity
// and a timer in a loop. Both use the same Temporal in the same run.
func BenchmarkFiveThousandPending(b *testing.B) {
	url := piroguetest.Postgres(b)
	w := newWorld(b, setup{database: url, tune: func(o *config.Operator) {
		if o.Code == "orange-web-ml-test" {
			o.CallsPerSecond, o.Window = pendingContract, config.Duration(time.Hour)
		}
	}})
	db, err := sql.Open("pgx", url)
	require.NoError(b, err)
	defer db.Close()
	var polls atomic.Int64
	w.onCall = func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/transactionstatus") {
			polls.Add(1)
		}
	}
	idle := memory()
	ids := w.crowd(pendingPayments, "+22376333333")
	time.Sleep(2 * inFlightSettles)
	for b.Loop() {
		events := w.events(b, "cashin-"+ids[0])
		polls.Store(0)
		before := commits(b, db)
		time.Sleep(pendingMeasured)
		asked, spent := float64(polls.Load()), float64(commits(b, db)-before)
		b.ReportMetric(asked/pendingMeasured.Seconds(), "polls/s")
		b.ReportMetric(pendingContract, "contract/s")
		b.ReportMetric(spent/asked, "transactions/poll")
		b.ReportMetric(float64(w.events(b, "cashin-"+ids[0])-events), "events/minute")
		b.ReportMetric(memory()-idle, "MiB-above-idle")
		w.loop(b, db, ids)
	}
}

// inFlightSettles bounds the age of the count of pending payments. After it the interval between
// queries fits their number.
const inFlightSettles = 10 * time.Second

// loop measures the same queries from workflows that loop.
func (w *world) loop(b *testing.B, db *sql.DB, ids []string) {
	const queue = "loop"
	var asked atomic.Int64
	pool := worker.New(w.parts.temporal, queue, worker.Options{})
	pool.RegisterActivityWithOptions(func(ctx context.Context, id string) error {
		asked.Add(1)
		_, attempt, err := w.parts.store.Attempts.Latest(ctx, pirogue.PaymentID(id))
		if err == nil {
			_, err = w.parts.store.Attempts.RecordPoll(ctx, lifecycle.Poll{
				AttemptID: attempt.ID, Sendings: attempt.Sendings, Polls: attempt.Polls, At: time.Now(),
			})
		}
		return err
	}, activity.RegisterOptions{Name: "AskOnce"})
	pool.RegisterWorkflowWithOptions(func(ctx workflow.Context, id string) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		for range int(pendingMeasured / loopEvery) {
			if err := workflow.ExecuteActivity(ctx, "AskOnce", id).Get(ctx, nil); err != nil {
				return err
			}
			if err := workflow.Sleep(ctx, loopEvery); err != nil {
				return err
			}
		}
		return nil
	}, workflow.RegisterOptions{Name: "Loop"})
	require.NoError(b, pool.Start())
	defer pool.Stop()
	before := commits(b, db)
	runs := make([]client.WorkflowRun, loopsBeside)
	together(loopsBeside, atOnce, func(i int) {
		run, err := w.parts.temporal.ExecuteWorkflow(
			b.Context(), client.StartWorkflowOptions{TaskQueue: queue}, "Loop", ids[i],
		)
		require.NoError(b, err)
		runs[i] = run
	})
	for _, run := range runs {
		require.NoError(b, run.Get(b.Context(), nil))
	}
	spent, n := float64(commits(b, db)-before), float64(asked.Load())
	b.ReportMetric(spent/n, "loop-transactions/poll") // includes those of the payments beside it
	b.ReportMetric(float64(w.events(b, runs[0].GetID()))/(n/loopsBeside), "loop-events/poll")
}

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

// memory returns the memory in use by this process, in MiB.
func memory() float64 {
	runtime.GC()
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	return float64(now.HeapInuse+now.StackInuse) / (1 << 20)
}
