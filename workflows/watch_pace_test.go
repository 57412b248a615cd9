package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
)

// A payment that has ended is asked about a dozen times in two days, rarer with age. It is
// asked about once more at the finality window.
func TestWatchPolls(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, setting{finalityWindow: 48 * time.Hour})
	require.Equal(t, pirogue.StatusExpired, w.runAndAudit().Status)
	window := w.input.Current.Window
	var after []time.Duration // the end
	for _, at := range w.operator.askedAt {
		if late := at.Sub(w.operator.first) - window; late > time.Second {
			after = append(after, late)
		}
	}
	due := []time.Duration{
		time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
		18 * time.Hour, 24 * time.Hour, 30 * time.Hour, 36 * time.Hour, 42 * time.Hour, 48 * time.Hour,
	}
	require.LessOrEqual(t, len(after), len(due), after)
	require.GreaterOrEqual(t, len(after), len(due)-1, after)
	for i, late := range after[:len(after)-1] {
		require.GreaterOrEqual(t, late, due[i])
		require.LessOrEqual(t, late, due[i]+due[i]/8+time.Second)
	}
}
