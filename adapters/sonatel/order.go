package sonatel

import (
	"strings"

	"pirogue"
)

// The limits of a request.
const (
	maxReference = 50 // characters
	maxName      = 45 // characters of a merchant's name; one integrator cuts here, another at 80
	localDigits  = 9  // of a number in Senegal
)

// How Orange names the two sides of a transaction.
const (
	idMSISDN = "MSISDN" // a wallet, by its local number
	idCode   = "CODE"   // a merchant, by its code
)

// unit is how Orange spells the one currency of this API.
const unit = string(pirogue.XOF)

// money is an amount on the way out, in francs.
type money struct {
	Value int64  `json:"value"`
	Unit  string `json:"unit"`
}

// side is one side of a transaction on the way out. Both secrets are for the side
// that pays.
type side struct {
	IDType           string `json:"idType"`
	ID               string `json:"id"`
	OTP              string `json:"otp,omitempty"`
	EncryptedPINCode string `json:"encryptedPinCode,omitempty"`
}

// local returns a number as Orange wants it, without the country's code, and
// whether it is one of the instance's country. Senegal has nine digits; what another
// country has is only a simulator's concern.
func (o *operator) local(number pirogue.MSISDN) (string, bool) {
	country, _ := pirogue.CountryByCode(o.conf.Country)
	digits, found := strings.CutPrefix(string(number), "+"+country.DialCode)
	wrong := strings.Trim(digits, "0123456789") != "" || (country.Code == "SN" && len(digits) != localDigits)
	return digits, found && digits != "" && !wrong
}

// acceptable fails with Unable for an order that Orange could never accept, of
// either kind. Nothing is sent then.
func (o *operator) acceptable(ref pirogue.OperatorRef, amount pirogue.Money) error {
	switch {
	case amount.Currency != o.conf.Currency:
		return pirogue.Errorf(pirogue.Unable, "not sent: %s where Orange moves %s", amount, o.conf.Currency)
	case amount.Minor <= 0:
		return pirogue.Errorf(pirogue.Unable, "not sent: amount %s", amount)
	case ref == "" || len(ref) > maxReference:
		return pirogue.Errorf(pirogue.Unable, "not sent: reference must have 1 to %d characters", maxReference)
	default:
		return nil
	}
}
