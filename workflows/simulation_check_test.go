package workflows_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/listing"
	"pirogue/operator"
	"pirogue/support"
	"pirogue/webhook"
)

// check proves what must be true when everything has been told.
func (s *scenario) check() {
	s.lot.t.Helper()
	var parents []pirogue.Payment
	for _, p := range s.running {
		if p.ParentID != "" && !p.Late {
			parents = append(parents, pirogue.Payment{ID: p.ParentID})
		}
	}
	var all []pirogue.Payment
	for _, running := range slices.Concat(s.running, parents) {
		p, attempt, err := s.lot.store.Latest(s.lot.t.Context(), running.ID)
		require.NoError(s.lot.t, err)
		all = append(all, p)
		s.checkMoney(p)
		s.checkFailure(p, attempt)
		s.checkHistory(p)
		for n := range p.Sequence {
			if !s.told(webhook.NewEventID(p.ID, n+1)) {
				s.wrong("the merchant was not told that %s %s ended for the %d. time", p.Kind, p.OrderID, n+1)
			}
		}
	}
	s.checkNews()
	s.checkCallbacks()
	s.checkBalance(all)
	s.checkActions()
	s.lot.moved = append(s.lot.moved, s.nature.arrived...)
}

// told reports whether an event has a workflow or was delivered by that of its payment.
func (s *scenario) told(id pirogue.EventID) bool {
	s.lot.t.Helper()
	if slices.Contains(s.news, id) {
		return true
	}
	event, err := s.lot.store.Event(s.lot.t.Context(), id)
	require.NoError(s.lot.t, err)
	return event.State == pirogue.EventDelivered || event.State == pirogue.EventExhausted
}

// checkMoney proves that a payment's status says what the operator did.
func (s *scenario) checkMoney(p pirogue.Payment) {
	s.lot.t.Helper()
	moved, times := s.nature.moves(p.ID)
	cases, err := s.lot.store.Cases(s.lot.t.Context(), p.ID)
	require.NoError(s.lot.t, err)
	waiting := slices.ContainsFunc(cases, func(c support.Case) bool { return c.ClosedAt.IsZero() })
	succeeded := p.Status == pirogue.StatusSuccess || p.Status == pirogue.StatusReversed
	switch {
	case s.left[p.ID] && (!p.Status.Terminal() || p.FinishedAt.IsZero()) && !waiting:
		s.wrong("%s %s is %s, and no case tells support of it", p.Kind, p.OrderID, p.Status)
	case !s.left[p.ID] && !p.Status.Terminal():
		s.wrong("%s %s is %s at the end of all", p.Kind, p.OrderID, p.Status)
	case !s.left[p.ID] && p.FinishedAt.IsZero():
		s.wrong("%s %s has ended, and its row says that its workflow has something to do", p.Kind, p.OrderID)
	case times > 1:
		s.wrong("%s %s was executed %d times", p.Kind, p.OrderID, times)
	case succeeded && moved != p.AtOperator().Minor:
		s.wrong("%s %s of %d is SUCCESS, the operator moved %d", p.Kind, p.OrderID, p.AtOperator().Minor, moved)
	case !succeeded && moved > 0 && len(cases) == 0:
		s.wrong("%s %s is %s, the operator moved %d, and nobody knows", p.Kind, p.OrderID, p.Status, moved)
	case waiting && !s.left[p.ID]:
		s.wrong("a case of %s %s is open for ever: %+v", p.Kind, p.OrderID, cases)
	}
}

// checkFailure proves that money out which may have reached the operator is never called failed
// on time alone. Its word or that of two people must say so.
func (s *scenario) checkFailure(p pirogue.Payment, a pirogue.Attempt) {
	s.lot.t.Helper()
	refs := s.nature.tries[p.ID]
	byPeople := p.Failure.Code == pirogue.FailedBySupport || p.Failure.Code == pirogue.FailedInPart
	if !p.Kind.MoneyOut() || p.Status != pirogue.StatusFailed || byPeople || len(refs) == 0 {
		return
	}
	if !s.denied(a, s.failed[p.ID]) {
		s.wrong("%s %s is FAILED (%s) without the operator's word", p.Kind, p.OrderID, p.Failure.Code)
	}
}

