package pirogue_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
)

// draws sets the number of random cases for each property. The seed is fixed, so every run draws
// the same ones.
const draws = 20_000

func dice() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func xof(minor int64) pirogue.Money { return pirogue.Money{Minor: minor, Currency: pirogue.XOF} }

// Halves round up, and a fee never exceeds the amount.
func TestAFeeIsRoundedAndBounded(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		rule   pirogue.FeeRule
		amount int64
		want   int64
	}{
		"no contract, no fee":                       {pirogue.FeeRule{}, 5000, 0},
		"1.5 %":                                     {pirogue.FeeRule{BasisPoints: 150}, 5000, 75},
		"just below a half is nothing":              {pirogue.FeeRule{BasisPoints: 100}, 49, 0},
		"a half is one":                             {pirogue.FeeRule{BasisPoints: 100}, 50, 1},
		"a fixed part and a share":                  {pirogue.FeeRule{Fixed: 25, BasisPoints: 150}, 5000, 100},
		"not below the least":                       {pirogue.FeeRule{BasisPoints: 150, Min: 50}, 1000, 50},
		"not above the most":                        {pirogue.FeeRule{BasisPoints: 150, Max: 500}, 1_000_000, 500},
		"never more than the amount":                {pirogue.FeeRule{Fixed: 100}, 60, 60},
		"the least is no more than the amount too":  {pirogue.FeeRule{Min: 100}, 60, 60},
		"a customer always receives something":      {pirogue.FeeRule{Fixed: 100, Payer: pirogue.PaidByCustomer}, 60, 59},
		"of the least amount, nothing is customers": {pirogue.FeeRule{Min: 100, Payer: pirogue.PaidByCustomer}, 1, 0},
		"of the most money there can be":            {pirogue.FeeRule{BasisPoints: 10_000}, math.MaxInt64, math.MaxInt64},
		"a sum that does not fit": {
			pirogue.FeeRule{BasisPoints: 10_000, Fixed: math.MaxInt64}, math.MaxInt64, math.MaxInt64,
		},
	} {
		require.Equal(t, xof(tt.want), tt.rule.Of(xof(tt.amount)), name)
	}
}

// anyRule draws a rule that passes Validate.
func anyRule(d *rand.Rand) pirogue.FeeRule {
	r := pirogue.FeeRule{Kind: pirogue.CashIn, BasisPoints: d.Int64N(10_001), Payer: pirogue.PaidByMerchant}
	if d.IntN(2) == 0 {
		r.Fixed, r.Min = d.Int64N(500), d.Int64N(300)
	}
	if d.IntN(2) == 0 {
		r.Max = r.Min + d.Int64N(1000)
	}
	if d.IntN(2) == 0 {
		r.Payer = pirogue.PaidByCustomer
	}
	return r
}

// A fee never falls as the amount grows, and equals the exact share up to rounding.
func TestAFeeIsTheExactShareWhereNoBoundBinds(t *testing.T) {
	t.Parallel()

	d := dice()
	for range draws {
		r, amount := anyRule(d), xof(1+d.Int64N(1_000_000))
		require.NoError(t, r.Validate())
		fee, less := r.Of(amount).Minor, r.Of(xof(amount.Minor-1)).Minor
		require.GreaterOrEqual(t, fee, int64(0))
		require.LessOrEqual(t, fee, amount.Minor)
		require.LessOrEqual(t, less, fee, "a smaller amount costs no more: %+v of %s", r, amount)
		if r.Max > 0 {
			require.LessOrEqual(t, fee, r.Max)
		}
		if fee > r.Min && fee < amount.Minor-1 && (r.Max == 0 || fee < r.Max) {
			exact := new(big.Rat).SetFrac64(amount.Minor*r.BasisPoints, 10_000)
			exact.Add(exact, new(big.Rat).SetInt64(r.Fixed))
			off := new(big.Rat).Sub(new(big.Rat).SetInt64(fee), exact)
			require.LessOrEqual(t, off.Cmp(big.NewRat(1, 2)), 0, "%+v of %s is %d", r, amount, fee)
			require.Positive(t, off.Cmp(big.NewRat(-1, 2)), "%+v of %s is %d", r, amount, fee)
		}
	}
}

