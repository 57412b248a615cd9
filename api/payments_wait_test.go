package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// nextCursor returns the cursor of a list, "" on its last page.
func nextCursor(t *testing.T, r reply) string {
	t.Helper()
	var body struct {
		NextCursor *string `json:"next_cursor"`
	}
	require.NoError(t, json.Unmarshal(r.Body.Bytes(), &body))
	if body.NextCursor == nil {
		return ""
	}
	return *body.NextCursor
}

// In a synctest bubble time passes when every goroutine waits, so 25 s take no real time.

func TestWaitForStatus(t *testing.T) {
	t.Parallel()

	t.Run("status_changes", testWaitStatusChanges)
	t.Run("wait_is_over", testWaitWaitIsOver)
	t.Run("client_disconnects", testWaitClientDisconnects)
	t.Run("server_stops", testWaitServerStops)
	t.Run("too_many_wait", testWaitTooManyWait)
	t.Run("database_hangs_3_seconds", testWaitDatabaseHangs3Seconds)
	t.Run("slow_operator", testWaitSlowOperator)
	t.Run("slow_progress", testWaitSlowProgress)
}

// The response comes within one reread of the change.
func testWaitStatusChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.accepted("order_001")
		go func() {
			time.Sleep(3 * time.Second)
			w.store.update(p.ID, func(p *pirogue.Payment) { p.Status = pirogue.StatusSuccess })
		}()
		began := time.Now()
		require.Equal(t, "SUCCESS", w.get("/payments/" + string(p.ID) + "?wait=25").data()["status"])
		require.WithinDuration(t, began.Add(3*time.Second), time.Now(), 300*time.Millisecond)
	})
}

// Without a change the response comes after exactly the wait asked for.
func testWaitWaitIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.accepted("order_001")
		for wait, want := range map[string]time.Duration{"25": 25 * time.Second, "1": time.Second, "0": 0} {
			began := time.Now()
			require.Equal(t, "PENDING", w.get("/payments/" + string(p.ID) + "?wait=" + wait).data()["status"])
			require.Equal(t, want, time.Since(began))
		}
	})
}

// A client that disconnects gives its place back at once.
func testWaitClientDisconnects(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.accepted("order_001")
		ctx, hangUp := context.WithTimeout(t.Context(), 2*time.Second)
		defer hangUp()
		began := time.Now()
		w.do(w.request(w.test, http.MethodGet, "/api/v1/payments/"+string(p.ID)+"?wait=25", "").WithContext(ctx))
		require.Equal(t, 2*time.Second, time.Since(began))
	})
}

// A deploy must not wait 25 s for held responses.
func testWaitServerStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.accepted("order_001")
		server := w.server.HTTPServer("")
		go func() {
			time.Sleep(time.Second)
			if err := server.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
		}()
		began := time.Now()
		require.Equal(t, "PENDING", w.get("/payments/" + string(p.ID) + "?wait=25").data()["status"])
		require.Equal(t, time.Second, time.Since(began))
	})
}

// Held responses read the database again and again, so their number is bounded.
func testWaitTooManyWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.accepted("order_001")
		began := time.Now()
		var atOnce sync.Map
		var all sync.WaitGroup
		for i := range 150 {
			all.Go(func() {
				w.get("/payments/" + string(p.ID) + "?wait=25")
				atOnce.Store(i, time.Since(began) == 0)
			})
		}
		all.Wait()
		count := 0
		atOnce.Range(func(_, at any) bool {
			if at == true {
				count++
			}
			return true
		})
		require.Equal(t, 50, count, "100 are held, the rest is answered at once")
	})
}

// A database that hangs is an outage: a 503 within the contract's time.
func testWaitDatabaseHangs3Seconds(t *testing.T) { // row 65
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.change(func() { w.store.hangs = true })
		for _, ask := range []func() reply{
			func() reply { return w.collect(order("order_001")) },
			func() reply { return w.get("/balances") },
		} {
			began := time.Now()
			ask().requireCode(pirogue.ServiceUnavailable)
			require.Less(t, time.Since(began), 3*time.Second)
		}
	})
}

// The response to a cash-in waits at most firstResponseTimeout for the operator, and the payment goes
// on.
func testWaitSlowOperator(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.workflows.start = func(ctx context.Context, p pirogue.Payment) (lifecycle.FirstResponse, error) {
			w.store.update(p.ID, func(p *pirogue.Payment) { p.Status = pirogue.StatusInitiated })
			<-ctx.Done()
			return lifecycle.FirstResponse{}, pirogue.Errorf(operator.Unknown, "no answer yet: %w", ctx.Err())
		}
		began := time.Now()
		got := w.collect(order("order_001"))
		require.Equal(t, http.StatusAccepted, got.Code)
		require.Equal(t, "INITIATED", got.data()["status"])
		require.Equal(t, 8*time.Second, time.Since(began))
	})
}

// A read waits at most waitingTime for what a payment waits for.
func testWaitSlowProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.accepted("order_001")
		w.store.change(func() { w.store.hangsIn = "Progress" })
		began := time.Now()
		require.NotContains(t, w.get("/payments/"+string(p.ID)).data(), "waiting_for")
		require.Equal(t, 300*time.Millisecond, time.Since(began))
	})
}
