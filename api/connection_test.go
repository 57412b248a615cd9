package api_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/api/apitest"
)

// memoryListener is a listener with one connection in memory, so that tests of slow clients take no time.
type memoryListener struct {
	connections chan net.Conn
	closed      chan struct{}
}

func (w memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-w.connections:
		return c, nil
	case <-w.closed:
		return nil, net.ErrClosed
	}
}

func (w memoryListener) Close() error   { close(w.closed); return nil }
func (w memoryListener) Addr() net.Addr { return &net.TCPAddr{} }

// connect returns the client's end of a connection to the world's real server.
func connect(t *testing.T, w *world) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	line := memoryListener{connections: make(chan net.Conn, 1), closed: make(chan struct{})}
	line.connections <- server
	s := w.server.HTTPServer("")
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(line) }()
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		require.ErrorIs(t, <-ended, http.ErrServerClosed)
		require.NoError(t, client.Close())
	})
	return client
}

// signedHead returns the head of a signed cash-in that announces a body of length bytes.
func signedHead(w *world, body string, length int) string {
	stamp := strconv.FormatInt(w.now().Unix(), 10)
	return "POST /api/v1/payments/cashin HTTP/1.1\r\nHost: pay.example\r\nContent-Type: application/json\r\n" +
		"X-NekaPay-Key: " + w.test.Public + "\r\nX-NekaPay-Timestamp: " + stamp + "\r\n" +
		"X-NekaPay-Signature: " + apitest.Sign(w.test.Secrets[0].Text, stamp, body) + "\r\n" +
		"Content-Length: " + strconv.Itoa(length) + "\r\n\r\n"
}

func TestConnection(t *testing.T) {
	t.Parallel()

	t.Run("slow_client", testConnectionSlowClient)
	t.Run("long_poll", testConnectionLongPoll)
	t.Run("short_body", testConnectionShortBody)
	t.Run("bulk_without_key", testConnectionBulkWithoutKey)
}

func testConnectionSlowClient(t *testing.T) { // rows 28, 78
	t.Parallel()
	for name, head := range map[string]func(*world) string{
		"while it sends its headers": func(*world) string {
			return "POST /api/v1/payments/cashin HTTP/1.1\r\nHost: x\r\nX-Slow: "
		},
		"while it sends its body": func(w *world) string { return signedHead(w, order("o"), 60_000) },
		"while it calls back": func(*world) string {
			return "POST /callbacks/orange-web-ml/x HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				client := connect(t, w)
				began := time.Now()
				var writer sync.WaitGroup
				defer writer.Wait()
				writer.Go(func() {
					if _, err := io.WriteString(client, head(w)); err != nil {
						return
					}
					for { // one byte a second, until the server closes the connection
						time.Sleep(time.Second)
						if _, err := io.WriteString(client, "x"); err != nil {
							return
						}
					}
				})
				_, err := io.Copy(io.Discard, client)
				require.NoError(t, err)
				require.LessOrEqual(t, time.Since(began), 11*time.Second)
				require.Empty(t, w.store.all())
			})
		})
	}
}

func testConnectionLongPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.accepted("order_001")
		client := connect(t, w)
		r := w.request(w.test, http.MethodGet, "/api/v1/payments/"+string(p.ID)+"?wait=25", "")
		go func() {
			if err := r.Write(client); err != nil {
				t.Error(err)
			}
		}()
		began := time.Now()
		resp, err := http.ReadResponse(bufio.NewReader(client), r)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, 25*time.Second, time.Since(began))
	})
}

func testConnectionShortBody(t *testing.T) { // row 28
	t.Parallel()

	w := newWorld(t)
	body := order("order_001")
	r := w.request(w.test, http.MethodPost, "/api/v1/payments/cashin", body)
	r.Body = io.NopCloser(io.MultiReader(bytes.NewBufferString(body), broken{}))
	got := w.do(r)
	got.requireCode(pirogue.InvalidJSON)
	require.Equal(t, "close", got.Header().Get("Connection"))
	require.Empty(t, w.store.all())
}

// Only a request with a valid key may hold a place for a large body. Every other request gets its
// response before the first byte of the body is read.
func testConnectionBulkWithoutKey(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fund("ML", 10_000)
	expired := w.newKey(w.merchant.ID, pirogue.Test)
	expired.Secrets = nil
	for name, row := range map[string]struct {
		header, value string
		code          pirogue.Code
	}{
		"no timestamp":              {"X-NekaPay-Timestamp", "", pirogue.TimestampOutOfRange},
		"an old timestamp":          {"X-NekaPay-Timestamp", "1700000000", pirogue.TimestampOutOfRange},
		"no key":                    {"X-NekaPay-Key", "", pirogue.SignatureInvalid},
		"a key that nobody has":     {"X-NekaPay-Key", "nk_test_nobody", pirogue.SignatureInvalid},
		"a key that is over":        {"X-NekaPay-Key", expired.Public, pirogue.SignatureInvalid},
		"what is no signature":      {"X-NekaPay-Signature", "letmein", pirogue.SignatureInvalid},
		"what is neither":           {"Content-Type", "text/plain", pirogue.UnsupportedMediaType},
		"what must be decompressed": {"Content-Encoding", "gzip", pirogue.UnsupportedMediaType},
	} {
		t.Run(name, func(t *testing.T) {
			w.changeKey(expired)
			r := w.request(w.test, http.MethodPost, "/api/v1"+bulkPath, bulkOf("r", "", bulkLine("a")))
			r.Header.Set(row.header, row.value)
			r.Body = io.NopCloser(broken{})
			w.do(r).requireCode(row.code)
		})
	}
	w.acceptedBulk(bulkOf("r", "", bulkLine("a")))
}

// broken is a connection that ends too early.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
