package sandbox

import (
	"net/http"
	"net/url"
	"strings"

	"pirogue/sandbox/stage"
)

var faultsPage = stage.LinkedPage(files, "faults.html", "; form-action 'self'")

const maxForm = 1 << 16 // bytes

// The acts of the page's buttons.
const (
	actSave = "save"
	actDown = "down"
	actUp   = "up"
	actHeal = "heal"
)

// was begins the names of the fields that say what the page showed. Only what a person
// changed is set: a figure that moved meanwhile is not put back.
const was = "was."

// showFaults shows people what is broken of each operator, and lets them break and mend it.
func (s *Sandbox) showFaults(w http.ResponseWriter, r *http.Request) {
	s.renderFaults(w, http.StatusOK, trial{code: r.URL.Query().Get("saved")})
}

// trial is what somebody has just tried to set.
type trial struct {
	code  string            // of which operator
	typed map[string]string // what was refused; nil when it was accepted
	err   error             // why
}

// turn does what a form asks for, and shows the page again.
func (s *Sandbox) turn(w http.ResponseWriter, r *http.Request) {
	if err := fromHere.Check(r); err != nil {
		http.Error(w, "This form comes from another site.", http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form cannot be read.", http.StatusBadRequest)
		return
	}
	one, found := s.find(r.PostForm.Get("operator"))
	if !found {
		http.Error(w, "There is no such operator.", http.StatusNotFound)
		return
	}
	if wanted, err := one.act(r.PostForm); err != nil {
		s.renderFaults(w, http.StatusUnprocessableEntity, trial{one.code(), wanted, err})
		return
	}
	// Relative, for nobody here knows what stands before the path.
	w.Header().Set("Location", "?saved="+one.code()+"#"+one.code())
	w.WriteHeader(http.StatusSeeOther)
}

// act does what a button says, and returns what it would have set.
func (o opened) act(form url.Values) (wanted map[string]string, err error) {
	switch form.Get("action") {
	case actHeal:
		return nil, o.Settings().Heal()
	case actDown:
		wanted = map[string]string{"down": "true"}
	case actUp:
		wanted = map[string]string{"down": "false"}
	default:
		wanted = changed(form)
	}
	now, err := o.Settings().Values()
	if err != nil {
		return wanted, err
	}
	object, err := stage.Patch(now, wanted)
	if err != nil {
		return wanted, err
	}
	return wanted, o.Settings().Set(object)
}

// changed returns the settings that a form gives other values than the page showed. A
// box that is not ticked is preceded by its "false", so the last value counts.
func changed(form url.Values) map[string]string {
	wanted := map[string]string{}
	for name, values := range form {
		if shown, isSetting := form[was+name]; isSetting {
			if value := strings.TrimSpace(values[len(values)-1]); value != shown[0] {
				wanted[name] = value
			}
		}
	}
	return wanted
}

func (s *Sandbox) renderFaults(w http.ResponseWriter, status int, t trial) {
	view, err := s.faultsView(t)
	if err != nil {
		http.Error(w, "the page cannot be written", http.StatusInternalServerError)
		return
	}
	faultsPage.Render(w, status, "en", view)
}
