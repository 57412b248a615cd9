package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"pirogue"
)

// routeView is one way on which money can go: a network of a country, in one direction.
type routeView struct {
	CountryCode pirogue.CountryCode `json:"country_code"`
	Currency    pirogue.Currency    `json:"currency"`
	Network     pirogue.Network     `json:"network"`
	Type        pirogue.Kind        `json:"type"`
	MinAmount   int64               `json:"min_amount"`
	MaxAmount   *int64              `json:"max_amount"` // null: no operator states one
	Decimals    int                 `json:"decimals"`   // of the currency's amounts
	Available   bool                `json:"available"`
	Operators   []operatorView      `json:"operators"` // in the order in which they are tried
}

// operatorView is one operator of a route and how it does.
type operatorView struct {
	Operator  pirogue.OperatorCode `json:"operator"`
	State     string               `json:"state"` // closed, half_open, open or parked
	Available bool                 `json:"available"`
	Since     string               `json:"since,omitempty"` // of the state
}

// The states of an operator as merchants read them.
var stateWords = map[pirogue.HealthState]string{
	pirogue.HealthClosed: "closed", pirogue.HealthHalfOpen: "half_open", pirogue.HealthOpen: "open",
}

// parkedWord is the state of an operator that a person took out of service.
const parkedWord = "parked"

// listOperators answers with every network of every country, its limits, and whether
// payments get through at the moment.
func (s *Server) listOperators(c *gin.Context, v *visit) error {
	q := readQuery(c.Request.URL.RawQuery, "country_code")
	country := pirogue.CountryCode(q.text("country_code", func(text string) bool {
		_, known := pirogue.CountryByCode(pirogue.CountryCode(text))
		return known
	}))
	if err := q.err(); err != nil {
		return err
	}
	health, err := s.store.Healths(v.ctx)
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

// routeOf returns a route as merchants see it: it takes what one of its operators takes.
func (s *Server) routeOf(r pirogue.Route, health map[pirogue.OperatorCode]pirogue.Health) routeView {
	country, _ := pirogue.CountryByCode(r.Country)
	view := routeView{
		CountryCode: r.Country, Currency: country.Currency, Network: r.Network, Type: r.Kind, Operators: []operatorView{},
	}
	limits := make([]pirogue.Limits, 0, len(r.Operators))
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

// widestOf returns the limits within which one of several operators takes an amount.
func widestOf(all []pirogue.Limits) pirogue.Limits {
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

// operatorOf returns how an operator does at a moment. One without a health never had
// trouble. Only payments find out that an operator is back, and merchants send none where
// it says open: an outage that nobody tests any more is shown as half open and available.
func operatorOf(code pirogue.OperatorCode, h pirogue.Health, at time.Time) operatorView {
	if h.State == "" {
		h.State = pirogue.HealthClosed
	}
	view := operatorView{
		Operator: code, State: stateWords[h.State], Available: h.Available(), Since: moment(h.Since),
	}
	if h.Untested(at) {
		view.State, view.Available = stateWords[pirogue.HealthHalfOpen], true
	}
	if h.Parked {
		view.State, view.Since = parkedWord, moment(h.ParkedAt)
	}
	return view
}

// numberView is what can be said of a number before it is asked to pay.
type numberView struct {
	MSISDN      pirogue.MSISDN      `json:"msisdn"`
	Valid       bool                `json:"valid"`
	CountryCode pirogue.CountryCode `json:"country_code,omitempty"`
	Currency    pirogue.Currency    `json:"currency,omitempty"`
	// Network is the one that the prefix suggests, a hint and no more: numbers move.
	Network  pirogue.Network   `json:"probable_network,omitempty"`
	Networks []pirogue.Network `json:"networks"` // that are served in the country
}

// getNumber answers with the country and the probable network of a number. A number that
// cannot exist is an answer too.
func (s *Server) getNumber(c *gin.Context, v *visit) error {
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
		view.Network = pirogue.ProbableNetwork(view.MSISDN)
		for _, r := range s.routes.Routes(v.key.Mode) {
			if r.Country == home && !slices.Contains(view.Networks, r.Network) {
				view.Networks = append(view.Networks, r.Network)
			}
		}
	}
	c.JSON(http.StatusOK, answer[numberView]{view})
	return nil
}

// maxNumber is the longest text that is looked at as a number, in characters.
const maxNumber = 32

// operatorStates is the figure of every operator's health, read when it is asked for.
type operatorStates struct {
	store       Healths
	routes      Routes
	clock       pirogue.Clock
	description *prometheus.Desc
}

func newOperatorStates(store Healths, routes Routes, clock pirogue.Clock) *operatorStates {
	return &operatorStates{store: store, routes: routes, clock: clock, description: prometheus.NewDesc(
		"pirogue_operator_available", "1 while an operator takes payments as usual, by the state of its circuit.",
		[]string{"operator", "state"}, nil)}
}

// Describe implements prometheus.Collector.
func (o *operatorStates) Describe(to chan<- *prometheus.Desc) { to <- o.description }

// Collect implements prometheus.Collector. While the database is away there is no figure.
func (o *operatorStates) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	health, err := o.store.Healths(ctx)
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
