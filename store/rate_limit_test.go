package store_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/store"
)

func TestABurstPassesAndTheRestWaitsAsLongAsItIsTold(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) { // 10 a second, 20 at once
		take := func(after time.Duration) time.Duration {
			wait, err := w.db.Keys.Take(w.ctx(), w.owner, w.at(after))
			require.NoError(w.t, err)
			return wait
		}
		for range 20 {
			require.Zero(w.t, take(0))
		}
		require.Equal(w.t, 100*time.Millisecond, take(0))
		require.Equal(w.t, 70*time.Millisecond, take(30*time.Millisecond))
		require.Equal(w.t, time.Microsecond, take(100*time.Millisecond-time.Microsecond), "a moment too early")
		require.Zero(w.t, take(100*time.Millisecond), "the wait was true")
		require.NotZero(w.t, take(100*time.Millisecond))
		for range 20 {
			require.Zero(w.t, take(time.Hour), "a quiet hour saves one burst")
		}
		require.Equal(w.t, 100*time.Millisecond, take(time.Hour), "and no more")
		wait, err := w.db.Keys.Take(w.ctx(), w.another(), w.at(0))
		require.NoError(w.t, err)
		require.Zero(w.t, wait, "another merchant has a rate of its own")
	})
}

func TestTheBurstIsExactWhenAllComeAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		var passed atomic.Int64
		require.NoError(w.t, concurrently(200, func(int) error {
			wait, err := w.db.Keys.Take(w.ctx(), w.owner, w.at(0))
			if err == nil && wait == 0 {
				passed.Add(1)
			}
			return err
		}))
		require.EqualValues(w.t, 20, passed.Load())
	})
}

func TestNoRateLimitsNothing(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		db := w.open(store.Rate{})
		for range 30 {
			wait, err := db.Keys.Take(w.ctx(), w.owner, w.at(0))
			require.NoError(w.t, err)
			require.Zero(w.t, wait)
		}
	})
}
