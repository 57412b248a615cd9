package admin

import (
	"context"
	"math"
	"slices"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/support"
)

// actionRoutes serves the actions on a payment that its own workflow carries out.
type actionRoutes struct {
	*actions

	payments  Payments
	cases     Cases
	restarts  Restarts
	workflows Workflows
	limiter   *httpkit.KeyedLimiter[pirogue.PaymentID]
}

// newActionRoutes returns the routes with a limit for each payment.
func newActionRoutes(o Options, a *actions) actionRoutes {
	return actionRoutes{
		actions: a, payments: o.Store.Payments, cases: o.Store.Cases, restarts: o.Store.Restarts, workflows: o.Workflows,
		limiter: httpkit.NewKeyedLimiter[pirogue.PaymentID](httpkit.ConcurrencyLimits{
			Inside: perPayment, Queue: math.MaxInt, Wait: turnTime,
		}),
	}
}

// register adds the routes.
func (h actionRoutes) register(in routeGroup) {
	in.post("/payments/:id/recheck", h.recheck)
	in.post("/payments/:id/redrive", h.redrive)
	in.post("/payments/:id/resolve", h.resolve)
}

// reasonBody is the body of every action: each needs a reason.
type reasonBody struct {
	Reason string `json:"reason"`
}

// rule returns the condition on every reason.
func (b reasonBody) rule() rule { return needed("reason", b.Reason, maxReason) }

// Resolution is a person's decision about the outcome of a payment, with its evidence.
type Resolution struct {
	As       support.Resolution `json:"resolution"`
	Evidence string             `json:"evidence"`
	CaseID   support.CaseID     `json:"case_id,omitempty"` // "": the only open one
}

// resolveBody is the body of POST /payments/{id}/resolve.
type resolveBody struct {
	reasonBody
	Resolution
}

// recheck asks the operator for a payment's status at once.
func (h actionRoutes) recheck(c *gin.Context, rc *requestContext) error {
	return h.actWithReason(c, rc, support.ActionRecheck)
}

// redrive asks the operator for a payment's status, and submits the payment again if that can pay
// nobody twice.
func (h actionRoutes) redrive(c *gin.Context, rc *requestContext) error {
	return h.actWithReason(c, rc, support.ActionRedrive)
}

// actWithReason passes on an action whose only field is its reason.
func (h actionRoutes) actWithReason(c *gin.Context, rc *requestContext, k support.SupportActionKind) error {
	reason, err := readReason(c)
	if err != nil {
		return err
	}
	return h.act(c, rc, reasonedAction{reason: reason, SupportAction: support.SupportAction{Kind: k}})
}

// resolve decides with evidence what the operator cannot report. The payment's workflow requires a
// second person to confirm it.
func (h actionRoutes) resolve(c *gin.Context, rc *requestContext) error {
	var body resolveBody
	if err := readBody(c, &body); err != nil {
		return err
	}
	err := demand(
		body.rule(),
		rule{"resolution", body.As == "", slices.Contains([]support.Resolution{
			support.ResolvedPaid, support.ResolvedInPart, support.ResolvedUnpaid, support.ResolvedReturn, support.ResolvedPlaced,
		}, body.As)},
		needed("evidence", body.Evidence, maxEvidence),
		rule{field: "case_id", good: isLine(string(body.CaseID), maxID)},
	)
	if err != nil {
		return err
	}
	id, err := h.caseIn(c, body.CaseID)
	if err != nil {
		return err
	}
	return h.act(c, rc, reasonedAction{reason: body.Reason, SupportAction: support.SupportAction{
		Kind: support.ActionResolve, Resolution: body.As, Evidence: body.Evidence, Case: id,
	}})
}

// caseIn returns the open case that a resolution of the payment in the path settles; see
// support.CaseToResolve.
func (h actionRoutes) caseIn(c *gin.Context, named support.CaseID) (support.CaseID, error) {
	p, err := paymentIn(c, h.payments)
	if err != nil {
		return "", err
	}
	ctx, cancel := withinStoreTime(c.Request.Context())
	defer cancel()
	cases, err := h.cases.Cases(ctx, p.ID)
	if err != nil {
		return "", err
	}
	return support.CaseToResolve(cases, named)
}

// reasonedAction is an action with the reason that its actor gives.
type reasonedAction struct {
	support.SupportAction

	reason string
}

// act passes an action to the payment's workflow when its turn comes.
func (h actionRoutes) act(c *gin.Context, rc *requestContext, a reasonedAction) error {
	p, err := paymentIn(c, h.payments)
	if err != nil {
		return err
	}
	subject := ""
	if a.Resolution != "" {
		subject = string(a.Resolution) + ": " + a.Evidence
	}
	return h.perform(c, rc, request{
		action: a.Kind, needs: a.Kind.RequiredRole(), payment: p, reason: a.reason, subject: subject,
		resolution: a.Resolution, evidence: a.Evidence, caseID: a.Case,
		do: func(ctx context.Context, auditID string) (support.ActionResult, error) {
			return h.inWorkflow(ctx, recordedAction{payment: p, kind: a.Kind, auditID: auditID})
		},
	})
}

// recordedAction is an action on a payment that has its audit entry.
type recordedAction struct {
	payment pirogue.Payment
	kind    support.SupportActionKind
	auditID string
}

// inWorkflow has the payment's workflow carry out an action. It starts a workflow that is gone again.
func (h actionRoutes) inWorkflow(ctx context.Context, a recordedAction) (support.ActionResult, error) {
	// Temporal refuses an eleventh update in flight, so actions on one payment queue here.
	leave, err := h.limiter.Enter(ctx, a.payment.ID)
	if err != nil {
		return support.ActionResult{}, pirogue.Errorf(httpkit.Retry, "payment %s: %w", a.payment.ID, err)
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, actionTime)
	defer cancel()
	result, err := h.workflows.Act(ctx, a.payment, a.auditID)
	// The payment's workflow is gone, or has ended: its rows hold all that a new one needs.
	if pirogue.CodeOf(err) == pirogue.NotFound {
		return h.actOnRestarted(ctx, a)
	}
	return result, err
}
