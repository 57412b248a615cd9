package novasend

import (
	"cmp"
	"context"
	"net/url"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// payinPath is the path of a payin's status.
const payinPath = "/v1/payin/"

// Status implements operator.StatusReader. It asks for a payin or payout by Novasend's name.
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
		want := expected{kind: typePayin, ref: q.Ref, amount: q.Amount}
		call := statusCall(payinPath+statusName(q), q.Handle, pirogue.OutcomePending)
		return o.readStatus(ctx, call, want)
	case q.Kind == pirogue.Refund && (q.RefundedCollect != nil || q.Handle[keyPayin] != ""):
		return o.refundStatus(ctx, q)
	default:
		return o.payoutStatus(ctx, q)
	}
}

// statusName returns the part of a status path that names a payin or payout.
func statusName(q operator.StatusQuery) string {
	return url.PathEscape(cmp.Or(q.Handle[keyID], string(q.Ref)))
}

// payoutStatus returns the operator result of a payout. If the handle does not hold the payout's
// path, the payout is absent only if no path knows it.
func (o *adapter) payoutStatus(ctx context.Context, q operator.StatusQuery) (operator.OperatorResult, error) {
	paths := o.payoutPaths()
	if sent := q.Handle[keyPath]; sent != "" {
		paths = []string{sent}
	}
	want := expected{kind: typePayout, ref: q.Ref, amount: q.Amount, wallet: q.MSISDN}
	var result operator.OperatorResult
	for _, path := range paths {
		var err error
		call := statusCall(path+"/"+statusName(q), q.Handle, pirogue.OutcomeAbsent)
		result, err = o.readStatus(ctx, call, want)
		if err != nil || result.Outcome != pirogue.OutcomeAbsent {
			return result, err
		}
	}
	return result, nil
}

// refundStatus returns the operator result of a refund. A refused refund leaves no handle, so
// the query's own payin is used then.
func (o *adapter) refundStatus(ctx context.Context, q operator.StatusQuery) (operator.OperatorResult, error) {
	known := q.Handle
	if known[keyPayin] == "" {
		payin, err := o.findPayin(ctx, *q.RefundedCollect)
		if err != nil {
			return operator.OperatorResult{}, err
		}
		known = pirogue.Handle{keyPayin: payin, keyPayinRef: string(q.RefundedCollect.Ref)}
	}
	want := expectedRefund(q.Ref, q.Amount, known)
	return o.readStatus(ctx, statusCall(refundPath(known[keyPayin]), known, pirogue.OutcomeAbsent), want)
}

// statusCall returns the call for the status of an order. missing is the outcome if Novasend does
// not know an order that it never named.
func statusCall(path string, known pirogue.Handle, missing pirogue.Outcome) client.StatusCall {
	if known[keyID] != "" {
		// A name that Novasend gave cannot be absent.
		missing = ""
	}
	return client.StatusCall{Path: path, Missing: missing}
}

// readStatus reads the status of an order.
func (o *adapter) readStatus(
	ctx context.Context, call client.StatusCall, want expected,
) (operator.OperatorResult, error) {
	return o.QueryStatus(ctx, call, func(body []byte) (operator.OperatorResult, error) {
		_, result, err := o.readRecordResult(body, want)
		result.Handle = nil // the handle of the submission stays
		return result, err
	})
}
