package workflows

import (
	"context"
	"errors"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"pirogue"
	"pirogue/activities"
	"pirogue/bulk"
	"pirogue/lifecycle"
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
		return false, temporalError(err)
	}
	return found.GetWorkflowExecutionInfo().GetCloseTime() == nil, nil
}

// Restart implements activities.Restarter.
func (s *Starter) Restart(ctx context.Context, r lifecycle.Restart) error {
	input, err := s.restartInput(r)
	if err != nil {
		return err
	}
	options := restartWorkflowOptions(r.Payment, input)
	options.WorkflowIDConflictPolicy = conflictPolicy(r.Anew)
	_, err = s.Client.ExecuteWorkflow(ctx, options, workflowsByKind[r.Payment.Kind].workflow, input)
	return temporalError(err)
}

// restartInput returns the input with which the workflow of a payment is started again now.
func (s *Starter) restartInput(r lifecycle.Restart) (lifecycle.PaymentInput, error) {
	input, err := s.NewRestartInput(r)
	if err == nil && input.Resumes != nil {
		input.Resumes.At = s.Clock.Now()
	}
	return input, err
}

// restartWorkflowOptions returns the options with which the workflow of a payment is started again.
func restartWorkflowOptions(p pirogue.Payment, input lifecycle.PaymentInput) client.StartWorkflowOptions {
	options := paymentWorkflowOptions(p, input)
	options.WorkflowIDReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
	return options
}

// conflictPolicy returns the policy for a workflow that is still open where one is started again.
func conflictPolicy(anew bool) enumspb.WorkflowIdConflictPolicy {
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
func (s *Starter) RestartDelivery(ctx context.Context, e pirogue.Event) error {
	return s.deliver(ctx, e, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE)
}

// ActOnRestarted starts the workflow of a payment again and has it carry out a support action: see
// Act.
func (s *Starter) ActOnRestarted(
	ctx context.Context, r lifecycle.Restart, auditID string,
) (support.ActionResult, error) {
	var result support.ActionResult
	input, err := s.restartInput(r)
	if err != nil {
		return result, err
	}
	handle, err := s.Client.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: s.Client.NewWithStartWorkflowOperation(
			restartWorkflowOptions(r.Payment, input), workflowsByKind[r.Payment.Kind].workflow, input),
		UpdateOptions: actionUpdateOptions(r.Payment, auditID),
	})
	return awaitActionResult(ctx, r.Payment, handle, err)
}

// Rebuild looks for workflows that are gone and starts them again, or only shows them. A caller who
// asks while a search is under way has its result.
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
	return found, updateError(err)
}
