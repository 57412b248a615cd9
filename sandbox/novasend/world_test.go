package novasend_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/novasend"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// The paths that most tests call.
const (
	sessions     = "/v1/payin/sessions"
	directPayin  = "/v1/direct/payin"
	payout       = "/v1/payout"
	directPayout = "/v1/direct/payout"
)

// fields is a JSON object of a request or response.
type fields = enginetest.Fields

// world is the simulator and a merchant who uses one of the accounts.
type world struct {
	*enginetest.World[*novasend.Simulator]

	country string // of the account in use
	keys    int    // number of keys used
}

// newWorld starts a simulator and registers the inbox in its portal.
func newWorld(t *testing.T, change ...func(*engine.Config)) *world {
	t.Helper()
	w := &world{World: enginetest.NewWorld[*novasend.Simulator](t), country: "CI"}
	w.start(change...)
	return w
}

// start runs a simulator on the world's address and clock, in place of any other.
func (w *world) start(change ...func(*engine.Config)) {
	w.T.Helper()
	enginetest.Run(
		w.World, func(o engine.Config) (*novasend.Simulator, error) { return novasend.New(o) },
		engine.Config{Options: w.Options()}, change,
	)
	status, reply := w.names(novasend.APIKeyPrefix+"ci", w.Inbox.NotifyURL())
	require.Equal(w.T, http.StatusOK, status, reply)
}

// names types an address into the portal.
func (w *world) names(key, address string) (int, fields) {
	w.T.Helper()
	return w.FetchObject(w.Request(http.MethodPost, "/portal/webhook", fields{"key": key, "url": address}))
}

var action = fields{"successUrl": "https://m.example/ok", "failureUrl": "https://m.example/no"}

// seed returns the body of a session in the seed document's shape.
func seed(reference, msisdn string) fields {
	return fields{
		"reference": reference, "accountId": "sandbox-account-ci", "amount": 300, "msisdn": msisdn,
		"customerName": "Awa Koné", "country": "CI",
	}
}

// current returns the same in the current shape.
func current(reference, msisdn string) fields {
	return seed(reference, msisdn).With(fields{"accountId": nil, "action": action})
}

// direct returns a collection from a named operator.
func direct(reference, msisdn string, change fields) fields {
	return fields{
		"reference": reference, "customerName": "Awa Koné", "action": action,
		"payin": fields{"amount": 300, "msisdn": msisdn, "provider": "MOMO", "country": "CI"}.With(change),
	}
}

// paysOut returns the body of a payout to a named operator.
func paysOut(reference, msisdn string, change fields) fields {
	return fields{
		"reference": reference, "customerName": "Awa Koné",
		"payout": fields{"amount": 300, "msisdn": msisdn, "provider": "MOMO", "country": "CI"}.With(change),
	}
}

// number returns a number in Côte d'Ivoire with these last six digits.
func number(digits string) string { return "+2250700" + digits }

// makes makes one write that must be accepted, and returns its response.
func (w *world) makes(path string, body fields) fields {
	w.T.Helper()
	status, reply := w.FetchObject(w.write(path, body))
	require.Equal(w.T, http.StatusCreated, status, reply)
	return reply
}

// write returns a write with a key of its own.
func (w *world) write(path string, body any) *http.Request {
	w.T.Helper()
	return w.writeUnder(w.key(), path, body)
}

// key returns an unused idempotency key.
func (w *world) key() string {
	w.keys++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", w.keys)
}

func (w *world) writeUnder(key, path string, body any) *http.Request {
	w.T.Helper()
	req := w.signed(w.Request(http.MethodPost, path, body))
	req.Header.Set("X-Idempotency-Key", key)
	return req
}

// signed adds the credentials of the world's account.
func (w *world) signed(req *http.Request) *http.Request {
	req.SetBasicAuth(novasend.APIKeyPrefix+strings.ToLower(w.country), novasend.APIClient)
	return req
}

func (w *world) get(path string) (int, fields) {
	w.T.Helper()
	return w.FetchObject(w.signed(w.Request(http.MethodGet, path, nil)))
}

// reads returns a status that must be found.
func (w *world) reads(path string) fields {
	w.T.Helper()
	status, reply := w.get(path)
	require.Equal(w.T, http.StatusOK, status, reply)
	return reply
}

// shows checks the fields of a status.
func (w *world) shows(path string, want fields) {
	w.T.Helper()
	w.reads(path).Expect(w.T, path, want)
}

// refused checks the refusal of a call.
func (w *world) refused(name string, req *http.Request, status int, code string) {
	w.T.Helper()
	got, reply := w.FetchObject(req)
	require.Equal(w.T, status, got, "%s: %v", name, reply)
	require.Equal(w.T, code, reply.At("code"), name)
	require.Equal(w.T, fmt.Sprint(status), reply.At("statusCode"))
	require.NotEmpty(w.T, reply.At("message"))
}

// books checks the book: one line for each reference, with the amount that moved.
func (w *world) books(want map[string]int64) {
	w.T.Helper()
	got := map[string]int64{}
	for _, line := range w.Sim.Book() {
		got[line.OrderID] += line.Amount
	}
	require.Equal(w.T, want, got)
}

// signature returns the signature of a body under the sandbox's secret.
func signature(body string) string {
	mac := hmac.New(sha256.New, []byte(novasend.WebhookSecret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// proof returns the signature of a webhook.
func proof(n enginetest.Notice) string { return n.Header.Get("X-Signature-Value") }
