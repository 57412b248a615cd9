package apitest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The headers of a signed request.
const (
	keyHeader       = "X-NekaPay-Key"
	timestampHeader = "X-NekaPay-Timestamp"
	signatureHeader = "X-NekaPay-Signature"
)

// Merchant holds the credentials that sign the requests, and the API's address.
type Merchant struct {
	BaseURL string // with /api/v1
	Key     string
	Secret  string
}

// request is one request to build. It is a value, so that a row can spoil a copy of a good request.
type request struct {
	method string
	path   string // after BaseURL; after the host when it begins with "!"
	body   string // {order} stands for an unused order ID
	signed *string
	stamp  *string
	skew   time.Duration
	secret *string
	edits  []func(http.Header)
}

// post returns a signed POST of body.
func post(path, body string) request { return request{method: http.MethodPost, path: path, body: body} }

// get returns a signed GET.
func get(path string) request { return request{method: http.MethodGet, path: path} }

// with sets a header after the signature is made. Several values become several header lines.
func (r request) with(name string, values ...string) request {
	return r.edit(func(h http.Header) { h[http.CanonicalHeaderKey(name)] = values })
}

// without removes headers.
func (r request) without(names ...string) request {
	return r.edit(func(h http.Header) {
		for _, name := range names {
			h.Del(name)
		}
	})
}

// resigned changes the text of the signature.
func (r request) resigned(change func(string) string) request {
	return r.edit(func(h http.Header) { h.Set(signatureHeader, change(h.Get(signatureHeader))) })
}

// edit adds a change to the headers.
func (r request) edit(change func(http.Header)) request {
	r.edits = append(slices.Clone(r.edits), change)
	return r
}

// signedOver makes the signature cover another body than the sent one.
func (r request) signedOver(body string) request {
	r.signed = &body
	return r
}

// stamped sends and signs the given text as timestamp.
func (r request) stamped(text string) request {
	r.stamp = &text
	return r
}

// late moves the timestamp by a duration; a negative one makes it older.
func (r request) late(by time.Duration) request {
	r.skew = by
	return r
}

// keyed signs with another secret.
func (r request) keyed(secret string) request {
	r.secret = &secret
	return r
}

// as sends with another method.
func (r request) as(method string) request {
	r.method = method
	return r
}

// prepared is a request with fixed bytes, so that it can be sent twice.
type prepared struct {
	method, url, target string
	header              http.Header
	body                string
}

// prepare fixes the bytes of a request of m.
func (r request) prepare(m Merchant, order string, now time.Time) (prepared, error) {
	base, err := url.Parse(m.BaseURL)
	if err != nil {
		return prepared{}, fmt.Errorf("base URL: %w", err)
	}
	target := base.Path + r.path
	if outside, ok := strings.CutPrefix(r.path, "!"); ok {
		target = outside
	}
	body := strings.ReplaceAll(r.body, "{order}", order)
	header := r.sign(m, body, order, now)
	for _, change := range r.edits {
		change(header)
	}
	return prepared{
		method: r.method, url: base.Scheme + "://" + base.Host, target: target, header: header, body: body,
	}, nil
}

// sign returns the headers of a good request, with the row's changes.
func (r request) sign(m Merchant, body, order string, now time.Time) http.Header {
	stamp := strconv.FormatInt(now.Add(r.skew).Unix(), 10)
	if r.stamp != nil {
		stamp = *r.stamp
	}
	covered, secret := body, m.Secret
	if r.signed != nil {
		covered = strings.ReplaceAll(*r.signed, "{order}", order)
	}
	if r.secret != nil {
		secret = *r.secret
	}
	if r.method == http.MethodGet && r.signed == nil {
		covered = ""
	}
	h := http.Header{}
	h.Set(keyHeader, m.Key)
	h.Set(timestampHeader, stamp)
	h.Set(signatureHeader, Sign(secret, stamp, covered))
	if r.method == http.MethodPost {
		h.Set("Content-Type", "application/json")
	}
	return h
}

// Sign returns the signature of a body by the contract. A GET signs the body "".
func Sign(secret, timestamp, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + body))
	return hex.EncodeToString(mac.Sum(nil))
}

// send sends the request unchanged: it neither cleans the path nor follows redirects.
func (p prepared) send(ctx context.Context, client *http.Client) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, p.method, p.url, bytes.NewBufferString(p.body))
	if err != nil {
		return nil, err
	}
	path, query, _ := strings.Cut(p.target, "?")
	if req.URL.Path, err = url.PathUnescape(path); err != nil {
		return nil, err
	}
	req.URL.RawPath, req.URL.RawQuery = path, query
	req.Header = p.header.Clone()
	return client.Do(req)
}
