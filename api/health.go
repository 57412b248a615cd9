package api

import (
	"context"
	"encoding/json"
	"net/http"

	"go.uber.org/zap"

	"pirogue"
	"pirogue/api/httpkit"
)

// health reports whether this process can serve requests.
type health struct {
	schema    Schema
	workflows Workflows
	clock     pirogue.Clock
	log       *zap.Logger
}

// check is one dependency that this process needs to serve requests.
type check struct {
	name string
	ask  func(context.Context) error
}

// checkView is the result of a check. Only the admin port shows it, which never leaves the machine.
type checkView struct {
	Name   string       `json:"name"`
	Status string       `json:"status"`
	TookMS int64        `json:"took_ms"`
	Code   pirogue.Code `json:"code,omitempty"`
	Error  string       `json:"error,omitempty"`
}

// healthView is the body of both health responses.
type healthView struct {
	Status string      `json:"status"`
	Checks []checkView `json:"checks,omitempty"`
}

// The states of a health response.
const (
	healthy   = "ok"
	unhealthy = "failing"
)

// livez reports that the process runs. It checks no dependency: a restart would not mend a database
// that does not respond.
func (h health) livez(w http.ResponseWriter, _ *http.Request) {
	h.writeHealth(w, http.StatusOK, healthView{Status: healthy})
}

// readyz reports whether this process can serve requests, with the reason if it cannot.
func (h health) readyz(w http.ResponseWriter, r *http.Request) {
	view, status := h.runChecks(r.Context())
	h.writeHealth(w, status, view)
}

// publicReadyz gives a load balancer the same status without the reasons.
func (h health) publicReadyz(w http.ResponseWriter, r *http.Request) {
	view, status := h.runChecks(r.Context())
	h.writeHealth(w, status, healthView{Status: view.Status})
}

// runChecks checks every dependency and returns the results with the HTTP status.
func (h health) runChecks(ctx context.Context) (healthView, int) {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	view, status := healthView{Status: healthy}, http.StatusOK
	for _, c := range []check{{"database", h.schema.Ping}, {"workflows", h.workflows.Ready}} {
		began := h.clock.Now()
		result := checkView{Name: c.name, Status: healthy}
		if err := c.ask(ctx); err != nil {
			result.Status, result.Code, result.Error = unhealthy, httpkit.CodeOf(err), err.Error()
			view.Status, status = unhealthy, http.StatusServiceUnavailable
		}
		result.TookMS = h.clock.Now().Sub(began).Milliseconds()
		view.Checks = append(view.Checks, result)
	}
	return view, status
}

// writeHealth responds with a health view.
func (h health) writeHealth(w http.ResponseWriter, status int, view healthView) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(view); err != nil {
		h.log.Warn("health answer was not written", zap.Error(err))
	}
}
