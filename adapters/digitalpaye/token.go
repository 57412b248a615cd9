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

// authPath is where access tokens are issued, in every shape [our reading].
const authPath = "/v1/auth"

// tokenLife is how long a token lives, in seconds: exp less iat of every token that
// Digitalpaye's documents show.
const tokenLife = 600

// unixTimes is where a number stops being a time span in seconds and starts being a
// moment in seconds since 1970.
const unixTimes = 1_000_000_000

// fetchToken asks for an access token with an empty body. Errors need no class: no
// payment has left, whatever happens here.
func (o *operator) fetchToken(ctx context.Context) (outbound.Token, error) {
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

// life returns how many seconds a token lives. No document says what exp counts, so it
// is read either way, and only to make a life shorter: a clock that differs from ours
// must not.
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
