package operator

import "context"

// PINChanger changes the PIN of our account at an operator. After Unknown nobody knows which PIN
// is valid.
type PINChanger interface {
	ChangePIN(ctx context.Context, newPIN string) error
}

// TestNumberIssuer issues numbers of an operator's test system. It fails with Refused for an
// instance with live keys.
type TestNumberIssuer interface {
	TestNumbers(ctx context.Context, retailers, merchants, customers int) ([]TestNumber, error)
}

// TestNumber is a number of an operator's test system. Its PIN protects play money alone.
type TestNumber struct {
	MSISDN       string `json:"msisdn"` // local
	PIN          string `json:"pin"`
	Type         string `json:"type"`                    // in the operator's word
	MerchantCode string `json:"merchant_code,omitempty"` // of a merchant
}
