package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"pirogue"
)

// Each row is what the operator says when a callback comes. The poll goes on unless that ends it.
func TestCallbackBesidePoll(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		script    []scripted
		want      pirogue.Status
		cancelled int
	}{
		"pending": {
			[]scripted{{outcome: pirogue.OutcomePending}, {from: time.Minute, outcome: pirogue.OutcomePaid}},
			pirogue.StatusSuccess, 0,
		},
		"paid": {
			[]scripted{{outcome: pirogue.OutcomePending}, {from: 7 * time.Second, outcome: pirogue.OutcomePaid}},
			pirogue.StatusSuccess, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, pirogue.LateReturn)
			w.operator.script = row.script
			cancelled, polls := 0, 0
			w.env.SetOnActivityCanceledListener(func(*activity.Info) { cancelled++ })
			w.env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
				if info.ActivityType.Name == "AskStatus" && info.Attempt == 1 {
					polls++
				}
			})
			w.callBack(8 * time.Second)
			require.Equal(t, row.want, w.runAndAudit().Status)
			require.NoError(t, w.env.GetWorkflowError())
			require.Equal(t, row.cancelled, cancelled)
			require.Equal(t, 2, polls, "the poll, and the call of the callback")
		})
	}
}
