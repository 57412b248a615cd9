package taramoney

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"

	"pirogue"
	"pirogue/adapters/outbound"
)

// account is what every request carries: Taramoney has no other authentication.
type account struct {
	APIKey     string `json:"apiKey"`
	BusinessID string `json:"businessId"`
}

// account returns the account of the instance.
func (o *operator) account() account {
	return account{APIKey: o.conf.Credentials[credAPIKey], BusinessID: o.conf.Credentials[credBusinessID]}
}

// post makes one call.
func (o *operator) post(ctx context.Context, path string, body any) (outbound.Answer, error) {
	req, err := outbound.PostJSON(path, body)
	if err != nil {
		return outbound.Answer{}, err
	}
	return o.client.Send(ctx, req)
}

// ask makes a call that moves no money and returns the body of a good answer. It
// never fails with Refused: a question that is not answered says nothing about the
// money.
func (o *operator) ask(ctx context.Context, path string, body any) ([]byte, error) {
	answer, err := o.post(ctx, path, body)
	if err != nil {
		return nil, err
	}
	if good(answer) {
		return answer.Body, nil
	}
	class, listed := classes[answer.Status]
	if !listed {
		class = pirogue.Unknown
	}
	return nil, o.no(class, answer, verdictOf(answer.Body))
}

// no returns the error of an answer that is none or is a no.
func (o *operator) no(class pirogue.Code, a outbound.Answer, v verdict) error {
	if v.Status == "" && v.Message == "" {
		return pirogue.Errorf(class, "Taramoney answered %d: not a body of its own", a.Status)
	}
	return pirogue.Errorf(class, "Taramoney answered %d: %s", a.Status, o.words(v.String()))
}

// verdict is what every answer but a list says.
type verdict struct {
	Status  text `json:"status"`
	Message text `json:"message"` // for people, also in French
}

// verdictOf returns what an answer says, nothing for one that is not Taramoney's.
func verdictOf(body []byte) verdict {
	var got verdict
	if err := json.Unmarshal(body, &got); err != nil {
		return verdict{}
	}
	return got
}

// String returns what a verdict says to people.
func (v verdict) String() string { return string(v.Status) + " " + string(v.Message) }

// text is a JSON string, or a number where Taramoney is not sure which it sends:
// amounts and identifiers come as both.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(raw, []byte(`"`)) {
		return json.Unmarshal(raw, (*string)(t))
	}
	var number json.Number
	if err := json.Unmarshal(raw, &number); err != nil {
		return err
	}
	*t = text(number)
	return nil
}

// private is what Taramoney's words may repeat and nobody here need read: numbers of
// eight digits or more, which are telephone numbers, and those of Cameroon also with
// gaps. Amounts are shorter.
var private = regexp.MustCompile(`(\+?237[ .-]?)?\b6([ .-]?\d){8}\b|\+?\d{8,}`)

// words makes Taramoney's text fit to keep: without our secrets and without telephone
// numbers.
func (o *operator) words(said string) string {
	said = outbound.Words(said, o.conf.Credentials[credAPIKey], o.conf.Credentials[credWebhookSecret])
	return outbound.Words(private.ReplaceAllString(said, "[secret]"))
}
