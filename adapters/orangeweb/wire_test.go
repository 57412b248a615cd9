package orangeweb_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/adapters/orangeweb"
	"pirogue/config"
	"pirogue/operator"
)

// tokenPath is the path that every instance calls before its first call.
const tokenPath = "/oauth/v3/token"

// newOrange starts a server that answers well in one environment.
func newOrange(t *testing.T, environment string) *adaptertest.Server {
	t.Helper()
	respond, base := adaptertest.Respond, "/orange-money-webpay/"+environment+"/v1/"
	return adaptertest.NewServer(t, nil, map[string]adaptertest.Response{
		tokenPath: respond(200, `{"access_token":"at-1","expires_in":"3600"}`),
		base + "webpayment": respond(201, `{"message":"OK pt-1","pay_token":"pt-1",`+
			`"payment_url":"http://127.0.0.1/pay","notif_token":"nt-1"}`),
		base + "transactionstatus": respond(200, `{"status":"PENDING","order_id":"`+ref+`"}`),
	})
}

// request is one recorded request.
type request struct {
	Path, Body string
	Auth       string
	MSISDN     []string // of the header for simulators
}

// requests returns the requests that a server has recorded.
func requests(s *adaptertest.Server) []request {
	var read []request
	for _, l := range s.Requests() {
		read = append(read, request{l.Path, l.Body, l.Header.Get("Authorization"), l.Header.Values("X-Sandbox-Msisdn")})
	}
	return read
}

func TestRequests(t *testing.T) {
	t.Parallel()
	for environment, currency := range map[string]string{"ml": "XOF", "dev": "OUV"} {
		t.Run(environment, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, environment)
			conf := mali
			conf.BaseURL, conf.Environment = server.URL, environment
			result, err := reading[operator.Collector](t, conf).Collect(t.Context(), collection)
			require.NoError(t, err)
			query := operator.StatusQuery{Ref: ref, Handle: result.Handle, Amount: collection.Amount}
			_, err = reading[operator.StatusReader](t, conf).Status(t.Context(), query)
			require.NoError(t, err)
			token := request{Path: tokenPath, Body: "grant_type=client_credentials", Auth: "Basic Y2ktMTpjcy0wMTIzNDU2Nzg5"}
			base := "/orange-money-webpay/" + environment + "/v1/"
			want := []request{
				token,
				{
					Path: base + "webpayment", Auth: "Bearer at-1", MSISDN: []string{"+22376123456"},
					Body: `{"merchant_key":"mk-c0ffee",` +
						`"currency":"` + currency + `","order_id":"` + ref + `","amount":5000,"return_url":"https://shop.example/back",` +
						`"cancel_url":"https://shop.example/cancel","notif_url":"https://pay.example/callbacks/orange-web-ml/t0k3n",` +
						`"lang":"fr","reference":"Boutique Élégance de la Médina"}`,
				},
				token,
				{
					Path: base + "transactionstatus", Auth: "Bearer at-1",
					Body: `{"order_id":"` + ref + `","amount":5000,"pay_token":"pt-1"}`,
				},
			}
			require.Equal(t, want, requests(server))
		})
	}
}

func TestSessionResult(t *testing.T) {
	t.Parallel()
	conf := with(mali, newOrange(t, "ml").URL)
	got, err := reading[operator.Collector](t, conf).Collect(t.Context(), collection)
	require.NoError(t, err)
	want := operator.OperatorResult{
		Outcome: pirogue.OutcomePending,
		Handle:  pirogue.Handle{"pay_token": "pt-1", "notif_token": "nt-1"},
		Message: "OK [secret]",
		NextAction: pirogue.NextAction{
			Type: pirogue.ActionRedirect, URL: "http://127.0.0.1/pay", ExpiresAt: adaptertest.Now().Add(10 * time.Minute),
		},
	}
	require.Equal(t, want, got)
}

