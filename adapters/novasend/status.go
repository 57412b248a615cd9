package novasend

import (
	"cmp"
	"context"
	"net/url"

	"pirogue"
	"pirogue/operator"
)

// payinPath is the path of a payin's status.
const payinPath = "/v1/payin/"

// Status implements pirogue.StatusReader. It asks for a payin or payout by Novasend's name.
// If the response with the name was lost, it asks by our reference. The latter is our
// reading: their pages call both "reference". It never returns Refused, because the refusal
// of a status call tells nothing about the money.
//
// A payin that Novasend does not know is pending: it may still be on its way. A name that
// Novasend gave us and no longer knows is Unknown.
func (o *adapter) Status(ctx context.Context, q operator.StatusQuery) (operator.OperatorResult, error) {
	ctx, cancel := o.WithTimeout(ctx)
	defer cancel()
	switch {
	case q.Kind == pirogue.CashIn:
		want := order{kind: typePayin, ref: q.Ref, amount: q.Amount}
		return o.became(ctx, payinPath+askedBy(q), want, q.Handle[keyID], pirogue.OutcomePending)
	case q.Kind == pirogue.Refund && (q.RefundedCollect != nil || q.Handle[keyPayin] != ""):
		return o.refunded(ctx, q)
	default:
		return o.paidOut(ctx, q)
	}
}

// askedBy returns the part of a status path that names a payin or payout.
func askedBy(q operator.StatusQuery) string {
	return url.PathEscape(cmp.Or(q.Handle[keyID], string(q.Ref)))
}

// finalizeCashOut returns the operator result of a payout. If the handle does not hold the payout's
// path, the payout is absent only if no path knows it.
func (o *adapter) paidOut(ctx context.Context, q operator.StatusQuery) (operator.OperatorResult, error) {
	paths := o.payouts()
	if sent := q.Handle[keyPath]; sent != "" {
		paths = []string{sent}
	}
	want := order{kind: typePayout, ref: q.Ref, amount: q.Amount, wallet: q.MSISDN}
	var receipt operator.OperatorResult
	for _, path := range paths {
		var err error
		receipt, err = o.became(ctx, path+"/"+askedBy(q), want, q.Handle[keyID], pirogue.OutcomeAbsent)
		if err != nil || receipt.Outcome != pirogue.OutcomeAbsent {
			return receipt, err
		}
	}
	return receipt, nil
}

// refunded returns the operator result of a refund. A refused refund leaves no handle, so
// the query's own payin is used then.
func (o *adapter) refunded(ctx context.Context, q operator.StatusQuery) (operator.OperatorResult, error) {
	known := q.Handle
	if known[keyPayin] == "" {
		payin, err := o.payin(ctx, *q.RefundedCollect)
		if err != nil {
			return operator.OperatorResult{}, err
		}
		known = pirogue.Handle{keyPayin: payin, keyPayinRef: string(q.RefundedCollect.Ref)}
	}
	want := refundOf(q.Ref, q.Amount, known)
	return o.became(ctx, refundPath(known[keyPayin]), want, known[keyID], pirogue.OutcomeAbsent)
}

// became reads the status of an order. id is Novasend's name, "" if it gave none. missing
// is the outcome if Novasend does not know an order that it never named.
func (o *adapter) became(
	ctx context.Context, path string, want order, id string, missing pirogue.Outcome,
) (operator.OperatorResult, error) {
	if id != "" {
		// A name that Novasend gave cannot be absent.
		missing = ""
	}
	return o.QueryStatus(ctx, path, missing, func(body []byte) (operator.OperatorResult, error) {
		_, receipt, err := o.understood(body, want)
		receipt.Handle = nil // the handle of the submission stays
		return receipt, err
	})
}
