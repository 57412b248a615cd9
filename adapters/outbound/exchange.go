package outbound

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"

	"pirogue"
	"pirogue/operator"
)

// Request is one request to an operator.
type Request struct {
	Method string
	Path   string      // after the base URL; begins with a slash; escaped
	Header http.Header // may be nil
	Body   []byte      // may be nil
}

// Response is the operator's HTTP response.
type Response struct {
	Status int    // HTTP status
	Body   []byte // at most MaxBody bytes, unchanged
}

// OK reports whether the operator accepted the request. Send returns no Answer with a
// status from 300 to 399.
func (a Response) OK() bool { return a.Status < http.StatusMultipleChoices }

// Get returns a GET request that accepts JSON.
func Get(path string, query url.Values) Request {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return Request{Method: http.MethodGet, Path: path, Header: http.Header{"Accept": {"application/json"}}}
}

// Basic returns the value of a Basic Authorization header.
func Basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// PostJSON returns a request that posts v as JSON. It returns an Internal error if v cannot
// be encoded, which is a mistake in an adapter's wire types.
func PostJSON(path string, v any) (Request, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return Request{}, pirogue.Errorf(pirogue.Internal, "write request: %w", err)
	}
	header := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}
	return Request{Method: http.MethodPost, Path: path, Header: header, Body: body}, nil
}

// PostForm returns a request that posts a form and accepts JSON.
func PostForm(path string, form url.Values) Request {
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}}
	return Request{Method: http.MethodPost, Path: path, Header: header, Body: []byte(form.Encode())}
}

// exchange sends the request and reads the response. It uses the transport without
// http.Client, which would follow redirects and keep cookies.
func (c *Client) exchange(ctx context.Context, r Request) (Response, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var l writeTracker
	req, err := c.newRequest(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: l.gotConnection}), r)
	if err != nil {
		return Response{}, err
	}
	resp, err := c.transport.RoundTrip(req)
	switch {
	case err == nil:
		defer resp.Body.Close()
		return c.read(resp)
	case l.proveNotSent():
		// The transport failed before the first byte of the request: another try cannot pay
		// twice.
		return Response{}, pirogue.Errorf(operator.NotSent, "%s: nothing was sent: %w", c.name, err)
	default:
		return Response{}, pirogue.Errorf(operator.Unknown, "%s: sent, then no answer: %w", c.name, err)
	}
}

// newRequest builds the request. Its body cannot be read twice (GetBody is nil). Otherwise
// the transport resends it when a kept connection turns out closed, and a second submission
// could pay twice. line is the second safeguard. The path may hold an operator's token, so
// no error text contains it.
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

// read reads the response. The request has left, so every failure is Unknown.
func (c *Client) read(resp *http.Response) (Response, error) {
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
