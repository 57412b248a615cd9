package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/api"
	"pirogue/api/apitest"
	"pirogue/ids"
)

// signedAt signs a GET of the balances with a timestamp so many seconds from now.
func signedAt(w *world, away int64) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/api/v1/balances", nil)
	stamp := strconv.FormatInt(w.now().Unix()+away, 10)
	r.Header.Set("X-NekaPay-Key", w.test.Public)
	r.Header.Set("X-NekaPay-Timestamp", stamp)
	r.Header.Set("X-NekaPay-Signature", apitest.Sign(w.test.Secrets[0].Text, stamp, ""))
	return r
}

func TestAuthentication(t *testing.T) {
	t.Parallel()

	t.Run("timestamp_300_seconds_away", testAuthenticationTimestamp300SecondsAway)
	t.Run("unknown_key_like_wrong_signature", testAuthenticationUnknownKeyLikeWrongSignature)
	t.Run("two_secrets_during_rotation", testAuthenticationTwoSecretsDuringRotation)
	t.Run("rotated_since", testAuthenticationRotatedSince)
	t.Run("forgotten_key", testAuthenticationForgottenKey)
	t.Run("changed_since", testAuthenticationChangedSince)
	t.Run("signature_opens_one_route", testAuthenticationSignatureOpensOneRoute)
	t.Run("replay_past_cache", testAuthenticationReplayPastCache)
	t.Run("suspension_shown_to_owner_only", testAuthenticationSuspensionShownToOwnerOnly)
	t.Run("key_of_other_network", testAuthenticationKeyOfOtherNetwork)
	t.Run("rate_limit_names_wait", testAuthenticationRateLimitNamesWait)
	t.Run("wrong_signatures_stop_address", testAuthenticationWrongSignaturesStopAddress)
	t.Run("ipv6_customer_is_one_address", testAuthenticationIpv6CustomerIsOneAddress)
	t.Run("trusted_proxy_names_client", testAuthenticationTrustedProxyNamesClient)
	t.Run("request_id_of_client", testAuthenticationRequestIdOfClient)
}

// The contract allows 300 s in either direction, and not one second more.
func testAuthenticationTimestamp300SecondsAway(t *testing.T) { // row 3
	t.Parallel()

	stopped := time.Unix(1_714_400_000, 0)
	w := newWorld(t, func(o *api.Options) { o.Clock = func() time.Time { return stopped } })
	for away, want := range map[int64]int{-301: 401, -300: 200, 0: 200, 300: 200, 301: 401} {
		stamp := strconv.FormatInt(stopped.Unix()+away, 10)
		r := signedAt(w, 0)
		r.Header.Set("X-NekaPay-Timestamp", stamp)
		r.Header.Set("X-NekaPay-Signature", apitest.Sign(w.test.Secrets[0].Text, stamp, ""))
		require.Equal(t, want, w.do(r).Code, "%d s away", away)
	}
}

// A client without the secret must not learn whether a key exists, is revoked or was rotated. So
// all these responses have equal bytes.
func testAuthenticationUnknownKeyLikeWrongSignature(t *testing.T) { // rows 7, 8, 12
	t.Parallel()

	w := newWorld(t)
	other := w.newKey(pirogue.MerchantID(ids.New()), pirogue.Test)
	revoked := w.newKey(w.merchant.ID, pirogue.Test)
	gone := revoked
	gone.RevokedAt = w.now()
	w.changeKey(gone)
	rotated := w.newKey(w.merchant.ID, pirogue.Test)
	old := rotated
	rotated.Secrets = []access.Secret{{Text: ids.Secret()}, {Text: old.Secrets[0].Text, ExpiresAt: w.now()}}
	w.changeKey(rotated)

	signed := func(public, secret string) access.APIKey {
		return access.APIKey{Public: public, Secrets: []access.Secret{{Text: secret}}}
	}
	wrong := map[string]access.APIKey{
		"a wrong secret":                   signed(w.test.Public, ids.Secret()),
		"a key nobody has":                 signed(ids.Key(pirogue.Test), w.test.Secrets[0].Text),
		"another merchant's key":           signed(other.Public, w.test.Secrets[0].Text),
		"a revoked key":                    revoked,
		"the live secret for the test key": signed(w.test.Public, w.live.Secrets[0].Text),
		"the test secret for the live key": signed(w.live.Public, w.test.Secrets[0].Text),
		"the old secret after a rotation":  old,
		"no secret at all":                 signed(w.test.Public, ""),
	}
	answers := map[string]string{}
	for name, key := range wrong {
		r := w.request(key, http.MethodGet, "/api/v1/balances", "")
		r.Header.Set("X-Request-Id", "one_name")
		got := w.do(r)
		got.requireCode(pirogue.SignatureInvalid)
		answers[got.Body.String()] = name
	}
	require.Len(t, answers, 1, "answers that differ: %v", answers)
}

