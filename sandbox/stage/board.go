package stage

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

// fromHere refuses what a page of another site makes a browser send: a sandbox asks for
// no password, and often listens where its owner surfs.
var fromHere = http.NewCrossOriginProtection()

// Board holds the switches of one simulator and applies them to its handlers.
type Board struct {
	clock Clock
	life  context.Context //nolint:containedctx // ends with Close, and with it every wait
	end   context.CancelFunc
	mu    sync.Mutex
	now   Switches
}

// NewBoard returns a board with everything healthy.
func NewBoard(clock Clock) *Board {
	b := &Board{clock: clock, now: healthy}
	b.life, b.end = context.WithCancel(context.Background())
	return b
}

// Close lets go every call that a switch keeps waiting: its caller gets no answer, or no
// more of it. Closing twice is harmless.
func (b *Board) Close() { b.end() }

// wait returns true after d, or false as soon as the caller goes away or the board closes.
func (b *Board) wait(ctx context.Context, d time.Duration) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(b.life, cancel)() //nolint:contextcheck // Close ends the wait as well
	return Wait(ctx, b.clock, d)
}

// Read returns the switches as they stand.
func (b *Board) Read() Switches {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

// Set replaces all switches, or none when one is out of its range.
func (b *Board) Set(s Switches) error {
	return b.Change(func(now *Switches) error {
		*now = s
		return nil
	})
}

// Change lets change alter the switches. They stay as they were when it fails, or
// when it leaves one out of its range. No other change comes in between.
func (b *Board) Change(change func(*Switches) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	wanted := b.now
	if err := change(&wanted); err != nil {
		return err
	}
	if err := wanted.validate(); err != nil {
		return err
	}
	b.now = wanted
	return nil
}

// ServeHTTP shows the switches on GET. On POST it changes those that the JSON
// body names and leaves the others; an unknown name or a bad value changes nothing.
func (b *Board) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.Settings().ServeHTTP(w, r)
}

// Settings is how the switches of a simulator without any of its own are read and changed.
func (b *Board) Settings() Settings {
	return Settings{
		Read: func() any { return b.Read() }, Healthy: func() any { return healthy },
		Change: func(decode func(any) error) error {
			return b.Change(func(wanted *Switches) error { return decode(wanted) })
		},
	}
}

// ServeSettings serves the settings of a simulator that has more than the switches
// of a board. GET answers with what show returns. POST calls change with the means
// to decode the body over the settings as they stand; its error is the caller's.
func ServeSettings(w http.ResponseWriter, r *http.Request, show func() any, change func(decode func(any) error) error) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		if err := fromHere.Check(r); err != nil {
			WriteJSON(w, http.StatusForbidden, map[string]string{"error": err.Error()})
			return
		}
		// Read before change takes its lock: a slow caller holds up nobody.
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSettings))
		if err == nil {
			err = change(func(settings any) error { return decodeSettings(raw, settings) })
		}
		if err != nil {
			WriteJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		WriteJSON(w, http.StatusMethodNotAllowed, map[string]string{"error": "use GET or POST"})
		return
	}
	WriteJSON(w, http.StatusOK, show())
}

// decodeSettings reads exactly one JSON object with no name that settings lacks.
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

// Disturb serves next as slowly as the latency switch says, or refuses with
// down when the operator is down.
func (b *Board) Disturb(next, down http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := b.Read()
		if s.LatencyMS > 0 && !b.wait(r.Context(), time.Duration(s.LatencyMS)*time.Millisecond) {
			panic(http.ErrAbortHandler) // an empty answer would be a success that nothing was executed for
		}
		if s.Down {
			down.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Drop lets next execute a call without answering, as often as the switch says.
// The caller sees a connection that closes. What next does can depend on
// AnswerIsLost: a customer never sees a page whose address was lost.
func (b *Board) Drop(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !b.takeDrop() {
			next.ServeHTTP(w, r)
			return
		}
		lost := context.WithValue(r.Context(), lostAnswer{}, true)
		next.ServeHTTP(&nowhere{header: make(http.Header)}, r.WithContext(lost))
		panic(http.ErrAbortHandler)
	})
}

func (b *Board) takeDrop() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.now.DropAnswers == 0 {
		return false
	}
	b.now.DropAnswers--
	return true
}

// lostAnswer marks the context of a call whose answer nobody will read.
type lostAnswer struct{}

// AnswerIsLost reports whether the answer to this call is dropped.
func AnswerIsLost(ctx context.Context) bool {
	lost, ok := ctx.Value(lostAnswer{}).(bool)
	return ok && lost
}

// nowhere is where a dropped answer is written.
type nowhere struct{ header http.Header }

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n *nowhere) WriteHeader(int)             {}
