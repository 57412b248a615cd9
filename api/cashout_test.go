package api_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/ids"
	"pirogue/lifecycle"
)

// wages returns a cash-out's body.
func wages(number string, amount int64, more ...string) string {
	return `{"merchant_order_id":"` + number + `","amount":` + strconv.FormatInt(amount, 10) +
		`,"beneficiary_msisdn":"+22376123456"` + strings.Join(append([]string{""}, more...), ",") + `}`
}

// settleMerchant posts a cash-out with the test key.
func (w *world) payOut(body string) reply { return w.post("/payments/cashout", body) }

func TestPostCashOut(t *testing.T) {
	t.Parallel()

	t.Run("written_before_answered", testCashOutWrittenBeforeAnswered)
	t.Run("insufficient_balance", testCashOutInsufficientBalance)
	t.Run("reference_of_cashin", testCashOutReferenceOfCashin)
	t.Run("every_wrong_field_named", testCashOutEveryWrongFieldNamed)
	t.Run("captured_cashin_signature", testCashOutCapturedCashinSignature)
	t.Run("suspended_merchant", testCashOutSuspendedMerchant)
	t.Run("refused_holds_nothing", testCashOutRefusedHoldsNothing)
	t.Run("fee_frozen", testCashOutFeeFrozen)
	t.Run("limits_of_moved_amount", testCashOutLimitsOfMovedAmount)
	t.Run("amount_with_fee_above_maximum", testCashOutAmountWithFeeAboveMaximum)
	t.Run("contract_of_owner_only", testCashOutContractOfOwnerOnly)
}

// The row holds every field of the request, so the sweep can continue the payment without this
// process.
func testCashOutWrittenBeforeAnswered(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fund("ML", 10_000)
	got := w.payOut(wages("salary_001", 2500, `"currency":"XOF"`, `"country_code":"ML"`, `"network":"orange"`,
		`"notify_url":"https://shop.example/hook"`, `"customer_name":"Awa Traoré"`, `"description":"Avril"`,
		`"metadata":{"month":"4"}`))
	require.Equal(t, http.StatusAccepted, got.Code, "%s", got.Body)

	p := w.store.all()[0]
	require.Equal(t, pirogue.Payment{
		ID: p.ID, MerchantID: w.merchant.ID, Mode: pirogue.Test, Kind: pirogue.CashOut, OrderID: "salary_001",
		Status: pirogue.StatusPending, Amount: pirogue.Money{Minor: 2500, Currency: pirogue.XOF},
		Fee: pirogue.Money{Currency: pirogue.XOF}, FeePayer: pirogue.PaidByMerchant, Country: "ML",
		MSISDN: "+22376123456", Network: pirogue.Orange, Operator: payerOperator,
		CustomerName: "Awa Traoré", Description: "Avril", NotifyURL: "https://shop.example/hook",
		Metadata: map[string]string{"month": "4"}, StartDeadline: p.CreatedAt.Add(90 * time.Second),
		CreatedAt: p.CreatedAt, UpdatedAt: p.CreatedAt,
	}, p)
	for _, a := range w.store.attempts {
		require.Regexp(t, `^CO[0-9A-Z]{18}$`, string(a.Ref))
	}
	require.Equal(t, payment{
		"transaction_id": string(p.ID), "merchant_order_id": "salary_001", "type": "CASHOUT", "status": "PENDING",
		"amount": 2500.0, "fee": 0.0, "currency": "XOF", "country_code": "ML", "msisdn": "+223*****56",
		"operator": string(payerOperator), "network": "orange", "refunded_amount": 0.0, "refundable_amount": 0.0,
		"created_at": p.CreatedAt.UTC().Format(time.RFC3339), "updated_at": p.UpdatedAt.UTC().Format(time.RFC3339),
		"metadata": map[string]any{"month": "4"}, "livemode": false,
	}, got.data())
}

// A cash-out spends the balance of its own country only. What is held for one payment is not there
// for the next.
func testCashOutInsufficientBalance(t *testing.T) { // rows 48, 49, 50
	t.Parallel()

	w := newWorld(t)
	w.payOut(wages("o1", 500)).requireCode(pirogue.InsufficientBalance)
	w.fund("CI", 10_000)
	w.payOut(wages("o1", 500)).requireCode(pirogue.InsufficientBalance)
	w.fund("ML", 1000)
	w.payOut(wages("o1", 1001)).requireCode(pirogue.InsufficientBalance)
	require.Empty(t, w.store.all())
	require.Zero(t, w.workflows.begun)

	require.Equal(t, http.StatusAccepted, w.payOut(wages("o1", 400)).Code, "the order number was still free")
	w.payOut(wages("o2", 601)).requireCode(pirogue.InsufficientBalance)
	require.Equal(t, http.StatusAccepted, w.payOut(wages("o2", 600)).Code, "all that is left")
	require.Equal(t, int64(0), w.balance().Available)
	require.Equal(t, int64(1000), w.balance().Reserved)
	w.payOut(wages("o1", 400)).requireCode(pirogue.DuplicateOrder) // the repeat is detected before the balance is checked
}

