package config

import (
	"time"

	"pirogue"
)

// Operator is the configuration of one operator instance: one adapter, one
// country, one set of credentials.
type Operator struct {
	Code    pirogue.OperatorCode `json:"code"`    // unique, such as "orange-web-ml"
	Adapter string               `json:"adapter"` // a row of the table in package adapters
	Mode    pirogue.Mode         `json:"mode"`
	Country pirogue.CountryCode  `json:"country"`
	Network pirogue.Network      `json:"network"` // the only one it serves; "" for several
	// Currency is the national one, even where the operator's test system wants another.
	Currency pirogue.Currency `json:"currency"`
	BaseURL  string           `json:"base_url"`
	// Credentials holds secrets under the adapter's names. A name that ends in _file holds the path of a file: the secret is that file's text.
	Credentials map[string]string `json:"credentials"`
	// Environment is the operator's own name for its test or live system, such as
	// Orange's path segment "dev" or "ml".
	Environment    string  `json:"environment"`
	CallsPerSecond float64 `json:"calls_per_second"` // the contract's limit; 0 means none
	// CashIn and CashOut are the contract's limits, in minor units, within the operator's;
	// 0 keeps the operator's.
	CashIn  pirogue.Limits `json:"cash_in"`
	CashOut pirogue.Limits `json:"cash_out"`
	Window  Duration       `json:"window"`  // how long the customer may take; 0 means five minutes
	Timeout Duration       `json:"timeout"` // of one call, its access token included; 0 means the adapter's
	// Horizon is after how long the operator's word does not change any more; 0 keeps the
	// adapter's. AbsenceProves says that the contract promises that a reference unknown
	// after it was never executed, in addition to what the adapter knows.
	Horizon       Duration `json:"horizon"`
	AbsenceProves bool     `json:"absence_proves"`
	// RefusalSpan is how far apart two refusals of a payment that was under way must lie
	// before they are believed; 0 keeps the adapter's.
	RefusalSpan Duration `json:"refusal_span"`
	// Shape chooses between the wire formats of one operator; "" is the adapter's default.
	Shape string `json:"shape"`
	// NoStatus says that the account may not ask for the status of a payment, at an
	// operator where that is a matter of contract.
	NoStatus bool `json:"no_status"`
	// Simulator marks an instance that reaches a simulator of package sandbox, which
	// may be told which test number it is playing. Test keys reach only these.
	Simulator bool `json:"simulator"`
}

// The defaults of an operator instance, where the operator recommends nothing else.
const (
	DefaultWindow  = 5 * time.Minute
	DefaultTimeout = 10 * time.Second
)

// Duration is a time.Duration written as "5m" or "10s" in JSON.
type Duration time.Duration

// UnmarshalText reads a duration such as "90s".
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return err
	}
	*d = Duration(parsed)
	return nil
}

// Or returns the duration, or fallback when it is zero.
func (d Duration) Or(fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return time.Duration(d)
}
