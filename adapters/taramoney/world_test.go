package taramoney_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"pirogue/adapters/adaptertest"
	"pirogue/adapters/taramoney"
	"pirogue/config"
)

// tara is a server that takes down what it reads.
type tara struct {
	*httptest.Server

	mu      sync.Mutex
	answers []answer // the last is repeated
	read    []letter
}

// answer is one answer.
type answer struct {
	status int
	body   string
}

// letter is one request as it left.
type letter struct {
	Method, Path, Body string
	Header             http.Header
}

// newTara opens a server that gives the answers in their order.
func newTara(t *testing.T, answers ...answer) *tara {
	t.Helper()
	s := &tara{answers: answers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		next := s.take(letter{r.Method, r.URL.RequestURI(), string(body), r.Header})
		w.WriteHeader(next.status)
		w.Write([]byte(next.body))
	}))
	t.Cleanup(s.Close)
	return s
}

// take takes a request down and returns its answer.
func (s *tara) take(l letter) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read = append(s.read, l)
	next := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	return next
}

// letters returns what was read so far.
func (s *tara) letters() []letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read
}

// at returns a configuration that reaches the server.
func (s *tara) at(conf config.Operator) config.Operator {
	conf.BaseURL = s.URL + "/api/tara"
	return conf
}

// with returns a copy of conf with other credentials, given as name, value, ….
func with(conf config.Operator, pairs ...string) config.Operator {
	conf.Credentials = maps.Clone(conf.Credentials)
	for i := 0; i < len(pairs); i += 2 {
		conf.Credentials[pairs[i]] = pairs[i+1]
	}
	return conf
}

// mobile is the configuration in the shape of mobilepay.
func mobile() config.Operator {
	conf := cameroon
	conf.Shape = "mobilepay"
	return conf
}

// mute is the configuration of an account that may not ask for a status.
func mute() config.Operator {
	conf := cameroon
	conf.NoStatus = true
	return conf
}

// reading returns the operator as the interface R.
func reading[R any](t *testing.T, conf config.Operator) R {
	t.Helper()
	operator, err := taramoney.New(conf, adaptertest.Now)
	if err != nil {
		t.Fatal(err)
	}
	able, ok := operator.(R)
	if !ok {
		t.Fatalf("the operator is no %T", able)
	}
	return able
}
