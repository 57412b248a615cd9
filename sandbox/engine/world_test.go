package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
)

// patience bounds the wait for another goroutine.
const patience = 10 * time.Second

// world is an engine with the smallest possible API. It has a merchant who receives callbacks,
// and a clock that the test moves.
type world struct {
	t       *testing.T
	clock   *engine.VirtualClock
	engine  *engine.Engine
	handler http.Handler
	url     string

	mu         sync.Mutex
	callbacks  []engine.Order
	onCallback func(engine.Order)
	number     int
}

// newWorld starts a world. change may modify the engine's options first.
func newWorld(t *testing.T, change ...func(*engine.Config)) *world {
	t.Helper()
	s := &world{t: t, clock: engine.NewVirtualClock(noon, 0), engine: &engine.Engine{}}
	inbox := httptest.NewServer(http.HandlerFunc(s.receiveCallback))
	t.Cleanup(inbox.Close)
	options := engine.Config{
		Options: engine.Options{PublicURL: "http://sandbox.example", Clock: s.clock},
		Quirks:  map[string]string{"forgets": "Answers 404 to every status call"},
		Refusals: map[error]engine.Refusal{
			engine.ErrFull:     refusal(http.StatusConflict, "keeps no more"),
			engine.ErrDown:     refusal(http.StatusServiceUnavailable, "down"),
			engine.ErrInternal: refusal(http.StatusInternalServerError, "broken"),
		},
		Callback: func(o engine.Order) engine.Notification { return s.engine.Notification(inbox.URL, nil, o) },
	}
	for _, c := range change {
		c(&options)
	}
	require.NoError(t, s.engine.Start(options))
	t.Cleanup(s.close)
	s.handler = s.routes()
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)
	t.Cleanup(s.close) // before the server, which waits for calls that hang
	s.url = server.URL
	return s
}

// close closes the engine. Closing twice is harmless.
func (s *world) close() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(s.t, s.engine.Close(ctx))
}

// routes serves POST /in and POST /out, GET /book and /switches.
func (s *world) routes() http.Handler {
	call := func(open func(engine.Order) (engine.Order, error)) engine.Call {
		return func(w http.ResponseWriter, r *http.Request) error {
			o, err := open(s.read(r))
			if err == nil {
				s.engine.ReplyToOpening(w, r, engine.JSONReply(o, http.StatusCreated, o))
			}
			return err
		}
	}
	return s.engine.Mux(map[string]engine.Call{
		"POST /in": call(s.engine.OpenCollection), "POST /out": call(s.engine.OpenPayout),
	})
}

// refusal returns a refusal of the operator.
func refusal(status int, word string) engine.RefusedWith {
	return engine.RefusedWith{Status: status, Body: map[string]string{"error": word}}
}

// read returns the order in a call's body.
func (s *world) read(r *http.Request) engine.Order {
	var o engine.Order
	require.NoError(s.t, json.NewDecoder(r.Body).Decode(&o))
	return o
}

// receiveCallback stores a callback.
func (s *world) receiveCallback(_ http.ResponseWriter, r *http.Request) {
	o := s.read(r)
	s.mu.Lock()
	s.callbacks = append(s.callbacks, o)
	s.mu.Unlock()
	if s.onCallback != nil {
		s.onCallback(o)
	}
}

// callbackStates closes the engine, which delivers queued callbacks. It returns the state in each
// callback.
func (s *world) callbackStates() []engine.State {
	s.t.Helper()
	s.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	states := []engine.State{}
	for _, o := range s.callbacks {
		states = append(states, o.State)
	}
	return states
}

// newOrder returns an order of 1501 francs for a number, under an identifier of its own.
func (s *world) newOrder(msisdn string) engine.Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.number++
	id := fmt.Sprintf("T%d", s.number)
	return engine.Order{ID: id, Reference: "R-" + id, MSISDN: msisdn, Asked: 1501, Currency: "XOF"}
}

// post makes one call. It returns its status and body, or the error that broke it off.
func (s *world) post(path string, body any) (int, string, error) {
	s.t.Helper()
	raw, isText := body.(string)
	if !isText {
		encoded, err := json.Marshal(body)
		require.NoError(s.t, err)
		raw = string(encoded)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, strings.NewReader(raw))
	require.NoError(s.t, err)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(answer), err
}

// set changes settings over HTTP, which must succeed.
func (s *world) set(settings string) {
	s.t.Helper()
	status, body, err := s.post("/switches", settings)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusOK, status, body)
}

// open makes one call that must succeed. It returns when everything is done that belongs
// to the call: over HTTP its callback is sent after the response.
func (s *world) open(path string, o engine.Order) engine.Order {
	s.t.Helper()
	raw, err := json.Marshal(o)
	require.NoError(s.t, err)
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, path, bytes.NewReader(raw)))
	require.Equal(s.t, http.StatusCreated, w.Code)
	return s.order(o.ID)
}

// order returns the stored order.
func (s *world) order(id string) engine.Order {
	s.t.Helper()
	o, found := s.engine.Order(id)
	require.True(s.t, found, "there is no order %s", id)
	return o
}

// expectState fails the test if an order is not in the wanted state.
func (s *world) expectState(id string, want engine.State) {
	s.t.Helper()
	require.Equal(s.t, want, s.order(id).State)
}

// awaitCallbacks waits until the merchant has received so many callbacks.
func (s *world) awaitCallbacks(times int) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	count := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.callbacks)
	}
	for count() < times {
		require.False(s.t, time.Now().After(deadline), "the merchant heard %d times, want %d", count(), times)
		time.Sleep(time.Millisecond)
	}
}

// bookedAmounts returns the amounts in the book.
func (s *world) bookedAmounts() []int64 {
	amounts := []int64{}
	for _, p := range s.engine.Book() {
		amounts = append(amounts, p.Amount)
	}
	return amounts
}
