package sonatel_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/operator"
)

const (
	qrPath           = "/api/eWallet/v4/qrcode"
	oneStepPath      = "/api/eWallet/v1/payments/onestep"
	transactionsPath = "/api/eWallet/v1/transactions"
)

const qrBody = `{"qrId":"Zx81","deepLink":"https://m.example/d","shortLink":"https://s.example/x","qrCode":"aVZC",` +
	`"validFor":{"startDateTime":"2026-01-02T03:04:05Z","endDateTime":"2026-01-02T03:09:07.120+0000"}}`

func TestQRRequest(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]response{qrPath: {respond(200, qrBody)}})
	got, err := reading[operator.Collector](t, server.at("api_key", "ak-1")).Collect(t.Context(), collection)
	require.NoError(t, err)
	want := operator.OperatorResult{
		Outcome: pirogue.OutcomePending,
		Handle:  pirogue.Handle{"qr_id": "Zx81"},
		NextAction: pirogue.NextAction{
			Type: pirogue.ActionQR, QR: "aVZC", URL: "https://m.example/d",
			ExpiresAt: time.Date(2026, 1, 2, 3, 9, 7, 120_000_000, time.UTC),
		},
	}
	require.Equal(t, want, got)
	token, sent := server.requests(tokenPath)[0], server.requests(qrPath)[0]
	form := "client_id=ci-1&client_secret=cs-0123456789&grant_type=client_credentials"
	require.Equal(t, form, token.Body)
	body :=
		`{"code":"123456","name":"Boutique Élégance de la Médina et de Ouakam à","amount":{"value":5000,"unit":"XOF"},` +
			`"reference":"` + ref + `","validity":300,"callbackSuccessUrl":"https://shop.example/back",` +
			`"callbackCancelUrl":"https://shop.example/cancel","restrictions":{"isSingleUse":true}}`
	require.Equal(t, body, sent.Body)
	headers := map[string]string{
		"Authorization": "Bearer at-1", "Content-Type": "application/json", "X-Api-Key": "ak-1",
		"X-Callback-Url": collection.CallbackURL, "X-Sandbox-Msisdn": "+221771234567",
	}
	for name, value := range headers {
		require.Equal(t, value, sent.Header.Get(name))
	}
}

func TestIncompleteQR(t *testing.T) {
	t.Parallel()
	ours := adaptertest.Now().Add(5 * time.Minute)
	tests := map[string]struct {
		body, url, qr string
		expires       time.Time
	}{
		"without an end": {`{"qrId":"1","shortLink":"https://s.example/x"}`, "https://s.example/x", "", ours},
		"with an end that is no time": {
			`{"qrId":"1","qrCode":"aVZC","validFor":{"endDateTime":"tomorrow"}}`, "", "aVZC", ours,
		},
		"with a link for an app alone": {`{"qrId":1,"qrCode":"aVZC","deepLink":"maxit://pay/1"}`, "", "aVZC", ours},
		"with a script for a link": {
			`{"qrId":"1","deepLink":"javascript:alert(1)","shortLink":"https://s.example/x"}`, "https://s.example/x", "", ours,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, map[string][]response{qrPath: {respond(200, tt.body)}})
			got, err := reading[operator.Collector](t, server.at()).Collect(t.Context(), collection)
			require.NoError(t, err)
			want := pirogue.NextAction{Type: pirogue.ActionQR, URL: tt.url, QR: tt.qr, ExpiresAt: tt.expires}
			require.Equal(t, want, got.NextAction)
		})
	}
}

func TestMerchantWithoutName(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]response{qrPath: {respond(200, qrBody)}})
	c := collection
	c.Payee = ""
	_, err := reading[operator.Collector](t, server.at()).Collect(t.Context(), c)
	require.NoError(t, err)
	body := server.requests(qrPath)[0].Body
	require.Contains(t, body, `"name":"Boutique Teranga"`)
}

