package pirogue_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
)

// Every bound of amounts, limits and fees is checked at its edges.
func TestAnAmountIsWithinTheMaximum(t *testing.T) {
	t.Parallel()

	for minor, want := range map[int64]bool{
		-1: false, 0: false, 1: true, pirogue.MaxAmount: true, pirogue.MaxAmount + 1: false, math.MaxInt64: false,
	} {
		require.Equal(t, want, pirogue.IsAmount(minor), "%d", minor)
		require.Equal(t, want, operator.Limits{}.Allow(minor), "%d", minor)
	}
	for _, limits := range []operator.Limits{
		{Min: -1}, {Min: pirogue.MaxAmount + 1}, {Max: -1}, {Max: pirogue.MaxAmount + 1}, {Min: 2, Max: 1},
	} {
		require.Equal(t, pirogue.InvalidParameter, pirogue.CodeOf(limits.Validate()), "%v", limits)
	}
	for _, limits := range []operator.Limits{{}, {Min: 2}, {Max: 1}, {Min: 2, Max: pirogue.MaxAmount}} {
		require.NoError(t, limits.Validate(), "%v", limits)
	}
	for _, rule := range []pirogue.FeeRule{
		{Fixed: pirogue.MaxAmount + 1}, {Min: pirogue.MaxAmount + 1}, {Max: pirogue.MaxAmount + 1},
	} {
		rule.Kind, rule.Payer = pirogue.CashIn, pirogue.PaidByMerchant
		require.Equal(t, pirogue.InvalidParameter, pirogue.CodeOf(rule.Validate()), "%v", rule)
	}
}

// No status outside this table may follow another one, and only a cash-in can be reversed or
// succeed late.
func TestAPaymentOnlyMovesForward(t *testing.T) {
	t.Parallel()

	legal := map[string]bool{}
	for _, edge := range []string{
		"CREATED INITIATED", "CREATED FAILED", "CREATED EXPIRED",
		"INITIATED PENDING", "INITIATED SUCCESS", "INITIATED FAILED", "INITIATED EXPIRED",
		"PENDING SUCCESS", "PENDING FAILED", "PENDING EXPIRED",
	} {
		for _, kind := range []pirogue.PaymentKind{pirogue.CashIn, pirogue.CashOut, pirogue.Refund} {
			legal[edge+" "+string(kind)] = true
		}
	}
	legal["SUCCESS REVERSED CASHIN"] = true
	legal["EXPIRED SUCCESS CASHIN"] = true
	legal["FAILED SUCCESS CASHIN"] = true

	for _, from := range pirogue.Statuses {
		for _, to := range pirogue.Statuses {
			for _, kind := range []pirogue.PaymentKind{pirogue.CashIn, pirogue.CashOut, pirogue.Refund} {
				edge := fmt.Sprintf("%s %s %s", from, to, kind)
				require.Equal(t, legal[edge], from.CanBecome(to, kind), edge)
			}
		}
	}
}

// A number of an unknown country or of a few digits must not be readable either.
func TestAMaskedNumberKeepsItsCountryAndTwoDigits(t *testing.T) {
	t.Parallel()

	for number, want := range map[pirogue.MSISDN]string{
		"+22376123456":   "+223*****56",
		"+2250707123456": "+225*****56",
		"+237655123456":  "+237*****56",
		"+33612345678":   "*****78",
		"1":              "*",
	} {
		require.Equal(t, want, number.Masked(), number)
	}
}

// XOF and XAF have equal values and are two currencies nevertheless. A sum of both, or beyond 64
// bits, fails.
func TestAmountsOfTwoCurrenciesNeverMeet(t *testing.T) {
	t.Parallel()

	xof := pirogue.Money{Minor: 500, Currency: pirogue.XOF}
	sum, err := xof.Add(pirogue.Money{Minor: 250, Currency: pirogue.XOF})
	require.NoError(t, err)
	require.Equal(t, "750 XOF", sum.String())

	_, err = xof.Add(pirogue.Money{Minor: 250, Currency: pirogue.XAF})
	require.Equal(t, pirogue.Internal, pirogue.CodeOf(err))
	_, err = xof.Add(pirogue.Money{Minor: math.MaxInt64, Currency: pirogue.XOF})
	require.Equal(t, pirogue.Internal, pirogue.CodeOf(err))
}

// The 409 for a reused reference names the fields that differ.
func TestARepeatedRequestDiffersInTheFieldsThatChanged(t *testing.T) {
	t.Parallel()

	p := pirogue.Payment{
		Kind: pirogue.CashIn, Amount: pirogue.Money{Minor: 500, Currency: pirogue.XOF}, MSISDN: "+22376123456",
		Metadata: map[string]string{"cart": "1"},
	}
	require.Empty(t, p.Differences(p))

	q := p
	q.Kind, q.Amount.Minor, q.Metadata = pirogue.CashOut, 600, map[string]string{"cart": "2"}
	require.Equal(t, "type amount metadata", strings.Join(p.Differences(q), " "))
}
