// Package outbound is how Pirogue calls operators: one Client per configured
// instance, its bearer tokens, and what every adapter needs to read an answer.
//
// The package exists for one question: when a call fails, did it happen? Every
// error it returns carries a class from package pirogue. NotSent promises that no
// byte of the request left this machine. Unknown promises nothing: the request, or
// a part of it, may have been read and executed, whatever became of the answer.
//
// A client never repeats a request and never lets net/http repeat one: Temporal's
// retry policy is the only loop. It follows no redirect, keeps no cookie, asks no
// proxy, and reads at most MaxBody bytes within one time-out.
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
)

// MaxBody is the largest answer a client reads, in bytes. A longer one is Unknown.
const MaxBody = 1 << 20

// The limits of every client.
const (
	dialTimeout   = 3 * time.Second
	tlsTimeout    = 3 * time.Second
	maxHeader     = 64 << 10         // bytes of an answer's header
	maxConns      = 64               // to one operator; a call that gets none in time is NotSent
	idleConns     = 16               // kept for the next call
	idleTimeout   = 30 * time.Second // shorter than servers', so that few connections are found dead
	maxFailures   = 10               // in a row, after which the breaker opens
	breakerRests  = 10 * time.Second // before one probe is let through
	breakerProbes = 1
)

// Options describes one operator instance to call.
type Options struct {
	Name    string        // the instance's code, for error texts
	BaseURL string        // such as "https://api.orange.com"; a path in it is kept
	Timeout time.Duration // of one whole call: token, dialing, request, last byte of the answer
	Plain   bool          // http is allowed, which only a simulator may ask for

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
	breaker   *gobreaker.TwoStepCircuitBreaker[Answer]
}

// New returns a client, unless there are mistakes: those of the adapter's configuration
// and those of the options, reported together. There must be a positive time-out and an
// absolute base URL with https.
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

// checkBase reports what is wrong with a base URL.
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

// newTransport returns a transport for HTTP/1.1 alone: on one of its connections
// one call at a time speaks, which is what makes conn's account of bytes exact.
// Proxy stays nil, so that the environment has no say.
func (c *Client) newTransport() *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            c.dial,
		DialTLSContext:         c.dialTLS,
		Protocols:              &protocols,
		DisableCompression:     true, // an expanded answer could be larger than what was read
		MaxResponseHeaderBytes: maxHeader,
		MaxConnsPerHost:        maxConns,
		MaxIdleConns:           idleConns,
		MaxIdleConnsPerHost:    idleConns,
		IdleConnTimeout:        idleTimeout,
	}
}

// newBreaker returns a breaker that opens after maxFailures in a row. A call its
// own caller gave up says nothing about the operator and is not counted.
func newBreaker(name string) *gobreaker.TwoStepCircuitBreaker[Answer] {
	return gobreaker.NewTwoStepCircuitBreaker[Answer](gobreaker.Settings{
		Name:        name,
		MaxRequests: breakerProbes,
		Timeout:     breakerRests,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= maxFailures },
		IsExcluded:  func(err error) bool { return errors.Is(err, context.Canceled) },
	})
}

// Send makes one call and returns the operator's answer, whatever its status
// between 200 and 299 or from 400 on: what that means is the adapter's to say.
//
// It fails with NotSent when no byte of the request left: the context was already
// done, the breaker is open, or there was no connection. Every other failure is
// Unknown: time-out, reset, redirect, an answer too long or compressed.
func (c *Client) Send(ctx context.Context, r Request) (Answer, error) {
	if err := ctx.Err(); err != nil {
		return Answer{}, pirogue.Errorf(pirogue.NotSent, "%s: given up before the call: %w", c.name, err)
	}
	report, err := c.breaker.Allow()
	if err != nil {
		return Answer{}, pirogue.Errorf(pirogue.NotSent, "%s: not called, it failed too often: %w", c.name, err)
	}
	answer, err := c.exchange(ctx, r)
	report(health(answer, err))
	return answer, err
}

// errServer counts an answer from 500 on as a failure of the operator.
var errServer = errors.New("the operator's server failed")

// health is what a call tells the breaker. A refusal is a healthy answer.
func health(a Answer, err error) error {
	if err == nil && a.Status >= http.StatusInternalServerError {
		return errServer
	}
	return err
}
