package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"pirogue/config"
)

// healthCommand returns the command that asks a running part for its health. The container image
// has no shell and no curl to do it with.
func healthCommand(environ []string) *cobra.Command {
	var part string
	cmd := &cobra.Command{
		Use: "health", Short: "Ask a running part on this machine whether it is ready", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			conf, err := config.Load(environ)
			if err != nil {
				return err
			}
			urls := map[string]string{
				"api":     "http://" + conf.AdminAddr + "/readyz",
				"worker":  "http://" + conf.WorkerAddr + "/readyz",
				"sandbox": "http://" + conf.SandboxAddr + "/",
			}
			url, ok := urls[part]
			if !ok {
				return fmt.Errorf("--part must be api, worker or sandbox")
			}
			return get(cmd.Context(), url)
		},
	}
	cmd.Flags().StringVar(&part, "part", "api", "api, worker or sandbox")
	return cmd
}

// get returns nil if url answers 200 within healthTimeout.
func get(ctx context.Context, url string) error {
	asking, stop := context.WithTimeout(ctx, healthTimeout)
	defer stop()
	req, err := http.NewRequestWithContext(asking, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, resp.Status)
	}
	return nil
}

// runWorkerHealth serves the health and the metrics of a worker that runs as its own process.
func (p *parts) runWorkerHealth(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, `{"status":"ok"}`) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		checks := map[string]string{"database": "ok", "temporal": "ok"}
		status := http.StatusOK
		if err := p.store.Ping(r.Context()); err != nil {
			checks["database"], status = "away", http.StatusServiceUnavailable
		}
		if _, err := p.temporal.CheckHealth(r.Context(), &client.CheckHealthRequest{}); err != nil {
			checks["temporal"], status = "away", http.StatusServiceUnavailable
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(checks); err != nil {
			p.log.Debug("answer readyz: " + err.Error())
		}
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.registry, scraped(p.registry)))
	return serve(ctx, plainServer(p.conf.WorkerAddr, mux))
}
