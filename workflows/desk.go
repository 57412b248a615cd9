package workflows

import (
	"errors"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
)

// RemedyUpdate is the Update by which support acts on a payment.
const RemedyUpdate = "remedy"

// maxRemedies is how many remedies one payment takes. Each is a few events of history.
const maxRemedies = 300

// desk is where remedies wait for the story. Only the story acts, one step after the
// other: whatever is asked twice, or by two people at once, has one effect.
type desk struct {
	waiting  []*request
	taken    int
	bell     workflow.Channel
	proposal *pirogue.Remedy // a resolution that another person must confirm
}

// request is one remedy and, once it was dealt with, its verdict.
type request struct {
	remedy  pirogue.Remedy
	verdict *pirogue.Verdict
}

// openDesk lets support reach the payment.
func (s *story) openDesk(ctx workflow.Context) error {
	s.desk.bell = workflow.NewBufferedChannel(ctx, 1)
	return workflow.SetUpdateHandlerWithOptions(ctx, RemedyUpdate, s.takeRemedy, workflow.UpdateHandlerOptions{
		Validator:   s.admit,
		Description: "Support asks the operator, makes another attempt, or settles with evidence.",
	})
}

// admit turns a remedy away that means nothing, without a trace in the history.
func (s *story) admit(r pirogue.Remedy) error {
	resolves := r.Verb == pirogue.VerbResolve
	switch {
	case r.Act == "" || r.Actor == "":
		return errors.New("a remedy names its act and its actor")
	case r.Verb != pirogue.VerbRecheck && r.Verb != pirogue.VerbRedrive && !resolves:
		return errors.New("a payment's workflow knows recheck, redrive and resolve")
	case resolves != (r.Resolution != "") || resolves != (r.Evidence != ""):
		return errors.New("a resolution, and only a resolution, says what became of the payment and where that can be seen")
	case s.desk.taken >= maxRemedies:
		return errors.New("this payment has had too many remedies; settle it in the database with finance")
	default:
		return nil
	}
}

// takeRemedy is the handler of RemedyUpdate.
func (s *story) takeRemedy(ctx workflow.Context, r pirogue.Remedy) (pirogue.Verdict, error) {
	request := &request{remedy: r}
	s.desk.taken++
	s.desk.waiting = append(s.desk.waiting, request)
	s.desk.bell.SendAsync(nil)
	err := workflow.Await(ctx, func() bool { return request.verdict != nil })
	if err != nil {
		return pirogue.Verdict{}, err
	}
	return *request.verdict, nil
}

// rule gives the waiting remedies that choose selects one verdict, and keeps it beside
// each act.
func (s *story) rule(ctx workflow.Context, v pirogue.Verdict, choose func(pirogue.Remedy) bool) error {
	var ruled []*request
	var left []*request
	var acts []activities.Conclusion
	for _, r := range s.desk.waiting {
		if choose(r.remedy) {
			ruled = append(ruled, r)
			acts = append(acts, activities.Conclusion{Act: r.remedy.Act, Verdict: v})
			continue
		}
		left = append(left, r)
	}
	if len(ruled) == 0 {
		return nil
	}
	s.desk.waiting = left
	_, err := call(ctx, ours(s.order.MerchantID, "keep verdict "+string(v.Decision)), do.Conclude, acts)
	if err != nil {
		return err
	}
	for _, r := range ruled {
		r.verdict = &v
	}
	return nil
}

// everyone chooses all remedies.
func everyone(pirogue.Remedy) bool { return true }

// of chooses the remedies with a verb.
func of(verb pirogue.Verb) func(pirogue.Remedy) bool {
	return func(r pirogue.Remedy) bool { return r.Verb == verb }
}

// only chooses one remedy.
func only(one pirogue.Remedy) func(pirogue.Remedy) bool {
	return func(r pirogue.Remedy) bool { return r.Act == one.Act }
}

