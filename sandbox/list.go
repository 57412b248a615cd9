package sandbox

import (
	"net/http"

	"pirogue/sandbox/engine"
)

// Operator is the description of one simulator in /simulators.
type Operator struct {
	Code     string            `json:"code"`     // its name in commands
	Name     string            `json:"name"`     // for people
	Path     string            `json:"path"`     // the base path
	Asked    int               `json:"asked"`    // payments asked for
	Paid     int               `json:"paid"`     // payments executed
	Broken   []string          `json:"broken"`   // name=value of every setting that is deliberately broken
	Settings map[string]any    `json:"settings"` // every setting, by its name; see engine.Settings.Values
	Own      map[string]string `json:"own"`      // the effect of each setting that only some operators have
}

// serveList returns all simulators and their settings as JSON.
func (s *Sandbox) serveList(w http.ResponseWriter, _ *http.Request) {
	operators := make([]Operator, len(s.open))
	for i, one := range s.open {
		operator, err := one.operator()
		if err != nil {
			engine.WriteJSON(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
			return
		}
		operators[i] = operator
	}
	engine.WriteJSON(w, http.StatusOK, operators)
}

// serveHeal resets every fault of one simulator.
func (s *Sandbox) serveHeal(w http.ResponseWriter, r *http.Request) {
	one, found := s.find(r.PathValue("code"))
	if !found {
		engine.WriteJSON(w, http.StatusNotFound, map[string]string{"error": "there is no such operator"})
		return
	}
	err := fromHere.Check(r)
	if err == nil {
		err = one.Settings().Heal()
	}
	if err != nil {
		engine.WriteJSON(w, http.StatusForbidden, map[string]string{"error": err.Error()})
		return
	}
	engine.WriteJSON(w, http.StatusOK, one.Settings().Read())
}

// fromHere rejects requests that a page of another site makes a browser send.
var fromHere = http.NewCrossOriginProtection()

// find returns the running simulator of a code, and false if there is none.
func (s *Sandbox) find(code string) (runningSimulator, bool) {
	for _, one := range s.open {
		if one.code() == code {
			return one, true
		}
	}
	return runningSimulator{}, false
}

// operator returns the description of a simulator for /simulators.
func (o runningSimulator) operator() (Operator, error) {
	settings := o.Settings()
	values, err := settings.Values()
	if err != nil {
		return Operator{}, err
	}
	broken, err := settings.Broken()
	return Operator{
		Code: o.code(), Name: o.name, Path: o.path, Asked: o.Asked(), Paid: len(o.Book()), Broken: broken,
		Settings: values, Own: settings.Own,
	}, err
}