// denied reports whether the operator had said twice, five seconds apart, that an
// attempt came to nothing; or that it knows nothing of it, where that proves something.
func (s *scenario) denied(a pirogue.Attempt, by time.Time) bool {
	var run []*statement
	proof := false
	for _, word := range s.nature.said[a.Ref] {
		if word.known.IsZero() || word.known.After(by) {
			continue
		}
		if len(run) > 0 && run[0].outcome != word.outcome {
			run = nil
		}
		run = append(run, word)
		apart := word.at.Sub(run[0].at) >= 5*time.Second-2*coarse
		switch word.outcome {
		case pirogue.OutcomeDeclined, pirogue.OutcomeExpired:
			proof = apart
		case pirogue.OutcomeAbsent:
			past := len(run) >= 3 && !word.at.Before(
				a.SentAt.Add(simHorizon-2*coarse),
			) && s.plan.capability.AbsenceProves
			proof = past || apart && a.State == pirogue.AttemptRefused
		default:
			proof = false
		}
	}
	return proof
}

// checkHistory proves that a payment took only steps that exist.
func (s *scenario) checkHistory(p pirogue.Payment) {
	s.lot.t.Helper()
	moments, err := s.lot.store.Timeline(s.lot.t.Context(), s.owner, p.ID)
	require.NoError(s.lot.t, err)
	at := string(pirogue.StatusCreated)
	for _, m := range moments {
		if m.Type != support.StatusChanged {
			continue
		}
		from, to := pirogue.Status(fmt.Sprint(m.Details["from"])), pirogue.Status(fmt.Sprint(m.Details["to"]))
		if string(from) != at || !from.CanBecome(to, p.Kind) {
			s.wrong("%s %s went from %s to %s", p.Kind, p.OrderID, from, to)
		}
		if from == pirogue.StatusExpired || from == pirogue.StatusFailed {
			s.mark("late money is accepted")
		}
		at = string(to)
	}
	if at != string(p.Status) {
		s.wrong("%s %s is %s, its history ends at %s", p.Kind, p.OrderID, p.Status, at)
	}
}

// checkNews proves that every event was delivered, or is seen to be exhausted.
func (s *scenario) checkNews() {
	s.lot.t.Helper()
	logs, err := s.lot.store.Deliveries(s.lot.t.Context(), s.owner, listing.EventFilter{Limit: listing.MaxPage})
	require.NoError(s.lot.t, err)
	for _, event := range logs {
		announced := slices.Contains(s.news, event.ID)
		if announced && event.State != pirogue.EventDelivered && event.State != pirogue.EventExhausted {
			s.wrong("the event %s is %s", event.ID, event.State)
		}
	}
}

// checkCallbacks proves that no callback waits for a workflow that is told of it.
func (s *scenario) checkCallbacks() {
	s.lot.t.Helper()
	unrouted, err := s.lot.store.Unrouted(
		s.lot.t.Context(), operator.Callback{}, s.start.Add(time.Hour), listing.MaxPage,
	)
	require.NoError(s.lot.t, err)
	for _, c := range unrouted {
		if s.lot.owner[c.PaymentID] == s {
			s.wrong("nobody was told of a callback that says %q", c.Result.Outcome)
		}
	}
}

