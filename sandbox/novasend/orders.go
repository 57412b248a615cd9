package novasend

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"pirogue/sandbox/engine"
)

// family names the kind of call that made an order. Payouts are found only in their own
// family; our reading.
type family string

// The families of calls.
const (
	walletPayins  family = "wallet payin"
	directPayins  family = "direct payin"
	walletPayouts family = "wallet payout"
	directPayouts family = "direct payout"
	refundOrders  family = "refund"
)

// The keys of an order's notes.
const (
	noteFamily   = "family"
	noteShape    = "shape" // seedShape, or empty for the current one
	noteName     = "customer_name"
	noteProvider = "provider" // of a direct order
	noteOTP      = "otp"      // set if the customer confirmed beforehand
	noteSuccess  = "success_url"
	noteFailure  = "failure_url"
	noteReason   = "reason" // of a refund
	noteDigest   = "digest" // of the request
)

// seedShape is the older shape of calls and responses: the one with accountId.
const seedShape = "seed"

// The prefixes of identifiers; 26 letters and digits follow, as in the documents.
const (
	prefixSeed    = "mtr_"
	prefixCurrent = "pr_"
	prefixRefund  = "rf_"
)

const (
	maxReference = 128 // characters, from Novasend's SDK
	maxText      = 255 // characters of a name or reason; our limit
)

// providers lists the operators that direct calls reach, by country. That Cameroon has
// neither WAVE nor MOOV is our reading.
var providers = map[string][]string{
	"CI": {"WAVE", "ORANGE", "MOMO", "MOOV"},
	"CM": {"ORANGE", "MOMO"},
}

// The providers whose customers confirm in another way than by a push.
const (
	wave   = "WAVE"   // on a page
	orange = "ORANGE" // by an OTP that they request beforehand
)

// movement is the money that moves: at the top of a wallet call, nested in a direct one.
type movement struct {
	Amount   json.RawMessage `json:"amount"`
	MSISDN   string          `json:"msisdn"`
	Country  string          `json:"country"`
	Provider string          `json:"provider"`
	OTP      string          `json:"otp"`
}

// request is the body of every call but a refund. Unknown fields are ignored.
type request struct {
	movement

	Reference    string    `json:"reference"`
	AccountID    string    `json:"accountId"`
	CustomerName string    `json:"customerName"`
	Payin        *movement `json:"payin"`
	Payout       *movement `json:"payout"`
	Action       struct {
		SuccessURL string `json:"successUrl"`
		FailureURL string `json:"failureUrl"`
	} `json:"action"`
}

// session reads POST /v1/payin/sessions, in either shape.
func session(_ *http.Request, a Account, body []byte) (engine.Order, error) {
	asked, err := decode[request](body)
	switch {
	case err != nil:
		return engine.Order{}, err
	case asked.CustomerName == "":
		return engine.Order{}, noCustomer
	case asked.AccountID == "" && !asked.hasRedirects():
		return engine.Order{}, noRedirects
	}
	return a.order(walletPayins, asked, asked.movement)
}

// Refusals of a body that lacks something.
var (
	noCustomer  = invalidRequest.because("customerName is required.")
	noRedirects = invalidRequest.because("action needs a successUrl and a failureUrl.")
)

// directPayin reads POST /v1/direct/payin.
func directPayin(_ *http.Request, a Account, body []byte) (engine.Order, error) {
	asked, err := decode[request](body)
	switch {
	case err != nil:
		return engine.Order{}, err
	case asked.Payin == nil:
		return engine.Order{}, invalidRequest.because("payin is required.")
	case !asked.hasRedirects():
		return engine.Order{}, noRedirects
	}
	o, err := a.order(directPayins, asked, *asked.Payin)
	// Refused before the key counts, so that the customer's next OTP may use the same key.
	if err == nil && asked.Payin.Provider == orange {
		o.Notes[noteOTP] = "given"
		if asked.Payin.OTP != OTP {
			err = otpRequired
		}
	}
	return o, err
}

// walletPayout reads POST /v1/payout, in either shape.
func walletPayout(_ *http.Request, a Account, body []byte) (engine.Order, error) {
	asked, err := decode[request](body)
	if err != nil {
		return engine.Order{}, err
	}
	return a.order(walletPayouts, asked, asked.movement)
}

// directPayout reads POST /v1/direct/payout in the form of the latest page. Older pages
// call the movement payin there.
func directPayout(_ *http.Request, a Account, body []byte) (engine.Order, error) {
	asked, err := decode[request](body)
	switch {
	case err != nil:
		return engine.Order{}, err
	case asked.Payout == nil:
		return engine.Order{}, invalidRequest.because("payout is required.")
	case asked.CustomerName == "":
		return engine.Order{}, noCustomer
	}
	return a.order(directPayouts, asked, *asked.Payout)
}

