package activities

import (
	"context"
	"fmt"
	"slices"

	"go.temporal.io/sdk/activity"

	"pirogue"
	"pirogue/bulk"
	"pirogue/failpoint"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// handleBulk is the key of an attempt's handle under which it keeps the operator's identifier of its
// bulk.
const handleBulk = "bulk_id"

// handOver gives an operator the payments of a page of which nothing was ever sent. It makes as
// few calls as its bulk takes. What an earlier run of this activity perhaps sent is not among
// them: its attempt is SENT, and its workflow asks for it and never sends it again.
func (a *BulkActivities) handOver(ctx context.Context, in BulkPageInput) error {
	instance := a.Operators[in.Page.Operator]
	disburser, whole := instance.Operator.(operator.BulkDisburser)
	if !whole { // it is not configured, or takes no bulks: each payment is started by itself
		return nil
	}
	if admitted, _, err := a.breakerAdmits(ctx, instance.Code); err != nil || !admitted {
		return err // out of service: each payment waits by itself
	}
	unsent, err := a.Store.BulkLines.UnsentLines(ctx, in.BulkID, in.Number)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(unsent, max(1, disburser.MaxBulk())) {
		if err := a.disburseTogether(ctx, bulkCall{instance, disburser, chunk}); err != nil {
			return err
		}
	}
	return nil
}

// bulkCall is one call to an operator for many lines.
type bulkCall struct {
	operator.Instance

	disburser operator.BulkDisburser
	lines     []bulk.UnsentLine
}

// disburseTogether makes one call for many payments. One transaction makes their attempts SENT
// before the first byte leaves. Nothing leaves for one that was not marked by it. Dying between
// mark and note leaves SENT, which is read as "perhaps sent".
func (a *BulkActivities) disburseTogether(ctx context.Context, c bulkCall) error {
	merchant, err := a.Store.Merchants.Merchant(ctx, c.lines[0].Payment.MerchantID)
	if err != nil {
		return err
	}
	attempts := make([]pirogue.AttemptID, len(c.lines))
	for n, line := range c.lines {
		attempts[n] = line.Attempt.ID
	}
	marked, err := a.Store.BulkLines.SendLines(ctx, attempts, a.Clock.Now())
	if err != nil {
		return err
	}
	failpoint.Hit("bulk.page.marked")
	c.lines = slices.DeleteFunc(slices.Clone(c.lines), func(line bulk.UnsentLine) bool {
		return marked[line.Attempt.ID].Result != lifecycle.SendMarked
	})
	if len(c.lines) == 0 {
		return nil
	}
	activity.RecordHeartbeat(ctx, fmt.Sprintf("handing %d payments over", len(c.lines)))
	// Its own word on a bulk is no operator's to describe, so no address is given for it:
	// each line is asked for.
	bulkID, called := c.disburser.BulkDisburse(ctx, c.disbursements(a.Callbacks, merchant), "")
	failpoint.Hit("bulk.page.called")
	if err := a.noteTogether(ctx, c, bulkResult{marked, bulkID, called}); err != nil {
		return err
	}
	return a.recordCallResult(ctx, c.lines[0].Attempt, called)
}

// disbursements returns what the operator needs to pay each line.
func (c bulkCall) disbursements(urls CallbackURLs, merchant pirogue.Merchant) []operator.DisburseRequest {
	all := make([]operator.DisburseRequest, len(c.lines))
	for n, line := range c.lines {
		p, ref := line.Payment, line.Attempt.Ref
		all[n] = operator.DisburseRequest{
			Ref: ref, Amount: p.AtOperator(), MSISDN: p.MSISDN, Network: p.Network, Beneficiary: p.CustomerName,
			Payer: merchant.Name, CallbackURL: urls.URL(c.Code, ref),
		}
	}
	return all
}

// bulkResult holds the response to a bulkCall, with the sendings that it carried.
type bulkResult struct {
	marked map[pirogue.AttemptID]lifecycle.Sending
	id     string // the operator's, "" for none
	err    error
}

// noteTogether records what became of the call on every attempt. The operator answers for
// all of them together: accepted, refused, proven not sent, or unknown.
func (a *BulkActivities) noteTogether(ctx context.Context, c bulkCall, sent bulkResult) error {
	result := operator.OperatorResult{Message: "bulk " + sent.id}
	if sent.id != "" {
		result.Handle = pirogue.Handle{handleBulk: sent.id}
	}
	_, answer := outcomeOf(result, sent.err, operator.RouteCandidate{})
	for _, line := range c.lines {
		answer.AttemptID, answer.Sending, answer.At = line.Attempt.ID, sent.marked[line.Attempt.ID].Number, a.Clock.Now()
		answer.ExpiresAt = answer.At.Add(c.Window)
		if _, err := a.Store.Sendings.RecordAttemptResult(ctx, answer); err != nil {
			return err
		}
		failpoint.Hit("bulk.line.recorded")
		activity.RecordHeartbeat(ctx, "noting the operator's answer")
	}
	return nil
}
