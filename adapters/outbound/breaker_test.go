package outbound

import (
	"bufio"
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"

	"pirogue"
	"pirogue/operator"
)

// operatorInMemory serves a client without a network, so that synctest can advance time.
// answer returns raw HTTP, or "" to hang up. A nil answer refuses connections.
type operatorInMemory struct {
	calls  atomic.Int32
	answer func() string
}

// client returns a client whose connections reach o.
func (o *operatorInMemory) client(t *testing.T) *Client {
	t.Helper()
	c := newClient(t, "http://operator.example", patient)
	c.transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
		o.calls.Add(1)
		if o.answer == nil {
			return nil, errors.New("connection refused")
		}
		ours, theirs := net.Pipe()
		go func() {
			defer closes(theirs)
			var w world
			if w.request(bufio.NewReader(theirs)) {
				tells(theirs, o.answer())
			}
		}()
		return &trackedConn{Conn: ours}, nil
	}
	return c
}

// says sets a response with a status line and no body.
func (o *operatorInMemory) says(status string) {
	o.answer = func() string { return "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" }
}

// sends makes n calls, which the circuit breaker must let through.
func sends(t *testing.T, c *Client, n int) {
	t.Helper()
	for i := range n {
		if _, err := c.Send(t.Context(), payment); errors.Is(err, gobreaker.ErrOpenState) {
			t.Fatalf("open after %d calls", i)
		}
	}
}

func TestWhatOpensTheBreaker(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status string // "" refuses the connection
		opens  bool
	}{
		"nobody listens":        {"", true},
		"a failing server":      {"500 Oops", true},
		"a gateway that is off": {"503 Off", true},
		"a refusal":             {"400 No", false},
		"too many requests":     {"429 Slow", false},
		"a success":             {"200 OK", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var o operatorInMemory
				if tt.status != "" {
					o.says(tt.status)
				}
				c := o.client(t)
				sends(t, c, maxFailures)
				_, err := c.Send(t.Context(), payment)
				if open := errors.Is(err, gobreaker.ErrOpenState); open != tt.opens {
					t.Errorf("open = %v (%v), want %v", open, err, tt.opens)
				}
				if tt.opens && (pirogue.CodeOf(err) != operator.NotSent || o.calls.Load() != maxFailures) {
					t.Errorf("error %v after %d calls, want NOT_SENT after %d", err, o.calls.Load(), maxFailures)
				}
			})
		})
	}
}

func TestAnOpenBreakerLetsOneProbeThrough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var o operatorInMemory
		c := o.client(t)
		sends(t, c, maxFailures)
		time.Sleep(breakerRests + time.Millisecond)
		o.answer = func() string {
			time.Sleep(time.Second)
			return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
		}
		probe := make(chan error)
		go func() { _, err := c.Send(t.Context(), payment); probe <- err }()
		synctest.Wait()
		if _, err := c.Send(t.Context(), payment); !errors.Is(err, gobreaker.ErrTooManyRequests) {
			t.Errorf("beside the probe: %v, want too many requests", err)
		}
		if err := <-probe; err != nil {
			t.Errorf("the probe: %v", err)
		}
		if _, err := c.Send(t.Context(), payment); err != nil {
			t.Errorf("after the probe: %v", err)
		}
	})
}

func TestCallsTheirCallerGaveUpDoNotOpenTheBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := operatorInMemory{answer: func() string { time.Sleep(time.Second); return "" }}
		c := o.client(t)
		for range 2 * maxFailures {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, cancel)
			if _, err := c.Send(ctx, payment); !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want cancelled", err)
			}
		}
		if n := o.calls.Load(); n != 2*maxFailures {
			t.Errorf("%d calls reached the operator, want %d", n, 2*maxFailures)
		}
		time.Sleep(2 * time.Second) // for the operator to end
	})
}
