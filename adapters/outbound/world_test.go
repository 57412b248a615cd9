package outbound

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// world is a TCP server that plays a script on every connection and counts the
// requests it read to their last byte.
type world struct {
	url         string
	read        atomic.Int32 // whole requests
	connections atomic.Int32
}

// script is what the world does on its n-th connection, counted from 1.
type script func(w *world, n int, c net.Conn, in *bufio.Reader)

// newWorld opens the world on a port of this machine until the test ends.
func newWorld(t *testing.T, play script) *world {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closes(listener) })
	w := &world{url: "http://" + listener.Addr().String()}
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer closes(c)
				play(w, int(w.connections.Add(1)), c, bufio.NewReader(c))
			}()
		}
	}()
	return w
}

// request reads one request and reports whether it came whole.
func (w *world) request(in *bufio.Reader) bool {
	req, err := http.ReadRequest(in)
	if err != nil {
		return false
	}
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return false
	}
	w.read.Add(1)
	return true
}

// says reads one request, answers it with raw bytes and closes.
func says(raw string) script {
	return func(w *world, _ int, c net.Conn, in *bufio.Reader) {
		if w.request(in) {
			tells(c, raw)
		}
	}
}

// resets closes a connection with RST instead of FIN.
func resets(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok && tcp.SetLinger(0) == nil {
		closes(c)
	}
}

// tells writes raw bytes and reports whether they could be written.
func tells(w io.Writer, raw string) bool {
	_, err := io.WriteString(w, raw)
	return err == nil
}

// waits reads until the other side says something more or goes away, and reports
// which.
func waits(in *bufio.Reader) bool {
	_, err := in.ReadByte()
	return err == nil
}

// closes closes what may have been closed before.
func closes(c io.Closer) { c.Close() }

// newClient returns a client of the world at url that is patient for long enough.
func newClient(t *testing.T, url string, patience time.Duration) *Client {
	t.Helper()
	c, err := New(Options{Name: "test", BaseURL: url, Timeout: patience, Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.transport.CloseIdleConnections)
	return c
}

// closedPort returns an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer closes(listener)
	return "http://" + listener.Addr().String()
}
