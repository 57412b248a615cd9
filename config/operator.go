package config

import (
	"time"

	"pirogue"
	"pirogue/operator"
)

// Operator configures one operator instance: one adapter, one country, one set of
// credentials.
type Operator struct {
	Code    pirogue.OperatorCode `json:"code"`    // unique, such as "orange-web-ml"
	Adapter string               `json:"adapter"` // a row of the table in package adapters
	Mode    pirogue.Mode         `json:"mode"`
	Country pirogue.CountryCode  `json:"country"`
	Network pirogue.Network      `json:"network"` // the only one it serves; "" for several
	// Currency is the national currency, even where the operator's test system expects
	// another.
	Currency pirogue.Currency `json:"currency"`
	BaseURL  string           `json:"base_url"`
	// Credentials holds secrets under the adapter's names. A name that ends in _file holds the
	// path of a file, whose text is the secret.
	Credentials map[string]string `json:"credentials"`
	// Environment is the operator's own name for its test or live system, such as Orange's
	// path segment "dev" or "ml".
	Environment    string  `json:"environment"`
	CallsPerSecond float64 `json:"calls_per_second"` // the contract's limit; 0 means none
	// CashIn and CashOut are the contract's limits, in minor units, within the operator's own.
	// 0 keeps the operator's limit.
	CashIn  operator.Limits `json:"cash_in"`
	CashOut operator.Limits `json:"cash_out"`
	Window  Duration        `json:"window"`  // the time the customer has to approve; 0 means DefaultWindow
	Timeout Duration        `json:"timeout"` // of one call, its access token included; 0 means the adapter's
	// FinalityWindow is the finality window: the time after which an operator's "not found" or
	// "failed" is final. Zero keeps the adapter's value. AbsenceProves states a promise of the
	// contract, besides the adapter's own: a reference not found after FinalityWindow was never
	// executed.
	FinalityWindow Duration `json:"finality_window"`
	AbsenceProves  bool     `json:"absence_proves"`
	// RefusalSpan is the least time between two refusals of a payment under way before Pirogue
	// accepts them. A single refusal may still change. 0 keeps the adapter's value.
	RefusalSpan Duration `json:"refusal_span"`
	// DecidesAtOnce says which payments the operator decides in the call that submits them: they are
	// polled at once. null keeps the adapter's value.
	DecidesAtOnce *operator.AtOnce `json:"decides_at_once"`
	// Shape chooses one of the operator's wire formats. "" is the adapter's default.
	Shape string `json:"shape"`
	// NoStatus states that the contract does not let this account read the status of a
	// payment.
	NoStatus bool `json:"no_status"`
	// Simulator marks an instance of a simulator of package sandbox. Pirogue may tell it which
	// test number a payment plays. Test keys reach only simulators.
	Simulator bool `json:"simulator"`
}

// The defaults of an operator instance, for operators that recommend no value.
const (
	DefaultWindow  = 5 * time.Minute
	DefaultTimeout = 10 * time.Second
)

// Duration is a time.Duration that JSON writes as "5m" or "10s".
type Duration time.Duration

// UnmarshalText parses a duration such as "90s". It returns an error for any other text.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return err
	}
	*d = Duration(parsed)
	return nil
}

// Or returns the duration, or fallback if it is zero.
func (d Duration) Or(fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return time.Duration(d)
}
