package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"pirogue"
)

// Each row is where the local try fails. The regular activity ends the payment, and it is booked once.
func TestFinalizeAfterLocalTry(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]faultTime{"before its transaction": before, "after its transaction": after} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, pirogue.LateReturn)
			w.operator.script = paidAtOnce
			tries := 0
			w.rig(func(method string) faultTime {
				if method != "Finalize" {
					return spared
				}
				if tries++; tries > 1 {
					return spared
				}
				return when
			}, nil)
			regular := 0
			w.env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
				if info.ActivityType.Name == "Finalize" {
					regular++
				}
			})
			require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
			require.NoError(t, w.env.GetWorkflowError())
			require.Equal(t, []int{2, 1}, []int{tries, regular})
			require.Equal(t, int64(5000), w.balance().Available)
			require.Len(t, w.endpoint.at, 1)
			require.Empty(t, w.events)
		})
	}
}
