package stage

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// hangsFor is how long a lost answer keeps its caller waiting, who usually gives up first.
const hangsFor = 60 * time.Second

// Crew is what works behind every simulator: its clock, what it will do later, its
// switches, and who carries its messages.
type Crew struct {
	Clock     Clock
	Board     *Board
	Agenda    *Agenda
	Messenger *Messenger
	Log       *slog.Logger

	life context.Context //nolint:containedctx // ends with Close, and with it every wait
	end  context.CancelFunc
}

// NewCrew starts a crew.
func NewCrew(o Options) *Crew {
	o = o.withDefaults()
	c := &Crew{
		Clock: o.Clock, Board: NewBoard(o.Clock), Agenda: NewAgenda(o.Clock),
		Messenger: NewMessenger(o.NotifyClient, o.Log), Log: o.Log,
	}
	c.life, c.end = context.WithCancel(context.Background())
	return c
}

// Now is the crew's clock, UTC.
func (c *Crew) Now() time.Time { return c.Clock.Now().UTC() }

// Stamp is the moment that a message to somebody else bears; see Stamp.
func (c *Crew) Stamp() time.Time { return Stamp(c.Clock).UTC() }

// Hang keeps the caller waiting for an answer that never comes. It does not return.
func (c *Crew) Hang(r *http.Request) {
	if !AnswerIsLost(r.Context()) { // a dropped answer is dropped at once
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(c.life, cancel)() //nolint:contextcheck // Close ends the wait as well
		Wait(ctx, c.Clock, hangsFor)
	}
	panic(http.ErrAbortHandler)
}

// Flush lets the answer leave before anything else happens: "at once" is not "before". It
// reports whether all of it left.
func (c *Crew) Flush(w http.ResponseWriter) bool {
	err := http.NewResponseController(w).Flush()
	if err == nil || errors.Is(err, http.ErrNotSupported) {
		return true
	}
	c.Log.Debug("answer not flushed", "error", err)
	return false
}

// HoldsBack reports whether notifications are held back: none overtakes an answer then.
func (c *Crew) HoldsBack() bool { return c.Board.Read().NotificationDelayMS > 0 }

// Tell lets a notification leave: now, or as late as the switch says.
func (c *Crew) Tell(send func()) {
	if !c.HoldsBack() {
		send()
		return
	}
	c.Agenda.At(c.Clock.Now().Add(c.Board.Read().notificationDelay()), send)
}

// MayCorrect arranges the change of mind that the switch asks for, of what failed at an
// instant.
func (c *Crew) MayCorrect(failed time.Time, correct func()) {
	if after := time.Duration(c.Board.Read().CorrectAfterMS) * time.Millisecond; after > 0 {
		c.Agenda.At(failed.Add(after), correct)
	}
}

// Knows reports whether a secret that a caller brought is ours: none is, once the operator
// changed them.
func (c *Crew) Knows(brought, ours string) bool {
	return !c.Board.Read().KeysChanged && Same(brought, ours)
}

// Letter is a message that says v as JSON. One that cannot be written has no address.
func (c *Crew) Letter(to string, header http.Header, v any) Message {
	body, err := json.Marshal(v)
	if err != nil {
		c.Log.Error("message not written", "error", err)
		return Message{}
	}
	return Message{URL: to, Header: header, Body: body}
}

// Close lets go every call that hangs, strikes out what still waits, and delivers what is
// queued. When ctx ends first, messages are given up. Closing twice is harmless.
func (c *Crew) Close(ctx context.Context) error {
	c.end()
	c.Board.Close()
	c.Agenda.Close()
	return c.Messenger.Close(ctx)
}
