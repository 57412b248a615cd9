package api_test

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/api"
	"pirogue/lifecycle"
	"pirogue/operator"
)

func decodeHex(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(text)
	require.NoError(t, err)
	return raw
}

func TestPostCashIn(t *testing.T) {
	t.Parallel()

	t.Run("written_before_answered", testCashInWrittenBeforeAnswered)
	t.Run("response_of_contract", testCashInResponseOfContract)
	t.Run("operator_limits", testCashInOperatorLimits)
	t.Run("amount_below_one_franc", testCashInAmountBelowOneFranc)
	t.Run("network_not_served", testCashInNetworkNotServed)
	t.Run("test_keys_only", testCashInTestKeysOnly)
	t.Run("webhook_to_ourselves", testCashInWebhookToOurselves)
	t.Run("every_wrong_field_named", testCashInEveryWrongFieldNamed)
	t.Run("unknown_fields_1000", testCashInUnknownFields1000)
	t.Run("repeat_gets_original", testCashInRepeatGetsOriginal)
	t.Run("concurrent_repeats_make_one", testCashInConcurrentRepeatsMakeOne)
	t.Run("operator_down", testCashInOperatorDown)
	t.Run("workflows_away", testCashInWorkflowsAway)
	t.Run("workflow_start_fails", testCashInWorkflowStartFails)
	t.Run("client_disconnects", testCashInClientDisconnects)
	t.Run("database_away_or_bug", testCashInDatabaseAwayOrBug)
	t.Run("panic_reveals_nothing", testCashInPanicRevealsNothing)
	t.Run("log_without_personal_data", testCashInLogWithoutPersonalData)
}

// The row and the prepared attempt hold every field of the request. So the sweep can continue the
// payment without this process.
func testCashInWrittenBeforeAnswered(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	before := w.now()
	got := w.collect(order("order_001", `"currency":"XOF"`, `"country_code":"ML"`, `"network":"orange"`,
		`"return_url":"https://shop.example/success"`, `"cancel_url":"https://shop.example/cancel"`,
		`"notify_url":"https://shop.example/hook"`, `"customer_name":"Awa Traoré"`, `"description":"Riz"`,
		`"otp":"123456"`, `"metadata":{"cart":"8821"}`))
	require.Equal(t, http.StatusAccepted, got.Code, "%s", got.Body)

	p := w.store.all()[0]
	require.Equal(t, pirogue.Payment{
		ID: p.ID, MerchantID: w.merchant.ID, Mode: pirogue.Test, Kind: pirogue.CashIn, OrderID: "order_001",
		Status: pirogue.StatusPending, Amount: pirogue.Money{Minor: 500, Currency: pirogue.XOF},
		Fee: pirogue.Money{Currency: pirogue.XOF}, FeePayer: pirogue.PaidByMerchant, Country: "ML",
		MSISDN: "+22376123456", Network: pirogue.Orange,
		Operator: testOperator, CustomerName: "Awa Traoré", Description: "Riz",
		ReturnURL: "https://shop.example/success", CancelURL: "https://shop.example/cancel",
		NotifyURL: "https://shop.example/hook", Metadata: map[string]string{"cart": "8821"},
		NextAction: p.NextAction, StartDeadline: p.CreatedAt.Add(90 * time.Second),
		ExpiresAt: p.ExpiresAt, CreatedAt: p.CreatedAt, UpdatedAt: p.CreatedAt,
	}, p)
	require.WithinDuration(t, before, p.CreatedAt, time.Minute)

	require.Len(t, w.store.attempts, 1)
	for digest, a := range w.store.attempts {
		require.Equal(t, operator.CallbackDigest(tokenOf(a.Ref)), digest)
		require.Equal(t, pirogue.Attempt{
			ID: a.ID, PaymentID: p.ID, Number: 1, Operator: testOperator, Ref: a.Ref,
			State: pirogue.AttemptPrepared, Handle: pirogue.Handle{pirogue.HandleOTP: "123456"},
			CreatedAt: p.CreatedAt, UpdatedAt: p.CreatedAt,
		}, a)
		require.Len(t, a.Ref, 20)
	}
}

// Merchants of Neka Paie find its fields unchanged, with Pirogue's fields beside them.
func testCashInResponseOfContract(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	got := w.collect(order("order_001", `"metadata":{"cart":"8821"}`)).data()
	p := w.store.all()[0]
	require.Equal(t, payment{
		"transaction_id": string(p.ID), "merchant_order_id": "order_001", "type": "CASHIN", "status": "PENDING",
		"amount": 500.0, "fee": 0.0, "currency": "XOF", "country_code": "ML", "msisdn": "+223*****56",
		"operator": string(testOperator), "network": "orange", "payment_url": "https://webpayment.example/pay/abc123",
		"next_action": map[string]any{
			"type": "redirect", "url": "https://webpayment.example/pay/abc123",
			"expires_at": p.ExpiresAt.UTC().Format(time.RFC3339),
		},
		"refunded_amount": 0.0, "refundable_amount": 0.0, "expires_at": p.ExpiresAt.UTC().Format(time.RFC3339),
		"created_at": p.CreatedAt.UTC().Format(time.RFC3339), "updated_at": p.UpdatedAt.UTC().Format(time.RFC3339),
		"metadata": map[string]any{"cart": "8821"}, "livemode": false,
	}, got)
}

