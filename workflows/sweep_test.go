package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/activities"
	"pirogue/webhook"
	"pirogue/workflows"
)

func TestSweep(t *testing.T) {
	t.Parallel()

	// Each row is how old a payment is that nobody started, and what the sweep makes of it.
	tests := map[string]struct {
		age  time.Duration
		want activities.Swept
		ends pirogue.Status
	}{
		"it is on its way":                  {14 * time.Second, activities.Swept{}, pirogue.StatusCreated},
		"the API died before it started it": {20 * time.Second, activities.Swept{Started: 1}, pirogue.StatusCreated},
		"it is too old to be started":       {2 * time.Minute, activities.Swept{Expired: 1}, pirogue.StatusExpired},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := freshDatabase(t).world(t, setting{})
			w.env.SetStartTime(w.env.Now().Add(tt.age))
			w.env.ExecuteWorkflow(workflows.Sweep)
			require.NoError(t, w.env.GetWorkflowError())
			var swept activities.Swept
			require.NoError(t, w.env.GetWorkflowResult(&swept))
			require.Equal(t, tt.want, swept)

			p, _, err := w.store.Latest(t.Context(), w.payment.ID)
			require.NoError(t, err)
			require.Equal(t, tt.ends, p.Status)
			if tt.want.Expired == 1 {
				require.Len(t, w.events, 1, "the merchant hears of it")
			}
		})
	}
}

func TestSweepStartsWebhook(t *testing.T) {
	t.Parallel()

	w := freshDatabase(t).world(t, setting{})
	w.expire()
	w.env.SetStartTime(w.env.Now().Add(time.Minute))
	w.env.ExecuteWorkflow(workflows.Sweep)
	require.NoError(t, w.env.GetWorkflowError())
	require.Equal(t, []pirogue.EventID{webhook.NewEventID(w.payment.ID, 1)}, w.events)
}
