package support

import (
	"slices"

	"pirogue"
)

// AllowedActions returns the actions to offer for a payment with its cases. Its workflow decides: it
// also knows what its watch over an ended payment can still find.
func AllowedActions(p pirogue.Payment, cases []Case) []SupportActionKind {
	actions := []SupportActionKind{}
	open := slices.IndexFunc(cases, Case.Open)
	blocked := slices.ContainsFunc(cases, func(c Case) bool { return c.Open() && c.Cause == CauseNotBooked })
	switch {
	case blocked: // its workflow waits for its own write
	case open >= 0:
		actions = append(actions, cases[open].Cause.AllowedActions()...)
	case p.Status == pirogue.StatusExpired || p.Status == pirogue.StatusFailed || p.Status == pirogue.StatusSuccess:
		actions = append(actions, ActionRecheck)
	case p.Status.Terminal() || p.Status == pirogue.StatusCreated: // no workflow acts on it, or none yet
	case p.Kind.MoneyOut():
		actions = append(actions, ActionRecheck, ActionRedrive, ActionResolve)
	default:
		actions = append(actions, ActionRecheck)
	}
	if p.Sequence > 0 {
		actions = append(actions, ActionResend)
	}
	return actions
}

// CaseToResolve returns the open case that a resolution of a payment settles. It is the named one, or
// the only open one, or "" where none is open. It fails with MissingField where several are open and
// none is named. It fails with NotFound for a named case that is not open.
func CaseToResolve(cases []Case, named CaseID) (CaseID, error) {
	open := slices.DeleteFunc(slices.Clone(cases), func(c Case) bool {
		return !c.Open() || !c.Cause.SettledByWorkflow()
	})
	isNamed := func(c Case) bool { return c.ID == named }
	switch {
	case named != "" && !slices.ContainsFunc(open, isNamed):
		return "", pirogue.Errorf(pirogue.NotFound, "the payment has no such open case: %s", named)
	case named != "" || len(open) == 0:
		return named, nil
	case len(open) > 1:
		return "", pirogue.FieldError(pirogue.MissingField, "case_id")
	default:
		return open[0].ID, nil
	}
}
