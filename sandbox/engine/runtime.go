package engine

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// hangTimeout is the time for which a lost response keeps its caller waiting. The caller
// usually gives up first.
const hangTimeout = 60 * time.Second

// Runtime holds the services behind every simulator: its clock, its scheduler, its switches
// and its notifier.
type Runtime struct {
	Clock     Clock
	Faults    *Faults
	Scheduler *Scheduler
	Notifier  *Notifier
	Log       *slog.Logger

	life context.Context //nolint:containedctx // ends with Close, and with it every wait
	end  context.CancelFunc
}

// NewRuntime starts the services of a simulator.
func NewRuntime(o Options) *Runtime {
	o = o.withDefaults()
	rt := &Runtime{
		Clock: o.Clock, Faults: NewFaults(o.Clock), Scheduler: NewScheduler(o.Clock),
		Notifier: NewNotifier(o.NotifyClient, o.Log), Log: o.Log,
	}
	rt.life, rt.end = context.WithCancel(context.Background())
	return rt
}

// Now returns the simulator's time in UTC.
func (rt *Runtime) Now() time.Time { return rt.Clock.Now().UTC() }

// MessageTime returns the time to put on a message to another system; see the function MessageTime.
func (rt *Runtime) MessageTime() time.Time { return MessageTime(rt.Clock).UTC() }

// HangCall keeps the caller waiting for a response that never comes. It does not return.
func (rt *Runtime) HangCall(r *http.Request) {
	if !ResponseIsLost(r.Context()) { // a dropped response is dropped at once
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(rt.life, cancel)() //nolint:contextcheck // Close ends the wait as well
		Wait(ctx, rt.Clock, hangTimeout)
	}
	panic(http.ErrAbortHandler)
}

// FlushResponse sends the response before anything else happens, so that an event "at once" does
// not precede it. It reports whether all of the response left.
func (rt *Runtime) FlushResponse(w http.ResponseWriter) bool {
	err := http.NewResponseController(w).Flush()
	if err == nil || errors.Is(err, http.ErrNotSupported) {
		return true
	}
	rt.Log.Debug("answer not flushed", "error", err)
	return false
}

// DelaysNotifications reports whether the switches delay notifications. A delayed notification never
// arrives before the response.
func (rt *Runtime) DelaysNotifications() bool { return rt.Faults.Read().NotificationDelayMS > 0 }

// Notify sends a notification, at once or after the delay of the switch.
func (rt *Runtime) Notify(send func()) {
	if !rt.DelaysNotifications() {
		send()
		return
	}
	rt.Scheduler.At(rt.Clock.Now().Add(rt.Faults.Read().notificationDelay()), send)
}

// ScheduleCorrection schedules the correction that the switch demands, for a payment that failed at
// an instant.
func (rt *Runtime) ScheduleCorrection(failed time.Time, correct func()) {
	if after := time.Duration(rt.Faults.Read().CorrectAfterMS) * time.Millisecond; after > 0 {
		rt.Scheduler.At(failed.Add(after), correct)
	}
}

// Authenticate reports whether a caller's secret is the right one. No secret is, while the switch
// says that the operator changed them.
func (rt *Runtime) Authenticate(brought, ours string) bool {
	return !rt.Faults.Read().KeysChanged && SameSecret(brought, ours)
}

// Notification returns a message with v as JSON. If v cannot be encoded, the message has no
// address and is never sent.
func (rt *Runtime) Notification(to string, header http.Header, v any) Notification {
	body, err := json.Marshal(v)
	if err != nil {
		rt.Log.Error("message not written", "error", err)
		return Notification{}
	}
	return Notification{URL: to, Header: header, Body: body}
}

// Close releases every call that hangs, cancels every scheduled action, and delivers the
// queued notifications. When ctx ends first, it drops them. Closing twice is harmless.
func (rt *Runtime) Close(ctx context.Context) error {
	rt.end()
	rt.Faults.Close()
	rt.Scheduler.Close()
	return rt.Notifier.Close(ctx)
}
