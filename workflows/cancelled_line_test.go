package workflows_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/ids"
	"pirogue/operator"
)

// beginLines begins the lines of the bulk and makes the last one the world's payment: a
// cancellation ends it later than the others.
func (c *bulkWorld) beginLines() {
	c.t.Helper()
	begun, err := c.store.StartLines(c.t.Context(), c.bulk.ID, 1, len(c.lines),
		func(p pirogue.Payment) (pirogue.Attempt, string) {
			a := pirogue.Attempt{
				ID: pirogue.AttemptID(ids.New()), PaymentID: p.ID, Number: 1, Operator: p.Operator,
				Ref: ids.Reference(p.Kind), State: pirogue.AttemptPrepared, CreatedAt: c.env.Now(),
			}
			return a, urls{}.Digest(a.Ref)
		})
	require.NoError(c.t, err)
	require.Equal(c.t, len(c.lines), begun)
	c.payment = c.lines[begun-1].Payment
	c.input = c.ordered(false)
}

// A line that its merchant cancels before its own workflow sends it ends unsent. One whose answer
// was lost is followed, and not sent again.
func TestCancelledLine(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		power     operator.ReferencePower
		answers   []error
		cancelled time.Duration
		want      pirogue.Status
		sent      int
	}{
		"it never left":  {"", nil, 0, "FAILED", 0},
		"it is not sent": {"", slices.Repeat([]error{notSent}, 9), time.Second, "FAILED", 2},
		"its answer was lost": {
			operator.IdempotentByReference, slices.Repeat([]error{unknown}, 9), time.Second, "SUCCESS", 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newBulkWorld(t, 60)
			c.operator.power, c.operator.answers = tt.power, tt.answers
			c.operator.script = []scripted{
				{outcome: pirogue.OutcomePending}, {from: time.Hour, outcome: pirogue.OutcomePaid},
			}
			c.beginLines()
			cancel := func() {
				_, err := c.store.CancelBulk(context.Background(), c.owner, c.bulk.ID, c.env.Now())
				require.NoError(t, err)
			}
			if tt.cancelled == 0 {
				cancel()
			} else {
				c.env.RegisterDelayedCallback(cancel, tt.cancelled)
			}
			c.env.SetWorkflowRunTimeout(openFor)
			p := c.world.runAndAudit()
			require.Equal(t, tt.want, p.Status)
			require.Len(t, c.operator.refs, tt.sent)
			if tt.want == pirogue.StatusFailed {
				require.Equal(t, pirogue.FailedCancelled, p.Failure.Code)
			}
		})
	}
}
