package operator_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/operator"
)

// TestRouteCandidate proves that a candidate survives its JSON, which people read in Temporal's Web UI.
func TestRouteCandidate(t *testing.T) {
	t.Parallel()

	candidate := operator.RouteCandidate{
		Operator: "mtn-cm", Window: 5 * time.Minute, FinalityWindow: 48 * time.Hour, CallTimeout: 10 * time.Second,
		OnLostResponse: operator.ResendSameReference, Idempotent: true, ResendWithin: time.Minute,
		AbsenceProves: true, RefusalSpan: 90 * time.Second,
	}

	t.Run("durations_are_text", func(t *testing.T) {
		t.Parallel()
		written, err := json.Marshal(candidate)
		require.NoError(t, err)
		require.JSONEq(t, `{
			"operator": "mtn-cm", "window": "5m0s", "finality_window": "48h0m0s", "call_timeout": "10s",
			"on_lost_response": "`+string(operator.ResendSameReference)+`", "idempotent": true,
			"resend_within": "1m0s", "absence_proves": true, "refusal_span": "1m30s"
		}`, string(written))
	})
	t.Run("every_field_is_read_back", func(t *testing.T) {
		t.Parallel()
		written, err := json.Marshal([]operator.RouteCandidate{candidate, {}})
		require.NoError(t, err)
		var read []operator.RouteCandidate
		require.NoError(t, json.Unmarshal(written, &read))
		require.Equal(t, []operator.RouteCandidate{candidate, {}}, read)
	})
	t.Run("a_number_is_no_duration", func(t *testing.T) {
		t.Parallel()
		var read operator.RouteCandidate
		require.Error(t, json.Unmarshal([]byte(`{"window": 300}`), &read))
	})
}
