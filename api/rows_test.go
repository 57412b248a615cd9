package api_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"pirogue"
	"pirogue/api/apitest"
	"pirogue/lifecycle"
)

// TestBadInputs runs the table of apitest, which the end-to-end suite runs against the whole
// program.
func TestBadInputs(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.workflows.start = w.paysAtOnce
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	apitest.Run(t, server.URL+"/api/v1", w.test.Public, w.test.Secrets[0].Text)
}

// paysAtOnce plays the sandbox: a payment by apitest.MSISDN succeeds at once, every other one takes
// its time.
func (w *world) paysAtOnce(_ context.Context, p pirogue.Payment) (lifecycle.FirstResponse, error) {
	status := pirogue.StatusPending
	if p.Kind == pirogue.CashIn && p.MSISDN == apitest.MSISDN {
		status = pirogue.StatusSuccess
	}
	w.store.settle(p.ID, status)
	return lifecycle.FirstResponse{}, nil
}
