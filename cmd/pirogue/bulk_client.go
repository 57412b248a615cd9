package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"pirogue"
	"pirogue/bulk"
	"pirogue/config"
)

const (
	bulkTries     = 8               // of one request, while the API answers 429 or 503
	bulkPatience  = 3 * time.Minute // for one try: a large file on a slow network
	maxBulkAnswer = 4 << 20         // bytes of a response that is read as a whole
)

// bulkClient signs and sends a merchant's requests to the merchant API.
type bulkClient struct {
	config.Account
	clock pirogue.Clock
	pause func(context.Context, time.Duration) // between two tries
}

// newBulkClient returns a client with the key and address of environ. The error names each
// setting that is missing.
func newBulkClient(environ []string) (*bulkClient, error) {
	account, err := config.LoadAccount(environ)
	return &bulkClient{Account: account, clock: time.Now, pause: sleep}, err
}

// bulkRequest is a request that has no signature yet. Each try signs it again, with a fresh
// timestamp.
type bulkRequest struct {
	method, path string
	kind         string // of the body, "" for none
	body         []byte
}

// bulkState is a bulk as the merchant API returns it.
type bulkState struct {
	ID       string                  `json:"bulk_id"`
	State    bulk.BulkState          `json:"state"`
	Lines    int                     `json:"lines"`
	Amount   int64                   `json:"amount"`
	Fee      int64                   `json:"fee"`
	Currency pirogue.Currency        `json:"currency"`
	Counts   map[bulk.LineStatus]int `json:"counts"`
	Percent  struct {
		Done int `json:"done"`
	} `json:"percent"`
	StartedAt time.Time `json:"started_at"`
	ClosedAt  time.Time `json:"closed_at"`
}

// refusal is the merchant API's error response.
type refusal struct {
	Status int
	Code   pirogue.Code    `json:"code"`
	Text   string          `json:"error"`
	Params []pirogue.Param `json:"params"`
	Data   json.RawMessage `json:"data"`
	wait   time.Duration
}

// Error returns the text of the refusal and every mistake it lists, each on its own line.
func (r *refusal) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s: %s", r.Status, r.Code, r.Text)
	for _, p := range r.Params {
		if p.Line > 0 {
			fmt.Fprintf(&b, "\n  line %d, %s: %s", p.Line, p.Field, p.Message)
		} else {
			fmt.Fprintf(&b, "\n  %s: %s", p.Field, p.Message)
		}
	}
	return b.String()
}

// passing reports whether the same request may succeed a little later: the status is 429 or 503.
func (r *refusal) passing() bool {
	return r.Status == http.StatusTooManyRequests || r.Status == http.StatusServiceUnavailable
}

// bulk sends a request and decodes the bulk in its response. It retries as insist does. A retry
// is safe: each request of a bulk takes effect once.
func (c *bulkClient) bulk(ctx context.Context, r bulkRequest) (bulkState, error) {
	var answer struct{ Data bulkState }
	err := c.insist(ctx, r, func(from io.Reader) error {
		return json.NewDecoder(io.LimitReader(from, maxBulkAnswer)).Decode(&answer)
	})
	return answer.Data, err
}

// insist sends a request and retries it while the API refuses it for a short time, at most
// bulkTries times. It signs each try again, because a signature expires.
func (c *bulkClient) insist(ctx context.Context, r bulkRequest, read func(io.Reader) error) error {
	for try := 1; ; try++ {
		err := c.send(ctx, r, read)
		var no *refusal
		if !errors.As(err, &no) || !no.passing() || try == bulkTries || ctx.Err() != nil {
			return err
		}
		c.pause(ctx, max(no.wait, time.Second))
	}
}

// send signs a request by the rule of the merchant's document and reads its response.
func (c *bulkClient) send(ctx context.Context, r bulkRequest, read func(io.Reader) error) error {
	ctx, stop := context.WithTimeout(ctx, bulkPatience)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, r.method, c.BaseURL+r.path, bytes.NewReader(r.body))
	if err != nil {
		return err
	}
	stamp := strconv.FormatInt(c.clock.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(c.Secret))
	mac.Write([]byte(stamp))
	mac.Write(r.body)
	req.Header.Set("X-NekaPay-Key", c.Key)
	req.Header.Set("X-NekaPay-Timestamp", stamp)
	req.Header.Set("X-NekaPay-Signature", hex.EncodeToString(mac.Sum(nil)))
	if r.kind != "" {
		req.Header.Set("Content-Type", r.kind)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err // no response: the merchant may run the same command again
	}
	defer resp.Body.Close()
	if resp.StatusCode < http.StatusBadRequest {
		return read(resp.Body)
	}
	no := &refusal{Status: resp.StatusCode}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxBulkAnswer)).Decode(no); err != nil {
		return fmt.Errorf("%s answers %s: %w", c.BaseURL+r.path, resp.Status, err)
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		no.wait = time.Duration(seconds) * time.Second
	}
	return no
}
