package workflows_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

// rig runs the activities as workers and a server do that may fail: a worker dies when its work
// is done and nobody hears of it, or a workflow is gone. An activity may also be cancelled and
// not run again. The test environment knows none of these.
type rig struct {
	*activities.Activities
	loses func(name string) bool // whether the worker dies after this run; nil: never
	// unserved says whether nobody takes this activity of an operator's queue; nil: somebody does.
	unserved func(queue pirogue.OperatorCode) bool
	left     func() // is called when a first delivery is left to its event's workflow; nil: nobody is told
	// runs begins a run, which may hang; nil: none does.
	runs func(context.Context) (context.Context, *hungRun)

	mu        sync.Mutex
	cancelled map[string]bool
	gone      bool // the workflow is: nothing it asks for happens any more
	begun     int
}

// maxRuns limits the activities that one workflow may run. A workflow that polls for a month
// needs a few hundred; more is one that turns in a circle.
const maxRuns = 3000

// newRig registers the activities in env.
func newRig(env *testsuite.TestWorkflowEnvironment, a *activities.Activities) *rig {
	r := &rig{Activities: a, cancelled: map[string]bool{}}
	env.SetOnActivityCanceledListener(func(info *activity.Info) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.cancelled[info.ActivityID] = true
	})
	env.RegisterActivity(r)
	return r
}

// vanish makes the workflow gone: its history is lost, and nobody asks for anything.
func (r *rig) vanish() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone = true
}

// refuses returns why an activity is not run.
func (r *rig) refuses(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begun++
	if r.gone || r.begun > maxRuns || r.cancelled[activity.GetInfo(ctx).ActivityID] {
		return temporal.NewNonRetryableApplicationError("nobody waits for it", "GONE", nil)
	}
	return nil
}

// worked runs one activity. A failure is worth another run, and Temporal itself says
// when the time for that is over; the test environment does not, so every failure is
// told in the words that activities.TimedOut knows.
func worked[In, Out any](
	ctx context.Context, r *rig, in In, do func(context.Context, In) (Out, error),
) (Out, error) {
	var nothing Out
	queue := strings.TrimSuffix(strings.TrimPrefix(activity.GetInfo(ctx).TaskQueue, "op-"), "-status")
	if r.unserved != nil && r.unserved(pirogue.OperatorCode(queue)) {
		return nothing, temporal.NewApplicationError("nobody takes it", "AGAIN")
	}
	if err := r.refuses(ctx); err != nil {
		return nothing, err
	}
	out, err := hanging(ctx, r, in, do)
	name := activity.GetInfo(ctx).ActivityType.Name
	switch {
	case err == nil && r.loses != nil && r.loses(name):
		return nothing, temporal.NewApplicationError("the worker died after it", "AGAIN")
	case err != nil && pirogue.CodeOf(err) == pirogue.ServiceUnavailable:
		return nothing, temporal.NewApplicationErrorWithCause(err.Error(), "AGAIN", err)
	default:
		return out, err
	}
}

func (r *rig) Submit(ctx context.Context, in activities.SubmitInput) (activities.SubmitResult, error) {
	return worked(ctx, r, in, r.Activities.Submit)
}

func (r *rig) AskStatus(ctx context.Context, in activities.StatusInput) (operator.OperatorResult, error) {
	return worked(ctx, r, in, r.Activities.AskStatus)
}

func (r *rig) ReadSubmission(ctx context.Context, in pirogue.PaymentID) (activities.SubmitResult, error) {
	return worked(ctx, r, in, r.Activities.ReadSubmission)
}

func (r *rig) Finalize(ctx context.Context, in activities.FinalizeInput) (activities.FinalizeResult, error) {
	return worked(ctx, r, in, r.Activities.Finalize)
}

func (r *rig) Policy(ctx context.Context, in pirogue.MerchantID) (pirogue.LatePolicy, error) {
	return worked(ctx, r, in, r.Activities.Policy)
}

func (r *rig) OpenCase(ctx context.Context, in activities.OpenCaseInput) (support.CaseID, error) {
	return worked(ctx, r, in, r.Activities.OpenCase)
}

func (r *rig) UnsettledCases(ctx context.Context, in pirogue.PaymentID) ([]activities.UnsettledCase, error) {
	return worked(ctx, r, in, r.Activities.UnsettledCases)
}

func (r *rig) EarlierAttempts(ctx context.Context, in pirogue.PaymentID) ([]activities.EarlierAttempt, error) {
	return worked(ctx, r, in, r.Activities.EarlierAttempts)
}

func (r *rig) CloseCase(ctx context.Context, in support.CaseID) (bool, error) {
	return worked(ctx, r, in, r.Activities.CloseCase)
}

func (r *rig) PlaceCase(ctx context.Context, in support.CaseID) (bool, error) {
	return worked(ctx, r, in, r.Activities.PlaceCase)
}