// A merchant replaces its secret without an outage only if the old one still verifies for a while.
func testAuthenticationTwoSecretsDuringRotation(t *testing.T) { // row 12
	t.Parallel()

	w := newWorld(t)
	fresh, old := ids.Secret(), w.test.Secrets[0].Text
	w.test.Secrets = []access.Secret{{Text: fresh}, {Text: old, ExpiresAt: w.now().Add(access.RotationOverlap)}}
	w.changeKey(w.test)
	for _, secret := range []string{fresh, old} {
		key := w.test
		key.Secrets = []access.Secret{{Text: secret}}
		require.Equal(t, http.StatusOK, w.do(w.request(key, http.MethodGet, "/api/v1/balances", "")).Code)
	}
}

// A server that still knows the key of before a rotation must not refuse the merchant's next secret.
func testAuthenticationRotatedSince(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	before := w.test
	w.test.Secrets = []access.Secret{{Text: ids.Secret()}}
	w.changeKey(w.test)
	w.store.change(func() { w.store.recentKeys = map[string]access.APIKey{before.Public: before} })
	for name, key := range map[string]access.APIKey{"the key of now": w.test, "the key of two seconds ago": before} {
		require.Equal(t, http.StatusOK, w.do(w.request(key, http.MethodGet, "/api/v1/balances", "")).Code, name)
	}
	wrong := w.test
	wrong.Secrets = []access.Secret{{Text: ids.Secret()}}
	w.do(w.request(wrong, http.MethodGet, "/api/v1/balances", "")).requireCode(pirogue.SignatureInvalid)
}

// A key that the server read longer ago than two seconds neither verifies a signature nor refuses one.
func testAuthenticationForgottenKey(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.store.change(func() {
		w.store.recentKeys, w.store.recentOver = map[string]access.APIKey{w.test.Public: w.test}, true
	})
	require.Equal(t, http.StatusOK, w.do(w.request(w.test, http.MethodGet, "/api/v1/balances", "")).Code)
}

// A server remembers a key for two seconds. No payment is made by what another process has changed since.
func testAuthenticationChangedSince(t *testing.T) {
	t.Parallel()

	overlap := func(w *world, ends time.Time) access.APIKey {
		key := w.test
		key.Version = "rotated"
		key.Secrets = []access.Secret{{Text: ids.Secret()}, {Text: w.test.Secrets[0].Text, ExpiresAt: ends}}
		return key
	}
	for name, row := range map[string]struct {
		change func(w *world)
		want   pirogue.Code // "": accepted
	}{
		"nothing": {change: func(*world) {}},
		"revoked": {func(w *world) {
			key := w.test
			key.RevokedAt = w.now()
			w.changeKey(key)
		}, pirogue.SignatureInvalid},
		"rotated, and the old secret has ended": {
			func(w *world) { w.changeKey(overlap(w, w.now())) }, pirogue.SignatureInvalid,
		},
		"rotated, and the old secret still verifies": {
			change: func(w *world) { w.changeKey(overlap(w, w.now().Add(time.Hour))) },
		},
		"suspended": {func(w *world) {
			w.store.change(func() {
				m := w.store.merchants[w.merchant.ID]
				m.Suspended = true
				w.store.merchants[m.ID] = m
			})
		}, pirogue.MerchantSuspended},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.store.change(func() {
				w.store.recentKeys = map[string]access.APIKey{w.test.Public: w.test}
				w.store.recentMerchant = w.merchant
			})
			row.change(w)
			got := w.collect(order("changed"))
			if row.want == "" {
				require.Equal(t, http.StatusAccepted, got.Code)
				return
			}
			got.requireCode(row.want)
			require.Empty(t, w.store.all())
		})
	}
}

