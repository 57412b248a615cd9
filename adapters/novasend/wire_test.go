package novasend_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/config"
	"pirogue/operator"
)

// server is a server that checks the headers which every call must have.
type server struct{ *adaptertest.Server }

type response = adaptertest.Response

var respond = adaptertest.Respond

// request is one recorded request.
type request struct {
	Method, Path, Body string
	Key                string // X-Idempotency-Key
}

// newServer starts a server that ends with the test. It answers 404 on other paths.
func newServer(t *testing.T, responses map[string]response) server {
	t.Helper()
	s := server{adaptertest.NewServer(t, map[string][]response{
		"": {respond(http.StatusNotFound, `{"code":"transaction_does_not_exist","statusCode":404}`)},
	}, responses)}
	t.Cleanup(func() {
		for _, l := range s.Requests() {
			wanted := map[string]string{
				"Authorization": "Basic YWstYzBmZmVlOmFjLTVlNmY3YQ==", "Accept-Language": "fr",
				"Accept": "application/json",
			}
			if l.Method == http.MethodPost {
				wanted["Content-Type"] = "application/json"
			}
			for name, want := range wanted {
				got := l.Header.Get(name)
				require.Equal(t, want, got, name)
			}
		}
	})
	return s
}

// requests returns the requests so far.
func (s server) requests() []request {
	var read []request
	for _, l := range s.Requests() {
		read = append(read, request{l.Method, l.Path, l.Body, l.Header.Get("X-Idempotency-Key")})
	}
	return read
}

// at returns a configuration that reaches the server in one shape.
func (s server) at(shape string) config.Operator {
	conf := ivory
	conf.BaseURL, conf.Shape = s.URL, shape
	return conf
}

// keyOf returns the idempotency key of a write, derived by another library.
func keyOf(purpose, ref string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:pirogue:novasend:"+purpose+":"+ref)).String()
}