// Merchants have one space of order IDs, so a cash-out cannot reuse a cash-in's.
func testCashOutReferenceOfCashin(t *testing.T) { // rows 43, 44
	t.Parallel()

	w := newWorld(t)
	first := w.paid("order_001")
	got := w.payOut(wages("order_001", 500))
	failure := got.requireCode(pirogue.IdempotencyMismatch)
	require.Equal(t, "type", failure.Params[0].Field)
	require.Equal(t, string(first.ID), got.data()["transaction_id"])
	require.Equal(t, "CASHIN", got.data()["type"])

	require.Equal(t, http.StatusAccepted, w.payOut(wages("salary_001", 200)).Code)
	got = w.payOut(strings.Replace(wages("salary_001", 201), "123456", "111111", 1))
	failure = got.requireCode(pirogue.IdempotencyMismatch)
	require.Equal(t, "amount", failure.Params[0].Field)
	require.Equal(t, "beneficiary_msisdn", failure.Params[1].Field)
	w.payOut(wages("salary_001", 200)).requireCode(pirogue.DuplicateOrder)
	require.Len(t, w.store.all(), 2)
}

// No refused cash-out may leave a row or a hold.
func testCashOutEveryWrongFieldNamed(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fund("ML", 10_000_000)
	abroad := func(number string) string {
		return strings.Replace(wages("o", 500), "+22376123456", number, 1)
	}
	for name, tt := range map[string]struct {
		body  string
		code  pirogue.Code
		field string
	}{
		"a page to return to": {
			wages("o", 500, `"return_url":"https://shop.example/"`), pirogue.UnknownField, "return_url",
		},
		"a password":       {wages("o", 500, `"otp":"1234"`), pirogue.UnknownField, "otp"},
		"a cash-in's body": {order("o"), pirogue.UnknownField, "customer_msisdn"},
		"no number": {
			`{"merchant_order_id":"o","amount":500}`, pirogue.MissingField, "beneficiary_msisdn",
		},
		"a number that is none":       {abroad("76123456"), pirogue.InvalidMSISDN, "beneficiary_msisdn"},
		"a country nobody pays into":  {abroad("+2250707070707"), pirogue.CountryNotSupported, "beneficiary_msisdn"},
		"a network nobody pays into":  {wages("o", 500, `"network":"wave"`), pirogue.InvalidParameter, "network"},
		"less than the operator pays": {wages("o", minAmount-1), pirogue.InvalidAmount, "amount"},
		"more than the operator pays": {wages("o", maxAmount+1), pirogue.InvalidAmount, "amount"},
		"another currency":            {wages("o", 500, `"currency":"XAF"`), pirogue.InvalidCurrency, "currency"},
		"an address inside our network": {
			wages("o", 500, `"notify_url":"https://10.0.0.1/"`), pirogue.InvalidURL, "notify_url",
		},
	} {
		failure := w.payOut(tt.body).requireCode(tt.code)
		require.Equal(t, tt.field, failure.Params[0].Field, name)
	}
	require.Empty(t, w.store.all())
}

// A captured, validly signed cash-in must not pay out, refund or resend.
func testCashOutCapturedCashinSignature(t *testing.T) { // rows 10, 11
	t.Parallel()

	w := newWorld(t)
	w.fund("ML", 10_000)
	captured := w.request(w.test, http.MethodPost, "/api/v1/payments/cashin", order("order_001"))
	require.Equal(t, http.StatusAccepted, w.do(captured).Code)
	for _, path := range []string{"/payments/cashout", "/refunds", "/webhooks/deliveries/resend"} {
		again := w.request(w.test, http.MethodPost, "/api/v1"+path, order("order_001"))
		again.Header = captured.Header
		w.do(again).requireCode(pirogue.SignatureReplayed)
	}
	require.Len(t, w.store.all(), 1)
}

// Suspension stops outgoing money before a hold is made.
func testCashOutSuspendedMerchant(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fund("ML", 10_000)
	w.store.change(func() {
		w.merchant.Suspended = true
		w.store.merchants[w.merchant.ID] = w.merchant
	})
	w.payOut(wages("o", 500)).requireCode(pirogue.MerchantSuspended)
	w.post("/refunds", `{}`).requireCode(pirogue.MerchantSuspended)
	require.Equal(t, int64(10_000), w.balance().Available)
}

// A request that is refused for an outage holds no money. An accepted one keeps its hold until the
// operator decides.
func testCashOutRefusedHoldsNothing(t *testing.T) { // row 65
	t.Parallel()

	w := newWorld(t)
	w.fund("ML", 10_000)
	w.workflows.change(func() { w.workflows.away = pirogue.Errorf(pirogue.ServiceUnavailable, "Temporal is away") })
	w.payOut(wages("o", 500)).requireCode(pirogue.ServiceUnavailable)
	require.Equal(t, int64(10_000), w.balance().Available)
	require.Empty(t, w.store.all())

	w.workflows.change(func() {
		w.workflows.away = nil
		w.workflows.start = func(_ context.Context, p pirogue.Payment) (lifecycle.FirstResponse, error) {
			w.store.update(p.ID, func(p *pirogue.Payment) { p.Status = pirogue.StatusPending })
			return lifecycle.FirstResponse{Unavailable: true}, nil
		}
	})
	got := w.payOut(wages("o", 500))
	got.requireCode(pirogue.OperatorUnavailable)
	require.Equal(t, "PENDING", got.data()["status"])
	require.Equal(t, int64(9500), w.balance().Available, "held until the operator decides")
}

