package main

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/activities"
	"pirogue/support"
)

// blockedFigure registers the count of activities that fail repeatedly and returns the function
// that adds to it. Every activity has a series from the start, at 0. A series that begins at 1
// shows no increase, and no alert fires. It fails if the registry has the metric already.
func blockedFigure(registry prometheus.Registerer) (func(activity string), error) {
	blocked := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "pirogue_activity_blocked_total",
		Help: fmt.Sprintf("How often an activity failed another %d times and goes on, by name.", activities.FailuresToCase),
	}, []string{"activity"})
	if err := registry.Register(blocked); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	for method := range reflect.TypeFor[*activities.Activities]().Methods() {
		blocked.WithLabelValues(method.Name).Add(0)
	}
	return func(activity string) { blocked.WithLabelValues(activity).Inc() }, nil
}

const (
	figureLife = 15 * time.Second // a count is reported for this long before the next one
	figureTime = 5 * time.Second  // for one count
)

// backlog counts the work that waits in the database. All scrapes within figureLife get the same
// numbers, so the database does the work once however many scrape.
type backlog struct {
	read  func(ctx context.Context, now time.Time) (support.Figures, error)
	clock pirogue.Clock
	log   *zap.Logger

	mu      sync.Mutex
	counted time.Time
	figures support.Figures
	err     error
}

// figure returns the description of one metric, named pirogue_ and name.
func figure(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("pirogue_"+name, help, labels, nil)
}

// The metrics of the backlog.
var (
	upFigure         = figure("backlog_up", "1 when the figures of what waits could be counted; 0: there are none.")
	openFigure       = figure("open_payments", "Payments under way.", "kind", "status")
	holdFigure       = figure("oldest_hold_seconds", "Age of the oldest cash-out or refund under way; 0: none.")
	stuckFigure      = figure("stuck_payments", "Payments that need a look, by cause, up to 10,000.", "cause", "currency")
	stuckMoney       = figure("stuck_minor_units", "What they are worth, in minor units.", "cause", "currency")
	casesFigure      = figure("open_cases", "Cases that a person must settle, by cause.", "cause", "currency")
	casesMoney       = figure("open_cases_minor_units", "What is at stake in them, in minor units.", "cause", "currency")
	suspenseFigure   = figure("suspense_minor_units", "Money in suspense, in minor units.", "currency", "direction")
	unroutedFigure   = figure("unrouted_callbacks", "Callbacks of which no workflow was told.")
	oldestCallback   = figure("oldest_unrouted_callback_seconds", "Age of the oldest of them; 0: none.")
	overdueFigure    = figure("overdue_events", "Webhooks whose next attempt is late.")
	backlogDescribed = []*prometheus.Desc{
		upFigure, openFigure, holdFigure, stuckFigure, stuckMoney, casesFigure, casesMoney, suspenseFigure, unroutedFigure,
		oldestCallback, overdueFigure,
	}
)

// Describe implements prometheus.Collector: every metric of the backlog.
func (b *backlog) Describe(to chan<- *prometheus.Desc) {
	for _, description := range backlogDescribed {
		to <- description
	}
}

// Collect implements prometheus.Collector. If the database does not answer, it reports only
// pirogue_backlog_up 0. All other metrics of the process are scraped as usual.
func (b *backlog) Collect(to chan<- prometheus.Metric) {
	f, now, err := b.count()
	tell := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	if err != nil {
		tell(upFigure, 0)
		return
	}
	tell(upFigure, 1)
	for _, o := range f.Open {
		tell(openFigure, float64(o.Payments), string(o.Kind), string(o.Status))
	}
	for _, t := range f.Stuck {
		tell(stuckFigure, float64(t.Payments), t.Cause, string(t.Currency))
		tell(stuckMoney, float64(t.Amount), t.Cause, string(t.Currency))
	}
	for _, t := range f.Cases {
		tell(casesFigure, float64(t.Payments), t.Cause, string(t.Currency))
		tell(casesMoney, float64(t.Amount), t.Cause, string(t.Currency))
	}
	for _, s := range f.Suspense {
		tell(suspenseFigure, float64(s.In), string(s.Currency), "in")
		tell(suspenseFigure, float64(s.Out), string(s.Currency), "out")
	}
	tell(holdFigure, age(f.OldestHold, now))
	tell(unroutedFigure, float64(f.Unrouted))
	tell(oldestCallback, age(f.OldestUnrouted, now))
	tell(overdueFigure, float64(f.OverdueEvents))
}

// age returns the seconds between at and now; 0 for the zero time.
func age(at, now time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return now.Sub(at).Seconds()
}

// count returns the numbers and the time of the count. It counts again when they are older than
// figureLife. A caller that comes during a count waits for it.
func (b *backlog) count() (support.Figures, time.Time, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock.Now()
	if !b.counted.IsZero() && now.Sub(b.counted).Abs() < figureLife {
		return b.figures, now, b.err
	}
	ctx, stop := context.WithTimeout(context.Background(), figureTime)
	defer stop()
	if b.figures, b.err = b.read(ctx, now); b.err != nil {
		b.log.Warn("what waits could not be counted", zap.Error(b.err))
	}
	b.counted = now
	return b.figures, now, b.err
}

// scraped returns the options of /metrics: a metric that fails is left out, and the others are
// reported.
func scraped(registry *prometheus.Registry) promhttp.HandlerOpts {
	return promhttp.HandlerOpts{Registry: registry, ErrorHandling: promhttp.ContinueOnError}
}
