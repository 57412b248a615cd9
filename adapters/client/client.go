// Package client calls operators over HTTP. A Spec holds an operator's published facts. A
// Client sends the requests of one configured instance and reads the responses by its Spec.
//
// The package answers one question: when a call fails, did it happen? Every error it
// returns carries a code from package pirogue. NotSent means that no byte of the request
// left this machine. Unknown means that the operator may have read and executed the
// request, or a part of it.
//
// A client never repeats a request and never lets net/http repeat one: Temporal's retry
// policy is the only loop. It follows no redirect, keeps no cookie, uses no proxy, and
// reads at most MaxBody bytes within one time-out.
package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"time"

	"pirogue"
	"pirogue/config"
	"pirogue/operator"
)

// MaxBody is the largest response that a client reads, in bytes. A longer one is Unknown.
const MaxBody = 1 << 20

// Client sends requests to one operator instance. It is safe for concurrent use. Its fields
// are set before the first request.
type Client struct {
	Limits  SubmissionLimits // of the instance
	Secrets func() []string  // values that no stored text may contain

	spec        *Spec
	name        string            // the instance's code, for error texts
	base        string            // such as "https://api.orange.com", without a slash at its end
	timeout     time.Duration     // of one whole call: token, dialing, request, last byte of the response
	header      map[string]string // of every request; may be nil
	credentials map[string]string
	tokens      *tokenSource // nil for an operator without access tokens
	transport   *transport
}

// New returns the client of an instance. If the configuration breaks the spec, it returns
// one error with every mistake, those of the adapter included. The base URL must be https,
// or http of a simulator. header goes with every request; it may be nil.
func New(spec *Spec, conf config.Operator, header map[string]string, mistakes ...error) (*Client, error) {
	if spec.Credentials != nil {
		mistakes = append(mistakes, spec.Credentials.Check(conf.Credentials)...)
	}
	if spec.Limits.Country != "" {
		mistakes = append(mistakes, spec.Limits.Check(conf.Country, conf.Currency)...)
	}
	timeout := conf.Timeout.Or(config.DefaultTimeout)
	if timeout <= 0 {
		mistakes = append(mistakes, errors.New("the time-out of a call must be positive"))
	}
	mistakes = append(mistakes, checkBaseURL(conf.BaseURL, conf.Simulator))
	if err := errors.Join(mistakes...); err != nil {
		return nil, err
	}
	secrets := slices.Collect(maps.Values(conf.Credentials))
	c := &Client{
		Limits: spec.Limits, Secrets: func() []string { return secrets },
		spec: spec, name: string(conf.Code), base: strings.TrimRight(conf.BaseURL, "/"), timeout: timeout,
		header: header, credentials: conf.Credentials, transport: newTransport(),
	}
	c.Limits.Country, c.Limits.Currency = conf.Country, conf.Currency
	return c, nil
}

// checkBaseURL returns an error for a base URL that is not absolute or not https. allowHTTP
// accepts http, which only a simulator may use.
func checkBaseURL(base string, allowHTTP bool) error {
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return fmt.Errorf("base URL: %w", err)
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("base URL must be absolute, without credentials, query or fragment")
	case u.Scheme == "https", u.Scheme == "http" && allowHTTP:
		return nil
	default:
		return errors.New("base URL must be https; only a simulator may be called over http")
	}
}

// Submit makes a call that may move money of a payment of this kind. It returns the response
// also beside an error, because the response may name the operator's transaction.
func (c *Client) Submit(ctx context.Context, r Request, kind pirogue.PaymentKind) (Response, error) {
	resp, err := c.Do(ctx, r)
	if err == nil && !resp.OK() {
		err = c.ResponseError(resp, kind, r.Secrets...)
	}
	return resp, err
}

// Query makes a call that moves no money. Its errors are NotSent and Unknown.
func (c *Client) Query(ctx context.Context, r Request) (Response, error) { return c.Submit(ctx, r, "") }

// StatusCall is a call that reads the status of an attempt.
type StatusCall struct {
	Path string
	// Missing is the outcome when the operator does not know the attempt. It is "" for one that the
	// operator has named before: such an attempt cannot be absent.
	Missing pirogue.Outcome
}

// QueryStatus reads the status of an attempt.
func (c *Client) QueryStatus(ctx context.Context, s StatusCall, read ResultReader) (operator.OperatorResult, error) {
	resp, err := c.Query(ctx, Get(s.Path, nil))
	if err == nil {
		return readBody(resp.Body, read)
	}
	// Only a documented word proves an absence: a 404 of a proxy has none.
	if resp.Status == http.StatusNotFound && s.Missing != "" {
		if word, _ := c.spec.ReadError(resp); c.spec.NotFoundErrors[word] {
			return operator.OperatorResult{Outcome: s.Missing, Message: c.spec.Name + " knows none of this reference"}, nil
		}
	}
	return operator.OperatorResult{}, err
}

