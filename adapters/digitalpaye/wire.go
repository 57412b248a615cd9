package digitalpaye

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"pirogue"
	"pirogue/adapters/client"
)

// headerEnvironment chooses one of Digitalpaye's systems. "Production" is the only value in
// its documents.
const headerEnvironment = "X-Environment"

// authPath is the path that issues access tokens, in every shape [our reading].
const authPath = "/v1/auth"

// tokenLife is the life of a token, in seconds: exp minus iat of every token in
// Digitalpaye's documents.
const tokenLife = 600

// unixTimes separates the two readings of a number: below it a span in seconds, above it
// seconds since 1970.
const unixTimes = 1_000_000_000

// fetchToken requests an access token with an empty body. Its errors need no code, because
// no payment has left at this point.
func (o *adapter) fetchToken(ctx context.Context) (client.Token, error) {
	req := client.Get(authPath, nil)
	req.Method = http.MethodPost
	req.Header.Set("Authorization", client.BasicAuth(o.conf.Credentials[credAPIKey], o.conf.Credentials[credAPISecret]))
	resp, err := o.DoWithoutToken(ctx, req)
	if err != nil {
		return client.Token{}, err
	}
	reply := readReply(resp)
	if reply.code() != http.StatusOK {
		return client.Token{}, fmt.Errorf("status %d to the credentials", resp.Status)
	}
	var got struct {
		Token string `json:"token"`
		Exp   text   `json:"exp"`
	}
	if err := json.Unmarshal(reply.Data, &got); err != nil {
		return client.Token{}, fmt.Errorf("token: not the JSON of the documents: %w", err)
	}
	return client.Token{Value: got.Token, ExpiresIn: tokenSeconds(string(got.Exp), o.clock.Now())}, nil
}

// tokenSeconds returns the life of a token in seconds. No document states what exp counts, so life
// reads it either way. It can only shorten the life, so that a difference between clocks
// cannot lengthen it.
func tokenSeconds(exp string, now time.Time) int64 {
	seconds, err := strconv.ParseInt(exp, 10, 64)
	if err == nil && seconds > unixTimes {
		seconds -= now.Unix()
	}
	if err != nil || seconds <= 0 {
		return tokenLife
	}
	return min(seconds, tokenLife)
}

// query makes a call that moves no money and returns its accepted reply. refusal is the
// code of a clear refusal.
func (o *adapter) query(ctx context.Context, req client.Request, refusal pirogue.Code) (reply, error) {
	resp, err := o.Do(ctx, req)
	if err != nil {
		return reply{}, err
	}
	r := readReply(resp)
	if !r.isAccepted() {
		return r, o.replyError(r, expected{refusal: refusal})
	}
	return r, nil
}

// post sends a body and returns the reply, good or not.
func (o *adapter) post(ctx context.Context, path string, body any) (reply, error) {
	req, err := client.PostJSON(path, body)
	if err != nil {
		return reply{}, err
	}
	resp, err := o.Do(ctx, req)
	if err != nil {
		return reply{}, err
	}
	return readReply(resp), nil
}

// rejectsToken reports whether Digitalpaye rejects the token in the envelope of a response that
// is good by HTTP.
func rejectsToken(r client.Response) bool { return readReply(r).code() == http.StatusUnauthorized }

// dialCode is the calling code of Côte d'Ivoire.
const dialCode = "225"

// international returns the E.164 form of a number that Digitalpaye wrote as +225…, as 225…
// or in the local form. It returns "" for any text that is no number of Côte d'Ivoire.
func international(number string) pirogue.MSISDN {
	digits := strings.TrimPrefix(number, "+")
	if len(digits) > limits.Digits {
		digits = strings.TrimPrefix(digits, dialCode)
	}
	whole := pirogue.MSISDN("+" + dialCode + digits)
	if _, ours := limits.LocalOf(whole); !ours {
		return ""
	}
	return whole
}

// text is a JSON value as written. Amounts come as strings or numbers. text keeps the
// decimals of a fee, such as "7.5", to the last digit. null is "".
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	switch {
	case bytes.HasPrefix(raw, []byte(`"`)):
		return json.Unmarshal(raw, (*string)(t))
	case string(raw) == "null":
		*t = ""
	default:
		*t = text(raw)
	}
	return nil
}

// timeLayouts lists the forms of Digitalpaye's dates. A date names no zone; Côte d'Ivoire keeps
// UTC.
var timeLayouts = []string{time.DateTime, time.RFC3339Nano, "2006-01-02T15:04:05.999999999"}

// readTime reads an instant. It returns the zero time for a text that it cannot read.
func readTime(s string) time.Time {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// writeTime formats an instant for the list's query.
func writeTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
