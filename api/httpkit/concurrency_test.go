package httpkit

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
)

// limits are the limits of the tests.
var limits = ConcurrencyLimits{Inside: 4, Queue: 8, Wait: 20 * time.Second, MaxFailed: 3}

// fill admits operations until the limiter is full, and returns the function that ends the last.
func fill(t *testing.T, l *ConcurrencyLimiter) (leave func()) {
	t.Helper()
	for range limits.Inside {
		out, err := l.Enter(t.Context())
		require.NoError(t, err)
		leave = out
	}
	return leave
}

// A burst waits instead of failing, and a turn is given back once only.
func TestConcurrencyLimiterQueuesABurst(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		l := NewConcurrencyLimiter(limits)
		leave := fill(t, l)
		entered := make(chan error, 1)
		go func() { _, err := l.Enter(t.Context()); entered <- err }()
		synctest.Wait()
		require.Empty(t, entered)
		leave()
		leave() // a second call gives back no second turn
		require.NoError(t, <-entered)
	})
}

// The wait is bounded by Wait and by the client's connection.
func TestConcurrencyLimiterBoundsTheWait(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		l := NewConcurrencyLimiter(limits)
		fill(t, l)
		began := time.Now()
		_, err := l.Enter(t.Context())
		require.Equal(t, pirogue.ServiceUnavailable, pirogue.CodeOf(err))
		require.Equal(t, limits.Wait, time.Since(began))

		left, leave := context.WithCancel(t.Context())
		leave()
		_, err = l.Enter(left)
		require.ErrorIs(t, err, context.Canceled)
	})
}

// After MaxFailed failures in a row the queue empties at once, and later requests try again.
func TestConcurrencyLimiterEmptiesTheQueueAfterFailures(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		l := NewConcurrencyLimiter(limits)
		leave := fill(t, l)
		entered := make(chan error, 1)
		go func() { _, err := l.Enter(t.Context()); entered <- err }()
		synctest.Wait()

		for range limits.MaxFailed - 1 {
			l.Report(false)
		}
		l.Report(true) // one success resets the count of failures
		l.Report(false)
		synctest.Wait()
		require.Empty(t, entered)

		for range limits.MaxFailed - 1 {
			l.Report(false)
		}
		require.Equal(t, pirogue.ServiceUnavailable, pirogue.CodeOf(<-entered))
		leave()
		_, err := l.Enter(t.Context())
		require.NoError(t, err, "who comes later tries again")
	})
}

// Beyond the queue an operation is refused at once, and without a queue none waits.
func TestConcurrencyLimiterQueueHasAnEnd(t *testing.T) {
	t.Parallel()

	l := NewConcurrencyLimiter(limits)
	fill(t, l)
	l.waiting = limits.Queue
	_, err := l.Enter(t.Context())
	require.Equal(t, pirogue.ServiceUnavailable, pirogue.CodeOf(err))

	alone := NewConcurrencyLimiter(ConcurrencyLimits{Inside: 1})
	leave, err := alone.Enter(t.Context())
	require.NoError(t, err)
	_, err = alone.Enter(t.Context())
	require.Equal(t, pirogue.ServiceUnavailable, pirogue.CodeOf(err))
	leave()
	_, err = alone.Enter(t.Context())
	require.NoError(t, err)
}

// A lane without operations is deleted, so memory does not grow with the number of keys.
func TestKeyedLimiterForgetsUnusedKeys(t *testing.T) {
	t.Parallel()

	l := NewKeyedLimiter[string](limits)
	for _, key := range []string{"a", "b", "a"} {
		leave, err := l.Enter(t.Context(), key)
		require.NoError(t, err)
		require.Len(t, l.lanes, 1)
		leave()
	}
	require.Empty(t, l.lanes)
}
