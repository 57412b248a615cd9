package adaptertest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// network plays the operator's side of the wire: good answers to the prelude, and
// whatever the row says to every other request.
type network struct {
	server  *httptest.Server
	prelude map[string]Answer // set before the first request

	mu      sync.Mutex
	handler http.HandlerFunc
	heard   int // requests beside the prelude, read to their end
	asked   int // requests of the prelude
}

// newNetwork opens the network until the test ends.
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

// next counts a request and returns what answers it.
func (n *network) next() http.HandlerFunc {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.heard++
	return n.handler
}

// play sets what the network does from now on and starts counting anew.
func (n *network) play(handler http.HandlerFunc) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.handler, n.heard = handler, 0
}

// say makes the network answer with a status and a body.
func (n *network) say(status int, body []byte) {
	n.play(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		w.Write(body)
	})
}

// count returns how many requests were read since play.
func (n *network) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.heard
}

// everything returns how many requests were read, those of the prelude too.
func (n *network) everything() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.heard + n.asked
}
