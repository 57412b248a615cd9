package engine_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
)

// TestSettingsChange sends bodies with one valid and one invalid setting.
func TestSettingsChange(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	s.set(`{"quirks": {"forgets": true}, "float": 5000, "latency_ms": 1}`)
	s.set(`{"latency_ms": 0}`)
	require.True(t, s.engine.Quirk("forgets"))
	require.False(t, s.engine.Quirk("there is none"))
	require.EqualValues(t, 5000, s.engine.Float())
	before := s.engine.Faults.Read()
	for name, body := range map[string]string{
		"a quirk of another operator": `{"down": true, "float": 1, "quirks": {"forgets": false, "lies": true}}`,
		"a float below zero":          `{"down": true, "quirks": {"forgets": false}, "float": -1}`,
		"a float of all the world":    `{"down": true, "quirks": {"forgets": false}, "float": 1000000000001}`,
		"a latency of an hour":        `{"float": 1, "quirks": {"forgets": false}, "latency_ms": 3600000}`,
		"a number that is not magic":  `{"float": 1, "quirks": {"forgets": false}, "force": "123"}`,
		"answers nobody can give":     `{"float": 1, "quirks": {"forgets": false}, "answers": "song"}`,
		"a correction after a week":   `{"float": 1, "quirks": {"forgets": false}, "correct_after_ms": 604800000}`,
		"a setting there is not":      `{"down": true, "float": 1, "speed": 1}`,
		"a quirk that is a number":    `{"down": true, "float": 1, "quirks": {"forgets": 1}}`,
		"two objects":                 `{"down": true} {}`,
	} {
		status, answer, err := s.post("/switches", body)
		require.NoError(t, err, name)
		require.Equal(t, http.StatusBadRequest, status, name)
		require.Contains(t, answer, `"error"`, name)
	}
	require.Equal(t, before, s.engine.Faults.Read())
	require.True(t, s.engine.Quirk("forgets"))
	require.EqualValues(t, 5000, s.engine.Float())
}

// TestSettingsCrossOrigin sends a browser's request for a page of another site.
func TestSettingsCrossOrigin(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	for name, header := range map[string][2]string{
		"a browser that says so": {"Sec-Fetch-Site", "cross-site"},
		"an older one":           {"Origin", "https://elsewhere.example"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/switches", strings.NewReader(`{"down": true}`))
		r.Header.Set(header[0], header[1])
		w := httptest.NewRecorder()
		s.engine.ServeSwitches(w, r)
		require.Equal(t, http.StatusForbidden, w.Code, name)
		require.False(t, s.engine.Faults.Read().Down, name)
	}
}

func TestSettingsFloat(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	s.open("/out", s.newOrder("+22376444444"))
	s.set(`{"float": 1501}`)
	s.open("/out", s.newOrder("+22376123456"))
	_, err := s.engine.OpenPayout(s.newOrder("+22376123456"))
	require.ErrorIs(t, err, engine.ErrFloat)
	require.EqualValues(t, 0, s.engine.Float())
}

func TestServeBook(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	read := func() (book struct {
		Orders []engine.Order
		Paid   []engine.BookEntry
	}, raw string,
	) {
		w := httptest.NewRecorder()
		s.engine.ServeBook(w, nil)
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &book))
		return book, w.Body.String()
	}
	_, raw := read()
	require.Equal(t, `{"orders":[],"paid":[]}`, raw)
	s.open("/in", s.newOrder("+22376123456"))
	s.open("/out", s.newOrder("+22376444444"))
	book, _ := read()
	require.Len(t, book.Orders, 2)
	require.Len(t, book.Paid, 1)
	require.Equal(t, engine.In, book.Paid[0].Direction)
}

// TestCallbackSwitches counts the merchant's callbacks and checks their
// states.
func TestCallbackSwitches(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		settings, msisdn string
		want             int
	}{
		"off":                       {`{"notifications_off": true}`, "+22376123456", 0},
		"off, even the early one":   {`{"notifications_off": true}`, "+22376888888", 0},
		"twice":                     {`{"notification_copies": 2}`, "+22376123456", 2},
		"thrice, two of them twice": {`{"notification_copies": 2}`, "+22376888888", 5},
		"after a settling":          {`{"settle_ms": 4000}`, "+22376888888", 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newWorld(t)
			s.set(row.settings)
			o := s.open("/in", s.newOrder(row.msisdn))
			s.clock.Advance(time.Minute)
			require.Len(t, s.callbackStates(), row.want)
			require.Equal(t, row.want, s.order(o.ID).Callbacks)
		})
	}
}

