package taramoney

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"pirogue/sandbox/engine"
)

// The keys of an order's notes.
const (
	notePhone      = "phone"      // the number as received, for webhooks and status
	noteVendor     = "vendor"     // ORANGE_CAMEROON
	noteProduct    = "product"    // the product's name
	noteMovement   = "movement"   // the webhook's transactionId, which differs from the first response's [seen]
	noteCollection = "collection" // collectionId of the short webhook
	noteWave       = "wave"       // set if the payer confirms on Wave's page
)

// wave is the network that sends a link instead of a prompt.
const wave = "wave"

// networks lists those that mobilepay accepts. Tara documents only wave; the others are
// [our reading]. An empty one lets the number decide.
var networks = []string{"", "orange", "mtn", "moov", "airtel", wave}

// country is one where Tara collects francs.
type country struct {
	code, name, currency string
	digits               int    // of a national number
	network              string // default, if the number does not tell
}

const (
	xaf      = "XAF"
	cameroon = "237"
)

// countries are those of Tara's list whose currency is a CFA franc.
var countries = []country{
	{cameroon, "CAMEROON", xaf, 9, "orange"},
	{"221", "SENEGAL", "XOF", 9, "orange"},
	{"225", "COTE_DIVOIRE", "XOF", 10, "orange"},
	{"226", "BURKINA_FASO", "XOF", 8, "orange"},
	{"229", "BENIN", "XOF", 10, "mtn"},
	{"241", "GABON", xaf, 8, "airtel"},
	{"242", "CONGO", xaf, 9, "mtn"},
}

var (
	localNumber = regexp.MustCompile(`^6[0-9]{8}$`)          // of Cameroon, without the country
	fullNumber  = regexp.MustCompile(`^[1-9][0-9]{9,14}$`)   // with the country, without a plus sign
	mtnNumber   = regexp.MustCompile(`^6(5[0-4]|7|8[0-4])`)  // prefixes of MTN Cameroon; numbers are ported
	camerooners = regexp.MustCompile(`^` + cameroon + `6\d`) // beginning of a mobile number of Cameroon
)

// ussdCodes holds the codes that a payer dials if no prompt comes. Orange's is on Tara's
// page, MTN's is the one that its customers know.
var ussdCodes = map[string]string{"ORANGE_CAMEROON": "#150*50#", "MTN_CAMEROON": "*126#"}

// collection is the body of cmmobile and mobilepay.
type collection struct {
	ProductID    string `json:"productId"`
	ProductName  string `json:"productName"`
	ProductPrice int64  `json:"productPrice"` // francs, a whole number
	PhoneNumber  string `json:"phoneNumber"`
	WebHookURL   string `json:"webHookUrl"`
	Network      string `json:"network"` // mobilepay only
}

// validate returns the refusal of the first invalid parameter of a collection, or nil.
func (c collection) validate() error {
	return check(
		rule{"productId", isText(c.ProductID)}, rule{"productName", isText(c.ProductName)},
		rule{"productPrice", isAmount(c.ProductPrice)}, rule{"webHookUrl", isURL(c.WebHookURL)},
	)
}

// collectionReply is the response to an accepted collection. ussdCode is on Tara's page.
// transactionId was seen only in mobilepay, and authUrl belongs to Wave.
type collectionReply struct {
	Message       string `json:"message"`
	Status        string `json:"status"`
	USSDCode      string `json:"ussdCode,omitempty"`
	Vendor        string `json:"vendor"`
	TransactionID string `json:"transactionId,omitempty"`
	AuthURL       string `json:"authUrl,omitempty"` // a JSON object as text
}

// cmMobile serves the older call: Cameroon only, 9 digits, and exactly the response of
// Tara's page.
func (s *Simulator) cmMobile(w http.ResponseWriter, r *http.Request, body []byte) error {
	var c collection
	if err := decode(body, &c); err != nil {
		return err
	}
	if err := check(rule{"phoneNumber", localNumber.MatchString(c.PhoneNumber)}); err != nil {
		return err
	}
	c.Network = "" // cmmobile has no such parameter
	order, err := c.order(cameroon + c.PhoneNumber)
	if err != nil {
		return err
	}
	return s.OpenAndReply(w, r, engine.ShownOrder{Order: order, Show: func(o engine.Order) any {
		vendor := o.Notes[noteVendor]
		return collectionReply{Message: accepted, Status: success, USSDCode: ussdCodes[vendor], Vendor: vendor}
	}})
}

// mobilePay serves the newer call: the number with its country, and a network.
func (s *Simulator) mobilePay(w http.ResponseWriter, r *http.Request, body []byte) error {
	var c collection
	if err := decode(body, &c); err != nil {
		return err
	}
	c.Network = strings.ToLower(c.Network)
	if err := check(
		rule{"phoneNumber", fullNumber.MatchString(c.PhoneNumber)}, rule{"network", slices.Contains(networks, c.Network)},
	); err != nil {
		return err
	}
	order, err := c.order(c.PhoneNumber)
	if err != nil {
		return err
	}
	return s.OpenAndReply(w, r, engine.ShownOrder{Order: order, Show: func(o engine.Order) any {
		said := collectionReply{Message: accepted, Status: success, Vendor: o.Notes[noteVendor], TransactionID: o.ID}
		said.USSDCode = ussdCodes[said.Vendor]
		if o.Notes[noteWave] != "" {
			said.AuthURL = nestedJSON(map[string]string{"url": s.pageURL(o)})
		}
		return said
	}})
}

// order returns the order of a collection from a number with its country, or the refusal of an
// invalid parameter.
func (c collection) order(number string) (engine.Order, error) {
	home, found := countryOf(number)
	if !found {
		return engine.Order{}, invalid("phoneNumber")
	}
	if err := c.validate(); err != nil {
		return engine.Order{}, err
	}
	notes := map[string]string{
		notePhone: c.PhoneNumber, noteProduct: c.ProductName, noteMovement: newIdentifier(), noteCollection: newIdentifier(),
		noteVendor: strings.ToUpper(cmp.Or(c.Network, home.networkOf(number))) + "_" + home.name,
	}
	if c.Network == wave {
		notes[noteWave] = "1"
	}
	return engine.Order{
		ID: newIdentifier(), Reference: c.ProductID, Account: BusinessID, Direction: engine.In, MSISDN: "+" + number,
		Asked: c.ProductPrice, Currency: home.currency, CallbackURL: c.WebHookURL, Notes: notes,
	}, nil
}

// countryOf returns the country of a number, if Tara collects there and the number has the
// right length.
func countryOf(number string) (country, bool) {
	for _, c := range countries {
		national, ofCountry := strings.CutPrefix(number, c.code)
		if ofCountry && len(national) == c.digits {
			return c, c.code != cameroon || camerooners.MatchString(number)
		}
	}
	return country{}, false
}

// networkOf guesses the network of a number from its prefix, where prefixes tell.
func (c country) networkOf(number string) string {
	if c.code == cameroon && mtnNumber.MatchString(strings.TrimPrefix(number, cameroon)) {
		return "mtn"
	}
	return c.network
}

// nestedJSON returns a value as Tara nests JSON in JSON: as a string.
func nestedJSON(v any) string {
	encoded, err := json.Marshal(v)
	if err != nil {
		return "{}"
	}
	return string(encoded)
}
