package api_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/ids"
)

// refund posts a refund with the test key.
func (w *world) refund(id pirogue.PaymentID, reference string, more ...string) reply {
	return w.post("/refunds", `{"transaction_id":"`+string(id)+`","merchant_refund_id":"`+reference+`"`+
		strings.Join(append([]string{""}, more...), ",")+`}`)
}

func TestPostRefund(t *testing.T) {
	t.Parallel()

	t.Run("written_before_answered", testRefundWrittenBeforeAnswered)
	t.Run("rest_without_amount", testRefundRestWithoutAmount)
	t.Run("repeat_gets_original", testRefundRepeatGetsOriginal)
	t.Run("concurrent_repeats_make_one", testRefundConcurrentRepeatsMakeOne)
	t.Run("not_refundable", testRefundNotRefundable)
	t.Run("insufficient_balance", testRefundInsufficientBalance)
	t.Run("refund_call_without_cashout_limits", testRefundRefundCallWithoutCashoutLimits)
	t.Run("collector_refunds_first", testRefundCollectorRefundsFirst)
	t.Run("every_wrong_field_named", testRefundEveryWrongFieldNamed)
	t.Run("other_kind_not_found", testRefundOtherKindNotFound)
	t.Run("wait", testRefundWait)
}

// The row holds every field of the request, and its amount cannot be refunded a second time.
func testRefundWrittenBeforeAnswered(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	in := w.paid("order_001")
	got := w.refund(in.ID, "refund_001", `"amount":200`, `"reason":"Un article rendu"`,
		`"notify_url":"https://shop.example/refunds"`, `"metadata":{"item":"3"}`)
	require.Equal(t, http.StatusAccepted, got.Code, "%s", got.Body)

	p := w.store.all()[1]
	require.Equal(t, pirogue.Payment{
		ID: p.ID, MerchantID: w.merchant.ID, Mode: pirogue.Test, Kind: pirogue.Refund, OrderID: "refund_001",
		ParentID: in.ID, Status: pirogue.StatusPending, Amount: pirogue.Money{Minor: 200, Currency: pirogue.XOF},
		Fee: pirogue.Money{Currency: pirogue.XOF}, FeePayer: pirogue.PaidByMerchant, Country: "ML",
		MSISDN: "+22376123456", Network: pirogue.Orange, Operator: payerOperator, Description: "Un article rendu",
		NotifyURL: "https://shop.example/refunds", Metadata: map[string]string{"item": "3"},
		StartDeadline: p.CreatedAt.Add(90 * time.Second), CreatedAt: p.CreatedAt, UpdatedAt: p.CreatedAt,
	}, p)
	want := payment{
		"refund_id": string(p.ID), "transaction_id": string(in.ID), "merchant_refund_id": "refund_001",
		"merchant_order_id": "refund_001", "type": "REFUND", "status": "PENDING", "amount": 200.0, "fee": 0.0,
		"currency": "XOF", "country_code": "ML", "msisdn": "+223*****56", "operator": string(payerOperator),
		"network": "orange", "refunded_amount": 0.0, "refundable_amount": 0.0,
		"created_at": p.CreatedAt.UTC().Format(time.RFC3339), "updated_at": p.UpdatedAt.UTC().Format(time.RFC3339),
		"metadata": map[string]any{"item": "3"}, "livemode": false,
	}
	require.Equal(t, want, got.data())
	require.Equal(t, 300.0, w.get("/payments/" + string(in.ID)).data()["refundable_amount"])

	w.store.update(p.ID, func(p *pirogue.Payment) { p.Status = pirogue.StatusSuccess })
	want["status"] = "SUCCESS"
	require.Equal(t, want, w.get("/refunds/"+string(p.ID)).data())
	delete(want, "refund_id")
	delete(want, "merchant_refund_id")
	want["transaction_id"], want["original_transaction_id"] = string(p.ID), string(in.ID)
	require.Equal(t, want, w.get("/payments/"+string(p.ID)).data(), "a payment among payments")
	require.Equal(t, want, w.get("/payments?type=REFUND").list()[0])
}

