// Package enginetest provides the environment of simulator tests. It has a server, whose simulator
// a restart replaces, and a merchant with an inbox. The test moves its clock, and it has a browser.
// It also has the rows that every simulator must pass.
package enginetest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
)

// Morning is the time at which every test begins.
var Morning = time.Date(2026, 3, 12, 9, 30, 0, 0, time.UTC)

// Patience bounds the wait for another goroutine.
const Patience = 10 * time.Second

// noReplyTimeout is the time-out of a call whose response does not come.
const noReplyTimeout = 300 * time.Millisecond

// Simulator is the simulator under test.
type Simulator interface {
	Handler() http.Handler
	Book() []engine.BookEntry
	Close(ctx context.Context) error
}

// World is one simulator, a merchant who uses it, and a clock that the test moves.
type World[S Simulator] struct {
	T      *testing.T
	Clock  *engine.VirtualClock
	Sim    S
	URL    string
	Inbox  *Inbox
	Client *http.Client // follows no redirect

	serving atomic.Pointer[http.Handler] // the handler behind URL; replaced by a restart
	busy    atomic.Int64                 // calls under way in the handler
}

// NewWorld returns a world without a simulator; Start adds one.
func NewWorld[S Simulator](t *testing.T) *World[S] {
	t.Helper()
	w := &World[S]{T: t, Clock: engine.NewVirtualClock(Morning, 0), Inbox: NewInbox(t)}
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		w.busy.Add(1)
		defer w.busy.Add(-1)
		(*w.serving.Load()).ServeHTTP(answer, r)
	}))
	t.Cleanup(server.Close)
	w.URL = server.URL
	w.Client = &http.Client{
		Timeout: Patience,
		// On a reused connection net/http repeats some calls by itself.
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return w
}

// Start runs a simulator on the world's address, in place of any other.
func (w *World[S]) Start(sim S, err error) {
	w.T.Helper()
	require.NoError(w.T, err)
	w.T.Cleanup(func() { Close(w.T, sim) })
	w.Sim = sim
	w.Serve(sim.Handler())
}

// Options returns the options of a simulator in this world.
func (w *World[S]) Options() engine.Options { return engine.Options{PublicURL: w.URL, Clock: w.Clock} }

// Run starts a simulator with options that the test may change.
func Run[O any, S Simulator](w *World[S], open func(O) (S, error), options O, change []func(*O)) {
	w.T.Helper()
	for _, c := range change {
		c(&options)
	}
	w.Start(open(options))
}

// Serve puts a handler behind the world's address.
func (w *World[S]) Serve(handler http.Handler) { w.serving.Store(&handler) }

// Kill abandons the simulator as kill -9 does: it closes nothing, and the simulator's clock
// stops for ever. The world continues on another clock, later by down.
func (w *World[S]) Kill(down time.Duration) {
	w.Clock = engine.NewVirtualClock(w.Clock.Now().Add(down), 0)
}

// Close closes a simulator. Closing twice is harmless.
func Close(t *testing.T, sim Simulator) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	require.NoError(t, sim.Close(ctx))
}

