package engine_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
)

// openOnPage opens an order that is paid on a page. Its caller reads the response.
func (s *world) openOnPage(msisdn string) engine.Order {
	s.t.Helper()
	return s.openOnPageBy(httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, "/", nil), msisdn)
}

// openOnPageBy opens an order by a given call.
func (s *world) openOnPageBy(r *http.Request, msisdn string) engine.Order {
	s.t.Helper()
	o, err := s.engine.OpenOnPage(r, s.newOrder(msisdn))
	require.NoError(s.t, err)
	s.engine.ReplyToOpening(httptest.NewRecorder(), r, engine.JSONReply(o, http.StatusCreated, o))
	return s.order(o.ID)
}

func TestPaymentPage(t *testing.T) {
	t.Parallel()
	const settling = 4 * time.Second
	for name, row := range map[string]struct {
		msisdn string
		after  time.Duration // of the confirmation; 0 for the response itself
		end    engine.State
		booked []int64
	}{
		"pays at once, after the response": {"+22376123456", 0, engine.Executed, []int64{1501}},
		"pays later":                       {"+22376444444", 30 * time.Second, engine.Executed, []int64{1501}},
		"refuses":                          {"+22376222222", 2 * time.Second, engine.Declined, []int64{}},
		"pays another amount":              {"+22376999999", 0, engine.Executed, []int64{751}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newWorld(t)
			s.set(`{"settle_ms": 4000}`)
			o := s.openOnPage(row.msisdn)
			if row.after > 0 {
				require.True(t, o.AwaitsCustomer())
				s.clock.Advance(row.after)
				o = s.order(o.ID)
			}
			require.Equal(t, engine.Pending, o.State)
			require.Equal(t, noon.Add(row.after), o.ConfirmedAt, "the customer confirmed")
			require.False(t, o.AwaitsCustomer())
			s.clock.Advance(settling)
			require.Equal(t, row.end, s.order(o.ID).State)
			require.Equal(t, row.booked, s.bookedAmounts())
			require.Equal(t, []engine.State{row.end}, s.callbackStates())
		})
	}
}

func TestPaymentPage_nobody_acts(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		msisdn, switches string
		lapse            time.Duration
		end              engine.State
	}{
		"without a number":              {"", `{}`, -1, engine.Pending},
		"without a number, but forced":  {"", `{"force": "123456"}`, -1, engine.Pending},
		"until the page lapses":         {"", `{}`, time.Hour, engine.Lapsed},
		"for the silent number":         {"+22376333333", `{}`, -1, engine.Pending},
		"when the response is dropped":  {"+22376123456", `{"drop_answers": 1}`, -1, engine.Pending},
		"when the response is spoiled":  {"+22376123456", `{"answers": "page"}`, -1, engine.Pending},
		"when the number loses replies": {"+22376666666", `{"drop_answers": 1}`, -1, engine.Pending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newWorld(t, func(o *engine.Config) { o.Lapse = row.lapse })
			s.set(row.switches)
			serve := s.engine.Mux(map[string]engine.Call{"POST /page": func(_ http.ResponseWriter, r *http.Request) error {
				s.openOnPageBy(r, row.msisdn)
				return nil
			}})
			func() {
				defer func() { require.Contains(t, []any{nil, http.ErrAbortHandler}, recover()) }()
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/page", strings.NewReader(""))
				serve.ServeHTTP(httptest.NewRecorder(), r)
			}()
			s.clock.Advance(24 * time.Hour)
			require.Equal(t, row.end, s.order("T1").State)
			require.Empty(t, s.bookedAmounts())
		})
	}
}

func TestPaymentPage_three_callbacks(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	s.set(`{"settle_ms": 4000}`)
	o := s.openOnPage("+22376888888")
	require.Equal(t, engine.Executed, o.State, "it is paid before the response")
	require.Equal(t, []engine.State{engine.Executed, engine.Executed, engine.Executed}, s.callbackStates())
}

func TestPaymentPage_visit(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		msisdn string
		paid   time.Duration // after the opening
	}{
		"an automatic customer steps back once": {"+22376543210", 94 * time.Second},
		"a magic number does not":               {"+22376444444", 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newWorld(t)
			o := s.openOnPage(row.msisdn)
			for range 2 { // at 4 s and at 8 s
				s.clock.Advance(4 * time.Second)
				_, err := s.engine.VisitPage(o.ID)
				require.NoError(t, err)
			}
			s.clock.Advance(row.paid - 8*time.Second - time.Millisecond)
			require.Equal(t, engine.Pending, s.order(o.ID).State)
			s.clock.Advance(time.Millisecond)
			require.Equal(t, engine.Executed, s.order(o.ID).State)
		})
	}
	s := newWorld(t)
	_, err := s.engine.VisitPage("nothing")
	require.ErrorIs(t, err, engine.ErrNoOrder)
}

