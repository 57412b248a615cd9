package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"
)

// client signs requests, sends them and reads the responses.
type client struct{ baseURL, key, secret string }

// transaction holds the fields of a payment that the samples use.
type transaction struct {
	ID         string `json:"transaction_id"`
	Status     string `json:"status"`
	PaymentURL string `json:"payment_url"`
}

// answer is the body of a response: data, or an error's code and text. It holds both when the error
// is about an existing transaction.
type answer struct {
	Data  *transaction `json:"data"`
	Code  string       `json:"code"`
	Error string       `json:"error"`
}

// tries limits how often a request is sent while the API responds 429.
const tries = 5

// call returns the transaction. A 409 or a 503 with a transaction means that it exists: use it.
func (c client) call(ctx context.Context, method, path string, payload any) (transaction, error) {
	var body []byte
	if payload != nil {
		var err error
		if body, err = json.Marshal(payload); err != nil {
			return transaction{}, err
		}
	}
	for try := 1; ; try++ {
		status, header, got, err := c.send(ctx, method, path, body)
		if err != nil {
			return transaction{}, err // no response: try again with the same merchant_order_id
		}
		if status == http.StatusTooManyRequests && try < tries {
			wait, err := strconv.Atoi(header.Get("Retry-After"))
			if err != nil {
				return transaction{}, fmt.Errorf("read Retry-After: %w", err)
			}
			time.Sleep(time.Duration(wait) * time.Second)
			continue // the next try has a fresh timestamp and signature
		}
		refusal := fmt.Errorf("%d %s: %s", status, got.Code, got.Error)
		if got.Data == nil {
			return transaction{}, refusal
		}
		if status >= http.StatusMultipleChoices {
			fmt.Fprintln(os.Stderr, refusal)
		}
		return *got.Data, nil
	}
}

// send sends one signed request.
func (c client) send(ctx context.Context, method, path string, body []byte) (int, http.Header, answer, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.baseURL+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, answer{}, err
	}
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	req.Header.Set("X-NekaPay-Key", c.key)
	req.Header.Set("X-NekaPay-Timestamp", timestamp)
	req.Header.Set("X-NekaPay-Signature", sign(c.secret, timestamp, body))
	req.Header.Set("Content-Type", "application/json")

	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, answer{}, err
	}
	defer resp.Body.Close()
	var got answer
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		return 0, nil, answer{}, fmt.Errorf("read answer %d: %w", resp.StatusCode, err)
	}
	return resp.StatusCode, resp.Header, got, nil
}

// sign returns the lower-case hex HMAC-SHA256 of the timestamp and the raw body.
func sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}
