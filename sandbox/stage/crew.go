package stage

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// hangsFor is the time for which a lost response keeps its caller waiting. The caller
// usually gives up first.
const hangsFor = 60 * time.Second

// Crew holds the services behind every simulator: its clock, its scheduler, its switches
// and its notifier.
type Crew struct {
	Clock     Clock
	Board     *Board
	Agenda    *Agenda
	Messenger *Messenger
	Log       *slog.Logger

	life context.Context //nolint:containedctx // ends with Close, and with it every wait
	end  context.CancelFunc
}

// NewCrew starts the services of a simulator.
func NewCrew(o Options) *Crew {
	o = o.withDefaults()
	c := &Crew{
		Clock: o.Clock, Board: NewBoard(o.Clock), Agenda: NewAgenda(o.Clock),
		Messenger: NewMessenger(o.NotifyClient, o.Log), Log: o.Log,
	}
	c.life, c.end = context.WithCancel(context.Background())
	return c
}

// Now returns the simulator's time in UTC.
func (c *Crew) Now() time.Time { return c.Clock.Now().UTC() }

// Stamp returns the time to put on a message to another system; see the function Stamp.
func (c *Crew) Stamp() time.Time { return Stamp(c.Clock).UTC() }

// Hang keeps the caller waiting for a response that never comes. It does not return.
func (c *Crew) Hang(r *http.Request) {
	if !AnswerIsLost(r.Context()) { // a dropped response is dropped at once
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(c.life, cancel)() //nolint:contextcheck // Close ends the wait as well
		Wait(ctx, c.Clock, hangsFor)
	}
	panic(http.ErrAbortHandler)
}

// Flush sends the response before anything else happens, so that an event "at once" does
// not precede it. It reports whether all of the response left.
func (c *Crew) Flush(w http.ResponseWriter) bool {
	err := http.NewResponseController(w).Flush()
	if err == nil || errors.Is(err, http.ErrNotSupported) {
		return true
	}
	c.Log.Debug("answer not flushed", "error", err)
	return false
}

// HoldsBack reports whether the switches delay notifications. A delayed notification never
// arrives before the response.
func (c *Crew) HoldsBack() bool { return c.Board.Read().NotificationDelayMS > 0 }

// Tell sends a notification, at once or after the delay of the switch.
func (c *Crew) Tell(send func()) {
	if !c.HoldsBack() {
		send()
		return
	}
	c.Agenda.At(c.Clock.Now().Add(c.Board.Read().notificationDelay()), send)
}

// MayCorrect schedules the correction that the switch demands, for a payment that failed at
// an instant.
func (c *Crew) MayCorrect(failed time.Time, correct func()) {
	if after := time.Duration(c.Board.Read().CorrectAfterMS) * time.Millisecond; after > 0 {
		c.Agenda.At(failed.Add(after), correct)
	}
}

// Knows reports whether a caller's secret is the right one. No secret is, while the switch
// says that the operator changed them.
func (c *Crew) Knows(brought, ours string) bool {
	return !c.Board.Read().KeysChanged && Same(brought, ours)
}

// Letter returns a message with v as JSON. If v cannot be encoded, the message has no
// address and is never sent.
func (c *Crew) Letter(to string, header http.Header, v any) Message {
	body, err := json.Marshal(v)
	if err != nil {
		c.Log.Error("message not written", "error", err)
		return Message{}
	}
	return Message{URL: to, Header: header, Body: body}
}

// Close releases every call that hangs, cancels every scheduled action, and delivers the
// queued notifications. When ctx ends first, it drops them. Closing twice is harmless.
func (c *Crew) Close(ctx context.Context) error {
	c.end()
	c.Board.Close()
	c.Agenda.Close()
	return c.Messenger.Close(ctx)
}
