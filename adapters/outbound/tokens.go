package outbound

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"pirogue"
	"pirogue/operator"
)

// The limits on the use of a token.
const (
	tokenMargin  = time.Minute    // a token is renewed at least this long before its end
	tokenTenth   = 10             // or a tenth of its life, if that is longer
	maxTokenLife = 24 * time.Hour // longer lives, such as Orange's 90 days, are cut to this
)

// Token is an access token and its life, as the operator issued it.
type Token struct {
	Value     string
	ExpiresIn int64 // seconds; zero or less allows the token for one call
}

// Grant requests a token and reads OAuth's response: access_token, and expires_in in
// seconds, a number or a string. Its errors need no code, because no payment has left at
// this point.
func (c *Client) Grant(ctx context.Context, r Request) (Token, error) {
	answer, err := c.Send(ctx, r)
	if err != nil {
		return Token{}, err
	}
	if answer.Status != http.StatusOK {
		return Token{}, fmt.Errorf("status %d to the credentials", answer.Status)
	}
	var got struct {
		AccessToken string      `json:"access_token"`
		ExpiresIn   json.Number `json:"expires_in"`
	}
	if err := json.Unmarshal(answer.Body, &got); err != nil {
		return Token{}, fmt.Errorf("token: not OAuth's JSON: %w", err)
	}
	seconds, err := got.ExpiresIn.Int64()
	if err != nil {
		return Token{}, fmt.Errorf("token: expires_in: %w", err)
	}
	return Token{Value: got.AccessToken, ExpiresIn: seconds}, nil
}

// TokenSource sends requests with an operator's bearer token. It keeps one token, in memory
// only. It fetches the next one once, however many calls wait for it.
type TokenSource struct {
	client *Client
	clock  pirogue.Clock
	fetch  func(context.Context) (Token, error)
	flight singleflight.Group

	mu    sync.Mutex
	value string
	until time.Time
}

// NewTokenSource returns the tokens of a client. fetch requests a token from the operator. Its
// context is independent of any single caller, and fetch must return within the client's
// time-out.
func NewTokenSource(client *Client, clock pirogue.Clock, fetch func(context.Context) (Token, error)) *TokenSource {
	return &TokenSource{client: client, clock: clock, fetch: fetch}
}

// Send calls Client.Send with the token in the Authorization header. After a 401 it fetches
// one new token and sends once more: the gateway rejected the first request unread. It
// returns NotSent if it gets no token, or if the operator rejects a fresh one too. All of
// it ends within one time-out of the client.
func (t *TokenSource) Send(ctx context.Context, r Request) (Response, error) {
	ctx, cancel := context.WithTimeout(ctx, t.client.timeout)
	defer cancel()
	token, err := t.get(ctx, "")
	if err != nil {
		return Response{}, err
	}
	answer, err := t.sendWith(ctx, r, token)
	if err != nil || answer.Status != http.StatusUnauthorized {
		return answer, err
	}
	// Another call may have renewed the token already; get then returns that one.
	if token, err = t.get(ctx, token); err != nil {
		return Response{}, err
	}
	answer, err = t.sendWith(ctx, r, token)
	if err == nil && answer.Status == http.StatusUnauthorized {
		return Response{}, pirogue.Errorf(operator.NotSent, "%s: a fresh token was turned away (401)", t.client.name)
	}
	return answer, err
}

// Forget drops the token in memory. An adapter calls it when a response rejects the token
// in a way that Send does not recognise.
func (t *TokenSource) Forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.value = ""
}

// sendWith sends a copy of r with the token, so that r itself never holds one.
func (t *TokenSource) sendWith(ctx context.Context, r Request, token string) (Response, error) {
	r.Header = r.Header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return t.client.Send(ctx, r)
}

// get returns a token other than rejected, from memory if possible. Every error is NotSent:
// the request that needs the token has not left.
func (t *TokenSource) get(ctx context.Context, rejected string) (string, error) {
	if value, ok := t.kept(rejected); ok {
		return value, nil
	}
	// Other callers wait for the same fetch: neither one caller's end nor its permit holds it
	// up.
	detached := operator.WithCallPermit(context.WithoutCancel(ctx), nil)
	flight := t.flight.DoChan("token", func() (any, error) { return t.renew(detached, rejected) })
	select {
	case <-ctx.Done():
		return "", pirogue.Errorf(operator.NotSent, "%s: given up waiting for a token: %w", t.client.name, ctx.Err())
	case landed := <-flight:
		value, ok := landed.Val.(string)
		if landed.Err != nil || !ok {
			return "", pirogue.Errorf(operator.NotSent, "%s: no token: %w", t.client.name, landed.Err)
		}
		return value, nil
	}
}

// renew fetches a token, unless an earlier fetch has already stored a good one.
func (t *TokenSource) renew(ctx context.Context, rejected string) (string, error) {
	if value, ok := t.kept(rejected); ok {
		return value, nil
	}
	token, err := t.fetch(ctx)
	if err != nil {
		return "", err
	}
	if token.Value == "" {
		return "", errors.New("the operator issued an empty one")
	}
	t.keep(token)
	return token.Value, nil
}

// kept returns the token in memory, if it is still good and not the rejected one.
func (t *TokenSource) kept(rejected string) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.value, t.value != "" && t.value != rejected && t.clock.Now().Before(t.until)
}

// keep stores a token in memory for the time that it may be used.
func (t *TokenSource) keep(token Token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.value, t.until = token.Value, t.clock.Now().Add(usable(token.ExpiresIn))
}

// usable returns the time for which a token with a life in seconds may be used. It is the
// life less the margin, or half the life if that is longer.
func usable(seconds int64) time.Duration {
	seconds = min(max(seconds, 0), int64(maxTokenLife/time.Second))
	life := time.Duration(seconds) * time.Second
	return max(life-max(tokenMargin, life/tokenTenth), life/2)
}
