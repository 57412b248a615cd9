package sandbox

import (
	"net/http"
	"net/url"
	"strings"

	"pirogue/sandbox/engine"
)

// faultsPage is the template of the page of faults.
var faultsPage = engine.LinkedPage(files, "faults.html", "; form-action 'self'").In("en")

const maxForm = 1 << 16 // bytes

// The actions of the page's buttons.
const (
	actSave = "save"
	actDown = "down"
	actUp   = "up"
	actHeal = "heal"
)

// shownPrefix begins the names of the fields that hold the values shown on the page. Only a setting
// that the person changed is set, so that a figure that moved meanwhile is not reset.
const shownPrefix = "was."

// showFaults shows a page with the faults of each operator, and lets people set and heal
// them.
func (s *Sandbox) showFaults(w http.ResponseWriter, r *http.Request) {
	s.renderFaults(w, http.StatusOK, submittedForm{code: r.URL.Query().Get("saved")})
}

// submittedForm is the last form that somebody sent.
type submittedForm struct {
	code  string            // the operator
	typed map[string]string // the rejected values; nil when they were accepted
	err   error             // the reason
}

// changeFaults executes a form and shows the page again.
func (s *Sandbox) changeFaults(w http.ResponseWriter, r *http.Request) {
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
	if wanted, err := one.apply(r.PostForm); err != nil {
		s.renderFaults(w, http.StatusUnprocessableEntity, submittedForm{one.code(), wanted, err})
		return
	}
	// Relative, because a proxy may add a prefix that nobody here knows.
	w.Header().Set("Location", "?saved="+one.code()+"#"+one.code())
	w.WriteHeader(http.StatusSeeOther)
}

// apply executes a button. It returns the values that it tried to set.
func (o runningSimulator) apply(form url.Values) (wanted map[string]string, err error) {
	switch form.Get("action") {
	case actHeal:
		return nil, o.Settings().Heal()
	case actDown:
		wanted = map[string]string{"down": "true"}
	case actUp:
		wanted = map[string]string{"down": "false"}
	default:
		wanted = changedSettings(form)
	}
	now, err := o.Settings().Values()
	if err != nil {
		return wanted, err
	}
	object, err := engine.Patch(now, wanted)
	if err != nil {
		return wanted, err
	}
	return wanted, o.Settings().Set(object)
}

// changedSettings returns the settings to which a form gives other values than the page showed. A
// hidden "false" precedes every checkbox, so the last value counts.
func changedSettings(form url.Values) map[string]string {
	wanted := map[string]string{}
	for name, values := range form {
		if shown, isSetting := form[shownPrefix+name]; isSetting {
			if value := strings.TrimSpace(values[len(values)-1]); value != shown[0] {
				wanted[name] = value
			}
		}
	}
	return wanted
}

// renderFaults writes the page of faults, with the last form that somebody sent.
func (s *Sandbox) renderFaults(w http.ResponseWriter, status int, t submittedForm) {
	view, err := s.faultsView(t)
	if err != nil {
		http.Error(w, "the page cannot be written", http.StatusInternalServerError)
		return
	}
	faultsPage.Render(w, status, view)
}
