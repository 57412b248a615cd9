package novasend

import (
	"context"
	"net/url"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// The handle's keys for the payin that a refund gives back: Novasend's name of it, and our
// reference. keyID holds the refund's own name.
const (
	keyPayin    = "payin"
	keyPayinRef = "payin_ref"
)

// refundReason is the reason that we send with every refund.
const refundReason = "Remboursement au client"

// refundRequest is the body of POST refund. It has no amount: a page mentions partial
// refunds, but the API cannot request one.
type refundRequest struct {
	Reason            string `json:"reason"`
	ExternalReference string `json:"externalReference"` // ours
}

// Refund implements operator.Refunder. It gives all of a payment back to its payer. A part
// is Unable and not sent. An Unknown error comes with the handle that a status call needs.
func (o *adapter) Refund(ctx context.Context, r operator.RefundRequest) (operator.OperatorResult, error) {
	if r.Amount != r.CollectQuery.Amount {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unable,
			"not sent: %s of %s, and Novasend gives back all or nothing", r.Amount, r.CollectQuery.Amount)
	}
	if err := o.Limits.CheckReference(r.Ref); err != nil {
		return operator.OperatorResult{}, err
	}
	ctx, cancel := o.WithTimeout(ctx)
	defer cancel()
	payin, err := o.findPayin(ctx, r.CollectQuery)
	if err != nil {
		// Nothing was refunded yet: only a status call failed.
		return operator.OperatorResult{}, pirogue.Errorf(operator.NotSent, "the payin to refund: %w", err)
	}
	s := submission{
		path: refundPath(payin), body: refundRequest{Reason: refundReason, ExternalReference: string(r.Ref)},
		kind: pirogue.Refund, ref: r.Ref,
	}
	known := pirogue.Handle{keyPayin: payin, keyPayinRef: string(r.CollectQuery.Ref)}
	_, result, err := o.submit(ctx, s, expectedRefund(r.Ref, r.Amount, known))
	// The handle must name refund and payin, or a later status call could not find the refund.
	if id := result.Handle[keyID]; id != "" {
		known[keyID] = id
	}
	result.Handle = known
	return result, err
}

// findPayin returns Novasend's name of a payin. If the response that held it was lost, findPayin
// reads the status to find it.
func (o *adapter) findPayin(ctx context.Context, q operator.StatusQuery) (string, error) {
	if id := q.Handle[keyID]; id != "" {
		return id, nil
	}
	resp, err := o.Query(ctx, client.Get(payinPath+url.PathEscape(string(q.Ref)), nil))
	if err != nil {
		return "", err
	}
	got, err := readRecord(resp.Body)
	if err != nil || !got.isOf(expected{kind: typePayin, ref: q.Ref}) || got.operatorID() == "" {
		return "", pirogue.Errorf(operator.Unknown, "Novasend does not name payin %s", q.Ref)
	}
	return got.operatorID(), nil
}

// refundPath returns the path of a payin's only refund. Our reading: its status is readable
// there too; Novasend's pages have the POST alone.
func refundPath(payin string) string { return payinPath + url.PathEscape(payin) + "/refund" }

// expectedRefund returns the order that a response about a refund must be about. It compares no
// wallet: the payer may be another than the customer ordered, and he gets the money back.
func expectedRefund(ref pirogue.OperatorRef, amount pirogue.Money, h pirogue.Handle) expected {
	return expected{
		kind: typeRefund, ref: ref, amount: amount, payin: []string{h[keyPayin], h[keyPayinRef]}, id: h[keyID],
	}
}
