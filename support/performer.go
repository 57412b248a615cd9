package support

import (
	"context"
	"errors"
	"time"

	"pirogue"
	"pirogue/operator"
)

// RoleRequired is the code of an action that needs a higher role than the actor's.
const RoleRequired pirogue.Code = "ROLE_REQUIRED"

// The actions that need no payment's workflow.
const (
	ActionSettle         SupportActionKind = "settlement" // book a transfer to a merchant's bank
	ActionFee            SupportActionKind = "fee"
	ActionRemoveFee      SupportActionKind = "remove-fee"
	ActionLatePolicy     SupportActionKind = "late-policy"
	ActionNotifyURL      SupportActionKind = "notify-url" // set the address of a merchant's webhooks
	ActionSuspend        SupportActionKind = "suspend"    // of a merchant
	ActionResume         SupportActionKind = "resume"
	ActionCancelBulk     SupportActionKind = "cancel-bulk"
	ActionPark           SupportActionKind = "park" // of an operator
	ActionUnpark         SupportActionKind = "unpark"
	ActionRebuild        SupportActionKind = "rebuild"          // start lost workflows again
	ActionRebuildBlocked SupportActionKind = "rebuild-blocked"  // restart workflows that cannot continue
	ActionAskFirst       SupportActionKind = "ask-first"        // begin ask-first mode
	ActionAskFirstLooked SupportActionKind = "ask-first-looked" // a person looked instead of asking
	ActionAskFirstEnd    SupportActionKind = "ask-first-end"
)

// AuditLog writes the audit log.
type AuditLog interface {
	// BeginAuditEntry writes an audit entry before the action.
	BeginAuditEntry(ctx context.Context, a AuditEntry) error
	// EndAuditEntry completes an audit entry with its result. An entry that has a result keeps it.
	EndAuditEntry(ctx context.Context, id string, r ActionResult, at time.Time) error
}

// ActionRequest is one action that a person requests.
type ActionRequest struct {
	Entry    AuditEntry // without its time and its result
	Requires Role
	Status   pirogue.Status // of the payment before the action; "" when it concerns none
	// Do carries out the action.
	Do func(ctx context.Context, auditID string) (ActionResult, error)
}

// Performer carries out the actions of people and records each in the audit log. The API, the
// command line and the pages of support share it.
type Performer struct {
	Audit AuditLog
	Clock pirogue.Clock
	// StepTime limits one write of the audit log.
	StepTime time.Duration
	// Explain returns the code of an error, and the text that tells a person the reason.
	Explain func(error) (pirogue.Code, string)
	// EndFailed is told of an entry whose result could not be written.
	EndFailed func(AuditEntry, error)
}

// Perform writes the audit entry of an action and carries the action out if the actor's role allows.
// Then it completes the entry with the result. The action runs to its end even when ctx ends.
//
// It returns the entry. Its result is zero when the payment's workflow has the action and completes
// the entry itself. An error of the action is returned with the entry. It is
// pirogue.ErrOutcomeUnknown when nobody knows whether the action took effect: the entry stays without
// a result then. The entry is zero when it could not be written; nothing was done then.
func (p Performer) Perform(ctx context.Context, r ActionRequest) (AuditEntry, error) {
	ctx = context.WithoutCancel(ctx)
	entry := r.Entry
	entry.At = p.Clock.Now()
	// The entry comes first, so that even a crash during the action leaves a trace.
	if err := p.begin(ctx, entry); err != nil {
		return AuditEntry{}, err
	}
	result, err := ActionResult{}, p.checkRole(r)
	if err == nil {
		result, err = r.Do(ctx, entry.ID)
	}
	if err != nil {
		result = p.resultOf(err, r.Status)
	}
	switch {
	case errors.Is(err, pirogue.ErrOutcomeUnknown):
		return entry, err
	case result.Decision == "":
		return entry, nil
	}
	entry.Result, entry.EndedAt = result, p.Clock.Now()
	p.end(ctx, entry)
	return entry, err
}

// checkRole fails with RoleRequired when the actor's role does not allow the action.
func (p Performer) checkRole(r ActionRequest) error {
	if !r.Entry.Role.May(r.Requires) {
		return pirogue.Errorf(RoleRequired, "%s is %q, not %s", r.Entry.Actor, r.Entry.Role, r.Requires)
	}
	return nil
}

// begin writes the row of an audit entry. No action is carried out without this row.
func (p Performer) begin(ctx context.Context, entry AuditEntry) error {
	ctx, cancel := context.WithTimeout(ctx, p.StepTime)
	defer cancel()
	return p.Audit.BeginAuditEntry(ctx, entry)
}

// end completes an audit entry. When the write fails the action has its effect nevertheless. The
// entry then looks interrupted.
func (p Performer) end(ctx context.Context, entry AuditEntry) {
	ctx, cancel := context.WithTimeout(ctx, p.StepTime)
	defer cancel()
	if err := p.Audit.EndAuditEntry(ctx, entry.ID, entry.Result, entry.EndedAt); err != nil {
		p.EndFailed(entry, err)
	}
}

// resultOf returns the result for the audit log of an action that failed. It is zero when the
// payment's workflow has the action and has not responded. The workflow completes the entry then,
// and a guess written here would stay. It is zero too where nobody knows whether the action took
// effect.
func (p Performer) resultOf(err error, status pirogue.Status) ActionResult {
	code, text := p.Explain(err)
	switch {
	case errors.Is(err, pirogue.ErrOutcomeUnknown), code == operator.Unknown:
		return ActionResult{}
	case code == pirogue.ServiceUnavailable:
		text = "The database or Temporal did not answer. Look at the timeline before trying again."
	}
	return ActionResult{Decision: DecisionRefused, Status: status, Reason: text}
}
