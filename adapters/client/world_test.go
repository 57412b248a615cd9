package client

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/config"
)

// world is a TCP server that runs a script on every connection. It counts the requests that
// it read to their last byte.
type world struct {
	url         string
	read        atomic.Int32 // whole requests
	connections atomic.Int32
}

// script handles the n-th connection of a world, counted from 1.
type script func(w *world, n int, c net.Conn, in *bufio.Reader)

// newWorld starts the world on a port of this machine. It ends with the test.
func newWorld(t *testing.T, play script) *world {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
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

// request reads one request and reports whether it arrived whole.
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

// says returns a script that reads one request, sends raw bytes and closes.
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

// tells writes raw bytes and reports whether the write succeeded.
func tells(w io.Writer, raw string) bool {
	_, err := io.WriteString(w, raw)
	return err == nil
}

// waits reads one byte. It reports false if the other side closed the connection.
func waits(in *bufio.Reader) bool {
	_, err := in.ReadByte()
	return err == nil
}

// closes closes a connection that may be closed already.
func closes(c io.Closer) { c.Close() }

// newClient returns a client of the world at url with the time-out patience.
func newClient(t *testing.T, url string, patience time.Duration) *Client {
	t.Helper()
	c, err := New(&Spec{}, config.Operator{
		Code: "test", BaseURL: url, Timeout: config.Duration(patience), Simulator: true,
	}, nil)
	require.NoError(t, err)
	t.Cleanup(c.transport.CloseIdleConnections)
	return c
}

// closedPort returns an address where no server listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer closes(listener)
	return "http://" + listener.Addr().String()
}