// An amount outside the limits fails here, and not later at the operator.
func testCashInOperatorLimits(t *testing.T) { // row 32
	t.Parallel()

	w := newWorld(t)
	for amount, want := range map[int]int{
		minAmount - 1: 422, minAmount: 202, maxAmount: 202, maxAmount + 1: 422,
	} {
		body := strings.Replace(order("limit_"+strconv.Itoa(amount)), "500", strconv.Itoa(amount), 1)
		require.Equal(t, want, w.collect(body).Code, "%d francs", amount)
	}
}

// Amounts of zero, below it, above pirogue.MaxAmount and beyond 64 bits are refused where the
// operator states no limits.
func testCashInAmountBelowOneFranc(t *testing.T) { // row 31
	t.Parallel()

	w := newWorld(t)
	for amount, want := range map[string]int{
		"-1": 422, "0": 422, "1": 202, "1000000000000": 202,
		"1000000000001": 422, "9223372036854775807": 422, "9223372036854775808": 422,
	} {
		body := strings.Replace(order("franc"+amount), "500", amount, 1)
		body = strings.Replace(body, "+22376123456", "+2250707070707", 1)
		require.Equal(t, want, w.collect(body).Code, "%s francs", amount)
	}
}

// The error must name the field that the merchant can correct.
func testCashInNetworkNotServed(t *testing.T) { // row 36
	t.Parallel()

	w := newWorld(t)
	failure := w.collect(order("o", `"network":"wave"`)).requireCode(pirogue.InvalidParameter)
	require.Equal(t, "network", failure.Params[0].Field)

	senegal := strings.Replace(order("o"), "+22376123456", "+221776123456", 1)
	failure = w.collect(senegal).requireCode(pirogue.CountryNotSupported)
	require.Equal(t, "customer_msisdn", failure.Params[0].Field)
	require.Empty(t, w.store.all())
}

// Plain http is allowed with test keys only, for shops on a developer's machine.
func testCashInTestKeysOnly(t *testing.T) { // rows 39, 88
	t.Parallel()

	w := newWorld(t)
	for _, field := range []string{"return_url", "cancel_url", "notify_url"} {
		body := order("live "+field, `"`+field+`":"http://shop.example/"`)
		body = strings.Replace(body, "live ", "http_", 1)
		require.Equal(t, http.StatusAccepted, w.collect(body).Code, field)
		w.collectWith(w.live, body).requireCode(pirogue.InvalidURL)
	}
}

// A webhook to our own host or network would let a merchant call our internal services.
func testCashInWebhookToOurselves(t *testing.T) { // rows 89, 90, 93
	t.Parallel()

	homes := []string{
		"http://127.0.0.1/", "http://127.8.8.8/", "http://localhost/", "http://LOCALHOST./", "http://[::1]/",
		"http://[::ffff:127.0.0.1]/", "http://127.0.0.1:9000/hook",
	}
	w := newWorld(t)
	dev := newWorld(t, func(o *api.Options) { o.AllowLoopbackURLs, o.PublicURL = true, "http://127.0.0.1:8080" })
	for i, home := range homes {
		body := order("home_"+strconv.Itoa(i), `"notify_url":"`+home+`"`)
		w.collect(body).requireCode(pirogue.InvalidURL)
		require.Equal(t, http.StatusAccepted, dev.collect(body).Code, "%s on a laptop", home)
	}
	w.collect(order("own", `"notify_url":"https://PAY.example./api/v1/refunds"`)).requireCode(pirogue.InvalidURL)
	dev.collect(order("own", `"notify_url":"http://127.0.0.1:8080/api/v1/refunds"`)).requireCode(pirogue.InvalidURL)
}

// A merchant corrects all fields at once, and a refused request leaves the order ID free.
func testCashInEveryWrongFieldNamed(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	got := w.collect(`{"amount":0,"customer_msisdn":"76","currency":"EUR","network":7}`)
	failure := got.requireCode(pirogue.MissingField)
	fields := map[string]pirogue.Code{}
	for _, p := range failure.Params {
		fields[p.Field] = p.Code
		require.NotEmpty(t, p.Message)
	}
	require.Equal(t, map[string]pirogue.Code{
		"merchant_order_id": pirogue.MissingField, "amount": pirogue.InvalidAmount, "customer_msisdn": pirogue.InvalidMSISDN,
		"currency": pirogue.InvalidCurrency, "network": pirogue.InvalidParameter,
	}, fields)
	require.Empty(t, w.store.all(), "something was saved")
	require.Equal(t, http.StatusAccepted, w.collect(order("corrected")).Code) // row 48
}