// close answers whoever still waits and lets every handler finish, so that no Update
// is cut off by the end of the story.
func (s *story) close(ctx workflow.Context, status pirogue.Status) (pirogue.Status, error) {
	for len(s.desk.waiting) > 0 {
		v := pirogue.Verdict{Decision: pirogue.DecisionRefused, Reason: "the payment has ended", Status: status}
		if err := s.rule(ctx, v, everyone); err != nil {
			return status, err
		}
	}
	return status, workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

// called takes the bell's ring and reports whether a remedy waits.
func (s *story) called() bool {
	for s.desk.bell.ReceiveAsync(nil) {
		continue
	}
	return len(s.desk.waiting) > 0
}

// serve deals with the remedies of a payment. The operator is asked first, once for all
// of them. When its word is final, they wait for the end it brings; otherwise each has
// its verdict at once, unless the payment has ended: then watch knows what to say.
func (s *story) serve(ctx workflow.Context) (pirogue.Receipt, error) {
	receipt, err := s.ask(ctx, "support asks")
	if err != nil || receipt.Outcome != pirogue.OutcomePending || s.ended {
		return receipt, err
	}
	resolved, err := s.resolve(ctx, receipt)
	if err != nil || resolved.Outcome != pirogue.OutcomePending {
		return resolved, err
	}
	if err := s.redrive(ctx, receipt); err != nil {
		return receipt, err
	}
	return receipt, s.rule(ctx, pirogue.Verdict{
		Decision: pirogue.DecisionWaiting, Reason: "the operator was asked and has not decided",
		Evidence: receipt.Words, Status: pirogue.StatusPending,
	}, of(pirogue.VerbRecheck))
}

// redrive makes another attempt if the latest one's row proves that it is dead, or sends the
// same reference again where the operator still executes it once; the activity looks at the
// row, not at what anybody says.
func (s *story) redrive(ctx workflow.Context, receipt pirogue.Receipt) error {
	wanted := false
	for _, r := range s.desk.waiting {
		wanted = wanted || r.remedy.Verb == pirogue.VerbRedrive
	}
	if !wanted {
		return nil
	}
	submitted, err := call(ctx, theirs(s.order, prioritySubmit, "redrive"), do.Submit,
		activities.Submission{PaymentID: s.order.PaymentID, Leg: s.order.Leg, Dead: true, Absent: receipt.Absent})
	if err != nil {
		return err
	}
	v := pirogue.Verdict{
		Decision: pirogue.DecisionRefused, Evidence: receipt.Words, Status: pirogue.StatusPending,
		Reason: "nothing proves that the operator will not execute the attempt, so no other is made; " +
			"two people settle it with evidence: resolve",
	}
	switch {
	case submitted.Class == activities.Unavailable:
		v.Reason, v.Evidence = "the operator cannot be reached; nothing was sent", submitted.Words
	case submitted.Number > s.number: // made by this run, or by one that was cut off
		v.Decision = pirogue.DecisionResubmitted
		v.Reason = "past its horizon the operator does not know the old attempt, which proves it; another was made"
	case submitted.Sent:
		v.Decision = pirogue.DecisionResubmitted
		v.Reason = "the operator does not know the reference and executes it once; it was sent again"
	}
	s.number = max(s.number, submitted.Number)
	return s.rule(ctx, v, of(pirogue.VerbRedrive))
}

// resolve settles by a person's word what the operator cannot tell. Because money
// moves by it, a second person must say the same. What the operator still has under
// way is not a person's to settle, before its horizon has passed.
func (s *story) resolve(ctx workflow.Context, receipt pirogue.Receipt) (pirogue.Receipt, error) {
	for _, r := range s.desk.waiting {
		remedy := r.remedy
		if remedy.Verb != pirogue.VerbResolve {
			continue
		}
		v := pirogue.Verdict{Decision: pirogue.DecisionRefused, Evidence: receipt.Words, Status: pirogue.StatusPending}
		switch {
		case !s.order.Kind.MoneyOut() || receipt.UnderWay && workflow.Now(ctx).Before(s.deadline):
			v.Reason = "the operator has the payment under way and decides it"
		case remedy.Resolution != pirogue.ResolvedPaid && remedy.Resolution != pirogue.ResolvedUnpaid:
			v.Reason = "an unknown outcome is resolved as paid or unpaid"
		default:
			v = s.propose(remedy, v)
		}
		if v.Decision == pirogue.DecisionSettled {
			return s.resolved(remedy), nil
		}
		if err := s.rule(ctx, v, only(remedy)); err != nil {
			return receipt, err
		}
	}
	return receipt, nil
}

// propose notes a resolution, or confirms the one that another person proposed.
func (s *story) propose(r pirogue.Remedy, v pirogue.Verdict) pirogue.Verdict {
	first := s.desk.proposal
	switch {
	case first == nil || first.Resolution != r.Resolution:
		s.desk.proposal = &r
		v.Decision, v.Reason = pirogue.DecisionProposed, "another person must confirm it"
	case first.Actor == r.Actor:
		v.Decision, v.Reason = pirogue.DecisionProposed, "the person who proposed it cannot confirm it"
	default:
		v.Decision = pirogue.DecisionSettled
	}
	return v
}

// resolved is the operator's word that two people have established.
func (s *story) resolved(r pirogue.Remedy) pirogue.Receipt {
	s.bySupport = true
	words := "settled by support: " + r.Evidence
	if r.Resolution == pirogue.ResolvedPaid {
		return pirogue.Receipt{Outcome: pirogue.OutcomePaid, Words: words}
	}
	return pirogue.Receipt{Outcome: pirogue.OutcomeDeclined, Words: words}
}
