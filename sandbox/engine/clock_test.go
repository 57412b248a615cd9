package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
)

func TestVirtualClockOrder(t *testing.T) {
	t.Parallel()
	clock := engine.NewVirtualClock(noon, 0)
	var rung []string
	ring := func(name string) func() {
		return func() { rung = append(rung, name+clock.Now().Format(" 15:04:05")) }
	}
	clock.At(noon.Add(3*time.Second), ring("third"))
	clock.At(noon.Add(time.Second), func() {
		ring("first")()
		clock.At(noon.Add(2*time.Second), ring("second"))
		clock.At(noon.Add(time.Hour), ring("too late"))
	})
	stop := clock.At(noon.Add(2*time.Second), ring("stopped"))
	clock.At(noon.Add(3*time.Second), ring("fourth"))
	require.True(t, stop(), "stopping says whether it prevented the alarm, once")
	require.False(t, stop(), "stopping says whether it prevented the alarm, once")
	clock.Advance(10 * time.Second)
	want := []string{"first 12:00:01", "second 12:00:02", "third 12:00:03", "fourth 12:00:03"}
	require.Equal(t, want, rung)
	require.True(t, clock.Now().Equal(noon.Add(10*time.Second)), "the clock shows %s", clock.Now())
}

// TestVirtualClockPastAlarm sets an alarm for a past instant, on a clock that nobody
// moves afterwards.
func TestVirtualClockPastAlarm(t *testing.T) {
	t.Parallel()
	clock := engine.NewVirtualClock(noon, 0)
	clock.Advance(time.Hour)
	rang := make(chan struct{})
	stop := clock.At(noon.Add(time.Minute), func() { close(rang) })
	require.False(t, stop(), "an alarm that rings at once was stopped")
	select {
	case <-rang:
	case <-time.After(10 * time.Second):
		require.FailNow(t, "the alarm never rings")
	}
}

func TestVirtualClockRate(t *testing.T) {
	t.Parallel()
	clock := engine.NewVirtualClock(noon, 36000) // ten hours a second
	rang := make(chan time.Time, 2)
	clock.At(noon.Add(10*time.Minute), func() { rang <- clock.Now() })
	clock.At(noon.Add(5*time.Minute), func() { rang <- clock.Now() })
	for _, due := range []time.Duration{5 * time.Minute, 10 * time.Minute} {
		select {
		case at := <-rang:
			require.False(t, at.Before(noon.Add(due)), "rang at %s, before %s have passed", at, due)
		case <-time.After(10 * time.Second):
			require.FailNow(t, "the clock stands still")
		}
	}
}

func TestWallClock(t *testing.T) {
	t.Parallel()
	rang := make(chan struct{})
	engine.WallClock{}.At(time.Now().Add(time.Millisecond), func() { close(rang) })
	stop := (engine.WallClock{}).At(time.Now().Add(time.Hour), func() { panic("it was stopped") })
	require.True(t, stop(), "the alarm could not be stopped")
	<-rang
	require.LessOrEqual(t, time.Since(engine.WallClock{}.Now()), time.Minute)
}

func TestSchedulerClose(t *testing.T) {
	t.Parallel()
	clock := engine.NewVirtualClock(noon, 0)
	scheduler := engine.NewScheduler(clock)
	done := 0
	scheduler.At(noon.Add(time.Second), func() { done++ })
	scheduler.At(noon.Add(time.Minute), func() { done++ })
	clock.Advance(time.Second)
	scheduler.Close()
	scheduler.At(noon.Add(2*time.Second), func() { done++ })
	clock.Advance(time.Hour)
	require.Equal(t, 1, done)
}

func TestWait(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.False(t, engine.Wait(ctx, engine.NewVirtualClock(noon, 0), time.Hour), "the clock stands still")
}
