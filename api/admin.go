package api

import (
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"pirogue/api/httpkit"
)

// Admin returns the handler of the admin port: health, metrics and profiles. It has no
// authentication, so it must be bound to a loopback address.
func (s *Server) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", s.health.livez)
	mux.HandleFunc("GET /readyz", s.health.readyz)
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{
		Registry: s.registry, ErrorHandling: promhttp.ContinueOnError, // one metric that fails hides no other
	}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// AdminServer returns the admin port as a server on addr, which must be a loopback address. It sets
// no time limit on responses, because a profile takes as long as its request asks.
func (s *Server) AdminServer(addr string) *http.Server {
	return httpkit.NewServer(addr, s.Admin(), s.log, 0)
}
