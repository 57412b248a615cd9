package novasend

import (
	"cmp"
	"context"
	"net/url"

	"pirogue"
)

// payinPath is where payins are asked for.
const payinPath = "/v1/payin/"

// Status implements pirogue.StatusReader. A payin or payout is asked for by Novasend's
// name of it, or by our reference where its answer was lost (our reading: their pages
// say "reference" of both). It never returns Refused: a question that Novasend will
// not answer says nothing about the money.
//
// A payin that Novasend does not know is pending: it may still be on its way there.
// What Novasend named to us and does not know any more is Unknown.
func (o *operator) Status(ctx context.Context, q pirogue.StatusQuery) (pirogue.Receipt, error) {
	ctx, cancel := o.Within(ctx)
	defer cancel()
	switch {
	case q.Kind == pirogue.CashIn:
		want := order{kind: typePayin, ref: q.Ref, amount: q.Amount}
		return o.became(ctx, payinPath+askedBy(q), want, q.Handle[keyID], pirogue.OutcomePending)
	case q.Kind == pirogue.Refund && (q.Reversed != nil || q.Handle[keyPayin] != ""):
		return o.refunded(ctx, q)
	default:
		return o.paidOut(ctx, q)
	}
}

// askedBy returns what a payin or payout is asked for by, as a part of a path.
func askedBy(q pirogue.StatusQuery) string {
	return url.PathEscape(cmp.Or(q.Handle[keyID], string(q.Ref)))
}

// paidOut returns what became of a payout. Where nothing is kept of the path that it was
// sent to, it is absent only if no path knows it.
func (o *operator) paidOut(ctx context.Context, q pirogue.StatusQuery) (pirogue.Receipt, error) {
	paths := o.payouts()
	if sent := q.Handle[keyPath]; sent != "" {
		paths = []string{sent}
	}
	want := order{kind: typePayout, ref: q.Ref, amount: q.Amount, wallet: q.MSISDN}
	var receipt pirogue.Receipt
	for _, path := range paths {
		var err error
		receipt, err = o.became(ctx, path+"/"+askedBy(q), want, q.Handle[keyID], pirogue.OutcomeAbsent)
		if err != nil || receipt.Outcome != pirogue.OutcomeAbsent {
			return receipt, err
		}
	}
	return receipt, nil
}

// refunded returns what became of a refund that Refund made. A refusal leaves no handle:
// the payin is then the one that the question names.
func (o *operator) refunded(ctx context.Context, q pirogue.StatusQuery) (pirogue.Receipt, error) {
	known := q.Handle
	if known[keyPayin] == "" {
		payin, err := o.payin(ctx, *q.Reversed)
		if err != nil {
			return pirogue.Receipt{}, err
		}
		known = pirogue.Handle{keyPayin: payin, keyPayinRef: string(q.Reversed.Ref)}
	}
	want := refundOf(q.Ref, q.Amount, known)
	return o.became(ctx, refundPath(known[keyPayin]), want, known[keyID], pirogue.OutcomeAbsent)
}

// became asks for an order that Novasend may have named to us as id. missing is what
// it means that Novasend does not know one it never named.
func (o *operator) became(
	ctx context.Context, path string, want order, id string, missing pirogue.Outcome,
) (pirogue.Receipt, error) {
	if id != "" {
		missing = ""
	}
	return o.Find(ctx, path, missing, func(body []byte) (pirogue.Receipt, error) {
		_, receipt, err := o.understood(body, want)
		receipt.Handle = nil // the submission's stays
		return receipt, err
	})
}
