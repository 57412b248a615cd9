package activities

import (
	"context"
	"encoding/json"
	"fmt"

	"pirogue"
	"pirogue/support"
)

// FailuresToCase failures of one activity of ours are told to a person. After as many more the
// case takes the latest one.
const FailuresToCase = 20

// maxCaseNote says how much of what an activity wanted, and of why it fails, a case repeats, in
// characters each.
const maxCaseNote = 300

// BlockedActivity is an activity of ours that fails again and again.
type BlockedActivity struct {
	Name     string
	Input    []any
	Failures int
	Err      error // of the latest run
}

// Blocked opens the case of a payment whose workflow waits for an activity of ours: what the
// activity wants to write, and why it fails. It may be called at every failure.
func (a *CaseActivities) Blocked(ctx context.Context, id pirogue.PaymentID, by BlockedActivity) error {
	wanted, err := json.Marshal(by.Input)
	if err != nil {
		wanted = []byte(err.Error())
	}
	return a.Store.Cases.ReopenCase(ctx, support.Case{
		ID: support.NewCaseID(id, support.CauseNotBooked), PaymentID: id, Cause: support.CauseNotBooked,
		Note: fmt.Sprintf("%s has failed %d times and goes on: %s; it wants %s",
			by.Name, by.Failures, shorten(by.Err.Error()), shorten(string(wanted))),
		OpenedAt: a.Clock.Now(),
	})
}

// Unblocked closes the case of Blocked.
func (a *CaseActivities) Unblocked(ctx context.Context, id pirogue.PaymentID) error {
	return a.Store.Cases.CloseCase(ctx, support.NewCaseID(id, support.CauseNotBooked), a.Clock.Now())
}

// shorten returns at most maxCaseNote characters of a text.
func shorten(text string) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), maxCaseNote)])
}
