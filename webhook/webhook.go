// Package webhook sends one webhook over HTTP: signed with two signatures, sent once, to a
// public address only.
//
// Retries are the workflow's task. One call of Send is one delivery.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"code.dny.dev/ssrf"

	"pirogue"
)

const (
	timeout  = 3 * time.Second // for all of it: name lookup, connection, request, response
	maxReply = 16 << 10        // bytes read of a response; none are kept
	idleFor  = 30 * time.Second
	maxIdle  = 2 // idle connections to one host
)

// Message holds a webhook to send, with its address and the secrets that sign it.
type Message struct {
	EventID        pirogue.EventID
	URL            string
	Body           []byte
	APISecret      string
	StandardSecret string // whsec_…
	Live           bool   // only public addresses, only https
	At             time.Time
}

// Reply holds the response of a merchant's endpoint.
type Reply struct {
	HTTPStatus int
	RetryAfter time.Duration // 0: the endpoint asked for none
}

// Sender implements activities.WebhookSender over two HTTP clients, one for live and one for test
// webhooks.
type Sender struct {
	live, test *http.Client
}

// NewSender returns a Sender. Live webhooks go to public addresses over https only, so that
// an endpoint cannot reach our own network. Test webhooks may also go to loopback if
// testMayReachLoopback is set, so that a laptop receives them.
func NewSender(testMayReachLoopback bool) *Sender {
	guard := ssrf.New(ssrf.WithPorts(443, 8443), ssrf.WithDeniedV4Prefixes(azureMetadata))
	playing := ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(azureMetadata))
	if testMayReachLoopback {
		playing = ssrf.New(ssrf.WithAnyPort(),
			ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.0/8")),
			ssrf.WithAllowedV6Prefixes(netip.MustParsePrefix("::1/128")),
			ssrf.WithDeniedV4Prefixes(azureMetadata))
	}
	return &Sender{live: newClient(guard), test: newClient(playing)}
}

// azureMetadata is the public address of Azure's metadata service, which hands out the
// machine's secrets.
var azureMetadata = netip.MustParsePrefix("168.63.129.16/32")

// newClient returns a client that checks the resolved address before it connects. The
// client follows no redirect and ignores proxies of the environment: either could lead it
// to an unchecked address.
func newClient(guard *ssrf.Guardian) *http.Client {
	dialer := &net.Dialer{Timeout: timeout, Control: guard.Safe}
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext:         dialer.DialContext,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
			DisableCompression:  true,
			IdleConnTimeout:     idleFor,
			MaxIdleConnsPerHost: maxIdle,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Send implements activities.WebhookSender. It calls spend with the signature before the request
// leaves, and an error of spend stops it. Its other errors are codes such as NOT_HTTPS,
// which the merchant reads.
func (s *Sender) Send(
	ctx context.Context, m Message, spend func(signature [32]byte) error,
) (Reply, error) {
	client := s.test
	if m.Live {
		client = s.live
		if !strings.HasPrefix(m.URL, "https://") {
			return Reply{}, errors.New("NOT_HTTPS")
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, bytes.NewReader(m.Body))
	if err != nil {
		return Reply{}, errors.New("INVALID_URL")
	}
	signature := sign(req.Header, m)
	// Recorded before it leaves: a signature that may have left is never used again.
	if err := spend(signature); err != nil {
		return Reply{}, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return Reply{}, errors.New(reason(err))
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, maxReply)); err != nil {
		return Reply{}, errors.New(reason(err))
	}
	return Reply{HTTPStatus: resp.StatusCode, RetryAfter: retryAfter(resp.Header, m.At)}, nil
}

// sign sets both signatures on h. Neka Paie's is hex over timestamp and body, with the API
// secret. Standard Webhooks' is base64 over id, timestamp and body, with its own secret. It
// returns the first, decoded.
func sign(h http.Header, m Message) [32]byte {
	at := strconv.FormatInt(m.At.Unix(), 10)
	signature := mac([]byte(m.APISecret), at+string(m.Body))
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "Pirogue/1")
	h.Set("X-NekaPay-Timestamp", at)
	h.Set("X-NekaPay-Signature", hex.EncodeToString(signature[:]))

	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.StandardSecret, "whsec_"))
	if m.StandardSecret != "" && err == nil {
		standard := mac(key, string(m.EventID)+"."+at+"."+string(m.Body))
		h.Set("Webhook-Id", string(m.EventID))
		h.Set("Webhook-Timestamp", at)
		h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(standard[:]))
	}
	return signature
}

// mac returns HMAC-SHA256 of a message.
func mac(key []byte, message string) [32]byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(message))
	return [32]byte(h.Sum(nil))
}

// reason returns a code for a failed delivery. The merchant reads it, so it holds no
// address.
func reason(err error) string {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedPort),
		errors.Is(err, ssrf.ErrProhibitedNetwork), errors.Is(err, ssrf.ErrInvalidHostPort):
		return "ADDRESS_NOT_PUBLIC"
	case errors.As(err, &dns):
		return "DNS_FAILED"
	case errors.As(err, &cert):
		return "TLS_FAILED"
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return "TIMED_OUT"
	default:
		return "CONNECTION_FAILED"
	}
}

// isTimeout reports whether a delivery failed because its time was over.
func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// retryAfter returns the wait that the Retry-After header asks for, in seconds or as a
// date. It returns 0 for a header that it cannot read.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
