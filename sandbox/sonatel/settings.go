package sonatel

import (
	"fmt"
	"sync"
	"time"

	"pirogue/sandbox/engine"
)

// The limits of the switches.
const (
	maxFinalAfter = 24 * 60 * 60 * 1000 // milliseconds: Sonatel promises a final status within 24 h
	maxBalance    = 1_000_000_000_000   // XOF
)

// Switches holds everything that can be deliberately broken or set: the switches of every
// simulator, and Sonatel's own. Switches are not journaled: a restart removes all faults.
type Switches struct {
	engine.Switches
	Quirks
}

// Quirks are the switches that only Sonatel has.
type Quirks struct {
	// ContentTypeRequiredOnGET answers 415 to a GET without Content-Type: application/json, as
	// production does. On by default.
	ContentTypeRequiredOnGET bool `json:"content_type_required_on_get"`
	// FloatAmounts formats amounts as 10.0, as production does. On by default.
	FloatAmounts bool `json:"float_amounts"`
	// BareArrays answers a search with an array, as production does, in place of the
	// documented object with the field transactions. On by default.
	BareArrays bool `json:"bare_arrays"`
	// BrokenTypeFilter finds nothing if a search has type=, as production does. On by default.
	BrokenTypeFilter bool `json:"broken_type_filter"`
	// EmptyRegistration answers a callback registration with an empty body, as production
	// does. On by default.
	EmptyRegistration bool `json:"empty_registration"`
	// KeyRotation serves the other of Sonatel's two public keys each time it changes. It
	// refuses a PIN encrypted with the key not served with 4003.
	KeyRotation bool `json:"key_rotation"`
	// TwoSignatures signs callbacks with a second secret as well, whose signature comes first,
	// as during a change of secrets.
	TwoSignatures bool `json:"two_signatures"`
	// ExecutesThenTimesOut executes every call that moves money, and answers 504.
	ExecutesThenTimesOut bool `json:"executes_then_times_out"`
	// FinalOnlyAfterMS keeps every transaction pending for at least this time, in
	// milliseconds, up to 24 h.
	FinalOnlyAfterMS int `json:"final_only_after_ms"`
	// ForgedCallbacks sends a forged callback after every real one. It has a wrong key, a
	// wrong signature, and the status of a success.
	ForgedCallbacks bool `json:"forged_callbacks"`
	// Balance is the money left in the retailer's float, in XOF. Setting it replaces the
	// float; nil leaves it.
	Balance *int64 `json:"balance"`
	// WrongPINs is the number of wrong PINs in a row that the retailer entered; 3 is blocked.
	// Setting it to 0 unblocks; nil leaves it.
	WrongPINs *int `json:"wrong_pins"`
}

// usualQuirks holds the quirks of production, with no deliberate fault.
var usualQuirks = Quirks{
	ContentTypeRequiredOnGET: true, FloatAmounts: true, BareArrays: true, BrokenTypeFilter: true,
	EmptyRegistration: true,
}

// validate returns an error for the first quirk that is out of its range.
func (q Quirks) validate() error {
	switch {
	case q.FinalOnlyAfterMS < 0 || q.FinalOnlyAfterMS > maxFinalAfter:
		return fmt.Errorf("final_only_after_ms must be from 0 to %d", maxFinalAfter)
	case q.Balance != nil && (*q.Balance < 0 || *q.Balance > maxBalance):
		return fmt.Errorf("balance must be from 0 to %d", maxBalance)
	case q.WrongPINs != nil && (*q.WrongPINs < 0 || *q.WrongPINs > maxWrongPINs):
		return fmt.Errorf("wrong_pins must be from 0 to %d", maxWrongPINs)
	}
	return nil
}

// settings holds everything that can be set: the common switches, Sonatel's own, and two
// figures of accounts.
type settings struct {
	engine *engine.Engine
	pins   *pins

	mu  sync.Mutex
	own Quirks // its Balance and WrongPINs stay nil
}

// quirks returns Sonatel's own switches without the figures of accounts.
func (st *settings) quirks() Quirks {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.own
}

// read returns all switches, with the float and the number of wrong PINs.
func (st *settings) read() Switches {
	now := Switches{Switches: st.engine.Faults.Read(), Quirks: st.quirks()}
	left, wrong := st.engine.Float(), st.pins.wrong()
	now.Balance, now.WrongPINs = &left, &wrong
	return now
}

// change lets alter modify the switches: all of them or none.
func (st *settings) change(alter func(any) error) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	wanted := Switches{Quirks: st.own}
	err := st.engine.Faults.Change(func(common *engine.Switches) error {
		wanted.Switches = *common
		if err := alter(&wanted); err != nil {
			return err
		}
		*common = wanted.Switches
		return wanted.Quirks.validate()
	})
	if err != nil {
		return err
	}
	if wanted.WrongPINs != nil {
		if err := st.pins.setWrong(*wanted.WrongPINs); err != nil {
			return err
		}
	}
	if wanted.Balance != nil {
		st.engine.SetFloat(*wanted.Balance)
	}
	wanted.Balance, wanted.WrongPINs = nil, nil
	st.own = wanted.Quirks
	return nil
}

// settling returns the least time for which a transaction stays pending.
func (st *settings) settling() time.Duration {
	return time.Duration(max(st.engine.Faults.Read().SettleMS, st.quirks().FinalOnlyAfterMS)) * time.Millisecond
}

// Settings reads and changes everything that can be set.
func (s *Simulator) Settings() engine.Settings {
	return engine.Settings{
		Read: func() any { return s.settings.read() }, Healthy: func() any { return healthy() },
		Change: s.settings.change, Own: settingTexts, Figures: []string{"balance"},
	}
}

// Switches returns the current switches.
func (s *Simulator) Switches() Switches { return s.settings.read() }

// SetSwitches replaces all switches. It changes none and returns an error if one is out of
// its range.
func (s *Simulator) SetSwitches(wanted Switches) error {
	return s.settings.change(func(settings any) error {
		if now, ok := settings.(*Switches); ok {
			*now = wanted
		}
		return nil
	})
}

// healthy returns the switches without faults: the usual quirks, a full float, no wrong PIN.
func healthy() Switches {
	float, none := int64(defaultFloat), 0
	s := Switches{Switches: engine.Healthy(), Quirks: usualQuirks}
	s.Balance, s.WrongPINs = &float, &none
	return s
}

// settingTexts holds the effect of each of Sonatel's own switches, for people.
var settingTexts = map[string]string{
	"content_type_required_on_get": "Answers 415 to a GET without Content-Type, as production does",
	"float_amounts":                "Writes amounts as 10.0, as production does",
	"bare_arrays":                  "Answers a search with a bare array, as production does",
	"broken_type_filter":           "Finds nothing when a search says type=, as production does",
	"empty_registration":           "Answers a callback registration with nothing, as production does",
	"key_rotation":                 "Serves its other public key; what the old one encrypted is refused",
	"two_signatures":               "Signs callbacks with two secrets, the right one second",
	"executes_then_times_out":      "Executes every call that moves money, and answers 504",
	"final_only_after_ms":          "Milliseconds that every transaction stays pending at least",
	"forged_callbacks":             "Follows every callback with a forged one that claims a success",
	"balance":                      "What is left of the retailer's float, in XOF",
	"wrong_pins":                   "Wrong PINs in a row of the retailer; 3 is blocked",
}
