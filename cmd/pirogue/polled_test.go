package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
)

// Without a worker Pirogue accepts nothing: nobody would execute it. With one back it accepts
// again, and it sends nothing late that it accepted in between.
func TestNothingIsAcceptedWhileNobodyPolls(t *testing.T) {
	t.Parallel()

	f := newFleet(t)
	f.expectOnce(f.pending(1))
	f.kill("worker")
	require.Eventually(t, func() bool {
		got, err := f.customer().do(t.Context(), http.MethodPost, "/payments/cashin", order("+22376123456"))
		require.NoError(t, err)
		return got.Status == http.StatusServiceUnavailable && got.Code == string(pirogue.ServiceUnavailable)
	}, time.Minute, time.Second, "it accepts what nobody carries on")
	f.start("worker")
	f.expectOnce(f.pending(1))
}
