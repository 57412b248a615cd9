package lifecycle_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// TestAttemptProgress checks what the rows of an open payment say that it waits for.
func TestAttemptProgress(t *testing.T) {
	t.Parallel()
	at := func(after time.Duration) time.Time { return time.Date(2026, 4, 29, 14, 0, 0, 0, time.UTC).Add(after) }
	const window, day = 5 * time.Minute, 24 * time.Hour
	const customer, carrier, person = lifecycle.WaitsForCustomer, lifecycle.WaitsForOperator, lifecycle.WaitsForSupport
	policy := operator.RouteCandidate{Window: window, FinalityWindow: day}
	in := pirogue.Payment{Kind: pirogue.CashIn, ExpiresAt: at(window)}
	lost := pirogue.Payment{Kind: pirogue.CashIn}
	out := pirogue.Payment{Kind: pirogue.CashOut, ExpiresAt: at(window)}
	sent := func(state pirogue.AttemptState, next time.Time) lifecycle.AttemptProgress {
		return lifecycle.AttemptProgress{State: state, SentAt: at(time.Second), FirstSent: at(0), NextPoll: next}
	}
	never := time.Time{}
	for name, row := range map[string]struct {
		payment  pirogue.Payment
		attempt  lifecycle.AttemptProgress
		waitsFor string
		next     time.Time
		deadline time.Time
	}{
		"cash-in that waits to be sent":     {in, sent("PREPARED", never), carrier, never, never},
		"cash-in under way to its operator": {lost, sent("SENT", never), carrier, never, never},
		"cash-in before its first poll":     {in, sent("ACCEPTED", never), customer, at(6 * time.Second), at(window)},
		"cash-in between two polls": {
			in, sent("ACCEPTED", at(20*time.Second)), customer, at(20 * time.Second), at(window),
		},
		"cash-in before the last poll": {in, sent("ACCEPTED", at(window+time.Second)), customer, at(window), at(window)},
		"cash-in that is sent again":   {lost, sent("UNKNOWN", never), carrier, never, never},
		"cash-in whose response was lost": {
			lost, sent("UNKNOWN", at(20*time.Second)), customer, at(20 * time.Second), at(window + time.Second),
		},
		"cash-in that a dead worker sent": {
			lost, sent("SENT", at(20*time.Second)), customer, at(20 * time.Second), at(window + time.Second),
		},
		"cash-out that is parked":           {out, sent("PREPARED", never), carrier, never, never},
		"cash-out before its first poll":    {out, sent("UNKNOWN", never), carrier, at(6 * time.Second), at(day)},
		"cash-out before support is called": {out, sent("ACCEPTED", at(day+time.Hour)), carrier, at(day), at(day)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := lifecycle.WaitState{For: row.waitsFor, NextPoll: row.next, Deadline: row.deadline}
			require.Equal(t, want, row.attempt.WaitState(row.payment, policy))
		})
	}
	t.Run("support", func(t *testing.T) {
		t.Parallel()
		waits := func(p pirogue.Payment, state pirogue.AttemptState, change func(*lifecycle.AttemptProgress)) string {
			attempt := sent(state, never)
			change(&attempt)
			return attempt.WaitState(p, policy).For
		}
		suspended := func(a *lifecycle.AttemptProgress) { a.Suspended = true }
		asked := func(a *lifecycle.AttemptProgress) { a.AskFirst = true }
		require.Equal(t, person, waits(in, "PREPARED", suspended))
		require.Equal(t, person, waits(out, "PREPARED", asked))
		require.Equal(t, customer, waits(in, "ACCEPTED", suspended), "what has left goes on")
		require.Equal(t, person, waits(out, "UNKNOWN", func(a *lifecycle.AttemptProgress) { a.NeedsSupport = true }))
	})
	t.Run("polls_past_the_deadline", func(t *testing.T) {
		t.Parallel()
		unknown := sent("UNKNOWN", at(day+time.Hour))
		unknown.NeedsSupport = true
		require.Equal(t, at(day+time.Hour), unknown.WaitState(out, policy).NextPoll)
		asked := sent("ACCEPTED", at(window+time.Second))
		asked.AskFirst = true
		require.Equal(t, at(window+time.Second), asked.WaitState(in, policy).NextPoll)
	})
	t.Run("operator_that_left_the_configuration", func(t *testing.T) {
		t.Parallel()
		require.Zero(t, sent("ACCEPTED", never).WaitState(out, operator.RouteCandidate{}).Deadline)
	})
}
