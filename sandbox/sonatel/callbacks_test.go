package sonatel_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/sonatel"
)

// signatures returns the signatures of a callback, and whether one of them is right.
func signatures(n enginetest.Notice) (all []string, right bool) {
	parts := strings.Split(n.Header.Get("X-Sonatel-Signature"), ",")
	at := strings.TrimPrefix(parts[0], "t=")
	mac := hmac.New(sha256.New, []byte(sonatel.CallbackSecret))
	mac.Write([]byte(at + "," + n.Raw))
	for _, part := range parts[1:] {
		all = append(all, part)
		right = right || part == "v1="+hex.EncodeToString(mac.Sum(nil))
	}
	return all, right
}

func TestCallback(t *testing.T) {
	t.Parallel()
	t.Run("signed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.createCode("R1", "+221770123456")
		w.awaitStatus("R1", "SUCCESS")
		n := w.ExpectNotices(1)[0]
		require.Equal(t, "Basic "+sonatel.CallbackKey, n.Header.Get("Authorization"))
		require.Equal(t, "application/json", n.Header.Get("Content-Type"))
		all, right := signatures(n)
		require.Len(t, all, 1)
		require.True(t, right, "signature")
		require.Regexp(t, `^t=1773307800,v1=`, n.Header.Get("X-Sonatel-Signature"))
		require.NotEmpty(t, n.Header.Get("X-Sonatel-Idempotency-Key"))
		require.Equal(t, "MERCHANT_PAYMENT", n.Fields["type"])
	})
	t.Run("two_signatures", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.SetSwitches(`{"two_signatures": true}`)
		w.createCode("R1", "+221770123456")
		all, right := signatures(w.ExpectNotices(1)[0])
		require.Len(t, all, 2)
		require.True(t, right, "signature")
		require.NotEqual(t, all[0], all[1])
	})
	// The forged callback reports a success, with a wrong key and a wrong signature.
	t.Run("forged", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.SetSwitches(`{"forged_callbacks": true}`)
		w.createCode("R1", "+221770111111")
		w.Clock.Advance(2 * time.Second)
		notices := w.ExpectNotices(2)
		for i, status := range []string{"FAILED", "SUCCESS"} {
			_, right := signatures(notices[i])
			require.Equal(t, status, notices[i].Fields["status"])
			require.Equal(t, i == 0, right, "signature")
			require.Equal(t, i == 0, notices[i].Header.Get("Authorization") == "Basic "+sonatel.CallbackKey)
		}
	})
}

// TestCallbackRetry lets the merchant's server respond in several ways.
func TestCallbackRetry(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answer int64
		want   int // callbacks within a day
	}{
		"200_is_accepted":        {200, 1},
		"202_is_accepted":        {202, 1},
		"404_is_final":           {404, 1},
		"401_is_final":           {401, 1},
		"500_is_retried_5_times": {500, 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Inbox.Status.Store(row.answer)
			w.createCode("R1", "+221770123456")
			require.True(t, enginetest.Eventually(func() bool {
				w.Clock.Advance(time.Minute)
				return len(w.Inbox.All()) >= row.want
			}))
			require.Never(t, func() bool {
				w.Clock.Advance(time.Hour)
				return len(w.Inbox.All()) > row.want
			}, 30*time.Millisecond, time.Millisecond)
			notices := w.ExpectNotices(row.want)
			first, last := notices[0].Header, notices[len(notices)-1].Header
			require.Equal(t, first.Get("X-Sonatel-Idempotency-Key"), last.Get("X-Sonatel-Idempotency-Key"))
			if len(notices) > 1 { // a later try is signed afresh
				require.NotEqual(t, first.Get("X-Sonatel-Signature"), last.Get("X-Sonatel-Signature"))
			}
		})
	}
}

func TestDisturbedCallbacks(t *testing.T) {
	t.Parallel()
	addRow := func(name, switches, digits string, want int) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.SetSwitches(switches)
			w.createCode("R1", "+221770"+digits)
			w.awaitStatus("R1", "SUCCESS")
			w.ExpectNotices(want)
		})
	}
	for name, row := range enginetest.NotificationSwitches {
		addRow(name, row.Switches, row.Digits, row.Want)
	}
	addRow("forged", `{"forged_callbacks": true}`, "123456", 2)
	addRow("forged_once", `{"forged_callbacks": true, "notification_copies": 2}`, "123456", 3)
}

// registrationBody returns the body of a callback registration.
func (w *world) registrationBody(change ...fields) fields {
	return fields{
		"code": sonatel.MerchantCode, "name": "Boutique Awa", "callbackUrl": w.Inbox.NotifyURL(), "apiKey": "s3cret:key",
	}.Over(change...)
}

func TestCallbackRegistration(t *testing.T) {
	t.Parallel()
	t.Run("used", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.makeDeposit("BEFORE", "770123456") // no address for its callback
		got := w.Fetch(w.call(http.MethodPost, callbackPath, w.registrationBody()))
		require.Equal(t, http.StatusCreated, got.Status)
		require.Empty(t, got.Body)
		w.makeDeposit("AFTER", "770123456")
		n := w.ExpectNotices(1)[0]
		require.Equal(t, "Basic s3cret:key", n.Header.Get("Authorization"))
		require.Equal(t, "AFTER", n.Fields["reference"])
	})
	t.Run("read_back", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.ExpectReply(w.call(http.MethodPost, callbackPath, w.registrationBody()), "201 ")
		var back []fields
		w.FetchJSON(w.call(http.MethodGet, callbackPath+"?code="+sonatel.MerchantCode, nil), &back)
		require.Len(t, back, 1)
		require.Equal(t, "s3cret:key", back[0]["apiKey"])
		require.Equal(t, "12-03-2026 09:30:00", back[0]["createdAt"])
		require.NotEmpty(t, back[0]["msisdn"])
		w.FetchJSON(w.call(http.MethodGet, callbackPath+"?code=999999", nil), &back)
		require.Empty(t, back)
		w.expectRefused(w.call(http.MethodGet, callbackPath, nil), http.StatusBadRequest, "23", "no code")
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for name, row := range map[string]struct {
			change fields
			code   string
		}{
			"another merchant": {fields{"code": "999999"}, "2042"}, "no name": {fields{"name": ""}, "20"},
			"no key": {fields{"apiKey": ""}, "20"}, "no address": {fields{"callbackUrl": "c"}, "20"},
		} {
			req := w.call(http.MethodPost, callbackPath, w.registrationBody(row.change))
			w.expectRefused(req, http.StatusBadRequest, row.code, name)
		}
	})
	t.Run("documented_answer", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.SetSwitches(`{"empty_registration": false}`)
		status, reply := w.post(callbackPath, w.registrationBody())
		require.Equal(t, http.StatusCreated, status)
		require.Equal(t, w.Inbox.NotifyURL(), reply["callbackUrl"])
	})
}
