package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/activities"
)

func TestBackoff(t *testing.T) {
	t.Parallel()

	seconds := func(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
	doubling := activities.Backoff{First: seconds(2), Max: seconds(16), Factor: 2}
	later := activities.Backoff{First: seconds(10), Max: seconds(60), Factor: 3, Jitter: activities.JitterLater}
	for name, tt := range map[string]struct {
		backoff activities.Backoff
		run     int
		chance  float64
		want    time.Duration
	}{
		"first wait":             {doubling, 1, 0.5, seconds(2)},
		"second wait":            {doubling, 2, 0.5, seconds(4)},
		"longest wait":           {doubling, 4, 0.5, seconds(16)},
		"longest wait for ever":  {doubling, 100_000, 0.5, seconds(16)},
		"a tenth earlier":        {doubling, 1, 0, seconds(1.8)},
		"half a tenth later":     {doubling, 1, 0.75, seconds(2.1)},
		"factor 3":               {later, 2, 0, seconds(30)},
		"factor 3 up to its max": {later, 3, 0, seconds(60)},
		"never earlier":          {later, 1, 0, seconds(10)},
		"up to a tenth later":    {later, 1, 0.5, seconds(10.5)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.backoff.Wait(tt.run, tt.chance))
		})
	}
}
