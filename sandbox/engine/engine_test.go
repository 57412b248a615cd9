package engine_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pirogue/sandbox/engine"
)

// TestCourses tests the table of the merchant API, for collections and for payouts.
func TestCourses(t *testing.T) {
	t.Parallel()
	booked := map[engine.State]int64{engine.Executed: 1501}
	for name, row := range map[string]struct {
		path, msisdn string
		after        time.Duration // 0: in the call itself
		end          engine.State
		why          engine.Reason
	}{
		"paid at once":                 {"/in", "+22376123456", 0, engine.Executed, ""},
		"too poor":                     {"/in", "+22376111111", 2 * time.Second, engine.Declined, engine.TooPoor},
		"refuses":                      {"/in", "+22376222222", 2 * time.Second, engine.Declined, engine.SaidNo},
		"never answers":                {"/in", "+22376333333", 10 * time.Minute, engine.Lapsed, engine.Silence},
		"pays after half a minute":     {"/in", "+22376444444", 30 * time.Second, engine.Executed, ""},
		"pays after our expiry":        {"/in", "+22376777777", 330 * time.Second, engine.Executed, ""},
		"told three times":             {"/in", "+22376888888", 0, engine.Executed, ""},
		"another amount is confirmed":  {"/in", "+22376999999", 0, engine.Executed, ""},
		"any other number":             {"/in", "+22376543210", 10 * time.Second, engine.Executed, ""},
		"paid out at once":             {"/out", "+22376123456", 0, engine.Executed, ""},
		"accepted, then rejected":      {"/out", "+22376222222", 2 * time.Second, engine.Declined, engine.Rejected},
		"pending 5 min, then failed":   {"/out", "+22376333333", 5 * time.Minute, engine.Declined, engine.Rejected},
		"paid out after half a minute": {"/out", "+22376444444", 30 * time.Second, engine.Executed, ""},
		"paid out late":                {"/out", "+22376777777", 6 * time.Minute, engine.Executed, ""},
		"told three times of a payout": {"/out", "+22376888888", 0, engine.Executed, ""},
		"another amount is executed":   {"/out", "+22376999999", 0, engine.Executed, ""},
		"a payout to any other number": {"/out", "+22376543210", 10 * time.Second, engine.Executed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.follows(row.path, s.asks(row.msisdn), row.after)
			moved, told := booked[row.end], 1
			switch row.msisdn {
			case "+22376999999":
				moved = 751
			case "+22376888888":
				told = 3
			}
			s.concludes(row.end, row.why, moved, told)
		})
	}
}

// follows opens an order and waits for its end, which must come exactly after the given
// time.
func (s *shop) follows(path string, o engine.Order, after time.Duration) {
	s.t.Helper()
	s.opens(path, o)
	if after > 0 {
		s.clock.Advance(after - time.Millisecond)
		s.stands(o.ID, engine.Pending)
		s.clock.Advance(time.Millisecond)
	}
}

// concludes checks the only order: its end, the money booked (0 for none), and the number
// of callbacks.
func (s *shop) concludes(end engine.State, why engine.Reason, moved int64, told int) {
	s.t.Helper()
	s.clock.Advance(48 * time.Hour)
	states := s.ends()
	o := s.kept("T1")
	if o.State != end || o.Reason != why || !o.NextAt.IsZero() {
		s.t.Errorf("it ends %s %q, and goes on at %s", o.State, o.Reason, o.NextAt)
	}
	amounts := []int64{}
	if moved > 0 {
		amounts = append(amounts, moved)
	}
	equal(s.t, "the book", s.moved(), amounts)
	for _, p := range s.till.Book() {
		if p.TxnID != "T1" || p.OrderID != "R-T1" || p.Asked != 1501 || p.Currency != "XOF" || p.Direction != o.Direction ||
			!p.At.Equal(o.ChangedAt) {
			s.t.Errorf("the book says %+v", p)
		}
	}
	want := []engine.State{}
	for range told {
		want = append(want, end)
	}
	equal(s.t, "told", states, want)
	if o.Callbacks != told {
		s.t.Errorf("%d callbacks are counted, want %d", o.Callbacks, told)
	}
}

