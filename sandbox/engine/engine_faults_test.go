package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pirogue/sandbox/engine"
)

// TestSettingsTurnTogetherOrNotAtAll sends bodies with one valid and one invalid setting.
func TestSettingsTurnTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.set(`{"quirks": {"forgets": true}, "float": 5000, "latency_ms": 1}`)
	s.set(`{"latency_ms": 0}`)
	if !s.till.Quirk("forgets") || s.till.Quirk("there is none") || s.till.Float() != 5000 {
		t.Error("setting one thing changed another")
	}
	before := s.till.Faults.Read()
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
		status, answer, err := s.posts("/switches", body)
		if err != nil || status != http.StatusBadRequest || !strings.Contains(answer, `"error"`) {
			t.Errorf("%s answers %d %s %v", name, status, answer, err)
		}
	}
	if after := s.till.Faults.Read(); after != before || !s.till.Quirk("forgets") || s.till.Float() != 5000 {
		t.Errorf("what was refused changed something: %+v, %d", after, s.till.Float())
	}
}

// TestAPageElsewhereTurnsNothing sends a browser's request for a page of another site.
func TestAPageElsewhereTurnsNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for name, header := range map[string][2]string{
		"a browser that says so": {"Sec-Fetch-Site", "cross-site"},
		"an older one":           {"Origin", "https://elsewhere.example"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/switches", strings.NewReader(`{"down": true}`))
		r.Header.Set(header[0], header[1])
		w := httptest.NewRecorder()
		s.till.ServeSwitches(w, r)
		if w.Code != http.StatusForbidden || s.till.Faults.Read().Down {
			t.Errorf("%s is answered %d", name, w.Code)
		}
	}
}

func TestTheFloatThatIsSetIsWhatIsLeft(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.opens("/out", s.asks("+22376444444"))
	s.set(`{"float": 1501}`)
	s.opens("/out", s.asks("+22376123456"))
	if _, err := s.till.OpenPayout(s.asks("+22376123456")); !errors.Is(err, engine.ErrFloat) || s.till.Float() != 0 {
		t.Errorf("a payout says %v, and %d francs are left", err, s.till.Float())
	}
}

func TestTheBookOfATillIsReadable(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	read := func() (book struct {
		Orders []engine.Order
		Paid   []engine.Paid
	}, raw string,
	) {
		w := httptest.NewRecorder()
		s.till.ServeBook(w, nil)
		if err := json.Unmarshal(w.Body.Bytes(), &book); err != nil {
			t.Fatal(err)
		}
		return book, w.Body.String()
	}
	if _, raw := read(); raw != `{"orders":[],"paid":[]}` {
		t.Errorf("an empty book says %s", raw)
	}
	s.opens("/in", s.asks("+22376123456"))
	s.opens("/out", s.asks("+22376444444"))
	if book, raw := read(); len(book.Orders) != 2 || len(book.Paid) != 1 || book.Paid[0].Direction != engine.In {
		t.Errorf("the book says %s", raw)
	}
}

// TestCallbacksAreDisturbedByTheSwitches counts the merchant's callbacks and checks their
// states.
func TestCallbacksAreDisturbedByTheSwitches(t *testing.T) {
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
			s := newShop(t)
			s.set(row.settings)
			o := s.opens("/in", s.asks(row.msisdn))
			s.clock.Advance(time.Minute)
			if told := s.ends(); len(told) != row.want || s.kept(o.ID).Callbacks != row.want {
				t.Errorf("told %v, counted %d, want %d", told, s.kept(o.ID).Callbacks, row.want)
			}
		})
	}
}

// TestCallbacksAreHeldBack delays callbacks by half a minute. None then arrives before the
// response. Waiting ones are not sent if notifications are switched off meanwhile.
func TestCallbacksAreHeldBack(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.set(`{"notification_delay_ms": 30000}`)
	s.opens("/in", s.asks("+22376888888"))
	s.clock.Advance(30*time.Second - time.Millisecond)
	time.Sleep(20 * time.Millisecond)
	if left := s.kept("T1").Callbacks; left != 0 {
		t.Errorf("%d callbacks have left already", left)
	}
	s.clock.Advance(time.Millisecond)
	s.heardOf(3)
	s.opens("/in", s.asks("+22376123456"))
	s.set(`{"notifications_off": true}`)
	s.clock.Advance(time.Minute)
	s.set(`{"notifications_off": false, "notification_delay_ms": 0}`)
	if told := s.ends(); len(told) != 3 {
		t.Errorf("told %v", told)
	}
}

