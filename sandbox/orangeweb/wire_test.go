package orangeweb_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/orangeweb"
)

func TestToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *orangeweb.Options) { o.TokenLifetime = time.Hour })
	const id, secret = orangeweb.ClientID, orangeweb.ClientSecret
	for name, row := range map[string]struct {
		path, id, secret, grant string
		want                    int
	}{
		"v3 grants to the merchant":            {"/oauth/v3/token", id, secret, "client_credentials", 200},
		"v2 grants as well":                    {"/oauth/v2/token", id, secret, "client_credentials", 200},
		"a wrong secret is refused":            {"/oauth/v3/token", id, "guess", "client_credentials", 401},
		"a wrong client is refused":            {"/oauth/v3/token", "someone", secret, "client_credentials", 401},
		"nobody in particular is refused":      {"/oauth/v3/token", "", "", "client_credentials", 401},
		"a grant of another type is not known": {"/oauth/v3/token", id, secret, "password", 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, reply := w.grant(row.path, row.id, row.secret, row.grant)
			require.Equal(t, row.want, status, reply)
			if row.want != http.StatusOK {
				require.NotEmpty(t, reply["error"])
				require.Nil(t, reply["access_token"])
				return
			}
			require.EqualValues(t, "Bearer", reply["token_type"])
			require.EqualValues(t, 3600.0, reply["expires_in"])
			require.NotEmpty(t, reply["access_token"])
		})
	}
}

func TestAuthorization(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *orangeweb.Options) { o.TokenLifetime = time.Hour })
	good := w.bearer
	for name, row := range map[string]struct {
		authorization string
		after         time.Duration
		code          float64 // of the gateway; 0 if the call passes
	}{
		"a token in its last second passes": {"Bearer " + good, time.Hour - time.Second, 0},
		"an expired token is refused":       {"Bearer " + good, time.Hour, 42},
		"a made-up token is refused":        {"Bearer " + strings.Repeat("A", len(good)), 0, 41},
		"a changed token is refused":        {"Bearer B" + good[1:], 0, 41},
		"no token at all is refused":        {"", 0, 40},
		"a password is no token":            {"Basic c2FuZGJveA==", 0, 40},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *orangeweb.Options) { o.TokenLifetime = time.Hour })
			w.Clock.Advance(row.after)
			for _, path := range []string{"webpayment", "transactionstatus"} {
				req := w.bearerRequest("/orange-money-webpay/dev/v1/"+path, "", w.payment("ORDER-1"))
				req.Header.Set("Authorization", row.authorization)
				status, reply := w.FetchObject(req)
				require.Equal(t, (row.code != 0), status == http.StatusUnauthorized, path)
				if row.code != 0 {
					require.EqualValues(t, row.code, reply["code"], path)
				}
			}
		})
	}
}

func TestWebpayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, reply := w.webpayment("", w.payment("ORDER-1"))
	require.Equal(t, http.StatusCreated, status, reply)
	require.EqualValues(t, 201.0, reply["status"])
	require.EqualValues(t, "OK", reply["message"])
	require.Len(t, reply, 5)
	payToken := text(t, reply, "pay_token")
	require.EqualValues(t, w.URL+"/payment/pay_token/"+payToken, reply["payment_url"])
	require.Len(t, payToken, 64)
	require.Len(t, text(t, reply, "notif_token"), 32)
	w.Clock.Advance(24 * time.Hour)
	got := w.Sim.Sessions()
	require.Len(t, got, 1)
	require.Equal(t, orangeweb.Initiated, got[0].Status)
	require.Equal(t, "ORDER-1", got[0].OrderID)
	w.ExpectNotices(0) // an abandoned session sends nothing
}

func TestWebpaymentRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	t.Cleanup(func() { // after all rows
		require.Empty(t, w.Sim.Sessions())
	})
	for name, row := range map[string]struct {
		segment string
		change  fields
		msisdn  string
		want    int
	}{
		"a wrong merchant key":                     {change: fields{"merchant_key": "guess"}, want: 403},
		"no merchant key":                          {change: fields{"merchant_key": nil}, want: 400},
		"no order":                                 {change: fields{"order_id": ""}, want: 400},
		"an order of 31 characters":                {change: fields{"order_id": strings.Repeat("x", 31)}, want: 400},
		"francs on dev":                            {change: fields{"currency": "XOF"}, want: 400},
		"play money in a country":                  {segment: "ci", want: 400},
		"a currency in small letters":              {segment: "ci", change: fields{"currency": "xof"}, want: 400},
		"a country of three letters":               {segment: "civ", change: fields{"currency": "XOF"}, want: 404},
		"no amount":                                {change: fields{"amount": nil}, want: 400},
		"nothing to pay":                           {change: fields{"amount": 0}, want: 400},
		"a negative amount":                        {change: fields{"amount": -5}, want: 400},
		"half a franc":                             {change: fields{"amount": 10.5}, want: 400},
		"an amount in quotes":                      {change: fields{"amount": "1000"}, want: 400},
		"an amount beyond 64 bits":                 {change: fields{"amount": 1e19}, want: 400},
		"no way back":                              {change: fields{"return_url": nil}, want: 400},
		"no way out":                               {change: fields{"cancel_url": ""}, want: 400},
		"nowhere to notify":                        {change: fields{"notif_url": nil}, want: 400},
		"a return address of 121 characters":       {change: fields{"return_url": addressOfLength(121)}, want: 400},
		"a cancel address of 121 characters":       {change: fields{"cancel_url": addressOfLength(121)}, want: 400},
		"a notification address of 121 characters": {change: fields{"notif_url": addressOfLength(121)}, want: 400},
		"an address that is a script":              {change: fields{"return_url": "javascript:alert(1)"}, want: 400},
		"an address without a host":                {change: fields{"cancel_url": "/cancel"}, want: 400},
		"an address with a strange host":           {change: fields{"cancel_url": "https://a;b/"}, want: 400},
		"a merchant's name of 31 characters":       {change: fields{"reference": strings.Repeat("é", 31)}, want: 400},
		"a number without its plus sign":           {msisdn: "22376123456", want: 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := w.payment("ORDER-1").Over(row.change)
			segment := "dev"
			if row.segment != "" {
				segment = row.segment
			}
			status, reply := w.call("/orange-money-webpay/"+segment+"/v1/webpayment", row.msisdn, body)
			require.Equal(t, row.want, status, reply)
			require.NotNil(t, reply["code"])
			require.NotEmpty(t, reply["message"])
			require.NotEmpty(t, reply["description"])
			require.Len(t, reply, 3)
		})
	}
}

func TestWebpaymentAccepts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, row := range map[string]struct {
		segment string
		change  fields
	}{
		"francs in a country":       {"ci", fields{"currency": "XOF"}},
		"an order of 30 characters": {"dev", fields{"order_id": strings.Repeat("x", 30)}},
		"addresses of 120 characters": {
			"dev",
			fields{
				"order_id": "O-120", "return_url": addressOfLength(120), "cancel_url": addressOfLength(120),
				"notif_url": addressOfLength(120),
			},
		},
		"a name of 30 accented characters": {
			"dev",
			fields{"order_id": "O-NAME", "reference": strings.Repeat("é", 30)},
		},
		"no name and no language":           {"dev", fields{"order_id": "O-BARE", "reference": nil, "lang": nil}},
		"fields that Orange does not know":  {"dev", fields{"order_id": "O-MORE", "colour": "blue", "items": []int{1}}},
		"the smallest amount there can be":  {"dev", fields{"order_id": "O-ONE", "amount": 1}},
		"an amount written with no decimal": {"dev", fields{"order_id": "O-BIG", "amount": 9_000_000_000_000}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := w.payment("ORDER-" + row.segment).Over(row.change)
			status, reply := w.call(
				"/orange-money-webpay/"+row.segment+"/v1/webpayment", "", body,
			)
			require.Equal(t, http.StatusCreated, status, reply)
		})
	}
}

func TestOrderIDUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open("ORDER-1", "+22376123456")
	for _, again := range []struct {
		segment string
		change  fields
	}{{"dev", nil}, {"dev", fields{"amount": 1}}, {"ci", fields{"currency": "XOF"}}} {
		body := w.payment("ORDER-1").Over(again.change)
		status, reply := w.call("/orange-money-webpay/"+again.segment+"/v1/webpayment", "", body)
		require.Equal(t, http.StatusBadRequest, status, reply)
		require.Contains(t, text(t, reply, "description"), "order_id")
	}
	require.Len(t, w.Sim.Sessions(), 1)
}

func TestTransactionStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("ORDER-1", "")
	other := w.open("ORDER-2", "")
	right := fields{"order_id": s.orderID, "amount": 50000, "pay_token": s.payToken}
	for name, row := range map[string]struct {
		segment string
		change  fields
		want    int
	}{
		"all three match":           {"dev", nil, 201},
		"another order":             {"dev", fields{"order_id": other.orderID}, 404},
		"another amount":            {"dev", fields{"amount": 49999}, 404},
		"another session's token":   {"dev", fields{"pay_token": other.payToken}, 404},
		"a token nobody gave":       {"dev", fields{"pay_token": "guess"}, 404},
		"no amount":                 {"dev", fields{"amount": nil}, 404},
		"an amount in quotes":       {"dev", fields{"amount": "50000"}, 400},
		"asked in another country":  {"ci", nil, 404},
		"with fields nobody knows":  {"dev", fields{"colour": "blue"}, 201},
		"without the order's token": {"dev", fields{"pay_token": nil}, 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := right.Over(row.change)
			status, reply := w.call("/orange-money-webpay/"+row.segment+"/v1/transactionstatus", "", body)
			require.Equal(t, row.want, status, reply)
			if row.want == http.StatusCreated {
				require.Equal(t, fields{"status": "INITIATED", "order_id": "ORDER-1", "txnid": ""}, reply)
			}
		})
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, row := range map[string]struct {
		method, path, body string
		want               int
	}{
		"reading a call":              {"GET", "/orange-money-webpay/dev/v1/webpayment", "", 405},
		"reading a token":             {"GET", "/oauth/v3/token", "", 405},
		"deleting a status":           {"DELETE", "/orange-money-webpay/dev/v1/transactionstatus", "", 405},
		"a call Orange does not have": {"POST", "/orange-money-webpay/dev/v1/refund", "{}", 404},
		"an older token call":         {"POST", "/oauth/v1/token", "", 404},
		"a body that is not JSON":     {"POST", "/orange-money-webpay/dev/v1/webpayment", "amount=1", 400},
		"a body that is a list":       {"POST", "/orange-money-webpay/dev/v1/webpayment", "[]", 400},
		"a body with a tail":          {"POST", "/orange-money-webpay/dev/v1/webpayment", "{}{}", 400},
		"a body over 64 KiB": {
			"POST", "/orange-money-webpay/dev/v1/webpayment", `{"x":"` + strings.Repeat("x", 1<<16) + `"}`, 413,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := w.bearerRequest(row.path, "", row.body)
			req.Method = row.method
			status, reply := w.FetchObject(req)
			require.Equal(t, row.want, status, reply)
			require.NotNil(t, reply["code"])
		})
	}
}

func TestMaxOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *orangeweb.Options) { o.MaxOrders = 2 })
	w.open("ORDER-1", "")
	w.open("ORDER-2", "")
	status, reply := w.webpayment("", w.payment("ORDER-3"))
	require.Equal(t, http.StatusServiceUnavailable, status, reply)
	kept := w.Sim.Sessions()
	require.Len(t, kept, 2)
	require.Equal(t, "ORDER-1", kept[0].OrderID)
}

// addressOfLength returns an address of exactly n characters.
func addressOfLength(n int) string {
	const start = "https://merchant.example/"
	return start + strings.Repeat("p", n-len(start))
}
