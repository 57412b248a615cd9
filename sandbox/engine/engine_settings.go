package engine

import (
	"fmt"
	"maps"
	"net/http"
)

// settings holds everything that can be set of an engine.
type settings struct {
	Switches

	Float  int64           `json:"float"`  // francs left for payouts
	Quirks map[string]bool `json:"quirks"` // the operator's own
}

// Settings reads and changes everything that can be set of an engine.
func (e *Engine) Settings() Settings {
	if e.options.CollectsOnly && len(e.options.Quirks) == 0 {
		return e.Faults.Settings()
	}
	own := map[string]string{"float": "What is left for payouts, in francs"}
	for name, says := range e.options.Quirks {
		own["quirks."+name] = says
	}
	return Settings{
		Read: func() any { return e.read() }, Healthy: func() any { return e.healthy() },
		Change: func(decode func(any) error) error {
			return e.Faults.Change(func(common *Switches) error { return e.set(common, decode) })
		},
		Own: own, Figures: []string{"float"},
	}
}

// ServeSwitches returns the settings on GET. POST changes those that the body names.
func (e *Engine) ServeSwitches(w http.ResponseWriter, r *http.Request) {
	e.Settings().ServeHTTP(w, r)
}

// read returns the current settings of an engine.
func (e *Engine) read() settings {
	s := settings{Switches: e.Faults.Read(), Float: e.Float(), Quirks: map[string]bool{}}
	for name := range e.options.Quirks {
		s.Quirks[name] = e.Quirk(name)
	}
	return s
}

// healthy returns the settings of an engine without faults, with a full float.
func (e *Engine) healthy() settings {
	s := settings{Switches: healthy, Float: e.options.Float, Quirks: map[string]bool{}}
	for name := range e.options.Quirks {
		s.Quirks[name] = false
	}
	return s
}

// set decodes a body over the current settings: all of it or nothing.
func (e *Engine) set(common *Switches, decode func(any) error) error {
	e.store.Lock()
	defer e.store.Unlock()
	before := e.left()
	wanted := settings{Switches: *common, Float: before, Quirks: maps.Clone(e.quirks)}
	if err := decode(&wanted); err != nil {
		return err
	}
	for name := range wanted.Quirks {
		if _, known := e.options.Quirks[name]; !known {
			return fmt.Errorf("quirk %q is none of this operator's", name)
		}
	}
	if wanted.Float < 0 || wanted.Float > maxFloat {
		return fmt.Errorf("float must be from 0 to %d", maxFloat)
	}
	if err := wanted.Switches.validate(); err != nil {
		return err
	}
	*common, e.quirks = wanted.Switches, wanted.Quirks
	if wanted.Float != before {
		e.float = wanted.Float + e.taken
	}
	return nil
}
