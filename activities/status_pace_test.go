package activities_test

import (
	"cmp"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"pirogue"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// counter is a payment at an operator that is silent, and what else the operator is asked
// about.
type counter struct {
	activities.AttemptStore
	activities.SendingStore
	activities.OperatorStore
	operator.Operator

	payment pirogue.Payment
	state   pirogue.AttemptState // "" for ACCEPTED
	changed time.Time            // of the attempt: its acceptance, before the first poll
	polled  time.Time
	load    operator.PollLoad
	broken  bool // what is under way cannot be counted
	counts  int
	asked   int
	last    lifecycle.Poll // as it was recorded
	records int
	health  func() // happens while health is read; nil: nothing
}

func (c *counter) Numbered(context.Context, pirogue.PaymentID, int) (pirogue.Payment, pirogue.Attempt, error) {
	return c.payment, pirogue.Attempt{
		Operator: "op", State: cmp.Or(c.state, pirogue.AttemptAccepted), PolledAt: cmp.Or(c.polled, c.last.At),
		UpdatedAt: c.changed,
		NextPoll:  c.last.Next, PollEvery: c.last.Every, Evidence: pirogue.Evidence{Outcome: c.last.Outcome},
	}, nil
}

func (c *counter) RecordPoll(_ context.Context, p lifecycle.Poll) (pirogue.Evidence, error) {
	c.last = p
	c.records++
	return pirogue.Evidence{}, nil
}

func (c *counter) Breaker(context.Context, pirogue.OperatorCode) (operator.CircuitBreaker, error) {
	if c.health != nil {
		c.health()
	}
	return operator.CircuitBreaker{State: operator.BreakerClosed}, nil
}

func (c *counter) PollLoad(
	context.Context, pirogue.OperatorCode, time.Time, time.Time,
) (operator.PollLoad, error) {
	c.counts++
	if c.broken {
		return operator.PollLoad{}, pirogue.Errorf(pirogue.ServiceUnavailable, "too slow")
	}
	return c.load, nil
}

func (c *counter) Capability() operator.Capability {
	return operator.Capability{FinalityWindow: 24 * time.Hour}
}

func (c *counter) Status(context.Context, operator.StatusQuery) (operator.OperatorResult, error) {
	c.asked++
	return operator.OperatorResult{Outcome: pirogue.OutcomePending}, nil
}

// activities returns the activities at an operator whose contract allows so many calls a second.
func (c *counter) activities(rate float64, now *time.Time) *activities.Activities {
	return over(c, c, rate, now)
}

// over returns the activities over a store and an operator.
func over(db any, o operator.Operator, rate float64, now *time.Time) *activities.Activities {
	return activities.New(activities.Config{
		Store: activitiestest.Store(db), Clock: func() time.Time { return *now }, Chance: func() float64 { return 0.5 },
		Operators: map[pirogue.OperatorCode]operator.Instance{"op": {Code: "op", CallsPerSecond: rate, Operator: o}},
	})
}

// ask asks once at a pace and returns after what time the next question is asked.
func ask(t *testing.T, a *activities.Activities, pace activities.Pace) time.Duration {
	t.Helper()
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(a)
	_, err := env.ExecuteActivity(a.AskStatus, activities.StatusInput{
		Pace: pace, Candidate: operator.RouteCandidate{Operator: "op"},
	})
	var again *temporal.ApplicationError
	require.True(t, errors.As(err, &again), err)
	return again.NextRetryDelay()
}

func TestQuestionsKeepToTheirShare(t *testing.T) {
	t.Parallel()
	const contract = 10
	const brisk, slow, long = activities.Brisk, activities.Slow, activities.Long
	type asked = operator.PollLoad
	now := time.Date(2026, 4, 29, 14, 0, 0, 0, time.UTC)
	fresh := pirogue.Payment{Kind: pirogue.CashIn, Status: pirogue.StatusPending, CreatedAt: now.Add(-time.Minute)}
	old := pirogue.Payment{Kind: pirogue.CashIn, Status: pirogue.StatusPending, CreatedAt: now.Add(-3 * time.Minute)}
	out := pirogue.Payment{Kind: pirogue.CashOut, Status: pirogue.StatusPending, CreatedAt: now.Add(-time.Minute)}
	ended := pirogue.Payment{Kind: pirogue.CashIn, Status: pirogue.StatusExpired, UpdatedAt: now.Add(-time.Minute)}
	for name, row := range map[string]struct {
		payment pirogue.Payment
		pace    activities.Pace
		rate    float64
		load    asked
		want    time.Duration
	}{
		"few are under way":                 {fresh, brisk, contract, asked{Open: 10, Fresh: 10}, 5 * time.Second},
		"a contract without a limit":        {fresh, brisk, 0, asked{Open: 9000, Fresh: 9000}, 5 * time.Second},
		"many others that are older":        {fresh, brisk, contract, asked{Open: 9000, Fresh: 10}, 5 * time.Second},
		"many others that have ended":       {fresh, brisk, contract, asked{Fresh: 10, Watched: 90_000}, 5 * time.Second},
		"as many fresh as fill a share":     {fresh, brisk, contract, asked{Open: 245, Fresh: 245}, 100 * time.Second},
		"an old one beside none":            {old, brisk, contract, asked{Open: 350}, 100 * time.Second},
		"an old one beside fresh ones":      {old, brisk, contract, asked{Open: 160, Fresh: 10}, 100 * time.Second},
		"an old one beside all too many":    {old, brisk, contract, asked{Open: 1105, Fresh: 1000}, 100 * time.Second},
		"money out has no customer":         {out, long, contract, asked{Open: 350}, 100 * time.Second},
		"few have ended":                    {ended, slow, contract, asked{Watched: 10}, time.Minute},
		"many have ended":                   {ended, slow, contract, asked{Watched: 7200}, 2 * time.Hour},
		"many are open, and few have ended": {ended, slow, contract, asked{Open: 9000, Watched: 10}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &counter{payment: row.payment, load: row.load}
			wait := ask(t, c.activities(row.rate, &now), row.pace)
			require.InDelta(t, row.want, wait, float64(row.want)*0.051)
			require.Equal(t, 1, c.asked)
			require.Equal(t, now.Add(wait), c.last.Next, "the row tells another moment")
		})
	}
}

