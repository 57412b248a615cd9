package workflows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"

	"pirogue/lifecycle"
)

const (
	blockedTasks = 3  // workflow tasks in a row that failed: before that a deploy may be under way
	blockedWidth = 16 // workflows looked at at once
)

// The queries of payments' workflows that may be blocked. Temporal marks a workflow after a few
// failures; a server that knows no such mark has all open ones listed.
const (
	openPayments   = "ExecutionStatus = 'Running' AND WorkflowType IN ('CashIn', 'CashOut', 'Refund')"
	markedPayments = openPayments + " AND TemporalReportedProblems IS NOT NULL"
)

// Blocked returns the payments whose workflow is open and goes no further, because its code does not
// replay its history. It fails with ServiceUnavailable.
func (s *Starter) Blocked(ctx context.Context) ([]lifecycle.LostWorkflow, error) {
	search := &blockedSearch{Starter: s}
	each := func(page []*workflowpb.WorkflowExecutionInfo) error { return search.searchPage(ctx, page) }
	err := s.listWorkflows(ctx, markedPayments, each)
	var unknown *serviceerror.InvalidArgument
	if errors.As(err, &unknown) {
		err = s.listWorkflows(ctx, openPayments, each)
	}
	return search.found, err
}

// blockedSearch is one search for blocked workflows.
type blockedSearch struct {
	*Starter

	mu    sync.Mutex
	found []lifecycle.LostWorkflow
}

// searchPage looks at a page of workflows, several at once.
func (b *blockedSearch) searchPage(ctx context.Context, page []*workflowpb.WorkflowExecutionInfo) error {
	var failed []error
	for chunk := range slices.Chunk(page, blockedWidth) {
		errs := make([]error, len(chunk))
		var all sync.WaitGroup
		for i, info := range chunk {
			all.Go(func() { errs[i] = b.searchWorkflow(ctx, info.GetExecution().GetWorkflowId()) })
		}
		all.Wait()
		failed = append(failed, errs...)
	}
	return errors.Join(failed...)
}

// searchWorkflow keeps a workflow that is blocked.
func (b *blockedSearch) searchWorkflow(ctx context.Context, id string) error {
	payment, ours := PaymentOf(id)
	found, err := b.Client.DescribeWorkflowExecution(ctx, id, "")
	if err = temporalError(err); err != nil || !ours {
		return err
	}
	tasks := found.GetPendingWorkflowTask().GetAttempt()
	if tasks < blockedTasks {
		return nil
	}
	blocked, err := b.unreplayable(ctx, found.GetWorkflowExecutionInfo())
	if err != nil || !blocked {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.found = append(b.found, lifecycle.LostWorkflow{
		What: lifecycle.FollowedPayment, ID: string(payment),
		Why: fmt.Sprintf("its code does not replay its history; %d tasks have failed", tasks),
	})
	return nil
}

// unreplayable reports whether the last task of a workflow failed because its code took another step
// than its history.
func (b *blockedSearch) unreplayable(ctx context.Context, info *workflowpb.WorkflowExecutionInfo) (bool, error) {
	run := info.GetExecution()
	history := b.Client.GetWorkflowHistory(ctx, run.GetWorkflowId(), run.GetRunId(), false,
		enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	blocked := false
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			return false, temporalError(err)
		}
		switch event.GetEventType() {
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED:
			cause := event.GetWorkflowTaskFailedEventAttributes().GetCause()
			blocked = cause == enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
			blocked = false
		default:
		}
	}
	return blocked, nil
}
