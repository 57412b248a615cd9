package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"pirogue"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/support"
	"pirogue/workflows"
)

// askFirst has the database restored after a while, to that moment, and ends the mode after
// another one.
func (w *world) askFirst(from, until time.Duration) {
	w.t.Helper()
	begin := func() {
		mode := lifecycle.AskFirst{
			ID: ids.New(), Since: w.env.Now(), Begun: w.env.Now(), Actor: "awa", Reason: "a test",
		}
		require.NoError(w.t, w.store.BeginAskFirst(w.t.Context(), mode))
	}
	if from == 0 {
		begin()
	} else {
		w.env.RegisterDelayedCallback(begin, from)
	}
	w.env.RegisterDelayedCallback(func() {
		ctx := w.t.Context()
		require.NoError(w.t, w.store.TemporalAsked(ctx, w.env.Now()))
		require.NoError(
			w.t, w.store.MarkSeen(ctx, lifecycle.FollowedPayment, []string{string(w.payment.ID)}, w.env.Now()),
		)
		require.NoError(w.t, w.store.OperatorLooked(ctx, instance, "its portal", "awa"))
		require.NoError(w.t, w.store.OperatorLooked(ctx, another, "its portal", "awa"))
		result, err := w.store.EndAskFirst(ctx, nil, "awa", w.env.Now())
		require.NoError(w.t, err)
		require.Equal(w.t, support.DecisionSettled, result.Decision, result.Reason)
	}, until)
}

// Of a restored database nothing is sent and nothing ends without money until operators were
// asked. What was PREPARED was perhaps sent.
func TestAskFirstHoldsPayments(t *testing.T) {
	t.Parallel()

	const days = 24 * time.Hour
	pending, paid := pirogue.OutcomePending, pirogue.OutcomePaid
	absent, declined := pirogue.OutcomeAbsent, pirogue.OutcomeDeclined
	for name, tt := range map[string]struct {
		setting setting
		from    time.Duration
		script  []scripted
		seen    pirogue.Status // shortly before the mode ends, after two days; "" if it has ended
		want    pirogue.Status
		sent    int
	}{
		"a cash-out that was paid": {
			setting{kind: pirogue.CashOut}, 0, []scripted{{outcome: paid}}, "", "SUCCESS", 0,
		},
		"a cash-out that was not": {
			setting{kind: pirogue.CashOut, proves: true, finalityWindow: time.Hour},
			0,
			[]scripted{{outcome: absent}},
			"PENDING", "FAILED", 0,
		},
		"a cash-out that is refused": {
			setting{kind: pirogue.CashOut},
			time.Minute,
			[]scripted{{outcome: pending}, {from: time.Hour, outcome: declined}},
			"PENDING", "FAILED", 1,
		},
		"a refund that was paid": {
			setting{kind: pirogue.Refund},
			0,
			[]scripted{{outcome: pending}, {from: days, outcome: paid}},
			"",
			"SUCCESS",
			0,
		},
		"a cash-in that is never paid": {
			setting{kind: pirogue.CashIn}, time.Minute, []scripted{{outcome: pending}}, "PENDING", "EXPIRED", 1,
		},
		"a cash-in that was not sent": {
			setting{kind: pirogue.CashIn}, 0, []scripted{{outcome: pending}}, "INITIATED", "FAILED", 0,
		},
		"a cash-in that is paid late": {
			setting{kind: pirogue.CashIn},
			time.Minute,
			[]scripted{{outcome: pending}, {from: days, outcome: paid}},
			"", "SUCCESS", 1,
		},
		"a cash-in that is declined": {
			setting{kind: pirogue.CashIn},
			time.Minute,
			[]scripted{{outcome: pending}, {from: 2 * time.Minute, outcome: declined}},
			"PENDING", "FAILED", 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := freshDatabase(t).world(t, tt.setting)
			w.env.SetWorkflowRunTimeout(10 * days)
			w.operator.script = tt.script
			w.askFirst(tt.from, 2*days)
			seen := w.glanceAt(2*days - time.Second)
			require.Equal(t, tt.want, w.runAndAudit().Status)
			require.Equal(t, tt.seen, seen.status)
			require.Len(t, w.operator.refs, tt.sent)
			require.Zero(t, w.reserved())
		})
	}
}

// A workflow whose payment the restored database does not have fails where people see it, and
// asks its operator nothing.
func TestWorkflowWithoutRow(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut})
	w.input.PaymentID = ids.Payment()
	w.env.ExecuteWorkflow(workflows.CashOut, w.input)
	require.True(t, w.env.IsWorkflowCompleted())
	var failed *temporal.ApplicationError
	require.ErrorAs(t, w.env.GetWorkflowError(), &failed)
	require.Equal(t, string(pirogue.TransactionNotFound), failed.Type())
	require.True(t, failed.NonRetryable())
	require.Empty(t, w.operator.refs)
}
