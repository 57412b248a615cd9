package digitalpaye_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/adapters/digitalpaye"
	"pirogue/config"
	"pirogue/operator"
)

func TestTokenRequest(t *testing.T) {
	t.Parallel()
	for environment, want := range map[string]string{"sandbox": "sandbox", "": "Production"} {
		for shape := range shapes {
			server := newServer(t, map[string][]response{})
			conf := server.at(shape)
			conf.Environment = environment
			_, err := reading[operator.BalanceReader](t, conf).Balance(t.Context())
			require.Equal(t, operator.Unknown, pirogue.CodeOf(err), err)
			asked := server.auths()
			require.Len(t, asked, 1, authPath)
			require.Equal(t, http.MethodPost, asked[0].Method, authPath)
			require.Equal(t, authPath, asked[0].Path)
			require.Empty(t, asked[0].Body, authPath)
			for _, l := range append(asked, server.requests()...) {
				got := l.Header.Get("X-Environment")
				require.Equal(t, want, got, l.Path)
			}
			got := asked[0].Header.Get("Authorization")
			require.Equal(t, "Basic YWstMTphcy0wMTIzNDU2Nzg5", got)
		}
	}
}

func TestTokenLife(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		exp  string // in Digitalpaye's form
		used time.Duration
	}{
		"of a life":                     {`600`, 540 * time.Second},
		"of a life in text":             {`"600"`, 540 * time.Second},
		"of a shorter life":             {`200`, 140 * time.Second},
		"of a longer life":              {`3600`, 540 * time.Second},
		"until a moment":                {`1767323645`, 540 * time.Second}, // ten minutes after the tests' time
		"until a moment close by":       {`1767323245`, 140 * time.Second},
		"until a moment long ago":       {`1700000000`, 540 * time.Second},
		"until a moment far away":       {`1800000000`, 540 * time.Second},
		"until a moment we cannot read": {`"2026-01-02T03:14:05Z"`, 540 * time.Second},
		"for we know not how long":      {`null`, 540 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, map[string][]response{
				authPath:      {respond(200, `{"statusCode":200,"message":"Successful","data":{"token":"at-1","exp":`+tt.exp+`}}`)},
				"/v2/balance": {good(`{"amount":"250"}`)},
			})
			clock := &clock{now: adaptertest.Now()}
			opened, err := digitalpaye.New(server.at(""), clock.Now)
			require.NoError(t, err)
			reader, ok := opened.(operator.BalanceReader)
			require.True(t, ok, "%T reads no balance", opened)
			for _, step := range []struct {
				wait   time.Duration
				tokens int
			}{{0, 1}, {tt.used - time.Second, 1}, {time.Second, 2}} {
				clock.add(step.wait)
				_, err := reader.Balance(t.Context())
				require.NoError(t, err)
				got := len(server.auths())
				require.Equal(t, step.tokens, got, step.wait)
			}
		})
	}
}

// clock is a clock that tests advance.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestExpiredTokenIsReplaced(t *testing.T) {
	t.Parallel()
	expired := respond(401, `{"code_status":401,"status":"ERROR","message":"TOKEN_EXPIRED"}`)
	tokens := []response{
		respond(200, `{"statusCode":200,"data":{"token":"at-1","exp":600}}`),
		respond(200, `{"statusCode":200,"data":{"token":"at-2","exp":600}}`),
	}
	server := newServer(t, map[string][]response{
		authPath: tokens, "/v2/transfers/mobile-money": {expired, good(row(outRef, "R-1", "SUCCESSFUL"))},
	})
	got, err := reading[operator.Disburser](t, server.at("")).Disburse(t.Context(), disbursement)
	require.NoError(t, err)
	require.Equal(t, pirogue.OutcomePaid, got.Outcome)
	sent := server.requests()
	require.Len(t, sent, 2)
	require.Equal(t, sent[1].Body, sent[0].Body)
	require.Equal(t, "Bearer at-2", sent[1].Header.Get("Authorization"))
}

