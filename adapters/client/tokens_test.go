package client

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
)

// issuer issues the tokens "1", "2", … and accepts only the latest.
type issuer struct {
	issued  atomic.Int64
	calls   atomic.Int64
	life    int64         // seconds
	slow    time.Duration // the time a token takes
	revoked atomic.Bool   // no token is accepted
	down    atomic.Bool   // no token is issued
}

func (i *issuer) fetch(ctx context.Context) (Token, error) {
	select {
	case <-ctx.Done():
		return Token{}, ctx.Err()
	case <-time.After(i.slow):
	}
	if i.down.Load() {
		return Token{}, pirogue.Errorf(operator.Unknown, "time-out")
	}
	return Token{Value: strconv.FormatInt(i.issued.Add(1), 10), ExpiresIn: i.life}, nil
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.calls.Add(1)
	if i.revoked.Load() || r.Header.Get("Authorization") != "Bearer "+strconv.FormatInt(i.issued.Load(), 10) {
		w.WriteHeader(http.StatusUnauthorized)
	}
}

// bench is a moveable clock with the tokens of an issuer.
type bench struct {
	*issuer
	client *Client
	now    time.Time
}

func newBench(t *testing.T, i *issuer) *bench {
	t.Helper()
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	b := &bench{issuer: i, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	b.client = newClient(t, server.URL, patient)
	b.client.UseTokens(func() time.Time { return b.now }, i.fetch)
	return b
}

// send sends one payment and checks its result and the number of tokens issued.
func (b *bench) send(t *testing.T, want pirogue.Code, issued int64) {
	t.Helper()
	resp, err := b.client.Do(t.Context(), payment)
	require.Equal(t, want, pirogue.CodeOf(err), resp.Status)
	require.False(t, want == "" && resp.Status != http.StatusOK, "status %d, error %v; want code %q", resp.Status,
		err, want)
	got := b.issued.Load()
	require.Equal(t, issued, got)
}

func TestTokenLife(t *testing.T) {
	t.Parallel()
	b := newBench(t, &issuer{life: 3600})
	b.send(t, "", 1)
	b.now = b.now.Add(54*time.Minute - time.Second)
	b.send(t, "", 1)
	b.now = b.now.Add(time.Second)
	b.send(t, "", 2)
}

func TestUsableTime(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		seconds int64
		want    time.Duration
	}{
		"Sonatel's 299 s lose a minute":      {299, 239 * time.Second},
		"an hour loses a tenth":              {3600, 54 * time.Minute},
		"a minute keeps half":                {60, 30 * time.Second},
		"ninety days are cut to a day":       {7_776_000, 24*time.Hour - 144*time.Minute},
		"an absurd life does not overflow":   {1 << 62, 24*time.Hour - 144*time.Minute},
		"no life at all":                     {0, 0},
		"a negative life is no life at all":  {-5, 0},
		"two minutes keep half, the same":    {120, time.Minute},
		"ten minutes: the two margins agree": {600, 9 * time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := usableTime(tt.seconds)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestConcurrentCallsFetchOneToken(t *testing.T) {
	t.Parallel()
	b := newBench(t, &issuer{life: 3600, slow: 50 * time.Millisecond})
	var calls sync.WaitGroup
	for range 1000 {
		calls.Go(func() {
			if _, err := b.client.tokens.get(t.Context(), ""); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	n := b.issued.Load()
	require.EqualValues(t, 1, n)
}

func TestRejectedToken(t *testing.T) {
	t.Parallel()
	b := newBench(t, &issuer{life: 3600})
	b.send(t, "", 1)
	b.issued.Add(1) // the operator forgets the first
	b.send(t, "", 3)
	n := b.calls.Load()
	require.EqualValues(t, 3, n)

	b.revoked.Store(true)
	b.send(t, operator.NotSent, 4)
	n = b.calls.Load()
	require.EqualValues(t, 5, n)
}

func TestNoToken(t *testing.T) {
	t.Parallel()
	b := newBench(t, &issuer{life: 3600})
	b.down.Store(true)
	b.send(t, operator.NotSent, 0)
	n := b.calls.Load()
	require.EqualValues(t, 0, n)
	b.down.Store(false)
	b.send(t, "", 1)
}

func TestEmptyToken(t *testing.T) {
	t.Parallel()
	b := newBench(t, &issuer{})
	b.client.tokens.fetch = func(context.Context) (Token, error) { return Token{ExpiresIn: 3600}, nil }
	b.send(t, operator.NotSent, 0)
}

func TestCancelledCallerOfSharedFetch(t *testing.T) {
	t.Parallel()
	b := newBench(t, &issuer{life: 3600, slow: 200 * time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	var calls sync.WaitGroup
	calls.Go(func() {
		start := time.Now()
		_, err := b.client.Do(ctx, payment)
		if took := time.Since(start); took > b.slow/2 {
			t.Errorf("who gave up after 20 ms waited %v", took)
		}
		if pirogue.CodeOf(err) != operator.NotSent || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who gave up: %v, want NOT_SENT", err)
		}
	})
	time.Sleep(10 * time.Millisecond)
	b.send(t, "", 1)
	calls.Wait()
}

func TestTokenTimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, silence)
	slow := &issuer{life: 3600, slow: 200 * time.Millisecond}
	c := newClient(t, w.url, impatient)
	c.UseTokens(time.Now, slow.fetch)
	start := time.Now()
	_, err := c.Do(t.Context(), payment)
	require.Equal(t, operator.Unknown, pirogue.CodeOf(err), err)
	took := time.Since(start)
	require.LessOrEqual(t, took, impatient+150*time.Millisecond)
}
