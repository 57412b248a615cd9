package sonatel

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"pirogue/adapters/outbound"
)

// The headers of this API.
const (
	headerAPIKey      = "X-Api-Key" //nolint:gosec // a name, not a credential
	headerCallbackURL = "X-Callback-Url"
)

// headerSandboxMSISDN carries the customer's number in E.164 to a simulator, so that it can
// play the test numbers. A QR itself names no customer. We send it only to an instance
// configured as a simulator.
const headerSandboxMSISDN = "X-Sandbox-Msisdn"

// get returns a GET request with a JSON content type. Without it Orange's gateway answers
// 415, although a GET has no body.
func get(path string, query url.Values) outbound.Request {
	req := outbound.Get(path, query)
	req.Header.Set("Content-Type", "application/json")
	return req
}

// Send makes one call with a token.
func (o *adapter) Send(ctx context.Context, req outbound.Request) (outbound.Response, error) {
	if key := o.conf.Credentials[credAPIKey]; key != "" {
		req.Header.Set(headerAPIKey, key)
	}
	return o.tokens.Send(ctx, req)
}

// problem is the body of an error: problem+json whose status and code are strings.
type problem struct {
	Code       outbound.Text `json:"code"`
	Title      string        `json:"title"`
	Detail     string        `json:"detail"` // for people, often in French
	Violations []struct {
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"violations"`
}

// problemOf returns the content of an error body. A page of some proxy on the way does not
// speak for Orange and has no code. Text of an undocumented form loses only the text.
func problemOf(body []byte) problem {
	var got problem
	if err := json.Unmarshal(body, &got); err != nil {
		return problem{Code: got.Code}
	}
	return got
}

// said returns the code of a problem and its text for people.
func said(a outbound.Response) (code, words string) {
	p := problemOf(a.Body)
	if p.Code == "" {
		return "", ""
	}
	return string(p.Code), "code " + string(p.Code) + " " + p.String()
}

// String returns the problem's text for people.
func (p problem) String() string {
	parts := []string{p.Title, p.Detail}
	for _, v := range p.Violations {
		parts = append(parts, v.Field+" "+v.Message)
	}
	return strings.Join(parts, " ")
}

// secrets returns the values that no stored text of Orange may contain.
func (o *adapter) secrets() []string {
	return []string{
		o.conf.Credentials[credClientSecret], o.conf.Credentials[credAPIKey], o.conf.Credentials[credCallbackKey],
		o.pin.current(),
	}
}
