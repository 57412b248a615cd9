package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"pirogue"
)

// Text reads a JSON string or a number. Some operators send amounts, codes and identifiers
// as either.
type Text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(raw, []byte(`"`)) {
		return json.Unmarshal(raw, (*string)(t))
	}
	var number json.Number
	if err := json.Unmarshal(raw, &number); err != nil {
		return err
	}
	*t = Text(number)
	return nil
}

// ParseAmount reads the amount, in francs, of a payment as operators print it, such as 153, "153" or
// "153.00". It uses no float in between. It returns an error for a fraction, because
// Pirogue's currencies have no minor unit. It also rejects amounts below 0 or above
// pirogue.MaxAmount: no payment moves that much.
func ParseAmount(n json.Number) (int64, error) {
	francs, err := ParseWhole(n)
	if err == nil && (francs < 0 || francs > pirogue.MaxAmount) {
		return 0, fmt.Errorf("amount %d is no payment's", francs)
	}
	return francs, err
}

// ParseWhole does what ParseAmount does without bounds, for amounts that are no payment, such as a
// balance.
func ParseWhole(n json.Number) (int64, error) {
	whole, fraction, _ := strings.Cut(n.String(), ".")
	if strings.Trim(fraction, "0") != "" {
		return 0, fmt.Errorf("amount %q is not a whole number", n)
	}
	francs, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("amount: %w", err)
	}
	return francs, nil
}
