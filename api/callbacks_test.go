package api_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
)

// callbackWorld is a world with a payment, and a callback about it.
type callbackWorld struct {
	*world
	payment pirogue.Payment
	attempt pirogue.Attempt
}

func newCalledBack(t *testing.T) callbackWorld {
	t.Helper()
	w := newWorld(t)
	p := w.accepted("order_001")
	for _, a := range w.store.attempts {
		return callbackWorld{w, p, a}
	}
	t.Fatal("no attempt was written")
	return callbackWorld{}
}

// paid returns the body of a callback that reports the payment as paid.
func (w callbackWorld) paid() string {
	return `{"ref":"` + string(w.attempt.Ref) + `","status":"PAID"}`
}

// request returns the operator's request with a body.
func (w callbackWorld) request(body string) *http.Request {
	r := httptest.NewRequest(
		http.MethodPost, "/callbacks/"+string(testOperator)+"/"+tokenOf(w.attempt.Ref), strings.NewReader(body),
	)
	r.Header.Set("X-Operator-Secret", "s3cret")
	return r
}

func TestPostCallback(t *testing.T) {
	t.Parallel()

	t.Run("stored_then_signalled", testCallbackStoredThenSignalled)
	t.Run("full_asks_to_come_again", testCallbackFullAsksToComeAgain)
	t.Run("stored_is_acknowledged", testCallbackStoredIsAcknowledged)
	t.Run("refused_leaves_nothing", testCallbackRefusedLeavesNothing)
	t.Run("repeated_is_one", testCallbackRepeatedIsOne)
	t.Run("before_operator_response", testCallbackBeforeOperatorResponse)
	t.Run("signal_failed_left_to_sweep", testCallbackSignalFailedLeftToSweep)
	t.Run("store_away_asks_again", testCallbackStoreAwayAsksAgain)
	t.Run("flood_leaves_merchants_alone", testCallbackFloodLeavesMerchantsAlone)
}

// The callback is stored before the workflow is told, so a crash in between loses nothing. The
// payment's status does not change by it.
func testCallbackStoredThenSignalled(t *testing.T) {
	t.Parallel()

	w := newCalledBack(t)
	got := w.do(w.request(w.paid()))
	require.Equal(t, http.StatusOK, got.Code)
	require.JSONEq(t, `{"received":true}`, got.Body.String())

	kept := w.store.storedCallbacks()
	require.Len(t, kept, 1)
	require.Equal(t, w.attempt.ID, kept[0].AttemptID)
	require.Equal(t, "PAID", kept[0].Result.Message)
	require.False(t, kept[0].RoutedAt.IsZero())
	require.Equal(t, []pirogue.PaymentID{w.payment.ID}, w.workflows.signalled())
	require.Equal(t, pirogue.StatusPending, w.store.all()[0].Status, "a callback is a hint, never a fact") // row 71
}

// A limit on our side proves nothing about the callback, so the operator is asked to send it again.
func testCallbackFullAsksToComeAgain(t *testing.T) {
	t.Parallel()

	w := newCalledBack(t)
	inside, leave := make(chan struct{}, 64), make(chan struct{})
	for range 32 {
		r := w.request(w.paid())
		r.Body, r.ContentLength = slowBody{inside, leave}, 100
		go w.server.Handler().ServeHTTP(discardWriter{http.Header{}}, r)
	}
	for range 32 {
		select {
		case <-inside:
		case <-time.After(10 * time.Second):
			t.Fatal("the body is not read")
		}
	}
	got := w.do(w.request(w.paid()))
	close(leave)
	require.Equal(t, http.StatusServiceUnavailable, got.Code)
	require.NotEmpty(t, got.Header().Get("Retry-After"))
}