// A response must stay small, whatever the body holds.
func testCashInUnknownFields1000(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	fields := []string{}
	for i := range 1000 {
		fields = append(fields, `"`+strings.Repeat("x", 40)+strconv.Itoa(i)+`":1`)
	}
	require.Len(t, w.collect(order("many", fields...)).requireCode(pirogue.UnknownField).Params, 20)
	failure := w.collect(order("long", `"`+strings.Repeat("é", 20_000)+`":1`)).requireCode(pirogue.UnknownField)
	require.Equal(t, strings.Repeat("é", 64), failure.Params[0].Field)
}

// A repeat never creates a second payment, and never starts a second workflow. It shows the
// original's current state.
func testCashInRepeatGetsOriginal(t *testing.T) { // rows 42, 43, 45
	t.Parallel()

	w := newWorld(t)
	first := w.accepted("order_001")
	w.store.update(first.ID, func(p *pirogue.Payment) { p.Status = pirogue.StatusSuccess })

	again := w.collect(order("order_001"))
	again.requireCode(pirogue.DuplicateOrder)
	require.Equal(t, string(first.ID), again.data()["transaction_id"])
	require.Equal(t, "SUCCESS", again.data()["status"], "the original as it is now")

	other := w.collect(strings.ReplaceAll(order("order_001", `"description":"x"`), "22376123456", "22376111111"))
	failure := other.requireCode(pirogue.IdempotencyMismatch)
	require.Equal(t, string(first.ID), other.data()["transaction_id"])
	require.Equal(t, "customer_msisdn", failure.Params[0].Field)
	require.Equal(t, "description", failure.Params[1].Field)
	require.Len(t, w.store.all(), 1)
	require.Equal(t, 1, w.workflows.begun, "a repeat started something")

	require.Equal(t, http.StatusAccepted, w.collectWith(w.live, order("order_001")).Code, "the other mode")
}

// Concurrent repeats are the usual case after a client's timeout.
func testCashInConcurrentRepeatsMakeOne(t *testing.T) { // row 46
	t.Parallel()

	w := newWorld(t)
	codes := make(chan int, 100)
	var all sync.WaitGroup
	for range cap(codes) {
		all.Go(func() {
			codes <- w.doUnchecked(w.request(w.test, http.MethodPost, "/api/v1/payments/cashin", order("order_001"))).Code
		})
	}
	all.Wait()
	close(codes)
	counts := map[int]int{}
	for code := range codes {
		counts[code]++
	}
	require.Equal(t, map[int]int{202: 1, 409: 99}, counts)
}

// An outage is no failure: the payment exists, so the merchant must not try another reference.
func testCashInOperatorDown(t *testing.T) { // row 64
	t.Parallel()

	w := newWorld(t)
	w.workflows.start = func(_ context.Context, p pirogue.Payment) (lifecycle.FirstResponse, error) {
		w.store.update(p.ID, func(p *pirogue.Payment) { p.Status = pirogue.StatusPending })
		return lifecycle.FirstResponse{Unavailable: true}, nil
	}
	got := w.collect(order("order_001"))
	got.requireCode(pirogue.OperatorUnavailable)
	require.Equal(t, "PENDING", got.data()["status"])
	require.Empty(t, got.Header().Get("Retry-After"), "there is nothing to repeat")

	again := w.collect(order("order_001"))
	again.requireCode(pirogue.DuplicateOrder)
	require.Equal(t, got.data()["transaction_id"], again.data()["transaction_id"])
}

// Without workers a payment would wait in vain, so it is refused before the first write.
func testCashInWorkflowsAway(t *testing.T) { // row 65
	t.Parallel()

	w := newWorld(t)
	w.workflows.away = pirogue.Errorf(pirogue.ServiceUnavailable, "Temporal is away")
	got := w.collect(order("order_001"))
	got.requireCode(pirogue.ServiceUnavailable)
	require.Equal(t, "5", got.Header().Get("Retry-After"))
	require.Empty(t, w.store.all())

	w.workflows.change(func() { w.workflows.away = nil })
	require.Equal(t, http.StatusAccepted, w.collect(order("order_001")).Code)
}

