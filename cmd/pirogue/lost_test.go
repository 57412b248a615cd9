package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"pirogue"
	"pirogue/bulk"
	"pirogue/lifecycle"
	"pirogue/support"
	"pirogue/workflows"
)

// found bounds the time until the sweep finds a lost workflow. It leaves a payment's row alone
// for a minute first, and a due delivery for two.
const found = 5 * time.Minute

// loseTemporal deletes Temporal's database and starts Temporal again, with an empty one.
func (f *fleet) loseTemporal() {
	f.t.Helper()
	f.temporal.Kill()
	files, err := filepath.Glob(filepath.Join(f.data, "temporal.db*"))
	require.NoError(f.t, err)
	require.NotEmpty(f.t, files)
	for _, file := range files {
		require.NoError(f.t, os.Remove(file))
	}
	f.startTemporal()
}

// openWorkflow reports whether a payment's workflow is open.
func (f *fleet) openWorkflow(id string, k pirogue.PaymentKind) bool {
	open, err := f.parts.starter.Open(context.Background(),
		lifecycle.FollowedWork{What: lifecycle.FollowedPayment, ID: id, Kind: k})
	return err == nil && open
}

// bulkUnderWay requests a bulk whose lines are paid after ten seconds.
func (f *fleet) bulkUnderWay(t *testing.T) pirogue.BulkID {
	t.Helper()
	environ := []string{
		"NEKAPAY_BASE_URL=" + f.customer().base, "NEKAPAY_API_KEY=" + f.account.Key, "NEKAPAY_API_SECRET=" + f.account.Secret,
	}
	file := bulkFile(t, "lost", "+22370001234", "+22370001234")
	printed, err := run(t, environ, "bulk", "submit", file, "--reference", "lost")
	require.NoError(t, err)
	return pirogue.BulkID(strings.TrimSpace(printed))
}

// bulkState returns the state of a bulk.
func (f *fleet) bulkState(t *testing.T, id pirogue.BulkID) bulk.BulkState {
	t.Helper()
	b, err := f.parts.store.Bulks.Bulk(t.Context(), f.owner(t), id)
	require.NoError(t, err)
	return b.State
}

// Every workflow ends as it should although Temporal's database is deleted, and without a person.
func TestWhatTemporalForgetsIsToldAgain(t *testing.T) {
	t.Parallel()

	f := newFleet(t)
	m := f.customer()
	m.fund(t, 100_000)
	var calls atomic.Int64
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 1 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(hook.Close)

	told := strings.Replace(order("+22376123456"), "{", fmt.Sprintf(`{"notify_url":%q,`, hook.URL), 1)
	news := m.pay(t, told).Data.ID
	m.until(t, news, "SUCCESS", time.Minute)
	require.Eventually(t, func() bool { return calls.Load() == 1 }, time.Minute, 50*time.Millisecond)

	refusing := m.pay(t, order("+22376222222")).Data.ID
	m.until(t, refusing, "FAILED", time.Minute)
	in := f.pending(3)
	outs := []string{m.send(t, "/payments/cashout", cashOut("+22370001234", 5000)).Data.ID}
	underWay := f.bulkUnderWay(t)
	f.loseTemporal()

	for _, id := range append(in, outs...) {
		m.until(t, id, "SUCCESS", found)
	}
	require.Eventually(t, func() bool { return f.bulkState(t, underWay) == bulk.BulkCompleted }, found, time.Second)
	require.Eventually(t, func() bool { return f.openWorkflow(refusing, pirogue.CashIn) }, found, time.Second,
		"it is watched again")
	require.Eventually(t, func() bool { return calls.Load() == 2 }, found, time.Second, "the second delivery")
	_, err := f.parts.temporal.ScheduleClient().GetHandle(t.Context(), workflows.SweepSchedule).Describe(t.Context())
	require.NoError(t, err)
	f.settled()
}

// A schedule that a person has paused runs again, and a deleted one is made again.
func TestTheSweepsScheduleIsSeenTo(t *testing.T) {
	t.Parallel()

	f := newFleet(t)
	handle := f.parts.temporal.ScheduleClient().GetHandle(t.Context(), workflows.SweepSchedule)
	require.NoError(t, handle.Pause(t.Context(), client.SchedulePauseOptions{}))
	runs := func() bool {
		found, err := handle.Describe(t.Context())
		return err == nil && !found.Schedule.State.Paused
	}
	require.Eventually(t, runs, 2*scheduleEvery, time.Second)
	require.NoError(t, handle.Delete(t.Context()))
	require.Eventually(t, runs, 2*scheduleEvery, time.Second)
}

// A support action on a payment whose workflow was terminated starts the workflow again.
func TestAnActStartsATerminatedWorkflow(t *testing.T) {
	t.Parallel()

	f := newFleet(t)
	m := f.customer()
	m.fund(t, 100_000)
	id := m.send(t, "/payments/cashout", cashOut("+22370001234", 5000)).Data.ID
	workflow := workflows.PaymentWorkflowID(pirogue.PaymentID(id), pirogue.CashOut)
	require.NoError(t, f.parts.temporal.TerminateWorkflow(t.Context(), workflow, "", "a test"))
	require.False(t, f.openWorkflow(id, pirogue.CashOut))

	printed, err := run(t, f.env, "admin", "token", "create", "awa", "--role", "support")
	require.NoError(t, err)
	environ := append(
		slices.Clone(f.env), strings.TrimSpace(printed), "PIROGUE_SUPPORT_URL=http://"+f.parts.conf.SupportAddr,
	)
	printed, err = run(t, environ, "admin", "recheck", id, "--reason", "the customer asks")
	require.NoError(t, err)
	require.Contains(t, printed, string(support.DecisionWaiting))
	m.until(t, id, "SUCCESS", time.Minute)

	printed, err = run(t, environ, "admin", "rebuild", "--dry-run")
	require.NoError(t, err)
	require.Equal(t, "nothing\n", printed)
	_, err = run(t, environ, "admin", "rebuild")
	require.ErrorContains(t, err, "--reason is needed")
	printed, err = run(t, environ, "admin", "rebuild", "--reason", "Temporal was restored")
	require.NoError(t, err)
	require.Contains(t, printed, "Started again: 0 payments")
}
