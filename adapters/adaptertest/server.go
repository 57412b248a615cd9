package adaptertest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Response is one response of a Server.
type Response struct {
	Status int
	Body   string
	Hold   <-chan struct{} // when set, the response waits for it
	Takes  time.Duration   // the delay before it is sent
}

// Respond returns an Response without delay.
func Respond(status int, body string) Response { return Response{Status: status, Body: body} }

// RecordedRequest is one recorded request.
type RecordedRequest struct {
	Method, Path, Body string // the path with its query
	Header             http.Header
}

// Server records the requests it reads and responds by path. It gives each of several
// answers to one path once, and repeats the last. The answers of the path "" serve every
// path without its own.
type Server struct {
	*httptest.Server

	mu      sync.Mutex
	answers map[string][]Response
	read    []RecordedRequest
}

// NewServer starts a server that ends with the test. A path without answers gets that of
// defaults, and otherwise 404.
func NewServer(t *testing.T, answers map[string][]Response, defaults map[string]Response) *Server {
	t.Helper()
	s := &Server{answers: map[string][]Response{"": {Respond(http.StatusNotFound, "")}}}
	for path, one := range defaults {
		s.answers[path] = []Response{one}
	}
	for path, some := range answers {
		s.answers[path] = some
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		next := s.take(RecordedRequest{r.Method, r.URL.RequestURI(), string(body), r.Header}, r.URL.EscapedPath())
		if next.Hold != nil {
			<-next.Hold
		}
		time.Sleep(next.Takes)
		w.WriteHeader(next.Status)
		w.Write([]byte(next.Body))
	}))
	t.Cleanup(s.Close)
	return s
}

// take records a request and returns its response.
func (s *Server) take(l RecordedRequest, path string) Response {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read = append(s.read, l)
	queue, scripted := s.answers[path]
	if !scripted {
		path = ""
		queue = s.answers[path]
	}
	if len(queue) > 1 {
		s.answers[path] = queue[1:]
	}
	return queue[0]
}

// SetResponse replaces the answers to a path by one.
func (s *Server) SetResponse(path string, a Response) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[path] = []Response{a}
}

// Requests returns the requests recorded so far.
func (s *Server) Requests() []RecordedRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]RecordedRequest(nil), s.read...)
}

// RequestsTo returns the requests recorded so far on a path, with any query.
func (s *Server) RequestsTo(path string) []RecordedRequest {
	var found []RecordedRequest
	for _, l := range s.Requests() {
		if asked, _, _ := strings.Cut(l.Path, "?"); asked == path {
			found = append(found, l)
		}
	}
	return found
}
