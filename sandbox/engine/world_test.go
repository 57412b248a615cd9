package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pirogue/sandbox/engine"
)

// patience bounds the wait for another goroutine.
const patience = 10 * time.Second

// shop is an engine with the smallest possible API. It has a merchant who receives callbacks,
// and a clock that the test moves.
type shop struct {
	t     *testing.T
	clock *engine.VirtualClock
	till  *engine.Engine
	wire  http.Handler
	url   string

	mu     sync.Mutex
	heard  []engine.Order
	onHear func(engine.Order)
	number int
}

// newShop starts a shop. change may modify the engine's options first.
func newShop(t *testing.T, change ...func(*engine.Config)) *shop {
	t.Helper()
	s := &shop{t: t, clock: engine.NewVirtualClock(noon, 0), till: &engine.Engine{}}
	inbox := httptest.NewServer(http.HandlerFunc(s.hear))
	t.Cleanup(inbox.Close)
	options := engine.Config{
		Options: engine.Options{PublicURL: "http://shop.example", Clock: s.clock},
		Quirks:  map[string]string{"forgets": "Answers 404 to every status call"},
		Refusals: map[error]engine.Refusal{
			engine.ErrFull: no(http.StatusConflict, "keeps no more"), engine.ErrDown: no(http.StatusServiceUnavailable, "down"),
			engine.ErrInternal: no(http.StatusInternalServerError, "broken"),
		},
		Callback: func(o engine.Order) engine.Notification { return s.till.Notification(inbox.URL, nil, o) },
	}
	for _, c := range change {
		c(&options)
	}
	if err := s.till.Start(options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.closes)
	s.wire = s.routes()
	server := httptest.NewServer(s.wire)
	t.Cleanup(server.Close)
	t.Cleanup(s.closes) // before the server, which waits for calls that hang
	s.url = server.URL
	return s
}

// closes closes the engine. Closing twice is harmless.
func (s *shop) closes() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.till.Close(ctx); err != nil {
		s.t.Errorf("the till does not close: %v", err)
	}
}

// routes serves POST /in and POST /out, GET /book and /switches.
func (s *shop) routes() http.Handler {
	call := func(open func(engine.Order) (engine.Order, error)) engine.Call {
		return func(w http.ResponseWriter, r *http.Request) error {
			o, err := open(s.read(r))
			if err == nil {
				s.till.ReplyToOpening(w, r, o, http.StatusCreated, o)
			}
			return err
		}
	}
	return s.till.Mux(map[string]engine.Call{"POST /in": call(s.till.OpenCollection), "POST /out": call(s.till.OpenPayout)})
}

// no returns a refusal of the shop.
func no(status int, word string) engine.RefusedWith {
	return engine.RefusedWith{Status: status, Body: map[string]string{"error": word}}
}

// read returns the order in a call's body.
func (s *shop) read(r *http.Request) engine.Order {
	var o engine.Order
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		s.t.Error(err)
	}
	return o
}

// hear stores a callback.
func (s *shop) hear(_ http.ResponseWriter, r *http.Request) {
	o := s.read(r)
	s.mu.Lock()
	s.heard = append(s.heard, o)
	s.mu.Unlock()
	if s.onHear != nil {
		s.onHear(o)
	}
}

// ends closes the engine, which delivers queued callbacks. It returns the state in each
// callback.
func (s *shop) ends() []engine.State {
	s.t.Helper()
	s.closes()
	s.mu.Lock()
	defer s.mu.Unlock()
	states := []engine.State{}
	for _, o := range s.heard {
		states = append(states, o.State)
	}
	return states
}

// asks returns an order of 1501 francs for a number, under an identifier of its own.
func (s *shop) asks(msisdn string) engine.Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.number++
	id := fmt.Sprintf("T%d", s.number)
	return engine.Order{ID: id, Reference: "R-" + id, MSISDN: msisdn, Asked: 1501, Currency: "XOF"}
}

// posts makes one call. It returns its status and body, or the error that broke it off.
func (s *shop) posts(path string, body any) (int, string, error) {
	s.t.Helper()
	raw, isText := body.(string)
	if !isText {
		encoded, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		raw = string(encoded)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, strings.NewReader(raw))
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(answer), err
}

// set changes settings over HTTP, which must succeed.
func (s *shop) set(settings string) {
	s.t.Helper()
	if status, body, err := s.posts("/switches", settings); err != nil || status != http.StatusOK {
		s.t.Fatalf("setting %s answers %d %s %v", settings, status, body, err)
	}
}

// opens makes one call that must succeed. It returns when everything is done that belongs
// to the call: over HTTP its callback is sent after the response.
func (s *shop) opens(path string, o engine.Order) engine.Order {
	s.t.Helper()
	raw, err := json.Marshal(o)
	if err != nil {
		s.t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.wire.ServeHTTP(w, httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, path, bytes.NewReader(raw)))
	if w.Code != http.StatusCreated {
		s.t.Fatalf("%s answers %d %s", path, w.Code, w.Body)
	}
	return s.kept(o.ID)
}

// kept returns the stored order.
func (s *shop) kept(id string) engine.Order {
	s.t.Helper()
	o, found := s.till.Order(id)
	if !found {
		s.t.Fatalf("there is no order %s", id)
	}
	return o
}

// stands fails the test if an order is not in the wanted state.
func (s *shop) stands(id string, want engine.State) {
	s.t.Helper()
	if got := s.kept(id).State; got != want {
		s.t.Errorf("%s is %s, want %s", id, got, want)
	}
}

// heardOf waits until the merchant has received so many callbacks.
func (s *shop) heardOf(times int) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	count := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.heard)
	}
	for count() < times {
		if time.Now().After(deadline) {
			s.t.Fatalf("the merchant heard %d times, want %d", count(), times)
		}
		time.Sleep(time.Millisecond)
	}
}

// moved returns the amounts in the book.
func (s *shop) moved() []int64 {
	amounts := []int64{}
	for _, p := range s.till.Book() {
		amounts = append(amounts, p.Amount)
	}
	return amounts
}

// equal fails the test if two lists differ.
func equal[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
