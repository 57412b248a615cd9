package digitalpaye_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"pirogue/sandbox/digitalpaye"
	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// fields is a JSON object of a request or response.
type fields = enginetest.Fields

// dialect holds the paths and words of one shape of the API.
type dialect struct {
	collect, transfer, status, list, balance string // paths

	id, receive, total, kind, operator string            // names of a response's fields
	out                                string            // the type of a transfer
	words                              map[string]string // of the networks
}

// snake is v2 and, with other paths and another word for Wave, the SDK.
var snake = dialect{
	collect: "/v2/collecte/mobile-money", transfer: "/v2/transfers/mobile-money",
	status: "/v2/get-status-payment/", list: "/v2/get-all-transactions", balance: "/v2/balance",
	id: "transaction_id", receive: "amount_receive", total: "amount_total", kind: "type_transaction",
	operator: "type_payment", out: "transfert",
	words: map[string]string{
		"orange": "ORANGE_MONEY_CI", "mtn": "MTN_MONEY_CI", "moov": "MOOV_MONEY_CI", "wave": "WAVE_MONEY_CI",
	},
}

var dialects = map[string]dialect{
	"v2": snake,
	"sdk": snake.as(dialect{
		collect: "/v1/collecte/mobile-money", transfer: "/v1/transfers/mobile-money",
		status: "/v1/get-status-payment/", list: "/v1/get-all-transactions", balance: "/v1/balance",
	}, "WAVE_CI"),
	"v1": {
		collect: "/v1/collecte/mobile-money", transfer: "/v1/transfer/mobile-money",
		status: "/v1/transaction/", list: "/v1/transactions", balance: "/v1/balance",
		id: "transactionId", receive: "amountReceive", total: "amountTotal", kind: "typeTransaction",
		operator: "operator", out: "transfer",
		words: map[string]string{
			"orange": "ORANGE_MONEY_CI", "mtn": "MTN_MONEY_CI", "moov": "FLOOZ_MONEY_CI", "wave": "WAVE_MONEY_CI",
		},
	},
}

// as returns a dialect with other paths and another word for Wave.
func (d dialect) as(at dialect, wave string) dialect {
	d.collect, d.transfer, d.status, d.list, d.balance = at.collect, at.transfer, at.status, at.list, at.balance
	d.words = maps.Clone(d.words)
	d.words["wave"] = wave
	return d
}

// inEveryShape runs a test once in each shape.
func inEveryShape(t *testing.T, run func(t *testing.T, shape string)) {
	t.Helper()
	for shape := range dialects {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			run(t, shape)
		})
	}
}

// body returns an order on MTN that Digitalpaye accepts. change replaces fields of it.
func body(shape, way, id, number string, change ...fields) fields {
	b := fields{
		"code_country": "CI", "currency": "XOF", "customer_id": number, "amount": 1500, "operator": "MTN_MONEY_CI",
		"transaction_id": id, "name_user": "KOUASSI Awa",
	}
	if shape == "v1" {
		b = fields{
			"transactionId": id, "payer": number, "currency": "XOF", "amount": "1500", "operator": "MTN_MONEY_CI",
			"customer": fields{
				"lastName": "KOUASSI", "firstName": "Awa", "phone": number,
				"address": fields{"countryCode": "CI", "city": "Abidjan", "streetAddress": "Cocody"},
			},
		}
	}
	if way == "out" {
		b["name"], b["recipient"] = b["name_user"], b["payer"]
		delete(b, "name_user")
		delete(b, "payer")
	}
	maps.DeleteFunc(b, func(_ string, v any) bool { return v == nil })
	return b.Over(change...)
}

// world is the simulator and a merchant with a token.
type world struct {
	*enginetest.World[*digitalpaye.Simulator]

	bearer  string
	granted time.Time // time at which bearer was issued
}

// newWorld starts a simulator that posts to the world's inbox. change may modify its
// options.
func newWorld(t *testing.T, change ...func(*engine.Config)) *world {
	t.Helper()
	w := &world{World: enginetest.NewWorld[*digitalpaye.Simulator](t)}
	w.start(change...)
	w.registers(w.Inbox.NotifyURL())
	return w
}

