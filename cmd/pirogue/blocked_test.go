package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/workflows"
)

// otherWorkflowVersion is a workflow of another version. Its first step is a timer, so no history of the
// real workflow replays on it.
func otherWorkflowVersion(ctx workflow.Context, _ lifecycle.PaymentInput) (pirogue.Status, error) {
	return "", workflow.Sleep(ctx, 5*time.Second)
}

// An open workflow whose code does not replay its history makes no progress, and no sweep sees
// that. Support lists it, ends it and starts it again from the payment's row.
func TestABlockedWorkflowIsStartedAgain(t *testing.T) {
	t.Parallel()

	f := newFleet(t)
	m := f.customer()
	m.fund(t, 100_000)
	f.kill("worker")
	other := worker.New(f.parts.temporal, workflows.PaymentsQueue, worker.Options{})
	other.RegisterWorkflowWithOptions(otherWorkflowVersion, workflow.RegisterOptions{Name: "CashOut"})
	require.NoError(t, other.Start())
	id := m.send(t, "/payments/cashout", cashOut(paid10s, 5000)).Data.ID
	require.NotEmpty(t, id)
	_, attempt, err := f.parts.store.Attempts.Latest(t.Context(), pirogue.PaymentID(id))
	require.NoError(t, err)
	taken, err := f.parts.store.Attempts.Postpone(t.Context(), attempt.ID, "another version took it up", time.Now())
	require.NoError(t, err)
	require.True(t, taken)
	other.Stop()
	f.start("worker")

	awa := f.person(t, "awa")
	blocked := func() string {
		printed, err := run(t, awa, "admin", "rebuild", "--blocked", "--dry-run")
		require.NoError(t, err)
		return printed
	}
	require.Eventually(t, func() bool { return strings.Contains(blocked(), id) }, found, time.Second)
	_, err = run(t, awa, "admin", "rebuild", "--blocked", "--expect", "7", "--reason", "a deploy")
	require.ErrorContains(t, err, "1 workflows are blocked, not 7")
	printed, err := run(t, awa, "admin", "rebuild", "--blocked", "--expect", "1", "--reason", "a deploy")
	require.NoError(t, err)
	require.Contains(t, printed, "Ended and started again: 1 of 1.")
	m.until(t, id, "SUCCESS", time.Minute)
	require.Equal(t, "nothing\n", blocked())
	f.settled()
}
