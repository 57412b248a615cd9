package activities

import (
	"context"
	"sync"
	"time"

	"pirogue"
	"pirogue/access"
	"pirogue/failpoint"
	"pirogue/webhook"
)

// WebhookSender puts one webhook on the wire.
type WebhookSender interface {
	// Send signs and posts a message and reports what came back. An error says why no
	// HTTP status did. spend is called with the signature before the first byte leaves;
	// if it fails nothing is sent.
	Send(ctx context.Context, m webhook.Message, spend func(signature [32]byte) error) (webhook.Reply, error)
}

// DeliverResult holds the end of an event's delivery.
type DeliverResult struct {
	State    pirogue.EventState `json:"state"`
	Attempts int                `json:"attempts"`
}

// DeliverInput names an event to deliver.
type DeliverInput struct {
	Owner   access.Owner    `json:"owner"`
	EventID pirogue.EventID `json:"event_id"`
	// Scheduled says that the workflow started when the event's second delivery was due.
	Scheduled bool `json:"scheduled,omitempty"`
}

// DeliverTimeout says how long one run of Deliver may take: a webhook's 3 s and our own rows
// around it, and queuedFor before the last of them.
const DeliverTimeout = 15 * time.Second

const (
	inFlight      = 8               // deliveries of one owner under way in one worker
	gone          = 410             // the endpoint wants no more
	maxRetryAfter = 24 * time.Hour  // that an endpoint is granted
	queuedFor     = 8 * time.Second // that one run of Deliver goes on with its owner's queue
)

// QueuedPerSecond says how many events of one owner come back in a second, in all workers
// together. It holds while more wait than come back in a minute. That is as fast as an endpoint
// that does not answer frees one worker's lanes. It is no faster however many wait.
const QueuedPerSecond = 3

// Deliver makes one attempt to tell the merchant. Unless it was the last word, it asks to be
// run again at the next one. The number of the attempt is its row's: one that a crash cut off
// is made again under its number.
//
// An event that finds its merchant's endpoint busy is given a place in the owner's queue
// and comes back then. An endpoint that answers is given the queue's events at once, ahead
// of their places: each finds itself delivered when it comes back.
func (a *DeliverActivities) Deliver(ctx context.Context, n DeliverInput) (DeliverResult, error) {
	if !a.lanes.enter(n.Owner) {
		return a.queue(ctx, n)
	}
	defer a.lanes.leave(n.Owner)

	began := a.Clock.Now()
	begin := a.Store.Webhooks.BeginDelivery
	if n.Scheduled {
		begin = a.Store.Webhooks.BeginScheduledDelivery
	}
	event, d, err := begin(ctx, n.EventID, began)
	if err != nil {
		return DeliverResult{}, encodeRow(err)
	}
	if d.Number == 0 {
		return a.ended(event)
	}
	if left := underWayFor(d, began); left > 0 {
		return DeliverResult{}, retryIn(left, "another run delivers it, or was cut off")
	}
	state, wait, err := a.attempt(ctx, event, &d)
	if err != nil {
		return DeliverResult{}, activityError(err)
	}
	logResult(ctx, "webhook delivery", "event", n.EventID, "delivery", d.Number, "status", d.HTTPStatus, "state", state)
	switch state {
	case pirogue.EventWaiting:
		return DeliverResult{}, retryIn(a.behindQueue(ctx, event, d.EndedAt.Add(wait)).Sub(d.EndedAt), d.Error)
	case pirogue.EventDelivered:
		a.drain(ctx, n.Owner, began.Add(queuedFor))
	case pirogue.EventExhausted, pirogue.EventUnwanted:
	}
	return DeliverResult{State: state, Attempts: d.Number}, nil
}

// underWayFor returns how long another run may still have a delivery under way. It is 0 for a delivery
// that this run began. The other run may be on a machine whose clock is ahead. One that is
// ahead by more than a whole run is wrong, and the delivery waits for none.
func underWayFor(d webhook.Delivery, began time.Time) time.Duration {
	ahead := d.StartedAt.Sub(began.Truncate(time.Microsecond))
	if ahead == 0 || ahead.Abs() >= DeliverTimeout {
		return 0
	}
	return DeliverTimeout + ahead
}

// queue gives an event its place in its owner's queue, unless it was delivered meanwhile.
func (a *DeliverActivities) queue(ctx context.Context, n DeliverInput) (DeliverResult, error) {
	now := a.Clock.Now()
	event, err := a.Store.DeliveryQueue.QueueDelivery(ctx, n.EventID, now, time.Second/QueuedPerSecond)
	if err != nil {
		return DeliverResult{}, encodeRow(err)
	}
	if event.State != pirogue.EventWaiting {
		return DeliverResult{State: event.State}, nil
	}
	return DeliverResult{}, retryIn(event.NextAt.Sub(now), "other webhooks of this merchant are under way")
}

