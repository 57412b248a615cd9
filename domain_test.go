package pirogue_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/operator"
	"pirogue/routing"
	"pirogue/webhook"
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

// Merchants branch on codes, so each has one row, one status and both texts.
func TestEveryCodeIsOneRowWithBothLanguages(t *testing.T) {
	t.Parallel()

	seen := map[pirogue.Code]bool{}
	for _, row := range httpkit.Codes {
		require.False(t, seen[row.Code], "%s has two rows", row.Code)
		seen[row.Code] = true
		require.NotEmpty(t, row.Text.FR, row.Code)
		require.NotEmpty(t, row.Text.EN, row.Code)
		require.GreaterOrEqual(t, row.HTTP, 400, row.Code)
		require.Equal(t, row, httpkit.InfoOf(row.Code))
	}
}

// The outcomes of operator calls and unknown codes must not reach a merchant.
func TestACodeNoMerchantMaySeeAnswersAsInternal(t *testing.T) {
	t.Parallel()

	for _, code := range []pirogue.Code{operator.NotSent, operator.Refused, operator.Unknown, "NO_SUCH_CODE"} {
		require.Equal(t, pirogue.Internal, httpkit.InfoOf(code).Code, code)
	}
	require.Equal(t, pirogue.Internal, pirogue.CodeOf(errors.New("from a library")))
	wrapped := fmt.Errorf("while reading: %w", pirogue.FieldError(pirogue.InvalidAmount, "amount"))
	require.Equal(t, pirogue.InvalidAmount, pirogue.CodeOf(wrapped))
}

// Neka Paie's merchants parse its eight fields, in their order.
func TestAWebhookBeginsWithTheEightFieldsMerchantsKnow(t *testing.T) {
	t.Parallel()

	event, err := webhook.NewEvent(pirogue.Payment{
		ID: "018f3c5e-0000-7000-8000-000000000001", Kind: pirogue.CashIn, OrderID: "order_001", Mode: pirogue.Test,
		Status: pirogue.StatusFailed, Amount: pirogue.Money{Minor: 50_000, Currency: pirogue.XOF}, Sequence: 1,
		Failure: pirogue.Failure{Code: pirogue.FailedDeclined, Note: "for support only"},
	}, "https://merchant.example/hook", time.Date(2026, 4, 29, 14, 32, 18, 0, time.UTC))
	require.NoError(t, err)

	require.Regexp(t, `^`+regexp.QuoteMeta(`{"event":"transaction.status_changed",`+
		`"transaction_id":"018f3c5e-0000-7000-8000-000000000001","merchant_order_id":"order_001","type":"CASHIN",`+
		`"status":"FAILED","amount":50000,"currency":"XOF","timestamp":"2026-04-29T14:32:18+00:00",`), string(event.Body))
	require.NotContains(t, string(event.Body), "for support only")
	require.True(t, json.Valid(event.Body))
	require.Equal(t, pirogue.EventWaiting, event.State)
	require.Equal(t, pirogue.EventID("evt_018f3c5e000070008000000000000001_1"), event.ID)
}

// A merchant without a webhook address is not tried seven times.
func TestAnEventWithoutAnAddressIsUnwanted(t *testing.T) {
	t.Parallel()

	event, err := webhook.NewEvent(pirogue.Payment{Status: pirogue.StatusSuccess}, "", time.Now())
	require.NoError(t, err)
	require.Equal(t, pirogue.EventUnwanted, event.State)
}

// The contract promises this span to merchants.
func TestTheWebhookScheduleIsThirtyOneHoursAndTwentyOneMinutes(t *testing.T) {
	t.Parallel()

	var sum time.Duration
	for _, delay := range webhook.DeliveryDelays {
		sum += delay
	}
	require.Equal(t, 31*time.Hour+21*time.Minute, sum)
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

// A live payment must never reach a simulator, nor a test payment a live operator.
func TestARouteNeverMixesModes(t *testing.T) {
	t.Parallel()

	instances := map[pirogue.OperatorCode]operator.Instance{
		"sim": {Code: "sim", Mode: pirogue.Test, Country: "ML", Operator: carrier{}},
	}
	route := routing.Route{
		Mode: pirogue.Live, Country: "ML", Network: pirogue.Orange, Kind: pirogue.CashIn,
		Operators: []pirogue.OperatorCode{"sim"},
	}
	_, err := routing.NewRouteTable(instances, []routing.Route{route})
	require.Error(t, err)

	route.Mode = pirogue.Test
	table, err := routing.NewRouteTable(instances, []routing.Route{route})
	require.NoError(t, err)
	found, err := table.Route(pirogue.Test, "ML", "", pirogue.CashIn)
	require.NoError(t, err)
	require.Equal(t, pirogue.OperatorCode("sim"), found[0].Code)

	_, err = table.Route(pirogue.Test, "ML", pirogue.Wave, pirogue.CashIn)
	require.Equal(t, pirogue.CountryNotSupported, pirogue.CodeOf(err))
	_, err = table.Route(pirogue.Live, "ML", "", pirogue.CashIn)
	require.Equal(t, pirogue.CountryNotSupported, pirogue.CodeOf(err))
}