func TestPaymentPage_person_confirms(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		msisdn string
		end    engine.State
		booked []int64
	}{
		"with money":                {"76543210", engine.Executed, []int64{1501}},
		"without money":             {"76111111", engine.Declined, []int64{}},
		"with a silent number":      {"76333333", engine.Executed, []int64{1501}},
		"with the number of halves": {"76999999", engine.Executed, []int64{751}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newWorld(t)
			o := s.openOnPage("+22376444444")
			after, err := s.engine.ConfirmOnPage(o.ID, row.msisdn)
			require.NoError(t, err)
			require.Equal(t, row.end, after.State)
			require.Equal(t, row.msisdn, after.MSISDN)
			_, err = s.engine.ConfirmOnPage(o.ID, "76543210")
			require.ErrorIs(t, err, engine.ErrNoOrder, "a second click")
			s.clock.Advance(time.Hour)
			require.Equal(t, row.booked, s.bookedAmounts())
			require.Equal(t, []engine.State{row.end}, s.callbackStates())
		})
	}
}

func TestPaymentPage_change(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	s.set(`{"settle_ms": 4000}`)
	o := s.openOnPage("")
	note := func(o *engine.Order) bool {
		o.Notes = map[string]string{"tries": "1"}
		return true
	}
	after, err := s.engine.ChangeOnPage(o.ID, note)
	require.NoError(t, err)
	require.Equal(t, "1", after.Notes["tries"])
	_, err = s.engine.ConfirmOnPage(o.ID, "76543210")
	require.NoError(t, err)
	_, err = s.engine.ChangeOnPage(o.ID, note)
	require.ErrorIs(t, err, engine.ErrNoOrder, "the customer has confirmed")
	require.NoError(t, s.engine.DecideOnPage(o.ID, engine.Lapsed, engine.LeftPage))
	require.Equal(t, engine.Pending, s.order(o.ID).State, "a confirmed order cannot be cancelled")
}

// TestPaymentPage_restart kills the engine while a customer waits and while an order
// settles.
func TestPaymentPage_restart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "orders.jsonl")
	clock := engine.NewVirtualClock(noon, 0)
	s := journaled(t, path, clock)
	s.set(`{"settle_ms": 4000}`)
	settles, waits := s.openOnPage("+22376123456"), s.openOnPage("+22376444444")
	s = journaled(t, path, engine.NewVirtualClock(noon.Add(time.Second), 0)) // the old clock stands still for ever
	require.Equal(t, engine.Pending, s.order(settles.ID).State)
	s.clock.Advance(3 * time.Second)
	require.Equal(t, engine.Executed, s.order(settles.ID).State)
	require.True(t, s.order(waits.ID).ConfirmedAt.IsZero())
	s.clock.Advance(26 * time.Second)
	require.Equal(t, engine.Executed, s.order(waits.ID).State)
}

func TestEngineNamesOrders(t *testing.T) {
	t.Parallel()
	s := newWorld(t, func(o *engine.Config) {
		o.UniqueReference = true
		o.NewID = func(o engine.Order, count int) string {
			return o.OpenedAt.Format("060102.1504.") + string(rune('A'+count))
		}
	})
	asked := s.newOrder("+22376222222")
	asked.ID = ""
	first, err := s.engine.OpenCollection(asked)
	require.NoError(t, err)
	require.Equal(t, "260312.1200.A", first.ID)
	s.clock.Advance(time.Minute)
	_, err = s.engine.OpenCollection(asked)
	require.ErrorIs(t, err, engine.ErrUsed, "a reference opens one order for ever, even if that failed")
	asked.Reference = "another"
	second, err := s.engine.OpenCollection(asked)
	require.NoError(t, err)
	require.Equal(t, "260312.1201.B", second.ID)
}

func TestEngineBookView(t *testing.T) {
	t.Parallel()
	s := newWorld(t, func(o *engine.Config) {
		o.CollectsOnly, o.Quirks = true, nil
		o.BookView = func() any { return map[string]int{"sessions": 3} }
	})
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/book", nil))
	require.JSONEq(t, `{"sessions": 3}`, w.Body.String())
	w = httptest.NewRecorder()
	s.handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/switches", nil))
	var settings map[string]any
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &settings))
	require.NotContains(t, settings, "float")
	require.Contains(t, settings, "down")
}
