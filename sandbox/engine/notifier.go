package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"time"
)

// The limits of a notifier.
const (
	deliveryTimeout = 5 * time.Second // one notification, from dialing to the last byte
	deliverers      = 16              // concurrent notifications
	maxQueued       = 4096            // queued notifications; more are lost, and logged
	maxReply        = 1 << 16         // bytes read of a response before the connection is closed
)

// errRedirected stops a notification at a redirect, because the merchant did not give that
// address.
var errRedirected = errors.New("the notification address redirects")

// Notifier sends notifications. Each message is sent once. An operator that does not retry
// loses a message that was not accepted, and so does its simulator.
type Notifier struct {
	client *http.Client
	log    *slog.Logger
	queue  chan Notification
	mu     sync.RWMutex // guards closed against a concurrent Send
	closed bool
	give   context.CancelFunc // cancels deliveries under way
	ctx    context.Context    //nolint:containedctx // the life of the deliverers, ended by Close
	done   sync.WaitGroup
}

// Notification is one notification to a merchant.
type Notification struct {
	URL    string
	Header http.Header // besides the content type, which is JSON; may be nil
	Body   []byte
	// Copies is the number of times it is sent, one after the other; 0 counts as 1.
	Copies int
	// OnResponse, unless nil, receives the HTTP status of each copy's response, 0 for none. It
	// runs in the notifier's goroutine and must not wait.
	OnResponse func(status int)
	// Next, unless nil, is sent after the copies.
	Next *Notification
}

// NewNotifier starts a notifier. A nil client means one that follows no redirect. With
// any client a delivery ends after 5 s.
func NewNotifier(client *http.Client, log *slog.Logger) *Notifier {
	if client == nil {
		client = &http.Client{
			CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirected },
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := &Notifier{client: client, log: log, queue: make(chan Notification, maxQueued), ctx: ctx, give: cancel}
	for range deliverers {
		n.done.Go(n.deliver)
	}
	return n
}

// deliver sends messages until the queue is closed and empty.
func (n *Notifier) deliver() {
	for msg := range n.queue {
		for next := &msg; next != nil; next = next.Next {
			for range max(next.Copies, 1) {
				n.Deliver(n.ctx, *next)
			}
		}
	}
}

// Send queues body for url, copies times one after the other, and returns at once. It never
// blocks: a full queue or a closed notifier loses the message.
func (n *Notifier) Send(url string, body []byte, copies int) {
	n.Enqueue(Notification{URL: url, Body: body, Copies: copies})
}

// Enqueue queues a message and returns at once, like Send.
func (n *Notifier) Enqueue(msg Notification) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if n.closed {
		return
	}
	select {
	case n.queue <- msg:
	default:
		n.log.Warn("notification lost: the queue is full", "url", msg.URL, "queued", maxQueued)
	}
}

// Post sends body to url and waits for the response, whatever its status.
func (n *Notifier) Post(ctx context.Context, url string, body []byte) {
	n.Deliver(ctx, Notification{URL: url, Body: body})
}

// Deliver sends one copy of a message and waits for the response. It logs errors. Only
// OnResponse learns of them, because most operators try once.
func (n *Notifier) Deliver(ctx context.Context, msg Notification) {
	status, err := n.post(ctx, msg)
	if err != nil {
		n.log.Warn("notification not delivered", "url", msg.URL, "error", err)
	} else {
		n.log.Info("notification delivered", "url", msg.URL, "status", status)
	}
	if msg.OnResponse != nil {
		msg.OnResponse(status)
	}
}

// post returns the status of the response, 0 for none. It reads the body and discards it,
// so that the connection can be used again.
func (n *Notifier) post(ctx context.Context, msg Notification) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, msg.URL, bytes.NewReader(msg.Body))
	if err != nil {
		return 0, fmt.Errorf("build notification: %w", err)
	}
	maps.Copy(req.Header, msg.Header)
	req.Header.Set("Content-Type", "application/json")
	resp, err := n.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, maxReply)); err != nil {
		return 0, fmt.Errorf("read the answer: %w", err)
	}
	return resp.StatusCode, nil
}

// Close accepts no further message, delivers the queued ones and returns. When ctx ends
// first, it drops the rest.
func (n *Notifier) Close(ctx context.Context) error {
	n.mu.Lock()
	if !n.closed {
		n.closed = true
		close(n.queue)
	}
	n.mu.Unlock()
	stop := context.AfterFunc(ctx, n.give)
	defer stop()
	n.done.Wait()
	n.give()
	n.client.CloseIdleConnections()
	if ctx.Err() != nil {
		return fmt.Errorf("notifications given up: %w", ctx.Err())
	}
	return nil
}