// Refunds under way count: together they never exceed the cash-in.
func testRefundRestWithoutAmount(t *testing.T) { // row 52
	t.Parallel()

	w := newWorld(t)
	in := w.paid("order_001")
	require.Equal(t, 200.0, w.refund(in.ID, "r1", `"amount":200`).data()["amount"])
	w.refund(in.ID, "r2", `"amount":301`).requireCode(pirogue.RefundExceedsPayment)
	require.Equal(t, 300.0, w.refund(in.ID, "r2").data()["amount"])

	got := w.refund(in.ID, "r3")
	got.requireCode(pirogue.RefundInProgress)
	require.Equal(t, string(in.ID), got.data()["transaction_id"], "the payment it is about")
	w.refund(in.ID, "r3", `"amount":100`).requireCode(pirogue.RefundExceedsPayment)
	require.Len(t, w.store.all(), 3)
	require.Equal(t, int64(500), w.balance().Reserved)
}

// A repeat never gives money back twice, whatever the cash-in's status is.
func testRefundRepeatGetsOriginal(t *testing.T) { // rows 43, 55
	t.Parallel()

	w := newWorld(t)
	in, other := w.paid("order_001"), w.paid("order_002")
	first := w.refund(in.ID, "r1", `"amount":200`, `"reason":"x"`).data()
	for name, more := range map[string]string{"as it was": `"amount":200`, "without an amount": `"metadata":{}`} {
		got := w.refund(in.ID, "r1", `"reason":"x"`, more)
		got.requireCode(pirogue.DuplicateOrder)
		require.Equal(t, first["refund_id"], got.data()["refund_id"], name)
		require.Equal(t, string(in.ID), got.data()["transaction_id"], name)
	}
	for field, got := range map[string]reply{
		"amount":         w.refund(in.ID, "r1", `"amount":201`, `"reason":"x"`),
		"reason":         w.refund(in.ID, "r1", `"reason":"y"`),
		"transaction_id": w.refund(other.ID, "r1", `"reason":"x"`),
		"notify_url":     w.refund(in.ID, "r1", `"reason":"x"`, `"notify_url":"https://shop.example/"`),
		"metadata":       w.refund(in.ID, "r1", `"reason":"x"`, `"metadata":{"a":"b"}`),
	} {
		failure := got.requireCode(pirogue.IdempotencyMismatch)
		require.Len(t, failure.Params, 1, field)
		require.Equal(t, field, failure.Params[0].Field)
		require.Equal(t, first["refund_id"], got.data()["refund_id"])
	}
	w.store.update(in.ID, func(p *pirogue.Payment) { p.Status, p.Refunded = pirogue.StatusReversed, 500 })
	w.refund(in.ID, "r1", `"reason":"x"`).requireCode(pirogue.DuplicateOrder) // the cash-in's status does not matter
	require.Len(t, w.store.all(), 3)

	require.Equal(t, http.StatusAccepted, w.refund(other.ID, "order_001").Code, "an order's number is no refund's")
}

// Concurrent repeats are the usual case after a client's timeout.
func testRefundConcurrentRepeatsMakeOne(t *testing.T) { // row 47
	t.Parallel()

	w := newWorld(t)
	in := w.paid("order_001")
	answers := make(chan reply, 20)
	for range cap(answers) {
		go func() {
			body := `{"transaction_id":"` + string(in.ID) + `","merchant_refund_id":"r1"}`
			answers <- w.doUnchecked(w.request(w.test, http.MethodPost, "/api/v1/refunds", body))
		}()
	}
	counts, refunds := map[int]int{}, map[any]bool{}
	for range cap(answers) {
		got := <-answers
		counts[got.Code]++
		refunds[got.data()["refund_id"]] = true
	}
	require.Equal(t, map[int]int{202: 1, 409: 19}, counts)
	require.Len(t, refunds, 1)
}

