package digitalpaye

import (
	"context"
	"net/http"
	"net/url"

	"pirogue"
	"pirogue/adapters/outbound"
)

// headerEnvironment chooses between Digitalpaye's systems. "Production" is the only
// value its documents have.
const headerEnvironment = "X-Environment"

// Send makes one call under a token. One that Digitalpaye turns away in the envelope of an
// answer that HTTP calls good is used no more.
func (o *operator) Send(ctx context.Context, req outbound.Request) (outbound.Answer, error) {
	answer, err := o.tokens.Send(ctx, req)
	if err == nil && readReply(answer).code() == http.StatusUnauthorized {
		o.tokens.Forget()
	}
	return answer, err
}

// ask puts a question and returns its good reply. An answer that is none is an error
// of class no where Digitalpaye clearly said no.
func (o *operator) ask(ctx context.Context, path string, query url.Values, no pirogue.Code) (reply, error) {
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

// post sends a body and returns the reply, whatever it says.
func (o *operator) post(ctx context.Context, path string, body any) (reply, error) {
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
