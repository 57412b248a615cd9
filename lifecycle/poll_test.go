package lifecycle_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
)

// TestPollRepeats checks which polls need no record.
func TestPollRepeats(t *testing.T) {
	t.Parallel()
	const every = 10 * time.Second
	at := func(after time.Duration) time.Time { return time.Date(2026, 4, 29, 14, 0, 0, 0, time.UTC).Add(after) }
	none := func(*lifecycle.Poll, *pirogue.Attempt) {}
	poll := func(change func(*lifecycle.Poll)) func(*lifecycle.Poll, *pirogue.Attempt) {
		return func(p *lifecycle.Poll, _ *pirogue.Attempt) { change(p) }
	}
	attempt := func(change func(*pirogue.Attempt)) func(*lifecycle.Poll, *pirogue.Attempt) {
		return func(_ *lifecycle.Poll, a *pirogue.Attempt) { change(a) }
	}
	drift := func(to time.Duration) func(*lifecycle.Poll, *pirogue.Attempt) {
		return poll(func(p *lifecycle.Poll) { p.Next = at(to) })
	}
	for name, row := range map[string]struct {
		change func(*lifecycle.Poll, *pirogue.Attempt)
		want   bool
	}{
		"pending again":                {none, true},
		"pending, in another word":     {poll(func(p *lifecycle.Poll) { p.Message = "INITIATED" }), false},
		"paid":                         {poll(func(p *lifecycle.Poll) { p.Outcome = pirogue.OutcomePaid }), false},
		"not known":                    {poll(func(p *lifecycle.Poll) { p.Outcome = pirogue.OutcomeAbsent }), false},
		"money that leaves us":         {poll(func(p *lifecycle.Poll) { p.Every = 0 }), false},
		"before the first record":      {attempt(func(a *pirogue.Attempt) { a.PollEvery = 0 }), false},
		"the steps become longer":      {poll(func(p *lifecycle.Poll) { p.Every *= 2 }), false},
		"they drift a little":          {drift(32 * time.Second), true},
		"they drift by a third":        {drift(33 * time.Second), false},
		"they drift to the other side": {drift(28 * time.Second), true},
		"no record for 40 s": {
			poll(func(p *lifecycle.Poll) { p.At, p.Next = at(40*time.Second), at(50*time.Second) }), false,
		},
		"no record for two hours, in long steps": {
			func(p *lifecycle.Poll, a *pirogue.Attempt) {
				p.Every, a.PollEvery, a.NextPoll = time.Hour, time.Hour, at(time.Hour)
				p.At, p.Next = at(2*time.Hour), at(3*time.Hour)
			}, true,
		},
		"the operator is away again": {func(p *lifecycle.Poll, a *pirogue.Attempt) {
			p.Outcome, p.Message, a.OperatorMessage = "", "502", "502"
		}, true},
		"evidence was forgotten": {attempt(func(a *pirogue.Attempt) { a.Evidence = pirogue.Evidence{} }), false},
		"evidence of an end": {
			attempt(func(a *pirogue.Attempt) { a.Evidence.Outcome = pirogue.OutcomeAbsent }), false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			attempt := pirogue.Attempt{
				PolledAt: at(0), NextPoll: at(every), PollEvery: every, OperatorMessage: "PENDING",
				Evidence: pirogue.Evidence{Outcome: pirogue.OutcomePending, Times: 1},
			}
			poll := lifecycle.Poll{
				Outcome: pirogue.OutcomePending, Message: "PENDING", At: at(20 * time.Second),
				Next: at(30 * time.Second), Every: every,
			}
			row.change(&poll, &attempt)
			require.Equal(t, row.want, poll.Repeats(attempt))
		})
	}
}

// TestPollPlan checks when readers are told that the next poll follows.
func TestPollPlan(t *testing.T) {
	t.Parallel()
	next := time.Date(2026, 4, 29, 14, 0, 0, 0, time.UTC)
	const every = 10 * time.Second
	require.Zero(t, lifecycle.PollPlan{Every: every}.After(next), "nobody has polled yet")
	require.Equal(t, next, lifecycle.PollPlan{Next: next}.After(next.Add(time.Hour)), "overdue: each is recorded")
	plan := lifecycle.PollPlan{Next: next, Every: every}
	for after, want := range map[time.Duration]time.Duration{
		-time.Hour: 0, -1: 0, 0: every, 1: every, every: 2 * every, 25 * time.Second: 3 * every,
	} {
		require.Equal(t, next.Add(want), plan.After(next.Add(after)), after)
	}
}