// TestOneCallbackOvertakesTheAnswer checks that the callback arrives before the response,
// even if the caller has disconnected.
func TestOneCallbackOvertakesTheAnswer(t *testing.T) {
	t.Parallel()
	var answered atomic.Bool
	var early atomic.Int64
	s := newShop(t)
	s.onHear = func(engine.Order) {
		if !answered.Load() {
			early.Add(1)
		}
	}
	o, err := s.till.OpenCollection(s.asks("+22376888888"))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	gone, leave := context.WithCancel(t.Context())
	leave()
	r := httptest.NewRequestWithContext(gone, http.MethodPost, "/in", nil)
	s.till.ReplyToOpening(&marksAnswer{w, &answered}, r, o, http.StatusCreated, o)
	if told := s.ends(); len(told) != 3 || early.Load() != 1 {
		t.Errorf("told %v, %d of them early", told, early.Load())
	}
}

// marksAnswer records the beginning of the response.
type marksAnswer struct {
	http.ResponseWriter
	answered *atomic.Bool
}

func (m *marksAnswer) WriteHeader(status int) {
	m.answered.Store(true)
	m.ResponseWriter.WriteHeader(status)
}

// TestACallbackIsToldAgain sends one more callback on request.
func TestACallbackIsToldAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.opens("/in", s.asks("+22376123456"))
	s.till.NotifyAgain(o)
	equal(t, "told", s.ends(), []engine.State{engine.Executed, engine.Executed})
}

// TestATillWithoutAnAddressTellsNobody starts an engine without callbacks, and one whose
// callbacks have no address.
func TestATillWithoutAnAddressTellsNobody(t *testing.T) {
	t.Parallel()
	for name, callback := range map[string]func(engine.Order) engine.Notification{
		"none": nil, "no address": func(engine.Order) engine.Notification { return engine.Notification{} },
	} {
		s := newShop(t, func(o *engine.Config) { o.Callback = callback })
		o := s.opens("/in", s.asks("+22376888888"))
		if s.closes(); s.kept(o.ID).Callbacks != 0 {
			t.Errorf("%s: %d callbacks have left", name, s.kept(o.ID).Callbacks)
		}
	}
}

// TestForceMakesEverybodyTheSame forces a refusal on a number that pays, and then ends the
// force.
func TestForceMakesEverybodyTheSame(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.set(`{"force": "222222"}`)
	in := s.opens("/in", s.asks("+22376123456"))
	out := s.opens("/out", s.asks("+22376123456"))
	s.set(`{"force": "555555"}`)
	if !s.till.Down(engine.In, "+22376123456") || !s.till.Down(engine.Out, "+22376123456") {
		t.Error("the operator is not down for everybody")
	}
	s.set(`{"force": ""}`)
	s.clock.Advance(time.Minute)
	s.stands(in.ID, engine.Declined)
	s.stands(out.ID, engine.Declined)
	if after := s.opens("/in", s.asks("+22376123456")); after.State != engine.Executed {
		t.Errorf("unforced, a payment is %s", after.State)
	}
}

func TestDownAnswersForTheTill(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.set(`{"down": true, "drop_answers": 1}`)
	if status, _, err := s.posts("/in", s.asks("+22376123456")); err != nil || status != http.StatusServiceUnavailable {
		t.Errorf("down answers %d %v", status, err)
	}
	s.set(`{"down": false}`)
	if _, _, err := s.posts("/in", s.asks("+22376123456")); err == nil {
		t.Error("the answer is not dropped")
	}
	s.opens("/in", s.asks("+22376123456"))
	equal(t, "the book", s.moved(), []int64{1501, 1501})
}

