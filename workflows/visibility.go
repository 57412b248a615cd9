package workflows

import (
	"context"
	"fmt"
	"strings"
	"time"

	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"pirogue"
	"pirogue/lifecycle"
)

// visibilityPage limits the workflows on one page of a list.
const visibilityPage = 200

// followedTypes lists the types of the workflows that take care of a row, as a visibility query names them.
const followedTypes = "'CashIn', 'CashOut', 'Refund', 'Bulk', 'Webhook'"

// StartedSince calls each with pages of the workflows that take care of a row and began since a
// moment. They are open or closed; Temporal forgets old ones. It stops at each's first error and
// returns it, and fails with ServiceUnavailable.
func (s *Starter) StartedSince(
	ctx context.Context, since time.Time, each func([]lifecycle.LostRow) error,
) error {
	from := since.UTC().Format(time.RFC3339Nano)
	query := fmt.Sprintf("StartTime >= '%s' AND WorkflowType IN (%s)", from, followedTypes)
	return s.listWorkflows(ctx, query, func(found []*workflowpb.WorkflowExecutionInfo) error {
		page := make([]lifecycle.LostRow, 0, len(found))
		for _, info := range found {
			id := info.GetExecution().GetWorkflowId()
			what, row := followedBy(id)
			if what == "" {
				continue
			}
			page = append(page, lifecycle.LostRow{
				WorkflowID: id, What: what, ID: row, Kind: kindOf(id), State: info.GetStatus().String(),
				StartedAt: info.GetStartTime().AsTime(),
			})
		}
		return each(page)
	})
}

// listWorkflows calls each with the pages of a list of workflows.
func (s *Starter) listWorkflows(
	ctx context.Context, query string, each func([]*workflowpb.WorkflowExecutionInfo) error,
) error {
	var next []byte
	for {
		page, err := s.Client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			PageSize: visibilityPage, NextPageToken: next, Query: query,
		})
		if err != nil {
			return temporalError(err)
		}
		if err := each(page.GetExecutions()); err != nil {
			return err
		}
		if next = page.GetNextPageToken(); len(next) == 0 {
			return nil
		}
	}
}

// Named returns a workflow's row with the merchant and the reference that its details name. Where
// they cannot be read, both stay empty.
func (s *Starter) Named(ctx context.Context, l lifecycle.LostRow) (lifecycle.LostRow, error) {
	found, err := s.Client.DescribeWorkflow(ctx, l.WorkflowID, "")
	if err != nil {
		return l, temporalError(err)
	}
	details, err := found.GetStaticDetails()
	if err == nil { // sealed by a key that is gone: it is listed all the same
		l.Reference, l.MerchantID, l.Mode = readDetails(details)
	}
	return l, nil
}

// The parts of a workflow's static details that name a reference and its owner.
const (
	detailsOrder    = "order "
	detailsBulk     = "bulk "
	detailsMerchant = " · merchant "
	detailsMode     = " · "
)

// staticDetails returns the details that name a workflow's reference and its merchant in the Web UI.
func staticDetails(kind, ref string, m pirogue.MerchantID, mode pirogue.Mode) string {
	return kind + ref + detailsMerchant + string(m) + detailsMode + string(mode)
}

// readDetails returns the parts of text that staticDetails wrote; "" for any other text.
func readDetails(text string) (ref string, m pirogue.MerchantID, mode pirogue.Mode) {
	for _, kind := range []string{detailsOrder, detailsBulk} {
		rest, ok := strings.CutPrefix(text, kind)
		at := strings.LastIndex(rest, detailsMerchant)
		if !ok || at < 0 {
			continue
		}
		merchant, of, _ := strings.Cut(rest[at+len(detailsMerchant):], detailsMode)
		return rest[:at], pirogue.MerchantID(merchant), pirogue.Mode(of)
	}
	return "", "", ""
}
