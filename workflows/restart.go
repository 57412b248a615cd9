package workflows

import (
	"context"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/access"
	"pirogue/activities"
	"pirogue/bulk"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

// Open implements activities.Restarter.
func (s *Starter) Open(ctx context.Context, f lifecycle.FollowedWork) (bool, error) {
	found, err := s.Client.DescribeWorkflowExecution(ctx, followedWorkflowID(f), "")
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return false, nil
	}
	if err != nil {
		return false, away(err)
	}
	return found.GetWorkflowExecutionInfo().GetCloseTime() == nil, nil
}

// followedWorkflowID returns the ID of the workflow that takes care of f.
func followedWorkflowID(f lifecycle.FollowedWork) string {
	switch f.What {
	case lifecycle.FollowedBulk:
		return BulkWorkflowID(pirogue.BulkID(f.ID))
	case lifecycle.FollowedEvent:
		return WebhookWorkflowID(pirogue.EventID(f.ID), f.Round)
	default:
		return PaymentWorkflowID(pirogue.PaymentID(f.ID), f.Kind)
	}
}

// Restart implements activities.Restarter.
func (s *Starter) Restart(ctx context.Context, r lifecycle.Restart) error {
	order, err := s.restartOrder(r)
	if err != nil {
		return err
	}
	options := restartOptions(r.Payment, order)
	options.WorkflowIDConflictPolicy = openOne(r.Anew)
	_, err = s.Client.ExecuteWorkflow(ctx, options, restartableWorkflows[r.Payment.Kind].story, order)
	return away(err)
}

// restartOrder returns what the workflow of a payment is started with again at this moment.
func (s *Starter) restartOrder(r lifecycle.Restart) (lifecycle.PaymentInput, error) {
	order, err := s.RestartOrders(r)
	if err == nil && order.Resumes != nil {
		order.Resumes.At = s.Clock.Now()
	}
	return order, err
}

// restartOptions returns how the workflow of a payment is started again.
func restartOptions(p pirogue.Payment, order lifecycle.PaymentInput) client.StartWorkflowOptions {
	options := paymentOptions(p, order)
	options.WorkflowIDReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
	return options
}

// openOne says what becomes of the workflow that is open where one is started again.
func openOne(anew bool) enumspb.WorkflowIdConflictPolicy {
	if anew {
		return enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING
	}
	return enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
}

// RestartBulk implements activities.Restarter.
func (s *Starter) RestartBulk(ctx context.Context, b bulk.Bulk) error {
	return s.launchBulk(ctx, b, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE)
}

// RestartDelivery implements activities.Restarter.
func (s *Starter) RestartDelivery(ctx context.Context, o access.Owner, id pirogue.EventID, round int) error {
	return s.deliver(ctx, o, id, round, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE)
}

// ActOnRestarted starts the workflow of a payment again and has it apply what support asks
// for; see Remedy.
func (s *Starter) ActOnRestarted(ctx context.Context, r lifecycle.Restart, act string) (support.ActionResult, error) {
	var verdict support.ActionResult
	order, err := s.restartOrder(r)
	if err != nil {
		return verdict, err
	}
	handle, err := s.Client.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: s.Client.NewWithStartWorkflowOperation(
			restartOptions(r.Payment, order), restartableWorkflows[r.Payment.Kind].story, order),
		UpdateOptions: actionUpdate(r.Payment, act),
	})
	return decided(ctx, r.Payment, handle, err)
}

// rebuildWorkflow is the ID of a search for lost workflows that a person asked for.
const rebuildWorkflow = "rebuild"

// Rebuild looks for workflows that are gone and starts them again, or only shows them. Who
// asks while that is under way has its answer.
func (s *Starter) Rebuild(ctx context.Context, dryRun bool) (lifecycle.Restarted, error) {
	id, found := rebuildWorkflow, lifecycle.Restarted{}
	if dryRun {
		id += "-dry-run"
	}
	run, err := s.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: PaymentsQueue, StaticSummary: id,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, Rebuild, activities.RestartScope{DryRun: dryRun, List: true})
	if err == nil {
		err = run.Get(ctx, &found)
	}
	return found, unanswered(err)
}

// resumeFinal goes on with a payment that has ended, after its workflow was lost. A case waits
// for a person; money that can still move late is looked for until the operator's horizon,
// and once more when that has passed.
func (s *paymentWorkflow) resumeFinal(ctx workflow.Context) (pirogue.Status, error) {
	r := s.input.Resumes
	s.final, s.settled, s.status, s.number = true, true, r.Status, r.Attempts
	s.releaseFirstResponse(lifecycle.FirstResponse{})
	if succeeded(r.Status) {
		s.booked = s.input.Amount.Minor
	}
	if err := s.watchEarlier(ctx); err != nil {
		return r.Status, err
	}
	switch {
	case r.Case == support.CauseUnknown:
		return s.untilClear(ctx, r.Status, operator.OperatorResult{Unreadable: true})
	case r.Case != "":
		return s.settleOpen(ctx)
	case succeeded(r.Status):
		return r.Status, s.verify(ctx, r.Status)
	}
	if !r.Watched() { // nothing that left can move any more
		return r.Status, nil
	}
	s.deadline = r.EndedAt.Add(s.input.Current.FinalityWindow)
	return s.watchUntilHorizon(ctx, r.Status)
}

// settleOpen settles the open cases of an ended payment, the oldest first, and watches on where
// money can still move. What arrives meanwhile has a case of its own.
func (s *paymentWorkflow) settleOpen(ctx workflow.Context) (pirogue.Status, error) {
	r := s.input.Resumes
	if r.Watched() {
		s.deadline = r.EndedAt.Add(s.input.Current.FinalityWindow)
	}
	open, err := call(ctx, ours(s.input.MerchantID, "open cases"), do.UnsettledCases, s.input.PaymentID)
	if err != nil {
		return r.Status, err
	}
	for _, c := range open {
		s.leaveCase(c.ID, c.Cause)
	}
	for len(s.arrived) > 0 {
		if err := s.settleNext(ctx, s.arrived[0].cause, r.Status); err != nil {
			return r.Status, err
		}
	}
	if !workflow.Now(ctx).Before(s.deadline) {
		return r.Status, nil
	}
	return s.watchUntilHorizon(ctx, r.Status)
}

// windowEnd returns when the customer's time is over: when it was told, where it was.
func (s *paymentWorkflow) windowEnd(ctx workflow.Context) time.Time {
	if r := s.input.Resumes; r != nil && !r.ExpiresAt.IsZero() {
		return r.ExpiresAt
	}
	return workflow.Now(ctx).Add(s.input.Current.Window)
}

// horizonEnd returns when the outcome of money that leaves us should be known: so long
// after it first left under the latest attempt.
func (s *paymentWorkflow) horizonEnd(ctx workflow.Context) time.Time {
	if r := s.input.Resumes; r != nil && !r.FirstSent.IsZero() && s.number <= r.Attempts {
		return r.FirstSent.Add(s.input.Current.FinalityWindow)
	}
	return workflow.Now(ctx).Add(s.input.Current.FinalityWindow)
}
