package client

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/config"
	"pirogue/operator"
)

const (
	patient   = 10 * time.Second
	impatient = 300 * time.Millisecond
)

var payment = Request{Method: http.MethodPost, Path: "/pay", Body: []byte(`{"amount":500}`)}

// silence reads the request and sends nothing until the client disconnects.
func silence(w *world, _ int, _ net.Conn, in *bufio.Reader) {
	w.request(in)
	waits(in)
}

// okResponse returns a whole HTTP response with a body of n bytes.
func okResponse(n int) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", n, strings.Repeat("x", n))
}

func TestFailureAfterWriteIsUnknown(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		world    script
		patience time.Duration
		want     pirogue.Code
	}{
		"an answer of the largest size": {says(okResponse(MaxBody)), patient, ""},
		"an answer one byte longer":     {says(okResponse(MaxBody + 1)), patient, operator.Unknown},
		"an error page of the server":   {says("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"), patient, ""},
		"a refusal":                     {says("HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\n{}"), patient, ""},
		"a redirect": {
			says("HTTP/1.1 307 Go\r\nLocation: /pay\r\nContent-Length: 0\r\n\r\n"), patient, operator.Unknown,
		},
		"another protocol": {
			says("HTTP/1.1 101 Switch\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"), patient, operator.Unknown,
		},
		"compressed though not asked": {
			says("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx"), patient, operator.Unknown,
		},
		"a header larger than the limit": {
			says("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2*maxHeader) + "\r\n\r\n"), patient, operator.Unknown,
		},
		"not HTTP": {says("SSH-2.0-OpenSSH_9.6\r\n"), patient, operator.Unknown},
		"the body breaks off": {
			says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), patient, operator.Unknown,
		},
		"closed once the request was read":    {says(""), patient, operator.Unknown},
		"silent once the request was read":    {silence, impatient, operator.Unknown},
		"reset while the request was written": {resetEarly, patient, operator.Unknown},
		"one byte of the answer a second":     {drips, impatient, operator.Unknown},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.world)
			start := time.Now()
			_, err := newClient(t, w.url, tt.patience).Do(t.Context(), payment)
			got := pirogue.CodeOf(err)
			require.Equal(t, tt.want, got, err)
			took := time.Since(start)
			require.LessOrEqual(t, took, tt.patience+time.Second)
			n := w.connections.Load()
			require.EqualValues(t, 1, n)
		})
	}
}

// resetEarly resets the connection after the first byte of the request.
func resetEarly(_ *world, _ int, c net.Conn, in *bufio.Reader) {
	waits(in)
	resets(c)
}

// drips sends its response at one byte a second.
func drips(w *world, _ int, c net.Conn, in *bufio.Reader) {
	w.request(in)
	for _, b := range okResponse(9) {
		if !tells(c, string(b)) {
			return
		}
		time.Sleep(time.Second)
	}
}

func TestNoConnection(t *testing.T) {
	t.Parallel()
	mute := newWorld(t, func(_ *world, _ int, _ net.Conn, in *bufio.Reader) {
		for waits(in) {
			continue
		}
	})
	plain := newWorld(t, says(okResponse(0)))
	stranger := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(stranger.Close)
	tests := map[string]string{
		"nobody listens":               closedPort(t),
		"the name does not exist":      "http://pirogue.invalid",
		"the port does not speak TLS":  strings.Replace(plain.url, "http", "https", 1),
		"the certificate is nobody's":  stranger.URL,
		"the TLS handshake never ends": strings.Replace(mute.url, "http", "https", 1),
		"nobody listens, with TLS":     strings.Replace(closedPort(t), "http", "https", 1),
	}
	for name, url := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(t, url, time.Second).Do(t.Context(), payment)
			got := pirogue.CodeOf(err)
			require.Equal(t, operator.NotSent, got, err)
		})
	}
	t.Cleanup(func() {
		n := plain.read.Load()
		require.EqualValues(t, 0, n)
	})
}

