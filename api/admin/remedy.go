package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/access"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
	"pirogue/webhook"
)

// why is the body of every action: each needs a reason.
type why struct {
	Reason string `json:"reason"`
}

// rule returns the condition on every reason.
func (w why) rule() rule { return needed("reason", w.Reason, maxReason) }

// Resolution is a person's decision about the outcome of a payment, with its evidence.
type Resolution struct {
	As       support.Resolution `json:"resolution"`
	Evidence string             `json:"evidence"`
	CaseID   support.CaseID     `json:"case_id,omitempty"` // "": the only open one
}

// resolution is the body of POST /payments/{id}/resolve.
type resolution struct {
	why
	Resolution
}

// resending is the body of POST /payments/{id}/resend.
type resending struct {
	why

	EventID pirogue.EventID `json:"event_id,omitempty"` // "": the latest
}

// recheck asks the operator for a payment's status at once.
func (s *Server) recheck(c *gin.Context, v *requestContext) error {
	return s.act(c, v, support.ActionRecheck)
}

// redrive asks the operator for a payment's status, and submits the payment again if that can pay
// nobody twice.
func (s *Server) redrive(c *gin.Context, v *requestContext) error {
	return s.act(c, v, support.ActionRedrive)
}

// act applies a verb whose only field is the reason.
func (s *Server) act(c *gin.Context, v *requestContext, verb support.SupportActionKind) error {
	reason, err := readReason(c)
	if err != nil {
		return err
	}
	return s.onPayment(c, v, reason, support.SupportAction{Kind: verb})
}

// resolve decides with evidence what the operator cannot report. The payment's workflow requires a
// second person to confirm it.
func (s *Server) resolve(c *gin.Context, v *requestContext) error {
	var body resolution
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
	id, err := s.caseIn(c, body.CaseID)
	if err != nil {
		return err
	}
	return s.onPayment(c, v, body.Reason, support.SupportAction{
		Kind: support.ActionResolve, Resolution: body.As, Evidence: body.Evidence, Case: id,
	})
}

// caseIn returns the open case that a resolution of the payment in the path settles. It is the
// named one, or the only open one, or "" where none is open. It fails with MissingField where
// several are open and none is named. It fails with NotFound for a named case that is not open.
func (s *Server) caseIn(c *gin.Context, named support.CaseID) (support.CaseID, error) {
	p, err := s.paymentIn(c)
	if err != nil {
		return "", err
	}
	ctx, cancel := stepOf(c.Request.Context())
	defer cancel()
	cases, err := s.store.Cases.Cases(ctx, p.ID)
	if err != nil {
		return "", err
	}
	open := slices.DeleteFunc(cases, func(one support.Case) bool {
		return !one.ClosedAt.IsZero() || !one.Cause.SettledByWorkflow()
	})
	isNamed := func(one support.Case) bool { return one.ID == named }
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

// onPayment passes an action to the payment's workflow when its turn comes.
func (s *Server) onPayment(c *gin.Context, v *requestContext, reason string, r support.SupportAction) error {
	p, err := s.paymentIn(c)
	if err != nil {
		return err
	}
	subject := ""
	if r.Resolution != "" {
		subject = string(r.Resolution) + ": " + r.Evidence
	}
	return s.carryOut(c, v, supportRequest{
		verb: r.Kind, needs: r.Kind.RequiredRole(), payment: p, reason: reason, subject: subject,
		resolution: r.Resolution, evidence: r.Evidence, caseID: r.Case,
		do: func(ctx context.Context, act string) (support.ActionResult, error) {
			// Temporal refuses an eleventh update in flight, so actions on one payment queue here.
			leave, err := s.turns.take(ctx, p.ID)
			if err != nil {
				return support.ActionResult{}, err
			}
			defer leave()
			ctx, cancel := context.WithTimeout(ctx, remedyTime)
			defer cancel()
			verdict, err := s.workflows.Act(ctx, p, act)
			// The payment's workflow is gone, or has ended: its rows hold all that a new one needs.
			if pirogue.CodeOf(err) == pirogue.NotFound {
				return s.actOnRestarted(ctx, p, r.Kind, act)
			}
			return verdict, err
		},
	})
}

// actOnRestarted starts the workflow of a payment again, like the sweep, and passes an action to it. It
// leaves a payment that is not started to the sweep. For a SUCCESS without a case it allows a
// recheck only.
func (s *Server) actOnRestarted(ctx context.Context, p pirogue.Payment, verb support.SupportActionKind, act string) (support.ActionResult, error) {
	r, err := s.store.Restarts.Restart(ctx, p.ID)
	if err != nil {
		return support.ActionResult{}, err
	}
	verdict := noWorkflow(r.Payment)
	switch {
	case r.Err != nil:
		verdict.Reason = notStarted + r.Err.Error()
		return verdict, nil //nolint:nilerr // a row that cannot be read is a verdict
	case !restartable(r, verb):
		return verdict, nil
	}
	if err := s.store.Restarts.Reopen(ctx, p.ID, s.clock.Now()); err != nil {
		return support.ActionResult{}, err
	}
	anew, err := s.workflows.ActOnRestarted(ctx, r, act)
	if err == nil || pirogue.CodeOf(err) == operator.Unknown { // the workflow runs, whether or not it has responded
		err = errors.Join(err, s.closeOver(ctx, r))
	}
	if pirogue.CodeOf(err) != pirogue.Internal {
		return anew, err
	}
	// The operator is not configured: that is a verdict, not a failure of the request.
	verdict.Reason = notStarted + err.Error()
	return verdict, nil
}

// closeOver closes the cases that are over because a payment's workflow runs again. It does so even
// after the request's deadline.
func (s *Server) closeOver(ctx context.Context, r lifecycle.Restart) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), remedyTime)
	defer cancel()
	for _, id := range r.Over {
		if err := s.store.Cases.CloseCase(ctx, id, s.clock.Now()); err != nil {
			return err
		}
	}
	return nil
}

