package sonatel_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/sonatel"
)

func TestToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const id, secret = sonatel.ClientID, sonatel.ClientSecret
	for name, row := range map[string]struct {
		path, id, secret, grant string
		want                    int
		says                    string
	}{
		"documented_path": {"/oauth/v1/token", id, secret, "client_credentials", 200, ""},
		"older_path":      {"/oauth/token", id, secret, "client_credentials", 200, ""},
		"wrong_secret": {
			"/oauth/v1/token", id, "guess", "client_credentials", 401, "unauthorized_client",
		},
		"unknown_client": {
			"/oauth/v1/token", "someone", secret, "client_credentials", 401, "invalid_client",
		},
		"another_grant_type": {"/oauth/v1/token", id, secret, "password", 400, "unsupported_grant_type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, reply := w.grant(row.path, url.Values{
				"grant_type": {row.grant}, "client_id": {row.id}, "client_secret": {row.secret},
			})
			require.Equal(t, row.want, status, reply)
			if row.says != "" {
				require.Equal(t, row.says, reply["error"])
				return
			}
			reply.Expect(t, "the grant", fields{"expires_in": 299, "token_type": "bearer"})
			require.Equal(t, 2, strings.Count(reply.Text("access_token"), "."))
			require.NotEmpty(t, reply.Text("refresh_token"))
		})
	}
	req := w.Form("/oauth/v1/token", "grant_type", "client_credentials")
	req.SetBasicAuth(id, secret)
	w.expectAccepted(req, "HTTP Basic")
}

func TestAuthorization(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(*world, *http.Request)
		want   int
		code   string
	}{
		"accepted": {func(*world, *http.Request) {}, 200, ""},
		"token_in_its_last_second": {
			func(w *world, _ *http.Request) { w.Clock.Advance(298 * time.Second) }, 200, "",
		},
		"expired_token": {
			func(w *world, _ *http.Request) { w.Clock.Advance(299 * time.Second) }, 401, "10",
		},
		"unknown_token": {
			func(_ *world, r *http.Request) { r.Header.Set("Authorization", "Bearer a.b.c") }, 401, "10",
		},
		"unsigned_token": {
			func(_ *world, r *http.Request) { r.Header.Set("Authorization", "Bearer abc") }, 401, "10",
		},
		"no_token": {
			func(_ *world, r *http.Request) { r.Header.Del("Authorization") }, 401,
			"10",
		},
		"no_content_type": {
			func(_ *world, r *http.Request) { r.Header.Del("Content-Type") }, 415,
			"25",
		},
		"another_content_type": {
			func(_ *world, r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415, "25",
		},
		"content_type_with_charset": {
			func(_ *world, r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=utf-8") }, 200,
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			req := w.call(http.MethodGet, accountPath+"?type=customer&msisdn=770123456", nil)
			row.change(w, req)
			if row.code == "" {
				w.expectAccepted(req, name)
				return
			}
			w.expectRefused(req, row.want, row.code, name)
		})
	}
	t.Run("no_content_type_required", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.SetSwitches(`{"content_type_required_on_get": false}`)
		req := w.call(http.MethodGet, transactions, nil)
		req.Header.Del("Content-Type")
		w.ExpectReply(req, "200 ")
	})
	t.Run("refresh_token", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		_, grant := w.grant("/oauth/v1/token", url.Values{
			"grant_type": {"client_credentials"}, "client_id": {sonatel.ClientID}, "client_secret": {sonatel.ClientSecret},
		})
		w.bearer = grant.Text("refresh_token")
		w.expectRefused(w.call(http.MethodGet, transactions, nil), http.StatusUnauthorized, "10", "refresh token")
	})
}

func TestProblem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nothing := fields{"amount": fields{"value": 0, "unit": "XOF"}}
	got := w.Fetch(w.call(http.MethodPost, cashins, w.depositBody("R1", "770123456", nothing)))
	require.Equal(t, "application/problem+json", got.Header.Get("Content-Type"))
	require.Equal(t,
		`{"type":"bad-request","title":"Bad Request","instance":"/api/eWallet/v1/cashins","status":"400","code":"20",`+
			`"detail":"The request is not valid.","violations":[{"field":"amount.value",`+
			`"message":"must be a whole number above 0"}]}`, got.Body)
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, row := range map[string]struct {
		method, path, body string
		want               int
		code               string
	}{
		"reading a call":               {"GET", cashins, "", 404, "60"},
		"the history of another API":   {"GET", "/api/eWallet/v4/transactions", "", 404, "60"},
		"a refund, which there is not": {"POST", "/api/eWallet/v1/refunds", "{}", 404, "60"},
		"a body that is not JSON":      {"POST", cashins, "amount=1", 400, "22"},
		"a body that is a list":        {"POST", cashins, "[]", 400, "20"},
		"a body with a tail":           {"POST", cashins, "{}{}", 400, "22"},
		"a body over 512 KiB":          {"POST", cashins, `{"x":"` + strings.Repeat("x", 1<<19) + `"}`, 413, "22"},
		"the status of nothing":        {"GET", transactions + "/MP1/status", "", 404, "60"},
	} {
		w.expectRefused(w.call(row.method, row.path, row.body), row.want, row.code, name)
	}
}

func TestFullSandbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *sonatel.Options) { o.MaxOrders = 1 })
	w.makeDeposit("R1", "770123456")
	w.createCode("R2", "")
	for name, req := range map[string]*http.Request{
		"a second deposit": w.call(http.MethodPost, cashins, w.depositBody("R3", "770123456")),
		"a second code":    w.codeCall("R3", ""),
	} {
		w.expectRefused(req, http.StatusServiceUnavailable, "5", name)
	}
}
