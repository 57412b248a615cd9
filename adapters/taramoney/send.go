package taramoney

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"

	"pirogue/adapters/outbound"
)

// account holds the credentials in every request. Taramoney has no other authentication.
type account struct {
	APIKey     string `json:"apiKey"`
	BusinessID string `json:"businessId"`
}

// account returns the account of the instance.
func (o *adapter) account() account {
	return account{APIKey: o.conf.Credentials[credAPIKey], BusinessID: o.conf.Credentials[credBusinessID]}
}

// post makes one call. classOf reads its response.
func (o *adapter) post(ctx context.Context, path string, body any) (outbound.Response, error) {
	req, err := outbound.PostJSON(path, body)
	if err != nil {
		return outbound.Response{}, err
	}
	return o.Sender.Send(ctx, req)
}

// ask makes a call that moves no money and returns the body of a good response.
func (o *adapter) ask(ctx context.Context, path string, body any) ([]byte, error) {
	answer, err := o.post(ctx, path, body)
	if err == nil && !answer.OK() {
		err = o.ErrorFrom(answer, "")
	}
	return answer.Body, err
}

// said returns a response's text for people. Its code is always "": no document lists the
// messages, so no message refuses a status call.
func said(_ int, v verdict) (code, words string) {
	if v == (verdict{}) {
		return "", ""
	}
	return "", v.String()
}

// verdict holds the fields of every response except a list.
type verdict struct {
	Status  outbound.Text `json:"status"`
	Message outbound.Text `json:"message"` // for people, also in French
}

// actionResultOf reads a response. It returns the zero value for a body that is not Taramoney's.
func verdictOf(body []byte) verdict {
	var got verdict
	if err := json.Unmarshal(body, &got); err != nil {
		return verdict{}
	}
	return got
}

// String returns the verdict's text for people.
func (v verdict) String() string { return string(v.Status) + " " + string(v.Message) }

// upper returns a word in the upper case of the tables.
func upper(t outbound.Text) string { return strings.ToUpper(strings.TrimSpace(string(t))) }

// private matches a telephone number of Cameroon with gaps. Taramoney's messages may repeat
// one, and nobody at Pirogue needs to read it.
var private = regexp.MustCompile(`(?:\+|\b)(?:237[ .-]?)?6(?:[ .-]?\d){8}\b`)

// secrets returns the values that no stored text of Taramoney may contain.
func (o *adapter) secrets() []string {
	return []string{o.conf.Credentials[credAPIKey], o.conf.Credentials[credWebhookSecret]}
}
