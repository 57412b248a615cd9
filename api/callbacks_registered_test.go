package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/api"
)

// newRegistered returns a world with a cash-out whose operator sends all its callbacks to one
// address.
func newRegistered(t *testing.T, change ...func(*api.Options)) callbackWorld {
	t.Helper()
	w := newWorld(t, change...)
	w.fund("ML", 1000)
	got := w.payOut(wages("salary_001", 500))
	require.Equal(t, http.StatusAccepted, got.Code, "%s", got.Body)
	for _, a := range w.store.attempts {
		return callbackWorld{w, w.read(a.PaymentID), a}
	}
	t.Fatal("no attempt was written")
	return callbackWorld{}
}

// at returns the operator's request to its registered address.
func (w callbackWorld) at(operator pirogue.OperatorCode, token, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/callbacks/"+string(operator)+"/registered/"+token,
		strings.NewReader(body))
	r.Header.Set("X-Operator-Secret", "s3cret")
	return r
}

// registered returns the operator's request with the right address and token.
func (w callbackWorld) registered(body string) *http.Request {
	return w.at(payerOperator, addressOf(payerOperator), body)
}

func TestPostRegisteredCallback(t *testing.T) {
	t.Parallel()

	t.Run("finds_payment", testRegisteredCallbackFindsPayment)
	t.Run("refused_leaves_nothing", testRegisteredCallbackRefusedLeavesNothing)
	t.Run("payment_of_other_system", testRegisteredCallbackPaymentOfOtherSystem)
	t.Run("without_token", testRegisteredCallbackWithoutToken)
}

// The reference in a proven body finds the attempt, and 50 repeats count as one callback.
func testRegisteredCallbackFindsPayment(t *testing.T) { // rows 71, 72, 79
	t.Parallel()

	w := newRegistered(t)
	for range 50 {
		got := w.do(w.registered(w.paid()))
		require.Equal(t, http.StatusOK, got.Code, "%s", got.Body)
		require.JSONEq(t, `{"received":true}`, got.Body.String())
	}
	kept := w.store.storedCallbacks()
	require.Len(t, kept, 1)
	require.Equal(t, w.attempt.ID, kept[0].AttemptID)
	require.Equal(t, []pirogue.PaymentID{w.payment.ID}, w.workflows.signalled(), "a cash-out's workflow")
	require.Equal(t, pirogue.StatusPending, w.read(w.payment.ID).Status, "a callback is a hint, never a fact")

	w.do(w.registered(strings.Replace(w.paid(), "PAID", "ALMOST", 1)))
	require.Len(t, w.store.storedCallbacks(), 2, "what is not understood is kept") // row 77
	require.Equal(t, http.StatusOK, w.do(w.at(payerOperator, addressOf(payerOperator), w.paid())).Code)
	own := httptest.NewRequest(http.MethodPost, "/callbacks/"+string(payerOperator)+"/"+tokenOf(w.attempt.Ref),
		strings.NewReader(w.paid()))
	own.Header.Set("X-Operator-Secret", "s3cret")
	require.Equal(t, http.StatusOK, w.do(own).Code, "and the attempt's own address works as well")
}

// A forged callback must neither be stored nor make the workflow ask.
func testRegisteredCallbackRefusedLeavesNothing(t *testing.T) { // rows 67, 69, 78, 80, 82
	t.Parallel()

	w := newRegistered(t)
	good := addressOf(payerOperator)
	unsigned := w.registered(w.paid())
	unsigned.Header.Del("X-Operator-Secret")
	squeezed := w.registered(w.paid())
	squeezed.Header.Set("Content-Encoding", "gzip")
	pinged := w.registered("")
	pinged.Method = http.MethodGet
	for name, tt := range map[string]struct {
		request *http.Request
		want    pirogue.Code
	}{
		"a token nobody has":              {w.at(payerOperator, "x", w.paid()), pirogue.NotFound},
		"a token cut short":               {w.at(payerOperator, good[:len(good)-1], w.paid()), pirogue.NotFound},
		"another operator's token":        {w.at(payerOperator, addressOf(testOperator), w.paid()), pirogue.NotFound},
		"an attempt's token":              {w.at(payerOperator, tokenOf(w.attempt.Ref), w.paid()), pirogue.NotFound},
		"an operator without one address": {w.at(testOperator, addressOf(testOperator), w.paid()), pirogue.NotFound},
		"an operator nobody has":          {w.at("nobody", addressOf("nobody"), w.paid()), pirogue.NotFound},
		"without the operator's secret":   {unsigned, pirogue.SignatureInvalid},
		"no JSON":                         {w.registered("<html>"), pirogue.InvalidJSON},
		"no reference":                    {w.registered(`{"status":"PAID"}`), pirogue.NotFound},
		"a payment that is not ours": {
			w.registered(`{"ref":"CO000000000000000000","status":"PAID"}`), pirogue.NotFound,
		},
		"more than 64 KiB":                 {w.registered(strings.Repeat(" ", 64<<10+1)), pirogue.PayloadTooLarge},
		"gzip":                             {squeezed, pirogue.UnsupportedMediaType},
		"a GET, as some operators look by": {pinged, pirogue.MethodNotAllowed},
	} {
		require.Equal(t, tt.want, w.do(tt.request).failure().Code, name)
	}
	require.Empty(t, w.store.storedCallbacks())
	require.Empty(t, w.workflows.signalled())
}

// An operator's account may serve other systems. Their callbacks must not use up the limit for
// wrong tokens.
func testRegisteredCallbackPaymentOfOtherSystem(t *testing.T) { // row 83
	t.Parallel()

	w := newRegistered(t)
	answers := map[int]int{}
	for range 300 {
		answers[w.doUnchecked(w.registered(`{"ref":"till-12","status":"PAID"}`)).Code]++
	}
	require.Equal(t, 100, answers[http.StatusNotFound], "of one payment that is not ours")
	require.Equal(t, http.StatusOK, w.do(w.registered(w.paid())).Code)

	answers = map[int]int{}
	for range 1000 {
		answers[w.doUnchecked(w.at(payerOperator, "guess", w.paid())).Code]++
	}
	require.Greater(t, answers[http.StatusTooManyRequests], 700, "of guesses")
}

// A server without registered tokens has no such address to guess.
func testRegisteredCallbackWithoutToken(t *testing.T) {
	t.Parallel()

	w := newRegistered(t, func(o *api.Options) { o.RegisteredToken = nil })
	require.Equal(t, pirogue.NotFound, w.do(w.registered(w.paid())).failure().Code)
}
