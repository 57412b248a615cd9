package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/webhook"
)

const (
	apiSecret = "0b2cc4dc6e9c250dc4ac2367b6947d98"
	standard  = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)

var at = time.Unix(1_795_343_750, 0)

func message(url string) webhook.Message {
	return webhook.Message{
		EventID: "evt_1", URL: url, Body: []byte(`{"event":"transaction.status_changed"}`),
		APISecret: apiSecret, StandardSecret: standard, At: at,
	}
}

func keep([32]byte) error { return nil }

func TestAMerchantCanVerifyBothSignatures(t *testing.T) {
	t.Parallel()

	var header http.Header
	var body []byte
	endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header
		body, _ = io.ReadAll(r.Body) //nolint:errcheck // an empty body fails the test below
	}))
	t.Cleanup(endpoint.Close)

	var spent [32]byte
	reply, err := webhook.NewSender(true).Send(t.Context(), message(endpoint.URL), func(s [32]byte) error {
		spent = s
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 200, reply.HTTPStatus)
	require.JSONEq(t, `{"event":"transaction.status_changed"}`, string(body))

	neka := hmac.New(sha256.New, []byte(apiSecret))
	fmt.Fprintf(neka, "%s%s", header.Get("X-NekaPay-Timestamp"), body)
	require.Equal(t, hex.EncodeToString(neka.Sum(nil)), header.Get("X-NekaPay-Signature"))
	require.Equal(t, header.Get("X-NekaPay-Signature"), hex.EncodeToString(spent[:]))

	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(standard, "whsec_"))
	require.NoError(t, err)
	other := hmac.New(sha256.New, key)
	fmt.Fprintf(other, "%s.%s.%s", header.Get("Webhook-Id"), header.Get("Webhook-Timestamp"), body)
	require.Equal(t, "v1,"+base64.StdEncoding.EncodeToString(other.Sum(nil)), header.Get("Webhook-Signature"))
	require.Equal(t, "evt_1", header.Get("Webhook-Id"))
}

func TestNothingIsSentWhenTheSignatureCannotBeSpent(t *testing.T) {
	t.Parallel()

	var heard atomic.Int32
	endpoint := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { heard.Add(1) }))
	t.Cleanup(endpoint.Close)
	away := errors.New("database away")
	_, err := webhook.NewSender(true).Send(t.Context(), message(endpoint.URL), func([32]byte) error { return away })
	require.ErrorIs(t, err, away)
	require.Zero(t, heard.Load())
}

func TestALiveWebhookReachesPublicAddressesOnly(t *testing.T) {
	t.Parallel()

	sender := webhook.NewSender(true)
	for _, host := range []string{
		"127.0.0.1", "127.1", "0.0.0.0", "10.0.0.1", "100.64.0.1", "169.254.169.254", "172.16.0.1", "192.0.0.192",
		"192.168.1.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16", "[::1]", "[::]",
		"[::127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:0.0.0.0]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fc00::1]",
		"[fd00:ec2::254]", "[fe80::1]", "[ff02::1]", "[2001:db8::1]", "localhost",
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			m := message("https://" + host + "/hook")
			m.Live = true
			_, err := sender.Send(t.Context(), m, keep)
			require.Error(t, err)
			require.Contains(t, []string{"ADDRESS_NOT_PUBLIC", "DNS_FAILED"}, err.Error())
		})
	}
}

func TestALiveWebhookIsNeverSentInClear(t *testing.T) {
	t.Parallel()

	m := message("http://merchant.example/hook")
	m.Live = true
	_, err := webhook.NewSender(true).Send(t.Context(), m, keep)
	require.EqualError(t, err, "NOT_HTTPS")
}

func TestATestWebhookReachesThisMachineOnlyWhenAsked(t *testing.T) {
	t.Parallel()

	endpoint := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(endpoint.Close)
	_, err := webhook.NewSender(false).Send(t.Context(), message(endpoint.URL), keep)
	require.EqualError(t, err, "ADDRESS_NOT_PUBLIC")
	for _, host := range []string{"10.0.0.1", "169.254.169.254", "[fd00:ec2::254]"} {
		_, err := webhook.NewSender(true).Send(t.Context(), message("http://"+host+"/"), keep)
		require.EqualError(t, err, "ADDRESS_NOT_PUBLIC", host)
	}
}

func TestAnEndpointMayBehaveAsItLikes(t *testing.T) {
	t.Parallel()

	// Each row holds an endpoint and the result that the merchant reads about the delivery.
	tests := map[string]struct {
		endpoint http.HandlerFunc
		status   int
		after    time.Duration
		fails    string
	}{
		"redirects, and is not followed": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		}, 302, 0, ""},
		"asks to wait in seconds": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusTooManyRequests)
		}, 429, 2 * time.Minute, ""},
		"asks to wait until a date": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", at.Add(time.Hour).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusServiceUnavailable)
		}, 503, time.Hour, ""},
		"asks for nonsense": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "-5")
			w.WriteHeader(http.StatusServiceUnavailable)
		}, 503, 0, ""},
		"hangs":             {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 0, 0, "TIMED_OUT"},
		"never ends":        {drip, 0, 0, "TIMED_OUT"},
		"answers megabytes": {func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 4<<20)) }, 200, 0, ""},
		"hangs up": {
			func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, 0, "CONNECTION_FAILED",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			endpoint := httptest.NewServer(tt.endpoint)
			t.Cleanup(endpoint.CloseClientConnections)
			reply, err := webhook.NewSender(true).Send(t.Context(), message(endpoint.URL), keep)
			require.Equal(t, webhook.Reply{HTTPStatus: tt.status, RetryAfter: tt.after}, reply)
			if tt.fails == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, tt.fails)
			}
		})
	}
}

// drip sends one byte at a time until the client hangs up.
func drip(w http.ResponseWriter, r *http.Request) {
	for context.Cause(r.Context()) == nil {
		w.Write([]byte("."))
		http.NewResponseController(w).Flush() //nolint:errcheck // the listener leaves, and the loop ends
		time.Sleep(100 * time.Millisecond)
	}
}
