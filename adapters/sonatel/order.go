package sonatel

import (
	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/config"
	"pirogue/operator"
)

// The limits of a request.
const (
	maxReference = 50 // characters
	maxName      = 45 // characters of a merchant's name; one integrator cuts here, another at 80
	localDigits  = 9  // of a number in Senegal; the length elsewhere concerns only simulators
)

// Orange's types for the sides of a transaction.
const (
	idMSISDN = "MSISDN" // a wallet, by its local number
	idCode   = "CODE"   // a merchant, by its code
)

// unit is Orange's spelling of the only currency of this API.
const unit = string(pirogue.XOF)

// money is an amount in a request, in francs.
type money struct {
	Value int64  `json:"value"`
	Unit  string `json:"unit"`
}

// side is one side of a transaction in a request. The password and the PIN belong to the
// side that pays.
type side struct {
	IDType           string `json:"idType"`
	ID               string `json:"id"`
	OTP              string `json:"otp,omitempty"`
	EncryptedPINCode string `json:"encryptedPinCode,omitempty"`
}

// termsOf returns Orange's limits for an instance. Orange states no maximum.
func termsOf(conf config.Operator) outbound.Limits {
	terms := outbound.Limits{
		Name: "Orange", Country: conf.Country, Currency: conf.Currency, Reference: maxReference,
		CashIn: operator.Limits{Min: minCollect},
	}
	if conf.Country == country {
		terms.Digits = localDigits
	}
	return terms
}
