package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// TestFirstPoll checks when the operator of an accepted payment is polled first. The polls after that
// come when they would anyway.
func TestFirstPoll(t *testing.T) {
	t.Parallel()
	const step = lifecycle.FirstPollAfter
	for name, row := range map[string]struct {
		setting setting
		answers []error
		first   time.Duration // after the submission
	}{
		"cash-in that its operator decides at once":  {setting{}, nil, 0},
		"cash-in that it does not":                   {setting{undecided: true}, nil, step},
		"cash-out that its operator decides at once": {setting{kind: pirogue.CashOut}, nil, 0},
		"cash-out that it does not":                  {setting{kind: pirogue.CashOut, undecided: true}, nil, step},
		"cash-out whose response was lost": {
			setting{kind: pirogue.CashOut, undecided: true}, []error{pirogue.Errorf(operator.Unknown, "no answer")}, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row.setting.policy = pirogue.LateReturn
			w := openDatabase(t).world(t, row.setting)
			w.operator.answers = row.answers
			w.operator.script = []scripted{{from: time.Minute, outcome: pirogue.OutcomePaid}}
			require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
			asked := w.operator.askedAt
			for n, at := range asked[:3] {
				due := row.first + time.Duration(n)*step
				require.InDelta(t, due.Seconds(), at.Sub(w.operator.began).Seconds(), float64(n+1), "poll %d", n+1)
			}
		})
	}

	// A callback makes the question come at once, and the polls go on.
	t.Run("callback_before_it", func(t *testing.T) {
		t.Parallel()
		w := openDatabase(t).world(t, setting{policy: pirogue.LateReturn, undecided: true})
		w.operator.script = []scripted{{outcome: pirogue.OutcomePaid}}
		w.callBack(time.Second)
		require.Equal(t, pirogue.StatusSuccess, w.runAndAudit().Status)
		require.WithinDuration(t, w.operator.began.Add(time.Second), w.operator.askedAt[0], 500*time.Millisecond)
	})
}
