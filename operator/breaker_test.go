package operator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/operator"
)

// Tests of an operator are spaced by OutageProbe, and none passes while a person keeps it out of
// service.
func TestCircuitBreaker(t *testing.T) {
	t.Parallel()

	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	h := operator.CircuitBreaker{State: operator.BreakerClosed}
	require.True(t, h.Available())
	h = h.Failed("connection refused", at)
	require.Equal(t, operator.BreakerOpen, h.State)
	require.False(t, h.Available())
	_, may := h.Probing(at.Add(operator.OutageProbe - 1))
	require.False(t, may)
	h, may = h.Probing(at.Add(operator.OutageProbe))
	require.True(t, may)
	require.Equal(t, operator.BreakerHalfOpen, h.State)
	_, may = h.Probing(at.Add(operator.OutageProbe + 1))
	require.False(t, may, "one at a time")
	h = h.Failed("again", at.Add(time.Minute))
	require.Equal(t, operator.BreakerOpen, h.State)
	h = h.Succeeded(120, at.Add(time.Hour))
	require.True(t, h.Available())
	require.Equal(t, at.Add(time.Hour), h.Since)
	require.Equal(t, h, h.Succeeded(7, at.Add(2*time.Hour)), "a closed circuit stays as it is")

	require.Equal(t, operator.RampFor, h.Ramp(0).Over)
	require.Equal(t, time.Minute, h.Ramp(5).Over, "120 payments at 2 of 5 calls a second")
	h.Parked = true
	require.False(t, h.Available())
	_, may = h.Probing(at.Add(time.Hour))
	require.False(t, may, "nobody tries an operator that a person took out of service")
}