// refund reads POST /v1/payin/{id}/refund. It has no amount: the refund is the whole.
func (s *Simulator) refund(r *http.Request, a Account, body []byte) (engine.Order, error) {
	asked, err := decode[struct {
		Reason            string `json:"reason"`
		ExternalReference string `json:"externalReference"`
	}](body)
	switch {
	case err != nil:
		return engine.Order{}, err
	case !validReference(asked.ExternalReference):
		return engine.Order{}, invalidRequest.because("externalReference must have 1 to 128 characters.")
	case asked.Reason == "" || !isShort(asked.Reason):
		return engine.Order{}, invalidRequest.because("reason must have 1 to 255 characters.")
	}
	payin, err := s.find(a, r.PathValue("id"), walletPayins, directPayins)
	if err != nil {
		return engine.Order{}, err
	}
	return engine.Order{
		ID: newID(prefixRefund), Reference: asked.ExternalReference, Parent: payin.ID,
		Direction: engine.Out, MSISDN: payin.MSISDN,
		Notes: map[string]string{
			noteFamily: string(refundOrders), noteReason: asked.Reason, noteName: payin.Notes[noteName],
		},
	}, nil
}

// order returns an account's order. It returns a refusal for the first invalid field.
func (a Account) order(f family, asked request, m movement) (engine.Order, error) {
	home, way, direct := countries[a.Country], engine.In, f == directPayins || f == directPayouts
	if f == walletPayouts || f == directPayouts {
		way = engine.Out
	}
	value, err := home.limitsOf(way).parse(m.Amount)
	switch {
	case !validReference(asked.Reference):
		return engine.Order{}, invalidRequest.because("reference must have 1 to 128 characters.")
	case !isShort(asked.CustomerName):
		return engine.Order{}, invalidRequest.because("customerName must have at most 255 characters.")
	case asked.AccountID != "" && asked.AccountID != a.ID:
		return engine.Order{}, walletNotFound
	case m.Country != a.Country || direct && providers[a.Country] == nil:
		return engine.Order{}, countryNotFound
	case direct && !slices.Contains(providers[a.Country], m.Provider):
		return engine.Order{}, providerNotFound
	case !home.hasNumber(m.MSISDN):
		return engine.Order{}, invalidNumber
	case err != nil:
		return engine.Order{}, err
	}
	notes := map[string]string{
		noteFamily: string(f), noteName: asked.CustomerName,
		noteSuccess: asked.Action.SuccessURL, noteFailure: asked.Action.FailureURL,
	}
	prefix := prefixCurrent
	switch {
	case direct:
		notes[noteProvider] = m.Provider + "_" + a.Country
	case asked.AccountID != "":
		prefix, notes[noteShape] = prefixSeed, seedShape
	}
	return engine.Order{
		ID: newID(prefix), Reference: asked.Reference, Direction: way, MSISDN: m.MSISDN, Asked: value,
		Currency: home.currency, Notes: notes,
	}, nil
}

// wholeNumber matches an amount without decimals.
var wholeNumber = regexp.MustCompile(`^-?[0-9]{1,15}$`)

// parse returns an amount within the limits. It must be a JSON number.
func (l limits) parse(raw json.RawMessage) (int64, error) {
	if !wholeNumber.Match(raw) {
		return 0, invalidAmount.because("amount must be a whole number.")
	}
	value, err := strconv.ParseInt(string(raw), 10, 64)
	switch {
	case err != nil:
		return 0, invalidAmount
	case value <= 0:
		return 0, aboveZero
	case value < l.least || value > l.most:
		return 0, invalidAmount.because("amount must be from " +
			strconv.FormatInt(l.least, 10) + " to " + strconv.FormatInt(l.most, 10) + ".")
	}
	return value, nil
}

// decode reads a body that must be one JSON object.
func decode[T any](body []byte) (T, error) {
	var read T
	err := json.Unmarshal(body, &read)
	if wrong, found := errors.AsType[*json.UnmarshalTypeError](err); found && wrong.Field != "" {
		return read, invalidRequest.because(wrong.Field + " must be of another type.")
	}
	if err != nil {
		return read, invalidRequest.because("The body is not a JSON object.")
	}
	return read, nil
}

// hasRedirects reports whether the request has both addresses that lead the customer back to
// the merchant.
func (q request) hasRedirects() bool {
	return engine.IsAddress(q.Action.SuccessURL) && engine.IsAddress(q.Action.FailureURL)
}

// validReference reports whether Novasend accepts the merchant's reference.
func validReference(reference string) bool {
	length := utf8.RuneCountInString(reference)
	return length >= 1 && length <= maxReference && !strings.ContainsFunc(reference, unicode.IsControl)
}

// isShort reports whether a text is within maxText.
func isShort(text string) bool { return utf8.RuneCountInString(text) <= maxText }

// newID returns an identifier that nobody can guess, because it is part of the page's
// address.
func newID(prefix string) string { return prefix + strings.ToLower(rand.Text()) }

// withoutPrefix returns an identifier without its prefix.
func withoutPrefix(id string) string { return id[strings.IndexByte(id, '_')+1:] }

// familyOf returns the kind of call that made an order.
func familyOf(o engine.Order) family { return family(o.Notes[noteFamily]) }
