package workflows_test

import (
	"slices"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"pirogue"
	"pirogue/ids"
	"pirogue/support"
	"pirogue/workflows"
)

// visit plans when support looks at the payment: out of turn while it is young, and
// past the operator's finality window again and again until it has ended. Then two people who
// know the truth settle it.
func (s *scenario) visit() {
	r := s.dice["support"]
	if chance(r, 0.4) {
		for range 1 + r.IntN(3) {
			s.later(between(r, 0, 25*time.Minute), s.meddle)
		}
	}
	for n := range visits {
		if s.plan.unattended {
			break
		}
		s.later(simHorizon+visitEvery+time.Duration(n)*visitEvery, func() { s.settle(n) })
	}
}

// waits bounds a scenario in which support never comes.
const waits = 8 * time.Hour

// leave stops telling a workflow whose payment waits for people who never come.
func (s *scenario) leave() {
	if !s.plan.unattended {
		return
	}
	s.later(waits, func() {
		s.mark("nobody of support comes")
		s.note("nobody of support comes")
		s.cutAt, s.left[s.playing.ID] = s.lot.now(), true
		s.rig.vanish()
		loseHistory(s.env)
	})
}

// later does something when its time has come, if the workflow is still told.
func (s *scenario) later(after time.Duration, do func()) {
	s.env.RegisterDelayedCallback(func() {
		if s.endedAt.IsZero() && s.cutAt.IsZero() {
			do()
		}
	}, after)
}

// meddle is somebody who asks without knowing, and sometimes two who are wrong.
func (s *scenario) meddle() {
	r := s.dice["support"]
	s.mark("support asks out of turn")
	switch draw := r.IntN(10); {
	case draw < 3:
		s.ask(recheck())
	case draw < 5:
		s.ask(redrive())
	case draw < 6:
		s.mark("support presses a button twenty times")
		for n := range 20 {
			s.after(n, []support.SupportAction{recheck(), redrive()}[r.IntN(2)])
		}
	case draw < 8:
		s.ask(resolve("awa", []support.Resolution{
			support.ResolvedPaid, support.ResolvedUnpaid, support.ResolvedReturn, support.ResolvedPlaced,
		}[r.IntN(4)]))
	default:
		// Wrong about money that is said not to have moved: it is found when it moves.
		s.mark("support is wrong")
		s.after(0, resolve("fanta", support.ResolvedUnpaid))
		s.after(1, resolve("seydou", support.ResolvedUnpaid))
	}
}

// settle is two people who know the truth. Sooner or later they settle what no redrive changes.
func (s *scenario) settle(visit int) {
	s.lot.t.Helper()
	p, _, err := s.lot.store.Latest(s.lot.t.Context(), s.playing.ID)
	require.NoError(s.lot.t, err)
	cases, err := s.lot.store.Cases(s.lot.t.Context(), p.ID)
	require.NoError(s.lot.t, err)
	open := slices.DeleteFunc(cases, func(c support.Case) bool {
		return !c.ClosedAt.IsZero() || !c.Cause.SettledByWorkflow() || c.Cause == support.CauseUnknown
	})
	if len(open) > 0 { // they are settled in an order of their own: one after the other is tried
		s.mark("support settles stray money")
		c := open[visit%len(open)]
		s.two(s.placing(p, c), c.ID)
		return
	}
	switch _, executed := s.nature.moves(p.ID); {
	case p.Status.Terminal(), s.nature.undecided(p.ID):
	case executed > 0:
		s.ask(recheck())
	case chance(s.dice["support"], 0.8) && visit < visits/2:
		s.ask(redrive())
	default:
		s.mark("support settles an unknown outcome")
		s.two(support.ResolvedUnpaid, "")
	}
}

// placing draws what becomes of money that a case has in suspense.
func (s *scenario) placing(p pirogue.Payment, c support.Case) support.Resolution {
	heads := chance(s.dice["support"], 0.5)
	switch {
	case !p.Kind.MoneyOut() && !s.plan.noWay && heads:
		return support.ResolvedReturn
	case !p.Kind.MoneyOut() || p.Status.Terminal():
		return support.ResolvedPlaced
	case p.HasPart(c.Paid) && heads:
		s.mark("a payment is paid in part")
		return support.ResolvedInPart
	case c.Paid == p.AtOperator().Minor && heads:
		return support.ResolvedPaid
	default:
		return support.ResolvedUnpaid
	}
}

// two has two people say the same of a case, one after the other; "" for the one there is.
func (s *scenario) two(as support.Resolution, of support.CaseID) {
	for n, actor := range []string{"awa", "moussa"} {
		r := resolve(actor, as)
		r.Case = of
		s.after(n, r)
	}
}

// apart is the time between two actions that people ask for in turn: longer than any activity
// takes, so that one seed is one order of them.
const apart = 2 * time.Second

// after puts an act after n others.
func (s *scenario) after(n int, r support.SupportAction) {
	s.later(time.Duration(n)*apart, func() { s.ask(r) })
}

// ask writes an act down and puts it to the workflow.
func (s *scenario) ask(r support.SupportAction) {
	r.AuditID = ids.New()
	a := &askedAction{act: r}
	require.NoError(s.lot.t, s.lot.store.BeginAuditEntry(s.lot.t.Context(), support.AuditEntry{
		ID: r.AuditID, At: s.now(), Actor: r.Actor, Role: support.RoleFinance, Action: r.Kind, PaymentID: s.playing.ID,
		Reason: "simulated", Resolution: r.Resolution, Evidence: r.Evidence, Case: r.Case,
	}))
	s.note("%s asks to %s %s", r.Actor, r.Kind, r.Resolution)
	s.actions[r.AuditID] = a
	s.env.UpdateWorkflow(workflows.ActionUpdate, r.AuditID, &testsuite.TestUpdateCallback{
		OnAccept: func() {},
		OnReject: func(err error) { a.turned = err },
		OnComplete: func(answer any, err error) {
			a.err = err
			result, ok := answer.(support.ActionResult)
			if !ok {
				return
			}
			a.result = result
			s.note("%s is told: %s, %s", r.Actor, result.Decision, result.Reason)
			if result.Decision == support.DecisionResubmitted {
				s.mark("support makes another attempt")
			}
		},
	}, r.AuditID)
}
