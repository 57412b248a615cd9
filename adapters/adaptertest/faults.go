package adaptertest

import (
	"compress/gzip"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/operator"
)

const (
	patient   = 10 * time.Second
	impatient = time.Second
	slack     = 2 * time.Second // beyond the time-out, for a busy machine
	flood     = 50 << 20        // bytes
	floodRead = 16 << 20        // bytes a flood may send: the client's 1 MiB and both kernels' buffers
)

// fault is a failure after the operator read the request. The result of each is Unknown,
// because the operator may have executed it.
type fault struct {
	handler  http.HandlerFunc
	patience time.Duration
}

// emptyList names the only fault that is a valid response to a method which reads lists.
const emptyList = "answers a list"

// after returns the result that a method must derive from a fault.
func (s Suite) after(call Call, fault string) Case {
	if outcome, reads := s.EmptyList[call]; reads && fault == emptyList {
		return Case{Outcome: outcome}
	}
	return Case{Code: operator.Unknown}
}

// faults returns the failures that any operator's server or network can show.
func faults(good Reply, body []byte) map[string]fault {
	return map[string]fault{
		"closes the connection":        {hangUp(false), patient},
		"resets the connection":        {hangUp(true), patient},
		"is silent":                    {silent, impatient},
		"answers one byte a second":    {drip, impatient},
		"breaks off the answer":        {breakOff(body), patient},
		"answers a page":               {respondWith(200, "<html><body>Welcome to our Wi-Fi</body></html>"), patient},
		"answers nothing":              {respondWith(200, ""), patient},
		"answers half a JSON":          {respondWith(good.Status, string(body[:len(body)/2])), patient},
		"answers null":                 {respondWith(good.Status, "null"), patient},
		"answers an empty object":      {respondWith(good.Status, "{}"), patient},
		emptyList:                      {respondWith(good.Status, "[]"), patient},
		"answers a page for a refusal": {respondWith(403, "<html>Forbidden by proxy</html>"), patient},
		"answers 500":                  {respondWith(500, `{"code":60,"message":"internal"}`), patient},
		"answers 502":                  {respondWith(502, "<html>Bad gateway</html>"), patient},
		"answers 504":                  {respondWith(504, ""), patient},
		"answers compressed, unasked":  {squeezed(good.Status, body), patient},
	}
}

// runFaults runs the faults and the unreachable addresses against one method.
func (s Suite) runFaults(t *testing.T, call Call) {
	t.Helper()
	good := s.Good[call]
	for name, f := range faults(good, s.file(t, good.File)) {
		t.Run("reads and "+name, func(t *testing.T) {
			t.Parallel()
			n := newFakeOperator(t, s)
			operator := s.open(t, n.server.URL, f.patience)
			s.warm(t, n, operator, call)
			n.handle(f.handler)
			start := time.Now()
			got, err := s.call(t, operator, Case{Call: call})
			s.check(t, s.after(call, name), got, err)
			took := time.Since(start)
			require.LessOrEqual(t, took, f.patience+slack)
			received := n.count()
			require.Equal(t, 1, received)
		})
	}
	t.Run("reads and redirects", func(t *testing.T) { s.redirects(t, call) })
	t.Run("reads and answers 50 MB", func(t *testing.T) { s.floods(t, call) })
	t.Run("cannot be reached", func(t *testing.T) { s.unreachable(t, call) })
	t.Run("goes away", func(t *testing.T) { s.goesAway(t, call) })
	s.bounds(t, call)
}

// warm makes one good call. The prelude is then over, and the next call uses a kept
// connection.
func (s Suite) warm(t *testing.T, n *fakeOperator, operator operator.Operator, call Call) {
	t.Helper()
	n.respond(s.Good[call].Status, s.file(t, s.Good[call].File))
	_, err := s.call(t, operator, Case{Call: call})
	require.NoError(t, err)
}