// TestAnswersAreMangled executes a payout whose response is spoiled.
func TestAnswersAreMangled(t *testing.T) {
	t.Parallel()
	for how, row := range map[string]struct {
		status  int
		breaks  bool
		shows   func(body, whole string) bool
		advance time.Duration // time to pass while the response arrives
	}{
		engine.AnswersHalf: {201, true, func(body, whole string) bool { return body == whole[:len(whole)/2] }, 0},
		engine.AnswersPage: {200, false, func(body, _ string) bool { return strings.HasPrefix(body, "<html>") }, 0},
		engine.AnswersDrip: {201, false, func(body, whole string) bool { return body == whole }, time.Second},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.set(`{"answers": "` + how + `"}`)
			o := s.asks("+22376123456")
			done := make(chan struct{})
			go s.keepsMoving(done, row.advance)
			status, body, err := s.posts("/out", o)
			close(done)
			whole, encodeErr := json.Marshal(s.kept(o.ID))
			if encodeErr != nil {
				t.Fatal(encodeErr)
			}
			// The callback may have been counted after the response was written.
			text := strings.Replace(string(whole), `"callbacks":1`, `"callbacks":0`, 1)
			if status != row.status || (err != nil) != row.breaks || !row.shows(body, text) {
				t.Errorf("answers %d %.80q (%d bytes) %v", status, body, len(body), err)
			}
			if row.breaks && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("it breaks with %v", err)
			}
			equal(t, "the book", s.moved(), []int64{1501})
		})
	}
}

// floods is a caller who counts the bytes that arrive and stops at most.
type floods struct {
	header     http.Header
	came, most int
}

func (f *floods) Header() http.Header { return f.header }
func (f *floods) WriteHeader(int)     {}
func (f *floods) Write(p []byte) (int, error) {
	if f.came += len(p); f.came > f.most {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

// TestAFloodEnds sends 50 MB to a caller who reads all, and stops for a caller who
// disconnects.
func TestAFloodEnds(t *testing.T) {
	t.Parallel()
	board := engine.NewFaults(engine.WallClock{})
	if err := board.Set(engine.Switches{NotificationCopies: 1, Answers: engine.AnswersFlood}); err != nil {
		t.Fatal(err)
	}
	call := board.Mangle(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { engine.WriteJSON(w, http.StatusOK, "paid") }),
	)
	for most, want := range map[int]int{100 << 20: 50 << 20, 1 << 20: 1<<20 + 64<<10} {
		caller := &floods{header: http.Header{}, most: most}
		call.ServeHTTP(caller, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil))
		if caller.came != want || caller.header.Get("Content-Length") != "" {
			t.Errorf("%d bytes came, want %d", caller.came, want)
		}
	}
}

// keepsMoving advances the clock until done.
func (s *shop) keepsMoving(done chan struct{}, step time.Duration) {
	for {
		select {
		case <-done:
			return
		case <-time.After(100 * time.Microsecond):
			s.clock.Advance(step)
		}
	}
}

// TestADripEndsWithTheTill closes an engine during a call whose response would take minutes.
func TestADripEndsWithTheTill(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.set(`{"answers": "drip"}`)
	ended := make(chan error, 1)
	go func() {
		_, _, err := s.posts("/in", s.asks("+22376123456"))
		ended <- err
	}()
	for deadline := time.Now().Add(patience); s.till.Asked() == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	s.closes()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the rest of the answer was passed off as the whole")
		}
	case <-time.After(patience):
		t.Fatal("the answer still drips")
	}
}

// TestWhatNobodyCanReadIsKnown checks that a simulator knows which responses are spoiled,
// and which only arrive slowly.
func TestWhatNobodyCanReadIsKnown(t *testing.T) {
	t.Parallel()
	for how, want := range map[string]bool{
		"": false, engine.AnswersDrip: false, engine.AnswersHalf: true, engine.AnswersPage: true, engine.AnswersFlood: true,
	} {
		board := engine.NewFaults(engine.WallClock{})
		if err := board.Set(engine.Switches{NotificationCopies: 1, Answers: how}); err != nil {
			t.Fatal(err)
		}
		var spoiled bool
		call := board.Mangle(
			http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { spoiled = engine.AnswerIsSpoiled(r.Context()) }),
		)
		call.ServeHTTP(
			&floods{header: http.Header{}, most: 1}, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil),
		)
		if spoiled != want {
			t.Errorf("%q is known as spoiled: %v", how, spoiled)
		}
	}
}
