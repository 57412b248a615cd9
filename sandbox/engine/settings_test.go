package engine_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pirogue/sandbox/engine"
)

func TestWhatIsBrokenIsListedAndMended(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	settings := s.till.Settings()
	broken := func() []string {
		t.Helper()
		list, err := settings.Broken()
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	equal(t, "broken at the beginning", broken(), []string{})
	s.set(`{"quirks": {"forgets": true}, "float": 0, "latency_ms": 20, "force": "111111"}`)
	equal(t, "broken", broken(), []string{"force=111111", "latency_ms=20", "quirks.forgets=true"})
	if err := settings.Heal(); err != nil {
		t.Fatal(err)
	}
	equal(t, "broken at last", broken(), []string{})
	if s.till.Float() != 1_000_000_000 || s.till.Quirk("forgets") {
		t.Errorf("mended, %d francs are left", s.till.Float())
	}
	for name := range settings.Own {
		if values, err := settings.Values(); err != nil || values[name] == nil {
			t.Errorf("%s is explained and has no value: %v", name, err)
		}
	}
}

func TestValuesAreTypedAsTheyStand(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	now, err := s.till.Settings().Values()
	if err != nil {
		t.Fatal(err)
	}
	object, err := engine.Patch(now, map[string]string{
		"down": "true", "latency_ms": "20", "force": "111111", "quirks.forgets": "false", "float": "5000",
	})
	if want := `{"down":true,"float":5000,"force":"111111","latency_ms":20,"quirks":{"forgets":false}}`; err != nil ||
		string(object) != want {
		t.Errorf("written %s %v, want %s", object, err, want)
	}
	if err := s.till.Settings().Set(object); err != nil || s.till.Float() != 5000 || !s.till.Faults.Read().Down {
		t.Errorf("set: %v", err)
	}
	_, err = engine.Patch(now, map[string]string{"speed": "1", "down": "yes", "latency_ms": "1e3", "quirks.lies": "true"})
	for _, mistake := range []string{
		`no setting "speed"`, `down must be true or false, not "yes"`, `latency_ms must be a whole number`, `"quirks.lies"`,
	} {
		if err == nil || !strings.Contains(err.Error(), mistake) {
			t.Errorf("%v does not name %s", err, mistake)
		}
	}
	if raw, err := json.Marshal(engine.Healthy()); err != nil || !strings.Contains(string(raw), `"notification_copies":1`) {
		t.Errorf("healthy is %s %v", raw, err)
	}
}
