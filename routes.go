package pirogue

import (
	"errors"
	"fmt"
	"slices"
)

// Route sends the payments of one country, network and kind to operators, in the
// order in which they are tried.
type Route struct {
	Mode      Mode           `json:"mode"`
	Country   CountryCode    `json:"country"`
	Network   Network        `json:"network"`
	Kind      PaymentKind    `json:"type"`
	Operators []OperatorCode `json:"operators"`
}

// RouteTable holds every configured operator and route.
type RouteTable struct {
	instances map[OperatorCode]Instance
	routes    []Route
}

// NewRouteTable returns the table of routes over instances. It reports every mistake at once: an
// operator that is not configured, or has another mode or country than its route. A test key
// reaches simulators only, a live key live operators only. It also reports an operator that lacks
// the call for the route's kind.
func NewRouteTable(instances map[OperatorCode]Instance, routes []Route) (*RouteTable, error) {
	var mistakes []error
	for _, r := range routes {
		if len(r.Operators) == 0 {
			mistakes = append(mistakes, fmt.Errorf("%s names no operator", r))
		}
		for _, code := range r.Operators {
			if why := r.unfit(instances, code); why != "" {
				mistakes = append(mistakes, fmt.Errorf("%s names %q, %s", r, code, why))
			}
		}
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, Errorf(Internal, "routes: %w", err)
	}
	return &RouteTable{instances: instances, routes: routes}, nil
}

// String returns the route for logs and error messages.
func (r Route) String() string {
	return fmt.Sprintf("route %s %s %s %s", r.Mode, r.Country, r.Network, r.Kind)
}

// unfit returns the reason why an operator cannot serve the route; "" when it can.
func (r Route) unfit(instances map[OperatorCode]Instance, code OperatorCode) string {
	i, ok := instances[code]
	_, collects := i.Operator.(Collector)
	_, disburses := i.Operator.(Disburser)
	switch {
	case !ok:
		return "which is not configured"
	case i.Mode != r.Mode:
		return fmt.Sprintf("which is a %s operator", i.Mode)
	case i.Country != r.Country:
		return fmt.Sprintf("which serves %s", i.Country)
	case i.Network != "" && i.Network != r.Network:
		return fmt.Sprintf("which serves %s alone", i.Network)
	case r.Kind == CashIn && !collects:
		return "which cannot collect"
	case r.Kind == CashOut && !disburses:
		return "which cannot disburse"
	case r.Kind != CashIn && r.Kind != CashOut:
		return "but only cash-ins and cash-outs have routes"
	default:
		return ""
	}
}

// Route returns the instances to try for a payment, in order, each with the route's network.
// Without a network it takes the first route of the country. It fails with CountryNotSupported.
func (t *RouteTable) Route(m Mode, c CountryCode, n Network, k PaymentKind) ([]Instance, error) {
	for _, r := range t.routes {
		if r.Mode != m || r.Country != c || r.Kind != k || (n != "" && n != r.Network) {
			continue
		}
		found := make([]Instance, len(r.Operators))
		for i, code := range r.Operators {
			found[i] = t.instances[code]
			found[i].Network = r.Network
		}
		return found, nil
	}
	return nil, FieldError(CountryNotSupported, "country_code")
}

// Routes returns every route of a mode, in the configuration's order.
func (t *RouteTable) Routes(m Mode) []Route {
	return slices.DeleteFunc(slices.Clone(t.routes), func(r Route) bool { return r.Mode != m })
}

// Instance returns a configured operator, and whether there is one of that code.
func (t *RouteTable) Instance(code OperatorCode) (Instance, bool) {
	instance, ok := t.instances[code]
	return instance, ok
}

// PaymentInput returns the workflow input of a payment. It names the operator in the payment's row, then
// the later ones of its route for failover. A refund by the refund call of the operator stays
// there: another operator could only pay it out. It also stays there where that operator pays it
// out, for the payment does not name the collector. Every other refund is paid out and fails over
// like a cash-out.
func (t *RouteTable) PaymentInput(p Payment) (PaymentInput, error) {
	first, ok := t.instances[p.Operator]
	if !ok {
		return PaymentInput{}, Errorf(Internal, "payment %s waits for operator %q, which is not configured", p.ID, p.Operator)
	}
	kind := p.Kind
	if kind == Refund {
		if _, gives := first.Operator.(Refunder); gives {
			return NewPaymentInput(p, []Instance{first}), nil
		}
		kind = CashOut
	}
	route, err := t.Route(p.Mode, p.Country, p.Network, kind)
	if err != nil && CodeOf(err) != CountryNotSupported {
		return PaymentInput{}, err
	}
	legs := []Instance{first}
	if at := slices.IndexFunc(route, func(i Instance) bool { return i.Code == p.Operator }); at >= 0 {
		legs = append(legs, Fitting(route[at+1:], p)...)
	}
	return NewPaymentInput(p, legs), nil
}