func TestACountThatFailsMakesQuestionsRarer(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 4, 29, 14, 0, 0, 0, time.UTC)
	c := &counter{payment: pirogue.Payment{Kind: pirogue.CashIn, CreatedAt: now}, broken: true}
	a := c.activities(10, &now)
	require.Equal(t, 30*time.Second, ask(t, a, activities.Brisk), "nothing is known")
	require.Equal(t, 30*time.Second, ask(t, a, activities.Brisk))
	require.Equal(t, 1, c.counts, "a database in trouble is not asked again at once")

	c.broken, c.load = false, operator.PollLoad{Open: 245, Fresh: 245}
	now = now.Add(11 * time.Second)
	require.Equal(t, 100*time.Second, ask(t, a, activities.Brisk))
	c.broken = true
	now = now.Add(11 * time.Second)
	require.Equal(t, 100*time.Second, ask(t, a, activities.Brisk), "the last count goes on to be believed")
}

// A watch that begins again, after a callback or another start of its workflow, asks no sooner.
func TestAWatchThatBeginsAgainIsNotAskedSooner(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 4, 29, 14, 0, 0, 0, time.UTC)
	ended := pirogue.Payment{Kind: pirogue.CashIn, Status: pirogue.StatusExpired, UpdatedAt: now.Add(-2 * time.Hour)}
	c := &counter{payment: ended, polled: now.Add(-30 * time.Minute)}
	require.Equal(t, 63*time.Minute, ask(t, c.activities(0, &now), activities.Slow), "at three hours, and a bit")
	require.Zero(t, c.asked)

	c.polled = now.Add(-90 * time.Minute)
	ask(t, c.activities(0, &now), activities.Slow)
	require.Equal(t, 1, c.asked, "the question at one hour was not asked")
}

// A run that hangs between the operator's answer and our row writes when it was answered: an answer
// that is older than the finality window is none of after it.
func TestAnAnswerIsEvidenceOfItsOwnMoment(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 4, 29, 14, 0, 0, 0, time.UTC)
	answered := now
	c := &counter{payment: pirogue.Payment{Kind: pirogue.CashOut, Status: pirogue.StatusPending, CreatedAt: now}}
	c.health = func() { now = now.Add(time.Hour) }
	ask(t, c.activities(0, &now), activities.Long)
	require.Equal(t, answered, c.last.At)
	require.NotEqual(t, answered, now, "nothing hung")
}

