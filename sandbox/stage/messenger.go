package stage

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

// The limits of a messenger.
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
	// Answered, unless nil, receives the HTTP status of each copy's response, 0 for none. It
	// runs in the messenger's goroutine and must not wait.
	Answered func(status int)
}

// NewNotifier starts a messenger. A nil client means one that follows no redirect. With
// any client a delivery ends after 5 s.
func NewNotifier(client *http.Client, log *slog.Logger) *Notifier {
	if client == nil {
		client = &http.Client{
			CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirected },
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	m := &Notifier{client: client, log: log, queue: make(chan Notification, maxQueued), ctx: ctx, give: cancel}
	for range deliverers {
		m.done.Go(m.deliver)
	}
	return m
}

// deliver sends messages until the queue is closed and empty.
func (m *Notifier) deliver() {
	for msg := range m.queue {
		for range max(msg.Copies, 1) {
			m.Deliver(m.ctx, msg)
		}
	}
}

// Send queues body for url, copies times one after the other, and returns at once. It never
// blocks: a full queue or a closed messenger loses the message.
func (m *Notifier) Send(url string, body []byte, copies int) {
	m.Enqueue(Notification{URL: url, Body: body, Copies: copies})
}

// Enqueue queues a message and returns at once, like Send.
func (m *Notifier) Enqueue(msg Notification) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return
	}
	select {
	case m.queue <- msg:
	default:
		m.log.Warn("notification lost: the queue is full", "url", msg.URL, "queued", maxQueued)
	}
}

// Post sends body to url and waits for the response, whatever its status.
func (m *Notifier) Post(ctx context.Context, url string, body []byte) {
	m.Deliver(ctx, Notification{URL: url, Body: body})
}

// Deliver sends one copy of a message and waits for the response. It logs errors. Only
// Answered learns of them, because most operators try once.
func (m *Notifier) Deliver(ctx context.Context, msg Notification) {
	status, err := m.post(ctx, msg)
	if err != nil {
		m.log.Warn("notification not delivered", "url", msg.URL, "error", err)
	} else {
		m.log.Info("notification delivered", "url", msg.URL, "status", status)
	}
	if msg.Answered != nil {
		msg.Answered(status)
	}
}

// post returns the status of the response, 0 for none. It reads the body and discards it,
// so that the connection can be used again.
func (m *Notifier) post(ctx context.Context, msg Notification) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, msg.URL, bytes.NewReader(msg.Body))
	if err != nil {
		return 0, fmt.Errorf("build notification: %w", err)
	}
	maps.Copy(req.Header, msg.Header)
	req.Header.Set("Content-Type", "application/json")
	resp, err := m.client.Do(req)
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
func (m *Notifier) Close(ctx context.Context) error {
	m.mu.Lock()
	if !m.closed {
		m.closed = true
		close(m.queue)
	}
	m.mu.Unlock()
	stop := context.AfterFunc(ctx, m.give)
	defer stop()
	m.done.Wait()
	m.give()
	m.client.CloseIdleConnections()
	if ctx.Err() != nil {
		return fmt.Errorf("notifications given up: %w", ctx.Err())
	}
	return nil
}
