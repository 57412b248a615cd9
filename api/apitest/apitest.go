// Package apitest is the table of bad inputs from the merchant API's contract, each
// with the answer it must get, and a runner that plays it against any server that
// speaks the API: one over fakes, or the whole program.
//
// A row's number is its number in the reliability reference, section 3, so that the
// two can be read side by side.
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

// MSISDN is the number the good requests use: in the sandbox it pays at once.
const MSISDN = "+22376123456"

const (
	patience = 15 * time.Second // for one answer
	attempts = 10               // at a row that runs into a rate it is not about
)

// Row is one bad input and the answer it must get.
type Row struct {
	Number int
	Name   string
	Status int
	Code   pirogue.Code // "" for a success
	Field  string       // the first field at fault; "" when the row does not care
	send   request
	again  bool   // the same bytes are sent twice, and the second answer counts
	then   string // the same bytes are sent here as well, and the second answer counts
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Error is the body of a failure.
type Error struct {
	Error     string          `json:"error"`
	Code      pirogue.Code    `json:"code"`
	RequestID string          `json:"request_id"`
	DocURL    string          `json:"doc_url"`
	Params    []pirogue.Param `json:"params"`
	Data      json.RawMessage `json:"data"`
}

// Run plays every row against the API at baseURL, which ends in /api/v1, with a
// test key of a merchant who may take cash-ins in Mali and pay out there. The number
// MSISDN pays at once there, and the number +22370001234 takes its time.
func Run(t *testing.T, baseURL, key, secret string) {
	t.Helper()
	m := Merchant{BaseURL: strings.TrimSuffix(baseURL, "/"), Key: key, Secret: secret}
	client := newClient(t)
	for _, row := range Rows() {
		t.Run(fmt.Sprintf("%d %s", row.Number, row.Name), func(t *testing.T) {
			row.check(t, m.play(t, client, row))
		})
	}
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) { story.play(teller{m, t, client}) })
	}
}

// newClient returns a client that follows no redirect and leaves nothing behind.
func newClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport: transport, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// play sends a row's request and returns the answer that counts.
func (m Merchant) play(t *testing.T, client *http.Client, row Row) Answer {
	t.Helper()
	p, err := row.send.prepare(m, newOrder(), time.Now())
	require.NoError(t, err)
	if row.again || row.then != "" {
		first := p.patient(t, client, "")
		require.Equal(t, http.StatusAccepted, first.Status, "the first time: %s", first.Body)
	}
	if row.then != "" {
		p.target = strings.TrimSuffix(p.target, row.send.path) + row.then
	}
	return p.patient(t, client, row.Code)
}

// patient sends a request, and the same bytes again as long as a limit answers that
// they are not about.
func (p prepared) patient(t *testing.T, client *http.Client, want pirogue.Code) Answer {
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
	return Answer{}
}

// answer sends a request and reads the whole answer.
func (p prepared) answer(t *testing.T, client *http.Client) Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	resp, err := p.send(ctx, client)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}
}

// check compares an answer with what the row promises.
func (row Row) check(t *testing.T, got Answer) {
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
func (a Answer) failure(t *testing.T) Error {
	t.Helper()
	var e Error
	require.NoError(t, json.Unmarshal(a.Body, &e), "%s", a.Body)
	return e
}

// newOrder returns an order number nobody has used.
func newOrder() string { return "row-" + newID() }

// newID returns the id of a payment that nobody has.
func newID() string { return ids.New() }