// After the commit no error may reach the merchant, who would pay again under another reference.
func testCashInWorkflowStartFails(t *testing.T) {
	t.Parallel()

	initiate := func(w *world, p pirogue.Payment) {
		w.store.update(p.ID, func(p *pirogue.Payment) { p.Status = pirogue.StatusInitiated })
	}
	for name, tt := range map[string]struct {
		start func(*world, pirogue.Payment) error
		want  string
	}{
		"it could not be started": {func(*world, pirogue.Payment) error {
			return pirogue.Errorf(pirogue.ServiceUnavailable, "Temporal went away")
		}, "CREATED"},
		"it has not answered yet": {func(w *world, p pirogue.Payment) error {
			initiate(w, p)
			return pirogue.Errorf(operator.Unknown, "no answer yet")
		}, "INITIATED"},
		"it failed for no known reason": {func(*world, pirogue.Payment) error {
			return errors.New("a bug")
		}, "CREATED"},
		"the database went away meanwhile": {func(w *world, _ pirogue.Payment) error {
			w.store.fail(pirogue.Errorf(pirogue.ServiceUnavailable, "the database went away"))
			return nil
		}, "CREATED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.workflows.start = func(_ context.Context, p pirogue.Payment) (lifecycle.FirstResponse, error) {
				return lifecycle.FirstResponse{}, tt.start(w, p)
			}
			got := w.collect(order("order_001"))
			require.Equal(t, http.StatusAccepted, got.Code, "%s", got.Body)
			require.Equal(t, tt.want, got.data()["status"])
		})
	}
}

// A client that disconnects must not cut the payment's start in half.
func testCashInClientDisconnects(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	ctx, hangUp := context.WithCancel(context.Background())
	w.workflows.start = func(start context.Context, p pirogue.Payment) (lifecycle.FirstResponse, error) {
		hangUp()
		if start.Err() != nil {
			return lifecycle.FirstResponse{}, start.Err()
		}
		w.store.update(p.ID, func(p *pirogue.Payment) { p.Status = pirogue.StatusInitiated })
		return lifecycle.FirstResponse{}, nil
	}
	for _, number := range []string{"hangs up at the start", "was gone before"} {
		body := order(strings.ReplaceAll(number, " ", "_"))
		w.do(w.request(w.test, http.MethodPost, "/api/v1/payments/cashin", body).WithContext(ctx))
	}
	require.Len(t, w.store.all(), 2)
	for _, p := range w.store.all() {
		require.Equal(t, pirogue.StatusInitiated, p.Status, p.OrderID)
	}
}

// A merchant may retry after a 503. The cause goes to the log only.
func testCashInDatabaseAwayOrBug(t *testing.T) { // row 65
	t.Parallel()

	for name, tt := range map[string]struct {
		err  error
		want pirogue.Code
	}{
		"it says it is away": {
			pirogue.Errorf(pirogue.ServiceUnavailable, "connection refused"), pirogue.ServiceUnavailable,
		},
		"it did not answer in time": {
			pirogue.Errorf(pirogue.Internal, "key: %w", context.DeadlineExceeded), pirogue.ServiceUnavailable,
		},
		"it refuses our SQL": {errors.New("syntax error near SELECT"), pirogue.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.store.fail(tt.err)
			got := w.collect(order("order_001"))
			got.requireCode(tt.want)
			require.NotContains(t, got.Body.String(), tt.err.Error())
			require.Contains(t, w.logged(), tt.err.Error(), "our log knows what happened")
		})
	}
}

// The response to a panic has the request's ID only, and neither it nor the log holds a secret.
func testCashInPanicRevealsNothing(t *testing.T) { // row 66
	t.Parallel()

	w := newWorld(t)
	w.store.change(func() { w.store.breaks = "Accept" })
	r := w.request(w.test, http.MethodPost, "/api/v1/payments/cashin", order("order_001"))
	got := w.do(r)
	failure := got.requireCode(pirogue.Internal)
	require.Empty(t, failure.Params)
	require.NotContains(t, got.Body.String(), "Accept")

	logged := w.logged()
	require.Contains(t, logged, "the code of Accept is wrong")
	require.Contains(t, logged, failure.RequestID)
	for _, secret := range []string{
		w.test.Public, w.test.Secrets[0].Text, r.Header.Get("X-NekaPay-Signature"), "22376123456",
	} {
		require.NotContains(t, logged, secret)
	}
}

// The log must hold no key, number, query or header of a client.
func testCashInLogWithoutPersonalData(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	p := w.accepted("order_canary")
	w.get("/payments/" + string(p.ID) + "?wait=0&api_secret=canary")
	logged := w.logged()
	require.Contains(t, logged, `"route":"/api/v1/payments/:transaction_id"`)
	require.Contains(t, logged, string(w.merchant.ID))
	for _, secret := range []string{w.test.Public, w.test.Secrets[0].Text, "22376123456", "canary", "X-NekaPay"} {
		require.NotContains(t, logged, secret)
	}
}
