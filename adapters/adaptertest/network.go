package adaptertest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// network plays the operator over HTTP. It gives good responses to the prelude, and the
// row's response to every other request.
type network struct {
	server  *httptest.Server
	prelude map[string]Answer // set before the first request

	mu      sync.Mutex
	handler http.HandlerFunc
	heard   int // requests besides the prelude, read to their end
	asked   int // requests of the prelude
}

// newNetwork starts the server. It ends with the test.
func newNetwork(t *testing.T, s Subject) *network {
	t.Helper()
	n := &network{prelude: make(map[string]Answer, len(s.Prelude))}
	for path, name := range s.Prelude {
		n.prelude[path] = Says(http.StatusOK, string(s.file(t, name)))
	}
	n.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		if said, ok := n.prelude[r.URL.Path]; ok {
			n.mu.Lock()
			n.asked++
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
func (n *network) next() http.HandlerFunc {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.heard++
	return n.handler
}

// play sets the handler of the following requests and resets the count.
func (n *network) play(handler http.HandlerFunc) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.handler, n.heard = handler, 0
}

// say sets a status and a body as the response to the following requests.
func (n *network) say(status int, body []byte) {
	n.play(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		w.Write(body)
	})
}

// count returns the number of requests since play, without the prelude.
func (n *network) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.heard
}

// everything returns the number of requests since play, and all those of the prelude.
func (n *network) everything() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.heard + n.asked
}