// The signature covers the body and not the path. A signature used on one route must not create a
// payment on another.
func testAuthenticationSignatureOpensOneRoute(t *testing.T) { // rows 10, 11
	t.Parallel()

	w := newWorld(t)
	for name, path := range map[string]string{"a webhook of ours": "/webhook", "a refund": "/api/v1/refunds"} {
		r := w.request(w.test, http.MethodPost, "/api/v1/payments/cashin", order("replayed "+name))
		spend(t, w, r, path)
		w.do(r).requireCode(pirogue.SignatureReplayed)
	}
	require.Empty(t, w.store.all(), "a replay made a payment")
}

// spend uses a request's signature on another path first.
func spend(t *testing.T, w *world, r *http.Request, path string) {
	t.Helper()
	var signature [32]byte
	raw := decodeHex(t, r.Header.Get("X-NekaPay-Signature"))
	copy(signature[:], raw)
	_, err := w.store.UseSignature(t.Context(), access.UsedSignature{
		Signature: signature, KeyID: w.test.Public, Method: http.MethodPost, Path: path, At: w.now(),
	})
	require.NoError(t, err)
}

// Without the record of used signatures, the strict fields of each route still refuse a webhook's
// body.
func testAuthenticationReplayPastCache(t *testing.T) { // rows 10, 11 after a loss of the cache
	t.Parallel()

	w := newWorld(t)
	event := `{"event":"transaction.status_changed","transaction_id":"550e8400-e29b-41d4-a716-446655440000",` +
		`"merchant_order_id":"order_001","type":"CASHIN","status":"SUCCESS","amount":50000,"currency":"XOF",` +
		`"timestamp":"2026-04-29T14:32:18+00:00"}`
	w.collect(event).requireCode(pirogue.UnknownField)
	require.Empty(t, w.store.all())
}

// Only a client with the right secret may learn that a merchant is suspended.
func testAuthenticationSuspensionShownToOwnerOnly(t *testing.T) { // row 15
	t.Parallel()

	w := newWorld(t)
	w.merchant.Suspended = true
	w.store.change(func() { w.store.merchants[w.merchant.ID] = w.merchant })
	w.get("/balances").requireCode(pirogue.MerchantSuspended)

	stranger := w.test
	stranger.Secrets = []access.Secret{{Text: ids.Secret()}}
	w.do(w.request(stranger, http.MethodGet, "/api/v1/balances", "")).requireCode(pirogue.SignatureInvalid)
}

// A key with named networks is worthless elsewhere, also where the client's address is unreadable.
func testAuthenticationKeyOfOtherNetwork(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.test.AllowedIPs = []netip.Prefix{netip.MustParsePrefix("196.200.0.0/16"), netip.MustParsePrefix("2c0f::/16")}
	w.changeKey(w.test)
	for address, want := range map[string]int{
		"196.200.80.1:4711": 200, "[::ffff:196.200.80.1]:4711": 200, "[2c0f::1]:4711": 200,
		"196.201.0.1:4711": 403, "[2c10::1]:4711": 403, "not an address": 403,
	} {
		r := w.request(w.test, http.MethodGet, "/api/v1/balances", "")
		r.RemoteAddr = address
		require.Equal(t, want, w.do(r).Code, address)
	}
	require.Empty(t, w.store.usedSignatures, "a GET has nothing to spend")
}

// The rate counts per merchant and mode. Headers that a client invents must not give it a fresh
// count.
func testAuthenticationRateLimitNamesWait(t *testing.T) { // rows 58, 59
	t.Parallel()

	w := newWorld(t)
	w.store.change(func() { w.store.rate = 3 })
	for i := range 3 {
		r := w.request(w.test, http.MethodGet, "/api/v1/balances", "")
		r.Header.Set("X-Forwarded-For", "203.0.113."+strconv.Itoa(i))
		require.Equal(t, http.StatusOK, w.do(r).Code)
	}
	r := w.request(w.test, http.MethodGet, "/api/v1/balances", "")
	r.Header.Set("X-Forwarded-For", "203.0.113.99")
	r.Header.Set("X-Real-IP", "203.0.113.99")
	got := w.do(r)
	got.requireCode(pirogue.RateLimited)
	require.Equal(t, "2", got.Header().Get("Retry-After"), "1.5 s rounded up")
	require.Equal(t, http.StatusOK, w.do(w.request(w.live, http.MethodGet, "/api/v1/balances", "")).Code, "the other mode")
}

