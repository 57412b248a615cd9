package pirogue

import "math/big"

// FeePayer names the party that bears the fee of a payment.
type FeePayer string

// The parties that can bear a fee. For a cash-in, the merchant receives less or the customer pays
// more. For a cash-out, the merchant is debited more or the customer receives less.
const (
	PaidByMerchant FeePayer = "merchant"
	PaidByCustomer FeePayer = "customer"
)

// FeeRule is one row of a merchant's contract: the fee of one kind of payment. Its zero value is no
// fee. Amounts are minor units of the country's currency.
type FeeRule struct {
	Kind        PaymentKind
	Country     CountryCode // "" means every country
	Network     Network     // "" means every network
	Fixed       int64
	BasisPoints int64 // hundredths of a per cent of the amount
	Min         int64
	Max         int64 // 0 means no upper bound
	Payer       FeePayer
	Returned    bool // a refund gives the fee back in proportion; only the merchant's can be
}

// basisPoint divides: 10,000 basis points make the whole.
const basisPoint = 10_000

// Of returns the fee of an amount: the fixed part plus the share. The share is rounded half up to a
// whole minor unit. The fee stays within the bounds and never exceeds the amount itself.
func (r FeeRule) Of(amount Money) Money {
	share := new(big.Int).Mul(big.NewInt(amount.Minor), big.NewInt(r.BasisPoints))
	share.Add(share, big.NewInt(basisPoint/2)).Quo(share, big.NewInt(basisPoint))
	fee := share.Add(share, big.NewInt(r.Fixed))
	limit := amount.Minor
	if r.Payer == PaidByCustomer {
		limit-- // a payment must leave the customer something to receive
	}
	if r.Max > 0 {
		limit = min(limit, r.Max)
	}
	if !fee.IsInt64() || fee.Int64() > limit {
		return Money{Minor: limit, Currency: amount.Currency}
	}
	return Money{Minor: min(max(fee.Int64(), r.Min), limit), Currency: amount.Currency}
}

// Validate fails with InvalidParameter and the name of the first field with an impossible value.
func (r FeeRule) Validate() error {
	rows := []struct {
		field string
		good  bool
	}{
		{"type", r.Kind == CashIn || r.Kind == CashOut || r.Kind == Refund},
		{"fixed", r.Fixed >= 0 && r.Fixed <= MaxAmount},
		{"basis_points", r.BasisPoints >= 0 && r.BasisPoints <= basisPoint},
		{"min", r.Min >= 0 && r.Min <= MaxAmount},
		{"max", r.Max >= 0 && r.Max <= MaxAmount && (r.Max == 0 || r.Max >= r.Min)},
		{"payer", r.Payer == PaidByMerchant || r.Payer == PaidByCustomer && r.Kind != Refund},
		{"returned", !r.Returned || r.Kind == CashIn && r.Payer == PaidByMerchant},
	}
	for _, row := range rows {
		if !row.good {
			return FieldError(InvalidParameter, row.field)
		}
	}
	return nil
}

// FeeSchedule holds all the rules of one merchant.
type FeeSchedule []FeeRule

// Rule returns the most specific rule that matches a payment; the network weighs more than the
// country. Without a match the fee is zero.
func (s FeeSchedule) Rule(k PaymentKind, c CountryCode, n Network) FeeRule {
	best, weight := FeeRule{Kind: k, Payer: PaidByMerchant}, -1
	for _, r := range s {
		if r.Kind != k || (r.Country != "" && r.Country != c) || (r.Network != "" && r.Network != n) {
			continue
		}
		named := 0
		if r.Country != "" {
			named++
		}
		if r.Network != "" {
			named += 2
		}
		if named > weight {
			best, weight = r, named
		}
	}
	return best
}

// FeeReturned returns the part of p's fee, in minor units, that one refund gives back. before and
// after are the minor units refunded without and with that refund. The parts of all refunds of a
// payment add up to the whole fee, whatever their sizes.
func (p Payment) FeeReturned(before, after int64) int64 {
	if !p.FeeReturns || p.Amount.Minor == 0 {
		return 0
	}
	share := func(refunded int64) int64 {
		part := new(big.Int).Mul(big.NewInt(p.Fee.Minor), big.NewInt(refunded))
		return part.Quo(part, big.NewInt(p.Amount.Minor)).Int64()
	}
	return share(after) - share(before)
}
