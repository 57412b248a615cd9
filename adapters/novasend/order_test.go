package novasend_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/novasend"
	"pirogue/operator"
)

func TestNextAction(t *testing.T) {
	t.Parallel()
	page := pirogue.NextAction{Type: pirogue.ActionRedirect, URL: "https://link.novasend.example/l"}
	push := pirogue.NextAction{Type: pirogue.ActionPush}
	confirm := `"confirmationRequired":true,"paymentUrl":"https://link.novasend.example/l"`
	tests := map[string]struct {
		shape, otp string
		network    pirogue.Network
		respond    string
		want       pirogue.NextAction
	}{
		"open the page": {"", "", "", confirm, page},
		"nothing, the page is only for show": {
			"", "", "", `"confirmationRequired":false,"paymentUrl":"https://link.novasend.example/l"`, pirogue.NextAction{},
		},
		"confirm elsewhere, there is no page": {"", "", "", `"confirmationRequired":true,"paymentUrl":null`, push},
		"confirm elsewhere, it is a script": {
			"", "", "", `"confirmationRequired":true,"paymentUrl":"javascript:alert(1)"`, push,
		},
		"nothing, it is over": {"", "", "", confirm + `,"transaction":{"status":"failed"}`, pirogue.NextAction{}},
		"confirm a push of MTN": {
			"direct", "", pirogue.MTN, `"isDirect":true`,
			pirogue.NextAction{Type: pirogue.ActionPush, USSDCode: "*133#", Vendor: "MOMO"},
		},
		"confirm a push of Moov": {
			"direct", "", pirogue.Moov, `"isDirect":true,"confirmationRequired":true`,
			pirogue.NextAction{Type: pirogue.ActionPush, USSDCode: "*155#", Vendor: "MOOV"},
		},
		"open Wave's page": {"direct", "", pirogue.Wave, `"isDirect":true,` + confirm, page},
		"nothing, the password was given": {
			"", "4826", pirogue.Orange, `"isDirect":true,"confirmationRequired":true`, pirogue.NextAction{},
		},
		"open a page even with the password": {"", "4826", pirogue.Orange, confirm, page},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := respond(201, `{"id":"pr_1","type":"payin","reference":"`+ref+`","status":"processing",`+tt.respond+`}`)
			s := newServer(t, map[string]response{"/v1/payin/sessions": resp, "/v1/direct/payin": resp})
			c := collection
			c.OTP, c.Network = tt.otp, tt.network
			got, err := reading[operator.Collector](t, s.at(tt.shape)).Collect(t.Context(), c)
			require.NoError(t, err)
			require.Equal(t, tt.want, got.NextAction)
			require.Equal(t, pirogue.Handle{"id": "pr_1"}, got.Handle)
		})
	}
}

func TestUSSDCodeByCountry(t *testing.T) {
	t.Parallel()
	s := newServer(
		t,
		map[string]response{
			"/v1/direct/payin": respond(201, `{"id":"1","type":"payin","reference":"`+ref+`","status":"processing"}`),
		},
	)
	conf := s.at("direct")
	conf.Country, conf.Currency = "CM", pirogue.XAF
	c := collection
	c.MSISDN, c.Amount.Currency = "+237671234567", pirogue.XAF
	got, err := reading[operator.Collector](t, conf).Collect(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, (pirogue.NextAction{Type: pirogue.ActionPush}), got.NextAction)
}

func TestUnsafePaymentPage(t *testing.T) {
	t.Parallel()
	for address, safe := range map[string]map[bool]bool{ // from a simulator or not
		"https://link.novasend.example/l": {true: true, false: true},
		"http://link.novasend.example/l":  {true: true, false: false},
		"javascript:alert(1)":             {true: false, false: false},
		"https:///l":                      {true: false, false: false},
		"/l":                              {true: false, false: false},
		"":                                {true: false, false: false},
	} {
		resp := respond(201, `{"id":"pr_1","type":"payin","reference":"`+ref+`","status":"processing",`+
			`"confirmationRequired":true,"paymentUrl":"`+address+`"}`)
		for simulator, shown := range safe {
			o := reading[operator.Collector](t, newServer(t, map[string]response{"/v1/payin/sessions": resp}).at(""))
			if !simulator {
				novasend.Pretend(o)
			}
			got, err := o.Collect(t.Context(), collection)
			require.NoError(t, err, "%v %v", address, simulator)
			require.Equal(t, shown, (got.NextAction.URL == address && address != ""), simulator)
		}
	}
}

func TestOTPInHandle(t *testing.T) {
	t.Parallel()
	c := collection
	c.OTP, c.Network = "4826", pirogue.Orange
	named := `{"type":"payin","id":"pr_1","reference":"` + ref + `","message":"4826","code":"transaction_error"}`
	tests := map[string]struct {
		resp   response
		code   pirogue.Code
		handle pirogue.Handle
	}{
		"in an error that names the payin": {
			respond(500, named), operator.Unknown, pirogue.Handle{"id": "pr_1", "otp": "4826"},
		},
		"in an answer of unknown words": {
			respond(201, named), operator.Unknown, pirogue.Handle{"id": "pr_1", "otp": "4826"},
		},
		"in an error that names nothing": {respond(504, ""), operator.Unknown, nil}, // the name stored before stays
		"not after a refusal": {
			respond(403, `{"code":"transaction_otp_required","message":"OTP 4826 faux"}`), operator.Refused, nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, map[string]response{"/v1/direct/payin": tt.resp})
			got, err := reading[operator.Collector](t, s.at("")).Collect(t.Context(), c)
			require.Equal(t, tt.code, pirogue.CodeOf(err), err)
			require.NotContains(t, err.Error(), "4826")
			require.Equal(t, tt.handle, got.Handle)
		})
	}
}