// An answer that repeats the last one is recorded where evidence counts, and nowhere else.
func TestEqualAnswersAreRecordedWhereTheyAreEvidence(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 4, 29, 14, 0, 0, 0, time.UTC)
	for name, row := range map[string]struct {
		kind   pirogue.PaymentKind
		status pirogue.Status
		pace   activities.Pace
		every  time.Duration
		want   int
	}{
		"cash-in":              {pirogue.CashIn, pirogue.StatusPending, activities.Brisk, lifecycle.FirstPollAfter, 1},
		"cash-out":             {pirogue.CashOut, pirogue.StatusPending, activities.Long, lifecycle.FirstPollAfter, 4},
		"refund":               {pirogue.Refund, pirogue.StatusPending, activities.Long, lifecycle.FirstPollAfter, 4},
		"cash-in that expired": {pirogue.CashIn, pirogue.StatusExpired, activities.Slow, 12 * time.Hour, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := began
			c := &counter{payment: pirogue.Payment{Kind: row.kind, Status: row.status, CreatedAt: now, UpdatedAt: now}}
			a := c.activities(0, &now)
			for range 4 {
				ask(t, a, row.pace)
				now = now.Add(row.every)
			}
			require.Equal(t, 4, c.asked)
			require.Equal(t, row.want, c.records)
		})
	}
}

// No call is wasted on an operator that knows no result yet.
func TestFirstPollIsNotInTheSecondOfTheSubmission(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 4, 29, 14, 0, 0, 0, time.UTC)
	in := pirogue.Payment{Kind: pirogue.CashIn, Status: pirogue.StatusPending, CreatedAt: now}
	out := pirogue.Payment{Kind: pirogue.CashOut, Status: pirogue.StatusPending, CreatedAt: now}
	qr := in
	qr.NextAction.Type = pirogue.ActionQR
	const brisk, long = activities.Brisk, activities.Long
	oneStep := operator.AtOnce{OneStep: true, MoneyOut: true}
	for name, row := range map[string]struct {
		counter counter
		pace    activities.Pace
		atOnce  operator.AtOnce
		age     time.Duration // of the acceptance
		want    time.Duration // until the first poll; 0: it is made
	}{
		"just accepted":                  {counter{payment: in}, brisk, operator.AtOnce{}, 0, 5 * time.Second},
		"accepted two seconds ago":       {counter{payment: out}, long, operator.AtOnce{}, 2 * time.Second, 3 * time.Second},
		"accepted a step ago":            {counter{payment: in}, brisk, operator.AtOnce{}, 5 * time.Second, 0},
		"accepted by a fast clock":       {counter{payment: in}, brisk, operator.AtOnce{}, -time.Hour, 5 * time.Second},
		"decided at once":                {counter{payment: in}, brisk, operator.AtOnce{CashIn: true}, 0, 0},
		"money out, decided at once":     {counter{payment: out}, long, oneStep, 0, 0},
		"one step":                       {counter{payment: in}, brisk, oneStep, 0, 0},
		"a QR code of the same operator": {counter{payment: qr}, brisk, oneStep, 0, 5 * time.Second},
		"the response was lost":          {counter{payment: out, state: "UNKNOWN"}, long, operator.AtOnce{}, 0, 0},
		"polled before":                  {counter{payment: in, polled: now}, brisk, operator.AtOnce{}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := row.counter
			c.changed = now.Add(-row.age)
			a := activities.New(activities.Config{
				Store: activitiestest.Store(&c), Clock: func() time.Time { return now }, Chance: func() float64 { return 0.5 },
				Operators: map[pirogue.OperatorCode]operator.Instance{
					"op": {Code: "op", DecidesAtOnce: row.atOnce, Operator: &c},
				},
			})
			wait := ask(t, a, row.pace)
			if row.want == 0 {
				require.Equal(t, 1, c.asked)
				return
			}
			require.Zero(t, c.asked)
			require.Zero(t, c.records, "nothing was asked that could be recorded")
			require.InDelta(t, row.want, wait, float64(row.want)*0.051)
		})
	}
}
