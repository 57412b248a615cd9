package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/store"
)

// The limits for following the database's clock; see ADR 0028.
const (
	clockEvery     = 10 * time.Second       // between two readings
	clockRoundTrip = time.Second            // of a reading: a slower one may be wrong by half of that, so it is discarded
	clockTries     = 5                      // for the first reading, if each takes too long
	clockPause     = 100 * time.Millisecond // between two of these tries
	clockFarOff    = 5 * time.Second        // a machine's clock with a larger offset is logged
)

// The metrics of the clock.
var (
	clockOffset = figure("clock_offset_seconds", "How far the database's clock is ahead of the machine's.")
	clockAge    = figure("clock_reading_age_seconds", "How long ago the database's clock was read; 0: never.")
)

// databaseClock tells the time by the database's clock, so that all processes over one database
// agree about deadlines. It adds the machine's monotonic clock to the last reading. A reading
// that fails changes nothing.
type databaseClock struct {
	machine pirogue.Clock
	log     *zap.Logger
	last    atomic.Pointer[store.ClockReading] // nil before the first reading: Now returns the machine's time
}

// Now returns the time without a monotonic reading. So the difference of two times is the
// difference of their dates.
func (c *databaseClock) Now() time.Time {
	now, last := c.machine(), c.last.Load()
	if last == nil {
		return now
	}
	return last.At.Add(now.Sub(last.At)).Add(last.Offset).Round(0)
}

// start reads the database's clock for the first time. Until it succeeds, nothing may decide by
// the time: a wrong clock could call a deadline passed.
func (c *databaseClock) start(ctx context.Context, read readClock) error {
	for try := 1; ; try++ {
		coarse, err := c.measure(ctx, read)
		if err == nil || !coarse || try == clockTries {
			return err
		}
		sleep(ctx, clockPause)
	}
}

// readClock reads the database's clock and the machine's together.
type readClock func(ctx context.Context, machine pirogue.Clock) (store.ClockReading, error)

// measure reads the database's clock and adopts the reading. It reports coarse if the round trip
// took too long. After a coarse reading or an error the last reading stays in force.
func (c *databaseClock) measure(ctx context.Context, read readClock) (coarse bool, err error) {
	reading, err := read(ctx, c.machine)
	switch {
	case err != nil:
		return false, err
	case reading.RoundTrip > clockRoundTrip:
		return true, pirogue.Errorf(pirogue.ServiceUnavailable,
			"read the database's clock: the answer took %s, more than %s", reading.RoundTrip, clockRoundTrip)
	}
	before := c.last.Swap(&reading)
	if reading.Offset.Abs() > clockFarOff && (before == nil || before.Offset.Abs() <= clockFarOff) {
		c.log.Warn("the machine's clock is not the database's, which is followed", zap.Duration("ahead", reading.Offset))
	}
	return false, nil
}

// follow reads the database's clock at every tick until ctx ends.
func (c *databaseClock) follow(ctx context.Context, read readClock, tick <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
		if _, err := c.measure(ctx, read); err != nil && ctx.Err() == nil {
			c.log.Warn("the last reading of the database's clock stays in force: " + err.Error())
		}
	}
}

// Describe implements prometheus.Collector: the offset and the age of the last reading.
func (c *databaseClock) Describe(to chan<- *prometheus.Desc) { to <- clockOffset; to <- clockAge }

// Collect implements prometheus.Collector. Both values are 0 before the first reading.
func (c *databaseClock) Collect(to chan<- prometheus.Metric) {
	offset, age := 0.0, 0.0
	if last := c.last.Load(); last != nil {
		offset, age = last.Offset.Seconds(), c.machine().Sub(last.At).Seconds()
	}
	to <- prometheus.MustNewConstMetric(clockOffset, prometheus.GaugeValue, offset)
	to <- prometheus.MustNewConstMetric(clockAge, prometheus.GaugeValue, age)
}

// followClock makes the clock of all parts follow the opened database's clock until the parts
// close. It fails if the first reading fails.
func (p *parts) followClock(ctx context.Context) error {
	p.databaseTime.log = p.log.Named("clock")
	if err := p.registry.Register(p.databaseTime); err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	if p.store.SharesClock() {
		return nil
	}
	if err := p.databaseTime.start(ctx, p.store.ReadClock); err != nil {
		return err
	}
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	ticker, done := time.NewTicker(clockEvery), make(chan struct{})
	go func() {
		defer close(done)
		p.databaseTime.follow(following, p.store.ReadClock, ticker.C)
	}()
	p.stopClock = func() {
		stop()
		ticker.Stop()
		<-done
	}
	return nil
}