func TestOTPWithoutDirectPayin(t *testing.T) {
	t.Parallel()
	s := newServer(t, map[string]response{"/v1/payin/sessions": respond(201, recorded(t, "session.json"))})
	conf := s.at("")
	conf.Country = "BF"
	c := collection
	c.OTP, c.Network, c.MSISDN = "4826", pirogue.Orange, "+22670123456"
	_, err := reading[operator.Collector](t, conf).Collect(t.Context(), c)
	require.NoError(t, err)
	l := s.requests()
	require.Len(t, l, 1)
	require.NotContains(t, l[0].Body, "4826")
}

func TestNumbersKeepTheirFirstDigits(t *testing.T) {
	t.Parallel()
	for country, number := range map[pirogue.CountryCode]pirogue.MSISDN{
		"CI": "+2250102030405", "BJ": "+2290196123456", "TG": "+22890123456", "BF": "+22670123456",
	} {
		s := newServer(t, map[string]response{"/v1/payin/sessions": respond(201, recorded(t, "session.json"))})
		conf := s.at("")
		conf.Country = country
		c := collection
		c.MSISDN = number
		if _, err := reading[operator.Collector](t, conf).Collect(t.Context(), c); err != nil {
			require.Fail(t, fmt.Sprintf("%s: %v", country, err))
			continue
		}
		body := s.requests()[0].Body
		require.Contains(t, body, `"msisdn":"`+string(number)+`"`)
		require.Contains(t, body, `"country":"`+string(country)+`"`, number)
	}
}

func TestUnacceptableSubmission(t *testing.T) {
	t.Parallel()
	seeds, orange, direct := suite(), suite(), suite()
	seeds.RunUnsent(t, map[string]func(*operator.CollectRequest){
		"a long reference": func(c *operator.CollectRequest) { c.Ref = pirogue.OperatorRef(strings.Repeat("A", 129)) },
	})
	orange.Conf.Network = pirogue.Orange
	orange.RunUnsent(t, map[string]func(*operator.CollectRequest){
		"another network": func(*operator.CollectRequest) {},
	})
	direct.Conf.Shape = "direct"
	direct.RunUnsent(t, map[string]func(*operator.CollectRequest){
		"a network of nobody":  func(c *operator.CollectRequest) { c.Network = "free" },
		"no network, directly": func(c *operator.CollectRequest) { c.Network = "" },
	})
}

func TestIncompleteCollection(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		shape, otp string
		network    pirogue.Network
		code       pirogue.Code
	}{
		"Orange without a password": {"direct", "", pirogue.Orange, operator.Refused},
		"a password of a nobody's":  {"", "4826", "free", operator.Unable},
	} {
		s := newServer(t, nil)
		c := collection
		c.OTP, c.Network = tt.otp, tt.network
		_, err := reading[operator.Collector](t, s.at(tt.shape)).Collect(t.Context(), c)
		require.Equal(t, tt.code, pirogue.CodeOf(err), "%v %v", name, len(s.requests()))
		require.ErrorContains(t, err, "not sent", "%v %v", name, len(s.requests()))
		require.Empty(t, s.requests(), "%v %v", name, err)
	}
}

func TestUnacceptableRefund(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*operator.RefundRequest){
		"a part of a payment": func(r *operator.RefundRequest) { r.Amount.Minor-- },
		"more than was paid":  func(r *operator.RefundRequest) { r.Amount.Minor++ },
		"another currency":    func(r *operator.RefundRequest) { r.Amount.Currency = pirogue.XAF },
		"without a reference": func(r *operator.RefundRequest) { r.Ref = "" },
	} {
		s, r := newServer(t, nil), reversal
		change(&r)
		_, err := reading[operator.Refunder](t, s.at("")).Refund(t.Context(), r)
		require.Equal(t, operator.Unable, pirogue.CodeOf(err), "%v %v", name, len(s.requests()))
		require.ErrorContains(t, err, "not sent", "%v %v", name, len(s.requests()))
		require.Empty(t, s.requests(), "%v %v", name, err)
	}
}

func TestSubmissionWithoutNetwork(t *testing.T) {
	t.Parallel()
	resp := respond(201, recorded(t, "payout_processing.json"))
	s := newServer(t, map[string]response{"/v1/direct/payout": resp})
	conf := s.at("direct")
	conf.Network = pirogue.Wave
	d := disbursement
	d.Network = ""
	_, err := reading[operator.Disburser](t, conf).Disburse(t.Context(), d)
	require.NoError(t, err)
	body := s.requests()[0].Body
	require.Contains(t, body, `"provider":"WAVE"`)
}
