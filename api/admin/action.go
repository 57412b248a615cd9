package admin

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/ids"
	"pirogue/operator"
	"pirogue/support"
)

// actions performs the actions that people request.
type actions struct {
	performer support.Performer
	clock     pirogue.Clock
}

// newActions returns actions that write to the audit log of o.
func newActions(o Options) *actions {
	return &actions{clock: o.Clock, performer: support.Performer{
		Audit: o.Store.Audit, Clock: o.Clock, StepTime: storeTime, Explain: explain,
		EndFailed: func(entry support.AuditEntry, err error) {
			o.Log.Error("an audit entry has no result", zap.String("audit_id", entry.ID),
				zap.String("decision", string(entry.Result.Decision)), zap.Error(err))
		},
	}}
}

// explain returns an error's code and its text for a person.
func explain(err error) (pirogue.Code, string) {
	info := httpkit.SupportInfoOf(httpkit.CodeOf(err))
	return httpkit.CodeOf(err), info.Text.EN
}

// request is one action that a person requests.
type request struct {
	action  support.SupportActionKind
	needs   support.Role
	payment pirogue.Payment // zero when the action concerns none
	subject string
	reason  string
	// resolution, evidence and caseID belong to a resolve.
	resolution support.Resolution
	evidence   string
	caseID     support.CaseID
	// do carries out the action. ctx does not end when the client disconnects.
	do func(ctx context.Context, auditID string) (support.ActionResult, error)
}

// perform performs an action and responds with its audit entry. The status is 200 when the action
// had an effect, and 202 while the payment's workflow has it. Otherwise it is that of its failure. A
// refusal by the workflow is a failure: REFUSED.
func (a *actions) perform(c *gin.Context, rc *requestContext, r request) error {
	entry, err := a.performer.Perform(c.Request.Context(), support.ActionRequest{
		Entry: support.AuditEntry{
			ID: ids.New(), Actor: rc.actor, Role: rc.role, Action: r.action, PaymentID: r.payment.ID, Subject: r.subject,
			Reason: r.reason, Resolution: r.resolution, Evidence: r.evidence, Case: r.caseID,
		},
		Requires: r.needs, Status: r.payment.Status, Do: r.do,
	})
	switch {
	case entry.ID == "":
		return err
	case err == nil && entry.Result.Decision == support.DecisionRefused:
		err = pirogue.Errorf(operator.Refused, "%s", entry.Result.Reason)
	}
	if err != nil {
		return &problem{error: err, entry: auditEntryOf(entry)}
	}
	status := http.StatusOK
	if entry.Result.Decision == "" {
		status = http.StatusAccepted
	}
	c.JSON(status, responseBody[AuditEntry]{auditEntryOf(entry)})
	return nil
}

// performWithReason performs an action whose only field is its reason.
func (a *actions) performWithReason(c *gin.Context, rc *requestContext, r request) error {
	reason, err := readReason(c)
	if err != nil {
		return err
	}
	r.reason = reason
	return a.perform(c, rc, r)
}

// call is a database call that carries out an action.
type call func(context.Context) (support.ActionResult, error)

// once returns the do of an action that is one database call, limited to storeTime.
func once(do call) func(ctx context.Context, auditID string) (support.ActionResult, error) {
	return func(ctx context.Context, _ string) (support.ActionResult, error) {
		ctx, cancel := withinStoreTime(ctx)
		defer cancel()
		return do(ctx)
	}
}

// twice returns the do of an action that is one database call. A call whose response is lost may
// have taken effect, so it is made a second time. Each such call has one effect however often it is
// made. When the second response is lost too, the error is pirogue.ErrOutcomeUnknown.
func twice(do call) func(ctx context.Context, auditID string) (support.ActionResult, error) {
	return func(ctx context.Context, auditID string) (support.ActionResult, error) {
		try := once(do)
		result, err := try(ctx, auditID)
		if httpkit.CodeOf(err) != pirogue.ServiceUnavailable {
			return result, err
		}
		if result, err = try(ctx, auditID); httpkit.CodeOf(err) == pirogue.ServiceUnavailable {
			err = fmt.Errorf("%w: %w", pirogue.ErrOutcomeUnknown, err)
		}
		return result, err
	}
}

// done returns the result on an action of one database call.
func done(reason string, err error) (support.ActionResult, error) {
	return support.ActionResult{Decision: support.DecisionSettled, Reason: reason}, err
}
