package client

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"

	"pirogue"
)

// Request is one request to an operator.
type Request struct {
	Method string
	Path   string      // after the base URL; begins with a slash; escaped
	Header http.Header // may be nil
	Body   []byte      // may be nil

	Secrets []string // values of the request that the operator might repeat; may be nil
}

// Response is the operator's HTTP response.
type Response struct {
	Status int    // HTTP status
	Body   []byte // at most MaxBody bytes, unchanged
}

// OK reports whether the operator accepted the request. Do returns no Response with a
// status from 300 to 399.
func (r Response) OK() bool { return r.Status < http.StatusMultipleChoices }

// Get returns a GET request that accepts JSON.
func Get(path string, query url.Values) Request {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return Request{Method: http.MethodGet, Path: path, Header: http.Header{"Accept": {"application/json"}}}
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

// BasicAuth returns the value of a Basic Authorization header.
func BasicAuth(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