func TestTokenRejectedUnderGoodStatus(t *testing.T) {
	t.Parallel()
	tokens := []response{
		respond(200, `{"statusCode":200,"data":{"token":"at-1","exp":600}}`),
		respond(200, `{"statusCode":200,"data":{"token":"at-2","exp":600}}`),
	}
	server := newServer(t, map[string][]response{
		authPath: tokens, "/v2/transfers/mobile-money": {
			respond(200, `{"code_status":401,"status":"ERROR","message":"TOKEN_EXPIRED"}`),
			good(row(outRef, "R-1", "SUCCESSFUL")),
		},
	})
	o := reading[operator.Disburser](t, server.at(""))
	_, err := o.Disburse(t.Context(), disbursement)
	require.Equal(t, operator.NotSent, pirogue.CodeOf(err), err)
	got, err := o.Disburse(t.Context(), disbursement)
	require.NoError(t, err)
	require.Equal(t, pirogue.OutcomePaid, got.Outcome)
	sent := server.requests()
	require.Len(t, sent, 2)
	require.Equal(t, "Bearer at-2", sent[1].Header.Get("Authorization"))
}

func TestBadCredentialsAreNotSent(t *testing.T) {
	t.Parallel()
	const noEntry = `{"statusCode":401,"message":"UnauthorizedError","reason":"clé as-0123456789"}`
	seed.suite(ivory).RunWithoutToken(t, authPath, map[string]response{
		"turned away":           respond(401, noEntry),
		"turned away under 200": respond(200, `{"statusCode":401,"message":"UnauthorizedError"}`),
		"a page":                respond(200, "<html></html>"),
		"no token":              respond(200, `{"statusCode":200,"data":{"exp":600}}`),
		"nothing":               respond(200, `{"statusCode":200}`),
		"a server that is down": respond(503, ""),
		"a token in an error":   respond(500, `{"statusCode":500,"data":{"token":"at-1","exp":600}}`),
	})
}

// listener combines the two methods of an instance that read callbacks.
type listener interface {
	operator.CallbackReader
	CallbackReference(header http.Header, body []byte) (pirogue.OperatorRef, error)
}

func TestCallbackReference(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		shape, body string
		ref         pirogue.OperatorRef
		code        pirogue.Code
	}{
		"given":                   {"", row(ref, "R-1", "SUCCESSFUL"), ref, ""},
		"given in camelCase":      {"v1", `{"ref":"A1","transactionId":"` + ref + `","status":"FAILED"}`, ref, ""},
		"given, word unheard":     {"", row(ref, "R-1", "LATER"), ref, ""},
		"in the other spelling":   {"v1", row(ref, "R-1", "SUCCESSFUL"), ref, ""},
		"in the one documented":   {"", `{"ref":"A1","transactionId":"` + ref + `","status":"FAILED"}`, ref, ""},
		"missing":                 {"", `{"ref":"R-1","status":"SUCCESSFUL"}`, "", operator.Unknown},
		"longer than any of ours": {"", row(strings.Repeat("A", 21), "R-1", "SUCCESSFUL"), "", operator.Unknown},
		"in nothing":              {"", "null", "", operator.Unknown},
		"in no JSON":              {"", "transaction_id=1", "", pirogue.InvalidJSON},
		"in a list":               {"", "[]", "", pirogue.InvalidJSON},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conf := ivory
			conf.Shape = tt.shape
			got, err := reading[listener](t, conf).CallbackReference(nil, []byte(tt.body))
			require.Equal(t, tt.ref, got, err)
			require.Equal(t, tt.code, pirogue.CodeOf(err), err)
		})
	}
}

