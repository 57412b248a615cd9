package engine_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
			s := newWorld(t)
			s.openAndAdvance(row.path, s.newOrder(row.msisdn), row.after)
			moved, told := booked[row.end], 1
			switch row.msisdn {
			case "+22376999999":
				moved = 751
			case "+22376888888":
				told = 3
			}
			s.expectEnd(row.end, row.why, moved, told)
		})
	}
}

// openAndAdvance opens an order and waits for its end, which must come exactly after the given
// time.
func (s *world) openAndAdvance(path string, o engine.Order, after time.Duration) {
	s.t.Helper()
	s.open(path, o)
	if after > 0 {
		s.clock.Advance(after - time.Millisecond)
		s.expectState(o.ID, engine.Pending)
		s.clock.Advance(time.Millisecond)
	}
}

// expectEnd checks the only order: its end, the money booked (0 for none), and the number
// of callbacks.
func (s *world) expectEnd(end engine.State, why engine.Reason, moved int64, told int) {
	s.t.Helper()
	s.clock.Advance(48 * time.Hour)
	states := s.callbackStates()
	o := s.order("T1")
	require.Equal(s.t, end, o.State)
	require.Equal(s.t, why, o.Reason)
	require.Zero(s.t, o.NextAt)
	amounts := []int64{}
	if moved > 0 {
		amounts = append(amounts, moved)
	}
	require.Equal(s.t, amounts, s.bookedAmounts(), "the book")
	for _, p := range s.engine.Book() {
		require.Equal(s.t, "T1", p.TxnID)
		require.Equal(s.t, "R-T1", p.OrderID)
		require.EqualValues(s.t, 1501, p.Asked)
		require.Equal(s.t, "XOF", p.Currency)
		require.Equal(s.t, o.Direction, p.Direction)
		require.Equal(s.t, o.ChangedAt, p.At)
	}
	want := []engine.State{}
	for range told {
		want = append(want, end)
	}
	require.Equal(s.t, want, states, "told")
	require.Equal(s.t, told, o.Callbacks)
}

func TestPayoutCeiling(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	_, err := s.engine.OpenPayout(s.newOrder("+22376111111"))
	require.ErrorIs(t, err, engine.ErrCeiling)
	require.Equal(t, 0, s.engine.Asked())
	require.EqualValues(t, 1_000_000_000, s.engine.Float())
}

// TestDown uses the number whose operator is down,
// without the HTTP handler that answers 503.
func TestDown(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	_, in := s.engine.OpenCollection(s.newOrder("+22376555555"))
	_, out := s.engine.OpenPayout(s.newOrder("+22376555555"))
	require.ErrorIs(t, in, engine.ErrDown)
	require.ErrorIs(t, out, engine.ErrDown)
	require.Equal(t, 0, s.engine.Asked())
	require.True(t, s.engine.Down(engine.In, "+22376555555"), "the engine does not know for whom the operator is down")
	require.True(t, s.engine.Down(engine.Out, "+22376555555"), "the engine does not know for whom the operator is down")
	require.False(t, s.engine.Down(engine.In, "+22376123456"), "the engine does not know for whom the operator is down")
}

// TestFloat pays out of a float of 4000 francs.
func TestFloat(t *testing.T) {
	t.Parallel()
	s := newWorld(t, func(o *engine.Config) { o.Float = 4000 })
	left := func(want int64) {
		t.Helper()
		require.Equal(t, want, s.engine.Float())
	}
	s.open("/out", s.newOrder("+22376444444")) // held while it is pending
	left(2499)
	s.open("/out", s.newOrder("+22376222222")) // will be rejected: nothing is held
	left(2499)
	s.open("/in", s.newOrder("+22376123456")) // collections do not fill the float
	left(2499)
	waiting := s.open("/out", s.newOrder("+22376543210"))
	left(998)
	_, err := s.engine.OpenPayout(s.newOrder("+22376123456"))
	require.ErrorIs(t, err, engine.ErrFloat)
	_, err = s.engine.Decide(waiting.ID, engine.Declined, engine.Rejected)
	require.NoError(t, err)
	left(2499)
	s.clock.Advance(time.Hour)
	left(2499)
	require.Equal(t, 4, s.engine.Asked())
}

// TestFloatOverdrawn corrects a payout for which the float is too low, and
// executes one by a person's decision.
func TestFloatOverdrawn(t *testing.T) {
	t.Parallel()
	s := newWorld(t, func(o *engine.Config) { o.Float = 2000 })
	rejected := s.open("/out", s.newOrder("+22376222222"))
	other := s.open("/out", s.newOrder("+22376222222"))
	s.open("/out", s.newOrder("+22376123456"))
	_, err := s.engine.Decide(other.ID, engine.Executed, "")
	require.ErrorIs(t, err, engine.ErrFloat)
	s.clock.Advance(time.Minute)
	o, err := s.engine.Correct(rejected.ID)
	require.ErrorIs(t, err, engine.ErrFloat)
	require.Equal(t, engine.Declined, o.State)
	require.Equal(t, []int64{1501}, s.bookedAmounts(), "the book")
	s.set(`{"float": 1501}`)
	_, err = s.engine.Correct(rejected.ID)
	require.NoError(t, err)
	require.EqualValues(t, 0, s.engine.Float())
}