// Only the merchant's own successful cash-in, in the same mode, can be given back.
func testRefundNotRefundable(t *testing.T) { // rows 51, 53
	t.Parallel()

	w := newWorld(t)
	w.fund("ML", 10_000)
	for _, status := range []pirogue.Status{
		pirogue.StatusCreated, pirogue.StatusInitiated, pirogue.StatusPending, pirogue.StatusFailed,
		pirogue.StatusExpired, pirogue.StatusReversed,
	} {
		p := w.accepted("order_" + string(status))
		w.store.update(p.ID, func(p *pirogue.Payment) {
			p.Status = status
			p.Failure.Code = pirogue.FailedDeclined
		})
		w.refund(p.ID, "r1").requireCode(pirogue.RefundNotAllowed)
	}
	out := w.payOut(wages("salary", 500)).data().id("transaction_id")
	w.store.settle(out, pirogue.StatusSuccess)
	w.refund(out, "r1").requireCode(pirogue.RefundNotAllowed)
	back := w.refund(w.paid("order_001").ID, "r0").data().id("refund_id")
	w.store.settle(back, pirogue.StatusSuccess)
	w.refund(back, "r1").requireCode(pirogue.RefundNotAllowed)

	w.refund(pirogue.PaymentID(ids.New()), "r1").requireCode(pirogue.TransactionNotFound)
	w.refund("1", "r1").requireCode(pirogue.TransactionNotFound)
	in := w.paid("order_002")
	foreign := w.newKey(pirogue.MerchantID(ids.New()), pirogue.Test)
	body := `{"transaction_id":"` + string(in.ID) + `","merchant_refund_id":"r1"}`
	for _, key := range []access.APIKey{foreign, w.live} {
		w.do(w.request(key, http.MethodPost, "/api/v1/refunds", body)).requireCode(pirogue.TransactionNotFound)
	}
}

// The merchant's balance pays a refund. A refused one holds nothing.
func testRefundInsufficientBalance(t *testing.T) { // row 54
	t.Parallel()

	w := newWorld(t)
	in := w.paid("order_001")
	require.Equal(t, http.StatusAccepted, w.payOut(wages("salary", 400)).Code)
	w.refund(in.ID, "r1").requireCode(pirogue.InsufficientBalance)
	require.Equal(t, int64(500), w.read(in.ID).Refundable(), "nothing is held")
	require.Equal(t, http.StatusAccepted, w.refund(in.ID, "r1", `"amount":100`).Code)
}

// A refund by the operator's own call has no limits of a payout: every collected amount can be
// refunded.
func testRefundRefundCallWithoutCashoutLimits(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	body := strings.Replace(order("togo"), "+22376123456", "+22890112233", 1)
	in := w.collect(strings.Replace(body, "500", "5000", 1))
	id := in.data().id("transaction_id")
	w.store.settle(id, pirogue.StatusSuccess)
	got := w.refund(id, "r1", `"amount":`+strconv.Itoa(minAmount-1))
	require.Equal(t, http.StatusAccepted, got.Code, "%s", got.Body)
	require.Equal(t, string(giverOperator), got.data()["operator"])

	paidOut := w.paid("mali")
	w.refund(paidOut.ID, "r2", `"amount":`+strconv.Itoa(minAmount-1)).requireCode(pirogue.InvalidAmount)
}

// The collector's own refund call comes first. Otherwise an operator that pays out carries the
// refund, also when the collector left the configuration.
func testRefundCollectorRefundsFirst(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	collect := func(number, msisdn string) pirogue.Payment {
		got := w.collect(strings.Replace(order(number), "+22376123456", msisdn, 1))
		require.Equal(t, http.StatusAccepted, got.Code, "%s", got.Body)
		id := got.data().id("transaction_id")
		w.store.settle(id, pirogue.StatusSuccess)
		return w.read(id)
	}
	require.Equal(t, string(giverOperator), w.refund(collect("togo", "+22890112233").ID, "r1").data()["operator"])
	require.Equal(t, string(payerOperator), w.refund(collect("mali", "+22376123456").ID, "r2").data()["operator"])
	w.refund(collect("ivory", "+2250707070707").ID, "r3").requireCode(pirogue.RefundNotAllowed)

	gone := collect("gone", "+22376123456")
	w.store.update(gone.ID, func(p *pirogue.Payment) { p.Operator = "closed-down" })
	require.Equal(t, string(payerOperator), w.refund(gone.ID, "r4").data()["operator"])
}

