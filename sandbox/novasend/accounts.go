package novasend

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"pirogue/sandbox/engine"
)

// Account is one account of the merchant, in one country.
type Account struct {
	Country   string // CI, TG, BF, BJ, CM or SN
	APIKey    string
	APIClient string // the password that goes with the key
	ID        string // accountId
	Secret    string // the webhook's secret
}

// country holds Novasend's rules for one country: the code and the length of its numbers,
// and its currency. It also holds the least and the greatest amount of one order.
type country struct {
	code     string
	digits   int
	currency string
	in, out  limits
}

// limits are whole francs, both ends included.
type limits struct{ least, most int64 }

// The limits of Novasend's introduction page, and those that a client reports for Cameroon.
var (
	cashIn   = limits{100, 2_000_000}
	cashOut  = limits{200, 1_500_000}
	cameroon = limits{200, 500_000}
)

// countries lists those in which an account can be. Côte d'Ivoire and Benin count the
// leading zero.
var countries = map[string]country{
	"CI": {"+225", 10, "XOF", cashIn, cashOut},
	"TG": {"+228", 8, "XOF", cashIn, cashOut},
	"BF": {"+226", 8, "XOF", cashIn, cashOut},
	"BJ": {"+229", 10, "XOF", cashIn, cashOut},
	"SN": {"+221", 9, "XOF", cashIn, cashOut},
	"CM": {"+237", 9, "XAF", cameroon, cameroon},
}

// sandboxCountries lists the countries with an account unless New gets others.
var sandboxCountries = []string{"CI", "TG", "BF", "BJ", "CM"}

// hasNumber reports whether a number belongs to the country, in full and with its plus sign.
func (c country) hasNumber(msisdn string) bool {
	return engine.IsValidNumber(msisdn) && strings.HasPrefix(msisdn, c.code) && len(msisdn) == len(c.code)+c.digits
}

// limitsOf returns the limits of one direction.
func (c country) limitsOf(way engine.Direction) limits {
	if way == engine.In {
		return c.in
	}
	return c.out
}

// accountsByKey returns the given accounts by their API keys, or the sandbox's own if there are none.
func accountsByKey(given []Account) (map[string]Account, error) {
	opened := map[string]Account{}
	if len(given) == 0 {
		for _, code := range sandboxCountries {
			given = append(given, Account{Country: code})
		}
	}
	for _, a := range given {
		if _, served := countries[a.Country]; !served {
			return nil, fmt.Errorf("novasend has no accounts in %q", a.Country)
		}
		ending := strings.ToLower(a.Country)
		a.APIKey, a.APIClient = cmp.Or(a.APIKey, APIKeyPrefix+ending), cmp.Or(a.APIClient, APIClient)
		a.ID, a.Secret = cmp.Or(a.ID, AccountPrefix+ending), cmp.Or(a.Secret, WebhookSecret)
		if _, twice := opened[a.APIKey]; twice {
			return nil, fmt.Errorf("two accounts have the key %q", a.APIKey)
		}
		opened[a.APIKey] = a
	}
	return opened, nil
}

// authenticate returns the account of a call: Authorization is Basic base64(api_key:api_client).
// Novasend's portal calls the pair an API token. The choice of the refusal is our reading.
func (s *Simulator) authenticate(_ http.ResponseWriter, r *http.Request) (Account, error) {
	switches := s.Faults.Read()
	key, client, given := r.BasicAuth()
	a, known := s.accounts[key]
	// The API has no bearer token; refuse_tokens revokes the API token.
	switch {
	case !given || switches.RefuseTokens:
		return Account{}, unauthorized
	case switches.KeysChanged:
		return Account{}, tokenInvalid
	case !known:
		return Account{}, tokenNotFound
	case !engine.SameSecret(client, a.APIClient):
		return Account{}, tokenInvalid
	}
	return a, nil
}
