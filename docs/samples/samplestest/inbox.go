package samplestest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// inbox is a language's webhook receiver, with the lines that it prints.
type inbox struct {
	url    string
	lines  chan string        // one for each verified webhook
	finish func(t *testing.T) // waits until the receiver ends by itself
}

// listen starts the language's receiver, which ends by itself after count webhooks.
func (s Sample) listen(t *testing.T, api API, count int) *inbox {
	t.Helper()
	if s.saved {
		return s.listenAndVerify(t, api)
	}
	port := freePort(t)
	cmd := s.command(t, api, Call{Program: "receiver", Args: []string{"--count", strconv.Itoa(count), port}})
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	box := &inbox{url: "http://127.0.0.1:" + port + "/webhook", lines: make(chan string, 100)}
	ended := make(chan struct{})
	var exit error
	go func() {
		defer close(ended)
		for scan := bufio.NewScanner(stdout); scan.Scan(); {
			box.lines <- scan.Text()
		}
		exit = cmd.Wait()
	}()
	t.Cleanup(func() { <-ended }) // the end of t's context kills it
	box.finish = func(t *testing.T) {
		t.Helper()
		select {
		case <-ended:
		case <-time.After(patience):
			t.Fatalf("the receiver does not end after %d webhooks", count)
		}
		if exit != nil {
			t.Errorf("receiver: %v\n%s", exit, stderr.String())
		}
	}
	if !awaitPort(t, port, ended) {
		t.Fatalf("the receiver ended, or never listened on port %s: %v\n%s", port, exit, stderr.String())
	}
	return box
}

// listenAndVerify saves each webhook and lets the language's verify program check it.
func (s Sample) listenAndVerify(t *testing.T, api API) *inbox {
	t.Helper()
	box := &inbox{lines: make(chan string, 100), finish: func(*testing.T) {}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		said := s.Run(t, api, Call{ //nolint:contextcheck // a program outlives no test
			Program: "verify", Stdin: string(body),
			Args: []string{r.Header.Get("X-NekaPay-Timestamp"), r.Header.Get("X-NekaPay-Signature")},
		})
		if said.ExitCode != 0 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		box.lines <- strings.TrimSpace(said.Stdout)
	}))
	t.Cleanup(server.Close)
	box.url = server.URL + "/webhook"
	return box
}

// expect waits for the line about one verified webhook.
func (b *inbox) expect(t *testing.T, line string, within time.Duration) {
	t.Helper()
	select {
	case got := <-b.lines:
		if got != line {
			t.Fatalf("receiver printed %q, want %q", got, line)
		}
	case <-time.After(within):
		t.Fatalf("no webhook %q within %v", line, within)
	}
}

// expectNothing requires that no webhook arrives within a time.
func (b *inbox) expectNothing(t *testing.T, during time.Duration) {
	t.Helper()
	select {
	case got := <-b.lines:
		t.Errorf("one webhook too many: %q", got)
	case <-time.After(during):
	}
}

// probe sends five webhooks, of which only the last is genuine.
func (b *inbox) probe(t *testing.T, secret string) {
	t.Helper()
	body := `{"event":"transaction.status_changed","transaction_id":"probe","status":"FAILED"}`
	now, stale := time.Now().Unix(), time.Now().Unix()-310
	for _, row := range []struct {
		world     string
		timestamp int64
		signature string
		want      int
	}{
		{"forged", now, Sign("another secret", now, body), http.StatusUnauthorized},
		{"signed for another body", now, Sign(secret, now, body+" "), http.StatusUnauthorized},
		{"stale", stale, Sign(secret, stale, body), http.StatusUnauthorized},
		{"not signed", now, "", http.StatusUnauthorized},
		{"genuine", now, Sign(secret, now, body), http.StatusOK},
	} {
		if got := Deliver(t, b.url, body, row.timestamp, row.signature); got != row.want {
			t.Errorf("a webhook that is %s got %d, want %d", row.world, got, row.want)
		}
	}
	b.expect(t, "probe FAILED", patience)
}

// done waits until the receiver ends and requires that it printed nothing else.
func (b *inbox) done(t *testing.T) {
	t.Helper()
	b.finish(t)
	b.expectNothing(t, 0)
}

// Sign returns the lower-case hex HMAC-SHA256 of the timestamp and the body.
func Sign(secret string, timestamp int64, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(strconv.FormatInt(timestamp, 10) + body))
	return hex.EncodeToString(mac.Sum(nil))
}

// Deliver posts a webhook and returns the receiver's HTTP status. It waits for the 3 s that the
// contract gives a receiver.
func Deliver(t *testing.T, url, body string, timestamp int64, signature string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-NekaPay-Timestamp", strconv.FormatInt(timestamp, 10))
	req.Header.Set("X-NekaPay-Signature", signature)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Errorf("deliver to %s: %v", url, err)
		return 0
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	return resp.StatusCode
}

// freePort returns an unused TCP port.
func freePort(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}

// awaitPort waits until a program listens on port, and reports whether one does.
func awaitPort(t *testing.T, port string, ended <-chan struct{}) bool {
	t.Helper()
	dialer := net.Dialer{Timeout: time.Second}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		select {
		case <-ended:
			return false
		default:
		}
		conn, err := dialer.DialContext(t.Context(), "tcp", "127.0.0.1:"+port)
		if err != nil {
			continue
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		return true
	}
	return false
}
