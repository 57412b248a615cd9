package digitalpaye

import (
	"cmp"
	"context"
	"net/http"
	"net/url"

	"pirogue"
	"pirogue/adapters/outbound"
)

// headerEnvironment chooses between Digitalpaye's systems. "Production" is the only
// value its documents have.
const headerEnvironment = "X-Environment"

// request returns a request with the headers that every call carries.
func (o *operator) request(method, path string, query url.Values) outbound.Request {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	header := http.Header{"Accept": {"application/json"}}
	header.Set(headerEnvironment, cmp.Or(o.conf.Environment, production))
	return outbound.Request{Method: method, Path: path, Header: header}
}

// ask puts a question and returns its good reply. An answer that is none is an error
// of class no where Digitalpaye clearly said no.
func (o *operator) ask(ctx context.Context, path string, query url.Values, no pirogue.Code) (reply, error) {
	answer, err := o.tokens.Send(ctx, o.request(http.MethodGet, path, query))
	if err != nil {
		return reply{}, err
	}
	said := readReply(answer)
	if !said.good() {
		return said, o.failure(said, no, "")
	}
	return said, nil
}

// post sends a body and returns the reply, whatever it says.
func (o *operator) post(ctx context.Context, path string, body any) (reply, error) {
	req, err := outbound.PostJSON(path, body)
	if err != nil {
		return reply{}, err
	}
	req.Header.Set(headerEnvironment, cmp.Or(o.conf.Environment, production))
	answer, err := o.tokens.Send(ctx, req)
	if err != nil {
		return reply{}, err
	}
	return readReply(answer), nil
}