// An operator that gets an error may never call back again. So a callback that the adapter cannot
// interpret gets a 200 too, and leads to a status call.
func testCallbackStoredIsAcknowledged(t *testing.T) { // rows 68, 70, 77
	t.Parallel()

	for name, body := range map[string]string{
		"it names another payment": `{"ref":"CI000000000000000000","status":"PAID"}`,
		"a status nobody knows":    `{"ref":"x","status":"ALMOST"}`,
		"a status in lower case":   `{"ref":"x","status":"paid"}`,
		"no status":                `{"ref":"x"}`,
		"fields nobody knows":      `{"ref":"x","status":"PAID","weather":"fine"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newCalledBack(t)
			require.Equal(t, http.StatusOK, w.do(w.request(body)).Code)
			require.Len(t, w.store.storedCallbacks(), 1)
			require.Equal(t, []pirogue.PaymentID{w.payment.ID}, w.workflows.signalled(), "a reason to ask")
			require.Contains(t, w.logged(), "callback was not understood")
			require.Equal(t, pirogue.StatusPending, w.store.all()[0].Status)
		})
	}
}

// A forged callback must neither be stored nor make the workflow ask.
func testCallbackRefusedLeavesNothing(t *testing.T) { // rows 67, 69, 78, 80, 81
	t.Parallel()

	w := newCalledBack(t)
	to := func(operator pirogue.OperatorCode, token string) func(*http.Request) {
		return func(r *http.Request) { r.URL.Path = "/callbacks/" + string(operator) + "/" + token }
	}
	token := tokenOf(w.attempt.Ref)
	for name, tt := range map[string]struct {
		change func(*http.Request)
		body   string
		want   pirogue.Code
	}{
		"a token nobody has":             {to(testOperator, "x"), w.paid(), pirogue.NotFound},
		"a token cut short":              {to(testOperator, token[:len(token)-1]), w.paid(), pirogue.NotFound},
		"a test payment on the live one": {to(liveOperator, token), w.paid(), pirogue.NotFound},
		"an operator nobody has":         {to("nobody", token), w.paid(), pirogue.NotFound},
		"an operator that never calls":   {to(deafOperator, token), w.paid(), pirogue.NotFound},
		"without the operator's secret": {
			func(r *http.Request) { r.Header.Del("X-Operator-Secret") }, w.paid(), pirogue.SignatureInvalid,
		},
		"no JSON":          {func(*http.Request) {}, "<html>", pirogue.InvalidJSON},
		"more than 64 KiB": {func(*http.Request) {}, strings.Repeat(" ", 64<<10+1), pirogue.PayloadTooLarge},
		"gzip": {
			func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, w.paid(), pirogue.UnsupportedMediaType,
		},
	} {
		r := w.request(tt.body)
		tt.change(r)
		require.Equal(t, tt.want, w.do(r).failure().Code, name)
	}
	require.Empty(t, w.store.storedCallbacks())
	require.Empty(t, w.workflows.signalled())
}

// Operators repeat callbacks, at the same time too. One status call is enough.
func testCallbackRepeatedIsOne(t *testing.T) { // row 72
	t.Parallel()

	w := newCalledBack(t)
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			for range 5 {
				if got := w.do(w.request(w.paid())); got.Code != http.StatusOK {
					t.Errorf("%d %s", got.Code, got.Body)
				}
			}
		})
	}
	all.Wait()
	require.Len(t, w.store.storedCallbacks(), 1)
	require.Len(t, w.workflows.signalled(), 1)
}

// An operator may call back before its response to the submission arrives.
func testCallbackBeforeOperatorResponse(t *testing.T) { // row 79
	t.Parallel()

	w := newCalledBack(t)
	w.store.update(w.payment.ID, func(p *pirogue.Payment) { p.Status = pirogue.StatusInitiated })
	require.Equal(t, http.StatusOK, w.do(w.request(w.paid())).Code)
	require.Len(t, w.workflows.signalled(), 1)
}

// A callback that contradicts the payment's end stays unrouted, so that the sweep has the operator
// asked.
func testCallbackSignalFailedLeftToSweep(t *testing.T) {
	t.Parallel()

	closed := pirogue.Errorf(pirogue.NotFound, "closed")
	for name, tt := range map[string]struct {
		hears  error
		status pirogue.Status
		routed bool
	}{
		"Temporal is away":                       {pirogue.Errorf(pirogue.ServiceUnavailable, "away"), "PENDING", false},
		"its workflow is gone":                   {closed, "PENDING", false},
		"it ended as the callback says":          {closed, "SUCCESS", true},
		"it ended, and the callback says paid":   {closed, "EXPIRED", false},
		"it failed, and the callback says paid":  {closed, "FAILED", false},
		"it is given back, and it says paid too": {closed, "REVERSED", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newCalledBack(t)
			w.workflows.hears = tt.hears
			w.store.update(w.payment.ID, func(p *pirogue.Payment) { p.Status = tt.status })
			require.Equal(t, http.StatusOK, w.do(w.request(w.paid())).Code, "the operator has done its part")
			require.Equal(t, tt.routed, !w.store.storedCallbacks()[0].RoutedAt.IsZero())
		})
	}
}

// Without a stored row there is no 200: the operator must send the callback again.
func testCallbackStoreAwayAsksAgain(t *testing.T) {
	t.Parallel()

	w := newCalledBack(t)
	w.store.fail(pirogue.Errorf(pirogue.ServiceUnavailable, "away"))
	w.do(w.request(w.paid())).requireCode(pirogue.ServiceUnavailable)
}

// Floods by a known token and by guesses are cut, each by its own limit. Neither blocks merchants
// or genuine callbacks.
func testCallbackFloodLeavesMerchantsAlone(t *testing.T) { // row 83
	t.Parallel()

	w := newCalledBack(t)
	answers := map[int]int{}
	for i := range 300 {
		answers[w.doUnchecked(w.request(w.paid()+strings.Repeat(" ", i))).Code]++
	}
	require.InDelta(t, 100, answers[http.StatusOK], 5, "of one token")
	require.InDelta(t, 200, answers[http.StatusServiceUnavailable], 5, "to come again")

	answers = map[int]int{}
	for i := range 1000 {
		r := w.request(w.paid())
		r.URL.Path = "/callbacks/" + string(testOperator) + "/" + strconv.Itoa(i)
		r.RemoteAddr = "198.51.100.7:4711"
		answers[w.doUnchecked(r).Code]++
	}
	require.InDelta(t, 200, answers[http.StatusNotFound], 100, "of guesses")
	require.Greater(t, answers[http.StatusTooManyRequests], 700)
	require.Equal(t, http.StatusOK, w.get("/balances").Code)

	w.advance(time.Second)
	known := w.request(w.paid())
	known.RemoteAddr = "198.51.100.7:4711"
	require.Equal(t, http.StatusOK, w.do(known).Code, "a known token from the address of the guesses")

	w.advance(time.Minute)
	require.Equal(t, http.StatusOK, w.do(w.request(w.paid())).Code, "a minute later")
}