// start runs a simulator on the world's address and clock, in place of any other.
func (w *world) start(change ...func(*engine.Config)) {
	w.T.Helper()
	enginetest.Run(w.World, digitalpaye.New, engine.Config{Options: w.Options()}, change)
	w.logsIn()
}

// registers enters an address in the portal.
func (w *world) registers(address string) {
	w.T.Helper()
	raw := `{"key": "` + digitalpaye.APIKey + `", "url": "` + address + `"}`
	status, reply := w.FetchObject(w.Request(http.MethodPost, "/portal/webhook", raw))
	require.Equal(w.T, http.StatusOK, status, reply)
}

// auth returns a token call with these credentials.
func (w *world) auth(key, secret string) *http.Request {
	w.T.Helper()
	req := w.Request(http.MethodPost, "/v1/auth", nil)
	req.SetBasicAuth(key, secret)
	req.Header.Set("X-Environment", digitalpaye.Environment)
	return req
}

func (w *world) logsIn() {
	w.T.Helper()
	_, reply := w.FetchObject(w.auth(digitalpaye.APIKey, digitalpaye.APISecret))
	w.bearer, w.granted = reply.Object("data").Text("token"), w.Clock.Now()
}

// tokenLife is the time for which the world uses a token that lives 600 s.
const tokenLife = 9 * time.Minute

// call returns a request with the world's token, a fresh one if needed. A text body is sent
// unchanged.
func (w *world) call(method, path string, body any) *http.Request {
	w.T.Helper()
	if w.Clock.Now().Sub(w.granted) > tokenLife {
		w.logsIn()
	}
	req := w.Request(method, path, body)
	req.Header.Set("Authorization", "Bearer "+w.bearer)
	req.Header.Set("X-Environment", digitalpaye.Environment)
	return req
}

func (w *world) get(path string) (int, fields) {
	w.T.Helper()
	return w.FetchObject(w.call(http.MethodGet, path, nil))
}

func (w *world) post(path string, body any) (int, fields) {
	w.T.Helper()
	return w.FetchObject(w.call(http.MethodPost, path, body))
}

// opening returns the call that opens an order in a shape.
func (w *world) opening(shape, way, id, number string, change ...fields) *http.Request {
	w.T.Helper()
	path := dialects[shape].collect
	if way == "out" {
		path = dialects[shape].transfer
	}
	return w.call(http.MethodPost, path, body(shape, way, id, number, change...))
}

// opens opens an order, which must be accepted.
func (w *world) opens(shape, way, id, number string, change ...fields) fields {
	w.T.Helper()
	status, reply := w.FetchObject(w.opening(shape, way, id, number, change...))
	require.Contains(w.T, []int{http.StatusOK, http.StatusAccepted}, status, reply)
	return reply.Object("data")
}

// reads returns the transaction of a status call by ref or id.
func (w *world) reads(shape, id string) fields {
	w.T.Helper()
	status, reply := w.get(dialects[shape].status + id)
	require.Equal(w.T, http.StatusOK, status, reply)
	return reply.Object("data")
}

// stands waits until a transaction has the wanted status; otherwise it fails the test.
func (w *world) stands(shape, id, want string) {
	w.T.Helper()
	got := ""
	require.True(w.T, enginetest.Eventually(func() bool {
		got = w.reads(shape, id).Text("status")
		return got == want
	}), "at %s %s is %s, want %s", w.Clock.Now().Format(time.TimeOnly), id, got, want)
}

// books waits until the book has these amounts, in this order; otherwise it fails the test.
func (w *world) books(want ...int64) []engine.BookEntry {
	w.T.Helper()
	var book []engine.BookEntry
	require.True(w.T, enginetest.Eventually(func() bool {
		book = w.Sim.Book()
		return slices.EqualFunc(book, want, func(p engine.BookEntry, amount int64) bool { return p.Amount == amount })
	}), "the book says %+v, want amounts %v", book, want)
	return book
}
