package digitalpaye_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/digitalpaye"
	"pirogue/operator"
)

// The beginnings of bodies in both spellings, up to the fields that differ between
// networks.
const (
	seedIn = `{"code_country":"CI","operator":"%OP%","currency":"XOF","customer_id":"0700000001","amount":5000,` +
		`"name_user":"Client Essai","transaction_id":"` + ref + `"`
	seedOut = `{"code_country":"CI","currency":"XOF","customer_id":"0700000001","name":"Client Essai","amount":5000,` +
		`"operator":"%OP%","transaction_id":"` + outRef + `"}`
	pagesIn = `{"transactionId":"` + ref + `",` + pagesBoth + `,"payer":"0700000001"`
	pagesTo = `{"transactionId":"` + outRef + `",` + pagesBoth + `,"recipient":"0700000001"}`

	pagesBoth = `"customer":{"lastName":"Client","firstName":"Essai","phone":"0700000001",` +
		`"address":{"countryCode":"CI"}},"currency":"XOF","amount":"5000","operator":"%OP%"`
	seedPages = `,"url_success":"https://shop.example/back","url_error":"https://shop.example/cancel",` +
		`"url_cancel":"https://shop.example/cancel"}`
	pagesPages = `,"urlSuccess":"https://shop.example/back","urlError":"https://shop.example/cancel"}`
)

// wire holds the paths and bodies of one network's orders in one shape.
type wire struct {
	shape            string
	network          pirogue.Network
	inPath, in       string
	outPath, out, op string
}

var wires = []wire{
	{
		"", pirogue.Orange, "/v2/collecte/mobile-money", seedIn + `,"code_otp":"482613"}`,
		"/v2/transfers/mobile-money", seedOut, "ORANGE_MONEY_CI",
	},
	{"", pirogue.MTN, "/v2/collecte/mobile-money", seedIn + "}", "/v2/transfers/mobile-money", seedOut, "MTN_MONEY_CI"},
	{
		"", pirogue.Moov, "/v2/collecte/mobile-money", seedIn + "}", "/v2/transfers/mobile-money", seedOut, "MOOV_MONEY_CI",
	},
	{
		"", pirogue.Wave, "/v2/collecte/mobile-money", seedIn + seedPages, "/v2/transfers/mobile-money", seedOut,
		"WAVE_MONEY_CI",
	},

	{
		"sdk", pirogue.Orange, "/v1/collecte/mobile-money", seedIn + `,"code_otp":"482613"}`,
		"/v1/transfers/mobile-money", seedOut, "ORANGE_MONEY_CI",
	},
	{
		"sdk", pirogue.MTN, "/v1/collecte/mobile-money", seedIn + "}", "/v1/transfers/mobile-money", seedOut,
		"MTN_MONEY_CI",
	},
	{
		"sdk", pirogue.Moov, "/v1/collecte/mobile-money", seedIn + "}", "/v1/transfers/mobile-money", seedOut,
		"MOOV_MONEY_CI",
	},
	{
		"sdk", pirogue.Wave, "/v1/collecte/mobile-money", seedIn + seedPages, "/v1/transfers/mobile-money",
		seedOut, "WAVE_CI",
	},

	{
		"v1", pirogue.Orange, "/v1/collecte/mobile-money", pagesIn + `,"codeOtp":"482613"}`,
		"/v1/transfer/mobile-money", pagesTo, "ORANGE_MONEY_CI",
	},
	{"v1", pirogue.MTN, "/v1/collecte/mobile-money", pagesIn + "}", "/v1/transfer/mobile-money", pagesTo, "MTN_MONEY_CI"},
	{
		"v1", pirogue.Moov, "/v1/collecte/mobile-money", pagesIn + "}", "/v1/transfer/mobile-money", pagesTo,
		"FLOOZ_MONEY_CI",
	},
	{
		"v1", pirogue.Wave, "/v1/collecte/mobile-money", pagesIn + pagesPages, "/v1/transfer/mobile-money", pagesTo,
		"WAVE_MONEY_CI",
	},
}

// cashier combines the two methods of an instance that move money.
type cashier interface {
	operator.Collector
	operator.Disburser
}

func TestSubmitRequest(t *testing.T) {
	t.Parallel()
	for _, w := range wires {
		t.Run(w.shape+" "+string(w.network), func(t *testing.T) {
			t.Parallel()
			server := newServer(t, map[string][]response{})
			o := reading[cashier](t, server.at(w.shape))
			c, d := collection, disbursement
			c.Network, d.Network = w.network, w.network
			_, err := o.Collect(t.Context(), c)
			require.Equal(t, operator.Unknown, pirogue.CodeOf(err), err)
			_, err = o.Disburse(t.Context(), d)
			require.Equal(t, operator.Unknown, pirogue.CodeOf(err), err)
			var got []request
			for _, l := range server.requests() {
				checkHeaders(t, l.Header)
				l.Header = nil
				got = append(got, l)
			}
			want := []request{
				{Method: "POST", Path: w.inPath, Body: strings.ReplaceAll(w.in, "%OP%", w.op)},
				{Method: "POST", Path: w.outPath, Body: strings.ReplaceAll(w.out, "%OP%", w.op)},
			}
			require.Equal(t, want, got)
		})
	}
}

