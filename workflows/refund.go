package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/lifecycle"
)

// Refund gives a cash-in, or a part of it, back to its payer. Its phases are those of a cash-out,
// because its money leaves us. The transaction that ends it also updates the cash-in.
func Refund(ctx workflow.Context, input lifecycle.PaymentInput) (pirogue.Status, error) {
	return runPayment(ctx, input, runCashOut)
}
