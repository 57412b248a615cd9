package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"pirogue"
	"pirogue/access"
	"pirogue/api"
	"pirogue/api/apitest"
	"pirogue/api/httpkit"
	"pirogue/ids"
	"pirogue/listing"
	"pirogue/piroguetest"
)

func TestMain(m *testing.M) {
	code := piroguetest.Run(m)
	if err := goleak.Find(); code == 0 && err != nil {
		log.Printf("the tests leave goroutines behind: %v", err)
		code = 1
	}
	os.Exit(code)
}

// world is a server over fakes, with one merchant that has a key of each mode.
type world struct {
	t         *testing.T
	store     *fakeStore
	workflows *fakeWorkflows
	server    *api.Server
	handler   http.Handler // compares every response with the contract
	logs      *observer.ObservedLogs
	ahead     *atomic.Int64 // nanoseconds by which the clock is ahead of the machine's
	merchant  pirogue.Merchant
	test      access.APIKey
	live      access.APIKey
}

// newWorld returns a world. change may set options before the server is made.
func newWorld(t *testing.T, change ...func(*api.Options)) *world {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	store := newFakeStore()
	w := &world{t: t, store: store, workflows: &fakeWorkflows{store: store}, logs: logs, ahead: &atomic.Int64{}}
	if time.Now().Unix() < tenDigits {
		w.advance(20 * 365 * 24 * time.Hour)
	}
	w.merchant = pirogue.Merchant{ID: pirogue.MerchantID(ids.New()), Name: "Boutique"}
	store.merchants[w.merchant.ID] = w.merchant
	w.test, w.live = w.newKey(w.merchant.ID, pirogue.Test), w.newKey(w.merchant.ID, pirogue.Live)
	options := api.Options{
		Store: store.parts(), Workflows: w.workflows, Routes: fakeRoutes{}, Clock: w.now, Log: zap.New(core),
		CallbackToken: tokenOf, RegisteredToken: addressOf, PublicURL: "https://pay.example",
	}
	for _, how := range change {
		how(&options)
	}
	server, err := api.New(options)
	require.NoError(t, err)
	w.server, w.handler = server, held(t, server.Handler())
	return w
}

// tenDigits is the time at which Unix seconds got their tenth digit. A synctest bubble begins
// before it, and a timestamp needs ten digits.
const tenDigits = 1_000_000_000

// tokenOf returns the token of an attempt's callback URL.
func tokenOf(ref pirogue.OperatorRef) string { return "token-of-" + string(ref) }

// addressOf returns the token of an operator's registered callback address.
func addressOf(code pirogue.OperatorCode) string { return "address-of-" + string(code) }

// now returns the world's time.
func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

// advance moves the world's time forward.
func (w *world) advance(d time.Duration) { w.ahead.Add(int64(d)) }

// newKey creates a key of a merchant.
func (w *world) newKey(m pirogue.MerchantID, mode pirogue.Mode) access.APIKey {
	key := access.APIKey{
		Public: ids.Key(mode), MerchantID: m, Mode: mode, Secrets: []access.Secret{{Text: ids.Secret()}},
	}
	w.changeKey(key)
	return key
}

// changeKey stores a key in place of the one with the same public half.
func (w *world) changeKey(key access.APIKey) {
	w.store.change(func() { w.store.keys[key.Public] = key })
}

// reply is a recorded response.
type reply struct {
	*httptest.ResponseRecorder
	t *testing.T
}

// payment holds the data of a response.
type payment map[string]any

// id returns an ID in a response.
func (p payment) id(name string) pirogue.PaymentID { return pirogue.PaymentID(fmt.Sprint(p[name])) }

// data returns the payment in a response, of a success or an error.
func (r reply) data() payment {
	r.t.Helper()
	var body struct{ Data payment }
	require.NoError(r.t, json.Unmarshal(r.Body.Bytes(), &body), "%s", r.Body)
	return body.Data
}

// list returns the rows of a list's response.
func (r reply) list() []payment {
	r.t.Helper()
	var body struct{ Data []payment }
	require.NoError(r.t, json.Unmarshal(r.Body.Bytes(), &body), "%s", r.Body)
	return body.Data
}

// failure returns the error in a response.
func (r reply) failure() apitest.Error {
	r.t.Helper()
	var body apitest.Error
	require.NoError(r.t, json.Unmarshal(r.Body.Bytes(), &body), "%s", r.Body)
	return body
}

