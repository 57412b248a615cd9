package activities

import (
	"cmp"
	"context"

	"pirogue"
	"pirogue/operator"
	"pirogue/routing"
	"pirogue/support"
)

// operatorCall makes the one call of a submission. It holds everything that the call needs.
type operatorCall func(context.Context) (operator.OperatorResult, error)

// prepareCall returns the one call of a submission. Everything that can fail happens here, before
// the attempt is marked as sent.
func (a *SubmitActivities) prepareCall(
	ctx context.Context, i operator.Instance, s submission,
) (operatorCall, error) {
	merchant, p, attempt := s.merchant, s.payment, s.attempt
	callback := a.Callbacks.URL(i.Code, attempt.Ref)
	switch p.Kind {
	case pirogue.CashIn:
		return collect(i, operator.CollectRequest{
			Ref: attempt.Ref, Amount: p.AtOperator(), MSISDN: p.MSISDN, Payee: merchant.Name,
			ReturnURL: a.returnURL(p.ReturnURL), CancelURL: a.returnURL(p.CancelURL), CallbackURL: callback,
			Window: s.Candidate.Window,
			OTP:    attempt.Handle[pirogue.HandleOTP], Network: p.Network, Payer: p.CustomerName,
		})
	case pirogue.Refund:
		if call, has, err := a.refundCall(ctx, i, s); has || err != nil {
			return call, err
		}
	case pirogue.CashOut:
	}
	return disburse(i, operator.DisburseRequest{
		Ref: attempt.Ref, Amount: p.AtOperator(), MSISDN: p.MSISDN, Network: p.Network, Beneficiary: p.CustomerName,
		Payer: merchant.Name, CallbackURL: callback,
	})
}

// returnURL returns the merchant's page, or ours.
func (a *SubmitActivities) returnURL(url string) string { return cmp.Or(url, a.ReturnURL) }

func collect(i operator.Instance, c operator.CollectRequest) (operatorCall, error) {
	collector, ok := i.Operator.(operator.Collector)
	if !ok {
		return nil, pirogue.Errorf(pirogue.Internal, "operator %q cannot collect", i.Code)
	}
	return func(ctx context.Context) (operator.OperatorResult, error) { return collector.Collect(ctx, c) }, nil
}

func disburse(i operator.Instance, d operator.DisburseRequest) (operatorCall, error) {
	disburser, ok := i.Operator.(operator.Disburser)
	if !ok {
		return nil, pirogue.Errorf(pirogue.Internal, "operator %q cannot disburse", i.Code)
	}
	return func(ctx context.Context) (operator.OperatorResult, error) { return disburser.Disburse(ctx, d) }, nil
}

// refundCall returns the refund call of an operator that has one and collected the money itself. It
// reports false when the refund has to be paid out instead.
func (a *SubmitActivities) refundCall(
	ctx context.Context, i operator.Instance, s submission,
) (operatorCall, bool, error) {
	refunder, ok := i.Operator.(operator.Refunder)
	if !ok {
		return nil, false, nil
	}
	collected, reverses, err := a.reverses(ctx, i, s.payment)
	if err != nil || !reverses {
		return nil, false, err
	}
	r := operator.RefundRequest{
		Ref: s.attempt.Ref, Amount: s.payment.AtOperator(), CollectQuery: collected,
		CallbackURL: a.Callbacks.URL(i.Code, s.attempt.Ref),
	}
	return func(ctx context.Context) (operator.OperatorResult, error) { return refunder.Refund(ctx, r) }, true, nil
}

// reverses reports whether a refund at an operator is made by its refund call, and of
// which collection: it must have collected the money itself, and give back a part if a
// part is wanted. Its result is the same before the refund is sent and at every later status
// call.
func (a *core) reverses(
	ctx context.Context, i operator.Instance, p pirogue.Payment,
) (operator.StatusQuery, bool, error) {
	if p.Kind != pirogue.Refund || !routing.HasRefundCall(i) {
		return operator.StatusQuery{}, false, nil
	}
	parent, collected, err := a.collection(ctx, p)
	if err != nil {
		return operator.StatusQuery{}, false, err
	}
	return query(parent, collected), collected.Operator == i.Code && routing.ByRefundCall(i, parent, p), nil
}

// collection returns the cash-in that a refund gives back, and the attempt that collected its
// money. A refund of late money gives back the money of its case's attempt. What the operator said
// of that attempt before does not matter.
func (a *core) collection(
	ctx context.Context, refund pirogue.Payment,
) (pirogue.Payment, pirogue.Attempt, error) {
	if refund.Late {
		lateCase, err := a.Store.Cases.Case(ctx, support.CaseOfReturn(refund.OrderID))
		if err != nil {
			return pirogue.Payment{}, pirogue.Attempt{}, err
		}
		return a.Store.Attempts.Numbered(ctx, refund.ParentID, lateCase.Attempt)
	}
	parent, _, err := a.Store.Attempts.Latest(ctx, refund.ParentID)
	if err != nil {
		return parent, pirogue.Attempt{}, err
	}
	collected, err := a.Store.Attempts.Collected(ctx, refund.ParentID)
	return parent, collected, err
}

// query returns the status query of a payment's latest attempt.
func (a *core) query(
	ctx context.Context, p pirogue.Payment, attempt pirogue.Attempt,
) (operator.StatusQuery, error) {
	q := query(p, attempt)
	instance, err := a.instanceOf(attempt.Operator)
	if err != nil {
		return q, err
	}
	collected, reverses, err := a.reverses(ctx, instance, p)
	if reverses {
		q.RefundedCollect = &collected
	}
	return q, err
}

// query returns the status query of one attempt of a payment.
func query(p pirogue.Payment, a pirogue.Attempt) operator.StatusQuery {
	return operator.StatusQuery{
		Kind: p.Kind, Ref: a.Ref, Handle: a.Handle, Amount: p.AtOperator(), MSISDN: p.MSISDN, SentAt: a.FirstSent,
	}
}
