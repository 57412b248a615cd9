package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/activities"
	"pirogue/workflows"
)

func TestWebhook(t *testing.T) {
	t.Parallel()

	schedule := []time.Duration{
		0, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour,
	}
	// Each row is how an endpoint answers, attempt by attempt, and what becomes of the event.
	tests := map[string]struct {
		answers  []int
		after    time.Duration // its Retry-After
		want     pirogue.EventState
		attempts int
		waits    []time.Duration // between attempts; nil means the schedule
	}{
		"answers at once":    {answers: []int{200}, want: "DELIVERED", attempts: 1},
		"answers 204":        {answers: []int{204}, want: "DELIVERED", attempts: 1},
		"is down, then up":   {answers: []int{500, 0, 200}, want: "DELIVERED", attempts: 3},
		"redirects for ever": {answers: []int{302}, want: "EXHAUSTED", attempts: 7},
		"never answers":      {answers: []int{0}, want: "EXHAUSTED", attempts: 7},
		"answers only the seventh time": {
			answers: []int{500, 500, 500, 500, 500, 500, 200}, want: "DELIVERED", attempts: 7,
		},
		"wants no more": {answers: []int{410}, want: "EXHAUSTED", attempts: 1},
		"asks for more time than we give": {
			answers: []int{429, 200}, after: 10 * time.Minute, want: "DELIVERED", attempts: 2,
			waits: []time.Duration{0, 10 * time.Minute},
		},
		"asks for less time than we give": {
			answers: []int{429, 200}, after: time.Second, want: "DELIVERED", attempts: 2,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t, pirogue.LateReturn)
			w.endpoint.answers, w.endpoint.after = tt.answers, tt.after
			got := w.deliver()
			require.Equal(t, activities.DeliverResult{State: tt.want, Attempts: tt.attempts}, got)
			require.Len(t, w.endpoint.at, tt.attempts)
			waits := tt.waits
			if waits == nil {
				waits = schedule
			}
			for n := 1; n < tt.attempts; n++ {
				wait := w.endpoint.at[n].Sub(w.endpoint.at[n-1])
				require.GreaterOrEqual(t, wait, waits[n], "attempt %d came early", n+1)
				require.LessOrEqual(t, wait, waits[n]+waits[n]/10+time.Second, "attempt %d came late", n+1)
			}
		})
	}
}

// deliver settles the payment and tells the merchant to the end.
func (w *world) deliver() activities.DeliverResult {
	w.t.Helper()
	settled := w.expire()
	w.env.ExecuteWorkflow(workflows.Webhook, activities.DeliverInput{Owner: w.owner, EventID: settled.EventID})
	require.NoError(w.t, w.env.GetWorkflowError())
	var delivered activities.DeliverResult
	require.NoError(w.t, w.env.GetWorkflowResult(&delivered))
	return delivered
}