func TestQRValidity(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]response{qrPath: {respond(200, qrBody)}})
	c := collection
	c.Window = 25 * time.Hour
	_, err := reading[operator.Collector](t, server.at()).Collect(t.Context(), c)
	require.NoError(t, err)
	body := server.requests(qrPath)[0].Body
	require.Contains(t, body, `"validity":86400,`)
}

func TestOneStepRequest(t *testing.T) {
	t.Parallel()
	responses := map[string]struct {
		response response
		outcome  pirogue.Outcome
		code     pirogue.Code
	}{
		"paid": {
			respond(200, `{"transactionId":"MP1","status":"SUCCESS","reference":"`+ref+`"}`), pirogue.OutcomePaid, "",
		},
		"failed": {
			respond(200, `{"transactionId":"MP1","status":"FAILED","description":"OTP 654987 faux"}`),
			pirogue.OutcomeDeclined, "",
		},
		"a wrong password":   {problem(400, "24"), "", operator.Refused},
		"gone after leaving": {respond(504, ""), "", operator.Unknown},
	}
	for name, tt := range responses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, map[string][]response{oneStepPath: {tt.response}})
			c := collection
			c.OTP = "654987"
			got, err := reading[operator.Collector](t, server.at()).Collect(t.Context(), c)
			require.Equal(t, tt.outcome, got.Outcome, err)
			require.Equal(t, tt.code, pirogue.CodeOf(err), err)
			require.NotContains(t, got.Message, "654987", err)
			require.False(t, tt.outcome != "" && (got.ProviderTxID != "MP1" || got.Handle["transaction_id"] != "MP1"),
				"transaction %q, handle %v", got.ProviderTxID, got.Handle)
			sent := server.requests(oneStepPath)
			body :=
				`{"customer":{"idType":"MSISDN","id":"771234567","otp":"654987"},"partner":{"idType":"CODE","id":"123456"},` +
					`"amount":{"value":5000,"unit":"XOF"},"reference":"` + ref + `"}`
			require.Len(t, sent, 1, body)
			require.Equal(t, body, sent[0].Body)
		})
	}
}

func TestDepositRequest(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]response{cashInPath: {done()}})
	conf := server.at("token_path", "/oauth/token")
	got, err := reading[operator.Disburser](t, conf).Disburse(t.Context(), disbursement)
	require.NoError(t, err)
	want := operator.OperatorResult{
		Outcome: pirogue.OutcomePaid, ProviderTxID: ciID, Handle: pirogue.Handle{"transaction_id": ciID}, Message: "SUCCESS",
	}
	require.Equal(t, want, got)
	sent := server.requests(cashInPath)[0]
	body := `{"partner":{"idType":"MSISDN","id":"781112233","encryptedPinCode":""},` +
		`"customer":{"idType":"MSISDN","id":"771234567"},"amount":{"value":5000,"unit":"XOF"},` +
		`"reference":"` + outRef + `","receiveNotification":true}`
	require.Equal(t, body, seals.ReplaceAllString(sent.Body, `"encryptedPinCode":""`))
	require.Len(t, server.requests("/oauth/token"), 1, sent.Header)
	require.Empty(t, sent.Header.Get("X-Sandbox-Msisdn"), server.requests("/oauth/token"))
}

func TestUnacceptableSubmission(t *testing.T) {
	t.Parallel()
	suite().RunUnsent(t, map[string]func(*operator.CollectRequest){
		"a reference of 51 characters": func(c *operator.CollectRequest) {
			c.Ref = pirogue.OperatorRef(strings.Repeat("A", 51))
		},
		"a number in Mali":             func(c *operator.CollectRequest) { c.MSISDN, c.OTP = "+22376123456", "654987" },
		"a number too short":           func(c *operator.CollectRequest) { c.MSISDN, c.OTP = "+22177123456", "654987" },
		"a number without its country": func(c *operator.CollectRequest) { c.MSISDN, c.OTP = "771234567", "654987" },
		"no number":                    func(c *operator.CollectRequest) { c.MSISDN, c.OTP = "", "654987" },
	})
}

