package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"pirogue"
	"pirogue/workflows"
)

// What is sent and what is asked never wait for one another, and what has ended waits for
// everything else.
func TestTaskQueues(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]pirogue.PaymentKind{
		"cash-in": pirogue.CashIn, "cash-out": pirogue.CashOut, "refund": pirogue.Refund,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t, setting{kind: kind})
			w.operator.script = []scripted{
				{outcome: pirogue.OutcomePending}, {from: time.Minute, outcome: pirogue.OutcomePaid},
			}
			queues := map[string]map[string]bool{}
			w.env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
				if queues[info.ActivityType.Name] == nil {
					queues[info.ActivityType.Name] = map[string]bool{}
				}
				queues[info.ActivityType.Name][info.TaskQueue] = true
			})
			require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
			require.Equal(t, map[string]bool{workflows.OperatorQueue(instance): true}, queues["Submit"])
			require.Equal(t, map[string]bool{workflows.StatusQueue(instance): true}, queues["AskStatus"])
		})
	}
}