// TestCallbackDelay delays callbacks by half a minute. None then arrives before the
// response. Waiting ones are not sent if notifications are switched off meanwhile.
func TestCallbackDelay(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	s.set(`{"notification_delay_ms": 30000}`)
	s.open("/in", s.newOrder("+22376888888"))
	s.clock.Advance(30*time.Second - time.Millisecond)
	time.Sleep(20 * time.Millisecond)
	require.Equal(t, 0, s.order("T1").Callbacks)
	s.clock.Advance(time.Millisecond)
	s.awaitCallbacks(3)
	s.open("/in", s.newOrder("+22376123456"))
	s.set(`{"notifications_off": true}`)
	s.clock.Advance(time.Minute)
	s.set(`{"notifications_off": false, "notification_delay_ms": 0}`)
	require.Len(t, s.callbackStates(), 3)
}

// TestCallbackBeforeResponse checks that the callback arrives before the response,
// even if the caller has disconnected.
func TestCallbackBeforeResponse(t *testing.T) {
	t.Parallel()
	var answered atomic.Bool
	var early atomic.Int64
	s := newWorld(t)
	s.onCallback = func(engine.Order) {
		if !answered.Load() {
			early.Add(1)
		}
	}
	o, err := s.engine.OpenCollection(s.newOrder("+22376888888"))
	require.NoError(t, err)
	w := httptest.NewRecorder()
	gone, leave := context.WithCancel(t.Context())
	leave()
	r := httptest.NewRequestWithContext(gone, http.MethodPost, "/in", nil)
	s.engine.ReplyToOpening(&responseMarker{w, &answered}, r, engine.JSONReply(o, http.StatusCreated, o))
	require.Len(t, s.callbackStates(), 3)
	require.EqualValues(t, 1, early.Load())
}

// responseMarker records the beginning of the response.
type responseMarker struct {
	http.ResponseWriter
	answered *atomic.Bool
}

func (m *responseMarker) WriteHeader(status int) {
	m.answered.Store(true)
	m.ResponseWriter.WriteHeader(status)
}

// TestNotifyAgain sends one more callback on request.
func TestNotifyAgain(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	o := s.open("/in", s.newOrder("+22376123456"))
	s.engine.NotifyAgain(o)
	require.Equal(t, []engine.State{engine.Executed, engine.Executed}, s.callbackStates(), "told")
}

// TestCallbackWithoutAddress starts an engine without callbacks, and one whose
// callbacks have no address.
func TestCallbackWithoutAddress(t *testing.T) {
	t.Parallel()
	for name, callback := range map[string]func(engine.Order) engine.Notification{
		"none": nil, "no address": func(engine.Order) engine.Notification { return engine.Notification{} },
	} {
		s := newWorld(t, func(o *engine.Config) { o.Callback = callback })
		o := s.open("/in", s.newOrder("+22376888888"))
		s.close()
		require.Zero(t, s.order(o.ID).Callbacks, name)
	}
}

// TestForce forces a refusal on a number that pays, and then ends the
// force.
func TestForce(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	s.set(`{"force": "222222"}`)
	in := s.open("/in", s.newOrder("+22376123456"))
	out := s.open("/out", s.newOrder("+22376123456"))
	s.set(`{"force": "555555"}`)
	require.True(t, s.engine.Down(engine.In, "+22376123456"), "the operator is not down for everybody")
	require.True(t, s.engine.Down(engine.Out, "+22376123456"), "the operator is not down for everybody")
	s.set(`{"force": ""}`)
	s.clock.Advance(time.Minute)
	s.expectState(in.ID, engine.Declined)
	s.expectState(out.ID, engine.Declined)
	require.Equal(t, engine.Executed, s.open("/in", s.newOrder("+22376123456")).State)
}

func TestDownAndDroppedResponse(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	s.set(`{"down": true, "drop_answers": 1}`)
	status, _, err := s.post("/in", s.newOrder("+22376123456"))
	require.NoError(t, err)
	require.Equal(t, http.StatusServiceUnavailable, status)
	s.set(`{"down": false}`)
	_, _, err = s.post("/in", s.newOrder("+22376123456"))
	require.Error(t, err)
	s.open("/in", s.newOrder("+22376123456"))
	require.Equal(t, []int64{1501, 1501}, s.bookedAmounts(), "the book")
}