func TestCollectionBelowMaxItMinimum(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*operator.CollectRequest){
		"nine francs":        func(c *operator.CollectRequest) { c.Amount.Minor = 9 },
		"no time to pay":     func(c *operator.CollectRequest) { c.Window = 0 },
		"less than a second": func(c *operator.CollectRequest) { c.Window = 999 * time.Millisecond },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, map[string][]response{qrPath: {respond(200, qrBody)}})
			c := collection
			change(&c)
			_, err := reading[operator.Collector](t, server.at()).Collect(t.Context(), c)
			require.Equal(t, operator.Unable, pirogue.CodeOf(err), err)
			require.Empty(t, server.requests(qrPath), err)
		})
	}
}

func TestSimulatorOfOtherCountries(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]response{cashInPath: {done()}})
	conf := server.at()
	conf.Country = "ML"
	d := disbursement
	d.MSISDN = "+22376123456"
	_, err := reading[operator.Disburser](t, conf).Disburse(t.Context(), d)
	require.NoError(t, err)
	body := server.requests(cashInPath)[0].Body
	require.Contains(t, body, `"customer":{"idType":"MSISDN","id":"76123456"}`)
}

func TestStatusRequest(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]response{transactionsPath: {respond(200, `[]`)}})
	o := reading[operator.StatusReader](t, server.at())
	old := query
	old.SentAt = time.Time{}
	for _, q := range []operator.StatusQuery{query, outQuery, old} {
		_, err := o.Status(t.Context(), q)
		require.NoError(t, err)
	}
	since := "&fromDateTime=2026-01-02T03%3A02%3A05Z" // two minutes before the attempt left
	want := []string{
		"?page=0&reference=" + ref + "&size=20", "?page=0&reference=" + outRef + "&size=20",
		"?page=0&reference=" + ref + "&size=20",
	}
	want[0] = strings.Replace(want[0], "?", "?"+since[1:]+"&", 1)
	want[1] = strings.Replace(want[1], "?", "?"+since[1:]+"&", 1)
	for i, l := range server.requests(transactionsPath) {
		require.Equal(t, http.MethodGet, l.Method, "%v %v", l.Path, l.Header.Get("Content-Type"))
		require.Equal(t, transactionsPath+want[i], l.Path, "%v %v", l.Method, l.Header.Get("Content-Type"))
		require.Equal(t, "application/json", l.Header.Get("Content-Type"), "%v %v", l.Method, l.Path)
	}
}

func TestStatusOfUnlistedTransaction(t *testing.T) {
	t.Parallel()
	path := transactionsPath + "/" + ciID + "/status"
	tests := map[string]struct {
		response response
		outcome  pirogue.Outcome
		unclear  bool
		code     pirogue.Code
	}{
		"done, and nobody knows how much": {respond(200, `{"status":"SUCCESS"}`), pirogue.OutcomePending, true, ""},
		"pending":                         {respond(200, `{"status":"PENDING"}`), pirogue.OutcomePending, false, ""},
		"failed":                          {respond(200, `{"status":"FAILED"}`), pirogue.OutcomeDeclined, false, ""},
		"a word unknown":                  {respond(200, `{"status":"LATER"}`), "", false, operator.Unknown},
		"forgotten":                       {problem(404, "60"), "", false, operator.Unknown},
		"in the old days":                 {respond(200, `<html>`), "", false, operator.Unknown},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, map[string][]response{transactionsPath: {respond(200, `[]`)}, path: {tt.response}})
			q := outQuery
			q.Handle = pirogue.Handle{"transaction_id": ciID}
			got, err := reading[operator.StatusReader](t, server.at()).Status(t.Context(), q)
			named := err != nil || got.ProviderTxID == ciID
			require.Equal(t, tt.outcome, got.Outcome, err)
			require.Equal(t, tt.unclear, got.Unreadable, err)
			require.Equal(t, tt.code, pirogue.CodeOf(err), err)
			require.True(t, named, "%+v, %v; want %q, %t, %q", got, err, tt.outcome, tt.unclear, tt.code)
		})
	}
}

