package stage

import (
	"fmt"
	"maps"
	"net/http"
)

// settings holds everything that can be set of a till.
type settings struct {
	Switches

	Float  int64           `json:"float"`  // francs left for payouts
	Quirks map[string]bool `json:"quirks"` // the operator's own
}

// Quirk reports whether one of the operator's own switches is on.
func (t *Engine) Quirk(name string) bool {
	t.kept.Lock()
	defer t.kept.Unlock()
	return t.quirks[name]
}

// Settings reads and changes everything that can be set of a till.
func (t *Engine) Settings() Settings {
	own := map[string]string{"float": "What is left for payouts, in francs"}
	for name, says := range t.options.Quirks {
		own["quirks."+name] = says
	}
	return Settings{
		Read: func() any { return t.read() }, Healthy: func() any { return t.healthy() },
		Change: func(decode func(any) error) error {
			return t.Faults.Change(func(common *Switches) error { return t.set(common, decode) })
		},
		Own: own, Figures: []string{"float"},
	}
}

// ServeSwitches returns the settings on GET. POST changes those that the body names.
func (t *Engine) ServeSwitches(w http.ResponseWriter, r *http.Request) {
	t.Settings().ServeHTTP(w, r)
}

// read returns the current settings of a till.
func (t *Engine) read() settings {
	s := settings{Switches: t.Faults.Read(), Float: t.Float(), Quirks: map[string]bool{}}
	for name := range t.options.Quirks {
		s.Quirks[name] = t.Quirk(name)
	}
	return s
}

// healthy returns the settings of a till without faults, with a full float.
func (t *Engine) healthy() settings {
	s := settings{Switches: healthy, Float: t.options.Float, Quirks: map[string]bool{}}
	for name := range t.options.Quirks {
		s.Quirks[name] = false
	}
	return s
}

// set decodes a body over the current settings: all of it or nothing.
func (t *Engine) set(common *Switches, decode func(any) error) error {
	t.kept.Lock()
	defer t.kept.Unlock()
	before := t.left()
	wanted := settings{Switches: *common, Float: before, Quirks: maps.Clone(t.quirks)}
	if err := decode(&wanted); err != nil {
		return err
	}
	for name := range wanted.Quirks {
		if _, known := t.options.Quirks[name]; !known {
			return fmt.Errorf("quirk %q is none of this operator's", name)
		}
	}
	if wanted.Float < 0 || wanted.Float > maxFloat {
		return fmt.Errorf("float must be from 0 to %d", maxFloat)
	}
	if err := wanted.Switches.validate(); err != nil {
		return err
	}
	*common, t.quirks = wanted.Switches, wanted.Quirks
	if wanted.Float != before {
		t.float = wanted.Float + t.taken
	}
	return nil
}