func (r *rig) AwaitReturn(ctx context.Context, in support.CaseID) (activities.ReturnResult, error) {
	return worked(ctx, r, in, r.Activities.AwaitReturn)
}

func (r *rig) GiveBack(ctx context.Context, in activities.ReturnRequest) (activities.ReturnResult, error) {
	return worked(ctx, r, in, r.Activities.GiveBack)
}

func (r *rig) LoadAction(ctx context.Context, in activities.ActionQuery) (activities.LoadedAction, error) {
	return worked(ctx, r, in, r.Activities.LoadAction)
}

func (r *rig) ConfirmResolution(
	ctx context.Context, in activities.ActionQuery,
) (activities.Confirmation, error) {
	return worked(ctx, r, in, r.Activities.ConfirmResolution)
}

func (r *rig) RecordActionResult(ctx context.Context, in []activities.ConcludeInput) (int, error) {
	return worked(ctx, r, in, r.Activities.RecordActionResult)
}

func (r *rig) RecordCancel(ctx context.Context, in activities.CancelRequest) (bool, error) {
	return worked(ctx, r, in, r.Activities.RecordCancel)
}

func (r *rig) Finish(ctx context.Context, in pirogue.PaymentID) (bool, error) {
	return worked(ctx, r, in, r.Activities.Finish)
}

func (r *rig) DeliverFirst(ctx context.Context, in activities.DeliverInput) (activities.DeliverResult, error) {
	delivered, err := worked(ctx, r, in, r.Activities.DeliverFirst)
	if err == nil && delivered.State == pirogue.EventWaiting && r.left != nil {
		r.left()
	}
	return delivered, err
}

func (r *rig) TakeUp(ctx context.Context, in pirogue.PaymentID) (bool, error) {
	return worked(ctx, r, in, r.Activities.TakeUp)
}

// paymentWorkflow is the workflow of one kind of payment.
type paymentFunc = func(workflow.Context, lifecycle.PaymentInput) (pirogue.Status, error)

// historyLost is the signal by which a test loses a workflow's history.
const historyLost = "test: history lost"

// withLosableHistory runs a workflow until its history is lost. Temporal knows nothing of it then, and
// no cancel request can do that.
func withLosableHistory[In, Out any](
	run func(workflow.Context, In) (Out, error),
) func(workflow.Context, In) (Out, error) {
	return func(ctx workflow.Context, in In) (out Out, err error) {
		ended, lost := false, workflow.GetSignalChannel(ctx, historyLost)
		workflow.Go(ctx, func(ctx workflow.Context) {
			out, err = run(ctx, in)
			ended = true
		})
		uncut, stop := workflow.NewDisconnectedContext(ctx)
		defer stop()
		if cut := workflow.Await(uncut, func() bool { return ended || lost.Len() > 0 }); cut != nil {
			return out, cut
		}
		if !ended {
			return out, errors.New("the history is lost")
		}
		return out, err
	}
}

// loseHistory ends the workflow of env as if it had never been.
func loseHistory(env *testsuite.TestWorkflowEnvironment) { env.SignalWorkflow(historyLost, nil) }

// lingerTime is the time that a workflow that has ended stays in the test environment. Activities
// which it cancelled wake up once more and end: it is longer than every wait between them.
const lingerTime = 11 * time.Minute

// withLinger tells a workflow and says at once how it ended.
func withLinger(runAndAudit paymentFunc, ended func(at time.Time, err error)) paymentFunc {
	return func(ctx workflow.Context, input lifecycle.PaymentInput) (pirogue.Status, error) {
		status, err := runAndAudit(ctx, input)
		ended(workflow.Now(ctx), err)
		quiet, stop := workflow.NewDisconnectedContext(ctx)
		defer stop()
		if late := workflow.Sleep(quiet, lingerTime); late != nil {
			return status, late
		}
		return status, err
	}
}

// TestFaultsReachTheirMethods proves that each method of a rig or a shaky store hides a method
// of theirs: a method that bears another name plants no fault.
func TestFaultsReachTheirMethods(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct{ faulty, hidden reflect.Type }{
		"activities": {reflect.TypeFor[*rig](), reflect.TypeFor[*activities.Activities]()},
		"store":      {reflect.TypeFor[*faultyStore](), reflect.TypeFor[*activitiestest.AllStores]()},
		"crew":       {reflect.TypeFor[*dyingStore](), reflect.TypeFor[*activitiestest.AllStores]()},
		"overtaken":  {reflect.TypeFor[*overtaken](), reflect.TypeFor[*activitiestest.AllStores]()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for method := range c.faulty.Methods() {
				_, hides := c.hidden.MethodByName(method.Name)
				require.True(t, hides, method.Name)
			}
		})
	}
}
