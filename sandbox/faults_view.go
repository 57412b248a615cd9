package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pirogue/sandbox/engine"
)

// faultView is one operator on the page of faults.
type faultView struct {
	Operator

	Down    bool
	Saved   bool
	Problem string // the reason why the last form was rejected
	Groups  []groupView
}

// groupView is a group of related settings.
type groupView struct {
	Title  string
	Own    bool // no other operator has them
	Fields []fieldView
}

// fieldView is one setting as a field of the form.
type fieldView struct {
	ID, Name    string
	Label, Hint string
	Kind        string // check, number, choice or text
	Shown       string // the current value
	Value       string // the value in the field: the typed one, after a rejection
	Choices     []choiceView
}

// choiceView is one value of a setting, with its effect.
type choiceView struct{ Value, Effect string }

// setting is one of the switches that every operator has, with its label on the page.
type setting struct{ name, label, hint string }

// commonSettings groups the switches that every operator has. down is missing: it has buttons of
// its own.
var commonSettings = []struct {
	title    string
	settings []setting
}{
	{"Customers", []setting{
		{"force", "Everybody behaves as", ""},
		{"settle_ms", "A confirmed payment stays pending for", "milliseconds"},
		{"correct_after_ms", "A failed payment turns out a success after", "milliseconds; 0 is never"},
	}},
	{"Answers", []setting{
		{"latency_ms", "Every answer waits for", "milliseconds"},
		{"drop_answers", "Answers that will be lost, though executed", "counts down by itself"},
		{"answers", "Answers arrive as", ""},
		{"unknown_words", "Statuses in words that stand in no guide", ""},
		{"promises", "What is not found", ""},
	}},
	{"Notifications", []setting{
		{"notifications_off", "None leaves", ""},
		{"notification_copies", "Copies of each", "1 is healthy"},
		{"notification_delay_ms", "Each is held back for", "milliseconds"},
	}},
	{"Credentials", []setting{
		{"keys_changed", "The operator changed its keys", "ours are refused"},
		{"refuse_tokens", "Every access token is revoked", ""},
		{"token_lifetime_s", "Access tokens live for", "seconds; 0 is as usual"},
	}},
}

// spoiledResponses lists the ways to spoil responses.
var spoiledResponses = []choiceView{
	{"", "they are"},
	{engine.ResponsesFlood, "50 MB of nothing"},
	{engine.ResponsesDrip, "a byte a second"},
	{engine.ResponsesHalf, "half, then the connection breaks off"},
	{engine.ResponsesPage, "somebody else's web page"},
}

// promises lists the degrees to which an operator's responses prove that a payment was not
// executed.
var promises = []choiceView{
	{"", "was never executed"},
	{engine.PromisesLive, "may have been executed, as live"},
}

// faultsView returns the content of the page: every operator, with the typed values of a
// rejected form.
func (s *Sandbox) faultsView(t submittedForm) ([]faultView, error) {
	views := make([]faultView, len(s.open))
	for i, one := range s.open {
		operator, err := one.operator()
		if err != nil {
			return nil, err
		}
		views[i] = faultView{Operator: operator, Down: operator.Settings["down"] == true}
		typed := map[string]string{}
		if t.code == one.code() {
			views[i].Saved = t.err == nil
			if t.err != nil {
				views[i].Problem, typed = t.err.Error(), t.typed
			}
		}
		views[i].Groups = groupsOf(operator, typed)
	}
	return views, nil
}

// groupsOf returns the form of an operator. typed replaces the current values.
func groupsOf(o Operator, typed map[string]string) []groupView {
	var groups []groupView
	for _, group := range commonSettings {
		view := groupView{Title: group.title}
		for _, s := range group.settings {
			view.Fields = append(view.Fields, fieldOf(o, s, typed))
		}
		groups = append(groups, view)
	}
	if len(o.Own) == 0 {
		return groups
	}
	own := groupView{Title: "Only this operator", Own: true}
	for _, name := range slices.Sorted(maps.Keys(o.Own)) {
		own.Fields = append(own.Fields, fieldOf(o, setting{name: name, label: o.Own[name]}, typed))
	}
	return append(groups, own)
}

// fieldOf returns the field of one setting. The type of its current value decides the kind
// of field.
func fieldOf(o Operator, s setting, typed map[string]string) fieldView {
	f := fieldView{
		ID: o.Code + "-" + strings.ReplaceAll(s.name, ".", "-"), Name: s.name, Label: s.label, Hint: s.hint,
		Shown: fmt.Sprint(o.Settings[s.name]), Kind: "number",
	}
	f.Value = f.Shown
	if refused, found := typed[s.name]; found {
		f.Value = refused
	}
	switch _, isText := o.Settings[s.name].(string); {
	case s.name == "force":
		f.Kind, f.Choices = "choice", behaviours()
	case s.name == "answers":
		f.Kind, f.Choices = "choice", spoiledResponses
	case s.name == "promises":
		f.Kind, f.Choices = "choice", promises
	case isText:
		f.Kind = "text"
	case f.Shown == "true" || f.Shown == "false":
		f.Kind = "check"
	}
	return f
}

// behaviours lists the magic numbers as the behaviours that Force gives every customer.
func behaviours() []choiceView {
	choices := []choiceView{{"", "their own number says"}}
	magic, payouts := engine.MagicNumbers(), engine.MagicPayouts()
	for _, digits := range slices.Sorted(maps.Keys(magic)) {
		says := magic[digits].Description
		if paid := payouts[digits].Description; paid != says {
			says += " / " + paid
		}
		choices = append(choices, choiceView{digits, digits + ": " + says})
	}
	return choices
}
