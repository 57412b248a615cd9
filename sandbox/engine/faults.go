package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const maxSettings = 1 << 13 // bytes of a body that sets switches

// fromHere rejects requests that a page of another site makes a browser send. A sandbox
// asks for no password, and often runs on the machine where its owner browses.
var fromHere = http.NewCrossOriginProtection()

// Faults holds the switches of one simulator and applies them to its handlers.
type Faults struct {
	clock Clock
	life  context.Context //nolint:containedctx // ends with Close, and with it every wait
	end   context.CancelFunc
	mu    sync.Mutex
	now   Switches
}

// NewFaults returns a set of switches without faults.
func NewFaults(clock Clock) *Faults {
	f := &Faults{clock: clock, now: healthy}
	f.life, f.end = context.WithCancel(context.Background())
	return f
}

// Close releases every call that a switch delays: its caller gets no response, or no more
// of it. Closing twice is harmless.
func (f *Faults) Close() { f.end() }

// wait returns true after d. It returns false as soon as the caller disconnects or Close is
// called.
func (f *Faults) wait(ctx context.Context, d time.Duration) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(f.life, cancel)() //nolint:contextcheck // Close ends the wait as well
	return Wait(ctx, f.clock, d)
}

// Read returns the current switches.
func (f *Faults) Read() Switches {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Set replaces all switches. It changes none and returns an error if one is out of its
// range.
func (f *Faults) Set(s Switches) error {
	return f.Change(func(now *Switches) error {
		*now = s
		return nil
	})
}

// Change lets a function modify the switches. They stay unchanged if the function fails or
// leaves one out of its range. No other change happens in between.
func (f *Faults) Change(change func(*Switches) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	wanted := f.now
	if err := change(&wanted); err != nil {
		return err
	}
	if err := wanted.validate(); err != nil {
		return err
	}
	f.now = wanted
	return nil
}

// ServeHTTP returns the switches on GET. POST changes those that the JSON body names; an
// unknown name or a bad value changes none.
func (f *Faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.Settings().ServeHTTP(w, r)
}

// Settings reads and changes the switches of a simulator that has no settings of its own.
func (f *Faults) Settings() Settings {
	return Settings{
		Read: func() any { return f.Read() }, Healthy: func() any { return healthy },
		Change: func(decode func(any) error) error {
			return f.Change(func(wanted *Switches) error { return decode(wanted) })
		},
	}
}

// decodeSettings reads exactly one JSON object. It returns an error for a name that
// settings lacks.
func decodeSettings(raw []byte, settings any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(settings); err != nil {
		return fmt.Errorf("the body is not a set of switches: %w", err)
	}
	if !errors.Is(decoder.Decode(&struct{}{}), io.EOF) {
		return errors.New("the body holds more than one set of switches")
	}
	return nil
}

// WithFaults serves next after the latency of the switch, or serves down if the operator is
// down.
func (f *Faults) WithFaults(next, down http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := f.Read()
		if s.LatencyMS > 0 && !f.wait(r.Context(), time.Duration(s.LatencyMS)*time.Millisecond) {
			panic(http.ErrAbortHandler) // an empty 200 would report a success that was never executed
		}
		if s.Down {
			down.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// DropResponse lets next execute a call without a response, as often as the switch demands. The
// caller sees the connection close. next can ask ResponseIsLost: a customer never sees a page
// whose address was lost.
func (f *Faults) DropResponse(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !f.takeDroppedResponse() {
			next.ServeHTTP(w, r)
			return
		}
		lost := context.WithValue(r.Context(), lostResponseKey{}, true)
		next.ServeHTTP(&discardedResponse{header: make(http.Header)}, r.WithContext(lost))
		panic(http.ErrAbortHandler)
	})
}

// takeDroppedResponse reports whether this call loses its response, and counts it.
func (f *Faults) takeDroppedResponse() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now.DropResponses == 0 {
		return false
	}
	f.now.DropResponses--
	return true
}

// lostResponseKey marks the context of a call whose response is dropped.
type lostResponseKey struct{}

// ResponseIsLost reports whether the response to this call is dropped.
func ResponseIsLost(ctx context.Context) bool {
	lost, ok := ctx.Value(lostResponseKey{}).(bool)
	return ok && lost
}

// discardedResponse discards a dropped response.
type discardedResponse struct{ header http.Header }

func (n *discardedResponse) Header() http.Header         { return n.header }
func (n *discardedResponse) Write(p []byte) (int, error) { return len(p), nil }
func (n *discardedResponse) WriteHeader(int)             {}
