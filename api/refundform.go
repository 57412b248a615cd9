package api

import (
	"pirogue"
)

// refundForm is a merchant's request for a refund, read and checked.
type refundForm struct {
	original  pirogue.PaymentID // as the request holds it; it may be no valid ID
	reference string
	amount    int64 // 0: all that is left
	reason    string
	notifyURL string
	metadata  map[string]string
}

// refundFields lists every field of the request, in the contract's order.
var refundFields = []string{"transaction_id", "merchant_refund_id", "amount", "reason", "notify_url", "metadata"}

// readRefund reads a refund. It fails like readPayment. It does not check the original's ID. A text
// that cannot be an ID is not found later, like any unknown one.
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

// conflict returns the 409 for a reference that exists. A field that the request leaves out matches
// any value, such as an absent amount.
func (in refundForm) conflict(original pirogue.Payment, t uiLanguage) error {
	request := original
	request.ParentID, request.Description, request.NotifyURL = in.original, in.reason, in.notifyURL
	request.Metadata = in.metadata
	if in.amount > 0 {
		request.Amount.Minor = in.amount
	}
	return conflict(original, request, t)
}
