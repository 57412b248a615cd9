package novasend_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/novasend"
)

func TestWebhook(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		path    string
		body    fields
		wait    time.Duration
		says    string // beginning of the fields after the identifier
		further fields
	}{
		"a session": {
			sessions, current("R1", number("543210")), 10 * time.Second,
			`,"fees":6,"type":"payin","amount":300,"status":"processed","failure":null,"currency":"XOF",` +
				`"customer":{"name":"Awa Koné"`,
			fields{"reference": "R1", "confirmationStatus": "accepted", "chargedAmount": 306, "transaction": nil},
		},
		"a seed session": {
			sessions, seed("R1", number("543210")), 10 * time.Second, "",
			fields{"customerReference": "R1", "status": "processed", "transaction.status": "completed", "id": nil},
		},
		"a direct collection": {
			directPayin, direct("R1", number("222222"), nil), 2 * time.Second,
			`,"fees":6,"type":"payin","amount":300,"status":"failed","failure":{"code":"transaction_declined"`,
			fields{"reference": "R1", "confirmationStatus": "declined", "paymentUrl": nil},
		},
		"a payout": {
			directPayout, paysOut("R1", number("543210"), nil), 10 * time.Second,
			`,"fees":6,"type":"payout","amount":300,"status":"completed"`,
			fields{"reference": "R1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.makes(row.path, row.body)
			w.Clock.Advance(row.wait)
			n := w.ExpectNotices(1)[0]
			require.Equal(t, signature(n.Raw), proof(n))
			require.Contains(t, n.Raw, row.says)
			n.Fields.Expect(t, "the webhook", row.further)
		})
	}
}

func TestExpiryWithoutWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.makes(sessions, current("R1", number("333333")))
	w.Clock.Advance(10 * time.Minute)
	w.shows("/v1/payin/R1", fields{"status": "expired"})
	w.ExpectNotices(0)
}

// TestThreeWebhooks checks that one of them arrives before the response.
func TestThreeWebhooks(t *testing.T) {
	t.Parallel()
	for path, body := range map[string]fields{
		sessions: current("R1", number("888888")), directPayout: paysOut("R1", number("888888"), nil),
	} {
		w := newWorld(t)
		w.makes(path, body)
		require.NotEqual(t, 0, len(w.Inbox.All()), path)
		all := w.ExpectNotices(3)
		require.Equal(t, all[1].Raw, all[0].Raw, path)
		require.Equal(t, all[2].Raw, all[1].Raw, path)
		w.books(map[string]int64{"R1": 300})
	}
}

func TestWebhookSwitches(t *testing.T) {
	t.Parallel()
	for switches, want := range map[string]struct{ atOnce, later int }{ // for a payout that takes 30 s
		`{"notifications_off": true}`:        {0, 0},
		`{"notification_copies": 3}`:         {3, 3},
		`{"notification_delay_ms": 60000}`:   {0, 1},
		`{"notification_delay_ms": 0}`:       {1, 1},
		`{"quirks": {}, "settle_ms": 60000}`: {0, 1},
	} {
		t.Run(switches, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.SetSwitches(switches)
			w.makes(payout, current("R1", number("444444")))
			w.Clock.Advance(30 * time.Second)
			if want.atOnce == 0 {
				require.Empty(t, w.Inbox.All())
			}
			w.Clock.Advance(time.Minute)
			w.ExpectNotices(want.later)
		})
	}
}

// TestWebhookSignature checks the signature in the two ways that readers of the
// documents use. One is over the raw bytes, the other over the compact JSON with plain
// slashes.
func TestWebhookSignature(t *testing.T) {
	t.Parallel()
	for quirks, want := range map[string]struct{ escaped, raw, compact bool }{
		`{}`:                           {false, true, true},
		`{"escaped_slashes": true}`:    {true, true, false},
		`{"signs_reserialised": true}`: {false, false, true},
		`{"escaped_slashes": true, "signs_reserialised": true}`: {true, false, true},
	} {
		t.Run(quirks, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.SetSwitches(`{"quirks": ` + quirks + `}`)
			w.makes(sessions, current("R1", number("123456")).With(fields{"customerName": "Koné & <fils>"}))
			n := w.ExpectNotices(1)[0]
			var compact bytes.Buffer
			require.NoError(t, json.Compact(&compact, []byte(strings.ReplaceAll(n.Raw, `\/`, "/"))))
			got := strings.Contains(n.Raw, `\/link\/`)
			require.Equal(t, want.escaped, got)
			got = proof(n) == signature(n.Raw)
			require.Equal(t, want.raw, got)
			got = proof(n) == signature(compact.String())
			require.Equal(t, want.compact, got)
			require.Equal(t, "Koné & <fils>", n.Fields.At("customer.name"))
			require.Contains(t, n.Raw, "<fils>")
		})
	}
}

func TestPortal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, row := range map[string]struct {
		body   any
		status int
		code   string
	}{
		"no JSON":        {`{`, 400, "invalid_request"},
		"no address":     {fields{"key": novasend.APIKeyPrefix + "ci", "url": "here"}, 400, "invalid_request"},
		"an unknown key": {fields{"key": "guess", "url": w.Inbox.NotifyURL()}, 404, "api_token_not_found"},
	} {
		w.refused(name, w.Request(http.MethodPost, "/portal/webhook", row.body), row.status, row.code)
	}
	w.country = "TG" // has no webhook
	w.makes(sessions, current("R1", "+22890123456").With(fields{"country": "TG"}))
	w.country = "CI"
	w.makes(sessions, current("R2", number("123456")))
	w.names(novasend.APIKeyPrefix+"ci", "")
	w.makes(sessions, current("R3", number("123456")))
	n := w.ExpectNotices(1)[0]
	require.Equal(t, "R2", n.Fields.At("reference"))
}