func TestABeneficiaryAtTheCeilingLeavesNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	if _, err := s.till.OpenPayout(s.asks("+22376111111")); !errors.Is(err, engine.ErrCeiling) {
		t.Errorf("the ceiling says %v", err)
	}
	if s.till.Asked() != 0 || s.till.Float() != 1_000_000_000 {
		t.Errorf("%d orders are kept, and %d francs are left", s.till.Asked(), s.till.Float())
	}
}

// TestNothingIsExecutedWhileTheOperatorIsDown uses the number whose operator is down,
// without the HTTP handler that answers 503.
func TestNothingIsExecutedWhileTheOperatorIsDown(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, in := s.till.OpenCollection(s.asks("+22376555555"))
	_, out := s.till.OpenPayout(s.asks("+22376555555"))
	if !errors.Is(in, engine.ErrDown) || !errors.Is(out, engine.ErrDown) || s.till.Asked() != 0 {
		t.Errorf("down says %v and %v, and %d orders are kept", in, out, s.till.Asked())
	}
	if !s.till.Down(engine.In, "+22376555555") || !s.till.Down(engine.Out, "+22376555555") ||
		s.till.Down(engine.In, "+22376123456") {
		t.Error("the till does not know for whom the operator is down")
	}
}

// TestTheFloatIsHeldAndReleased pays out of a float of 4000 francs.
func TestTheFloatIsHeldAndReleased(t *testing.T) {
	t.Parallel()
	s := newShop(t, func(o *engine.Config) { o.Float = 4000 })
	left := func(want int64) {
		t.Helper()
		if got := s.till.Float(); got != want {
			t.Errorf("%d francs are left, want %d", got, want)
		}
	}
	s.opens("/out", s.asks("+22376444444")) // held while it is pending
	left(2499)
	s.opens("/out", s.asks("+22376222222")) // will be rejected: nothing is held
	left(2499)
	s.opens("/in", s.asks("+22376123456")) // collections do not fill the float
	left(2499)
	waiting := s.opens("/out", s.asks("+22376543210"))
	left(998)
	if _, err := s.till.OpenPayout(s.asks("+22376123456")); !errors.Is(err, engine.ErrFloat) {
		t.Errorf("1501 of 998 francs: %v", err)
	}
	if _, err := s.till.Decide(waiting.ID, engine.Declined, engine.Rejected); err != nil {
		t.Error(err)
	}
	left(2499)
	s.clock.Advance(time.Hour)
	left(2499)
	if s.till.Asked() != 4 {
		t.Errorf("%d orders are kept, and one was refused", s.till.Asked())
	}
}

// TestTheFloatIsNeverOverdrawn corrects a payout for which the float is too low, and
// executes one by a person's decision.
func TestTheFloatIsNeverOverdrawn(t *testing.T) {
	t.Parallel()
	s := newShop(t, func(o *engine.Config) { o.Float = 2000 })
	rejected := s.opens("/out", s.asks("+22376222222"))
	other := s.opens("/out", s.asks("+22376222222"))
	s.opens("/out", s.asks("+22376123456"))
	if _, err := s.till.Decide(other.ID, engine.Executed, ""); !errors.Is(err, engine.ErrFloat) {
		t.Errorf("1501 of 499 francs, by hand: %v", err)
	}
	s.clock.Advance(time.Minute)
	if o, err := s.till.Correct(rejected.ID); !errors.Is(err, engine.ErrFloat) || o.State != engine.Declined {
		t.Errorf("1501 of 499 francs, by correction: %s %v", o.State, err)
	}
	equal(t, "the book", s.moved(), []int64{1501})
	s.set(`{"float": 1501}`)
	if _, err := s.till.Correct(rejected.ID); err != nil || s.till.Float() != 0 {
		t.Errorf("1501 of 1501 francs: %v, and %d are left", err, s.till.Float())
	}
}

// TestEveryOtherAnswerIsLost makes four calls for the same payment, and one for another.
func TestEveryOtherAnswerIsLost(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/in", "/out"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			for n, wantLost := range []bool{true, false, true, false} {
				o := s.asks("+22376666666")
				if lost := s.loses(path, o); lost != wantLost {
					t.Errorf("call %d: the answer is lost: %v", n+1, lost)
				}
				if kept := s.kept(o.ID); kept.AnswerLost != wantLost {
					t.Errorf("call %d: the order says %v", n+1, kept.AnswerLost)
				}
			}
			other := s.asks("+22376666666")
			other.Asked = 2000
			if !s.loses(path, other) {
				t.Error("the first call for another amount is answered")
			}
			s.clock.Advance(time.Hour)
			if len(s.till.Book()) != 5 {
				t.Errorf("five calls were executed, and the book says %v", s.moved())
			}
		})
	}
}

