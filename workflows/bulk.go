package workflows

import (
	"context"
	"fmt"
	"math"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/activities"
	"pirogue/bulk"
)

const (
	pageTimeout  = 15 * time.Minute // of one page: some hundred transactions and starts
	countTimeout = 25 * time.Second // of counting ten thousand lines on a busy day
	pageSilence  = 10 * time.Second // between two signs of life, on top of a call to an operator
	queueTime    = 30 * time.Minute // of a page in its operator's queue, behind everything interactive
)

// Bulk pays a merchant's money into many wallets.
//
// The money is set aside already. Page by page the lines become payments, each with a
// workflow of its own that lives and ends by itself; then one activity waits until all
// are over, closes the bulk and has its merchant told. That a bulk was cancelled is found
// by the pages that come after: they have nothing to start. A cancel request of a Temporal
// client is ignored.
func Bulk(ctx workflow.Context, order bulk.BulkInput) (activities.BulkClosed, error) {
	ctx, stop := withoutCancel(ctx)
	defer stop()
	for i, page := range order.Pages {
		workflow.SetCurrentDetails(ctx, fmt.Sprintf("starting page %d of %d", i+1, len(order.Pages)))
		in := activities.BulkPageInput{BulkID: order.BulkID, Number: i + 1, Page: page}
		if err := startPage(ctx, order, in); err != nil {
			return activities.BulkClosed{}, err
		}
	}
	workflow.SetCurrentDetails(ctx, "no line waits any more; the pending activity shows how many are over")
	closing := coordinating(order, "wait for the lines, then close")
	closing.StartToCloseTimeout = countTimeout
	closed, err := call(ctx, closing, do.CloseBulk, order.BulkID)
	if err == nil {
		workflow.SetCurrentDetails(ctx, string(closed.State))
	}
	return closed, err
}

// startPage starts one page. Nobody takes work from the queue of an operator that left the
// configuration: such a page is started line by line, and its lines become cases.
func startPage(ctx workflow.Context, order bulk.BulkInput, in activities.BulkPageInput) error {
	summary := fmt.Sprintf("start page %d of %d", in.Number, len(order.Pages))
	_, err := call(ctx, starting(order, in.Page, summary), do.StartPage, in)
	if in.Page.Operator != "" && activities.NobodyTook(err) {
		in.Page = bulk.BulkPage{}
		_, err = call(ctx, starting(order, in.Page, summary+", line by line"), do.StartPage, in)
	}
	return err
}

// starting is for a page of a bulk. It runs where its operator's calls do when it makes
// one.
func starting(order bulk.BulkInput, page bulk.BulkPage, summary string) workflow.ActivityOptions {
	options := coordinating(order, summary)
	options.StartToCloseTimeout, options.HeartbeatTimeout = pageTimeout, pageSilence+page.CallTimeout
	if page.Operator != "" {
		options.TaskQueue, options.ScheduleToStartTimeout = OperatorQueue(page.Operator), queueTime
	}
	return options
}

// coordinating is for the coordinator's own work. It never gives up: money is set aside.
func coordinating(order bulk.BulkInput, summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: PaymentsQueue,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second,
			MaximumAttempts: math.MaxInt32,
		},
		Summary:  summary,
		Priority: turn(priorityBulk, order.MerchantID),
	}
}

// BulkWorkflowID returns the ID of a bulk's workflow.
func BulkWorkflowID(id pirogue.BulkID) string { return "bulk-" + string(id) }

// LaunchBulk starts a bulk's workflow, or joins it.
func (s *Starter) LaunchBulk(ctx context.Context, b bulk.Bulk) error {
	return s.launchBulk(ctx, b, enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE)
}

// launchBulk starts a bulk's workflow, after one that has ended where reuse allows it.
func (s *Starter) launchBulk(ctx context.Context, b bulk.Bulk, reuse enumspb.WorkflowIdReusePolicy) error {
	_, err := s.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       BulkWorkflowID(b.ID),
		TaskQueue:                PaymentsQueue,
		WorkflowIDReusePolicy:    reuse,
		WorkflowIDConflictPolicy: openOne(b.Anew),
		StaticSummary:            fmt.Sprintf("bulk of %d cash-outs, %s %s", b.Lines, b.Amount, b.Country),
		StaticDetails:            staticDetails(detailsBulk, b.Reference, b.MerchantID, b.Mode),
		Priority:                 turn(priorityBulk, b.MerchantID),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			MerchantID.ValueSet(string(b.MerchantID)), Country.ValueSet(string(b.Country)),
		),
	}, Bulk, bulk.NewBulkInput(b, s.Instance))
	return away(err)
}
