package workflows

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"pirogue/support"
)

// inWorkflow runs test in a workflow, because a queue's channel lives in one.
func inWorkflow(t *testing.T, test func(ctx workflow.Context)) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		test(ctx)
		return nil
	})
	require.NoError(t, env.GetWorkflowError())
}

// action returns a support action.
func action(auditID string, kind support.SupportActionKind) support.SupportAction {
	return support.SupportAction{AuditID: auditID, Kind: kind}
}

// TestActionQueue proves that actions wait in order, and that each is taken once.
func TestActionQueue(t *testing.T) {
	t.Parallel()

	recheck, redrive := action("a", support.ActionRecheck), action("b", support.ActionRedrive)

	t.Run("a_new_queue_is_empty", func(t *testing.T) {
		t.Parallel()
		inWorkflow(t, func(ctx workflow.Context) {
			queue := newActionQueue(ctx)
			require.False(t, queue.hasAny())
			require.False(t, queue.takeWakeUp())
			require.Empty(t, queue.actions())
			require.Empty(t, queue.take(everyAction))
		})
	})
	t.Run("actions_wait_in_order", func(t *testing.T) {
		t.Parallel()
		inWorkflow(t, func(ctx workflow.Context) {
			queue := newActionQueue(ctx)
			queue.add(recheck)
			queue.add(redrive)
			require.Equal(t, []support.SupportAction{recheck, redrive}, queue.actions())
			require.True(t, queue.has(support.ActionRedrive))
			require.False(t, queue.has(support.ActionResolve))
		})
	})
	t.Run("the_selected_action_is_taken_once", func(t *testing.T) {
		t.Parallel()
		inWorkflow(t, func(ctx workflow.Context) {
			queue := newActionQueue(ctx)
			first, second := queue.add(recheck), queue.add(redrive)
			require.Equal(t, []*queuedAction{second}, queue.take(onlyAction(redrive)))
			require.Empty(t, queue.take(ofKind(support.ActionRedrive)))
			require.Equal(t, []*queuedAction{first}, queue.take(everyAction))
			require.False(t, queue.hasAny())
		})
	})
	t.Run("one_wake_up_is_for_all_actions", func(t *testing.T) {
		t.Parallel()
		inWorkflow(t, func(ctx workflow.Context) {
			queue := newActionQueue(ctx)
			queue.add(recheck)
			queue.add(redrive)
			require.Equal(t, 1, queue.added.Len())
			require.True(t, queue.takeWakeUp())
			require.Zero(t, queue.added.Len())
			require.True(t, queue.takeWakeUp(), "both actions still wait")
		})
	})
	t.Run("an_added_action_ends_a_wait", func(t *testing.T) {
		t.Parallel()
		inWorkflow(t, func(ctx workflow.Context) {
			queue := newActionQueue(ctx)
			workflow.Go(ctx, func(ctx workflow.Context) {
				queue.added.Receive(ctx, nil)
				queued := queue.take(everyAction)
				queued[0].result = &support.ActionResult{Decision: support.DecisionWaiting}
			})
			queued := queue.add(recheck)
			require.NoError(t, workflow.Await(ctx, func() bool { return queued.result != nil }))
			require.Equal(t, support.DecisionWaiting, queued.result.Decision)
		})
	})
}

// TestActionQueueValidates proves which updates leave no trace in the history.
func TestActionQueueValidates(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		auditID  string
		accepted int
		refused  string
	}{
		"an_audit_id":                  {auditID: "a"},
		"the_longest_audit_id":         {auditID: strings.Repeat("a", maxAuditID)},
		"the_last_action_of_a_payment": {auditID: "a", accepted: maxActions - 1},
		"no_audit_id":                  {refused: "ID of its audit entry"},
		"an_audit_id_that_is_too_long": {auditID: strings.Repeat("a", maxAuditID+1), refused: "ID of its audit entry"},
		"one_action_too_many":          {auditID: "a", accepted: maxActions, refused: "too many support actions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queue := actionQueue{accepted: c.accepted}
			err := queue.validate(c.auditID)
			if c.refused == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.refused)
		})
	}
}

// TestActionQueueCountsWhatItLetsIn proves that the limit of a payment's actions holds.
func TestActionQueueCountsWhatItLetsIn(t *testing.T) {
	t.Parallel()

	var queue actionQueue
	for range maxActions {
		require.NoError(t, queue.validate("a"))
		queue.accept()
	}
	require.Error(t, queue.validate("a"))
}
