package routing

import (
	"slices"

	"pirogue"
	"pirogue/operator"
)

// How a refund is given. This file decides it for acceptance, submission, status calls and failover.
//
//  1. The collector gives the money back by its refund call, where it has one that can give back this
//     amount. No other operator is asked then.
//  2. Otherwise an operator of the payer's cash-out route pays the amount into the payer's wallet. A
//     collector with a refund call comes first, for it knows the payer.
//  3. A refund at an operator with a refund call never fails over: another one could only pay it out.
//     It also stays there where that operator pays it out, for the payment does not name the collector.

// Router finds the operators of a country, network and kind. RouteTable implements it.
type Router interface {
	// Route returns the instances to try, in order. It fails with CountryNotSupported.
	Route(m pirogue.Mode, c pirogue.CountryCode, n pirogue.Network, k pirogue.PaymentKind) ([]operator.Instance, error)
}

// RefundRoute holds the operators that may give a cash-in back.
type RefundRoute struct {
	collected pirogue.Payment
	collector operator.Instance // the zero value when it is not configured
	payouts   []operator.Instance
}

// NewRefundRoute returns the operators that may give a cash-in back. collector is the zero value when it
// left the configuration: it gives nothing back then, but another operator may pay out. It fails with
// RefundNotAllowed when no operator can give the cash-in back.
func NewRefundRoute(router Router, collected pirogue.Payment, collector operator.Instance) (RefundRoute, error) {
	payouts, err := router.Route(collected.Mode, collected.Country, collected.Network, pirogue.CashOut)
	if err != nil && pirogue.CodeOf(err) != pirogue.CountryNotSupported {
		return RefundRoute{}, err
	}
	if !HasRefundCall(collector) && len(payouts) == 0 {
		return RefundRoute{}, pirogue.Errorf(pirogue.RefundNotAllowed,
			"nobody pays into a wallet of %s in %s", collected.Network, collected.Country)
	}
	return RefundRoute{collected: collected, collector: collector, payouts: payouts}, nil
}

// Operators returns the instances that may carry a refund within their limits, in order. It is empty
// when none may.
func (r RefundRoute) Operators(refund pirogue.Payment) []operator.Instance {
	if ByRefundCall(r.collector, r.collected, refund) {
		if r.collector.Operator.Capability().Refund.Allow(refund.AtOperator().Minor) {
			return []operator.Instance{r.collector}
		}
		return nil
	}
	if _, disburses := r.collector.Operator.(operator.Disburser); !disburses || !HasRefundCall(r.collector) {
		return Fitting(r.payouts, refund)
	}
	isCollector := func(i operator.Instance) bool { return i.Code == r.collector.Code }
	others := slices.DeleteFunc(slices.Clone(r.payouts), isCollector)
	return Fitting(append([]operator.Instance{r.collector}, others...), refund)
}

// HasRefundCall reports whether an instance can refund by a call of its own.
func HasRefundCall(i operator.Instance) bool {
	_, has := i.Operator.(operator.Refunder)
	return has
}

// ByRefundCall reports whether the collector of a cash-in gives a refund of it by its refund call. Where
// WholeRefunds holds, the refund must be of the whole.
func ByRefundCall(collector operator.Instance, collected, refund pirogue.Payment) bool {
	if !HasRefundCall(collector) {
		return false
	}
	return refund.AtOperator() == collected.AtOperator() || !collector.Operator.Capability().WholeRefunds
}

// failoverRoute returns the configured route of a payment, also for a refund that is paid out. It is
// empty for a refund that never fails over.
func (t *RouteTable) failoverRoute(p pirogue.Payment) ([]operator.Instance, error) {
	kind := p.Kind
	if kind == pirogue.Refund {
		if HasRefundCall(t.instances[p.Operator]) {
			return nil, nil
		}
		kind = pirogue.CashOut
	}
	route, err := t.Route(p.Mode, p.Country, p.Network, kind)
	if pirogue.CodeOf(err) == pirogue.CountryNotSupported { // no operator is left for failover
		return nil, nil
	}
	return route, err
}
