package engine_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
)

func TestSettingsHeal(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	settings := s.engine.Settings()
	broken := func() []string {
		t.Helper()
		list, err := settings.Broken()
		require.NoError(t, err)
		return list
	}
	require.Equal(t, []string{}, broken(), "broken at the beginning")
	s.set(`{"quirks": {"forgets": true}, "float": 0, "latency_ms": 20, "force": "111111"}`)
	require.Equal(t, []string{"force=111111", "latency_ms=20", "quirks.forgets=true"}, broken(), "broken")
	err := settings.Heal()
	require.NoError(t, err)
	require.Equal(t, []string{}, broken(), "broken at last")
	require.EqualValues(t, 1_000_000_000, s.engine.Float())
	require.False(t, s.engine.Quirk("forgets"), "mended, %d francs are left", s.engine.Float())
	for name := range settings.Own {
		values, err := settings.Values()
		require.NoError(t, err, name)
		require.NotNil(t, values[name])
	}
}

func TestPatch(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	now, err := s.engine.Settings().Values()
	require.NoError(t, err)
	object, err := engine.Patch(now, map[string]string{
		"down": "true", "latency_ms": "20", "force": "111111", "quirks.forgets": "false", "float": "5000",
	})
	want := `{"down":true,"float":5000,"force":"111111","latency_ms":20,"quirks":{"forgets":false}}`
	require.NoError(t, err)
	require.Equal(t, want, string(object))
	err = s.engine.Settings().Set(object)
	require.NoError(t, err)
	require.EqualValues(t, 5000, s.engine.Float())
	require.True(t, s.engine.Faults.Read().Down, "set: %v", err)
	_, err = engine.Patch(now, map[string]string{"speed": "1", "down": "yes", "latency_ms": "1e3", "quirks.lies": "true"})
	for _, mistake := range []string{
		`no setting "speed"`, `down must be true or false, not "yes"`, `latency_ms must be a whole number`, `"quirks.lies"`,
	} {
		require.ErrorContains(t, err, mistake)
	}
	raw, err := json.Marshal(engine.Healthy())
	require.NoError(t, err)
	require.Contains(t, string(raw), `"notification_copies":1`)
}