// TestUnusableSessionKeepsTokens reads responses that open a session without a
// usable page. A pay_token in the response makes the session's status readable.
func TestUnusableSessionKeepsTokens(t *testing.T) {
	t.Parallel()
	const token, notif, page = `"pay_token":"pt-1"`, `"notif_token":"nt-1"`, `"payment_url":"http://127.0.0.1/pay"`
	both := pirogue.Handle{"pay_token": "pt-1", "notif_token": "nt-1"}
	for name, tt := range map[string]struct {
		status int
		body   string
		want   pirogue.Handle
	}{
		"without a page":        {201, "{" + token + "," + notif + "}", both},
		"without a notif_token": {201, "{" + token + "," + page + "}", pirogue.Handle{"pay_token": "pt-1"}},
		"without a pay_token":   {201, "{" + notif + "," + page + "}", nil},
		"opened, not created":   {200, "{" + token + "," + notif + "," + page + "}", both},
		"an error with tokens":  {500, "{" + token + "," + notif + "," + page + "}", both},
		"no JSON":               {201, "Bad Gateway", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := adaptertest.NewServer(t, nil, map[string]adaptertest.Response{
				tokenPath:                               adaptertest.Respond(200, `{"access_token":"at-1","expires_in":"3600"}`),
				"/orange-money-webpay/ml/v1/webpayment": adaptertest.Respond(tt.status, tt.body),
			})
			got, err := reading[operator.Collector](t, with(mali, server.URL)).Collect(t.Context(), collection)
			require.Equal(t, operator.Unknown, pirogue.CodeOf(err), err)
			require.Equal(t, operator.OperatorResult{Handle: tt.want}, got)
		})
	}
}

func TestLiveOrange(t *testing.T) {
	t.Parallel()
	server := newOrange(t, "ml")
	conf := with(mali, server.URL)
	genuine := reading[operator.Collector](t, conf)
	orangeweb.Pretend(genuine)
	_, err := genuine.Collect(t.Context(), collection)
	require.Equal(t, operator.Unknown, pirogue.CodeOf(err), err)
	for _, l := range requests(server) {
		require.Empty(t, l.MSISDN, "the number left for the real Orange: %v", l)
	}
}

func TestUnacceptableCollection(t *testing.T) {
	t.Parallel()
	long := "https://shop.example/" + strings.Repeat("a", 100) // 121 characters
	suite().RunUnsent(t, map[string]func(*operator.CollectRequest){
		"a return address of 121 characters":   func(c *operator.CollectRequest) { c.ReturnURL = long },
		"a cancel address of 121 characters":   func(c *operator.CollectRequest) { c.CancelURL = long },
		"a callback address of 121 characters": func(c *operator.CollectRequest) { c.CallbackURL = long },
		"a reference of 31 characters": func(c *operator.CollectRequest) {
			c.Ref = pirogue.OperatorRef(strings.Repeat("A", 31))
		},
	})
}

func TestLongestAddresses(t *testing.T) {
	t.Parallel()
	conf := with(mali, newOrange(t, "ml").URL)
	c := collection
	c.CallbackURL = "https://shop.example/" + strings.Repeat("é", 99)
	_, err := reading[operator.Collector](t, conf).Collect(t.Context(), c)
	require.NoError(t, err)
}

func TestStatusWithoutPayToken(t *testing.T) {
	t.Parallel()
	server := newOrange(t, "ml")
	conf := with(mali, server.URL)
	_, err := reading[operator.StatusReader](t, conf).Status(
		t.Context(), operator.StatusQuery{Ref: ref, Amount: collection.Amount},
	)
	require.Equal(t, operator.Unknown, pirogue.CodeOf(err), len(requests(server)))
	require.Empty(t, requests(server), err)
}

func TestBadCredentialsAreNotSent(t *testing.T) {
	t.Parallel()
	suite().RunWithoutToken(t, tokenPath, adaptertest.TokenErrors("cs-0123456789"))
}

func TestOrangesPromises(t *testing.T) {
	t.Parallel()
	got, err := orangeweb.New(with(mali, "https://api.orange.com"), adaptertest.Now)
	require.NoError(t, err)
	want := operator.Capability{
		Reference: operator.NeitherByReference, OnLostResponse: operator.ResendNewReference,
		Window: 10 * time.Minute, FinalityWindow: 24 * time.Hour, Proof: operator.ProofToken, CallTimeout: 10 * time.Second,
	}
	require.Equal(t, want, got.Capability())
}

// with returns conf with another address.
func with(conf config.Operator, url string) config.Operator {
	conf.BaseURL = url
	return conf
}