// checkBalance proves that the merchant has what its payments say, and what they hold.
func (s *scenario) checkBalance(all []pirogue.Payment) {
	s.lot.t.Helper()
	balances, err := s.lot.store.Balances(s.lot.t.Context(), s.owner)
	require.NoError(s.lot.t, err)
	available := int64(0)
	if s.plan.kind != pirogue.CashIn {
		available = funds
	}
	held, pending := int64(0), int64(0)
	for _, p := range all {
		switch {
		case !p.Status.Terminal() && p.Kind == pirogue.CashIn:
			pending += p.Net()
		case !p.Status.Terminal() && p.Kind.MoneyOut() && !p.Late:
			available -= p.Net()
			held += p.Net()
		case p.Moved > 0:
			available -= p.Moved
		case p.Status != pirogue.StatusSuccess && p.Status != pirogue.StatusReversed:
		case p.Kind == pirogue.CashIn && s.plan.kind == pirogue.CashIn:
			available += p.Net()
		case p.Kind.MoneyOut():
			available -= p.Net()
		}
		if p.Kind == pirogue.CashIn {
			available += p.FeeReturned(0, p.Refunded)
		}
	}
	got := listing.Balance{}
	if len(balances) > 0 {
		got = balances[0]
	}
	if got.Available != available || got.Reserved != held || got.Pending != pending {
		s.wrong("the merchant has %d, %d held and %d pending; its payments say %d",
			got.Available, got.Reserved, got.Pending, available)
	}
}

// checkActions proves that support was answered, unless the history was lost meanwhile.
func (s *scenario) checkActions() {
	s.lot.t.Helper()
	for _, p := range s.running {
		actions, err := s.lot.store.AuditEntries(s.lot.t.Context(), p.ID, listing.MaxPage)
		require.NoError(s.lot.t, err)
		for _, kept := range actions {
			if kept.Action == support.ActionCancel {
				s.checkCancel(p, kept)
				continue
			}
			asked := s.actions[kept.ID]
			switch {
			case asked.turned != nil || asked.result.Decision == "" && (s.lost || s.left[p.ID]):
			case asked.err != nil || asked.result.Decision == "":
				s.wrong("%s by %s was never answered: %v", kept.Action, kept.Actor, asked.err)
			case asked.result != kept.Result:
				s.wrong("%s was told %+v, the log says %+v", kept.Actor, asked.result, kept.Result)
			case decides(kept) && !seconded(kept, actions):
				s.wrong("%s settled a case alone", kept.Actor)
			}
		}
		if s.recorded[p.ID] {
			s.wrong("the cancel request of %s %s is not in the audit log", p.Kind, p.OrderID)
		}
	}
}

// checkCancel proves that the audit log says of a cancel request that it decided nothing.
func (s *scenario) checkCancel(p pirogue.Payment, kept support.AuditEntry) {
	s.lot.t.Helper()
	if s.cancelled[p.ID].IsZero() || kept.Result.Decision != support.DecisionRefused {
		s.wrong("the cancel request of %s %s is kept as %+v", p.Kind, p.OrderID, kept)
	}
	delete(s.recorded, p.ID)
}

// ruling limits the time between the records of one decision's results.
const ruling = time.Second + 2*coarse

// decides reports whether an act, with another one before it, decided about money.
func decides(a support.AuditEntry) bool {
	settled := a.Result.Decision == support.DecisionSettled &&
		a.Result.Reason == "the case is settled: "+string(a.Resolution)
	returns := a.Result.Decision == support.DecisionWaiting
	return a.Action == support.ActionResolve && (settled || returns)
}

// seconded reports whether two people agreed on what an act decided: one proposed it since the
// decision before, and another one confirmed it together with the act.
func seconded(one support.AuditEntry, actions []support.AuditEntry) bool {
	together := func(a support.AuditEntry) bool { return one.EndedAt.Sub(a.EndedAt).Abs() < ruling }
	since := time.Time{}
	for _, a := range actions {
		if decides(a) && !together(a) && a.EndedAt.Before(one.EndedAt) && a.EndedAt.After(since) {
			since = a.EndedAt
		}
	}
	return slices.ContainsFunc(actions, func(first support.AuditEntry) bool {
		proposed := first.Result.Decision == support.DecisionProposed && first.Resolution == one.Resolution &&
			first.EndedAt.After(since) && !first.EndedAt.After(one.EndedAt.Add(2*coarse))
		return proposed && slices.ContainsFunc(actions, func(second support.AuditEntry) bool {
			return second.Actor != first.Actor && decides(second) && together(second) &&
				second.Resolution == one.Resolution
		})
	})
}
