package client

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

// RequestToken requests a token and reads OAuth's response: access_token, and expires_in in
// seconds, a number or a string. Its errors need no code, because no payment has left at
// this point.
func (c *Client) RequestToken(ctx context.Context, r Request) (Token, error) {
	resp, err := c.DoWithoutToken(ctx, r)
	if err != nil {
		return Token{}, err
	}
	if resp.Status != http.StatusOK {
		return Token{}, fmt.Errorf("status %d to the credentials", resp.Status)
	}
	var got struct {
		AccessToken string      `json:"access_token"`
		ExpiresIn   json.Number `json:"expires_in"`
	}
	if err := json.Unmarshal(resp.Body, &got); err != nil {
		return Token{}, fmt.Errorf("token: not OAuth's JSON: %w", err)
	}
	seconds, err := got.ExpiresIn.Int64()
	if err != nil {
		return Token{}, fmt.Errorf("token: expires_in: %w", err)
	}
	return Token{Value: got.AccessToken, ExpiresIn: seconds}, nil
}

// TokenFetcher requests a token from the operator. Its context is independent of any single
// caller. It must return within the client's time-out.
type TokenFetcher func(context.Context) (Token, error)

// UseTokens makes Do send the operator's bearer token with every call.
func (c *Client) UseTokens(clock pirogue.Clock, fetch TokenFetcher) {
	c.tokens = &tokenSource{name: c.name, clock: clock, fetch: fetch}
}

// doWithToken calls DoWithoutToken with the token in the Authorization header. After a 401 it
// fetches one new token and sends once more: the gateway rejected the first request unread.
// It returns NotSent if it gets no token, or if the operator rejects a fresh one too. All of
// it ends within one time-out of the client.
func (c *Client) doWithToken(ctx context.Context, r Request) (Response, error) {
	ctx, cancel := c.WithTimeout(ctx)
	defer cancel()
	token, err := c.tokens.get(ctx, "")
	if err != nil {
		return Response{}, err
	}
	resp, err := c.DoWithoutToken(ctx, withBearer(r, token))
	if err != nil || resp.Status != http.StatusUnauthorized {
		return resp, err
	}
	// Another call may have renewed the token already; get then returns that one.
	if token, err = c.tokens.get(ctx, token); err != nil {
		return Response{}, err
	}
	resp, err = c.DoWithoutToken(ctx, withBearer(r, token))
	if err == nil && resp.Status == http.StatusUnauthorized {
		return Response{}, pirogue.Errorf(operator.NotSent, "%s: a fresh token was turned away (401)", c.name)
	}
	return resp, err
}

// withBearer returns a copy of r with the token, so that r itself never holds one.
func withBearer(r Request, token string) Request {
	r.Header = r.Header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

// tokenSource keeps one token, in memory only. It fetches the next one once, however many
// calls wait for it.
type tokenSource struct {
	name   string // the instance's code, for error texts
	clock  pirogue.Clock
	fetch  TokenFetcher
	flight singleflight.Group

	mu    sync.Mutex
	value string
	until time.Time
}

// forget drops the token in memory.
func (t *tokenSource) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.value = ""
}

// get returns a token other than rejected, from memory if possible. Every error is NotSent:
// the request that needs the token has not left.
func (t *tokenSource) get(ctx context.Context, rejected string) (string, error) {
	if value, ok := t.stored(rejected); ok {
		return value, nil
	}
	// Other callers wait for the same fetch: neither one caller's end nor its permit holds it
	// up.
	detached := operator.WithCallPermit(context.WithoutCancel(ctx), nil)
	flight := t.flight.DoChan("token", func() (any, error) { return t.renew(detached, rejected) })
	select {
	case <-ctx.Done():
		return "", pirogue.Errorf(operator.NotSent, "%s: given up waiting for a token: %w", t.name, ctx.Err())
	case fetched := <-flight:
		value, ok := fetched.Val.(string)
		if fetched.Err != nil || !ok {
			return "", pirogue.Errorf(operator.NotSent, "%s: no token: %w", t.name, fetched.Err)
		}
		return value, nil
	}
}

// renew fetches a token, unless an earlier fetch has already stored a good one.
func (t *tokenSource) renew(ctx context.Context, rejected string) (string, error) {
	if value, ok := t.stored(rejected); ok {
		return value, nil
	}
	token, err := t.fetch(ctx)
	if err != nil {
		return "", err
	}
	if token.Value == "" {
		return "", errors.New("the operator issued an empty one")
	}
	t.store(token)
	return token.Value, nil
}

// stored returns the token in memory, if it is still good and not the rejected one.
func (t *tokenSource) stored(rejected string) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.value, t.value != "" && t.value != rejected && t.clock.Now().Before(t.until)
}

// store stores a token in memory for the time that it may be used.
func (t *tokenSource) store(token Token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.value, t.until = token.Value, t.clock.Now().Add(usableTime(token.ExpiresIn))
}

// usableTime returns the time for which a token with a life in seconds may be used. It is the
// life less the margin, or half the life if that is longer.
func usableTime(seconds int64) time.Duration {
	seconds = min(max(seconds, 0), int64(maxTokenLife/time.Second))
	life := time.Duration(seconds) * time.Second
	return max(life-max(tokenMargin, life/tokenTenth), life/2)
}
