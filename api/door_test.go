package api

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
)

// fill admits requests until the door is full, and returns the function that ends the first.
func fill(t *testing.T, d *concurrencyLimiter) (leave func()) {
	t.Helper()
	for range maxInside {
		out, err := d.enter(t.Context())
		require.NoError(t, err)
		leave = out
	}
	return leave
}

// A burst waits instead of failing, and a turn is given back once only.
func TestWhoComesToAFullDoorWaitsForATurn(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		d := newConcurrencyLimiter()
		leave := fill(t, d)
		entered := make(chan error, 1)
		go func() { _, err := d.enter(t.Context()); entered <- err }()
		synctest.Wait()
		require.Empty(t, entered)
		leave()
		leave() // a second call gives back no second turn
		require.NoError(t, <-entered)
	})
}

// The wait is bounded by maxTurn and by the client's connection.
func TestNobodyWaitsAtADoorForEver(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		d := newConcurrencyLimiter()
		fill(t, d)
		began := time.Now()
		_, err := d.enter(t.Context())
		require.Equal(t, pirogue.ServiceUnavailable, pirogue.CodeOf(err))
		require.Equal(t, maxTurn, time.Since(began))

		left, leave := context.WithCancel(t.Context())
		leave()
		_, err = d.enter(left)
		require.ErrorIs(t, err, context.Canceled)
	})
}

// After maxFailed failures in a row the queue empties at once, and later requests try again.
func TestThoseWhoWaitAreSentAwayWhenTheDatabaseIs(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		d := newConcurrencyLimiter()
		leave := fill(t, d)
		entered := make(chan error, 1)
		go func() { _, err := d.enter(t.Context()); entered <- err }()
		synctest.Wait()

		for range maxFailed - 1 {
			d.tell(false)
		}
		d.tell(true) // one success resets the count of failures
		d.tell(false)
		synctest.Wait()
		require.Empty(t, entered)

		for range maxFailed - 1 {
			d.tell(false)
		}
		require.Equal(t, pirogue.ServiceUnavailable, pirogue.CodeOf(<-entered))
		leave()
		_, err := d.enter(t.Context())
		require.NoError(t, err, "who comes later tries again")
	})
}

// Beyond maxQueue a request is refused at once.
func TestAQueueHasAnEnd(t *testing.T) {
	t.Parallel()

	d := newConcurrencyLimiter()
	d.waiting = maxQueue
	_, err := d.enter(t.Context())
	require.Equal(t, pirogue.ServiceUnavailable, pirogue.CodeOf(err))
}
