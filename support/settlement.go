package support

import (
	"time"

	"pirogue"
)

// Settlement is a transfer of a merchant's money to its bank, outside of any operator.
type Settlement struct {
	ID         string // unique for ever: the bank's reference, or one made by support
	MerchantID pirogue.MerchantID
	Mode       pirogue.Mode
	Country    pirogue.CountryCode
	Amount     pirogue.Money
	Note       string
	PaidAt     time.Time
}