// loses makes a call and reports whether its response was lost.
func (s *shop) loses(path string, o engine.Order) bool {
	s.t.Helper()
	answered := make(chan bool, 1)
	go func() {
		_, _, err := s.posts(path, o)
		answered <- err == nil
	}()
	deadline := time.Now().Add(patience)
	for {
		select {
		case ok := <-answered:
			return !ok
		case <-time.After(5 * time.Millisecond):
			if kept, found := s.till.Order(o.ID); found && kept.AnswerLost {
				s.clock.Advance(time.Minute) // the time for which it hangs
			}
		}
		if time.Now().After(deadline) {
			s.t.Fatal("the call neither ends nor hangs")
		}
	}
}

// TestACallThatHangsIsLetGo closes the engine while one caller waits for a lost response, and
// another waits out the latency.
func TestACallThatHangsIsLetGo(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	ended := make(chan error, 2)
	hangs := func(o engine.Order) {
		_, _, err := s.posts("/in", o)
		ended <- err
	}
	lost := s.asks("+22376666666")
	go hangs(lost)
	deadline := time.Now().Add(patience)
	for s.till.Asked() == 0 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	s.set(`{"latency_ms": 60000}`)
	go hangs(s.asks("+22376123456"))
	time.Sleep(20 * time.Millisecond)
	s.closes()
	for range 2 {
		select {
		case err := <-ended:
			if err == nil {
				t.Error("a call that was let go is answered")
			}
		case <-time.After(patience):
			t.Fatal("a call still hangs")
		}
	}
	if s.till.Asked() != 1 {
		t.Errorf("%d orders are kept: what waits out the latency was not executed", s.till.Asked())
	}
}

func TestAFullTillRefusesRatherThanForgets(t *testing.T) {
	t.Parallel()
	s := newShop(t, func(o *engine.Config) { o.MaxOrders = 1 })
	s.opens("/in", s.asks("+22376123456"))
	status, body, err := s.posts("/in", s.asks("+22376123456"))
	if err != nil || status != http.StatusConflict || !strings.Contains(body, "keeps no more") {
		t.Errorf("one too many answers %d %s %v", status, body, err)
	}
}

// TestAPersonDecides ends an order on the operator's page before its scheduled end.
func TestAPersonDecides(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.opens("/in", s.asks("+22376543210"))
	if _, err := s.till.Decide(o.ID, engine.Declined, engine.SaidNo); err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]string{"twice": o.ID, "of nobody": "T9"} {
		if _, err := s.till.Decide(id, engine.Executed, ""); !errors.Is(err, engine.ErrNoOrder) {
			t.Errorf("deciding %s says %v", name, err)
		}
	}
	s.concludes(engine.Declined, engine.SaidNo, 0, 1)
}

// TestAnOperatorCorrectsItself declines a payment and executes it two hours later.
func TestAnOperatorCorrectsItself(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.set(`{"correct_after_ms": 7200000}`)
	declined := s.opens("/in", s.asks("+22376111111"))
	lapsed := s.opens("/in", s.asks("+22376333333"))
	s.clock.Advance(2*time.Hour + 2*time.Second - time.Millisecond)
	s.stands(declined.ID, engine.Declined)
	s.clock.Advance(time.Millisecond)
	s.stands(declined.ID, engine.Executed)
	for _, id := range []string{declined.ID, lapsed.ID, "T9"} {
		if _, err := s.till.Correct(id); !errors.Is(err, engine.ErrNoOrder) {
			t.Errorf("correcting %s says %v", id, err)
		}
	}
	equal(t, "the book", s.moved(), []int64{1501})
	equal(t, "told", slices.Sorted(slices.Values(s.ends())), []engine.State{engine.Declined, engine.Executed, engine.Lapsed})
}

// TestNothingHappensAfterTheClosing closes an engine with open orders.
func TestNothingHappensAfterTheClosing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.opens("/in", s.asks("+22376543210"))
	s.closes()
	s.clock.Advance(time.Hour)
	s.stands("T1", engine.Pending)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.till.Close(ctx); err == nil {
		t.Error("closing says nothing of callbacks that were given up")
	}
}
