package api

import (
	"net/http"
	"regexp"
	"slices"

	"github.com/gin-gonic/gin"
	"github.com/nyaruka/phonenumbers"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/routing"
)

// msisdnRoutes serves the facts about a number before a payment.
type msisdnRoutes struct{ routes Routes }

// register adds the route.
func (h msisdnRoutes) register(in routeGroup) { in.get("/msisdn/:number", h.get) }

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

// maxNumber limits the length of a number in a request, in characters.
const maxNumber = 32

// get responds with the country and the probable network of a number. An impossible number
// gets a 200 too, with valid false.
func (h msisdnRoutes) get(c *gin.Context, rc *requestContext) error {
	if err := httpkit.ReadQuery(c.Request.URL.RawQuery).Err(); err != nil {
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
		for _, r := range h.routes.Routes(rc.key.Mode) {
			if r.Country == home && !slices.Contains(view.Networks, r.Network) {
				view.Networks = append(view.Networks, r.Network)
			}
		}
	}
	c.JSON(http.StatusOK, responseBody[numberView]{view})
	return nil
}

// e164 is the contract's form of a number: a plus sign and ASCII digits, without spaces, extension
// or 00.
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// countryOf returns the country of a number, and whether the number is valid there. It ignores the
// network: numbers move between networks, so the prefix is no reason to refuse one.
func countryOf(number string) (pirogue.CountryCode, bool) {
	if !e164.MatchString(number) {
		return "", false
	}
	parsed, err := phonenumbers.Parse(number, phonenumbers.UNKNOWN_REGION)
	if err != nil || !phonenumbers.IsValidNumber(parsed) {
		return "", false
	}
	return pirogue.CountryCode(phonenumbers.GetRegionCodeForNumber(parsed)), true
}