// setFees sets the merchant's contract.
func (w *world) setFees(rules ...pirogue.FeeRule) {
	w.store.change(func() { w.store.contracts[w.merchant.ID] = rules })
}

// A later contract changes no accepted payment, and the hold has the fee in it.
func testCashOutFeeFrozen(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.setFees(
		pirogue.FeeRule{Kind: pirogue.CashIn, BasisPoints: 200, Payer: pirogue.PaidByMerchant, Returned: true},
		pirogue.FeeRule{Kind: pirogue.CashIn, Country: "CI", BasisPoints: 100, Payer: pirogue.PaidByCustomer},
		pirogue.FeeRule{Kind: pirogue.CashOut, Fixed: 25, Payer: pirogue.PaidByMerchant},
		pirogue.FeeRule{Kind: pirogue.Refund, Fixed: 5, Payer: pirogue.PaidByMerchant},
	)
	in := w.paid("o1")
	require.Equal(t, int64(10), in.Fee.Minor)
	require.True(t, in.FeeReturns)
	require.Equal(t, int64(490), w.balance().Available)

	abroad := w.collect(strings.Replace(order("o2"), "+22376123456", "+2250707070707", 1)).data()
	require.Equal(t, 500.0, abroad["amount"], "the amount is what the shop asked for")
	require.Equal(t, 5.0, abroad["fee"], "and the customer pays this on top")
	require.Equal(t, int64(505), w.store.all()[1].AtOperator().Minor)

	w.payOut(wages("o3", 466)).requireCode(pirogue.InsufficientBalance) // 491 with the fee
	require.Equal(t, 25.0, w.payOut(wages("o3", 150)).data()["fee"])
	require.Equal(t, int64(175), w.balance().Reserved)

	got := w.refund(in.ID, "r1", `"amount":200`)
	require.Equal(t, 5.0, got.data()["fee"])
	require.Equal(t, int64(175+205), w.balance().Reserved)

	w.setFees()
	got = w.collect(order("o1"))
	got.requireCode(pirogue.DuplicateOrder)
	require.Equal(t, 10.0, got.data()["fee"], "frozen when it was accepted")
}

// The operator's limits bound the sum that moves there: the amount with the customer's fee.
func testCashOutLimitsOfMovedAmount(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fund("ML", 10_000_000)
	w.setFees(
		pirogue.FeeRule{Kind: pirogue.CashIn, Fixed: 10, Payer: pirogue.PaidByCustomer},
		pirogue.FeeRule{Kind: pirogue.CashOut, Fixed: 10, Payer: pirogue.PaidByCustomer},
	)
	in := func(number string, amount int) int {
		return w.collect(strings.Replace(order(number), "500", strconv.Itoa(amount), 1)).Code
	}
	require.Equal(t, 202, in("a", minAmount-10), "the customer pays the fee on top")
	require.Equal(t, 422, in("b", minAmount-11))
	require.Equal(t, 202, in("c", maxAmount-10))
	require.Equal(t, 422, in("d", maxAmount-9))
	require.Equal(t, 202, w.payOut(wages("e", minAmount+10)).Code, "the customer receives what is left")
	require.Equal(t, 422, w.payOut(wages("f", minAmount+9)).Code)
	require.Equal(t, 202, w.payOut(wages("g", maxAmount+10)).Code)
	require.Equal(t, 422, w.payOut(wages("h", maxAmount+11)).Code)
}

// The maximum bounds the customer's payment with the fee in it.
func testCashOutAmountWithFeeAboveMaximum(t *testing.T) {
	t.Parallel()

	for payer, most := range map[pirogue.FeePayer]int64{
		pirogue.PaidByCustomer: pirogue.MaxAmount - 1, pirogue.PaidByMerchant: pirogue.MaxAmount,
	} {
		w := newWorld(t)
		w.setFees(pirogue.FeeRule{Kind: pirogue.CashIn, Fixed: 1, Payer: payer})
		body := strings.Replace(order("o"), "+22376123456", "+2250707070707", 1)
		w.collect(strings.Replace(body, "500", strconv.FormatInt(most+1, 10), 1)).requireCode(pirogue.InvalidAmount)
		require.Equal(t, 202, w.collect(strings.Replace(body, "500", strconv.FormatInt(most, 10), 1)).Code)
	}
}

// One merchant's contract must not price another merchant's payments.
func testCashOutContractOfOwnerOnly(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.store.change(func() {
		w.store.contracts[pirogue.MerchantID(ids.New())] = pirogue.FeeSchedule{
			{Kind: pirogue.CashIn, Fixed: 25, Payer: pirogue.PaidByMerchant},
		}
	})
	require.Equal(t, 0.0, w.collect(order("o")).data()["fee"])
}
