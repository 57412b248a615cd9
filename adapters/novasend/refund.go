package novasend

import (
	"context"
	"net/url"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// The handle's keys for the payin that a refund gives back: Novasend's name of it, and our
// reference. keyID holds the refund's own name.
const (
	keyPayin    = "payin"
	keyPayinRef = "payin_ref"
)

// reason is the reason that we send with every refund.
const reason = "Remboursement au client"

// refundRequest is the body of POST refund. It has no amount: a page mentions partial
// refunds, but the API cannot request one.
type refundRequest struct {
	Reason            string `json:"reason"`
	ExternalReference string `json:"externalReference"` // ours
}

// Refund implements pirogue.Refunder. It gives all of a payment back to its payer. A part
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
	payin, err := o.payin(ctx, r.CollectQuery)
	if err != nil {
		// Nothing was refunded yet: only a status call failed.
		return operator.OperatorResult{}, pirogue.Errorf(operator.NotSent, "the payin to refund: %w", err)
	}
	w := write{
		path: refundPath(payin), body: refundRequest{Reason: reason, ExternalReference: string(r.Ref)},
		kind: pirogue.Refund, ref: r.Ref,
	}
	known := pirogue.Handle{keyPayin: payin, keyPayinRef: string(r.CollectQuery.Ref)}
	_, receipt, err := o.submit(ctx, w, refundOf(r.Ref, r.Amount, known))
	// The handle must name refund and payin, or a later status call could not find the refund.
	if id := receipt.Handle[keyID]; id != "" {
		known[keyID] = id
	}
	receipt.Handle = known
	return receipt, err
}

// payin returns Novasend's name of a payin. If the response that held it was lost, payin
// reads the status to find it.
func (o *adapter) payin(ctx context.Context, q operator.StatusQuery) (string, error) {
	if id := q.Handle[keyID]; id != "" {
		return id, nil
	}
	answer, err := o.Ask(ctx, outbound.Get(payinPath+url.PathEscape(string(q.Ref)), nil))
	if err != nil {
		return "", err
	}
	got, err := decode(answer.Body)
	if err != nil || !got.about(order{kind: typePayin, ref: q.Ref}) || got.theirs() == "" {
		return "", pirogue.Errorf(operator.Unknown, "Novasend does not name payin %s", q.Ref)
	}
	return got.theirs(), nil
}

// refundPath returns the path of a payin's only refund. Our reading: its status is readable
// there too; Novasend's pages have the POST alone.
func refundPath(payin string) string { return payinPath + url.PathEscape(payin) + "/refund" }

// refundOf returns the order that a response about a refund must be about. It compares no
// wallet: the payer may be another than the customer ordered, and he gets the money back.
func refundOf(ref pirogue.OperatorRef, amount pirogue.Money, h pirogue.Handle) order {
	return order{
		kind: typeRefund, ref: ref, amount: amount, payin: []string{h[keyPayin], h[keyPayinRef]}, id: h[keyID],
	}
}
