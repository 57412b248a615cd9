package example

import (
	"context"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// Collect implements operator.Collector. The customer confirms a prompt on the phone.
func (o adapter) Collect(ctx context.Context, c operator.CollectRequest) (operator.OperatorResult, error) {
	result, err := o.submit(ctx, client.CollectSubmission(c), c.CallbackURL)
	if err == nil && result.Outcome == pirogue.OutcomePending {
		result.NextAction = pirogue.NextAction{Type: pirogue.ActionPush}
	}
	return result, err
}
