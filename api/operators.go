package api

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/operator"
	"pirogue/routing"
)

// operatorRoutes serves the operators that carry a merchant's payments.
type operatorRoutes struct {
	breakers Breakers
	routes   Routes
	clock    pirogue.Clock
}

// register adds the route.
func (h operatorRoutes) register(in routeGroup) { in.get("/operators", h.list) }

// list responds with every network of every country, its limits, and its current
// availability.
func (h operatorRoutes) list(c *gin.Context, rc *requestContext) error {
	q := httpkit.ReadQuery(c.Request.URL.RawQuery, "country_code")
	country := pirogue.CountryCode(q.Text("country_code", func(text string) bool {
		_, known := pirogue.CountryByCode(pirogue.CountryCode(text))
		return known
	}))
	if err := q.Err(); err != nil {
		return err
	}
	breakers, err := h.breakers.Breakers(rc.ctx)
	if err != nil {
		return err
	}
	lines := page[routeView]{Data: []routeView{}}
	for _, r := range h.routes.Routes(rc.key.Mode) {
		if country == "" || country == r.Country {
			lines.Data = append(lines.Data, h.route(r, breakers))
		}
	}
	c.JSON(http.StatusOK, lines)
	return nil
}

// routeView is one route for payments: a country, a network and a direction.
type routeView struct {
	CountryCode pirogue.CountryCode `json:"country_code"`
	Currency    pirogue.Currency    `json:"currency"`
	Network     pirogue.Network     `json:"network"`
	Type        pirogue.PaymentKind `json:"type"`
	MinAmount   int64               `json:"min_amount"`
	MaxAmount   *int64              `json:"max_amount"` // null: no operator states one
	Decimals    int                 `json:"decimals"`   // decimal places of the currency's amounts
	Available   bool                `json:"available"`
	Operators   []operatorView      `json:"operators"` // in the order of failover
}

// operatorView is one operator of a route with its availability.
type operatorView struct {
	Operator  pirogue.OperatorCode `json:"operator"`
	State     string               `json:"state"` // closed, half_open, open or parked
	Available bool                 `json:"available"`
	Since     string               `json:"since,omitempty"` // when the state began
}

// breakerStates holds the states of a circuit breaker in the merchant API's words.
var breakerStates = map[operator.BreakerState]string{
	operator.BreakerClosed: "closed", operator.BreakerHalfOpen: "half_open", operator.BreakerOpen: "open",
}

// parkedState is the state of an operator that a person took out of service.
const parkedState = "parked"

// route returns the view of a route. It accepts an amount that one of its operators accepts.
func (h operatorRoutes) route(r routing.Route, breakers map[pirogue.OperatorCode]operator.CircuitBreaker) routeView {
	country, _ := pirogue.CountryByCode(r.Country)
	view := routeView{
		CountryCode: r.Country, Currency: country.Currency, Network: r.Network, Type: r.Kind, Operators: []operatorView{},
	}
	limits := make([]operator.Limits, 0, len(r.Operators))
	for _, code := range r.Operators {
		instance, _ := h.routes.Instance(code)
		limits = append(limits, instance.Limits(r.Kind))
		one := operatorOf(code, breakers[code], h.clock.Now())
		view.Operators = append(view.Operators, one)
		view.Available = view.Available || one.Available
	}
	widest := widestOf(limits)
	view.MinAmount = max(1, widest.Min)
	if widest.Max > 0 {
		view.MaxAmount = &widest.Max
	}
	return view
}

// widestOf returns the limits within which at least one of several operators accepts an amount.
func widestOf(all []operator.Limits) operator.Limits {
	widest := all[0]
	for _, l := range all[1:] {
		widest.Min = min(widest.Min, l.Min)
		if widest.Max == 0 || l.Max == 0 {
			widest.Max = 0
		} else {
			widest.Max = max(widest.Max, l.Max)
		}
	}
	return widest
}

// operatorOf returns the view of an operator at a moment. An operator without a breaker has had
// no failure. Only payments can find an operator available again, and merchants send none to one
// shown as open. So the view shows an outage that no payment tests as half open and available.
func operatorOf(code pirogue.OperatorCode, b operator.CircuitBreaker, at time.Time) operatorView {
	if b.State == "" {
		b.State = operator.BreakerClosed
	}
	view := operatorView{
		Operator: code, State: breakerStates[b.State], Available: b.Available(), Since: moment(b.Since),
	}
	if b.Untested(at) {
		view.State, view.Available = breakerStates[operator.BreakerHalfOpen], true
	}
	if b.Parked {
		view.State, view.Since = parkedState, moment(b.ParkedAt)
	}
	return view
}
