package novasend_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pirogue"
	"pirogue/adapters/novasend"
	"pirogue/config"
)

func TestWhatACustomerHasToDo(t *testing.T) {
	t.Parallel()
	page := pirogue.NextAction{Type: pirogue.ActionRedirect, URL: "https://link.novasend.example/l"}
	push := pirogue.NextAction{Type: pirogue.ActionPush}
	confirm := `"confirmationRequired":true,"paymentUrl":"https://link.novasend.example/l"`
	tests := map[string]struct {
		shape, otp string
		network    pirogue.Network
		says       string
		want       pirogue.NextAction
	}{
		"open the page":                       {"", "", "", confirm, page},
		"nothing, the page is only for show":  {"", "", "", `"confirmationRequired":false,"paymentUrl":"https://link.novasend.example/l"`, pirogue.NextAction{}},
		"confirm elsewhere, there is no page": {"", "", "", `"confirmationRequired":true,"paymentUrl":null`, push},
		"confirm elsewhere, it is a script":   {"", "", "", `"confirmationRequired":true,"paymentUrl":"javascript:alert(1)"`, push},
		"nothing, it is over":                 {"", "", "", confirm + `,"transaction":{"status":"failed"}`, pirogue.NextAction{}},
		"confirm a push of MTN": {
			"direct", "", pirogue.MTN, `"isDirect":true`,
			pirogue.NextAction{Type: pirogue.ActionPush, USSDCode: "*133#", Vendor: "MOMO"},
		},
		"confirm a push of Moov": {
			"direct", "", pirogue.Moov, `"isDirect":true,"confirmationRequired":true`,
			pirogue.NextAction{Type: pirogue.ActionPush, USSDCode: "*155#", Vendor: "MOOV"},
		},
		"open Wave's page":                   {"direct", "", pirogue.Wave, `"isDirect":true,` + confirm, page},
		"nothing, the password was given":    {"", "4826", pirogue.Orange, `"isDirect":true,"confirmationRequired":true`, pirogue.NextAction{}},
		"open a page even with the password": {"", "4826", pirogue.Orange, confirm, page},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := answer{201, `{"id":"pr_1","type":"payin","reference":"` + ref + `","status":"processing",` + tt.says + `}`}
			s := newServer(t, map[string]answer{"/v1/payin/sessions": said, "/v1/direct/payin": said})
			c := collection
			c.OTP, c.Network = tt.otp, tt.network
			got, err := reading[pirogue.Collector](t, s.at(tt.shape)).Collect(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.NextAction); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(pirogue.Handle{"id": "pr_1"}, got.Handle); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCameroonHasNoMenuOfCotedIvoires(t *testing.T) {
	t.Parallel()
	s := newServer(t, map[string]answer{"/v1/direct/payin": {201, `{"id":"1","type":"payin","reference":"` + ref + `","status":"processing"}`}})
	conf := s.at("direct")
	conf.Country, conf.Currency = "CM", pirogue.XAF
	c := collection
	c.MSISDN, c.Amount.Currency = "+237671234567", pirogue.XAF
	got, err := reading[pirogue.Collector](t, conf).Collect(t.Context(), c)
	if err != nil || got.NextAction != (pirogue.NextAction{Type: pirogue.ActionPush}) {
		t.Errorf("%+v, %v; want a push alone", got.NextAction, err)
	}
}

func TestAPageThatIsNotSafeIsASimulatorsAlone(t *testing.T) {
	t.Parallel()
	genuine := with(ivory)
	genuine.Simulator, genuine.BaseURL = false, "https://business.novasend.example"
	for address, safe := range map[string][2]bool{ // from the real Novasend, from a simulator
		"https://link.novasend.example/l": {true, true},
		"http://link.novasend.example/l":  {false, true},
		"javascript:alert(1)":             {false, false},
		"https:///l":                      {false, false},
		"/l":                              {false, false},
		"":                                {false, false},
	} {
		for i, conf := range []config.Operator{genuine, ivory} {
			if got := novasend.Safe(reading[pirogue.Operator](t, conf), address); got != safe[i] {
				t.Errorf("%q, simulator %v: %v", address, conf.Simulator, got)
			}
		}
	}
}

func TestAPasswordIsKeptUntilNovasendHasAnswered(t *testing.T) {
	t.Parallel()
	c := collection
	c.OTP, c.Network = "4826", pirogue.Orange
	named := `{"type":"payin","id":"pr_1","reference":"` + ref + `","message":"4826","code":"transaction_error"}`
	tests := map[string]struct {
		said   answer
		code   pirogue.Code
		handle pirogue.Handle
	}{
		"in an error that names the payin": {answer{500, named}, pirogue.Unknown, pirogue.Handle{"id": "pr_1", "otp": "4826"}},
		"in an answer of unknown words":    {answer{201, named}, pirogue.Unknown, pirogue.Handle{"id": "pr_1", "otp": "4826"}},
		"in an error that names nothing":   {answer{504, ""}, pirogue.Unknown, nil}, // what is kept already stays
		"not after a refusal": {
			answer{403, `{"code":"transaction_otp_required","message":"OTP 4826 faux"}`}, pirogue.Refused, nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, map[string]answer{"/v1/direct/payin": tt.said})
			got, err := reading[pirogue.Collector](t, s.at("")).Collect(t.Context(), c)
			if pirogue.CodeOf(err) != tt.code || strings.Contains(err.Error(), "4826") {
				t.Errorf("%v, want %s and no password", err, tt.code)
			}
			if diff := cmp.Diff(tt.handle, got.Handle); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAPasswordIsOfNoUseWhereThereIsNoDirectPayin(t *testing.T) {
	t.Parallel()
	s := newServer(t, map[string]answer{"/v1/payin/sessions": {201, recorded(t, "session.json")}})
	conf := s.at("")
	conf.Country = "BF"
	c := collection
	c.OTP, c.Network, c.MSISDN = "4826", pirogue.Orange, "+22670123456"
	if _, err := reading[pirogue.Collector](t, conf).Collect(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if l := s.letters(); len(l) != 1 || strings.Contains(l[0].Body, "4826") {
		t.Errorf("%+v, want one session without the password", l)
	}
}

func TestNumbersKeepTheirFirstDigits(t *testing.T) {
	t.Parallel()
	for country, number := range map[pirogue.CountryCode]pirogue.MSISDN{
		"CI": "+2250102030405", "BJ": "+2290196123456", "TG": "+22890123456", "BF": "+22670123456",
	} {
		s := newServer(t, map[string]answer{"/v1/payin/sessions": {201, recorded(t, "session.json")}})
		conf := s.at("")
		conf.Country = country
		c := collection
		c.MSISDN = number
		if _, err := reading[pirogue.Collector](t, conf).Collect(t.Context(), c); err != nil {
			t.Errorf("%s: %v", country, err)
			continue
		}
		if body := s.letters()[0].Body; !strings.Contains(body, `"msisdn":"`+string(number)+`"`) ||
			!strings.Contains(body, `"country":"`+string(country)+`"`) {
			t.Errorf("%s left as %s", number, body)
		}
	}
}

func TestWhatNovasendCouldNeverAcceptDoesNotLeave(t *testing.T) {
	t.Parallel()
	in := func(spoil func(*pirogue.Collection)) func(*pirogue.Collection, *pirogue.Disbursement, *pirogue.Reversal) {
		return func(c *pirogue.Collection, d *pirogue.Disbursement, _ *pirogue.Reversal) {
			spoil(c)
			d.Ref, d.Amount, d.MSISDN, d.Network = c.Ref, c.Amount, c.MSISDN, c.Network
		}
	}
	tests := map[string]struct {
		shape   string
		network pirogue.Network // the only one of the account
		spoil   func(*pirogue.Collection, *pirogue.Disbursement, *pirogue.Reversal)
		calls   string // which of the three could never be accepted
	}{
		"another currency":     {"", "", in(func(c *pirogue.Collection) { c.Amount.Currency = pirogue.XAF }), "CD"},
		"nothing":              {"", "", in(func(c *pirogue.Collection) { c.Amount.Minor = 0 }), "CD"},
		"less than nothing":    {"", "", in(func(c *pirogue.Collection) { c.Amount.Minor = -5000 }), "CD"},
		"too little":           {"", "", in(func(c *pirogue.Collection) { c.Amount.Minor = 99 }), "CD"},
		"too little to send":   {"", "", in(func(c *pirogue.Collection) { c.Amount.Minor = 199 }), "D"},
		"too much to send":     {"", "", in(func(c *pirogue.Collection) { c.Amount.Minor = 1_500_001 }), "D"},
		"too much":             {"", "", in(func(c *pirogue.Collection) { c.Amount.Minor = 2_000_001 }), "CD"},
		"no reference":         {"", "", in(func(c *pirogue.Collection) { c.Ref = "" }), "CD"},
		"a long reference":     {"", "", in(func(c *pirogue.Collection) { c.Ref = pirogue.OperatorRef(strings.Repeat("A", 129)) }), "CD"},
		"a number of Senegal":  {"", "", in(func(c *pirogue.Collection) { c.MSISDN = "+221771234567" }), "CD"},
		"a local number":       {"", "", in(func(c *pirogue.Collection) { c.MSISDN = "0707123456" }), "CD"},
		"no number":            {"", "", in(func(c *pirogue.Collection) { c.MSISDN = "+225" }), "CD"},
		"a number with spaces": {"", "", in(func(c *pirogue.Collection) { c.MSISDN = "+225 07 07 12 34 56" }), "CD"},
		"another network":      {"", pirogue.Orange, in(func(*pirogue.Collection) {}), "CD"},
		"a network of nobody": {
			"direct", "", in(func(c *pirogue.Collection) { c.Network = "free" }), "CD",
		},
		"no network, directly":           {"direct", "", in(func(c *pirogue.Collection) { c.Network = "" }), "CD"},
		"Orange without a password":      {"direct", "", in(func(c *pirogue.Collection) { c.Network = pirogue.Orange }), "C"},
		"a password of a nobody's":       {"", "", in(func(c *pirogue.Collection) { c.Network, c.OTP = "free", "4826" }), "C"},
		"a part of a payment given back": {"", "", func(_ *pirogue.Collection, _ *pirogue.Disbursement, r *pirogue.Reversal) { r.Amount.Minor-- }, "R"},
		"more than was paid given back":  {"", "", func(_ *pirogue.Collection, _ *pirogue.Disbursement, r *pirogue.Reversal) { r.Amount.Minor++ }, "R"},
		"another currency given back": {"", "", func(_ *pirogue.Collection, _ *pirogue.Disbursement, r *pirogue.Reversal) {
			r.Amount.Currency = pirogue.XAF
		}, "R"},
		"a refund without a reference": {"", "", func(_ *pirogue.Collection, _ *pirogue.Disbursement, r *pirogue.Reversal) { r.Ref = "" }, "R"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, nil)
			conf := s.at(tt.shape)
			conf.Network = tt.network
			c, d, r := collection, disbursement, reversal
			tt.spoil(&c, &d, &r)
			calls := map[string]func() error{
				"C": func() error { _, err := reading[pirogue.Collector](t, conf).Collect(t.Context(), c); return err },
				"D": func() error { _, err := reading[pirogue.Disburser](t, conf).Disburse(t.Context(), d); return err },
				"R": func() error { _, err := reading[pirogue.Refunder](t, conf).Refund(t.Context(), r); return err },
			}
			for _, call := range strings.Split(tt.calls, "") {
				err := calls[call]()
				want := pirogue.Unable
				if name == "Orange without a password" {
					want = pirogue.Refused
				}
				if pirogue.CodeOf(err) != want || !strings.Contains(err.Error(), "not sent") {
					t.Errorf("%s: %v, want %s", call, err, want)
				}
				if strings.Contains(err.Error(), "771234567") || strings.Contains(err.Error(), "707123456") {
					t.Errorf("%s repeats the number: %v", call, err)
				}
			}
			if n := len(s.letters()); n != 0 {
				t.Errorf("%d requests left", n)
			}
		})
	}
}

func TestTheEdgesOfWhatNovasendMoves(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	for _, minor := range []int64{100, 2_000_000} {
		c := collection
		c.Amount.Minor = minor
		_, err := reading[pirogue.Collector](t, s.at("")).Collect(t.Context(), c)
		if err == nil || strings.Contains(err.Error(), "not sent") {
			t.Errorf("%d did not leave: %v", minor, err)
		}
	}
	for _, minor := range []int64{200, 1_500_000} {
		d := disbursement
		d.Amount.Minor = minor
		_, err := reading[pirogue.Disburser](t, s.at("")).Disburse(t.Context(), d)
		if err == nil || strings.Contains(err.Error(), "not sent") {
			t.Errorf("%d did not leave: %v", minor, err)
		}
	}
	if n := len(s.letters()); n != 4 {
		t.Errorf("%d requests left, want 4", n)
	}
}

func TestAnOrderWithoutANetworkIsForTheOnlyOne(t *testing.T) {
	t.Parallel()
	said := answer{201, recorded(t, "payout_processing.json")}
	s := newServer(t, map[string]answer{"/v1/direct/payout": said})
	conf := s.at("direct")
	conf.Network = pirogue.Wave
	d := disbursement
	d.Network = ""
	if _, err := reading[pirogue.Disburser](t, conf).Disburse(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if body := s.letters()[0].Body; !strings.Contains(body, `"provider":"WAVE"`) {
		t.Errorf("%s, want the account's network", body)
	}
}
