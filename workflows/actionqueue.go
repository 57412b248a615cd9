package workflows

import (
	"errors"
	"slices"

	"go.temporal.io/sdk/workflow"

	"pirogue/support"
)

const (
	maxActions = 300 // of one payment; each adds a few events to its history
	maxAuditID = 64  // bytes
)

// actionQueue holds the support actions of one payment that wait. Update handlers add to it, and
// only the workflow takes from it, step by step. An action that is asked for twice, or by two
// people at once, so has one effect.
type actionQueue struct {
	waiting  []*queuedAction
	accepted int              // actions that were let in since the workflow began
	added    workflow.Channel // holds a value after an action was added
}

// queuedAction is one support action and, once the workflow has dealt with it, its result.
type queuedAction struct {
	action support.SupportAction
	result *support.ActionResult
}

// newActionQueue returns an empty queue.
func newActionQueue(ctx workflow.Context) actionQueue {
	return actionQueue{added: workflow.NewBufferedChannel(ctx, 1)}
}

// validate refuses an update that cannot name an audit entry, or that is one too many. Its refusals
// leave no trace in the history.
func (q *actionQueue) validate(auditID string) error {
	switch {
	case auditID == "" || len(auditID) > maxAuditID:
		return errors.New("a support action is the ID of its audit entry")
	case q.accepted >= maxActions:
		return errors.New("this payment has had too many support actions; settle it in the database with finance")
	default:
		return nil
	}
}

// accept counts an update that validate let in.
func (q *actionQueue) accept() { q.accepted++ }

// add lets an action wait and wakes the workflow.
func (q *actionQueue) add(action support.SupportAction) *queuedAction {
	queued := &queuedAction{action: action}
	q.waiting = append(q.waiting, queued)
	q.added.SendAsync(nil)
	return queued
}

// hasAny reports whether an action waits.
func (q *actionQueue) hasAny() bool { return len(q.waiting) > 0 }

// has reports whether an action of a kind waits.
func (q *actionQueue) has(kind support.SupportActionKind) bool {
	return slices.ContainsFunc(q.waiting, func(a *queuedAction) bool { return a.action.Kind == kind })
}

// takeWakeUp empties the channel of added actions and reports whether an action waits.
func (q *actionQueue) takeWakeUp() bool {
	for q.added.ReceiveAsync(nil) {
		continue
	}
	return q.hasAny()
}

// actions returns the actions that wait, the oldest first.
func (q *actionQueue) actions() []support.SupportAction {
	actions := make([]support.SupportAction, len(q.waiting))
	for i, queued := range q.waiting {
		actions[i] = queued.action
	}
	return actions
}

// take removes the actions that matches selects and returns them, the oldest first.
func (q *actionQueue) take(matches func(support.SupportAction) bool) []*queuedAction {
	var taken, left []*queuedAction
	for _, queued := range q.waiting {
		if matches(queued.action) {
			taken = append(taken, queued)
		} else {
			left = append(left, queued)
		}
	}
	q.waiting = left
	return taken
}

// everyAction selects all actions.
func everyAction(support.SupportAction) bool { return true }

// ofKind selects the actions of a kind.
func ofKind(kind support.SupportActionKind) func(support.SupportAction) bool {
	return func(a support.SupportAction) bool { return a.Kind == kind }
}

// onlyAction selects one action.
func onlyAction(one support.SupportAction) func(support.SupportAction) bool {
	return func(a support.SupportAction) bool { return a.AuditID == one.AuditID }
}
