package pirogue

// Route sends the payments of one country, network and kind to operators, in the
// order in which they are tried.
type Route struct {
	Mode      Mode           `json:"mode"`
	Country   CountryCode    `json:"country"`
	Network   Network        `json:"network"`
	Kind      Kind           `json:"type"`
	Operators []OperatorCode `json:"operators"`
}

// RouteTable is every configured operator and route.
type RouteTable struct {
	instances map[OperatorCode]Instance
	routes    []Route
}

// NewRouteTable returns the table of routes over instances. It fails with Internal
// when a route names an operator that is not configured, or one of another mode: a
// test key reaches simulators only, a live key live operators only.
func NewRouteTable(instances map[OperatorCode]Instance, routes []Route) (*RouteTable, error) {
	for _, r := range routes {
		for _, code := range r.Operators {
			instance, ok := instances[code]
			if !ok || instance.Mode != r.Mode {
				return nil, Errorf(Internal, "route %s %s %s names %q, which is no %s operator",
					r.Country, r.Network, r.Kind, code, r.Mode)
			}
		}
	}
	return &RouteTable{instances: instances, routes: routes}, nil
}

// Route returns the instances to try for a payment, in order. No network means the
// first one the country has a route for. It fails with CountryNotSupported.
func (t *RouteTable) Route(m Mode, c CountryCode, n Network, k Kind) ([]Instance, error) {
	for _, r := range t.routes {
		if r.Mode != m || r.Country != c || r.Kind != k || (n != "" && n != r.Network) {
			continue
		}
		found := make([]Instance, len(r.Operators))
		for i, code := range r.Operators {
			found[i] = t.instances[code]
		}
		return found, nil
	}
	return nil, FieldError(CountryNotSupported, "country_code")
}

// Instance returns a configured operator, and whether there is one of that code.
func (t *RouteTable) Instance(code OperatorCode) (Instance, bool) {
	instance, ok := t.instances[code]
	return instance, ok
}

// Order returns what a payment's workflow is started with.
func (t *RouteTable) Order(p Payment) (Order, error) {
	instance, ok := t.instances[p.Operator]
	if !ok {
		return Order{}, Errorf(Internal, "payment %s waits for operator %q, which is not configured", p.ID, p.Operator)
	}
	return NewOrder(p, instance), nil
}
