// Package outbound calls operators over HTTP. It provides one Client per configured
// instance, its bearer tokens, and the functions by which adapters read responses.
//
// The package answers one question: when a call fails, did it happen? Every error it
// returns carries a code from package pirogue. NotSent promises that no byte of the request
// left this machine. Unknown promises nothing: the operator may have read and executed the
// request, or a part of it.
//
// A client never repeats a request and never lets net/http repeat one: Temporal's retry
// policy is the only loop. It follows no redirect, keeps no cookie, uses no proxy, and
// reads at most MaxBody bytes within one time-out.
package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sony/gobreaker/v2"

	"pirogue"
	"pirogue/operator"
)

// MaxBody is the largest response that a client reads, in bytes. A longer one is Unknown.
const MaxBody = 1 << 20

// The limits that hold for every client.
const (
	dialTimeout   = 3 * time.Second
	tlsTimeout    = 3 * time.Second
	maxHeader     = 64 << 10         // bytes of a response's header
	maxConns      = 64               // to one operator; a call that gets no connection in time is NotSent
	idleConns     = 16               // kept for the next call
	idleTimeout   = 30 * time.Second // shorter than the servers', so that a kept connection is rarely closed
	maxFailures   = 10               // consecutive failures that open the circuit breaker
	breakerRests  = 10 * time.Second // the time an open breaker waits before it lets a probe through
	breakerProbes = 1
)

// Options describes one operator instance to call.
type Options struct {
	Name    string        // the instance's code, for error texts
	BaseURL string        // such as "https://api.orange.com"; a path in it is kept
	Timeout time.Duration // of one whole call: token, dialing, request, last byte of the response
	Plain   bool          // allows http, which only a simulator may use

	Header map[string]string // of every request; may be nil
}

// Client sends requests to one operator instance. It is safe for concurrent use.
type Client struct {
	name      string
	base      string // without a slash at its end
	timeout   time.Duration
	header    map[string]string
	transport *http.Transport
	tls       *tls.Config
	breaker   *gobreaker.TwoStepCircuitBreaker[Response]
}

// New returns a client. If there are mistakes, it returns one error with those of the
// adapter's configuration and those of the options. The time-out must be positive and the
// base URL absolute, with https unless Plain is set.
func New(o Options, mistakes ...error) (*Client, error) {
	if o.Timeout <= 0 {
		mistakes = append(mistakes, errors.New("the time-out of a call must be positive"))
	}
	if err := errors.Join(append(mistakes, checkBase(o.BaseURL, o.Plain))...); err != nil {
		return nil, err
	}
	c := &Client{
		name:    o.Name,
		base:    strings.TrimRight(o.BaseURL, "/"),
		timeout: o.Timeout,
		header:  o.Header,
		tls:     &tls.Config{MinVersion: tls.VersionTLS12},
		breaker: newBreaker(o.Name),
	}
	c.transport = c.newTransport()
	return c, nil
}

// checkBase returns an error for a base URL that is not absolute or not https.
func checkBase(base string, plain bool) error {
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return fmt.Errorf("base URL: %w", err)
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("base URL must be absolute, without credentials, query or fragment")
	case u.Scheme == "https", u.Scheme == "http" && plain:
		return nil
	default:
		return errors.New("base URL must be https; only a simulator may be called over http")
	}
}

// newTransport returns a transport for HTTP/1.1 only. One connection then serves one call
// at a time, so conn's record of written bytes is exact. Proxy stays nil, so that the
// environment cannot redirect calls.
func (c *Client) newTransport() *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            c.dial,
		DialTLSContext:         c.dialTLS,
		Protocols:              &protocols,
		DisableCompression:     true, // an expanded body could exceed the limit on bytes read
		MaxResponseHeaderBytes: maxHeader,
		MaxConnsPerHost:        maxConns,
		MaxIdleConns:           idleConns,
		MaxIdleConnsPerHost:    idleConns,
		IdleConnTimeout:        idleTimeout,
	}
}

// newBreaker returns a circuit breaker that opens after maxFailures consecutive failures.
// It does not count a call that its caller cancelled, which tells nothing about the
// operator.
func newBreaker(name string) *gobreaker.TwoStepCircuitBreaker[Response] {
	return gobreaker.NewTwoStepCircuitBreaker[Response](gobreaker.Settings{
		Name:        name,
		MaxRequests: breakerProbes,
		Timeout:     breakerRests,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= maxFailures },
		IsExcluded:  func(err error) bool { return errors.Is(err, context.Canceled) },
	})
}

// Send makes one call and returns the operator's response with any status from 200 to 299
// or from 400 on. The adapter decides what the status means.
//
// It returns NotSent when no byte of the request left. The context was done before or
// permits no call, the breaker is open, or there was no connection. Every other failure is
// Unknown: a time-out, a reset, a redirect, a response too long or compressed.
func (c *Client) Send(ctx context.Context, r Request) (Response, error) {
	if err := ctx.Err(); err != nil {
		return Response{}, pirogue.Errorf(operator.NotSent, "%s: given up before the call: %w", c.name, err)
	}
	if err := operator.PermitCall(ctx); err != nil {
		return Response{}, pirogue.Errorf(operator.NotSent, "%s: not called: %w", c.name, err)
	}
	// An open breaker refuses the call unsent, so an operator that is down costs no time-out.
	report, err := c.breaker.Allow()
	if err != nil {
		return Response{}, pirogue.Errorf(operator.NotSent, "%s: not called, it failed too often: %w", c.name, err)
	}
	answer, err := c.exchange(ctx, r)
	report(health(answer, err))
	return answer, err
}

// errServer marks a response from 500 on as a failure of the operator.
var errServer = errors.New("the operator's server failed")

// health returns the result that the circuit breaker counts. A refusal counts as a healthy
// response, because the operator's server worked.
func health(a Response, err error) error {
	if err == nil && a.Status >= http.StatusInternalServerError {
		return errServer
	}
	return err
}