func TestTransactionIDIsEscaped(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]response{transactionsPath: {respond(200, `[]`)}})
	q := outQuery
	q.Handle = pirogue.Handle{"transaction_id": "../../../v1/account?x="}
	_, err := reading[operator.StatusReader](t, server.at()).Status(t.Context(), q)
	asked := server.requests(transactionsPath + "/" + url.PathEscape(q.Handle["transaction_id"]) + "/status")
	require.Equal(t, operator.Unknown, pirogue.CodeOf(err), server.Requests())
	require.Len(t, asked, 1, "%v %v", err, server.Requests())
}

func TestBalanceWithPIN(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]response{balancePath: {respond(200, `{"value":10.0,"unit":"XOF"}`)}})
	left, err := reading[operator.BalanceReader](t, server.at()).Balance(t.Context())
	require.NoError(t, err, left)
	require.Equal(t, (pirogue.Money{Minor: 10, Currency: pirogue.XOF}), left)
	sent := server.requests(balancePath)[0]
	body := `{"idType":"MSISDN","id":"781112233","encryptedPinCode":"","wallet":"PRINCIPAL"}`
	require.Equal(t, body, seals.ReplaceAllString(sent.Body, `"encryptedPinCode":""`), sent.PINs)
	require.Equal(t, pin, sent.PINs[0])
}

func TestDocumentedCodesOfDeposit(t *testing.T) {
	t.Parallel()
	eachCode(t, map[pirogue.Code]string{
		operator.Unknown: "1 2 5 50 51 3 0 2099 9999",
		operator.NotSent: "10 11 4003",
		operator.Refused: "20 21 22 23 24 25 60 2000 2001 2022 2023 2025 2041 2043 4004 4099",
		operator.Unable:  "2010 2011 2012 2013 2020 2021 2024 2042",
	}, func(t *testing.T, a response) error {
		t.Helper()
		server := newOrange(t, map[string][]response{cashInPath: {a}})
		_, err := reading[operator.Disburser](t, server.at()).Disburse(t.Context(), disbursement)
		return err
	})
}

func TestDocumentedCodesOfCollection(t *testing.T) {
	t.Parallel()
	eachCode(t, map[pirogue.Code]string{
		operator.Unknown: "1 2 5 50 51 3 0 2099 9999",
		operator.NotSent: "10 11 4003",
		operator.Refused: "20 21 22 23 24 25 60 2000 2001 2010 2011 2012 2013 2020 2021 2022 2023 2025 2041 2043 4004 4099",
		operator.Unable:  "2024 2042",
	}, func(t *testing.T, a response) error {
		t.Helper()
		server := newOrange(t, map[string][]response{qrPath: {a}})
		_, err := reading[operator.Collector](t, server.at()).Collect(t.Context(), collection)
		return err
	})
}

func TestCodesOfStatus(t *testing.T) {
	t.Parallel()
	eachCode(t, map[pirogue.Code]string{operator.Unknown: "20 60 2011 2020 2024 2042"},
		func(t *testing.T, a response) error {
			t.Helper()
			server := newOrange(t, map[string][]response{transactionsPath: {a}})
			_, err := reading[operator.StatusReader](t, server.at()).Status(
				t.Context(), operator.StatusQuery{Kind: pirogue.CashOut, Ref: "CO1"},
			)
			return err
		})
}

// eachCode checks the adapter's error for a problem of each code.
func eachCode(t *testing.T, tests map[pirogue.Code]string, call func(*testing.T, response) error) {
	t.Helper()
	for want, codes := range tests {
		for code := range strings.FieldsSeq(codes) {
			t.Run(code, func(t *testing.T) {
				t.Parallel()
				err := call(t, problem(400, code))
				require.Equal(t, want, pirogue.CodeOf(err), err)
				require.ErrorContains(t, err, "code "+code)
			})
		}
	}
}

func TestBadCredentialsAreNotSent(t *testing.T) {
	t.Parallel()
	suite().RunWithoutToken(t, tokenPath, adaptertest.TokenErrors("cs-0123456789"))
}
