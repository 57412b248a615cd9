package sonatel

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"pirogue/sandbox/engine"
)

// The limits of requests, from Sonatel's document unless marked as ours; lengths are in
// characters.
const (
	maxBody      = 1 << 19 // bytes; our limit
	maxReference = 50
	maxMetadata  = 10              // entries
	maxText      = 255             // of one metadata key or value; our limit
	maxAmount    = 100_000_000_000 // XOF; our limit
	maxName      = 80              // of a merchant: one client cuts at 45, another at 80
	maxURL       = 500             // our limit
)

// The types of a party's identifier.
const (
	idMSISDN = "MSISDN"
	idCode   = "CODE"
)

const (
	unitXOF   = "XOF" // the only unit
	principal = "PRINCIPAL"
)

// wallets lists the wallet types of Sonatel's document; "" means the principal one.
var wallets = []string{"", principal, "SALAIRE", "BONUS", "INTERNATIONAL"}

// localNumber matches a number in Sonatel's form: 9 digits without the country code. Mali's
// 8 are accepted as well, because the sandbox pays out to Mali by this API.
var localNumber = regexp.MustCompile(`^[0-9]{8,9}$`)

// wholeNumber is an amount that must be whole. It is read from 10, 10.0 and, since some clients
// send text, "10".
type wholeNumber int64

// UnmarshalJSON implements json.Unmarshaler.
func (n *wholeNumber) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" { // counts as left out
		return nil
	}
	whole, fraction, _ := strings.Cut(strings.Trim(string(raw), `"`), ".")
	value, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || strings.Trim(fraction, "0") != "" {
		return fmt.Errorf("%s is not a whole amount", raw)
	}
	*n = wholeNumber(value)
	return nil
}

// flexibleText is a text that some clients send as a number.
type flexibleText string

// UnmarshalJSON implements json.Unmarshaler.
func (l *flexibleText) UnmarshalJSON(raw []byte) error {
	*l = flexibleText(strings.Trim(string(raw), `"`))
	return nil
}

// amount is money in a request.
type amount struct {
	Value wholeNumber `json:"value"`
	Unit  string      `json:"unit"`
}

// moneyReply is money in a response.
type moneyReply struct {
	Value json.RawMessage `json:"value"`
	Unit  string          `json:"unit"`
}

// money returns an amount in Sonatel's form: 10.0 in production.
func (q Quirks) money(value int64) moneyReply {
	digits := strconv.FormatInt(value, 10)
	if q.FloatAmounts {
		digits += ".0"
	}
	return moneyReply{Value: json.RawMessage(digits), Unit: unitXOF}
}

// party is one side of a movement.
type party struct {
	IDType           string `json:"idType"`
	ID               string `json:"id"`
	WalletType       string `json:"walletType,omitempty"`
	EncryptedPINCode string `json:"encryptedPinCode,omitempty"`
	OTP              string `json:"otp,omitempty"`
}

// movement is the body of a deposit and of a payment. It ignores unknown fields, as Sonatel
// does.
type movement struct {
	Partner             party             `json:"partner"`
	Customer            party             `json:"customer"`
	Amount              amount            `json:"amount"`
	Reference           string            `json:"reference"`
	RequestDate         string            `json:"requestDate"`
	ReceiveNotification *bool             `json:"receiveNotification"`
	Metadata            map[string]string `json:"metadata"`
	Method              string            `json:"method"`
}

// order returns the fields that every transaction of a body shares.
func (m movement) order(callbackURL string) engine.Order {
	notes := notesOf(m.Partner, m.Customer, channelAPI, m.Metadata)
	// The customer gets a message by default, as in Sonatel's starter.
	notes[noteReceives] = strconv.FormatBool(m.ReceiveNotification == nil || *m.ReceiveNotification)
	if said, err := time.Parse(time.RFC3339, m.RequestDate); err == nil {
		notes[noteRequestDate] = instant(said)
	}
	return engine.Order{
		Reference: m.Reference, MSISDN: international(m.Customer.ID), Asked: int64(m.Amount.Value), Currency: unitXOF,
		CallbackURL: callbackURL, Notes: notes,
	}
}

// rule is one condition on a field, with the text of its violation.
type rule struct {
	field, must string
	holds       bool
}

// violationsOf returns the violations of the rules that do not hold.
func violationsOf(rules []rule) []violation {
	var found []violation
	for _, one := range rules {
		if !one.holds {
			found = append(found, violation{one.field, "must " + one.must})
		}
	}
	return found
}

// validate returns every violation of the movement.
func (m movement) validate() []violation {
	_, err := time.Parse(time.RFC3339, m.RequestDate)
	return append(commonViolations(m.Amount, m.Reference, m.Metadata), violationsOf([]rule{
		{"customer.idType", "be MSISDN", m.Customer.IDType == idMSISDN},
		{"customer.walletType", "be a wallet of Orange Money", slices.Contains(wallets, m.Customer.WalletType)},
		{"partner.walletType", "be a wallet of Orange Money", slices.Contains(wallets, m.Partner.WalletType)},
		{"requestDate", "be an ISO 8601 instant", m.RequestDate == "" || err == nil},
	})...)
}

// commonViolations returns the violations of the fields that every movement has.
func commonViolations(a amount, reference string, metadata map[string]string) []violation {
	found := violationsOf([]rule{
		{"amount.value", "be a whole number above 0", a.Value > 0 && a.Value <= maxAmount},
		{"amount.unit", "be XOF", a.Unit == unitXOF},
		{"reference", "have at most 50 characters", utf8.RuneCountInString(reference) <= maxReference},
		{"metadata", "have at most 10 entries", len(metadata) <= maxMetadata},
	})
	for key, value := range metadata {
		if len(key) > maxText || len(value) > maxText {
			found = append(found, violation{"metadata", "have entries of at most 255 bytes"})
			break
		}
	}
	return found
}

// readBody decodes the JSON body of a call into v, which must be a pointer.
func readBody(w http.ResponseWriter, r *http.Request, v any) error {
	raw, err := engine.ReadBody(w, r, maxBody)
	if err != nil {
		if _, over := errors.AsType[*http.MaxBytesError](err); over {
			return tooLarge
		}
		return invalidBody.withDetail("The body could not be read to its end.")
	}
	err = json.Unmarshal(raw, v)
	if wrong, found := errors.AsType[*json.UnmarshalTypeError](err); found {
		return invalid([]violation{{wrong.Field, "must be of another type"}})
	}
	if err != nil {
		return invalidBody.withDetail(err.Error())
	}
	return nil
}

// callbackURL returns the address for the callback of this call, empty for the registered
// one. Sonatel requires https; a sandbox runs on laptops and accepts http as well.
func callbackURL(r *http.Request) (string, error) {
	address := r.Header.Get("X-Callback-Url")
	if address != "" && !validURL(address) {
		return "", invalid([]violation{{"X-Callback-Url", "must be an absolute http address"}})
	}
	return address, nil
}

// validURL reports whether a text is an http address of an accepted length.
func validURL(s string) bool { return len(s) <= maxURL && engine.IsAddress(s) }

// instant formats a time as Sonatel does.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// international returns a local number with its country code, by its length: Senegal's have
// 9 digits, Mali's 8.
func international(local string) string {
	if len(local) == len("76123456") {
		return "+223" + local
	}
	return "+221" + local
}

// local returns an international number in Sonatel's form. One of another country keeps its
// country code.
func local(msisdn string) string {
	if number, senegalese := strings.CutPrefix(msisdn, "+221"); senegalese {
		return number
	}
	return strings.TrimPrefix(msisdn, "+")
}