// TestLostResponses makes four calls for the same payment, and one for another.
func TestLostResponses(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/in", "/out"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			s := newWorld(t)
			for _, wantLost := range []bool{true, false, true, false} {
				o := s.newOrder("+22376666666")
				require.Equal(t, wantLost, s.losesResponse(path, o))
				require.Equal(t, wantLost, s.order(o.ID).ResponseLost)
			}
			other := s.newOrder("+22376666666")
			other.Asked = 2000
			require.True(t, s.losesResponse(path, other), "the first call for another amount gets no response")
			s.clock.Advance(time.Hour)
			require.Len(t, s.engine.Book(), 5)
		})
	}
}

// losesResponse makes a call and reports whether its response was lost.
func (s *world) losesResponse(path string, o engine.Order) bool {
	s.t.Helper()
	answered := make(chan bool, 1)
	go func() {
		_, _, err := s.post(path, o)
		answered <- err == nil
	}()
	deadline := time.Now().Add(patience)
	for {
		select {
		case ok := <-answered:
			return !ok
		case <-time.After(5 * time.Millisecond):
			if kept, found := s.engine.Order(o.ID); found && kept.ResponseLost {
				s.clock.Advance(time.Minute) // the time for which it hangs
			}
		}
		require.False(s.t, time.Now().After(deadline), "the call neither ends nor hangs")
	}
}

// TestCloseReleasesHangingCalls closes the engine while one caller waits for a lost response, and
// another waits out the latency.
func TestCloseReleasesHangingCalls(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	ended := make(chan error, 2)
	hangs := func(o engine.Order) {
		_, _, err := s.post("/in", o)
		ended <- err
	}
	lost := s.newOrder("+22376666666")
	go hangs(lost)
	deadline := time.Now().Add(patience)
	for s.engine.Asked() == 0 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	s.set(`{"latency_ms": 60000}`)
	go hangs(s.newOrder("+22376123456"))
	time.Sleep(20 * time.Millisecond)
	s.close()
	for range 2 {
		select {
		case err := <-ended:
			require.Error(t, err)
		case <-time.After(patience):
			require.FailNow(t, "a call still hangs")
		}
	}
	require.Equal(t, 1, s.engine.Asked())
}

func TestMaxOrders(t *testing.T) {
	t.Parallel()
	s := newWorld(t, func(o *engine.Config) { o.MaxOrders = 1 })
	s.open("/in", s.newOrder("+22376123456"))
	status, body, err := s.post("/in", s.newOrder("+22376123456"))
	require.NoError(t, err)
	require.Equal(t, http.StatusConflict, status, body)
	require.Contains(t, body, "keeps no more")
}

// TestDecide ends an order on the operator's page before its scheduled end.
func TestDecide(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	o := s.open("/in", s.newOrder("+22376543210"))
	_, err := s.engine.Decide(o.ID, engine.Declined, engine.SaidNo)
	require.NoError(t, err)
	for name, id := range map[string]string{"twice": o.ID, "of nobody": "T9"} {
		_, err := s.engine.Decide(id, engine.Executed, "")
		require.ErrorIs(t, err, engine.ErrNoOrder, name)
	}
	s.expectEnd(engine.Declined, engine.SaidNo, 0, 1)
}

// TestCorrect declines a payment and executes it two hours later.
func TestCorrect(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	s.set(`{"correct_after_ms": 7200000}`)
	declined := s.open("/in", s.newOrder("+22376111111"))
	lapsed := s.open("/in", s.newOrder("+22376333333"))
	s.clock.Advance(2*time.Hour + 2*time.Second - time.Millisecond)
	s.expectState(declined.ID, engine.Declined)
	s.clock.Advance(time.Millisecond)
	s.expectState(declined.ID, engine.Executed)
	for _, id := range []string{declined.ID, lapsed.ID, "T9"} {
		_, err := s.engine.Correct(id)
		require.ErrorIs(t, err, engine.ErrNoOrder, id)
	}
	require.Equal(t, []int64{1501}, s.bookedAmounts(), "the book")
	require.ElementsMatch(t, []engine.State{engine.Declined, engine.Executed, engine.Lapsed}, s.callbackStates())
}

// TestClose closes an engine with open orders.
func TestClose(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	s.open("/in", s.newOrder("+22376543210"))
	s.close()
	s.clock.Advance(time.Hour)
	s.expectState("T1", engine.Pending)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, s.engine.Close(ctx))
}
