package api

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"pirogue"
)

// The results of a callback, as the metric's label.
const (
	callbackReceived = "received"
	callbackRepeated = "repeated"
	callbackRefused  = "refused" // its proof is missing or wrong, or its body is unreadable
	callbackUnknown  = "unknown" // it matches no attempt of ours
	callbackLimited  = "limited"
)

// metrics holds the metrics of the public port. No label holds a merchant, a number, or a value
// that a client chooses.
type metrics struct {
	requests        *prometheus.CounterVec
	seconds         *prometheus.HistogramVec
	callbacks       *prometheus.CounterVec
	wrongSignatures prometheus.Counter
}

// newMetrics registers the metrics. It fails when the registry has them already.
func newMetrics(registry *prometheus.Registry) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pirogue_http_requests_total", Help: "Requests answered, by route and status.",
		}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "pirogue_http_request_duration_seconds", Help: "Time to an answer, long polls included.",
			Buckets: []float64{.005, .01, .025, .06, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"route"}),
		callbacks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pirogue_callbacks_total", Help: "Callbacks of operators, by what became of them.",
		}, []string{"operator", "result"}),
		wrongSignatures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "pirogue_wrong_signatures_total", Help: "Requests whose key or signature was wrong.",
		}),
	}
	for _, figure := range []prometheus.Collector{m.requests, m.seconds, m.callbacks, m.wrongSignatures} {
		if err := registry.Register(figure); err != nil {
			return nil, fmt.Errorf("api: register metrics: %w", err)
		}
	}
	return m, nil
}

// methods lists the HTTP methods with a label value of their own. Clients can invent others, which
// would grow the metric without bound.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
	http.MethodOptions, http.MethodTrace, http.MethodConnect,
}

// request counts one response and its duration.
func (m *metrics) request(method, route string, status int, took time.Duration) {
	if !slices.Contains(methods, method) {
		method = "other"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

// callback counts one callback. operator is "" until the operator is known to be configured.
func (m *metrics) callback(operator pirogue.OperatorCode, result string) {
	m.callbacks.WithLabelValues(string(operator), result).Inc()
}