// TestMangle executes a payout whose response is spoiled.
func TestMangle(t *testing.T) {
	t.Parallel()
	for how, row := range map[string]struct {
		status  int
		breaks  bool
		shows   func(body, whole string) bool
		advance time.Duration // time to pass while the response arrives
	}{
		engine.ResponsesHalf: {201, true, func(body, whole string) bool { return body == whole[:len(whole)/2] }, 0},
		engine.ResponsesPage: {200, false, func(body, _ string) bool { return strings.HasPrefix(body, "<html>") }, 0},
		engine.ResponsesDrip: {201, false, func(body, whole string) bool { return body == whole }, time.Second},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := newWorld(t)
			s.set(`{"answers": "` + how + `"}`)
			o := s.newOrder("+22376123456")
			done := make(chan struct{})
			go s.keepAdvancing(done, row.advance)
			status, body, err := s.post("/out", o)
			close(done)
			whole, encodeErr := json.Marshal(s.order(o.ID))
			require.NoError(t, encodeErr)
			// The callback may have been counted after the response was written.
			text := strings.Replace(string(whole), `"callbacks":1`, `"callbacks":0`, 1)
			require.Equal(t, row.status, status, body)
			require.Equal(t, row.breaks, (err != nil))
			require.True(t, row.shows(body, text), "%.80q", body)
			if row.breaks {
				require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			}
			require.Equal(t, []int64{1501}, s.bookedAmounts(), "the book")
		})
	}
}

// countingWriter is a caller who counts the bytes that arrive and stops at most.
type countingWriter struct {
	header     http.Header
	came, most int
}

func (f *countingWriter) Header() http.Header { return f.header }
func (f *countingWriter) WriteHeader(int)     {}
func (f *countingWriter) Write(p []byte) (int, error) {
	if f.came += len(p); f.came > f.most {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

// TestMangleFlood sends 50 MB to a caller who reads all, and stops for a caller who
// disconnects.
func TestMangleFlood(t *testing.T) {
	t.Parallel()
	faults := engine.NewFaults(engine.WallClock{})
	err := faults.Set(engine.Switches{NotificationCopies: 1, Responses: engine.ResponsesFlood})
	require.NoError(t, err)
	call := faults.MangleResponse(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { engine.WriteJSON(w, http.StatusOK, "paid") }),
	)
	for most, want := range map[int]int{100 << 20: 50 << 20, 1 << 20: 1<<20 + 64<<10} {
		caller := &countingWriter{header: http.Header{}, most: most}
		call.ServeHTTP(caller, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil))
		require.Equal(t, want, caller.came)
		require.Empty(t, caller.header.Get("Content-Length"))
	}
}

// keepAdvancing advances the clock until done.
func (s *world) keepAdvancing(done chan struct{}, step time.Duration) {
	for {
		select {
		case <-done:
			return
		case <-time.After(100 * time.Microsecond):
			s.clock.Advance(step)
		}
	}
}

// TestMangleDripEndsAtClose closes an engine during a call whose response would take minutes.
func TestMangleDripEndsAtClose(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	s.set(`{"answers": "drip"}`)
	ended := make(chan error, 1)
	go func() {
		_, _, err := s.post("/in", s.newOrder("+22376123456"))
		ended <- err
	}()
	for deadline := time.Now().Add(patience); s.engine.Asked() == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	s.close()
	select {
	case err := <-ended:
		require.Error(t, err)
	case <-time.After(patience):
		require.FailNow(t, "the response still drips")
	}
}

// TestResponseIsSpoiled checks that a simulator knows which responses are spoiled,
// and which only arrive slowly.
func TestResponseIsSpoiled(t *testing.T) {
	t.Parallel()
	for how, want := range map[string]bool{
		"": false, engine.ResponsesDrip: false,
		engine.ResponsesHalf: true, engine.ResponsesPage: true, engine.ResponsesFlood: true,
	} {
		faults := engine.NewFaults(engine.WallClock{})
		err := faults.Set(engine.Switches{NotificationCopies: 1, Responses: how})
		require.NoError(t, err)
		var spoiled bool
		call := faults.MangleResponse(
			http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { spoiled = engine.ResponseIsSpoiled(r.Context()) }),
		)
		call.ServeHTTP(
			&countingWriter{header: http.Header{}, most: 1},
			httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil),
		)
		require.Equal(t, want, spoiled, how)
	}
}
