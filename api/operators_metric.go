package api

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"pirogue"
)

// operatorStates is the metric of every operator's circuit breaker. It reads the database at each scrape.
type operatorStates struct {
	store       Breakers
	routes      Routes
	clock       pirogue.Clock
	description *prometheus.Desc
}

// newOperatorStates returns the metric pirogue_operator_available of every routed operator.
func newOperatorStates(store Breakers, routes Routes, clock pirogue.Clock) *operatorStates {
	return &operatorStates{store: store, routes: routes, clock: clock, description: prometheus.NewDesc(
		"pirogue_operator_available", "1 while an operator takes payments as usual, by the state of its circuit.",
		[]string{"operator", "state"}, nil)}
}

// Describe implements prometheus.Collector.
func (o *operatorStates) Describe(to chan<- *prometheus.Desc) { to <- o.description }

// Collect implements prometheus.Collector. It reports no metric while the database does not
// respond.
func (o *operatorStates) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	breakers, err := o.store.Breakers(ctx)
	if err != nil {
		to <- prometheus.NewInvalidMetric(o.description, err)
		return
	}
	told := map[pirogue.OperatorCode]bool{}
	for _, r := range append(o.routes.Routes(pirogue.Test), o.routes.Routes(pirogue.Live)...) {
		for _, code := range r.Operators {
			if told[code] {
				continue
			}
			told[code] = true
			view, value := operatorOf(code, breakers[code], o.clock.Now()), 0.0
			if view.Available {
				value = 1
			}
			to <- prometheus.MustNewConstMetric(o.description, prometheus.GaugeValue, value, string(code), view.State)
		}
	}
}