// An attacker's address gets 429, but a merchant behind the same address still gets in.
func testAuthenticationWrongSignaturesStopAddress(t *testing.T) { // row 60
	t.Parallel()

	w := newWorld(t)
	sent := 0
	from := func(address string, key access.APIKey) reply {
		r := w.request(key, http.MethodGet, "/api/v1/balances", "")
		r.RemoteAddr = address
		sent++
		r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.%d.%d", sent/256, sent%256))
		return w.doUnchecked(r)
	}
	wrong := w.test
	wrong.Secrets = []access.Secret{{Text: ids.Secret()}}
	stopped := 0
	for range 1000 {
		if from("198.51.100.7:4711", wrong).Code == http.StatusTooManyRequests {
			stopped++
		}
	}
	require.Greater(t, stopped, 700)
	require.Equal(t, "1", from("198.51.100.7:4711", wrong).Header().Get("Retry-After"))
	from("198.51.100.8:4711", wrong).requireCode(pirogue.SignatureInvalid)
	require.Equal(t, http.StatusOK, from("198.51.100.8:4711", w.test).Code, "the merchant from elsewhere")
	require.Equal(t, http.StatusOK, from("198.51.100.7:4711", w.test).Code, "the merchant behind the same address")
}

// One customer owns a whole /64, so addresses in it share one count.
func testAuthenticationIpv6CustomerIsOneAddress(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	wrong := w.test
	wrong.Secrets = []access.Secret{{Text: ids.Secret()}}
	last := reply{}
	for i := range 300 {
		r := w.request(wrong, http.MethodGet, "/api/v1/balances", "")
		r.RemoteAddr = "[2c0f:1:2:3::" + strconv.FormatInt(int64(i), 16) + "]:4711"
		last = w.doUnchecked(r)
	}
	last.requireCode(pirogue.RateLimited)
}

// X-Forwarded-For counts from a trusted proxy only, and only the entry that this proxy added.
func testAuthenticationTrustedProxyNamesClient(t *testing.T) {
	t.Parallel()

	w := newWorld(t, func(o *api.Options) { o.TrustedProxies = []string{"10.0.0.0/8"} })
	w.test.AllowedIPs = []netip.Prefix{netip.MustParsePrefix("196.200.0.0/16")}
	w.changeKey(w.test)
	for _, tt := range []struct {
		why, from, header, value string
		want                     int
	}{
		{"the proxy says so", "10.0.0.1:80", "X-Forwarded-For", "196.200.1.1", 200},
		{"the client says so before the proxy does", "10.0.0.1:80", "X-Forwarded-For", "196.200.1.1, 8.8.8.8", 403},
		{"a header the proxy does not set", "10.0.0.1:80", "X-Real-IP", "196.200.1.1", 403},
		{"nobody's proxy says so", "8.8.8.8:80", "X-Forwarded-For", "196.200.1.1", 403},
	} {
		r := w.request(w.test, http.MethodGet, "/api/v1/balances", "")
		r.RemoteAddr = tt.from
		r.Header.Set(tt.header, tt.value)
		require.Equal(t, tt.want, w.do(r).Code, tt.why)
	}
}

// A client's request ID goes into logs and headers, so it must have a harmless form. The server
// replaces every other one.
func testAuthenticationRequestIdOfClient(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	for given, kept := range map[string]bool{
		"order-7_b": true, "": false, "a b": false, strings.Repeat("x", 65): false, "<script>": false, "é": false,
	} {
		r := w.request(w.test, http.MethodGet, "/api/v1/balances", "")
		r.Header.Set("X-Request-Id", given)
		got := w.do(r).Header().Get("X-Request-Id")
		require.Equal(t, kept, got == given, "%q became %q", given, got)
		require.Regexp(t, `^[A-Za-z0-9_-]{1,64}$`, got)
	}
}
