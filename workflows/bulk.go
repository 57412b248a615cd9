package workflows

import (
	"context"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"pirogue/activities"
	"pirogue/bulk"
)

// Bulk pays a merchant's money into many wallets.
//
// The money is set aside already. Page by page the lines become payments, each with a workflow of
// its own. Then one activity waits until all are over, closes the bulk and starts its webhook. After
// a bulk was cancelled, later pages have nothing to start. A cancel request of a Temporal client is
// ignored.
func Bulk(ctx workflow.Context, input bulk.BulkInput) (activities.BulkClosed, error) {
	ctx, stop := withoutCancel(ctx)
	defer stop()
	for i, page := range input.Pages {
		workflow.SetCurrentDetails(ctx, fmt.Sprintf("starting page %d of %d", i+1, len(input.Pages)))
		in := activities.BulkPageInput{BulkID: input.BulkID, Number: i + 1, Page: page}
		if err := startPage(ctx, input, in); err != nil {
			return activities.BulkClosed{}, err
		}
	}
	workflow.SetCurrentDetails(ctx, "no line waits any more; the pending activity shows how many are over")
	closed, err := call(ctx, bulkOptions(input, "wait for the lines, then close"), activityNames.CloseBulk, input.BulkID)
	if err == nil {
		workflow.SetCurrentDetails(ctx, string(closed.State))
		workflow.GetLogger(ctx).Info("bulk is closed", "bulk", input.BulkID, "state", closed.State)
	}
	return closed, err
}

// startPage starts one page. Nobody takes work from the queue of an operator that left the
// configuration: such a page is started line by line, and its lines become cases.
func startPage(ctx workflow.Context, input bulk.BulkInput, in activities.BulkPageInput) error {
	summary := fmt.Sprintf("start page %d of %d", in.Number, len(input.Pages))
	_, err := call(ctx, pageOptions(input, in.Page, summary), activityNames.StartPage, in)
	if in.Page.Operator != "" && activities.NobodyTook(err) {
		in.Page = bulk.BulkPage{}
		_, err = call(ctx, pageOptions(input, in.Page, summary+", line by line"), activityNames.StartPage, in)
	}
	return err
}

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
		WorkflowIDConflictPolicy: conflictPolicy(b.Anew),
		StaticSummary:            fmt.Sprintf("bulk of %d cash-outs, %s %s", b.Lines, b.Amount, b.Country),
		StaticDetails:            staticDetails(detailsBulk, b.Reference, b.MerchantID, b.Mode),
		Priority:                 priorityOf(priorityBulk, b.MerchantID),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			MerchantID.ValueSet(string(b.MerchantID)), Country.ValueSet(string(b.Country)),
		),
	}, Bulk, bulk.NewBulkInput(b, s.Instance))
	return temporalError(err)
}
