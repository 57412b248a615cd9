package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Limits of a messenger.
const (
	deliveryTimeout = 5 * time.Second // one notification, from dialling to the last byte
	deliverers      = 16              // notifications under way at once
	maxQueued       = 4096            // notifications waiting; more are lost, and logged
	maxReply        = 1 << 16         // bytes of an answer that are read before hanging up
)

// errRedirected keeps a notification from being carried to an address that
// nobody gave us.
var errRedirected = errors.New("the notification address redirects")

// Messenger carries notifications. Each message leaves once: an operator that
// does not retry loses what was not taken, and so does its simulator.
type Messenger struct {
	client *http.Client
	log    *slog.Logger
	queue  chan message
	mu     sync.RWMutex // guards closed against a Send under way
	closed bool
	give   context.CancelFunc // gives up what is under way
	ctx    context.Context    //nolint:containedctx // the life of the deliverers, ended by Close
	done   sync.WaitGroup
}

// message is one notification and how many times it leaves.
type message struct {
	url    string
	body   []byte
	copies int
}

// NewMessenger starts a messenger. A nil client means one that follows no
// redirect. Whatever the client, a delivery is given up after 5 s.
func NewMessenger(client *http.Client, log *slog.Logger) *Messenger {
	if client == nil {
		client = &http.Client{
			CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirected },
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	m := &Messenger{client: client, log: log, queue: make(chan message, maxQueued), ctx: ctx, give: cancel}
	for range deliverers {
		m.done.Go(m.deliver)
	}
	return m
}

// deliver carries messages until the queue is closed and empty.
func (m *Messenger) deliver() {
	for msg := range m.queue {
		for range msg.copies {
			m.Post(m.ctx, msg.url, msg.body)
		}
	}
}

// Send queues body for url, copies times one after the other, and returns at
// once. It never blocks: a full queue or a closed messenger loses the message.
func (m *Messenger) Send(url string, body []byte, copies int) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return
	}
	select {
	case m.queue <- message{url: url, body: body, copies: copies}:
	default:
		m.log.Warn("notification lost: the queue is full", "url", url, "queued", maxQueued)
	}
}

// Post carries body to url and waits for the answer, whatever it is. What goes
// wrong is logged and not told: no operator changes its mind over it.
func (m *Messenger) Post(ctx context.Context, url string, body []byte) {
	status, err := m.post(ctx, url, body)
	if err != nil {
		m.log.Warn("notification not delivered", "url", url, "error", err)
		return
	}
	m.log.Info("notification delivered", "url", url, "status", status)
}

// post returns the status of the answer; its body is read, so that the connection
// can be used again, and thrown away.
func (m *Messenger) post(ctx context.Context, url string, body []byte) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("build notification: %w", err)
	}
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

// Close takes no further message, delivers what is queued and returns. When ctx
// ends first, what is left is given up.
func (m *Messenger) Close(ctx context.Context) error {
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