// checkHeaders compares the headers of an order.
func checkHeaders(t *testing.T, header http.Header) {
	t.Helper()
	for name, value := range map[string]string{
		"Authorization": "Bearer at-1", "Content-Type": "application/json", "X-Environment": "sandbox",
		"X-Sandbox-Msisdn": "",
	} {
		require.Equal(t, value, header.Get(name))
	}
}

func TestRequestWithoutCustomerData(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		shape   string
		change  func(*operator.CollectRequest)
		respond string
	}{
		"no name": {"", func(c *operator.CollectRequest) { c.Payer = " " }, `"name_user":"Client"`},
		"no name, in camelCase": {
			"v1", func(c *operator.CollectRequest) { c.Payer = "" }, `"lastName":"Client","firstName":"Client"`,
		},
		"one name, in camelCase": {
			"v1", func(c *operator.CollectRequest) { c.Payer = "Essai" }, `"lastName":"Essai","firstName":"Essai"`,
		},
		"three names": {
			"v1", func(c *operator.CollectRequest) { c.Payer = "Essai  De Client" },
			`"lastName":"Essai","firstName":"De Client"`,
		},
		"no password": {"", func(c *operator.CollectRequest) { c.OTP = "" }, `"transaction_id":"` + ref + `"}`},
		"no page to give up on": {
			"", func(c *operator.CollectRequest) { c.Network, c.CancelURL = pirogue.Wave, "" },
			`"url_error":"https://shop.example/back","url_cancel":"https://shop.example/back"`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, map[string][]response{})
			c := collection
			tt.change(&c)
			_, err := reading[cashier](
				t, server.at(tt.shape),
			).Collect(t.Context(), c)
			require.Equal(t, operator.Unknown, pirogue.CodeOf(err), err)
			body := server.requests()[0].Body
			require.Contains(t, body, tt.respond)
		})
	}
}

func TestNextAction(t *testing.T) {
	t.Parallel()
	redirect := pirogue.NextAction{Type: pirogue.ActionRedirect, URL: "https://pay.wave.example/c/1"}
	push := pirogue.NextAction{Type: pirogue.ActionPush}
	link := `,"wave_launch_url":"https://pay.wave.example/c/1"`
	tests := map[string]struct {
		shape   string
		network pirogue.Network
		otp     string
		extra   string
		want    pirogue.NextAction
	}{
		"Wave":               {"", pirogue.Wave, "", link, redirect},
		"Wave, in camelCase": {"v1", pirogue.Wave, "", link, redirect},
		"Wave, in camelCase to its end": {
			"v1", pirogue.Wave, "", `,"waveLaunchUrl":"https://pay.wave.example/c/1"`, redirect,
		},
		"Wave without a link": {"", pirogue.Wave, "", "", pirogue.NextAction{}},
		"Wave with a script": {
			"", pirogue.Wave, "", `,"wave_launch_url":"javascript:alert(1)"`, pirogue.NextAction{},
		},
		"MTN":                        {"", pirogue.MTN, "", "", push},
		"Moov, whatever link it has": {"", pirogue.Moov, "", link, push},
		"Orange with a password":     {"", pirogue.Orange, otp, "", pirogue.NextAction{}},
		"Orange without a password":  {"", pirogue.Orange, "", "", push},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pending := strings.ReplaceAll(row(ref, "R-1", "PENDING"), "}", tt.extra+`,"transactionId":"`+ref+`"}`)
			resp := good(pending)
			server := newServer(t, map[string][]response{
				"/v2/collecte/mobile-money": {resp}, "/v1/collecte/mobile-money": {resp},
			})
			c := collection
			c.Network, c.OTP = tt.network, tt.otp
			got, err := reading[cashier](t, server.at(tt.shape)).Collect(t.Context(), c)
			require.NoError(t, err)
			require.Equal(t, tt.want, got.NextAction)
			require.Equal(t, "R-1", got.Handle["ref"])
			require.Equal(t, "R-1", got.ProviderTxID)
		})
	}
}

