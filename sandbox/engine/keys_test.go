package engine_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
)

func TestFindOrders(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	first, second := s.newOrder("+22376123456"), s.newOrder("+22376543210")
	first.Key, second.Reference = "key-1", first.Reference
	s.open("/in", first)
	s.open("/in", second)
	found := []string{}
	for _, o := range s.engine.ByReference(first.Reference) {
		found = append(found, o.ID)
	}
	require.Equal(t, []string{"T1", "T2"}, found, "by reference, oldest first")
	o, ok := s.engine.ByKey("key-1")
	require.True(t, ok)
	require.Equal(t, first.ID, o.ID)
	for _, key := range []string{"", "key-2"} {
		o, ok := s.engine.ByKey(key)
		require.False(t, ok, "the key %q finds %s", key, o.ID)
	}
	require.Empty(t, s.engine.ByReference("R-9"))
}

// TestSearchLag finds an order late by its reference, and at once by the
// operator's own identifier.
func TestSearchLag(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	o := s.newOrder("+22376123456")
	s.open("/out", o)
	finds := func(when string, want ...string) {
		t.Helper()
		found := []string{}
		for _, one := range s.engine.Search(o.Reference) {
			found = append(found, one.ID)
		}
		require.Equal(t, append([]string{}, want...), found, when)
	}
	finds("with the sandbox's promises", o.ID)
	s.set(`{"promises": "live"}`)
	finds("at once")
	_, found := s.engine.Order(o.ID)
	require.True(t, found, "the operator's own identifier finds nothing")
	s.clock.Advance(engine.SearchLag - time.Second)
	finds("before the lag is over")
	s.clock.Advance(time.Second)
	finds("afterwards", o.ID)
}

// TestKeyConcurrent makes twenty concurrent calls under one key.
func TestKeyConcurrent(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	var calls sync.WaitGroup
	errs := make(chan error, 20)
	for range cap(errs) {
		calls.Go(func() {
			o := s.newOrder("+22376123456")
			o.Key = "key-1"
			_, err := s.engine.OpenPayout(o)
			errs <- err
		})
	}
	calls.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			require.ErrorIs(t, err, engine.ErrUsed)
		}
	}
	require.Equal(t, []int64{1501}, s.bookedAmounts(), "the book")
}

// TestKeyAfterFailure opens a second order under the key of a failed one. The key
// then belongs to the second.
func TestKeyAfterFailure(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	failed, again := s.newOrder("+22376222222"), s.newOrder("+22376543210")
	failed.Key, again.Key = "key-1", "key-1"
	s.open("/in", failed)
	s.clock.Advance(time.Minute)
	s.open("/in", again)
	_, err := s.engine.Correct(failed.ID)
	require.NoError(t, err)
	o, _ := s.engine.ByKey("key-1")
	require.Equal(t, again.ID, o.ID)
}

func TestIdentifierUsed(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	o := s.open("/in", s.newOrder("+22376222222"))
	_, err := s.engine.OpenCollection(o)
	require.ErrorIs(t, err, engine.ErrUsed)
	require.Equal(t, 1, s.engine.Asked())
}

// TestOpenAndReply repeats an identifier with other values. The response shows
// the first order, and nothing is executed.
func TestOpenAndReply(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	takes := func(o engine.Order) (string, error) {
		w := httptest.NewRecorder()
		err := s.engine.OpenAndReply(
			w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil),
			engine.ShownOrder{Order: o, Show: func(o engine.Order) any { return o.Asked }},
		)
		return w.Body.String(), err
	}
	first := s.newOrder("+22376123456")
	other := first
	other.MSISDN, other.Asked, other.Direction = "+22376111111", 7, engine.Out
	for _, o := range []engine.Order{first, first, other} {
		says, err := takes(o)
		require.NoError(t, err)
		require.Equal(t, "1501", says)
	}
	require.Equal(t, 1, s.engine.Asked())
	for digits, want := range map[string]error{"111111": engine.ErrCeiling, "555555": engine.ErrDown} {
		refused := s.newOrder("+22376" + digits)
		refused.Direction = engine.Out
		_, err := takes(refused)
		require.ErrorIs(t, err, want, digits)
	}
	used := s.newOrder("+22376123456")
	used.Key = "key-1"
	_, err := takes(used)
	require.NoError(t, err)
	used.ID = "T99"
	_, err = takes(used)
	require.ErrorIs(t, err, engine.ErrUsed)
	err = s.engine.Reply(httptest.NewRecorder(), engine.Order{}, nil)
	require.ErrorIs(t, err, engine.ErrNoOrder)
}

// TestRefundOnce returns a payment. No second return is possible at the same
// time.
func TestRefundOnce(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	paid := s.open("/in", s.newOrder("+22376123456"))
	pending := s.open("/in", s.newOrder("+22376543210"))
	out := s.open("/out", s.newOrder("+22376123456"))
	for _, parent := range []string{pending.ID, out.ID, "T9"} {
		_, err := s.engine.Refund(parent, s.newOrder(""))
		require.ErrorIs(t, err, engine.ErrReturned, parent)
	}
	var calls sync.WaitGroup
	errs := make(chan error, 20)
	for range cap(errs) {
		calls.Go(func() {
			_, err := s.engine.Refund(paid.ID, s.newOrder(""))
			errs <- err
		})
	}
	calls.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			require.ErrorIs(t, err, engine.ErrReturned)
		}
	}
	require.Equal(t, []int64{1501, 1501, 1501}, s.bookedAmounts(), "the book")
	last := s.engine.Book()[2]
	require.Equal(t, engine.Out, last.Direction)
	require.Equal(t, paid.MSISDN, last.MSISDN)
	require.Equal(t, "XOF", last.Currency)
}

// TestRefundAfterFailure lets a return fail. Another one then pays, and the
// correction of the first must not pay as well.
func TestRefundAfterFailure(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	paid := s.open("/in", s.newOrder("+22376123456"))
	s.set(`{"force": "222222"}`)
	first, err := s.engine.Refund(paid.ID, s.newOrder(""))
	require.NoError(t, err)
	_, err = s.engine.Refund(paid.ID, s.newOrder(""))
	require.ErrorIs(t, err, engine.ErrReturned)
	_, err = s.engine.Decide(first.ID, engine.Declined, engine.Rejected)
	require.NoError(t, err)
	s.set(`{"force": ""}`)
	_, err = s.engine.Refund(paid.ID, s.newOrder(""))
	require.NoError(t, err)
	_, err = s.engine.Correct(first.ID)
	require.ErrorIs(t, err, engine.ErrReturned)
	require.Equal(t, []int64{1501, 1501}, s.bookedAmounts(), "the book")
}
