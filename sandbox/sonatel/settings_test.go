package sonatel_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/sonatel"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	t.Run("set_one_by_one", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.SetSwitches(`{"latency_ms": 5, "two_signatures": true}`)
		w.SetSwitches(`{"latency_ms": 0}`).Expect(t, "the switches", fields{
			"latency_ms": 0, "two_signatures": true, "bare_arrays": true, "float_amounts": true, "broken_type_filter": true,
			"content_type_required_on_get": true, "empty_registration": true, "balance": 1e9, "wrong_pins": 0,
			"down": false,
		})
	})
	t.Run("all_or_none", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.ExpectReplies(nil, [][2]string{
			{`POST /switches {"latency": 5}`, `400 {"error":"`},
			{`POST /switches {"latency_ms": 3600000, "two_signatures": true}`, `400 {"error":"`},
			{`POST /switches {"final_only_after_ms": 86400001}`, `400 {"error":"`},
			{`POST /switches {"balance": -1}`, `400 {"error":"`},
			{`POST /switches {"wrong_pins": 4}`, `400 {"error":"`},
			{`POST /switches {} {}`, `400 {"error":"`},
		})
		now := w.Sim.Switches()
		require.False(t, now.TwoSignatures)
		require.Zero(t, now.LatencyMS)
		require.Equal(t, int64(1_000_000_000), *now.Balance)
	})
	t.Run("set_from_go", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		wanted := w.Sim.Switches()
		wanted.Down = true
		require.NoError(t, w.Sim.SetSwitches(wanted))
		require.True(t, w.Sim.Switches().Down)
		wanted.FinalOnlyAfterMS = -1
		require.Error(t, w.Sim.SetSwitches(wanted))
	})
	t.Run("healed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.SetSwitches(`{"down": true, "bare_arrays": false, "wrong_pins": 3, "balance": 0}`)
		settings := w.Sim.Settings()
		broken, err := settings.Broken()
		require.NoError(t, err)
		require.Equal(t, []string{"bare_arrays=false", "down=true", "wrong_pins=3"}, broken)
		require.NoError(t, settings.Heal())
		now := w.Sim.Switches()
		require.False(t, now.Down)
		require.True(t, now.BareArrays)
		require.Zero(t, *now.WrongPINs)
		require.Equal(t, int64(1_000_000_000), *now.Balance)
	})
	t.Run("explained", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		settings := w.Sim.Settings()
		values, err := settings.Values()
		require.NoError(t, err)
		for name := range settings.Own {
			require.Contains(t, values, name)
		}
		common, err := engine.NewFaults(w.Clock).Settings().Values()
		require.NoError(t, err)
		for name := range values {
			if _, everybody := common[name]; !everybody {
				require.NotEmpty(t, settings.Own[name], name)
			}
		}
	})
}

func TestDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.createCode("R1", "+221770444444").Text("deepLink")
	w.SetSwitches(`{"down": true}`)
	for _, path := range []string{"/oauth/v1/token", cashins, qrcode, balancePath} {
		w.expectRefused(w.call(http.MethodPost, path, fields{}), http.StatusServiceUnavailable, "5", path)
	}
	page := w.Visit(link)
	require.Equal(t, http.StatusServiceUnavailable, page.Status)
	require.Contains(t, page.Body, "Service indisponible")
	w.SetSwitches(`{"down": false}`)
	w.Clock.Advance(30 * time.Second)
	w.awaitStatus("R1", "SUCCESS")
}

// TestTimeOut finds by search the payments whose response was a 504.
func TestTimeOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.registerCallback()
	w.SetSwitches(`{"executes_then_times_out": true}`)
	for path, body := range map[string]fields{
		cashins: w.depositBody("OUT", "770123456"), oneStep: w.paymentBody("IN", "770123456"),
	} {
		w.expectRefused(w.call(http.MethodPost, path, body), http.StatusGatewayTimeout, "1", path)
	}
	w.expectRefused(w.codeCall("CODE", "+221770123456"), http.StatusGatewayTimeout, "1", qrcode)
	w.awaitStatus("OUT", "SUCCESS")
	w.awaitStatus("IN", "SUCCESS")
	w.awaitStatus("CODE", "")
	w.ExpectNotices(2)
	require.Len(t, w.Sim.Book(), 2)
}

func TestDroppedAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := w.depositBody("R1", "770123456")
	w.SetSwitches(`{"drop_answers": 1}`)
	w.ExpectNoReply(w.call(http.MethodPost, cashins, body))
	w.awaitStatus("R1", "SUCCESS")
	w.expectBooked(engine.Out, 50000)
}

// TestFinalOnlyAfter keeps even immediate payments pending for two hours.
func TestFinalOnlyAfter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"final_only_after_ms": 7200000}`)
	require.Equal(t, "PENDING", w.makeDeposit("OUT", "770123456")["status"])
	w.createCode("IN", "+221770123456")
	w.awaitStatus("IN", "PENDING")
	w.Clock.Advance(2*time.Hour - time.Second)
	w.awaitStatus("OUT", "PENDING")
	w.Clock.Advance(time.Second)
	w.awaitStatus("OUT", "SUCCESS")
	w.awaitStatus("IN", "SUCCESS")
}

func TestTokenSwitches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"refuse_tokens": true}`)
	w.expectRefused(w.call(http.MethodGet, transactions, nil), http.StatusUnauthorized, "10", "a revoked token")
	w.SetSwitches(`{"refuse_tokens": false, "token_lifetime_s": 60}`)
	w.authorize()
	w.Clock.Advance(time.Minute)
	w.expectRefused(w.call(http.MethodGet, transactions, nil), http.StatusUnauthorized, "10", "a token of a minute")
}

func TestBook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, `{"qr_codes":[],"transactions":[],"paid":[]}`, w.Visit("/book").Body)
	link := w.createCode("IN", "+221770123456").Text("qrId")
	w.awaitStatus("IN", "SUCCESS")
	w.makeDeposit("OUT", "770123456")
	book := w.Visit("/book")
	book.ExpectNoTexts(t, link, sonatel.PIN+`"`, sonatel.CallbackKey)
	var read struct {
		Codes        []fields `json:"qr_codes"`
		Transactions []fields
		Paid         []fields
	}
	require.NoError(t, json.Unmarshal([]byte(book.Body), &read))
	require.Len(t, read.Paid, 2)
	read.Paid[0].Expect(t, "the collection", fields{"direction": "in", "txnid": "MP260312.0930.A00001"})
	read.Paid[1].Expect(t, "the deposit", fields{
		"direction": "out", "order_id": "OUT", "msisdn": "+221770123456", "amount": 50000,
	})
	require.Len(t, read.Transactions, 2)
	read.Transactions[0].Expect(t, "the collection", fields{
		"transaction_id": "MP260312.0930.A00001", "type": "MERCHANT_PAYMENT", "status": "SUCCESS", "from_code": true,
		"next_at": nil,
	})
	require.Len(t, read.Codes, 1)
	read.Codes[0].Expect(t, "the code", fields{
		"reference": "IN", "transaction_id": "MP260312.0930.A00001", "cancelled": false, "next_at": nil,
	})
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	enginetest.ExpectInvalidURLsRefused(t, func(address string) (*sonatel.Simulator, error) {
		return sonatel.New(sonatel.Options{Options: engine.Options{PublicURL: address}})
	}, "http://"+strings.Repeat("a", 54))
}
