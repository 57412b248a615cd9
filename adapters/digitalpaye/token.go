package digitalpaye

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"pirogue/adapters/outbound"
)

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
func (o *adapter) fetchToken(ctx context.Context) (outbound.Token, error) {
	req := outbound.Get(authPath, nil)
	req.Method = http.MethodPost
	req.Header.Set("Authorization", outbound.Basic(o.conf.Credentials[credAPIKey], o.conf.Credentials[credAPISecret]))
	answer, err := o.Client.Send(ctx, req)
	if err != nil {
		return outbound.Token{}, err
	}
	said := readReply(answer)
	if said.code() != http.StatusOK {
		return outbound.Token{}, fmt.Errorf("status %d to the credentials", answer.Status)
	}
	var got struct {
		Token string `json:"token"`
		Exp   text   `json:"exp"`
	}
	if err := json.Unmarshal(said.Data, &got); err != nil {
		return outbound.Token{}, fmt.Errorf("token: not the JSON of the documents: %w", err)
	}
	return outbound.Token{Value: got.Token, ExpiresIn: life(string(got.Exp), o.clock.Now())}, nil
}

// life returns the life of a token in seconds. No document states what exp counts, so life
// reads it either way. It can only shorten the life, so that a difference between clocks
// cannot lengthen it.
func life(exp string, now time.Time) int64 {
	seconds, err := strconv.ParseInt(exp, 10, 64)
	if err == nil && seconds > unixTimes {
		seconds -= now.Unix()
	}
	if err != nil || seconds <= 0 {
		return tokenLife
	}
	return min(seconds, tokenLife)
}
