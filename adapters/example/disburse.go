package example

import (
	"context"

	"pirogue/adapters/client"
	"pirogue/operator"
)

// Disburse implements operator.Disburser.
func (o adapter) Disburse(ctx context.Context, d operator.DisburseRequest) (operator.OperatorResult, error) {
	return o.submit(ctx, client.DisburseSubmission(d), d.CallbackURL)
}
