package api

import (
	"context"
	"encoding/json"
	"net/http"

	"go.uber.org/zap"

	"pirogue"
)

// check is one thing this process needs in order to be of use.
type check struct {
	name string
	ask  func(context.Context) error
}

// checkView is what became of a check. It is for our own eyes: the admin port never
// leaves the machine.
type checkView struct {
	Name   string       `json:"name"`
	Status string       `json:"status"`
	TookMS int64        `json:"took_ms"`
	Code   pirogue.Code `json:"code,omitempty"`
	Error  string       `json:"error,omitempty"`
}

// healthView is the body of both health answers.
type healthView struct {
	Status string      `json:"status"`
	Checks []checkView `json:"checks,omitempty"`
}

// The words of a health answer.
const (
	well   = "ok"
	unwell = "failing"
)

// livez says that the process runs. It asks nobody: a database that is away is no
// reason to kill a process that will find it again.
func (s *Server) livez(w http.ResponseWriter, _ *http.Request) {
	s.writeHealth(w, http.StatusOK, healthView{Status: well})
}

// readyz says whether traffic should come here, and if not, why.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	view, status := s.examine(r.Context())
	s.writeHealth(w, status, view)
}

// publicReadyz says the same to a load balancer, and nothing about the reasons.
func (s *Server) publicReadyz(w http.ResponseWriter, r *http.Request) {
	view, status := s.examine(r.Context())
	s.writeHealth(w, status, healthView{Status: view.Status})
}

// examine asks everything this process needs.
func (s *Server) examine(ctx context.Context) (healthView, int) {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	view, status := healthView{Status: well}, http.StatusOK
	for _, c := range []check{{"database", s.store.Ping}, {"workflows", s.workflows.Ready}} {
		began := s.clock.Now()
		result := checkView{Name: c.name, Status: well}
		if err := c.ask(ctx); err != nil {
			result.Status, result.Code, result.Error = unwell, codeOf(err), err.Error()
			view.Status, status = unwell, http.StatusServiceUnavailable
		}
		result.TookMS = s.clock.Now().Sub(began).Milliseconds()
		view.Checks = append(view.Checks, result)
	}
	return view, status
}

// writeHealth answers with a health view.
func (s *Server) writeHealth(w http.ResponseWriter, status int, view healthView) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(view); err != nil {
		s.log.Warn("health answer was not written", zap.Error(err))
	}
}
