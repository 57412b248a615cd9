package workflows_test

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
	"pirogue/workflows"
)

// callBack has the operator call back when something becomes of an entry: not at all,
// once, or several times; and sometimes before it has answered the submission, or hours after all
// is over.
func (n *nature) callBack(e *entry) {
	if chance(n.fate, 0.1) {
		n.s.mark("a callback before the answer")
		n.s.callBack(e, 0, "early")
	}
	for i, after := range []time.Duration{e.paid, e.no, e.gone} {
		times := n.fate.IntN(4)
		if after == 0 || after == time.Nanosecond || times == 0 {
			continue
		}
		n.s.mark("a callback")
		if times > 1 {
			n.s.mark("a callback comes several times")
		}
		for again := range times {
			n.s.callBack(e, after+between(n.fate, 0, 5*time.Second), fmt.Sprint(i, again/2))
		}
	}
	for again := range n.s.dice["callbacks"].IntN(3) {
		n.s.callBack(e, between(n.s.dice["callbacks"], time.Minute, 8*time.Hour), fmt.Sprint("late", again))
	}
}

// callBack has the operator say after a while what it has done then.
func (s *scenario) callBack(e *entry, after time.Duration, body string) {
	unreadable := chance(s.dice["callbacks"], 0.1)
	call := func() {
		said := operator.OperatorResult{
			Outcome: e.truth(s.now()), ProviderTxID: s.alias(e.ref), Message: "a callback",
			Mismatch: e.party,
		}
		if said.Outcome == pirogue.OutcomePaid {
			said.Amount = pirogue.Money{Minor: e.amount, Currency: "XOF"}
		}
		if unreadable {
			s.mark("a callback cannot be read")
			said = operator.OperatorResult{Message: "<html>"}
		}
		attempt, err := s.lot.store.AttemptByRef(s.lot.t.Context(), instance, e.ref)
		require.NoError(s.lot.t, err)
		s.hear(attempt, said, body)
	}
	if after == 0 { // before any other thing happens
		call()
		return
	}
	s.plans(s.now().Add(after), call)
}

// forge has a stranger who knows the address call back after a while, and claim anything. An
// operator that proves its callbacks is not heard in a stranger's words.
func (s *scenario) forge(after time.Duration) {
	draw := s.dice["callbacks"].IntN(4)
	id := s.playing.ID
	s.plans(s.start.Add(after), func() {
		if s.plan.capability.Proof != operator.ProofNone {
			return
		}
		s.mark("a forged callback")
		_, attempt, err := s.lot.store.Latest(s.lot.t.Context(), id)
		require.NoError(s.lot.t, err)
		claims := []pirogue.Outcome{pirogue.OutcomePaid, pirogue.OutcomeDeclined, pirogue.OutcomePending, ""}
		s.hear(attempt, operator.OperatorResult{Outcome: claims[draw], Message: "a forged callback"}, "forged")
	})
}

// hear keeps a callback and passes it on as the API does, unless the API dies in between.
func (s *scenario) hear(a pirogue.Attempt, said operator.OperatorResult, body string) {
	s.lot.t.Helper()
	ctx := s.lot.t.Context()
	c := operator.NewCallback(a, said, []byte(body), s.now())
	fresh, err := s.lot.store.RecordCallback(ctx, c)
	require.NoError(s.lot.t, err)
	s.note("a callback about %s says %q", s.alias(a.Ref), said.Outcome)
	if !fresh {
		s.mark("the same callback again")
		return
	}
	if s.knows[a.PaymentID] != open {
		s.mark("a callback after the end")
	}
	if chance(s.dice["callbacks"], 0.1) {
		s.mark("a callback is left to the sweep")
		return
	}
	p, _, err := s.lot.store.Latest(ctx, a.PaymentID)
	require.NoError(s.lot.t, err)
	if err := s.SignalCallback(ctx, p.ID, p.Kind); err == nil {
		require.NoError(s.lot.t, s.lot.store.Routed(ctx, c.ID, s.now()))
		return
	}
	_, err = s.lot.store.RoutedAtEnd(ctx, c, s.now())
	require.NoError(s.lot.t, err)
}

// signalCallback signals the workflow that is played.
func (s *scenario) signalCallback() { s.env.SignalWorkflow(workflows.CallbackSignal, nil) }