func TestCollectRequest(t *testing.T) {
	t.Parallel()
	const names = `"customerName":"Aya Kouassi","country":"CI"`
	const back = `"action":{"successUrl":"https://shop.example/back","failureUrl":"https://shop.example/cancel"}`
	const push = `{"reference":"` + ref +
		`","customerName":"Aya Kouassi","payin":{"amount":5000,"msisdn":"+2250707123456",`
	tests := map[string]struct {
		shape, otp string
		network    pirogue.Network
		path, body string
	}{
		"in the seed's shape": {
			"", "", pirogue.MTN, "/v1/payin/sessions",
			`{"reference":"` + ref + `","accountId":"merchant_9923lkdz","amount":5000,"msisdn":"+2250707123456",` + names + `}`,
		},
		"in the current shape": {
			"current", "", pirogue.MTN, "/v1/payin/sessions",
			`{"reference":"` + ref + `","amount":5000,"msisdn":"+2250707123456",` + names + `,` + back + `}`,
		},
		"directly": {
			"direct", "", pirogue.MTN, "/v1/direct/payin", push + `"provider":"MOMO","country":"CI"},` + back + `}`,
		},
		"directly, from Moov": {
			"direct", "", pirogue.Moov, "/v1/direct/payin", push + `"provider":"MOOV","country":"CI"},` + back + `}`,
		},
		"directly, from Wave": {
			"direct", "", pirogue.Wave, "/v1/direct/payin", push + `"provider":"WAVE","country":"CI"},` + back + `}`,
		},
		"with a password, in the seed's shape": {
			"", "4826", pirogue.Orange, "/v1/direct/payin",
			push + `"provider":"ORANGE","country":"CI","otp":"4826"},` + back + `}`,
		},
		"with a password, in the current shape": {
			"current", "4826", pirogue.Orange, "/v1/direct/payin",
			push + `"provider":"ORANGE","country":"CI","otp":"4826"},` + back + `}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, map[string]response{tt.path: respond(201, recorded(t, "session_current.json"))})
			c := collection
			c.OTP, c.Network = tt.otp, tt.network
			for range 2 {
				_, err := reading[operator.Collector](t, s.at(tt.shape)).Collect(t.Context(), c)
				require.NoError(t, err)
			}
			sent := request{"POST", tt.path, tt.body, keyOf("payin", ref)}
			require.Equal(t, []request{sent, sent}, s.requests())
		})
	}
}

func TestDisburseRequest(t *testing.T) {
	t.Parallel()
	const wallet = `"amount":5000,"msisdn":"+2250707123456",`
	tests := map[string]struct{ path, otherPath, body string }{
		"": {
			"/v1/payout", "/v1/direct/payout",
			`{"reference":"` + outRef + `","accountId":"merchant_9923lkdz",` + wallet +
				`"customerName":"Aya Kouassi","country":"CI"}`,
		},
		"current": {
			"/v1/payout", "/v1/direct/payout",
			`{"reference":"` + outRef + `",` + wallet + `"customerName":"Aya Kouassi","country":"CI"}`,
		},
		"direct": {
			"/v1/direct/payout", "/v1/payout",
			`{"reference":"` + outRef + `","customerName":"Aya Kouassi","payout":{` + wallet +
				`"provider":"MOMO","country":"CI"}}`,
		},
	}
	for shape, tt := range tests {
		t.Run("shape "+shape, func(t *testing.T) {
			t.Parallel()
			resp := respond(201, recorded(t, "payout_processing.json"))
			s := newServer(t, map[string]response{tt.path: resp, tt.path + "/" + payoutID: resp})
			result, err := reading[operator.Disburser](t, s.at(shape)).Disburse(t.Context(), disbursement)
			require.NoError(t, err)
			lost, received := outQuery, outQuery
			received.Handle = result.Handle
			other := map[string]string{"": "direct", "current": "direct", "direct": "current"}[shape]
			for _, ask := range []struct {
				shape string
				q     operator.StatusQuery
				want  pirogue.Outcome
			}{
				{shape, received, pirogue.OutcomePending},
				{shape, lost, pirogue.OutcomeAbsent},
				{other, received, pirogue.OutcomePending}, // the shape changed in between
			} {
				got, err := reading[operator.StatusReader](t, s.at(ask.shape)).Status(t.Context(), ask.q)
				require.NoError(t, err, ask.want)
				require.Equal(t, ask.want, got.Outcome)
				require.Nil(t, got.Handle, ask.want)
			}
			named := request{"GET", tt.path + "/" + payoutID, "", ""}
			want := []request{
				{"POST", tt.path, tt.body, keyOf("payout", outRef)},
				named,
				{"GET", tt.path + "/" + outRef, "", ""},
				{"GET", tt.otherPath + "/" + outRef, "", ""},
				named,
			}
			require.Equal(t, want, s.requests())
		})
	}
}

func TestLostPayoutKeepsPath(t *testing.T) {
	t.Parallel()
	for shape, path := range map[string]string{"": "/v1/payout", "direct": "/v1/direct/payout"} {
		for name, tt := range map[string]struct {
			resp   response
			code   pirogue.Code
			handle pirogue.Handle
		}{
			"lost": {respond(504, ""), operator.Unknown, pirogue.Handle{"path": path}},
			"lost, but named": {
				respond(504, recorded(t, "error_names_payout.json")), operator.Unknown,
				pirogue.Handle{"path": path, "id": payoutID},
			},
			"not sent": {respond(429, ""), operator.NotSent, nil},
		} {
			s := newServer(t, map[string]response{path: tt.resp})
			result, err := reading[operator.Disburser](t, s.at(shape)).Disburse(t.Context(), disbursement)
			require.Equal(t, tt.code, pirogue.CodeOf(err), "%v %v", shape, name)
			require.Equal(t, tt.handle, result.Handle, "%v %v %v", shape, name, err)
		}
	}
}

func TestAbsentPayoutOnEveryPath(t *testing.T) {
	t.Parallel()
	const wallet, direct = "/v1/payout/" + outRef, "/v1/direct/payout/" + outRef
	done := respond(200, recorded(t, "payout_completed.json"))
	tests := map[string]struct {
		country   pirogue.CountryCode
		responses map[string]response
		outcome   pirogue.Outcome
		asked     int
	}{
		"known by the shape's":            {"CI", map[string]response{wallet: done}, pirogue.OutcomePaid, 1},
		"known by the other":              {"CI", map[string]response{direct: done}, pirogue.OutcomePaid, 2},
		"the other cannot say":            {"CI", map[string]response{direct: respond(502, "")}, "", 2},
		"the shape's cannot say":          {"CI", map[string]response{wallet: respond(502, ""), direct: done}, "", 1},
		"where there is no direct payout": {"BF", nil, pirogue.OutcomeAbsent, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, tt.responses)
			conf := s.at("")
			conf.Country = tt.country
			got, err := reading[operator.StatusReader](t, conf).Status(t.Context(), outQuery)
			require.Equal(t, tt.outcome, got.Outcome, "%v %v", err, len(s.requests()))
			require.Equal(t, tt.outcome != "", err == nil, len(s.requests()))
			require.Len(t, s.requests(), tt.asked, err)
		})
	}
}

func TestStatusOfForgottenTransaction(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	named := outQuery
	named.Handle = pirogue.Handle{"id": payoutID}
	returned := refundQuery
	returned.Handle = pirogue.Handle{"payin": payinID, "payin_ref": ref, "id": refundID}
	for _, q := range []operator.StatusQuery{query, named, returned} {
		got, err := reading[operator.StatusReader](t, s.at("")).Status(t.Context(), q)
		require.Equal(t, operator.Unknown, pirogue.CodeOf(err), q.Kind)
		require.Empty(t, got.Outcome, "%v %v", q.Kind, err)
	}
}

func TestStatusAfterLostResponse(t *testing.T) {
	t.Parallel()
	q := query
	q.Handle = pirogue.Handle{pirogue.HandleOTP: "4826"}
	s := newServer(t, nil)
	got, err := reading[operator.StatusReader](t, s.at("")).Status(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, pirogue.OutcomePending, got.Outcome)
	s = newServer(t, map[string]response{
		"/v1/payin/" + ref: respond(200, recorded(t, "payin_transaction_completed.json")),
	})
	got, err = reading[operator.StatusReader](t, s.at("")).Status(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, pirogue.OutcomePaid, got.Outcome)
	require.Equal(t, payinID, got.ProviderTxID)
}

func TestIdentifierIsEscaped(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	q := query
	q.Handle = pirogue.Handle{"id": "../balance?x=1"}
	_, err := reading[operator.StatusReader](t, s.at("")).Status(
		t.Context(), q,
	)
	require.Equal(t, operator.Unknown, pirogue.CodeOf(err), err)
	got := s.requests()[0].Path
	require.Equal(t, "/v1/payin/..%2Fbalance%3Fx=1", got)
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	keys := map[string]bool{}
	for _, purpose := range []string{"payin", "payout", "refund"} {
		keys[keyOf(purpose, ref)] = true
	}
	require.Len(t, keys, 3)
	for key := range keys {
		id, err := uuid.Parse(key)
		require.NoError(t, err, key)
		require.EqualValues(t, 5, id.Version(), key)
		require.Equal(t, uuid.RFC4122, id.Variant(), key)
	}
}

func TestCustomerWithoutName(t *testing.T) {
	t.Parallel()
	c, d := collection, disbursement
	c.Payer, d.Beneficiary = "", ""
	s := newServer(t, map[string]response{
		"/v1/payin/sessions": respond(201, recorded(t, "session.json")),
		"/v1/payout":         respond(201, recorded(t, "payout_processing.json")),
	})
	_, err := reading[operator.Collector](t, s.at("")).Collect(t.Context(), c)
	require.NoError(t, err)
	_, err = reading[operator.Disburser](t, s.at("")).Disburse(t.Context(), d)
	require.NoError(t, err)
	for _, l := range s.requests() {
		var sent struct{ CustomerName string }
		err := json.Unmarshal([]byte(l.Body), &sent)
		require.NoError(t, err, "%v %v", l.Path, sent.CustomerName)
		require.Equal(t, "Client", sent.CustomerName, l.Path)
		require.NotContains(t, l.Body, "Boutique", l.Path)
	}
}
