package engine_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"pirogue/sandbox/engine"
)

func TestOrdersAreFoundByReferenceAndKey(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	first, second := s.asks("+22376123456"), s.asks("+22376543210")
	first.Key, second.Reference = "key-1", first.Reference
	s.opens("/in", first)
	s.opens("/in", second)
	found := []string{}
	for _, o := range s.till.ByReference(first.Reference) {
		found = append(found, o.ID)
	}
	equal(t, "by reference, oldest first", found, []string{"T1", "T2"})
	if o, ok := s.till.ByKey("key-1"); !ok || o.ID != first.ID {
		t.Errorf("the key finds %v %s", ok, o.ID)
	}
	for _, key := range []string{"", "key-2"} {
		if o, ok := s.till.ByKey(key); ok {
			t.Errorf("the key %q finds %s", key, o.ID)
		}
	}
	if none := s.till.ByReference("R-9"); len(none) != 0 {
		t.Errorf("a reference nobody used finds %v", none)
	}
}

// TestASearchLagsBehindLikeLive finds an order late by its reference, and at once by the
// operator's own identifier.
func TestASearchLagsBehindLikeLive(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.asks("+22376123456")
	s.opens("/out", o)
	finds := func(when string, want ...string) {
		t.Helper()
		found := []string{}
		for _, one := range s.till.Search(o.Reference) {
			found = append(found, one.ID)
		}
		equal(t, when, found, append([]string{}, want...))
	}
	finds("with the sandbox's promises", o.ID)
	s.set(`{"promises": "live"}`)
	finds("at once")
	if _, found := s.till.Order(o.ID); !found {
		t.Error("the operator's own identifier finds nothing")
	}
	s.clock.Advance(engine.SearchLag - time.Second)
	finds("before the lag is over")
	s.clock.Advance(time.Second)
	finds("afterwards", o.ID)
}

// TestAKeyMovesMoneyOnce makes twenty concurrent calls under one key.
func TestAKeyMovesMoneyOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var calls sync.WaitGroup
	for range 20 {
		calls.Go(func() {
			o := s.asks("+22376123456")
			o.Key = "key-1"
			if _, err := s.till.OpenPayout(o); err != nil && !errors.Is(err, engine.ErrUsed) {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	equal(t, "the book", s.moved(), []int64{1501})
}

// TestAFailedOrderLeavesItsKey opens a second order under the key of a failed one. The key
// then belongs to the second.
func TestAFailedOrderLeavesItsKey(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	failed, again := s.asks("+22376222222"), s.asks("+22376543210")
	failed.Key, again.Key = "key-1", "key-1"
	s.opens("/in", failed)
	s.clock.Advance(time.Minute)
	s.opens("/in", again)
	if _, err := s.till.Correct(failed.ID); err != nil {
		t.Error(err)
	}
	if o, _ := s.till.ByKey("key-1"); o.ID != again.ID {
		t.Errorf("the key finds %s", o.ID)
	}
}

func TestAnIdentifierIsNobodyElses(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.opens("/in", s.asks("+22376222222"))
	if _, err := s.till.OpenCollection(o); !errors.Is(err, engine.ErrUsed) || s.till.Asked() != 1 {
		t.Errorf("an identifier that is taken: %v", err)
	}
}

// TestAnIdentifierIsTakenOnce repeats an identifier with other values. The response shows
// the first order, and nothing is executed.
func TestAnIdentifierIsTakenOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	takes := func(o engine.Order) (string, error) {
		w := httptest.NewRecorder()
		err := s.till.OpenAndReply(
			w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil), o,
			func(o engine.Order) any { return o.Asked },
		)
		return w.Body.String(), err
	}
	first := s.asks("+22376123456")
	other := first
	other.MSISDN, other.Asked, other.Direction = "+22376111111", 7, engine.Out
	for n, o := range []engine.Order{first, first, other} {
		if says, err := takes(o); err != nil || says != "1501" {
			t.Errorf("call %d is answered %s %v", n+1, says, err)
		}
	}
	if s.till.Asked() != 1 {
		t.Errorf("%d orders are kept", s.till.Asked())
	}
	for digits, want := range map[string]error{"111111": engine.ErrCeiling, "555555": engine.ErrDown} {
		refused := s.asks("+22376" + digits)
		refused.Direction = engine.Out
		if _, err := takes(refused); !errors.Is(err, want) {
			t.Errorf("%s says %v", digits, err)
		}
	}
	used := s.asks("+22376123456")
	used.Key = "key-1"
	if _, err := takes(used); err != nil {
		t.Error(err)
	}
	used.ID = "T99"
	if _, err := takes(used); !errors.Is(err, engine.ErrUsed) {
		t.Errorf("a key that is taken says %v", err)
	}
	if err := s.till.Reply(httptest.NewRecorder(), engine.Order{}, nil); !errors.Is(err, engine.ErrNoOrder) {
		t.Errorf("no order at all says %v", err)
	}
}

// TestMoneyIsGivenBackOnce returns a payment. No second return is possible at the same
// time.
func TestMoneyIsGivenBackOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	paid := s.opens("/in", s.asks("+22376123456"))
	pending := s.opens("/in", s.asks("+22376543210"))
	out := s.opens("/out", s.asks("+22376123456"))
	for _, parent := range []string{pending.ID, out.ID, "T9"} {
		if _, err := s.till.Refund(parent, s.asks("")); !errors.Is(err, engine.ErrReturned) {
			t.Errorf("giving %s back says %v", parent, err)
		}
	}
	var calls sync.WaitGroup
	for range 20 {
		calls.Go(func() {
			if _, err := s.till.Refund(paid.ID, s.asks("")); err != nil && !errors.Is(err, engine.ErrReturned) {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	equal(t, "the book", s.moved(), []int64{1501, 1501, 1501})
	last := s.till.Book()[2]
	if last.Direction != engine.Out || last.MSISDN != paid.MSISDN || last.Currency != "XOF" {
		t.Errorf("the return is booked as %+v", last)
	}
}

// TestAFailedReturnIsTriedAgain lets a return fail. Another one then pays, and the
// correction of the first must not pay as well.
func TestAFailedReturnIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	paid := s.opens("/in", s.asks("+22376123456"))
	s.set(`{"force": "222222"}`)
	first, err := s.till.Refund(paid.ID, s.asks(""))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.till.Refund(paid.ID, s.asks("")); !errors.Is(err, engine.ErrReturned) {
		t.Errorf("beside one that is pending: %v", err)
	}
	if _, err := s.till.Decide(first.ID, engine.Declined, engine.Rejected); err != nil {
		t.Fatal(err)
	}
	s.set(`{"force": ""}`)
	if _, err := s.till.Refund(paid.ID, s.asks("")); err != nil {
		t.Errorf("after one that failed: %v", err)
	}
	if _, err := s.till.Correct(first.ID); !errors.Is(err, engine.ErrReturned) {
		t.Errorf("correcting the first: %v", err)
	}
	equal(t, "the book", s.moved(), []int64{1501, 1501})
}