func TestCallbackSpellings(t *testing.T) {
	t.Parallel()
	for _, shape := range []string{"", "sdk", "v1"} {
		conf := ivory
		conf.Shape = shape
		for _, body := range []string{
			row(ref, "R-1", "FAILED"), `{"ref":"R-1","transactionId":"` + ref + `","status":"FAILED"}`,
		} {
			got, err := reading[listener](t, conf).Callback(pirogue.Attempt{Ref: ref}, nil, []byte(body))
			require.NoError(t, err, "%v %v", shape, body)
			require.Equal(t, pirogue.OutcomeDeclined, got.Outcome, "%v %v", shape, body)
			require.Equal(t, "R-1", got.ProviderTxID, "%v %v", shape, body)
		}
	}
}

func TestCallbackHasNoAmount(t *testing.T) {
	t.Parallel()
	body := strings.ReplaceAll(row(ref, "R-1", "SUCCESSFUL"), `"5000"`, `"1"`)
	got, err := reading[listener](t, ivory).Callback(pirogue.Attempt{Ref: ref}, nil, []byte(body))
	want := operator.OperatorResult{
		Outcome: pirogue.OutcomePaid, ProviderTxID: "R-1", Message: "SUCCESSFUL ORANGE_MONEY_CI fees 7.5",
	}
	require.Equal(t, want, got, err)
	require.NoError(t, err)
	_, err = reading[listener](t, ivory).Callback(
		pirogue.Attempt{}, nil, []byte(`{"status":"SUCCESSFUL"}`),
	)
	require.Equal(t, operator.Unknown, pirogue.CodeOf(err), err)
}

func TestConfigurationMistakes(t *testing.T) {
	t.Parallel()
	set := adaptertest.SetCredential
	suite := adaptertest.Suite{New: digitalpaye.New, Conf: ivory, Secrets: []string{"0123456789"}}
	suite.CheckMistakes(t, map[string]adaptertest.Mistake{
		"no api_key":              {Change: set("api_key", ""), Message: "api_key is missing"},
		"no api_secret":           {Change: set("api_secret", ""), Message: "api_secret is missing"},
		"an api_key with a colon": {Change: set("api_key", "ak:0123456789"), Message: "api_key must be"},
		"a misspelt credential":   {Change: set("apikey", "a"), Message: `"apikey" is none`},
		"another currency":        {Change: func(c *config.Operator) { c.Currency = pirogue.XAF }, Message: "currency"},
		"another country":         {Change: func(c *config.Operator) { c.Country = "SN" }, Message: "country"},
		"a shape of nobody": {
			Change: func(c *config.Operator) { c.Shape = "v3" }, Message: `shape "v3" is none of ["" "sdk" "v1"]`,
		},
		"a network of nobody":         {Change: func(c *config.Operator) { c.Network = "tresor" }, Message: "network"},
		"an environment of two lines": {Change: func(c *config.Operator) { c.Environment = "a\nb" }, Message: "environment"},
		"play money for live keys": {
			Change: func(c *config.Operator) { c.Mode, c.Environment = pirogue.Live, "sandbox" }, Message: "live keys",
		},
		"http to the real one": {Change: func(c *config.Operator) { c.Simulator = false }, Message: "https"},
		"no address":           {Change: func(c *config.Operator) { c.BaseURL = "" }, Message: "base URL"},
	})
}

func TestConfigurationsThatWork(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*config.Operator){
		"live": func(c *config.Operator) {
			c.Mode, c.Environment, c.BaseURL, c.Simulator = pirogue.Live, "", "https://api.digitalpaye.com", false
		},
		"one network": func(c *config.Operator) { c.Network = pirogue.Moov },
		"v1":          func(c *config.Operator) { c.Shape = "v1" },
	} {
		conf := ivory
		change(&conf)
		_, err := digitalpaye.New(conf, adaptertest.Now)
		require.NoError(t, err, name)
	}
}

func TestEveryConfigurationMistake(t *testing.T) {
	t.Parallel()
	adaptertest.Suite{New: digitalpaye.New, Conf: config.Operator{Shape: "v3", Environment: "é"}}.CheckEveryMistake(t,
		"api_key", "api_secret", "country", "currency", "shape", "environment", "base URL")
}
