package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/activities"
	"pirogue/bulk"
	"pirogue/support"
	"pirogue/webhook"
	"pirogue/workflows"
)

func TestCancelRequest(t *testing.T) {
	t.Parallel()

	// Each row is a payment, when it is cancelled, and what becomes of it all the same.
	tests := map[string]struct {
		setting setting
		script  []scripted
		after   time.Duration
		want    pirogue.Status
	}{
		"a cash-in before it is sent": {
			setting{kind: pirogue.CashIn},
			[]scripted{{from: 12 * time.Second, outcome: pirogue.OutcomePaid}},
			0,
			"SUCCESS",
		},
		"a cash-in while it waits": {
			setting{kind: pirogue.CashIn},
			[]scripted{{from: 12 * time.Second, outcome: pirogue.OutcomePaid}},
			6 * time.Second, "SUCCESS",
		},
		"a cash-in that is watched": {
			setting{kind: pirogue.CashIn, policy: pirogue.LateAccept, finalityWindow: finalityWindow},
			[]scripted{{from: 7 * time.Minute, outcome: pirogue.OutcomePaid}},
			6 * time.Minute, "SUCCESS",
		},
		"a cash-out": {
			setting{kind: pirogue.CashOut, finalityWindow: finalityWindow},
			[]scripted{{from: 12 * time.Second, outcome: pirogue.OutcomePaid}},
			6 * time.Second, "SUCCESS",
		},
		"a refund": {
			setting{kind: pirogue.Refund, finalityWindow: finalityWindow},
			[]scripted{{from: 12 * time.Second, outcome: pirogue.OutcomePaid}},
			6 * time.Second, "SUCCESS",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorldOf(t, tt.setting)
			w.operator.script = tt.script
			w.env.RegisterDelayedCallback(w.env.CancelWorkflow, tt.after)
			require.Equal(t, tt.want, w.runAndAudit().Status)
			require.NoError(t, w.env.GetWorkflowError())
			actions, err := w.store.AuditEntries(t.Context(), w.payment.ID, 10)
			require.NoError(t, err)
			require.Len(t, actions, 1)
			require.Equal(t, support.ActionCancel, actions[0].Action)
			require.Equal(t, "temporal", actions[0].Actor)
			require.Equal(t, support.DecisionRefused, actions[0].Result.Decision)
		})
	}
}

func TestCancelRequestOfWebhook(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{})
	w.expire()
	w.endpoint.answers = []int{500, 200}
	w.env.RegisterDelayedCallback(w.env.CancelWorkflow, 10*time.Second)
	event := webhook.NewEventID(w.payment.ID, 1)
	w.env.ExecuteWorkflow(workflows.Webhook, activities.DeliverInput{Owner: w.owner, EventID: event})
	require.NoError(t, w.env.GetWorkflowError())
	var delivered activities.DeliverResult
	require.NoError(t, w.env.GetWorkflowResult(&delivered))
	require.Equal(t, activities.DeliverResult{State: pirogue.EventDelivered, Attempts: 2}, delivered)
}

func TestCancelRequestOfBulk(t *testing.T) {
	t.Parallel()

	c := newBulkWorld(t, 30)
	c.env.RegisterDelayedCallback(c.env.CancelWorkflow, 20*time.Second)
	c.pay(2)
	require.Equal(t, bulk.BulkCompleted, c.run().State)
	c.audit()
}
