package activities

import (
	"context"

	"pirogue"
	"pirogue/support"
)

// ActionQuery names a support action by its row, and the payment whose workflow was asked to carry
// it out. Nothing else that comes from outside of the workflow decides anything.
type ActionQuery struct {
	AuditEntry string            `json:"audit_entry"`
	PaymentID  pirogue.PaymentID `json:"payment_id"`
	Case       support.CaseID    `json:"case,omitempty"` // that the resolution is to settle
}

// LoadedAction holds the support action that a row asks for.
type LoadedAction struct {
	Action  support.SupportAction `json:"action"`
	Refused string                `json:"refused,omitempty"` // why it is not carried out; "" when it may be
	// Begun says that the row is this payment's and has no result yet: a refusal is recorded there.
	Begun  bool           `json:"begun,omitempty"`
	Status pirogue.Status `json:"status"` // of the payment
}

// LoadAction reads a support action from its row. It checks that the person's role allows it and
// that it is about this payment. The action must have no result yet.
func (a *ActionActivities) LoadAction(ctx context.Context, in ActionQuery) (LoadedAction, error) {
	p, _, err := a.Store.Attempts.Latest(ctx, in.PaymentID)
	if err != nil {
		return LoadedAction{}, activityError(err)
	}
	act, err := a.Store.AuditLog.AuditEntry(ctx, in.AuditEntry)
	switch {
	case pirogue.CodeOf(err) == pirogue.NotFound, err == nil && act.PaymentID != in.PaymentID:
		return LoadedAction{Refused: "no such act is written down for this payment", Status: p.Status}, nil
	case err != nil:
		return LoadedAction{}, activityError(err)
	}
	return LoadedAction{
		Action: support.SupportAction{
			AuditID: act.ID, Kind: act.Action, Actor: act.Actor, Resolution: act.Resolution, Evidence: act.Evidence,
			Case: act.Case,
		},
		Refused: refusesAct(act), Begun: act.EndedAt.IsZero(), Status: p.Status,
	}, nil
}

// refusesAct returns the reason why a payment's workflow may not carry an action out; "" if it may.
func refusesAct(act support.AuditEntry) string {
	resolves := act.Action == support.ActionResolve
	switch {
	case !act.EndedAt.IsZero():
		return "the action already has its result: " + string(act.Result.Decision)
	case act.Action != support.ActionRecheck && act.Action != support.ActionRedrive && !resolves:
		return "a payment's workflow knows recheck, redrive and resolve"
	case !act.Role.May(act.Action.RequiredRole()):
		return "the role " + string(act.Role) + " may not " + string(act.Action)
	case resolves != (act.Resolution != "") || resolves != (act.Evidence != ""):
		return "a resolution, and only a resolution, says what became of the payment and where that can be seen"
	default:
		return ""
	}
}

// Confirmation says whether a resolution is a second person's.
type Confirmation struct {
	Confirmed bool `json:"confirmed,omitempty"` // another person with the same right proposed the same
	Proposer  bool `json:"proposer,omitempty"`  // the person who proposed it says it again
	// Refused says why the resolution cannot be of this payment; "" when it can.
	Refused string `json:"refused,omitempty"`
}

// ConfirmResolution compares a resolution with the one that waits for a second person. Both are
// read from their rows.
func (a *ActionActivities) ConfirmResolution(ctx context.Context, in ActionQuery) (Confirmation, error) {
	act, err := a.Store.AuditLog.AuditEntry(ctx, in.AuditEntry)
	if err != nil {
		return Confirmation{}, activityError(err)
	}
	if refused, err := a.refusesPart(ctx, act, in.Case); err != nil || refused != "" {
		return Confirmation{Refused: refused}, activityError(err)
	}
	first, err := a.Store.AuditLog.Proposal(ctx, in.PaymentID)
	if pirogue.CodeOf(err) == pirogue.NotFound {
		return Confirmation{}, nil
	}
	if err != nil {
		return Confirmation{}, activityError(err)
	}
	same := first.Resolution == act.Resolution && first.Case == act.Case && act.PaymentID == in.PaymentID &&
		refusesAct(act) == ""
	allowed := first.Role.May(first.Action.RequiredRole())
	return Confirmation{
		Confirmed: same && allowed && first.Actor != act.Actor, Proposer: same && first.Actor == act.Actor,
	}, nil
}

// refusesPart returns why a payment cannot have been paid in part: what moved is what its case
// booked on the operator's word, and that must be less than the whole.
func (a *ActionActivities) refusesPart(ctx context.Context, act support.AuditEntry, id support.CaseID) (string, error) {
	if act.Resolution != support.ResolvedInPart {
		return "", nil
	}
	if id == "" {
		return "the operator has confirmed no part: it is resolved as paid or unpaid", nil
	}
	lateCase, err := a.Store.Cases.Case(ctx, id)
	if err != nil {
		return "", err
	}
	p, _, err := a.Store.Attempts.Latest(ctx, act.PaymentID)
	if err != nil || p.HasPart(lateCase.Paid) {
		return "", err
	}
	return "what the operator confirmed is no part of it: it is resolved as paid or unpaid", nil
}

// ConcludeInput is the result of one support action.
type ConcludeInput struct {
	AuditEntry string               `json:"audit_entry"`
	Result     support.ActionResult `json:"result"`
}

// RecordActionResult writes results into the rows of their actions. An action without a row is skipped.
func (a *ActionActivities) RecordActionResult(ctx context.Context, all []ConcludeInput) (int, error) {
	for _, c := range all {
		err := a.Store.AuditLog.EndAuditEntry(ctx, c.AuditEntry, c.Result, a.Clock.Now())
		if err != nil && pirogue.CodeOf(err) != pirogue.NotFound {
			return 0, activityError(err)
		}
	}
	return len(all), nil
}
