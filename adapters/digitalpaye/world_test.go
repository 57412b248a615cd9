package digitalpaye_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"pirogue/config"
)

// authPath is what every instance asks before its first call.
const authPath = "/v1/auth"

// server takes down what it reads and answers by path, in the given order.
type server struct {
	*httptest.Server
	t *testing.T

	mu      sync.Mutex
	answers map[string][]answer
	read    []letter
}

// answer is one answer; the last of a path's is repeated.
type answer struct {
	status int
	body   string
}

// letter is one request as it left.
type letter struct {
	Method, Path, Body string
	Header             http.Header
}

func newServer(t *testing.T, answers map[string][]answer) *server {
	t.Helper()
	s := &server{t: t, answers: answers}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// at returns a configuration of a shape that reaches the server.
func (s *server) at(shape string) config.Operator {
	conf := ivory
	conf.BaseURL, conf.Shape = s.URL, shape
	return conf
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	next := s.take(letter{r.Method, r.URL.RequestURI(), string(body), r.Header}, r.URL.EscapedPath())
	w.WriteHeader(next.status)
	w.Write([]byte(next.body))
}

// take takes a request down and returns its answer: a token, or not found, where the
// test says nothing else.
func (s *server) take(l letter, path string) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read = append(s.read, l)
	queue, scripted := s.answers[path]
	switch {
	case !scripted && path == authPath:
		return answer{200, `{"statusCode":200,"message":"Successful","data":{"token":"at-1","exp":600}}`}
	case !scripted:
		return notFound
	}
	if len(queue) > 1 {
		s.answers[path] = queue[1:]
	}
	return queue[0]
}

// letters returns what was read so far beside questions for a token.
func (s *server) letters() []letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []letter
	for _, l := range s.read {
		if l.Path != authPath {
			found = append(found, l)
		}
	}
	return found
}

// auths returns the questions for a token.
func (s *server) auths() []letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []letter
	for _, l := range s.read {
		if l.Path == authPath {
			found = append(found, l)
		}
	}
	return found
}

// paths returns where the questions went.
func (s *server) paths() []string {
	var paths []string
	for _, l := range s.letters() {
		paths = append(paths, l.Method+" "+l.Path)
	}
	return paths
}

var notFound = answer{404, `{"code_status":404,"statusCode":404,"status":"ERROR","message":"NotFoundError"}`}

// good returns a good answer around data, in both spellings.
func good(data string) answer {
	return answer{200, `{"code_status":200,"statusCode":200,"status":"SUCCESSFUL","message":"Successful","data":` + data + `}`}
}

// list returns a page of rows.
func list(rows ...string) answer { return good("[" + strings.Join(rows, ",") + "]") }

// row returns a transaction in snake_case.
func row(id, named, status string) string {
	return `{"ref":"` + named + `","transaction_id":"` + id + `","number_user":"+2250700000001","currency":"XOF","amount":"5000",` +
		`"fees":"7.5","amount_total":"5007.5","status":"` + status + `","type_payment":"ORANGE_MONEY_CI","date":"2026-01-02 03:04:05"}`
}