// Eventually waits until right is true, at most Patience. It reports whether that happened.
func Eventually(right func() bool) bool {
	for deadline := time.Now().Add(Patience); !right(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// Request returns a request to a path of the world, or to a whole address. A text body is
// sent unchanged; any other is encoded as JSON, and nil is no body.
func (w *World[S]) Request(method, path string, body any) *http.Request {
	w.T.Helper()
	raw, isRaw := body.(string)
	if !isRaw && body != nil {
		encoded, err := json.Marshal(body)
		require.NoError(w.T, err)
		raw = string(encoded)
	}
	if strings.HasPrefix(path, "/") {
		path = w.URL + path
	}
	req, err := http.NewRequestWithContext(w.T.Context(), method, path, strings.NewReader(raw))
	require.NoError(w.T, err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

// Form returns a form as a browser sends it, with fields as pairs of name and value.
func (w *World[S]) Form(path string, pairs ...string) *http.Request {
	w.T.Helper()
	form := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		form.Add(pair[0], pair[1])
	}
	req := w.Request(http.MethodPost, path, form.Encode())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

// Response is one HTTP response.
type Response struct {
	Status int
	Header http.Header
	Body   string
}

// Fetch makes a call that must get a response. It returns when every call has ended. A call
// schedules actions after its response has left, so the clock must not move before.
func (w *World[S]) Fetch(req *http.Request) Response {
	w.T.Helper()
	resp, err := w.Client.Do(req) //nolint:gosec // the test says where to
	require.NoError(w.T, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(w.T, err)
	w.awaitIdle()
	return Response{resp.StatusCode, resp.Header, string(body)}
}

// Visit fetches an address like a browser without a preferred language.
func (w *World[S]) Visit(address string) Response {
	w.T.Helper()
	return w.Fetch(w.Request(http.MethodGet, address, nil))
}

// Submit sends a form and returns the response.
func (w *World[S]) Submit(path string, pairs ...string) Response {
	w.T.Helper()
	return w.Fetch(w.Form(path, pairs...))
}

// awaitIdle waits until the handler has returned from every call.
func (w *World[S]) awaitIdle() {
	w.T.Helper()
	require.True(w.T, Eventually(func() bool { return w.busy.Load() == 0 }), "a call does not return")
}

// FetchJSON decodes the JSON of a response and returns its status.
func (w *World[S]) FetchJSON(req *http.Request, reply any) int {
	w.T.Helper()
	got := w.Fetch(req)
	require.NoError(w.T, json.Unmarshal([]byte(got.Body), reply))
	return got.Status
}

// FetchObject returns the status and the JSON object of a response.
func (w *World[S]) FetchObject(req *http.Request) (int, Fields) {
	w.T.Helper()
	var reply Fields
	return w.FetchJSON(req, &reply), reply
}

// ExpectReplies makes calls in their order. A row holds a call, such as `POST /orders {"id":"A"}`,
// and the beginning of its response, such as `200 {"id":"A"`. Every call has the header.
func (w *World[S]) ExpectReplies(header http.Header, rows [][2]string) {
	w.T.Helper()
	for _, row := range rows {
		method, rest, _ := strings.Cut(row[0], " ")
		path, body, _ := strings.Cut(rest, " ")
		req := w.Request(method, path, body)
		for name, values := range header {
			req.Header[name] = values
		}
		w.ExpectReply(req, row[1])
	}
}

// ExpectReply makes a call and checks the beginning of its response: the status, then the body.
func (w *World[S]) ExpectReply(req *http.Request, want string) {
	w.T.Helper()
	got := w.Fetch(req)
	says := strconv.Itoa(got.Status) + " " + got.Body
	require.True(w.T, strings.HasPrefix(says, want), "%s %s returns\n%s, want\n%s", req.Method, req.URL.Path, says, want)
}

// ExpectNoReply makes a call that must get no response.
func (w *World[S]) ExpectNoReply(req *http.Request) {
	w.T.Helper()
	ctx, cancel := context.WithTimeout(w.T.Context(), noReplyTimeout)
	defer cancel()
	resp, err := w.Client.Do(req.WithContext(ctx)) //nolint:gosec // as above
	if err == nil {
		resp.Body.Close()
	}
	require.Error(w.T, err, req.URL.Path)
	w.awaitIdle()
}

// ExpectReplyAfter makes a call whose response must come after the clock has moved by least, and not
// before.
func (w *World[S]) ExpectReplyAfter(req *http.Request, least time.Duration) Response {
	w.T.Helper()
	came := make(chan Response, 1)
	go func() { came <- w.Fetch(req) }()
	for waited := time.Duration(0); waited < time.Hour; waited += time.Second {
		select {
		case answer := <-came:
			require.GreaterOrEqual(w.T, waited, least)
			return answer
		case <-time.After(10 * time.Millisecond):
			w.Clock.Advance(time.Second)
		}
	}
	require.FailNow(w.T, "no response from "+req.URL.Path)
	return Response{}
}

// SetSwitches changes switches over HTTP, which must succeed.
func (w *World[S]) SetSwitches(switches string) Fields {
	w.T.Helper()
	status, now := w.FetchObject(w.Request(http.MethodPost, "/switches", switches))
	require.Equal(w.T, http.StatusOK, status, now)
	return now
}

// ExpectBooked checks that one payment of this amount was executed, or none for 0. It returns the
// line of the book, and false if there is none.
func (w *World[S]) ExpectBooked(amount int64) (line engine.BookEntry, paid bool) {
	w.T.Helper()
	book := w.Sim.Book()
	if amount == 0 {
		require.Empty(w.T, book)
		return engine.BookEntry{}, false
	}
	require.Len(w.T, book, 1)
	require.Equal(w.T, amount, book[0].Amount)
	return book[0], true
}

// AwaitNotices waits until so many notices have arrived.
func (w *World[S]) AwaitNotices(count int) {
	w.T.Helper()
	require.True(w.T, Eventually(func() bool { return len(w.Inbox.All()) >= count }), "%d notices", len(w.Inbox.All()))
}

// ExpectNotices waits for so many notices and closes the simulator, which delivers queued ones.
// It returns all notices and fails the test if there are more.
func (w *World[S]) ExpectNotices(count int) []Notice {
	w.T.Helper()
	w.AwaitNotices(count)
	Close(w.T, w.Sim)
	all := w.Inbox.All()
	require.Len(w.T, all, count)
	return all
}
