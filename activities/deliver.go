package activities

import (
	"context"
	"sync"
	"time"

	"pirogue"
	"pirogue/failpoint"
)

// Sender puts one webhook on the wire.
type Sender interface {
	// Send signs and posts a message and reports what came back. An error says why no
	// HTTP status did. spend is called with the signature before the first byte leaves;
	// if it fails nothing is sent.
	Send(ctx context.Context, m Message, spend func(signature [32]byte) error) (Reply, error)
}

// Message is a webhook to send: the bytes, where to, and the secrets to sign with.
type Message struct {
	EventID        pirogue.EventID
	URL            string
	Body           []byte
	APISecret      string
	StandardSecret string // whsec_…
	Live           bool   // only public addresses, only https
	At             time.Time
}

// Reply is what a merchant's endpoint answered.
type Reply struct {
	HTTPStatus int
	RetryAfter time.Duration // 0: it did not ask
}

// Delivered is how the delivery of an event ended.
type Delivered struct {
	State    pirogue.EventState `json:"state"`
	Attempts int                `json:"attempts"`
}

// News names an event to deliver.
type News struct {
	Owner   pirogue.Owner   `json:"owner"`
	EventID pirogue.EventID `json:"event_id"`
}

const (
	inFlight      = 8           // deliveries of one merchant under way in one worker
	lanesBusy     = time.Second // wait when they are
	gone          = 410         // the endpoint wants no more
	maxRetryAfter = 24 * time.Hour
)

// Deliver makes one attempt to tell the merchant and, unless it was the last word,
// asks to be run again at the next one. The number of the attempt is its row's: one
// that a crash cut off is made again under its number.
func (a *Activities) Deliver(ctx context.Context, n News) (Delivered, error) {
	if !a.lanes.enter(n.Owner) {
		return Delivered{}, retryIn(lanesBusy, "other webhooks of this merchant are under way")
	}
	defer a.lanes.leave(n.Owner)

	event, d, err := a.Store.BeginDelivery(ctx, n.EventID, a.Clock.Now())
	if err != nil {
		return Delivered{}, encode(err)
	}
	if d.Number == 0 {
		return Delivered{State: event.State}, nil
	}
	failpoint.Hit("deliver.begun")
	reply, err := a.post(ctx, n.Owner, event, &d)
	failpoint.Hit("deliver.posted")
	if err != nil {
		return Delivered{}, encode(err)
	}
	d.EndedAt = a.Clock.Now()
	state := verdict(reply.HTTPStatus, d.Number)
	if err := a.Store.EndDelivery(ctx, d, state); err != nil {
		return Delivered{}, encode(err)
	}
	failpoint.Hit("deliver.ended")
	if state == pirogue.EventWaiting {
		wait := max(a.later(pirogue.DeliveryDelays[d.Number-1]), min(reply.RetryAfter, maxRetryAfter))
		return Delivered{}, retryIn(wait, d.Error)
	}
	return Delivered{State: state, Attempts: d.Number}, nil
}

// post sends the event and notes in d what came back. Its own error is about our
// database, never about the merchant.
func (a *Activities) post(ctx context.Context, o pirogue.Owner, e pirogue.Event, d *pirogue.Delivery) (Reply, error) {
	api, standard, err := a.Store.WebhookSecrets(ctx, o)
	if err != nil {
		return Reply{}, err
	}
	var spending error
	reply, err := a.Sender.Send(ctx, Message{
		EventID: e.ID, URL: e.URL, Body: e.Body, APISecret: api, StandardSecret: standard,
		Live: e.Mode == pirogue.Live, At: a.Clock.Now(),
	}, func(signature [32]byte) error {
		_, spending = a.Store.Spend(ctx, pirogue.Spent{
			Signature: signature, KeyID: string(o.MerchantID), Method: "POST", Path: "webhook", At: a.Clock.Now(),
		})
		failpoint.Hit("deliver.spent")
		return spending
	})
	if spending != nil {
		return Reply{}, spending
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
	case status == gone || n >= pirogue.MaxDeliveries:
		return pirogue.EventExhausted
	default:
		return pirogue.EventWaiting
	}
}

// lanes keeps one merchant's slow endpoint from taking all of a worker's slots.
type lanes struct {
	mu   sync.Mutex
	busy map[pirogue.Owner]int
}

func (l *lanes) enter(o pirogue.Owner) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy[o] >= inFlight {
		return false
	}
	if l.busy == nil {
		l.busy = map[pirogue.Owner]int{}
	}
	l.busy[o]++
	return true
}

func (l *lanes) leave(o pirogue.Owner) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy[o]--; l.busy[o] == 0 {
		delete(l.busy, o)
	}
}