// Refunds of any number of parts give back exactly the fee, neither more nor less.
func TestAFeeComesBackWithTheLastPart(t *testing.T) {
	t.Parallel()

	d := dice()
	for range draws / 10 {
		amount := 1 + d.Int64N(1_000_000)
		p := pirogue.Payment{Amount: xof(amount), Fee: xof(d.Int64N(amount + 1)), FeeReturns: true}
		var refunded, returned int64
		for refunded < amount {
			part := 1 + d.Int64N(amount-refunded)
			back := p.FeeReturned(refunded, refunded+part)
			require.GreaterOrEqual(t, back, int64(0))
			require.LessOrEqual(t, back, part, "no part brings back more than itself")
			refunded, returned = refunded+part, returned+back
			require.LessOrEqual(t, returned, p.Fee.Minor)
		}
		require.Equal(t, p.Fee.Minor, returned)
		p.FeeReturns = false
		require.Zero(t, p.FeeReturned(0, amount), "not unless the contract says so")
	}
	huge := pirogue.Payment{Amount: xof(math.MaxInt64), Fee: xof(math.MaxInt64 - 1), FeeReturns: true}
	require.Equal(t, huge.Fee.Minor, huge.FeeReturned(0, math.MaxInt64), "nothing overflows")
}

// The wallet, the merchant and Pirogue together gain nothing and lose nothing by a fee.
func TestAFeeIsNeitherMadeNorLost(t *testing.T) {
	t.Parallel()

	d := dice()
	for range draws {
		r := anyRule(d)
		p := pirogue.Payment{Amount: xof(2 + d.Int64N(1_000_000)), FeePayer: r.Payer}
		p.Fee = r.Of(p.Amount)
		p.Kind = pirogue.CashIn
		require.Equal(t, p.AtOperator().Minor, p.Net()+p.Fee.Minor, "a cash-in by the %s", r.Payer)
		for _, p.Kind = range []pirogue.PaymentKind{pirogue.CashOut, pirogue.Refund} {
			require.Equal(t, p.Net(), p.AtOperator().Minor+p.Fee.Minor, "a %s by the %s", p.Kind, r.Payer)
		}
		require.Positive(t, p.AtOperator().Minor, "somebody is paid")
	}
}

// A contract's exception must win over its general rule.
func TestTheRuleThatNamesMoreDecides(t *testing.T) {
	t.Parallel()

	everywhere := pirogue.FeeRule{Kind: pirogue.CashIn, Fixed: 1}
	inMali := pirogue.FeeRule{Kind: pirogue.CashIn, Country: "ML", Fixed: 2}
	onOrange := pirogue.FeeRule{Kind: pirogue.CashIn, Network: pirogue.Orange, Fixed: 3}
	both := pirogue.FeeRule{Kind: pirogue.CashIn, Country: "ML", Network: pirogue.Orange, Fixed: 4}
	schedule := pirogue.FeeSchedule{everywhere, both, onOrange, inMali}
	for name, tt := range map[string]struct {
		schedule pirogue.FeeSchedule
		kind     pirogue.PaymentKind
		country  pirogue.CountryCode
		network  pirogue.Network
		want     int64
	}{
		"both names":                     {schedule, pirogue.CashIn, "ML", pirogue.Orange, 4},
		"the country alone":              {schedule, pirogue.CashIn, "ML", pirogue.Moov, 2},
		"the network alone":              {schedule, pirogue.CashIn, "SN", pirogue.Orange, 3},
		"neither":                        {schedule, pirogue.CashIn, "SN", pirogue.Wave, 1},
		"the network before the country": {pirogue.FeeSchedule{inMali, onOrange}, pirogue.CashIn, "ML", pirogue.Orange, 3},
		"another kind is free":           {schedule, pirogue.CashOut, "ML", pirogue.Orange, 0},
		"no contract":                    {nil, pirogue.CashIn, "ML", pirogue.Orange, 0},
	} {
		rule := tt.schedule.Rule(tt.kind, tt.country, tt.network)
		require.Equal(t, tt.want, rule.Fixed, name)
		require.Equal(t, tt.kind, rule.Kind, name)
	}
}

// The error must name the field that finance can correct.
func TestARuleThatNoContractCanMeanIsNamed(t *testing.T) {
	t.Parallel()

	good := pirogue.FeeRule{Kind: pirogue.CashIn, Payer: pirogue.PaidByMerchant, Returned: true, Min: 5, Max: 5}
	require.NoError(t, good.Validate())
	for field, change := range map[string]func(r *pirogue.FeeRule){
		"type":         func(r *pirogue.FeeRule) { r.Kind = "GIFT" },
		"fixed":        func(r *pirogue.FeeRule) { r.Fixed = -1 },
		"basis_points": func(r *pirogue.FeeRule) { r.BasisPoints = 10_001 },
		"min":          func(r *pirogue.FeeRule) { r.Min = -1 },
		"max":          func(r *pirogue.FeeRule) { r.Max = 4 },
		"payer":        func(r *pirogue.FeeRule) { r.Payer = "" },
		"returned":     func(r *pirogue.FeeRule) { r.Payer = pirogue.PaidByCustomer },
	} {
		r := good
		change(&r)
		var e *pirogue.Error
		require.ErrorAs(t, r.Validate(), &e, field)
		require.Equal(t, field, e.Params[0].Field)
	}
}