// Rebuild returns the workflow input to start a lost workflow again. It begins with the operator of
// the latest attempt, whatever the configured route is. The operators of the configured route
// without an attempt follow. It fails where the rows cannot be read or the operator is not
// configured.
func (t *RouteTable) Rebuild(r Restart) (PaymentInput, error) {
	if r.Err != nil {
		return PaymentInput{}, r.Err
	}
	p := r.Payment
	p.Operator = r.Attempt.Operator
	order, err := t.PaymentInput(p)
	if err != nil {
		return PaymentInput{}, err
	}
	order.Fallbacks = slices.DeleteFunc(t.candidates(p), func(l RouteCandidate) bool { return slices.Contains(r.Tried, l.Operator) })
	order.Resumes = r.Resumption()
	return order, nil
}

// candidates returns the operators of the configured route that may move a payment. A refund at an
// operator with a refund call has none.
func (t *RouteTable) candidates(p Payment) []RouteCandidate {
	kind := p.Kind
	if kind == Refund {
		if _, gives := t.instances[p.Operator].Operator.(Refunder); gives {
			return nil
		}
		kind = CashOut
	}
	route, err := t.Route(p.Mode, p.Country, p.Network, kind)
	if err != nil { // the configuration has no route for it: no operator is left for failover
		return nil
	}
	var legs []RouteCandidate
	for _, i := range Fitting(route, p) {
		legs = append(legs, NewRouteCandidate(p.Kind, i))
	}
	return legs
}

// Fitting returns the instances whose limits allow the payment's amount, in their order.
func Fitting(route []Instance, p Payment) []Instance {
	return slices.DeleteFunc(slices.Clone(route), func(i Instance) bool {
		return !i.Limits(p.Kind).Allow(p.AtOperator().Minor)
	})
}

// GivesBack reports whether an instance can refund by its own refund call a cash-in that it
// collected. Where WholeRefunds holds, the refund must be of the whole.
func (i Instance) GivesBack(collected, refund Payment) bool {
	if _, has := i.Operator.(Refunder); !has {
		return false
	}
	return refund.AtOperator() == collected.AtOperator() || !i.Operator.Capability().WholeRefunds
}

// Refunders returns the instances that may carry a refund of a cash-in, in their order. It is the
// collector alone where its refund call gives the money back within its limits. Otherwise it is
// those that pay into the payer's wallet within the limits of a payout. A collector with a refund
// call comes first of these, for it knows the payer. Collector is the zero value when it is not
// configured.
func Refunders(collector Instance, payouts []Instance, collected, refund Payment) []Instance {
	if collector.Operator == nil {
		return Fitting(payouts, refund)
	}
	if collector.GivesBack(collected, refund) {
		if collector.Operator.Capability().Refund.Allow(refund.AtOperator().Minor) {
			return []Instance{collector}
		}
		return nil
	}
	_, refunds := collector.Operator.(Refunder)
	_, disburses := collector.Operator.(Disburser)
	if !refunds || !disburses {
		return Fitting(payouts, refund)
	}
	others := slices.DeleteFunc(slices.Clone(payouts), func(i Instance) bool { return i.Code == collector.Code })
	return Fitting(append([]Instance{collector}, others...), refund)
}

// FeeInput describes one operator of a route with regard to one payment.
type FeeInput struct {
	Operator OperatorCode
	Limits   Limits
	Taken    bool   // it may be tried, after the earlier ones that may
	Why      string // the reason, for people
}

// Plan explains the route of one payment.
type Plan struct {
	Network Network // of the route; "" when there is none
	Why     string  // the way the network was found, for people
	Steps   []FeeInput
}

// Plan explains the route that a payment of this mode, country, number and amount would take.
// Without a network it takes the one that the number's prefix suggests. It decides nothing: it
// calls the functions that acceptance calls.
func (t *RouteTable) Plan(p Payment) Plan {
	network, why := t.Network(p.Mode, p.Country, p.Network, p.Kind, p.MSISDN)
	plan := Plan{Network: network, Why: why}
	route, err := t.Route(p.Mode, p.Country, network, p.Kind)
	if err != nil {
		return Plan{Why: fmt.Sprintf("%s; no operator serves %s of %s in %s", why, p.Kind, network, p.Country)}
	}
	fits := Fitting(route, p)
	for _, i := range route {
		step := FeeInput{Operator: i.Code, Limits: i.Limits(p.Kind), Why: "its limits do not allow the amount"}
		if place := slices.IndexFunc(fits, func(f Instance) bool { return f.Code == i.Code }); place >= 0 {
			step.Taken, step.Why = true, "tried first"
			if place > 0 {
				step.Why = "tried when nothing was sent to the one before, or it refused for a reason of its own"
			}
		}
		plan.Steps = append(plan.Steps, step)
	}
	return plan
}

// Network returns the network whose route a payment takes, and the reason in words. It is the
// network asked for; else the one that the number's prefix suggests, if it has a route. Otherwise
// it is the network of the country's first route.
func (t *RouteTable) Network(m Mode, c CountryCode, asked Network, k PaymentKind, number MSISDN) (Network, string) {
	if asked != "" {
		return asked, "the network was asked for"
	}
	if probable := ProbableNetwork(number); probable != "" {
		if _, err := t.Route(m, c, probable, k); err == nil {
			return probable, "the number's prefix is " + string(probable) + "'s"
		}
	}
	first, err := t.Route(m, c, "", k)
	if err != nil || len(first) == 0 {
		return "", "the country has no route"
	}
	return first[0].Network, "the number's prefix names no served network; the country's first route is taken"
}
