// Package apitest holds the table of bad inputs from the merchant API's contract, each with the
// response it must get. Its runner sends the table to any server of the API: one over fakes, or the
// whole program.
//
// A row's number is its number in the reliability reference, section 3, so that a reader can
// compare the two.
package apitest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/ids"
)

// MSISDN is the number in the good requests; the sandbox pays for it at once.
const MSISDN = "+22376123456"

const (
	patience = 15 * time.Second // for one response
	attempts = 10               // at a row that meets a rate limit it does not test
)

// Row is one bad input with the response it must get.
type Row struct {
	Number int // in the reliability reference, section 3
	Name   string
	Status int          // of the response
	Code   pirogue.Code // "" for a success
	Field  string       // the first field at fault; "" when the row allows any
	send   request
	again  bool   // the same bytes are sent twice, and the second response counts
	then   string // the same bytes are also sent to this path, and the second response counts
}

// Response is a response.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Error is the body of an error response.
type Error struct {
	Error     string          `json:"error"`
	Code      pirogue.Code    `json:"code"`
	RequestID string          `json:"request_id"`
	DocURL    string          `json:"doc_url"`
	Params    []pirogue.Param `json:"params"`
	Data      json.RawMessage `json:"data"`
}

// Run sends every row to the API at baseURL, which ends in /api/v1. The test key's merchant may
// take cash-ins in Mali and pay out there. The number MSISDN must pay at once, and the number
// +22370001234 must take its time.
func Run(t *testing.T, baseURL, key, secret string) {
	t.Helper()
	m := Merchant{BaseURL: strings.TrimSuffix(baseURL, "/"), Key: key, Secret: secret}
	client := newClient(t)
	for _, row := range Rows() {
		t.Run(fmt.Sprintf("%d %s", row.Number, row.Name), func(t *testing.T) {
			row.check(t, m.play(t, client, row))
		})
	}
	for _, story := range sequences {
		t.Run(story.name, func(t *testing.T) { story.play(sequence{m, t, client}) })
	}
}

// newClient returns a client that follows no redirect. The test's end closes its connections.
func newClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport: transport, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// play sends a row's request and returns the response that counts.
func (m Merchant) play(t *testing.T, client *http.Client, row Row) Response {
	t.Helper()
	p, err := row.send.prepare(m, newOrder(), time.Now())
	require.NoError(t, err)
	if row.again || row.then != "" {
		first := p.sendUntilAdmitted(t, client, "")
		require.Equal(t, http.StatusAccepted, first.Status, "the first time: %s", first.Body)
	}
	if row.then != "" {
		p.target = strings.TrimSuffix(p.target, row.send.path) + row.then
	}
	return p.sendUntilAdmitted(t, client, row.Code)
}

// sendUntilAdmitted sends a request. It repeats the same bytes while a rate limit refuses them that the row
// does not test.
func (p prepared) sendUntilAdmitted(t *testing.T, client *http.Client, want pirogue.Code) Response {
	t.Helper()
	for range attempts {
		got := p.answer(t, client)
		if got.Status != http.StatusTooManyRequests || want == pirogue.RateLimited {
			return got
		}
		wait, err := strconv.Atoi(got.Header.Get("Retry-After"))
		require.NoError(t, err, "a 429 without Retry-After")
		time.Sleep(time.Duration(wait) * time.Second)
	}
	t.Fatal("every answer was a 429, each after waiting for as long as it said")
	return Response{}
}

// answer sends a request and reads the whole response.
func (p prepared) answer(t *testing.T, client *http.Client) Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	resp, err := p.send(ctx, client)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return Response{Status: resp.StatusCode, Header: resp.Header, Body: body}
}

// check compares a response with the row's promise.
func (row Row) check(t *testing.T, got Response) {
	t.Helper()
	require.Equal(t, row.Status, got.Status, "%s", got.Body)
	require.NotEmpty(t, got.Header.Get("X-Request-Id"), "an answer without a name")
	require.Empty(t, got.Header.Get("Location"), "a redirect")
	if row.Code == "" {
		return
	}
	failure := got.failure(t)
	require.Equal(t, row.Code, failure.Code, "%s", got.Body)
	require.Equal(t, got.Header.Get("X-Request-Id"), failure.RequestID)
	require.NotEmpty(t, failure.Error)
	require.True(t, strings.HasSuffix(failure.DocURL, "/docs/errors#"+string(row.Code)), failure.DocURL)
	if row.Field != "" {
		require.NotEmpty(t, failure.Params, "%s", got.Body)
		require.Equal(t, row.Field, failure.Params[0].Field, "%s", got.Body)
	}
	if row.Status == http.StatusMethodNotAllowed {
		require.NotEmpty(t, got.Header.Get("Allow"))
	}
}

// failure decodes the body of an error.
func (a Response) failure(t *testing.T) Error {
	t.Helper()
	var e Error
	require.NoError(t, json.Unmarshal(a.Body, &e), "%s", a.Body)
	return e
}

// newOrder returns an unused order ID.
func newOrder() string { return "row-" + newID() }

// newID returns the ID of a payment that does not exist.
func newID() string { return ids.New() }
