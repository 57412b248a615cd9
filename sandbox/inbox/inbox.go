// Package inbox plays the merchant who receives webhooks. It verifies each one by the
// published rule, answers 200, and shows it. Like the simulators it is written from the
// merchant's document alone and imports nothing of Pirogue.
package inbox

import (
	"crypto/hmac"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	maxBody   = 64 << 10 // bytes
	maxStored = 500      // webhooks; the oldest are dropped
	maxDrift  = 300      // greatest difference in seconds between a timestamp and now
)

// Webhook is one received webhook.
type Webhook struct {
	At       time.Time       `json:"at"`
	Verified bool            `json:"verified"`
	Body     json.RawMessage `json:"body"`
}

// Inbox is an http.Handler. POST stores a webhook. GET shows all of them, as a page or,
// with Accept: application/json, as JSON.
type Inbox struct {
	secret   []byte
	mu       sync.Mutex
	webhooks []Webhook
}

//go:embed inbox.html
var pageHTML string

// New returns the inbox of the merchant with this API secret.
func New(secret string) *Inbox { return &Inbox{secret: []byte(secret)} }

// Webhooks returns the received webhooks, latest first.
func (b *Inbox) Webhooks() []Webhook {
	b.mu.Lock()
	defer b.mu.Unlock()
	letters := slices.Clone(b.webhooks)
	slices.Reverse(letters)
	return letters
}

// ServeHTTP implements http.Handler.
func (b *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
		b.receive(w, r)
	case http.MethodGet:
		b.show(w, r)
	default:
		w.Header().Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// receive verifies a webhook and stores it, even if the signature is wrong.
func (b *Inbox) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil || !json.Valid(body) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	received := Webhook{At: time.Now().UTC(), Verified: b.verified(r.Header, body), Body: body}
	b.store(received)
	if !received.Verified {
		w.WriteHeader(http.StatusUnauthorized)
	}
}

// store stores a webhook and drops the oldest one beyond maxStored.
func (b *Inbox) store(received Webhook) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.webhooks = append(b.webhooks, received)
	if len(b.webhooks) > maxStored {
		b.webhooks = slices.Clone(b.webhooks[1:])
	}
}

// verified reports whether the signature is the merchant's own and recent.
func (b *Inbox) verified(h http.Header, body []byte) bool {
	at := h.Get("X-NekaPay-Timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	drift := time.Now().Unix() - seconds
	if err != nil || drift > maxDrift || drift < -maxDrift {
		return false
	}
	mac := hmac.New(sha256.New, b.secret)
	mac.Write([]byte(at))
	mac.Write(body)
	return hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), []byte(h.Get("X-NekaPay-Signature")))
}

// show returns all received webhooks.
func (b *Inbox) show(w http.ResponseWriter, r *http.Request) {
	letters := b.Webhooks()
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(letters); err != nil {
			return // the client has disconnected
		}
		return
	}
	page, err := template.New("inbox").Parse(pageHTML)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
	if err := page.Execute(w, rows(letters)); err != nil {
		return // the client has disconnected
	}
}

// row is one webhook on the page.
type row struct {
	At, Order, Status, Amount, Transaction string
	Verified                               bool
}

// rows returns webhooks in the form of the page.
func rows(letters []Webhook) []row {
	shown := make([]row, len(letters))
	for i, l := range letters {
		var body struct {
			Transaction string `json:"transaction_id"`
			Order       string `json:"merchant_order_id"`
			Status      string `json:"status"`
			Amount      int64  `json:"amount"`
			Currency    string `json:"currency"`
		}
		if err := json.Unmarshal(l.Body, &body); err != nil {
			body.Status = "?" // valid JSON, but not a webhook of Pirogue
		}
		shown[i] = row{
			At: l.At.Format("15:04:05"), Order: body.Order, Status: body.Status,
			Amount:      strconv.FormatInt(body.Amount, 10) + " " + body.Currency,
			Transaction: body.Transaction, Verified: l.Verified,
		}
	}
	return shown
}
