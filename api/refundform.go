package api

import (
	"pirogue"
)

// refundForm is what a merchant says to give a cash-in back, read and checked.
type refundForm struct {
	original  pirogue.PaymentID // as it is written; it need not be one
	reference string
	amount    int64 // 0: the rest
	reason    string
	notifyURL string
	metadata  map[string]string
}

// refundFields is every field of the request, in the contract's order.
var refundFields = []string{"transaction_id", "merchant_refund_id", "amount", "reason", "notify_url", "metadata"}

// readRefund reads a refund. It fails as readPayment does. Which payment is meant is
// left for later: an id that cannot be one is not found, like any other.
func (s *Server) readRefund(body []byte, m pirogue.Mode) (refundForm, error) {
	f, err := readForm(body, refundFields...)
	if err != nil {
		return refundForm{}, err
	}
	f.need("transaction_id", "merchant_refund_id")
	in := refundForm{
		original:  pirogue.PaymentID(f.text("transaction_id", pirogue.InvalidParameter, line(maxDescription))),
		reference: f.text("merchant_refund_id", pirogue.InvalidOrderID, orderID.MatchString),
		amount:    f.amount("amount"),
		reason:    f.text("reason", pirogue.InvalidParameter, line(maxDescription)),
		notifyURL: f.text("notify_url", pirogue.InvalidURL, s.urls.webhook(m)),
		metadata:  f.pairs("metadata"),
	}
	return in, f.err()
}

// conflict answers a reference that exists. What the merchant did not say differs
// from nothing: an absent amount matches any.
func (in refundForm) conflict(original pirogue.Payment, t tongue) error {
	request := original
	request.ParentID, request.Description, request.NotifyURL = in.original, in.reason, in.notifyURL
	request.Metadata = in.metadata
	if in.amount > 0 {
		request.Amount.Minor = in.amount
	}
	return conflict(original, request, t)
}