// notStarted begins the reason of a verdict: the payment's rows or the configuration do not let its
// workflow start.
const notStarted = "The payment's workflow is gone and cannot be started: "

// restartable reports whether a payment's workflow has work that an action with this verb can
// concern. A recheck of a SUCCESS is allowed, because the operator may have taken it back.
func restartable(r lifecycle.Restart, verb support.SupportActionKind) bool {
	switch r.Payment.Status {
	case pirogue.StatusCreated:
		return false
	case pirogue.StatusSuccess:
		return r.Case != "" || verb == support.ActionRecheck
	case pirogue.StatusReversed:
		return r.Case != ""
	default:
		return true
	}
}

// noWorkflow returns the verdict on an action for a payment without a workflow.
func noWorkflow(p pirogue.Payment) support.ActionResult {
	return support.ActionResult{
		Decision: support.DecisionRefused, Status: p.Status,
		Reason: "No workflow is open for the payment, and it has nothing to do: it has not begun, or has ended.",
	}
}

// paymentIn returns the payment in the request's path. It fails with TransactionNotFound.
func (s *Server) paymentIn(c *gin.Context) (pirogue.Payment, error) {
	id, err := idOf(c)
	if err != nil {
		return pirogue.Payment{}, err
	}
	ctx, cancel := stepOf(c.Request.Context())
	defer cancel()
	p, err := s.store.Payments.AnyPayment(ctx, id)
	return p.Payment, err
}

// resend sends a webhook of the payment again: the given event, or the latest.
func (s *Server) resend(c *gin.Context, v *requestContext) error {
	var body resending
	if err := readBody(c, &body); err != nil {
		return err
	}
	if err := demand(body.rule(), rule{field: "event_id", good: isLine(string(body.EventID), maxID)}); err != nil {
		return err
	}
	p, err := s.paymentIn(c)
	if err != nil {
		return err
	}
	return s.carryOut(c, v, supportRequest{
		verb: support.ActionResend, needs: support.RoleSupport, payment: p, reason: body.Reason, subject: string(body.EventID),
		do: func(ctx context.Context, _ string) (support.ActionResult, error) {
			return s.tellAgain(ctx, p, body.EventID)
		},
	})
}

// tellAgain starts a further round of an event's deliveries.
func (s *Server) tellAgain(ctx context.Context, p pirogue.Payment, only pirogue.EventID) (support.ActionResult, error) {
	refused := support.ActionResult{Decision: support.DecisionRefused, Status: p.Status}
	id, err := s.eventOf(ctx, p, only)
	if err != nil || id == "" {
		refused.Reason = "There is no such event: a payment has one for each time it ended."
		return refused, err
	}
	step, cancel := stepOf(ctx)
	defer cancel()
	owner := access.Owner{MerchantID: p.MerchantID, Mode: p.Mode}
	event, err := s.store.Events.Resend(step, owner, id)
	if err != nil {
		return support.ActionResult{}, err
	}
	if event.State != pirogue.EventWaiting {
		refused.Reason = "There is no address to send it to: neither the payment nor its merchant has one."
		return refused, nil
	}
	s.deliver(ctx, owner, event)
	return support.ActionResult{
		Decision: support.DecisionSettled, Status: p.Status,
		Reason: fmt.Sprintf("Event %s is on its way, in round %d.", event.ID, event.Round),
	}, nil
}

// eventOf returns the payment's event with the ID only, or the latest event for "". It returns ""
// when there is none.
func (s *Server) eventOf(ctx context.Context, p pirogue.Payment, only pirogue.EventID) (pirogue.EventID, error) {
	ctx, cancel := stepOf(ctx)
	defer cancel()
	events, err := s.store.Events.EventsOf(ctx, p.ID)
	if err != nil {
		return "", err
	}
	wanted := only
	if wanted == "" {
		wanted = webhook.NewEventID(p.ID, p.Sequence)
	}
	if !slices.ContainsFunc(events, func(e pirogue.Event) bool { return e.ID == wanted }) {
		return "", nil
	}
	return wanted, nil
}

// deliver starts a delivery. When Temporal does not respond the sweep starts it, because the
// event's row is WAITING already.
func (s *Server) deliver(ctx context.Context, o access.Owner, e pirogue.Event) {
	ctx, cancel := context.WithTimeout(ctx, deliverTime)
	defer cancel()
	if err := s.workflows.Deliver(ctx, o, e.ID, e.Round); err != nil {
		s.log.Warn("the sweep has to start a delivery", zap.String("event_id", string(e.ID)), zap.Error(err))
	}
}