// redirects answers with a redirect to another server, which must receive no request.
func (s Suite) redirects(t *testing.T, call Call) {
	t.Helper()
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		var followed atomic.Bool
		elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Store(true) }))
		n := newFakeOperator(t, s)
		n.handle(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, status) })
		got, err := s.call(t, s.open(t, n.server.URL, patient), Case{Call: call})
		s.check(t, Case{Code: operator.Unknown}, got, err)
		elsewhere.Close()
		require.False(t, followed.Load(), "the redirect %d was followed", status)
	}
}

// floods answers with endless spaces, which are valid JSON, and counts the bytes sent.
func (s Suite) floods(t *testing.T, call Call) {
	t.Helper()
	t.Parallel()
	var pushed atomic.Int64
	n := newFakeOperator(t, s)
	n.handle(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(s.Good[call].Status)
		for chunk := []byte(strings.Repeat(" ", 64<<10)); pushed.Load() < flood; pushed.Add(int64(len(chunk))) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	got, err := s.call(t, s.open(t, n.server.URL, patient), Case{Call: call})
	s.check(t, Case{Code: operator.Unknown}, got, err)
	n.server.Close() // waits for the flood to end
	require.LessOrEqual(t, pushed.Load(), int64(floodRead))
}

// unreachable calls addresses where no server listens.
func (s Suite) unreachable(t *testing.T, call Call) {
	t.Helper()
	n := newFakeOperator(t, s)
	n.respond(s.Good[call].Status, s.file(t, s.Good[call].File))
	addresses := map[string]string{
		"the port is closed":        closedPort(t),
		"the name does not exist":   "http://pirogue.invalid",
		"the port speaks no TLS":    strings.Replace(n.server.URL, "http", "https", 1),
		"nothing behind a TLS port": strings.Replace(closedPort(t), "http", "https", 1),
	}
	for name, address := range addresses {
		t.Run(name, func(t *testing.T) {
			got, err := s.call(t, s.open(t, address, patient), Case{Call: call})
			s.check(t, Case{Code: operator.NotSent}, got, err)
		})
	}
	received := n.count()
	require.Equal(t, 0, received)
}

// goesAway closes the port after one good call. The prelude is then over, so the call
// itself finds no server.
func (s Suite) goesAway(t *testing.T, call Call) {
	t.Helper()
	t.Parallel()
	n := newFakeOperator(t, s)
	n.server.Config.SetKeepAlivesEnabled(false)
	adapter := s.open(t, n.server.URL, patient)
	s.warm(t, n, adapter, call)
	n.server.Close()
	got, err := s.call(t, adapter, Case{Call: call})
	s.check(t, Case{Code: operator.NotSent}, got, err)
}

// respondWith returns a handler that sends a status and a body.
func respondWith(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		w.Write([]byte(body))
	}
}

// hangUp returns a handler that closes the connection without a response, by RST if reset
// is set.
func hangUp(reset bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		if tcp, ok := c.(*net.TCPConn); ok && reset {
			if err := tcp.SetLinger(0); err != nil {
				panic(err)
			}
		}
		if err := c.Close(); err != nil {
			panic(err)
		}
	}
}

// silent sends nothing until the client disconnects.
func silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// drip sends one space a second until the client disconnects.
func drip(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		if _, err := w.Write([]byte(" ")); err != nil {
			return
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
		time.Sleep(time.Second)
	}
}

// abortExport sends a good response without its last byte.
func breakOff(body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Write(body[:len(body)-1])
		if err := http.NewResponseController(w).Flush(); err != nil {
			panic(err)
		}
		panic(http.ErrAbortHandler)
	}
}

// squeezed sends a good response compressed with gzip.
func squeezed(status int, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(status)
		z := gzip.NewWriter(w)
		_, err := z.Write(body)
		if err := errors.Join(err, z.Close()); err != nil {
			panic(err)
		}
	}
}

// closedPort returns an address where no server listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	err = listener.Close()
	require.NoError(t, err)
	return "http://" + listener.Addr().String()
}
