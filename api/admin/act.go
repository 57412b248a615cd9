package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/ids"
	"pirogue/operator"
	"pirogue/support"
)

// The verbs of the audit log that need no payment's workflow.
const (
	ActionSettle     support.SupportActionKind = "payout"
	ActionFee        support.SupportActionKind = "fee"
	ActionLatePolicy support.SupportActionKind = "late-policy"
	ActionSuspend    support.SupportActionKind = "suspend"
	ActionResume     support.SupportActionKind = "resume"
)

// supportRequest is one action that a person requests, before its result.
type supportRequest struct {
	verb    support.SupportActionKind
	needs   support.Role
	payment pirogue.Payment // zero when the action concerns none
	subject string
	reason  string
	// resolution, evidence and caseID belong to a resolve.
	resolution support.Resolution
	evidence   string
	caseID     support.CaseID
	// do carries out the action. ctx does not end when the client disconnects.
	do func(ctx context.Context, act string) (support.ActionResult, error)
}

// carryOut writes the audit entry of an action and carries the action out if the actor's role
// allows. Then it completes the entry with the verdict. It responds with the entry. The action runs
// to its end even when the client disconnects.
func (s *Server) carryOut(c *gin.Context, v *requestContext, d supportRequest) error {
	ctx := context.WithoutCancel(c.Request.Context())
	act := support.AuditEntry{
		ID: ids.New(), At: s.clock.Now(), Actor: v.actor, Role: v.role, Action: d.verb,
		PaymentID: d.payment.ID, Subject: d.subject, Reason: d.reason,
		Resolution: d.resolution, Evidence: d.evidence, Case: d.caseID,
	}
	// The entry comes first, so that even a crash during the action leaves a trace.
	if err := s.begin(ctx, act); err != nil {
		return err
	}
	verdict, err := support.ActionResult{}, v.need(d.needs)
	if err == nil {
		verdict, err = d.do(ctx, act.ID)
	}
	if err != nil {
		verdict = actionResultOf(err, d.payment)
	}
	if errors.Is(err, pirogue.ErrOutcomeUnknown) {
		return &problem{error: err, act: auditEntryOf(act)}
	}
	// The workflow still has the action and completes the entry itself.
	if verdict.Decision == "" {
		c.JSON(http.StatusAccepted, responseBody[AuditEntry]{auditEntryOf(act)})
		return nil
	}
	act.Result, act.EndedAt = verdict, s.clock.Now()
	s.end(ctx, act)
	return reply(c, act, err)
}

// begin writes the row of an audit entry. The server carries out no action without this row.
func (s *Server) begin(ctx context.Context, act support.AuditEntry) error {
	ctx, cancel := stepOf(ctx)
	defer cancel()
	return s.store.Audit.BeginAuditEntry(ctx, act)
}

// end completes an audit entry. When the write fails the action has its effect nevertheless, so the
// response stands. The entry then looks interrupted, and the log holds the reason.
func (s *Server) end(ctx context.Context, act support.AuditEntry) {
	ctx, cancel := stepOf(ctx)
	defer cancel()
	if err := s.store.Audit.EndAuditEntry(ctx, act.ID, act.Result, act.EndedAt); err != nil {
		s.log.Error("an act has no verdict in the audit log", zap.String("act", act.ID),
			zap.String("decision", string(act.Result.Decision)), zap.Error(err))
	}
}

// reply responds with a completed audit entry. The status is 200 when the action had an effect,
// else that of its failure. A refusal by the workflow is a failure: REFUSED.
func reply(c *gin.Context, act support.AuditEntry, err error) error {
	if err == nil && act.Result.Decision == support.DecisionRefused {
		err = pirogue.Errorf(operator.Refused, "%s", act.Result.Reason)
	}
	if err != nil {
		return &problem{error: err, act: auditEntryOf(act)}
	}
	c.JSON(http.StatusOK, responseBody[AuditEntry]{auditEntryOf(act)})
	return nil
}

// actionResultOf returns the verdict for the audit log on an action that failed. It is zero when the
// payment's workflow has the action and has not responded. The workflow completes the entry then,
// and a guess written here would stay. It is zero too where nobody knows whether the action took
// effect: the entry stays without a result.
func actionResultOf(err error, p pirogue.Payment) support.ActionResult {
	refused := support.ActionResult{Decision: support.DecisionRefused, Status: p.Status}
	if errors.Is(err, pirogue.ErrOutcomeUnknown) {
		return support.ActionResult{}
	}
	switch code := codeOf(err); code {
	case operator.Unknown:
		return support.ActionResult{}
	case pirogue.ServiceUnavailable:
		refused.Reason = "The database or Temporal did not answer. Look at the timeline before trying again."
	default:
		refused.Reason = infoOf(code).Text.EN
	}
	return refused
}

// stepOf returns the context of one database call, limited to storeTime.
func stepOf(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, storeTime)
}

// step returns the do of an action that is one database call. A call whose response is lost may
// have taken effect, so it is made a second time. Each such call has one effect however often it is
// made. When the second response is lost too, the error is pirogue.ErrOutcomeUnknown.
func step(
	do func(context.Context) (support.ActionResult, error),
) func(ctx context.Context, act string) (support.ActionResult, error) {
	return func(ctx context.Context, _ string) (support.ActionResult, error) {
		verdict, err := try(ctx, do)
		if codeOf(err) != pirogue.ServiceUnavailable {
			return verdict, err
		}
		if verdict, err = try(ctx, do); codeOf(err) == pirogue.ServiceUnavailable {
			err = fmt.Errorf("%w: %w", pirogue.ErrOutcomeUnknown, err)
		}
		return verdict, err
	}
}

// try makes one database call.
func try(ctx context.Context, do func(context.Context) (support.ActionResult, error)) (support.ActionResult, error) {
	ctx, cancel := stepOf(ctx)
	defer cancel()
	return do(ctx)
}