// requireCode requires that a response has a code.
func (r reply) requireCode(code pirogue.Code) apitest.Error {
	r.t.Helper()
	require.Equal(r.t, code, r.failure().Code, "%s", r.Body)
	require.Equal(r.t, httpkit.InfoOf(code).HTTP, r.Code)
	return r.failure()
}

// request returns a request signed with a key.
func (w *world) request(key access.APIKey, method, target, body string) *http.Request {
	stamp := strconv.FormatInt(w.now().Unix(), 10)
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body == "" {
		r = httptest.NewRequest(method, target, nil)
	}
	r.Header.Set("X-NekaPay-Key", key.Public)
	r.Header.Set("X-NekaPay-Timestamp", stamp)
	r.Header.Set("X-NekaPay-Signature", apitest.Sign(key.Secrets[0].Text, stamp, body))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// do sends a request unchanged.
func (w *world) do(r *http.Request) reply {
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	return reply{ResponseRecorder: recorder, t: w.t}
}

// doUnchecked sends a request of a flood. It does not compare the thousands of responses with the
// contract.
func (w *world) doUnchecked(r *http.Request) reply {
	recorder := httptest.NewRecorder()
	w.server.Handler().ServeHTTP(recorder, r)
	return reply{ResponseRecorder: recorder, t: w.t}
}

// get reads a path under /api/v1 with the test key.
func (w *world) get(path string) reply {
	return w.do(w.request(w.test, http.MethodGet, "/api/v1"+path, ""))
}

// order returns a cash-in's body.
func order(number string, more ...string) string {
	return `{"merchant_order_id":"` + number + `","amount":500,"customer_msisdn":"` + apitest.MSISDN + `"` +
		strings.Join(append([]string{""}, more...), ",") + `}`
}

// collect posts a cash-in with the test key.
func (w *world) collect(body string) reply { return w.collectWith(w.test, body) }

// collectWith posts a cash-in with a key.
func (w *world) collectWith(key access.APIKey, body string) reply {
	return w.do(w.request(key, http.MethodPost, "/api/v1/payments/cashin", body))
}

// accepted creates a payment and returns it from the store.
func (w *world) accepted(number string) pirogue.Payment {
	w.t.Helper()
	got := w.collect(order(number))
	require.Equal(w.t, http.StatusAccepted, got.Code, "%s", got.Body)
	id, ok := got.data()["transaction_id"].(string)
	require.True(w.t, ok)
	return w.read(pirogue.PaymentID(id))
}

// owner returns the merchant's owner in test mode.
func (w *world) owner() access.Owner {
	return access.Owner{MerchantID: w.merchant.ID, Mode: pirogue.Test}
}

// fund credits the merchant in a country.
func (w *world) fund(c pirogue.CountryCode, amount int64) {
	w.store.change(func() { w.store.credit(w.owner(), c, amount) })
}

// balance returns the merchant's balance in Mali.
func (w *world) balance() listing.Balance {
	balances, err := w.store.Balances(context.Background(), w.owner())
	require.NoError(w.t, err)
	for _, b := range balances {
		if b.Country == "ML" {
			return b
		}
	}
	return listing.Balance{}
}

// paid creates a successful cash-in of 500 francs.
func (w *world) paid(number string) pirogue.Payment {
	w.t.Helper()
	p := w.accepted(number)
	w.store.settle(p.ID, pirogue.StatusSuccess)
	return w.read(p.ID)
}

// read returns a payment from the store.
func (w *world) read(id pirogue.PaymentID) pirogue.Payment {
	w.t.Helper()
	p, err := w.store.Payment(context.Background(), w.owner(), id)
	require.NoError(w.t, err)
	return p
}

// post sends a body to a path under /api/v1 with the test key.
func (w *world) post(path, body string) reply {
	return w.do(w.request(w.test, http.MethodPost, "/api/v1"+path, body))
}

// logged returns the text of the server's log.
func (w *world) logged() string {
	var all bytes.Buffer
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	for _, entry := range w.logs.All() {
		line, err := encoder.EncodeEntry(entry.Entry, entry.Context)
		require.NoError(w.t, err)
		all.Write(line.Bytes())
	}
	return all.String()
}
