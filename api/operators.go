package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"pirogue"
	"pirogue/operator"
	"pirogue/routing"
)

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

// stateWords holds the states of a circuit breaker in the merchant API's words.
var stateWords = map[operator.BreakerState]string{
	operator.BreakerClosed: "closed", operator.BreakerHalfOpen: "half_open", operator.BreakerOpen: "open",
}

// parkedWord is the state of an operator that a person took out of service.
const parkedWord = "parked"

// listOperators responds with every network of every country, its limits, and its current
// availability.
func (s *Server) listOperators(c *gin.Context, v *requestContext) error {
	q := readQuery(c.Request.URL.RawQuery, "country_code")
	country := pirogue.CountryCode(q.text("country_code", func(text string) bool {
		_, known := pirogue.CountryByCode(pirogue.CountryCode(text))
		return known
	}))
	if err := q.err(); err != nil {
		return err
	}
	health, err := s.store.Breakers.Breakers(v.ctx)
	if err != nil {
		return err
	}
	lines := page[routeView]{Data: []routeView{}}
	for _, r := range s.routes.Routes(v.key.Mode) {
		if country == "" || country == r.Country {
			lines.Data = append(lines.Data, s.routeOf(r, health))
		}
	}
	c.JSON(http.StatusOK, lines)
	return nil
}

// routeOf returns the view of a route. It accepts an amount that one of its operators accepts.
func (s *Server) routeOf(r routing.Route, health map[pirogue.OperatorCode]operator.CircuitBreaker) routeView {
	country, _ := pirogue.CountryByCode(r.Country)
	view := routeView{
		CountryCode: r.Country, Currency: country.Currency, Network: r.Network, Type: r.Kind, Operators: []operatorView{},
	}
	limits := make([]operator.Limits, 0, len(r.Operators))
	for _, code := range r.Operators {
		instance, _ := s.routes.Instance(code)
		limits = append(limits, instance.Limits(r.Kind))
		one := operatorOf(code, health[code], s.clock.Now())
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

// operatorOf returns the view of an operator at a moment. An operator without a health row has had
// no failure. Only payments can find an operator available again, and merchants send none to one
// shown as open. So the view shows an outage that no payment tests as half open and available.
func operatorOf(code pirogue.OperatorCode, h operator.CircuitBreaker, at time.Time) operatorView {
	if h.State == "" {
		h.State = operator.BreakerClosed
	}
	view := operatorView{
		Operator: code, State: stateWords[h.State], Available: h.Available(), Since: moment(h.Since),
	}
	if h.Untested(at) {
		view.State, view.Available = stateWords[operator.BreakerHalfOpen], true
	}
	if h.Parked {
		view.State, view.Since = parkedWord, moment(h.ParkedAt)
	}
	return view
}

// numberView is the information about a number before a payment.
type numberView struct {
	MSISDN      pirogue.MSISDN      `json:"msisdn"`
	Valid       bool                `json:"valid"`
	CountryCode pirogue.CountryCode `json:"country_code,omitempty"`
	Currency    pirogue.Currency    `json:"currency,omitempty"`
	// Network is the network that the prefix suggests. It is a hint, for numbers move between
	// networks.
	Network  pirogue.Network   `json:"probable_network,omitempty"`
	Networks []pirogue.Network `json:"networks"` // the networks served in the number's country
}

// getNumber responds with the country and the probable network of a number. An impossible number
// gets a 200 too, with valid false.
func (s *Server) getNumber(c *gin.Context, v *requestContext) error {
	if err := readQuery(c.Request.URL.RawQuery).err(); err != nil {
		return err
	}
	number := c.Param("number")
	if len(number) > maxNumber {
		return pirogue.FieldError(pirogue.InvalidParameter, "number")
	}
	view := numberView{MSISDN: pirogue.MSISDN(number), Networks: []pirogue.Network{}}
	home, valid := countryOf(number)
	if country, served := pirogue.CountryByCode(home); valid && served {
		view.Valid, view.CountryCode, view.Currency = true, country.Code, country.Currency
		view.Network = routing.ProbableNetwork(view.MSISDN)
		for _, r := range s.routes.Routes(v.key.Mode) {
			if r.Country == home && !slices.Contains(view.Networks, r.Network) {
				view.Networks = append(view.Networks, r.Network)
			}
		}
	}
	c.JSON(http.StatusOK, responseBody[numberView]{view})
	return nil
}

// maxNumber limits the length of a number in a request, in characters.
const maxNumber = 32

// operatorStates is the metric of every operator's health. It reads the database at each scrape.
type operatorStates struct {
	store       Breakers
	routes      Routes
	clock       pirogue.Clock
	description *prometheus.Desc
}

// newOperatorStates returns the metric pirogue_operator_available of every routed operator.
func newOperatorStates(store Breakers, routes Routes, clock pirogue.Clock) *operatorStates {
	return &operatorStates{store: store, routes: routes, clock: clock, description: prometheus.NewDesc(
		"pirogue_operator_available", "1 while an operator takes payments as usual, by the state of its circuit.",
		[]string{"operator", "state"}, nil)}
}

// Describe implements prometheus.Collector.
func (o *operatorStates) Describe(to chan<- *prometheus.Desc) { to <- o.description }

// Collect implements prometheus.Collector. It reports no metric while the database does not
// respond.
func (o *operatorStates) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	health, err := o.store.Breakers(ctx)
	if err != nil {
		to <- prometheus.NewInvalidMetric(o.description, err)
		return
	}
	told := map[pirogue.OperatorCode]bool{}
	for _, r := range append(o.routes.Routes(pirogue.Test), o.routes.Routes(pirogue.Live)...) {
		for _, code := range r.Operators {
			if told[code] {
				continue
			}
			told[code] = true
			view, value := operatorOf(code, health[code], o.clock.Now()), 0.0
			if view.Available {
				value = 1
			}
			to <- prometheus.MustNewConstMetric(o.description, prometheus.GaugeValue, value, string(code), view.State)
		}
	}
}
