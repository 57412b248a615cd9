package enginetest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// Notice is one notification as it arrived.
type Notice struct {
	Header http.Header
	Raw    string
	Fields Fields
}

// Inbox is the merchant's server. It receives notifications at URL/notif, and customers who
// come back at URL/return and URL/cancel.
type Inbox struct {
	URL      string
	Status   atomic.Int64 // the status of its responses to notifications
	OnNotice func(Notice) // runs before the response; may be nil

	mu      sync.Mutex
	notices []Notice
}

// NewInbox starts an inbox that ends with the test.
func NewInbox(t *testing.T) *Inbox {
	t.Helper()
	in := &Inbox{}
	in.Status.Store(http.StatusOK)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /notif", in.receive)
	for path, greeting := range map[string]string{"GET /return": "welcome back", "GET /cancel": "maybe later"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(greeting)) })
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	in.URL = server.URL
	return in
}

// receive stores a notification and sends the response that the test set.
func (in *Inbox) receive(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	n := Notice{Header: r.Header, Raw: string(raw)}
	if err != nil || json.Unmarshal(raw, &n.Fields) != nil {
		n.Fields = Fields{"status": "unreadable"} // no test expects it
	}
	in.mu.Lock()
	in.notices = append(in.notices, n)
	in.mu.Unlock()
	if in.OnNotice != nil {
		in.OnNotice(n)
	}
	w.WriteHeader(int(in.Status.Load()))
}

// NotifyURL returns the address for notifications.
func (in *Inbox) NotifyURL() string { return in.URL + "/notif" }

// All returns the notifications so far.
func (in *Inbox) All() []Notice {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.notices)
}
