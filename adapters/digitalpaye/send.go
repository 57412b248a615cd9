package digitalpaye

import (
	"context"
	"net/http"
	"net/url"

	"pirogue"
	"pirogue/adapters/outbound"
)

// headerEnvironment chooses one of Digitalpaye's systems. "Production" is the only value in
// its documents.
const headerEnvironment = "X-Environment"

// Send makes one call with a token. It drops the token if Digitalpaye rejects it in the
// envelope of a response that is good by HTTP.
func (o *adapter) Send(ctx context.Context, req outbound.Request) (outbound.Response, error) {
	answer, err := o.tokens.Send(ctx, req)
	if err == nil && readReply(answer).code() == http.StatusUnauthorized {
		o.tokens.Forget()
	}
	return answer, err
}

// ask makes a call that moves no money and returns its good reply. A clear refusal is an
// error with the code no.
func (o *adapter) ask(ctx context.Context, path string, query url.Values, no pirogue.Code) (reply, error) {
	answer, err := o.Sender.Send(ctx, outbound.Get(path, query))
	if err != nil {
		return reply{}, err
	}
	said := readReply(answer)
	if !said.good() {
		return said, o.failure(said, no, "")
	}
	return said, nil
}

// post sends a body and returns the reply, good or not.
func (o *adapter) post(ctx context.Context, path string, body any) (reply, error) {
	req, err := outbound.PostJSON(path, body)
	if err != nil {
		return reply{}, err
	}
	answer, err := o.Sender.Send(ctx, req)
	if err != nil {
		return reply{}, err
	}
	return readReply(answer), nil
}
