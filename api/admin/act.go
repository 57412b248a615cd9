package admin

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/ids"
)

// The verbs of the audit log that concern no payment's workflow.
const (
	VerbPayOut     pirogue.Verb = "payout"
	VerbFee        pirogue.Verb = "fee"
	VerbLatePolicy pirogue.Verb = "late-policy"
	VerbSuspend    pirogue.Verb = "suspend"
	VerbResume     pirogue.Verb = "resume"
)

// deed is something a person wants done.
type deed struct {
	verb    pirogue.Verb
	needs   pirogue.Role
	payment pirogue.Payment // the zero payment when it concerns none
	subject string
	reason  string
	// resolution, evidence and caseID are those of a resolve.
	resolution pirogue.Resolution
	evidence   string
	caseID     pirogue.CaseID
	// do carries it out. ctx does not end when the caller hangs up.
	do func(ctx context.Context, act string) (pirogue.Verdict, error)
}

// carryOut writes an act, carries it out if its actor may, completes it with what
// became of it, and answers with that. Whatever happens to the caller meanwhile, the
// act runs to its end.
func (s *Server) carryOut(c *gin.Context, v *visit, d deed) error {
	ctx := context.WithoutCancel(c.Request.Context())
	act := pirogue.Act{
		ID: ids.New(), At: s.clock.Now(), Actor: v.actor, Role: v.role, Verb: d.verb,
		PaymentID: d.payment.ID, Subject: d.subject, Reason: d.reason,
		Resolution: d.resolution, Evidence: d.evidence, Case: d.caseID,
	}
	if err := s.begin(ctx, act); err != nil {
		return err
	}
	verdict, err := pirogue.Verdict{}, v.need(d.needs)
	if err == nil {
		verdict, err = d.do(ctx, act.ID)
	}
	if err != nil {
		verdict = verdictOf(err, d.payment)
	}
	if verdict.Decision == "" {
		c.JSON(http.StatusAccepted, answer[Act]{actOf(act)})
		return nil
	}
	act.Verdict, act.EndedAt = verdict, s.clock.Now()
	s.end(ctx, act)
	return reply(c, act, err)
}

// begin writes an act's row. What cannot be written down is not done.
func (s *Server) begin(ctx context.Context, act pirogue.Act) error {
	ctx, cancel := stepOf(ctx)
	defer cancel()
	return s.store.BeginAct(ctx, act)
}

// end completes an act's row. When that fails the deed is done nevertheless, so the
// answer stands; the row says that the act was cut off, and the log says why.
func (s *Server) end(ctx context.Context, act pirogue.Act) {
	ctx, cancel := stepOf(ctx)
	defer cancel()
	if err := s.store.EndAct(ctx, act.ID, act.Verdict, act.EndedAt); err != nil {
		s.log.Error("an act has no verdict in the audit log", zap.String("act", act.ID),
			zap.String("decision", string(act.Verdict.Decision)), zap.Error(err))
	}
}

// reply answers with a completed act: 200 when something came of it, else the
// status of its failure. A refusal by the workflow is one, REFUSED.
func reply(c *gin.Context, act pirogue.Act, err error) error {
	if err == nil && act.Verdict.Decision == pirogue.DecisionRefused {
		err = pirogue.Errorf(pirogue.Refused, "%s", act.Verdict.Reason)
	}
	if err != nil {
		return &problem{error: err, act: actOf(act)}
	}
	c.JSON(http.StatusOK, answer[Act]{actOf(act)})
	return nil
}

// verdictOf returns what the audit log says about a deed that failed. It is the zero
// verdict when the payment's workflow has the act and has not answered: the workflow
// completes it, and a verdict of ours would be a guess that stays.
func verdictOf(err error, p pirogue.Payment) pirogue.Verdict {
	refused := pirogue.Verdict{Decision: pirogue.DecisionRefused, Status: p.Status}
	switch code := codeOf(err); code {
	case pirogue.Unknown:
		return pirogue.Verdict{}
	case pirogue.ServiceUnavailable:
		refused.Reason = "The database or Temporal did not answer. Look at the timeline before trying again."
	default:
		refused.Reason = infoOf(code).Text.EN
	}
	return refused
}

// stepOf returns the context of one step at the database.
func stepOf(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, storeTime)
}

// step returns how a deed of one step at the database is carried out.
func step(
	do func(context.Context) (pirogue.Verdict, error),
) func(ctx context.Context, act string) (pirogue.Verdict, error) {
	return func(ctx context.Context, _ string) (pirogue.Verdict, error) {
		ctx, cancel := stepOf(ctx)
		defer cancel()
		return do(ctx)
	}
}
