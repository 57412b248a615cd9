package engine_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
)

// outgoing returns the opening of a payout of 1501 francs that is executed after a while.
func (s *world) outgoing(after time.Duration) engine.Opening {
	o := s.newOrder("+22376543210")
	o.Direction = engine.Out
	return engine.Opening{Order: o, Course: engine.Course{Ends: engine.Executed, After: after}}
}

func TestOpenAll(t *testing.T) {
	t.Parallel()
	small := func(t *testing.T) *world {
		t.Helper()
		return newWorld(t, func(o *engine.Config) { o.Float, o.MaxOrders = 4000, 3 })
	}
	t.Run("opens_all_or_none", func(t *testing.T) {
		t.Parallel()
		s := small(t)
		_, err := s.engine.OpenAll(s.outgoing(0), s.outgoing(0), s.outgoing(0))
		require.ErrorIs(t, err, engine.ErrFloat)
		_, err = s.engine.OpenAll(s.outgoing(0), s.outgoing(0), s.outgoing(0), s.outgoing(0))
		require.ErrorIs(t, err, engine.ErrFull)
		require.Zero(t, s.engine.Asked())
		_, err = s.engine.OpenAll(s.outgoing(0), s.outgoing(time.Minute))
		require.NoError(t, err)
		require.Equal(t, int64(4000-2*1501), s.engine.Float())
		require.Equal(t, []int64{1501}, s.bookedAmounts())
	})
	t.Run("without_float", func(t *testing.T) {
		t.Parallel()
		s := small(t)
		last := s.outgoing(0)
		last.WithoutFloat = &engine.Course{Ends: engine.Declined, Reason: "poor", AfterResponse: true}
		orders, err := s.engine.OpenAll(s.outgoing(0), s.outgoing(0), last)
		require.NoError(t, err)
		require.Equal(t, engine.Pending, orders[2].State)
		s.engine.Proceed(orders[2])
		require.Equal(t, engine.Reason("poor"), s.order(last.Order.ID).Reason)
		require.Equal(t, []int64{1501, 1501}, s.bookedAmounts())
	})
	t.Run("after_response", func(t *testing.T) {
		t.Parallel()
		s := small(t)
		one := s.outgoing(0)
		one.Course.AfterResponse = true
		orders, err := s.engine.OpenAll(one)
		require.NoError(t, err)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/out", nil)
		response := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			s.expectState(one.Order.ID, engine.Pending)
		})
		s.engine.ReplyToOpening(httptest.NewRecorder(), r, engine.OpeningReply{Orders: orders, Response: response})
		s.expectState(one.Order.ID, engine.Executed)
	})
}

func TestRecordOwn(t *testing.T) {
	t.Parallel()
	path, clock := filepath.Join(t.TempDir(), "engine.jsonl"), engine.NewVirtualClock(noon, 0)
	first := journaled(t, path, clock)
	_, err := first.engine.OpenAll(first.outgoing(0), first.outgoing(time.Minute))
	require.NoError(t, err)
	require.NoError(t, first.engine.RecordOwn(map[string]string{"pin": "1234"}))
	first.close()
	clock.Advance(time.Minute)

	var restored []string
	again := newWorld(t, func(o *engine.Config) {
		o.JournalPath, o.Clock = path, clock
		o.Restore = func(data json.RawMessage) error {
			restored = append(restored, string(data))
			return nil
		}
	})
	require.Equal(t, []string{`{"pin":"1234"}`}, restored)
	require.Equal(t, []int64{1501, 1501}, again.bookedAmounts())
	again.close()

	refused := &engine.Engine{}
	require.ErrorContains(t, refused.Start(engine.Config{Options: engine.Options{
		PublicURL: "http://sandbox.example", JournalPath: path,
	}}), "holds no order")
}

func TestCorrectionOfTheOperator(t *testing.T) {
	t.Parallel()
	var asked []string
	s := newWorld(t, func(o *engine.Config) {
		o.Correct = func(o engine.Order) error {
			asked = append(asked, o.ID)
			return errors.New("not this one")
		}
	})
	s.set(`{"correct_after_ms": 1000}`)
	o := s.open("/out", s.newOrder("+22376222222"))
	s.clock.Advance(time.Hour)
	require.Equal(t, []string{o.ID}, asked)
	s.expectState(o.ID, engine.Declined)
}

func TestNotificationAfterAnother(t *testing.T) {
	t.Parallel()
	s := newWorld(t, func(o *engine.Config) {
		callback := o.Callback
		o.Callback = func(o engine.Order) engine.Notification {
			msg, next := callback(o), o
			next.State = "forged"
			second := callback(next)
			msg.Next = &second
			return msg
		}
	})
	s.open("/in", s.newOrder("+22376123456"))
	require.Equal(t, []engine.State{engine.Executed, "forged"}, s.callbackStates())
}
