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

// The limits of following the database's clock; see ADR 0028.
const (
	clockEvery     = 10 * time.Second       // between two readings
	clockRoundTrip = time.Second            // a reading that took longer is too coarse: it may be wrong by half of it
	clockTries     = 5                      // of the first reading, when they take too long
	clockPause     = 100 * time.Millisecond // between them
	clockFarOff    = 5 * time.Second        // a machine's clock that is further off is logged
)

// The figures of the clock.
var (
	clockOffset = figure("clock_offset_seconds", "How far the database's clock is ahead of the machine's.")
	clockAge    = figure("clock_reading_age_seconds", "How long ago the database's clock was read; 0: never.")
)

// databaseClock tells the time by the clock of the database, so that all processes over one
// database agree about what is over. It adds to the machine's monotonic clock what the last
// reading found; a reading that fails changes nothing.
type databaseClock struct {
	machine pirogue.Clock
	log     *zap.Logger
	last    atomic.Pointer[store.ClockReading] // nil: the machine's clock is told
}

// Now returns the time without a monotonic reading: two times are as far apart as their dates.
func (c *databaseClock) Now() time.Time {
	now, last := c.machine(), c.last.Load()
	if last == nil {
		return now
	}
	return last.At.Add(now.Sub(last.At)).Add(last.Offset).Round(0)
}

// start reads the database's clock for the first time. Before that nobody may decide by the time.
func (c *databaseClock) start(ctx context.Context, read readClock) error {
	for try := 1; ; try++ {
		coarse, err := c.measure(ctx, read)
		if err == nil || !coarse || try == clockTries {
			return err
		}
		sleep(ctx, clockPause)
	}
}

// readClock compares the database's clock with the machine's.
type readClock func(ctx context.Context, machine pirogue.Clock) (store.ClockReading, error)

// measure reads the database's clock and follows it from there. It reports a reading that is too
// coarse; that and an error leave the last reading in force.
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

// follow reads the database's clock again at every tick, until ctx ends.
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

// Describe implements prometheus.Collector.
func (c *databaseClock) Describe(to chan<- *prometheus.Desc) { to <- clockOffset; to <- clockAge }

// Collect implements prometheus.Collector.
func (c *databaseClock) Collect(to chan<- prometheus.Metric) {
	offset, age := 0.0, 0.0
	if last := c.last.Load(); last != nil {
		offset, age = last.Offset.Seconds(), c.machine().Sub(last.At).Seconds()
	}
	to <- prometheus.MustNewConstMetric(clockOffset, prometheus.GaugeValue, offset)
	to <- prometheus.MustNewConstMetric(clockAge, prometheus.GaugeValue, age)
}

// followClock has the clock of all parts follow the opened database's until the parts close.
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
