package main

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAPaymentGoesOnAfterAnyPartWasKilled(t *testing.T) {
	t.Parallel()

	f := newFleet(t)
	// Each row kills one part while payments are PENDING and brings it back.
	for name, killAndReturn := range map[string]func(){
		"the worker":    func() { f.kill("worker"); time.Sleep(time.Second); f.start("worker") },
		"the API":       func() { f.kill("api"); time.Sleep(time.Second); f.start("api") },
		"Temporal":      func() { f.temporal.Kill(); time.Sleep(time.Second); f.startTemporal() },
		"PostgreSQL":    func() { f.postgres.Kill(t); time.Sleep(time.Second); f.postgres.Start(t) },
		"the simulator": func() { f.kill("sandbox"); time.Sleep(time.Second); f.start("sandbox") },
	} {
		t.Run(name, func(t *testing.T) {
			f.t, f.world.t = t, t
			ids := f.pending(5)
			killAndReturn()
			f.expectOnce(ids)
		})
	}
}

// pending takes n payments whose customers pay after ten seconds.
func (f *fleet) pending(n int) []string {
	f.t.Helper()
	ids := make([]string, n)
	for i := range ids {
		got := f.customer().pay(f.t, order("+22370001234"))
		require.Equal(f.t, 202, got.Status, got.Raw)
		ids[i] = got.Data.ID
	}
	return ids
}

func TestIdenticalCashInsAtOnce(t *testing.T) {
	t.Parallel()

	f := newFleet(t)
	for _, part := range []string{"api", "worker"} {
		t.Run(part, func(t *testing.T) {
			f.t, f.world.t = t, t
			before := len(f.book().Sessions)
			body := order("+22376123456")
			seen := f.storm(body, func() { f.kill(part) })
			f.start(part)

			again := f.customer().pay(t, body)
			require.Contains(t, []int{202, 409}, again.Status, again.Raw)
			seen[again.Data.ID] = true
			delete(seen, "")
			require.Len(t, seen, 1, "one payment, whatever was answered")
			f.expectOnce([]string{again.Data.ID})
			require.LessOrEqual(t, len(f.book().Paid)-before, 1)
		})
	}
}

// storm sends one request many times at once and calls middle meanwhile. It returns the IDs of
// the transactions in the responses.
func (f *fleet) storm(body string, middle func()) map[string]bool {
	const callers = 200
	var all sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]bool{}
	for range callers {
		all.Go(func() {
			got, err := f.customer().do(f.t.Context(), http.MethodPost, "/payments/cashin", body)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				seen[got.Data.ID] = true
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	middle()
	all.Wait()
	return seen
}

func TestWhileAPartIsAwayNothingIsHalfMade(t *testing.T) {
	t.Parallel()

	f := newFleet(t)
	for _, part := range []struct {
		name         string
		leave, enter func()
	}{
		{"Temporal", func() { f.temporal.Kill() }, func() { f.startTemporal() }},
		{"PostgreSQL", func() { f.postgres.Kill(t) }, func() { f.postgres.Start(t) }},
	} {
		t.Run(part.name, func(t *testing.T) {
			f.t, f.world.t = t, t
			part.leave()
			time.Sleep(2 * healthLifeAtMost) // the API's cached health has expired
			body := order("+22376123456")
			got, err := f.customer().do(t.Context(), http.MethodPost, "/payments/cashin", body)
			require.NoError(t, err)
			require.Equal(t, 503, got.Status, got.Raw)
			require.Equal(t, "SERVICE_UNAVAILABLE", got.Code)

			part.enter()
			got = f.customer().pay(t, body)
			require.Equal(t, 202, got.Status, "the 503 left nothing behind: %s", got.Raw)
			f.expectOnce([]string{got.Data.ID})
		})
	}
}

// healthLifeAtMost bounds the time for which the API caches Temporal's health.
const healthLifeAtMost = time.Second
