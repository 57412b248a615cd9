package adaptertest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// fakeOperator plays the operator over HTTP. It gives good responses to the prelude, and the
// row's response to every other request.
type fakeOperator struct {
	server  *httptest.Server
	prelude map[string]Response // set before the first request

	mu           sync.Mutex
	handler      http.HandlerFunc
	calls        int // requests besides the prelude, read to their end
	preludeCalls int // requests of the prelude
}

// newFakeOperator starts the server. It ends with the test.
func newFakeOperator(t *testing.T, s Suite) *fakeOperator {
	t.Helper()
	n := &fakeOperator{prelude: make(map[string]Response, len(s.Prelude))}
	for path, name := range s.Prelude {
		n.prelude[path] = Respond(http.StatusOK, string(s.file(t, name)))
	}
	n.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		if said, ok := n.prelude[r.URL.Path]; ok {
			n.mu.Lock()
			n.preludeCalls++
			n.mu.Unlock()
			w.WriteHeader(said.Status)
			w.Write([]byte(said.Body))
			return
		}
		n.next()(w, r)
	}))
	t.Cleanup(n.server.Close)
	return n
}

// next counts a request and returns its handler.
func (n *fakeOperator) next() http.HandlerFunc {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calls++
	return n.handler
}

// handle sets the handler of the following requests and resets the count.
func (n *fakeOperator) handle(handler http.HandlerFunc) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.handler, n.calls = handler, 0
}

// respond sets a status and a body as the response to the following requests.
func (n *fakeOperator) respond(status int, body []byte) {
	n.handle(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		w.Write(body)
	})
}

// count returns the number of requests since handle, without the prelude.
func (n *fakeOperator) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.calls
}

// everything returns the number of requests since handle, and all those of the prelude.
func (n *fakeOperator) everything() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.calls + n.preludeCalls
}