func TestLiveWaveLink(t *testing.T) {
	t.Parallel()
	resp := good(strings.ReplaceAll(row(ref, "R-1", "PENDING"), "}", `,"wave_launch_url":"http://pay.wave.example/c/1"}`))
	c := collection
	c.Network = pirogue.Wave
	for simulator, want := range map[bool]pirogue.ActionType{true: pirogue.ActionRedirect, false: ""} {
		server := newServer(t, map[string][]response{"/v2/collecte/mobile-money": {resp}})
		o := reading[cashier](t, server.at(""))
		if !simulator {
			digitalpaye.Pretend(o)
		}
		got, err := o.Collect(t.Context(), c)
		require.NoError(t, err, simulator)
		require.Equal(t, want, got.NextAction.Type, simulator)
	}
}

func TestTransferFees(t *testing.T) {
	t.Parallel()
	server := newServer(t, map[string][]response{"/v2/transfers/mobile-money": {good(row(outRef, "R-1", "SUCCESSFUL"))}})
	got, err := reading[cashier](t, server.at("")).Disburse(t.Context(), disbursement)
	require.NoError(t, err)
	want := operator.OperatorResult{
		Outcome: pirogue.OutcomePaid, ProviderTxID: "R-1", Handle: pirogue.Handle{"ref": "R-1"}, Amount: francs,
		Message: "SUCCESSFUL ORANGE_MONEY_CI fees 7.5 Successful",
	}
	require.Equal(t, want, got, len(server.requests()))
	require.Len(t, server.requests(), 1)
}

func TestLostResponseKeepsHandle(t *testing.T) {
	t.Parallel()
	resp := good(row(outRef, "R-1", "FAILED"))
	resp.Status, resp.Body = 504, strings.ReplaceAll(resp.Body, `":200`, `":504`)
	server := newServer(t, map[string][]response{"/v2/transfers/mobile-money": {resp}})
	got, err := reading[cashier](t, server.at("")).Disburse(t.Context(), disbursement)
	require.Equal(t, operator.Unknown, pirogue.CodeOf(err), err)
	want := operator.OperatorResult{ProviderTxID: "R-1", Handle: pirogue.Handle{"ref": "R-1"}}
	require.Equal(t, want, got)
}

func TestPaymentThroughAnotherNetwork(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		network  pirogue.Network
		word     string
		mismatch string
	}{
		"the network's first word":  {pirogue.Orange, "ORANGE_MONEY", ""},
		"the network's second word": {pirogue.Orange, "ORANGE_MONEY_CI", ""},
		"Moov under its old name":   {pirogue.Moov, "FLOOZ_MONEY_CI", ""},
		"Moov":                      {pirogue.Moov, "MOOV_MONEY_CI", ""},
		"Wave in short":             {pirogue.Wave, "WAVE_CI", ""},
		"Wave":                      {pirogue.Wave, "WAVE_MONEY_CI", ""},
		"MTN":                       {pirogue.MTN, "MTN_MONEY_CI", ""},
		"a word unknown":            {pirogue.MTN, "TRESOR_MONEY_CI", ""},
		"another network":           {pirogue.MTN, "WAVE_CI", "counterparty"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := strings.ReplaceAll(row(outRef, "R-1", "SUCCESSFUL"), "ORANGE_MONEY_CI", tt.word)
			server := newServer(t, map[string][]response{"/v2/transfers/mobile-money": {good(body)}})
			d := disbursement
			d.Network = tt.network
			got, err := reading[cashier](t, server.at("")).Disburse(t.Context(), d)
			require.NoError(t, err)
			require.Equal(t, tt.mismatch, got.Mismatch)
		})
	}
}

func TestUnacceptableSubmission(t *testing.T) {
	t.Parallel()
	wave := seed.suite(ivory)
	wave.RunUnsent(t, map[string]func(*operator.CollectRequest){
		"a reference of 21":       func(c *operator.CollectRequest) { c.Ref = pirogue.OperatorRef(strings.Repeat("A", 21)) },
		"a number of 8 digits":    func(c *operator.CollectRequest) { c.MSISDN = "+22507000001" },
		"a number of 11 digits":   func(c *operator.CollectRequest) { c.MSISDN = "+22507000000011" },
		"a network nobody serves": func(c *operator.CollectRequest) { c.Network = "tresor" },
		"no network":              func(c *operator.CollectRequest) { c.Network = "" },
	})
	wave.Conf.Network = pirogue.Wave
	wave.RunUnsent(t, map[string]func(*operator.CollectRequest){
		"a network served elsewhere": func(*operator.CollectRequest) {},
	})
}

func TestInstanceOfOneNetwork(t *testing.T) {
	t.Parallel()
	server := newServer(t, map[string][]response{"/v2/transfers/mobile-money": {good(row(outRef, "R-1", "SUCCESSFUL"))}})
	conf, d := server.at(""), disbursement
	conf.Network, d.Network = pirogue.Orange, ""
	got, err := reading[cashier](t, conf).Disburse(t.Context(), d)
	require.NoError(t, err)
	require.Equal(t, pirogue.OutcomePaid, got.Outcome)
}