// Do makes one call, with an access token where the operator issues them. It returns the
// response with any status from 200 to 299 or from 400 on. The adapter decides what the
// status means.
//
// It returns NotSent when no byte of the request left. That is so when the context was done before
// or permits no call. It is also so without a connection or a token. Every other failure is
// Unknown: a time-out, a reset, a redirect, a response too long or compressed.
func (c *Client) Do(ctx context.Context, r Request) (Response, error) {
	if c.tokens == nil {
		return c.DoWithoutToken(ctx, r)
	}
	resp, err := c.doWithToken(ctx, r)
	if err == nil && c.spec.RejectsToken != nil && c.spec.RejectsToken(resp) {
		c.tokens.forget()
	}
	return resp, err
}

// DoWithoutToken makes one call as Do does, without an access token, such as the call that
// requests one.
func (c *Client) DoWithoutToken(ctx context.Context, r Request) (Response, error) {
	if err := ctx.Err(); err != nil {
		return Response{}, pirogue.Errorf(operator.NotSent, "%s: given up before the call: %w", c.name, err)
	}
	if err := operator.PermitCall(ctx); err != nil {
		return Response{}, pirogue.Errorf(operator.NotSent, "%s: not called: %w", c.name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var w writeTracker
	req, err := c.newRequest(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: w.gotConnection}), r)
	if err != nil {
		return Response{}, err
	}
	// The transport without http.Client, which would follow redirects and keep cookies.
	resp, err := c.transport.RoundTrip(req)
	switch {
	case err == nil:
		defer resp.Body.Close()
		return c.readResponse(resp)
	case w.proveNotSent():
		// The transport failed before the first byte of the request: another try cannot pay
		// twice.
		return Response{}, pirogue.Errorf(operator.NotSent, "%s: nothing was sent: %w", c.name, err)
	default:
		return Response{}, pirogue.Errorf(operator.Unknown, "%s: sent, then no answer: %w", c.name, err)
	}
}

// newRequest builds the request. Its body cannot be read twice (GetBody is nil). Otherwise
// the transport resends it when a kept connection turns out closed, and a second submission
// could pay twice. writeTracker is the second safeguard. The path may hold an operator's
// token, so no error text contains it.
func (c *Client) newRequest(ctx context.Context, r Request) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, c.base+r.Path, bytes.NewReader(r.Body))
	if err != nil {
		return nil, pirogue.Errorf(operator.NotSent, "%s: the method or the path cannot be sent", c.name)
	}
	req.GetBody = nil
	if r.Header != nil {
		req.Header = r.Header.Clone()
	}
	for name, value := range c.header {
		req.Header.Set(name, value)
	}
	req.Header.Set("User-Agent", "Pirogue")
	return req, nil
}

// readResponse reads the response. The request has left, so every failure is Unknown.
func (c *Client) readResponse(resp *http.Response) (Response, error) {
	status := resp.StatusCode
	if status < http.StatusOK || (status >= http.StatusMultipleChoices && status < http.StatusBadRequest) {
		return Response{}, pirogue.Errorf(operator.Unknown, "%s: status %d, which is not followed", c.name, status)
	}
	if coding := resp.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return Response{}, pirogue.Errorf(operator.Unknown, "%s: status %d, compressed unasked", c.name, status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxBody+1))
	switch {
	case err != nil:
		return Response{}, pirogue.Errorf(operator.Unknown, "%s: status %d, then no body: %w", c.name, status, err)
	case len(body) > MaxBody:
		return Response{}, pirogue.Errorf(operator.Unknown, "%s: status %d, longer than %d bytes", c.name, status, MaxBody)
	}
	return Response{Status: status, Body: body}, nil
}

// WithTimeout bounds an operation of several calls by the time-out of one call. Its caller does
// not wait longer than that.
func (c *Client) WithTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.timeout)
}

// Redact returns the operator's text without the instance's secrets, ready to be stored.
func (c *Client) Redact(text string, secrets ...string) string {
	secrets = append(slices.Clone(secrets), c.Secrets()...)
	if c.spec.Private != nil {
		secrets = append(secrets, c.spec.Private.FindAllString(text, -1)...)
	}
	return Redact(text, secrets...)
}