func TestTLS(t *testing.T) {
	t.Parallel()
	for version, want := range map[uint16]pirogue.Code{
		tls.VersionTLS11: operator.NotSent, tls.VersionTLS12: "", tls.VersionTLS13: "",
	} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			server := httptest.NewUnstartedServer(
				http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { tells(w, "{}") }),
			)
			server.TLS = &tls.Config{MinVersion: version, MaxVersion: version}
			server.StartTLS()
			t.Cleanup(server.Close)
			c := newClient(t, server.URL, patient)
			transport, ok := server.Client().Transport.(*http.Transport)
			require.True(t, ok, "no transport")
			c.transport.tls.RootCAs = transport.TLSClientConfig.RootCAs
			got, err := c.Do(t.Context(), payment)
			require.Equal(t, want, pirogue.CodeOf(err), err)
			require.False(t, want == "" && string(got.Body) != "{}", "answer %q, error %v; want code %q", got.Body, err, want)
		})
	}
}

func TestCancelledCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, silence)
	c := newClient(t, w.url, patient)

	done, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Do(done, payment)
	require.Equal(t, operator.NotSent, pirogue.CodeOf(err), w.connections.Load())
	require.EqualValues(t, 0, w.connections.Load(), err)

	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(impatient, cancel)
	_, err = c.Do(ctx, payment)
	require.Equal(t, operator.Unknown, pirogue.CodeOf(err), err)
	require.ErrorIs(t, err, context.Canceled)
}

func TestClosedIdleConnectionSendsOnce(t *testing.T) {
	t.Parallel()
	header := http.Header{"Idempotency-Key": {"1"}, "X-Idempotency-Key": {"1"}}
	tests := map[string]Request{
		"a body":                             payment,
		"a body and an idempotency key":      {Method: http.MethodPost, Path: "/", Header: header, Body: payment.Body},
		"no body but an idempotency key":     {Method: http.MethodPost, Path: "/", Header: header},
		"a question without a body":          {Method: http.MethodGet, Path: "/"},
		"a question with an idempotency key": {Method: http.MethodGet, Path: "/", Header: header},
	}
	for name, r := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world, n int, c net.Conn, in *bufio.Reader) {
				if w.request(in) {
					tells(c, okResponse(0))
				}
				if w.request(in) && n > 1 { // the first connection closes without a response
					tells(c, okResponse(0))
				}
			})
			c := newClient(t, w.url, patient)
			_, err := c.Do(t.Context(), payment)
			require.NoError(t, err)
			_, err = c.Do(t.Context(), r)
			require.Equal(t, operator.Unknown, pirogue.CodeOf(err), err)
			n := w.read.Load()
			require.EqualValues(t, 2, n)
		})
	}
}

func TestClosedIdleConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, says(okResponse(0)))
	c := newClient(t, w.url, patient)
	for range 3 {
		_, err := c.Do(t.Context(), payment)
		require.NoError(t, err)
		time.Sleep(50 * time.Millisecond) // for the closing to arrive
	}
	n := w.read.Load()
	require.EqualValues(t, 3, n)
}

func TestNoProxy(t *testing.T) {
	t.Parallel()
	require.Nil(t, newClient(t, "http://operator.example", patient).transport.Proxy)
}

func TestOptionsThatCannotWork(t *testing.T) {
	t.Parallel()
	tests := map[string]config.Operator{
		"a negative time-out":      {BaseURL: "https://api.orange.com", Timeout: -1},
		"no address":               {},
		"no scheme":                {BaseURL: "api.orange.com"},
		"http to a real operator":  {BaseURL: "http://api.orange.com"},
		"a query":                  {BaseURL: "https://api.orange.com?a=b"},
		"credentials in it":        {BaseURL: "https://a" + ":b@api.orange.com"},
		"a scheme that is no HTTP": {BaseURL: "ftp://api.orange.com", Simulator: true},
		"not an address":           {BaseURL: "https://["},
	}
	for name, o := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New(&Spec{}, o, nil)
			require.Error(t, err)
		})
	}
}