// ended returns the state of an event of which no delivery can begin. When one can later, it
// asks to be run again then.
func (a *DeliverActivities) ended(event pirogue.Event) (DeliverResult, error) {
	if event.State == pirogue.EventWaiting {
		return DeliverResult{}, retryIn(event.NextAt.Sub(a.Clock.Now()), "it is not due yet")
	}
	return DeliverResult{State: event.State}, nil
}

// drain delivers an owner's queued events one after the other, until a moment, while the
// endpoint takes them. What goes wrong is left to the events' own workflows.
func (a *DeliverActivities) drain(ctx context.Context, o access.Owner, until time.Time) {
	for now := a.Clock.Now(); now.Before(until); now = a.Clock.Now() {
		event, d, err := a.Store.DeliveryQueue.BeginQueued(ctx, o, now)
		if err != nil || d.Number == 0 {
			return
		}
		if state, _, err := a.attempt(ctx, event, &d); err != nil || state != pirogue.EventDelivered {
			return
		}
	}
}

// attempt makes a delivery that was begun and records how it ended. It returns the state of the
// event. Of one that is WAITING it also returns how long until the next delivery is due.
func (a *DeliverActivities) attempt(
	ctx context.Context, event pirogue.Event, d *webhook.Delivery,
) (pirogue.EventState, time.Duration, error) {
	failpoint.Hit("deliver.begun")
	reply, err := a.sendWebhook(ctx, event, d)
	failpoint.Hit("deliver.posted")
	if err != nil {
		return "", 0, err
	}
	d.EndedAt = a.Clock.Now()
	state, wait := verdict(reply.HTTPStatus, d.Number), time.Duration(0)
	if state == pirogue.EventWaiting {
		wait = max(a.later(webhook.DeliveryDelays[d.Number-1]), min(reply.RetryAfter, maxRetryAfter))
	}
	if err := a.Store.Webhooks.EndDelivery(ctx, *d, state, d.EndedAt.Add(wait)); err != nil {
		return "", 0, err
	}
	failpoint.Hit("deliver.ended")
	return state, wait, nil
}

// behindQueue returns when an event comes back whose delivery failed: when it is due or, where its
// owner's queue is longer than that, at its place in the queue. It would come back in vain
// before: so many come back in a second as QueuedPerSecond says, and no more for each delivery.
func (a *DeliverActivities) behindQueue(ctx context.Context, event pirogue.Event, due time.Time) time.Time {
	place, err := a.Store.DeliveryQueue.QueueNextDelivery(ctx, event, due, time.Second/QueuedPerSecond)
	if err != nil || place.IsZero() {
		return due // a place that nobody takes stays empty
	}
	return place
}

// sendWebhook sends the event and notes in d what came back. Its own error is about our
// database, never about the merchant: an owner without a key in force has used an attempt.
func (a *DeliverActivities) sendWebhook(
	ctx context.Context, e pirogue.Event, d *webhook.Delivery,
) (webhook.Reply, error) {
	o := access.Owner{MerchantID: e.MerchantID, Mode: e.Mode}
	api, standard, err := a.Store.Keys.WebhookSecrets(ctx, o)
	if pirogue.CodeOf(err) == pirogue.NotFound {
		d.Error = "no key in force to sign with"
		return webhook.Reply{}, nil
	}
	if err != nil {
		return webhook.Reply{}, err
	}
	var spending error
	reply, err := a.Sender.Send(ctx, webhook.Message{
		EventID: e.ID, URL: e.URL, Body: e.Body, APISecret: api, StandardSecret: standard,
		Live: e.Mode == pirogue.Live, At: a.Clock.Now(),
	}, func(signature [32]byte) error {
		_, spending = a.Store.Keys.UseSignature(ctx, access.UsedSignature{
			Signature: signature, KeyID: string(o.MerchantID), Method: "POST", Path: "webhook", At: a.Clock.Now(),
		})
		failpoint.Hit("deliver.signed")
		return spending
	})
	if spending != nil {
		return webhook.Reply{}, spending
	}
	d.HTTPStatus = reply.HTTPStatus
	if err != nil {
		d.Error = err.Error()
	}
	return reply, nil
}

// verdict says what an answer to the n-th attempt makes of the event.
func verdict(status, n int) pirogue.EventState {
	switch {
	case status >= 200 && status < 300:
		return pirogue.EventDelivered
	case status == gone || n >= webhook.MaxDeliveries:
		return pirogue.EventExhausted
	default:
		return pirogue.EventWaiting
	}
}

// lanes keeps one merchant's slow endpoint from taking all of a worker's slots.
type lanes struct {
	mu   sync.Mutex
	busy map[access.Owner]int
}

func (l *lanes) enter(o access.Owner) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy[o] >= inFlight {
		return false
	}
	if l.busy == nil {
		l.busy = map[access.Owner]int{}
	}
	l.busy[o]++
	return true
}

func (l *lanes) leave(o access.Owner) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy[o]--; l.busy[o] == 0 {
		delete(l.busy, o)
	}
}
