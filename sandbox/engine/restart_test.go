package engine_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
)

// journaled starts a world on a journal and a clock.
func journaled(t *testing.T, path string, clock *engine.VirtualClock) *world {
	t.Helper()
	s := newWorld(t, func(o *engine.Config) { o.JournalPath, o.Clock, o.Float = path, clock, 10_000 })
	s.clock = clock
	return s
}

// TestRestart closes an engine with open orders and starts it again after they
// were due.
func TestRestart(t *testing.T) {
	t.Parallel()
	path, clock := filepath.Join(t.TempDir(), "orders.jsonl"), engine.NewVirtualClock(noon, 0)
	first := journaled(t, path, clock)
	paid := first.newOrder("+22376123456")
	paid.Key, paid.Notes = "key-1", map[string]string{"wire": "detail"}
	first.open("/in", paid)
	due := first.open("/in", first.newOrder("+22376444444"))
	later := first.open("/out", first.newOrder("+22376777777"))
	first.set(`{"force": "222222"}`)
	failed, err := first.engine.Refund(paid.ID, first.newOrder(""))
	require.NoError(t, err)
	first.set(`{"force": "", "down": true}`)
	lost := first.openLost()
	require.True(t, lost, "the first answer is not lost")
	first.close()
	clock.Advance(time.Minute)

	again := journaled(t, path, clock)
	again.number = first.number
	again.expectState(due.ID, engine.Executed)
	again.expectState(later.ID, engine.Pending)
	again.expectState(failed.ID, engine.Declined)
	require.False(t, again.engine.Faults.Read().Down, "a restart removes every fault")
	o, found := again.engine.ByKey("key-1")
	require.True(t, found)
	require.Equal(t, "detail", o.Notes["wire"])
	require.EqualValues(t, 10_000-2*1501, again.engine.Float())
	require.False(t, again.losesResponse("/out", again.newOrder("+22376666666")), "the second response is lost")
	_, err = again.engine.Refund(paid.ID, again.newOrder(""))
	require.NoError(t, err)
	_, err = again.engine.Refund(paid.ID, again.newOrder(""))
	require.ErrorIs(t, err, engine.ErrReturned)
	clock.Advance(10 * time.Minute)
	again.expectState(later.ID, engine.Executed)
	asked, booked := again.engine.Asked(), again.engine.Book()
	again.close()

	third := journaled(t, path, clock)
	require.Equal(t, asked, third.engine.Asked())
	require.Equal(t, booked, third.engine.Book(), "the book")
	require.Equal(t, 1, third.order(paid.ID).Callbacks)
}

// openLost pays out to the number whose first response is lost, without the HTTP handler.
func (s *world) openLost() bool {
	s.t.Helper()
	o, err := s.engine.OpenPayout(s.newOrder("+22376666666"))
	require.NoError(s.t, err)
	return o.ResponseLost
}

// TestJournalCutShort kills the process in the middle of a line.
func TestJournalCutShort(t *testing.T) {
	t.Parallel()
	path, clock := filepath.Join(t.TempDir(), "orders.jsonl"), engine.NewVirtualClock(noon, 0)
	first := journaled(t, path, clock)
	first.open("/in", first.newOrder("+22376123456"))
	first.close()
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	err = os.WriteFile(path, append(whole, whole[:len(whole)/3]...), 0o600)
	require.NoError(t, err)
	again := journaled(t, path, clock)
	again.number = 1
	again.open("/in", again.newOrder("+22376123456"))
	again.close()
	require.Equal(t, []int64{1501, 1501}, journaled(t, path, clock).bookedAmounts(), "the book")
}

// TestJournalInvalidLine starts an engine on a journal with an invalid line.
func TestJournalInvalidLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "orders.jsonl")
	err := os.WriteFile(path, []byte("{}\nnonsense\n{}\n"), 0o600)
	require.NoError(t, err)
	err = new(engine.Engine).Start(
		engine.Config{Options: engine.Options{PublicURL: "http://sandbox.example", JournalPath: path}},
	)
	require.Error(t, err)
}

// TestJournalClosed closes the journal of a running engine.
func TestJournalClosed(t *testing.T) {
	t.Parallel()
	path, clock := filepath.Join(t.TempDir(), "orders.jsonl"), engine.NewVirtualClock(noon, 0)
	s := journaled(t, path, clock)
	pending := s.open("/in", s.newOrder("+22376543210"))
	s.close()
	o, err := s.engine.OpenPayout(s.newOrder("+22376123456"))
	require.Error(t, err)
	require.Empty(t, o.ID)
	o, err = s.engine.Decide(pending.ID, engine.Executed, "")
	require.Error(t, err)
	require.Equal(t, engine.Pending, o.State)
	require.Empty(t, s.engine.Book())
	require.EqualValues(t, 10_000, s.engine.Float())
	require.Equal(t, 1, s.engine.Asked())
}

// TestRestartForgetsRaisedFloat pays out more than the float that a restart grants.
// The switches must still be settable then.
func TestRestartForgetsRaisedFloat(t *testing.T) {
	t.Parallel()
	path, clock := filepath.Join(t.TempDir(), "orders.jsonl"), engine.NewVirtualClock(noon, 0)
	first := journaled(t, path, clock)
	first.set(`{"float": 20000}`)
	big := first.newOrder("+22376123456")
	big.Asked = 15_000
	first.open("/out", big)
	first.close()
	again := journaled(t, path, clock)
	again.number = 1
	again.set(`{"latency_ms": 0}`)
	require.EqualValues(t, 0, again.engine.Float())
	_, err := again.engine.OpenPayout(again.newOrder("+22376123456"))
	require.ErrorIs(t, err, engine.ErrFloat)
	again.set(`{"float": 1501}`)
	again.open("/out", again.newOrder("+22376123456"))
}

// earlyClock is a clock whose alarms ring too early, as if the time of day was set back.
type earlyClock struct {
	*engine.VirtualClock
	early time.Duration
}

func (b *earlyClock) At(instant time.Time, f func()) func() bool {
	early := b.early
	b.early = 0
	return b.VirtualClock.At(instant.Add(-early), f)
}

func TestClockSetBack(t *testing.T) {
	t.Parallel()
	clock := engine.NewVirtualClock(noon, 0)
	s := newWorld(t, func(o *engine.Config) { o.Clock = &earlyClock{clock, 4 * time.Second} })
	o := s.open("/in", s.newOrder("+22376543210"))
	clock.Advance(6 * time.Second)
	s.expectState(o.ID, engine.Pending)
	clock.Advance(4 * time.Second)
	s.expectState(o.ID, engine.Executed)
}