// No refused refund may leave a row.
func testRefundEveryWrongFieldNamed(t *testing.T) { // rows 22, 52
	t.Parallel()

	w := newWorld(t)
	in := w.paid("order_001")
	for more, want := range map[string]pirogue.Code{
		`"amount":0`:                           pirogue.InvalidAmount,
		`"amount":-1`:                          pirogue.InvalidAmount,
		`"amount":"200"`:                       pirogue.InvalidAmount,
		`"amount":null`:                        pirogue.InvalidAmount,
		`"amount":99`:                          pirogue.InvalidAmount,
		`"amount":501`:                         pirogue.RefundExceedsPayment,
		`"amount":1000000000001`:               pirogue.InvalidAmount,
		`"currency":"XOF"`:                     pirogue.UnknownField,
		`"event":"transaction.status_changed"`: pirogue.UnknownField,
		`"reason":"a\u0000"`:                   pirogue.InvalidParameter,
		`"notify_url":"ftp://x"`:               pirogue.InvalidURL,
		`"metadata":[]`:                        pirogue.InvalidParameter,
	} {
		require.NotEmpty(t, w.refund(in.ID, "r1", more).requireCode(want).Params, more)
	}
	w.refund(in.ID, "two words").requireCode(pirogue.InvalidOrderID)
	require.Equal(t, "merchant_refund_id",
		w.post("/refunds", `{"transaction_id":"`+string(in.ID)+`"}`).requireCode(pirogue.MissingField).Params[0].Field)
	require.Equal(t, "transaction_id",
		w.post("/refunds", `{"merchant_refund_id":"r1"}`).requireCode(pirogue.MissingField).Params[0].Field)
	w.post("/refunds", `{"transaction_id":1,"merchant_refund_id":"r1"}`).requireCode(pirogue.InvalidParameter)
	require.Len(t, w.store.all(), 1)
}

// Equal bytes for every ID that is no refund of this merchant reveal nothing about other payments.
func testRefundOtherKindNotFound(t *testing.T) { // row 56
	t.Parallel()

	w := newWorld(t)
	in := w.paid("order_001")
	back := string(w.refund(in.ID, "r1").data().id("refund_id"))
	stranger := w.newKey(pirogue.MerchantID(ids.New()), pirogue.Test)
	answers := map[string]bool{}
	for _, tt := range []struct {
		key access.APIKey
		id  string
	}{{w.test, string(in.ID)}, {w.test, ids.New()}, {w.test, "1"}, {w.live, back}, {stranger, back}} {
		r := w.request(tt.key, http.MethodGet, "/api/v1/refunds/"+tt.id, "")
		r.Header.Set("X-Request-Id", "one_name")
		got := w.do(r)
		got.requireCode(pirogue.TransactionNotFound)
		answers[got.Body.String()] = true
	}
	require.Len(t, answers, 1)
	require.Equal(t, "operator", w.get("/refunds/" + back).data()["waiting_for"], "no customer has to act")
}

// A merchant waits on a refund in the same way as on a payment.
func testRefundWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		in := w.paid("order_001")
		back := w.refund(in.ID, "r1").data().id("refund_id")
		time.AfterFunc(10*time.Second, func() { w.store.settle(back, pirogue.StatusSuccess) })
		began := time.Now()
		require.Equal(t, "SUCCESS", w.get("/refunds/" + string(back) + "?wait=25").data()["status"])
		require.LessOrEqual(t, time.Since(began), 11*time.Second)
		w.get("/refunds/" + string(in.ID) + "?wait=25").requireCode(pirogue.TransactionNotFound)
		require.LessOrEqual(t, time.Since(began), 11*time.Second, "it waits for no refund that is none")
	})
}
