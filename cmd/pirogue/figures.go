package main

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"pirogue/activities"
)

// blockedFigure counts the activities that fail again and again, and returns how one is
// counted. It fails when the registry has that figure already.
func blockedFigure(registry prometheus.Registerer) (func(activity string), error) {
	blocked := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "pirogue_activity_blocked_total",
		Help: fmt.Sprintf("How often an activity failed another %d times and goes on, by name.", activities.FailuresToCase),
	}, []string{"activity"})
	if err := registry.Register(blocked); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	return func(activity string) { blocked.WithLabelValues(activity).Inc() }, nil
}
