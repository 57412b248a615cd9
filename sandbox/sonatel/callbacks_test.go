package sonatel_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/sonatel"
)

// signed returns the signatures of a callback, and whether one of them is right.
func signed(n enginetest.Notice) (signatures []string, right bool) {
	parts := strings.Split(n.Header.Get("X-Sonatel-Signature"), ",")
	at := strings.TrimPrefix(parts[0], "t=")
	mac := hmac.New(sha256.New, []byte(sonatel.CallbackSecret))
	mac.Write([]byte(at + "," + n.Raw))
	for _, part := range parts[1:] {
		signatures = append(signatures, part)
		right = right || part == "v1="+hex.EncodeToString(mac.Sum(nil))
	}
	return signatures, right
}

func TestACallbackProvesWhereItComesFrom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.makesCode("R1", "+221770123456")
	w.becomes("R1", "SUCCESS")
	told := w.Notices(1)[0]
	if told.Header.Get("Authorization") != "Basic "+sonatel.CallbackKey ||
		told.Header.Get("Content-Type") != "application/json" {
		t.Errorf("the headers are %v", told.Header)
	}
	if all, right := signed(told); len(all) != 1 || !right ||
		!strings.HasPrefix(told.Header.Get("X-Sonatel-Signature"), "t=1773307800,v1=") {
		t.Errorf("the signature is %q", told.Header.Get("X-Sonatel-Signature"))
	}
	if told.Header.Get("X-Sonatel-Idempotency-Key") == "" || told.Said["type"] != "MERCHANT_PAYMENT" {
		t.Errorf("the callback says %v %s", told.Header, told.Raw)
	}
}

// TestCallbacksAreRegistered reads the registration back, key included, and checks that
// callbacks use it.
func TestCallbacksAreRegistered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deposits("BEFORE", "770123456") // no address for its callback
	registration := w.call(http.MethodPost, callbackPath, fields{
		"code": sonatel.MerchantCode, "name": "Boutique Awa", "callbackUrl": w.Inbox.Hook(), "apiKey": "s3cret:key",
	})
	if got := w.Fetch(registration); got.Status != http.StatusCreated || got.Body != "" {
		t.Errorf("the registration answers %d %s, want an empty 201", got.Status, got.Body)
	}
	var back []fields
	w.Send(w.call(http.MethodGet, callbackPath+"?code="+sonatel.MerchantCode, nil), &back)
	if len(back) != 1 || back[0]["apiKey"] != "s3cret:key" || back[0]["createdAt"] != "12-03-2026 09:30:00" ||
		back[0]["msisdn"] == "" {
		t.Errorf("it reads back as %v", back)
	}
	w.Send(w.call(http.MethodGet, callbackPath+"?code=999999", nil), &back)
	if len(back) != 0 {
		t.Errorf("another merchant's is %v", back)
	}
	if status, _ := w.get(callbackPath); status != http.StatusBadRequest {
		t.Errorf("nobody's answers %d", status)
	}
	w.deposits("AFTER", "770123456")
	if told := w.Notices(1); told[0].Header.Get("Authorization") != "Basic s3cret:key" ||
		told[0].Said["reference"] != "AFTER" {
		t.Errorf("the callbacks are %v", told)
	}
}

func TestRegistrationsAreRefusedAndAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := fields{
		"code": sonatel.MerchantCode, "name": "Boutique Awa", "callbackUrl": "https://m.example/c", "apiKey": "k",
	}
	for name, change := range map[string]fields{
		"another merchant": {"code": "999999"}, "no name": {"name": ""}, "no key": {"apiKey": ""},
		"no address": {"callbackUrl": "c"},
	} {
		if status, reply := w.post(callbackPath, good.Over(change)); status != http.StatusBadRequest {
			t.Errorf("%s answers %d %v", name, status, reply)
		}
	}
	w.Set(`{"empty_registration": false}`)
	if status, reply := w.post(callbackPath, good); status != http.StatusCreated ||
		reply["callbackUrl"] != "https://m.example/c" {
		t.Errorf("the documented answer is %d %v", status, reply)
	}
}

// TestAFailingReceiverIsTriedAgain lets the merchant's server respond in several ways.
func TestAFailingReceiverIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answer int64
		want   int // callbacks within a day
	}{
		"200 is enough":                  {200, 1},
		"202 is as good":                 {202, 1},
		"404 is final":                   {404, 1},
		"401 is final":                   {401, 1},
		"500 is tried again, five times": {500, 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Inbox.Answer.Store(row.answer)
			w.makesCode("R1", "+221770123456")
			deadline := time.Now().Add(enginetest.Patience)
			for len(w.Inbox.All()) < row.want && time.Now().Before(deadline) {
				time.Sleep(time.Millisecond)
				w.Clock.Advance(time.Minute)
			}
			for range 20 { // enough time for one that must not come
				time.Sleep(time.Millisecond)
				w.Clock.Advance(time.Hour)
			}
			told := w.Notices(row.want)
			first, last := told[0].Header, told[len(told)-1].Header
			if first.Get("X-Sonatel-Idempotency-Key") != last.Get("X-Sonatel-Idempotency-Key") {
				t.Error("the idempotency key changes from try to try")
			}
			if len(told) > 1 && first.Get("X-Sonatel-Signature") == last.Get("X-Sonatel-Signature") {
				t.Error("a later try is not signed afresh")
			}
		})
	}
}

func TestCallbacksAreDisturbed(t *testing.T) {
	t.Parallel()
	hears := func(name, switches, digits string, want int) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Set(switches)
			w.makesCode("R1", "+221770"+digits)
			w.becomes("R1", "SUCCESS")
			w.Notices(want)
		})
	}
	for name, row := range enginetest.Disturbed {
		hears(name, row.Switches, row.Digits, row.Want)
	}
	hears("followed by a forged one", `{"forged_callbacks": true}`, "123456", 2)
}

// TestAForgedCallbackLies checks that the forged callback reports a success, with a wrong
// key and a wrong signature.
func TestAForgedCallbackLies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"forged_callbacks": true}`)
	w.makesCode("R1", "+221770111111")
	w.Clock.Advance(2 * time.Second)
	forged := 0
	for _, n := range w.Notices(2) {
		_, right := signed(n)
		genuine := n.Header.Get("Authorization") == "Basic "+sonatel.CallbackKey
		if right != genuine || genuine != (n.Said["status"] == "FAILED") {
			t.Errorf("a callback with %q says %s", n.Header.Get("Authorization"), n.Raw)
		}
		if !genuine {
			forged++
		}
	}
	if forged != 1 {
		t.Errorf("%d callbacks are forged, want one", forged)
	}
}

func TestTwoSignaturesDuringAChangeOfSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"two_signatures": true}`)
	w.makesCode("R1", "+221770123456")
	if all, right := signed(w.Notices(1)[0]); len(all) != 2 || !right || all[0] == all[1] {
		t.Errorf("the signatures are %v", all)
	}
}
