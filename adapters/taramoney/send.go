package taramoney

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"

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

// post makes one call, whose answer classOf reads.
func (o *operator) post(ctx context.Context, path string, body any) (outbound.Answer, error) {
	req, err := outbound.PostJSON(path, body)
	if err != nil {
		return outbound.Answer{}, err
	}
	return o.Sender.Send(ctx, req)
}

// ask makes a call that moves no money and returns the body of a good answer.
func (o *operator) ask(ctx context.Context, path string, body any) ([]byte, error) {
	answer, err := o.post(ctx, path, body)
	if err == nil && !answer.Good() {
		err = o.Turned(answer, "")
	}
	return answer.Body, err
}

// said returns what an answer says to people. No document lists its messages, and so no
// question is refused by one.
func said(_ int, v verdict) (code, words string) {
	if v == (verdict{}) {
		return "", ""
	}
	return "", v.String()
}

// verdict is what every answer but a list says.
type verdict struct {
	Status  outbound.Text `json:"status"`
	Message outbound.Text `json:"message"` // for people, also in French
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

// upper returns a word as the tables write it.
func upper(t outbound.Text) string { return strings.ToUpper(strings.TrimSpace(string(t))) }

// private is a telephone number of Cameroon with gaps, which Taramoney's words may repeat
// and nobody here need read.
var private = regexp.MustCompile(`(?:\+|\b)(?:237[ .-]?)?6(?:[ .-]?\d){8}\b`)

// secrets is what Taramoney's words may not repeat.
func (o *operator) secrets() []string {
	return []string{o.conf.Credentials[credAPIKey], o.conf.Credentials[credWebhookSecret]}
}
