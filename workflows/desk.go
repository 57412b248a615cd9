package workflows

import (
	"cmp"
	"errors"
	"slices"

	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
)

// RemedyUpdate is the Update by which support acts on a payment. It carries the ID of the act's
// row, and nothing else: what a client of Temporal says decides nothing.
const RemedyUpdate = "remedy"

// maxRemedies is how many remedies one payment takes. Each is a few events of history.
const maxRemedies = 300

// desk is where remedies wait for the story. Only the story acts, one step after the
// other: whatever is asked twice, or by two people at once, has one effect.
type desk struct {
	waiting []*request
	taken   int
	bell    workflow.Channel
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

// maxActID says how long the ID of an act may be, in bytes.
const maxActID = 64

// admit turns an Update away that cannot name an act, without a trace in the history.
func (s *story) admit(act string) error {
	switch {
	case act == "" || len(act) > maxActID:
		return errors.New("a remedy is the ID of its act")
	case s.desk.taken >= maxRemedies:
		return errors.New("this payment has had too many remedies; settle it in the database with finance")
	default:
		return nil
	}
}

// takeRemedy is the handler of RemedyUpdate. It reads the act from its row and gives it to the
// story; one that its row does not allow is refused at once.
func (s *story) takeRemedy(ctx workflow.Context, act string) (pirogue.Verdict, error) {
	s.desk.taken++
	ctx, stop := workflow.NewDisconnectedContext(ctx) // a cancel request cuts no act off
	defer stop()
	loaded, err := call(ctx, ours(s.order.MerchantID, "read act"), do.LoadAction,
		activities.ActionQuery{Act: act, PaymentID: s.order.PaymentID})
	if err != nil {
		return pirogue.Verdict{}, err
	}
	if loaded.Refused != "" {
		return s.refuse(ctx, act, loaded)
	}
	request := &request{remedy: loaded.Remedy}
	s.desk.waiting = append(s.desk.waiting, request)
	s.desk.bell.SendAsync(nil)
	if err := workflow.Await(ctx, func() bool { return request.verdict != nil }); err != nil {
		return pirogue.Verdict{}, err
	}
	return *request.verdict, nil
}

// refuse answers an act that its row does not allow, and keeps that in the row if it is about
// this payment and has no verdict yet.
func (s *story) refuse(
	ctx workflow.Context, act string, loaded activities.LoadedAction,
) (pirogue.Verdict, error) {
	v := pirogue.Verdict{Decision: pirogue.DecisionRefused, Reason: loaded.Refused, Status: loaded.Status}
	if !loaded.Begun {
		return v, nil
	}
	_, err := call(ctx, ours(s.order.MerchantID, "refuse act"), do.Conclude,
		[]activities.Conclusion{{Act: act, Verdict: v}})
	return v, err
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

// asked reports whether a remedy with a verb waits.
func (s *story) asked(verb pirogue.Verb) bool {
	return slices.ContainsFunc(s.desk.waiting, func(r *request) bool { return r.remedy.Verb == verb })
}

// close answers whoever still waits and lets every handler finish, so that no Update
// is cut off by the end of the story. Who asks about a success has the operator asked.
func (s *story) close(ctx workflow.Context, status pirogue.Status) (pirogue.Status, error) {
	for {
		done := func() bool { return len(s.desk.waiting) > 0 || workflow.AllHandlersFinished(ctx) }
		if err := workflow.Await(ctx, done); err != nil || len(s.desk.waiting) == 0 {
			return status, err
		}
		if succeeded(status) && s.asked(pirogue.VerbRecheck) {
			if err := errors.Join(s.reopen(ctx), s.verify(ctx, status)); err != nil {
				return status, err
			}
		}
		v := pirogue.Verdict{Decision: pirogue.DecisionRefused, Reason: "the payment has ended", Status: status}
		if err := s.rule(ctx, v, everyone); err != nil {
			return status, err
		}
	}
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
	if err != nil || receipt.Outcome != pirogue.OutcomePending || s.ended && !s.overdue {
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
		Evidence: receipt.Words, Status: s.stands(),
	}, of(pirogue.VerbRecheck))
}

// redrive makes another attempt if the latest one's row proves that it is dead, or sends the
// same reference again where the operator still executes it once; the activity looks at the
// row, not at what anybody says.
func (s *story) redrive(ctx workflow.Context, receipt pirogue.Receipt) error {
	if !s.asked(pirogue.VerbRedrive) {
		return nil
	}
	submitted, err := s.sent(ctx, start(ctx, single(s.order, prioritySubmit, "redrive"), do.Submit,
		activities.Submission{PaymentID: s.order.PaymentID, Leg: s.order.Leg, Dead: true, Absent: receipt.Absent}))
	if err != nil {
		return err
	}
	v := pirogue.Verdict{
		Decision: pirogue.DecisionRefused, Evidence: receipt.Words, Status: s.stands(),
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
		v := pirogue.Verdict{Decision: pirogue.DecisionRefused, Evidence: receipt.Words, Status: s.stands()}
		var err error
		switch {
		case !s.order.Kind.MoneyOut() && !s.overdue || receipt.UnderWay && workflow.Now(ctx).Before(s.deadline):
			v.Reason = "the operator has the payment under way and decides it"
		case remedy.Case != "" && remedy.Case != pirogue.NewCaseID(s.order.PaymentID, pirogue.CauseUnknown):
			v.Reason = "the payment is open: only its unknown outcome can be resolved"
		case remedy.Resolution != pirogue.ResolvedPaid && remedy.Resolution != pirogue.ResolvedUnpaid:
			v.Reason = "an unknown outcome is resolved as paid or unpaid"
		default:
			v, err = s.propose(ctx, remedy, "", v)
		}
		if err != nil {
			return receipt, err
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

// propose notes a resolution, or confirms the one that another person proposed. What was
// proposed stands in the acts' rows, so that a lost history forgets none.
func (s *story) propose(
	ctx workflow.Context, r pirogue.Remedy, id pirogue.CaseID, v pirogue.Verdict,
) (pirogue.Verdict, error) {
	c, err := call(ctx, ours(s.order.MerchantID, "second person"), do.ConfirmResolution,
		activities.ActionQuery{Act: r.Act, PaymentID: s.order.PaymentID, Case: id})
	switch {
	case err != nil:
		return v, err
	case c.Refused != "":
		v.Reason = c.Refused
	case c.Confirmed:
		v.Decision = pirogue.DecisionSettled
	case c.Proposer:
		v.Decision, v.Reason = pirogue.DecisionProposed, "the person who proposed it cannot confirm it"
	default:
		v.Decision, v.Reason = pirogue.DecisionProposed, "another person must confirm it"
	}
	return v, nil
}

// resolved is the operator's word that two people have established.
func (s *story) resolved(r pirogue.Remedy) pirogue.Receipt {
	s.bySupport = true
	words := "settled by support: " + r.Evidence
	if r.Resolution == pirogue.ResolvedPaid {
		return pirogue.Receipt{Outcome: pirogue.OutcomePaid, Words: words, Extra: s.claim}
	}
	return pirogue.Receipt{Outcome: pirogue.OutcomeDeclined, Words: words}
}

// stands returns where the payment stands, in support's words: an open one is PENDING.
func (s *story) stands() pirogue.Status { return cmp.Or(s.status, pirogue.StatusPending) }
