package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pirogue/sandbox/engine"
)

// journaled starts a shop on a journal and a clock.
func journaled(t *testing.T, path string, clock *engine.VirtualClock) *shop {
	t.Helper()
	s := newShop(t, func(o *engine.Config) { o.JournalPath, o.Clock, o.Float = path, clock, 10_000 })
	s.clock = clock
	return s
}

// TestARestartForgetsNoOrder closes an engine with open orders and starts it again after they
// were due.
func TestARestartForgetsNoOrder(t *testing.T) {
	t.Parallel()
	path, clock := filepath.Join(t.TempDir(), "till.jsonl"), engine.NewVirtualClock(noon, 0)
	first := journaled(t, path, clock)
	paid := first.asks("+22376123456")
	paid.Key, paid.Notes = "key-1", map[string]string{"wire": "detail"}
	first.opens("/in", paid)
	due := first.opens("/in", first.asks("+22376444444"))
	later := first.opens("/out", first.asks("+22376777777"))
	first.set(`{"force": "222222"}`)
	failed, err := first.till.Refund(paid.ID, first.asks(""))
	if err != nil {
		t.Fatal(err)
	}
	first.set(`{"force": "", "down": true}`)
	if lost := first.opensLost(); !lost {
		t.Error("the first answer is not lost")
	}
	first.closes()
	clock.Advance(time.Minute)

	again := journaled(t, path, clock)
	again.number = first.number
	again.stands(due.ID, engine.Executed)
	again.stands(later.ID, engine.Pending)
	again.stands(failed.ID, engine.Declined)
	if again.till.Faults.Read().Down {
		t.Error("a restart mends everything, and the operator is still down")
	}
	if o, found := again.till.ByKey("key-1"); !found || o.Notes["wire"] != "detail" {
		t.Errorf("the key finds %v %+v", found, o)
	}
	if again.till.Float() != 10_000-2*1501 {
		t.Errorf("%d francs are left of 10 000, after one payout and with another pending", again.till.Float())
	}
	if again.loses("/out", again.asks("+22376666666")) {
		t.Error("the second answer is lost as the first was")
	}
	if _, err := again.till.Refund(paid.ID, again.asks("")); err != nil {
		t.Errorf("the return that failed is not tried again: %v", err)
	}
	if _, err := again.till.Refund(paid.ID, again.asks("")); !errors.Is(err, engine.ErrReturned) {
		t.Errorf("a second return says %v", err)
	}
	clock.Advance(10 * time.Minute)
	again.stands(later.ID, engine.Executed)
	asked, booked := again.till.Asked(), again.till.Book()
	again.closes()

	third := journaled(t, path, clock)
	if third.till.Asked() != asked {
		t.Errorf("%d orders are kept, want %d", third.till.Asked(), asked)
	}
	equal(t, "the book", third.till.Book(), booked)
	if counted := third.kept(paid.ID).Callbacks; counted != 1 {
		t.Errorf("%d callbacks of the first order are counted", counted)
	}
}

// opensLost pays out to the number whose first response is lost, without the HTTP handler.
func (s *shop) opensLost() bool {
	s.t.Helper()
	o, err := s.till.OpenPayout(s.asks("+22376666666"))
	if err != nil {
		s.t.Fatal(err)
	}
	return o.AnswerLost
}

// TestALineCutShortWasNeverAccepted kills the process in the middle of a line.
func TestALineCutShortWasNeverAccepted(t *testing.T) {
	t.Parallel()
	path, clock := filepath.Join(t.TempDir(), "till.jsonl"), engine.NewVirtualClock(noon, 0)
	first := journaled(t, path, clock)
	first.opens("/in", first.asks("+22376123456"))
	first.closes()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(whole, whole[:len(whole)/3]...), 0o600); err != nil {
		t.Fatal(err)
	}
	again := journaled(t, path, clock)
	again.number = 1
	again.opens("/in", again.asks("+22376123456"))
	again.closes()
	third := journaled(t, path, clock)
	equal(t, "the book", third.moved(), []int64{1501, 1501})
}

// TestAJournalThatLiesIsRefused starts an engine on a journal with an invalid line.
func TestAJournalThatLiesIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "till.jsonl")
	if err := os.WriteFile(path, []byte("{}\nnonsense\n{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := new(engine.Engine).Start(
		engine.Config{Options: engine.Options{PublicURL: "http://shop.example", JournalPath: path}},
	); err == nil {
		t.Error("the till forgets in silence")
	}
}

// TestNothingCountsThatTheJournalDoesNotHave closes the journal of a running engine.
func TestNothingCountsThatTheJournalDoesNotHave(t *testing.T) {
	t.Parallel()
	path, clock := filepath.Join(t.TempDir(), "till.jsonl"), engine.NewVirtualClock(noon, 0)
	s := journaled(t, path, clock)
	pending := s.opens("/in", s.asks("+22376543210"))
	s.closes()
	if o, err := s.till.OpenPayout(s.asks("+22376123456")); err == nil || o.ID != "" {
		t.Errorf("a payout that no journal holds: %v %s", err, o.ID)
	}
	if o, err := s.till.Decide(pending.ID, engine.Executed, ""); err == nil || o.State != engine.Pending {
		t.Errorf("a decision that no journal holds: %v %s", err, o.State)
	}
	if len(s.till.Book()) != 0 || s.till.Float() != 10_000 || s.till.Asked() != 1 {
		t.Errorf("the till says %v, %d and %d", s.till.Book(), s.till.Float(), s.till.Asked())
	}
}

// TestAFloatThatWasRaisedIsForgotten pays out more than the float that a restart grants.
// The switches must still be settable then.
func TestAFloatThatWasRaisedIsForgotten(t *testing.T) {
	t.Parallel()
	path, clock := filepath.Join(t.TempDir(), "till.jsonl"), engine.NewVirtualClock(noon, 0)
	first := journaled(t, path, clock)
	first.set(`{"float": 20000}`)
	big := first.asks("+22376123456")
	big.Asked = 15_000
	first.opens("/out", big)
	first.closes()
	again := journaled(t, path, clock)
	again.number = 1
	again.set(`{"latency_ms": 0}`)
	if again.till.Float() != 0 {
		t.Errorf("%d francs are left", again.till.Float())
	}
	if _, err := again.till.OpenPayout(again.asks("+22376123456")); !errors.Is(err, engine.ErrFloat) {
		t.Errorf("a payout says %v", err)
	}
	again.set(`{"float": 1501}`)
	again.opens("/out", again.asks("+22376123456"))
}

// backwards is a clock whose alarms ring too early, as if the time of day was set back.
type backwards struct {
	*engine.VirtualClock
	early time.Duration
}

func (b *backwards) At(instant time.Time, f func()) func() bool {
	early := b.early
	b.early = 0
	return b.VirtualClock.At(instant.Add(-early), f)
}

func TestAnOrderWokenTooEarlyWaitsAgain(t *testing.T) {
	t.Parallel()
	clock := engine.NewVirtualClock(noon, 0)
	s := newShop(t, func(o *engine.Config) { o.Clock = &backwards{clock, 4 * time.Second} })
	o := s.opens("/in", s.asks("+22376543210"))
	clock.Advance(6 * time.Second)
	s.stands(o.ID, engine.Pending)
	clock.Advance(4 * time.Second)
	s.stands(o.ID, engine.Executed)
}
