package routing

import (
	"errors"
	"fmt"
	"slices"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// Route sends the payments of one country, network and kind to operators, in the
// order in which they are tried.
type Route struct {
	Mode      pirogue.Mode           `json:"mode"`
	Country   pirogue.CountryCode    `json:"country"`
	Network   pirogue.Network        `json:"network"`
	Kind      pirogue.PaymentKind    `json:"type"`
	Operators []pirogue.OperatorCode `json:"operators"`
}

// RouteTable holds every configured operator and route.
type RouteTable struct {
	instances map[pirogue.OperatorCode]operator.Instance
	routes    []Route
}

// NewRouteTable returns the table of routes over instances. It reports every mistake at once: an
// operator that is not configured, or has another mode or country than its route. A test key
// reaches simulators only, a live key live operators only. It also reports an operator that lacks
// the call for the route's kind.
func NewRouteTable(instances map[pirogue.OperatorCode]operator.Instance, routes []Route) (*RouteTable, error) {
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
		return nil, pirogue.Errorf(pirogue.Internal, "routes: %w", err)
	}
	return &RouteTable{instances: instances, routes: routes}, nil
}

// String returns the route for logs and error messages.
func (r Route) String() string {
	return fmt.Sprintf("route %s %s %s %s", r.Mode, r.Country, r.Network, r.Kind)
}

// unfit returns the reason why an operator cannot serve the route; "" when it can.
func (r Route) unfit(instances map[pirogue.OperatorCode]operator.Instance, code pirogue.OperatorCode) string {
	i, ok := instances[code]
	_, collects := i.Operator.(operator.Collector)
	_, disburses := i.Operator.(operator.Disburser)
	switch {
	case !ok:
		return "which is not configured"
	case i.Mode != r.Mode:
		return fmt.Sprintf("which is a %s operator", i.Mode)
	case i.Country != r.Country:
		return fmt.Sprintf("which serves %s", i.Country)
	case i.Network != "" && i.Network != r.Network:
		return fmt.Sprintf("which serves %s alone", i.Network)
	case r.Kind == pirogue.CashIn && !collects:
		return "which cannot collect"
	case r.Kind == pirogue.CashOut && !disburses:
		return "which cannot disburse"
	case r.Kind != pirogue.CashIn && r.Kind != pirogue.CashOut:
		return "but only cash-ins and cash-outs have routes"
	default:
		return ""
	}
}

// Route returns the instances to try for a payment, in order, each with the route's network.
// Without a network it takes the first route of the country. It fails with CountryNotSupported.
func (t *RouteTable) Route(
	m pirogue.Mode, c pirogue.CountryCode, n pirogue.Network, k pirogue.PaymentKind,
) ([]operator.Instance, error) {
	for _, r := range t.routes {
		if r.Mode != m || r.Country != c || r.Kind != k || (n != "" && n != r.Network) {
			continue
		}
		found := make([]operator.Instance, len(r.Operators))
		for i, code := range r.Operators {
			found[i] = t.instances[code]
			found[i].Network = r.Network
		}
		return found, nil
	}
	return nil, pirogue.FieldError(pirogue.CountryNotSupported, "country_code")
}

// Routes returns every route of a mode, in the configuration's order.
func (t *RouteTable) Routes(m pirogue.Mode) []Route {
	return slices.DeleteFunc(slices.Clone(t.routes), func(r Route) bool { return r.Mode != m })
}

// Instance returns a configured operator, and whether there is one of that code.
func (t *RouteTable) Instance(code pirogue.OperatorCode) (operator.Instance, bool) {
	instance, ok := t.instances[code]
	return instance, ok
}

