package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"pirogue"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/lifecycle"
	"pirogue/support"
	"pirogue/workflows"
)

// temporalIs holds the lead of Temporal's clock over ours in these tests.
var temporalIs = map[string]time.Duration{"ahead": 10 * time.Hour, "behind": -10 * time.Hour}

// TestResumeWindowByClock proves that the window of a customer neither closes early nor stays
// open. The clock of Temporal's server is not ours.
func TestResumeWindowByClock(t *testing.T) {
	t.Parallel()

	for name, ahead := range temporalIs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t, setting{kind: pirogue.CashIn, finalityWindow: finalityWindow})
			w.loseAfter(2 * time.Minute)
			w.rebuild()
			r := w.input.Resumes // its times are ours
			r.At, r.ExpiresAt = w.env.Now().Add(-ahead), r.ExpiresAt.Add(-ahead)
			p := w.runAndAudit()
			require.Equal(t, pirogue.StatusExpired, p.Status)
			require.WithinDuration(t, p.ExpiresAt, p.UpdatedAt, 15*time.Second)
		})
	}
}

// TestResumeWatchByClock proves the same of the watch for late money.
func TestResumeWatchByClock(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashIn, policy: pirogue.LateReturn, finalityWindow: 5 * time.Hour})
	w.operator.script = []scripted{{from: 4 * time.Hour, outcome: pirogue.OutcomePaid}}
	w.loseAfter(7 * time.Minute)
	w.rebuild()
	r, ahead := w.input.Resumes, temporalIs["ahead"]
	r.At, r.EndedAt = w.env.Now().Add(-ahead), r.EndedAt.Add(-ahead)
	w.runAndAudit()
	_, closed := w.cases(w.payment.ID)
	require.Equal(t, []support.Cause{support.CauseLateSuccess}, closed)
}

// TestEarlierWatchByClock proves the same of an attempt that another
// one has followed.
func TestEarlierWatchByClock(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashIn, next: true})
	w.operator.answers, w.operator.tokenless = []error{unable}, true
	w.operator.script = []scripted{
		{outcome: pirogue.OutcomeAbsent}, {from: 18 * time.Hour, outcome: pirogue.OutcomePaid},
	}
	w.next.script = neverKnown
	a := activities.New(activities.Config{
		Store: activitiestest.Store(w.store), Operators: w.instances(false), Clock: w.env.Now,
	})
	w.env.OnActivity("EarlierAttempts", mock.Anything, mock.Anything).Return(
		func(ctx context.Context, id pirogue.PaymentID) ([]activities.EarlierAttempt, error) {
			found, err := a.EarlierAttempts(ctx, id)
			for n := range found { // as a Pirogue tells it whose clock is behind Temporal's
				found[n].Now = found[n].Now.Add(-temporalIs["ahead"])
				found[n].Until = found[n].Until.Add(-temporalIs["ahead"])
			}
			return found, err
		})
	w.env.SetWorkflowRunTimeout(openFor)
	w.runAndAudit()
	_, closed := w.cases(w.payment.ID)
	require.Equal(t, []support.Cause{support.CauseEarlierPaid}, closed)
}

// launched takes down what a workflow is started with.
type launched struct {
	client.Client

	input lifecycle.PaymentInput
}

func (l *launched) ExecuteWorkflow(
	_ context.Context, _ client.StartWorkflowOptions, _ any, args ...any,
) (client.WorkflowRun, error) {
	input, ok := args[0].(lifecycle.PaymentInput)
	if !ok {
		return nil, errors.New("no order")
	}
	l.input = input
	return struct{ client.WorkflowRun }{}, nil
}

func TestRestartTime(t *testing.T) {
	t.Parallel()

	now, temporal := time.Date(2026, 4, 29, 14, 0, 0, 0, time.UTC), &launched{}
	starter := &workflows.Starter{
		Client: temporal, Clock: func() time.Time { return now },
		NewRestartInput: func(lifecycle.Restart) (lifecycle.PaymentInput, error) {
			return lifecycle.PaymentInput{Resumes: &lifecycle.Resumption{}}, nil
		},
	}
	require.NoError(t, starter.Restart(t.Context(), lifecycle.Restart{Payment: pirogue.Payment{Kind: pirogue.CashIn}}))
	require.Equal(t, now, temporal.input.Resumes.At)
}
