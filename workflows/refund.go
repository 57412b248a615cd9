package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
	"pirogue/lifecycle"
)

// Refund gives a cash-in, or a part of it, back to its payer. It is money that leaves
// us, so its story is that of a cash-out; that the cash-in is brought up to date is
// part of the transaction that ends it.
func Refund(ctx workflow.Context, order lifecycle.PaymentInput) (pirogue.Status, error) {
	return runPayment(ctx, order, (*paymentWorkflow).runCashOut)
}