// PaymentInput returns the workflow input of a payment. It names the operator in the payment's row, then
// the later ones of its route for failover; see failoverRoute for a refund.
func (t *RouteTable) PaymentInput(p pirogue.Payment) (lifecycle.PaymentInput, error) {
	first, ok := t.instances[p.Operator]
	if !ok {
		return lifecycle.PaymentInput{}, pirogue.Errorf(pirogue.Internal,
			"payment %s waits for operator %q, which is not configured", p.ID, p.Operator)
	}
	route, err := t.failoverRoute(p)
	if err != nil {
		return lifecycle.PaymentInput{}, err
	}
	candidates := []operator.Instance{first}
	if at := slices.IndexFunc(route, func(i operator.Instance) bool { return i.Code == p.Operator }); at >= 0 {
		candidates = append(candidates, Fitting(route[at+1:], p)...)
	}
	return lifecycle.NewPaymentInput(p, candidates), nil
}

// Rebuild returns the workflow input to start a lost workflow again. It begins with the operator of
// the latest attempt, whatever the configured route is. The operators of the configured route
// without an attempt follow. It fails where the rows cannot be read or the operator is not
// configured.
func (t *RouteTable) Rebuild(r lifecycle.Restart) (lifecycle.PaymentInput, error) {
	if r.Err != nil {
		return lifecycle.PaymentInput{}, r.Err
	}
	p := r.Payment
	p.Operator = r.Attempt.Operator
	input, err := t.PaymentInput(p)
	if err != nil {
		return lifecycle.PaymentInput{}, err
	}
	candidates, err := t.candidates(p)
	input.Fallbacks = slices.DeleteFunc(candidates, func(c operator.RouteCandidate) bool {
		return slices.Contains(r.Tried, c.Operator)
	})
	input.Resumes = r.Resumption()
	return input, err
}

// candidates returns the operators of the configured route that may move a payment; see failoverRoute
// for a refund.
func (t *RouteTable) candidates(p pirogue.Payment) ([]operator.RouteCandidate, error) {
	route, err := t.failoverRoute(p)
	var found []operator.RouteCandidate
	for _, i := range Fitting(route, p) {
		found = append(found, operator.NewRouteCandidate(p.Kind, i))
	}
	return found, err
}

// Fitting returns the instances whose limits allow the payment's amount, in their order.
func Fitting(route []operator.Instance, p pirogue.Payment) []operator.Instance {
	return slices.DeleteFunc(slices.Clone(route), func(i operator.Instance) bool {
		return !i.Limits(p.Kind).Allow(p.AtOperator().Minor)
	})
}

// FeeInput describes one operator of a route with regard to one payment.
type FeeInput struct {
	Operator pirogue.OperatorCode
	Limits   operator.Limits
	Taken    bool   // it may be tried, after the earlier ones that may
	Why      string // the reason, for people
}

// Plan explains the route of one payment.
type Plan struct {
	Network pirogue.Network // of the route; "" when there is none
	Why     string          // the way the network was found, for people
	Steps   []FeeInput
}

// Plan explains the route that a payment of this mode, country, number and amount would take.
// Without a network it takes the one that the number's prefix suggests. It decides nothing: it
// calls the functions that acceptance calls.
func (t *RouteTable) Plan(p pirogue.Payment) Plan {
	network, why := t.Network(p.Mode, p.Country, p.Network, p.Kind, p.MSISDN)
	plan := Plan{Network: network, Why: why}
	route, err := t.Route(p.Mode, p.Country, network, p.Kind)
	if err != nil {
		return Plan{Why: fmt.Sprintf("%s; no operator serves %s of %s in %s", why, p.Kind, network, p.Country)}
	}
	fits := Fitting(route, p)
	for _, i := range route {
		step := FeeInput{Operator: i.Code, Limits: i.Limits(p.Kind), Why: "its limits do not allow the amount"}
		if place := slices.IndexFunc(fits, func(f operator.Instance) bool { return f.Code == i.Code }); place >= 0 {
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
func (t *RouteTable) Network(
	m pirogue.Mode, c pirogue.CountryCode, asked pirogue.Network, k pirogue.PaymentKind, number pirogue.MSISDN,
) (pirogue.Network, string) {
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
