package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// bareQueues are the queues of the bare workflow's activities, when each has one of its own.
var bareQueues = []string{"bare-submit", "bare-ask", "bare-settle", "bare-deliver"}

// bareWorkflow returns a function that runs a workflow of four empty activities, one after the other.
// Activity i runs on queues[i]. Without queues all run on the workflow's own. There they are eager: the
// server hands them over with its response to the workflow's task.
func (f *measuredFleet) bareWorkflow(b *testing.B, queues []string) func(context.Context) {
	b.Helper()
	own := fmt.Sprintf("bare-%d", len(queues))
	bare := func(ctx workflow.Context) error {
		for i := range bareQueues {
			o := workflow.ActivityOptions{StartToCloseTimeout: time.Minute, TaskQueue: own}
			if len(queues) > 0 {
				o.TaskQueue = queues[i]
			}
			if err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), "Nothing").Get(ctx, nil); err != nil {
				return err
			}
		}
		return nil
	}
	for _, queue := range append([]string{own}, queues...) {
		pool := worker.New(f.parts.temporal, queue, worker.Options{DisableWorkflowWorker: queue != own})
		nothing := func(context.Context) error { return nil }
		pool.RegisterActivityWithOptions(nothing, activity.RegisterOptions{Name: "Nothing"})
		if queue == own {
			pool.RegisterWorkflowWithOptions(bare, workflow.RegisterOptions{Name: "Bare"})
		}
		require.NoError(b, pool.Start())
		b.Cleanup(pool.Stop)
	}
	return func(ctx context.Context) {
		run, err := f.parts.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: own}, "Bare")
		if err == nil {
			err = run.Get(ctx, nil)
		}
		if err != nil {
			b.Error(err)
		}
	}
}

// usage holds counters of databases and processes, by name.
type usage map[string]float64

// minus returns the growth since an earlier measurement.
func (u usage) minus(earlier usage) usage {
	grown := usage{}
	for name, n := range u {
		grown[name] = n - earlier[name]
	}
	return grown
}

// plus returns the sum of two growths.
func (u usage) plus(other usage) usage {
	sum := usage{}
	for name, n := range other {
		sum[name] = u[name] + n
	}
	return sum
}

// report reports each counter for one payment, and the sum of the CPU times.
func (u usage) report(b *testing.B, payments float64) {
	b.Helper()
	cores := 0.0
	for name, n := range u {
		b.ReportMetric(n/payments, name)
		if strings.HasPrefix(name, corePrefix) {
			cores += n / payments
		}
	}
	b.ReportMetric(cores, "core-ms/payment")
}

// corePrefix begins the names of CPU times, in milliseconds of one core.
const corePrefix = "core-ms-of-"

// statsSettle is the time after which PostgreSQL's counters hold what its connections did.
const statsSettle = 1500 * time.Millisecond

// counters are the figures of each database, with the query that reads them. A statement is a round
// trip, BEGIN and COMMIT too.
var counters = map[string]map[string]string{
	"ours": {
		"commits/payment":     "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()",
		"round-trips/payment": "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements",
		"wal-bytes/payment":   "SELECT wal_bytes FROM pg_stat_wal",
		"flushes/payment":     "SELECT wal_sync FROM pg_stat_wal",
	},
	"Temporal's": {
		"temporal-state-writes/payment":      temporalCalls("INSERT INTO executions%", "UPDATE executions SET%"),
		"temporal-history-appends/payment":   temporalCalls("INSERT INTO history_node%"),
		"temporal-visibility-writes/payment": temporalCalls("INSERT INTO executions_visibility%"),
		"temporal-wal-bytes/payment":         "SELECT wal_bytes FROM pg_stat_wal",
		"temporal-flushes/payment":           "SELECT wal_sync FROM pg_stat_wal",
	},
}

// temporalCalls returns the query that counts the calls of statements that begin so.
func temporalCalls(patterns ...string) string {
	return "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE ltrim(query, E' \\n\\t') ILIKE ANY (ARRAY['" +
		strings.Join(patterns, "','") + "'])"
}

// measure reads every counter.
func (f *measuredFleet) measure(b *testing.B) usage {
	b.Helper()
	time.Sleep(statsSettle)
	u := usage{}
	for which, url := range map[string]string{"ours": f.postgres.URL, "Temporal's": f.temporalDB.URL} {
		db, err := sql.Open("pgx", url)
		require.NoError(b, err)
		for name, query := range counters[which] {
			var n float64
			require.NoError(b, db.QueryRowContext(b.Context(), query).Scan(&n), name)
			u[name] = n
		}
		require.NoError(b, db.Close())
	}
	for name, pid := range map[string]int{
		"postgres": f.postgres.PID(), "temporal-postgres": f.temporalDB.PID(), "temporal": f.temporal.PID,
		"callers": os.Getpid(), "api": f.running["api"].Process.Pid, "worker": f.running["worker"].Process.Pid,
		"simulators": f.running["sandbox"].Process.Pid,
	} {
		u[corePrefix+name] = cpuMS(b, pid)
	}
	return u
}

// cpuMS returns the CPU time of a process in milliseconds. For a PostgreSQL server it includes the
// connections, open and closed.
func cpuMS(b *testing.B, pid int) float64 {
	b.Helper()
	sum, _ := processTimes(fmt.Sprintf("/proc/%d/stat", pid))
	if pid == os.Getpid() {
		own, _ := processTimes("/proc/self/stat")
		return own.own
	}
	total := sum.own + sum.ended
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(b, err)
	for _, file := range all {
		if times, parent := processTimes(file); parent == pid {
			total += times.own
		}
	}
	return total
}

// times holds CPU times in milliseconds.
type times struct{ own, ended float64 } // of the process; of its children that have ended

// processTimes reads one process. A process that has ended has none.
func processTimes(file string) (t times, parent int) {
	raw, err := os.ReadFile(file)
	_, rest, found := strings.Cut(string(raw), ") ")
	if err != nil || !found {
		return times{}, 0
	}
	const tick = 10 // ms: the kernel reports hundredths of a second
	var user, system, childUser, childSystem float64
	var skipped int64
	var state string
	const format = "%s %d %d %d %d %d %d %d %d %d %d %f %f %f %f"
	fmt.Sscanf(rest, format, &state, &parent, //nolint:errcheck // zero is the value then
		&skipped, &skipped, &skipped, &skipped, &skipped, &skipped, &skipped, &skipped, &skipped,
		&user, &system, &childUser, &childSystem)
	return times{own: tick * (user + system), ended: tick * (childUser + childSystem)}, parent
}

// webhookEvents returns the number of events in the history of a payment's webhook. It is 0 for a
// webhook without a workflow.
func (f *measuredFleet) webhookEvents(b *testing.B, id string) int {
	b.Helper()
	db, err := sql.Open("pgx", f.postgres.URL)
	require.NoError(b, err)
	defer db.Close()
	var event string
	row := db.QueryRowContext(b.Context(), "SELECT id FROM webhook_events WHERE payment_id = $1", id)
	require.NoError(b, row.Scan(&event))
	if _, err := f.parts.temporal.DescribeWorkflowExecution(b.Context(), "webhook-"+event, ""); err != nil {
		return 0
	}
	return f.events(b, "webhook-"+event)
}
