package novasend_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/novasend"
)

// identifiers matches random identifiers, which are left out of comparisons.
var identifiers = regexp.MustCompile(`[a-z2-7]{26}|\btr_[a-z2-7]{16}`)

// TestDocumentedResponses compares whole responses, with the order of their
// fields.
func TestDocumentedResponses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answers := func(req *http.Request, want string) {
		t.Helper()
		require.Equal(t, want, strings.ReplaceAll(identifiers.ReplaceAllString(w.Fetch(req).Body, "X"), w.URL, ""))
	}
	reads := func(path, want string) {
		t.Helper()
		answers(w.signed(w.Request(http.MethodGet, path, nil)), want)
	}
	answers(w.write(sessions, seed("S1", number("543210"))),
		`{"type":"payin","fee":6,"reference":"mtr_X","phoneNumber":"+2250700543210","amount":300,"chargedAmount":306,`+
			`"status":"processing","currency":"XOF","customerReference":"S1",`+
			`"confirmationRequired":true,`+
			`"confirmationStatus":"none","paymentUrl":"/link/X","createdAt":"2026-03-12T09:30:00.000Z"}`)
	reads("/v1/payin/S1",
		`{"type":"payin","fee":6,"reference":"mtr_X","phoneNumber":"+2250700543210","customerName":"Awa Koné",`+
			`"amount":300,"chargedAmount":306,"status":"processing","currency":"XOF","customerReference":"S1",`+
			`"confirmationRequired":true,"confirmationStatus":"none","createdAt":"2026-03-12T09:30:00.000Z",`+
			`"transaction":{},"failure":null}`)
	answers(w.write(directPayin, direct("D1", number("543211"), fields{"provider": "WAVE"})),
		`{"id":"pr_X","type":"payin","reference":"D1","status":"processing",`+
			`"confirmationRequired":true,"confirmationStatus":"pending","paymentUrl":"/link/X",`+
			`"customer":{"name":"Awa Koné","phoneNumber":"+2250700543211"},`+
			`"mobileMoney":{"provider":{"name":"WAVE_CI"}},"isDirect":true,"payFee":true,`+
			`"createdAt":"2026-03-12T09:30:00.000Z","amount":300,"fee":6,"chargedAmount":306,"currency":"XOF","failure":null}`)
	answers(w.write(payout, current("P1", number("543212"))),
		`{"id":"pr_X","type":"payout","reference":"P1","status":"processing",`+
			`"confirmationRequired":false,"confirmationStatus":"none","paymentUrl":null,"customer":{"name":"Awa Koné",`+
			`"phoneNumber":"+2250700543212"},"isDirect":false,"payFee":true,`+
			`"createdAt":"2026-03-12T09:30:00.000Z","amount":300,"fee":6,"chargedAmount":306,"currency":"XOF","failure":null}`)
	w.Clock.Advance(12345 * time.Millisecond)
	reads("/v1/payin/S1",
		`{"type":"payin","fee":6,"reference":"mtr_X","phoneNumber":"+2250700543210","customerName":"Awa Koné",`+
			`"amount":300,"chargedAmount":306,"status":"processed","currency":"XOF","customerReference":"S1",`+
			`"confirmationRequired":true,`+
			`"confirmationStatus":"accepted","createdAt":"2026-03-12T09:30:00.000Z",`+
			`"transaction":{"reference":"X","status":"completed",`+
			`"customerName":"Awa Koné","processedAt":"2026-03-12T09:30:10.000Z","phoneNumber":"+2250700543210",`+
			`"amount":"300.00",`+
			`"fees":"0.00","chargedAmount":"300.00","currency":"XOF"},"failure":null}`)
	answers(w.write("/v1/payin/S1/refund", fields{"reason": "returned", "externalReference": "RF1"}),
		`{"type":"refund","reference":"rf_X","originalReference":"mtr_X","amount":300,"fee":0,"currency":"XOF",`+
			`"status":"processing","reason":"returned","refundType":"full","customerMsisdn":"+2250700543210",`+
			`"customerName":"Awa Koné",`+
			`"createdAt":"2026-03-12T09:30:12.345Z","transaction":{"reference":"X","status":"pending","processedAt":null}}`)
}

// TestOTP checks that a payment with an OTP needs no further
// confirmation.
func TestOTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, otp := range map[string]any{"no": nil, "a wrong": "654321"} {
		body := direct("R1", number("543210"), fields{"provider": "ORANGE", "otp": otp})
		w.refused(name+" OTP", w.writeUnder(someKey, directPayin, body), 403, "transaction_otp_required")
	}
	reply := w.makes(directPayin, direct("R1", number("543210"), fields{"provider": "ORANGE", "otp": novasend.OTP}))
	require.Equal(t, "false", reply.At("confirmationRequired"))
	require.Equal(t, "accepted", reply.At("confirmationStatus"))
	require.Equal(t, "<nil>", reply.At("paymentUrl"))
	w.makes(directPayout, paysOut("R1", number("543210"), fields{"provider": "ORANGE"}))
	w.Clock.Advance(10 * time.Second)
	w.shows("/v1/payin/R1", fields{"status": "success"})
}

func TestAccountOfCountry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for country, row := range map[string]struct{ msisdn, currency string }{
		"CI": {"+2250700123456", "XOF"}, "TG": {"+22890123456", "XOF"}, "BF": {"+22670123456", "XOF"},
		"BJ": {"+2290197123456", "XOF"}, "CM": {"+237699123456", "XAF"},
	} {
		w.country = country
		body := seed("R1", row.msisdn).With(
			fields{"country": country, "accountId": "sandbox-account-" + strings.ToLower(country)},
		)
		require.Equal(t, row.currency, w.makes(sessions, body).At("currency"), country)
		w.shows("/v1/payin/R1", fields{"phoneNumber": row.msisdn, "transaction.currency": row.currency})
	}
	for _, line := range w.Sim.Book() {
		require.Equal(t, strings.HasPrefix(line.MSISDN, "+237"), (line.Currency == "XAF"))
		require.Equal(t, engine.In, line.Direction)
	}
}

func TestOtherAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Start(novasend.New(engine.Config{Options: w.Options()},
		novasend.Account{Country: "SN", APIKey: "key", APIClient: "client", ID: "shop", Secret: "s"},
		novasend.Account{Country: "CI"}))
	req := w.write(sessions, seed("R1", "+221770123456").With(fields{"country": "SN", "accountId": "shop"}))
	req.SetBasicAuth("key", "client")
	status, reply := w.FetchObject(req)
	require.Equal(t, http.StatusCreated, status, reply)
	for name, accounts := range map[string][]novasend.Account{
		"a country that is not served": {{Country: "FR"}},
		"one key for two":              {{Country: "CI"}, {Country: "CI"}},
	} {
		_, err := novasend.New(engine.Config{Options: w.Options()}, accounts...)
		require.Error(t, err, name)
	}
}

func TestInvalidRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ok := number("123456")
	for name, row := range map[string]struct {
		path, body any
		status     int
		code       string
	}{
		"no JSON":             {sessions, `{`, 400, "invalid_request"},
		"a number for a text": {sessions, seed("R", ok).With(fields{"msisdn": 5}), 400, "invalid_request"},
		"no reference":        {sessions, seed("", ok), 400, "invalid_request"},
		"a long reference":    {sessions, seed(strings.Repeat("é", 129), ok), 400, "invalid_request"},
		"a control character": {sessions, seed("a\nb", ok), 400, "invalid_request"},
		"no name":             {sessions, seed("R", ok).With(fields{"customerName": nil}), 400, "invalid_request"},
		"a long name": {
			payout, seed("R", ok).With(fields{"customerName": strings.Repeat("é", 256)}), 400, "invalid_request",
		},
		"no way back": {sessions, current("R", ok).With(fields{"action": nil}), 400, "invalid_request"},
		"half a way back": {
			sessions, current("R", ok).With(fields{"action": fields{"successUrl": "https://m.example"}}), 400, "invalid_request",
		},
		"a way back to nowhere": {
			sessions, current("R", ok).With(fields{"action": fields{"successUrl": "/a", "failureUrl": "b"}}), 400,
			"invalid_request",
		},
		"somebody else's account": {
			sessions, seed("R", ok).With(fields{"accountId": "sandbox-account-tg"}), 404, "wallet_not_found",
		},
		"another country": {
			sessions, seed("R", "+22890123456").With(fields{"country": "TG"}), 404, "country_not_found",
		},
		"another country's number":   {sessions, seed("R", "+22890123456"), 400, "invalid_phone_number"},
		"a number without its plus":  {sessions, seed("R", "2250700123456"), 400, "invalid_phone_number"},
		"a number that is too short": {sessions, seed("R", "+225700123456"), 400, "invalid_phone_number"},
		"a text for an amount":       {sessions, seed("R", ok).With(fields{"amount": "300"}), 400, "invalid_amount"},
		"no amount":                  {sessions, seed("R", ok).With(fields{"amount": nil}), 400, "invalid_amount"},
		"an amount with decimals":    {sessions, seed("R", ok).With(fields{"amount": 300.5}), 400, "invalid_amount"},
		"nothing": {
			sessions, seed("R", ok).With(fields{"amount": 0}), 403, "transaction_greater_than_zero",
		},
		"less than nothing": {
			sessions, seed("R", ok).With(fields{"amount": -300}), 403, "transaction_greater_than_zero",
		},
		"too little":            {sessions, seed("R", ok).With(fields{"amount": 99}), 400, "invalid_amount"},
		"too much":              {sessions, seed("R", ok).With(fields{"amount": 2000001}), 400, "invalid_amount"},
		"too little to pay out": {payout, seed("R", ok).With(fields{"amount": 199}), 400, "invalid_amount"},
		"too much to pay out":   {payout, seed("R", ok).With(fields{"amount": 1500001}), 400, "invalid_amount"},
		"no payin":              {directPayin, current("R", ok), 400, "invalid_request"},
		"no way back, direct": {
			directPayin, direct("R", ok, nil).With(fields{"action": nil}), 400, "invalid_request",
		},
		"an operator there is not": {
			directPayin, direct("R", ok, fields{"provider": "ORANGE_CI"}), 404, "provider_not_found",
		},
		"a direct call to Togo": {
			directPayin, direct("R", "+22890123456", fields{"country": "TG"}), 404, "country_not_found",
		},
		"no payout": {directPayout, direct("R", ok, nil), 400, "invalid_request"},
		"no name, direct payout": {
			directPayout, paysOut("R", ok, nil).With(fields{"customerName": nil}), 400, "invalid_request",
		},
		"no JSON, direct payin":  {directPayin, `[]`, 400, "invalid_request"},
		"no JSON, direct payout": {directPayout, `"`, 400, "invalid_request"},
		"no JSON, payout":        {payout, `[`, 400, "invalid_request"},
		"no JSON, refund":        {"/v1/payin/R/refund", `[`, 400, "invalid_request"},
		"a refund of nothing": {
			"/v1/payin/R/refund", fields{"reason": "r", "externalReference": "x"}, 404, "transaction_does_not_exist",
		},
		"a refund without a reason":     {"/v1/payin/R/refund", fields{"externalReference": "x"}, 400, "invalid_request"},
		"a refund without a reference":  {"/v1/payin/R/refund", fields{"reason": "r"}, 400, "invalid_request"},
		"an address there is not":       {"/v2/payin", fields{}, 404, "not_found"},
		"a body that is much too large": {sessions, seed(strings.Repeat("a", 1<<16), ok), 400, "invalid_request"},
	} {
		path, _ := row.path.(string) //nolint:errcheck // a row without a path has none
		w.refused(name, w.write(path, row.body), row.status, row.code)
	}
	w.country = "CM"
	cameroon := direct("R", "+237699123456", fields{"country": "CM"})
	for name, row := range map[string]struct {
		payin fields
		code  string
	}{
		"less than Cameroon takes": {fields{"amount": 199}, "invalid_amount"},
		"more than Cameroon takes": {fields{"amount": 500001}, "invalid_amount"},
		"Wave in Cameroon":         {fields{"provider": "WAVE"}, "provider_not_found"},
	} {
		asked := direct("R", "+237699123456", fields{"country": "CM"}.With(row.payin))
		_, reply := w.FetchObject(w.write(directPayin, asked))
		require.Equal(t, row.code, reply.At("code"), name)
	}
	w.makes(directPayin, cameroon)
	require.Equal(t, 1, w.Sim.Asked())
}

func TestAuthorization(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, row := range map[string]struct {
		key, client string
		status      int
		code        string
	}{
		"an unknown key": {"sandbox-key-fr", novasend.APIClient, 404, "api_token_not_found"},
		"a wrong client": {"sandbox-key-ci", "guess", 403, "api_token_invalid"},
		"no key":         {"", "", 404, "api_token_not_found"},
	} {
		for _, path := range []string{"/v1/balance", "/v1/payin/R1"} {
			req := w.Request(http.MethodGet, path, nil)
			req.SetBasicAuth(row.key, row.client)
			w.refused(name, req, row.status, row.code)
		}
	}
	req := w.write(sessions, seed("R1", number("123456")))
	req.Header.Set("Authorization", "Bearer sandbox-key-ci")
	w.refused("a bearer token", req, 401, "unauthorized")
	got := w.Fetch(w.Request(http.MethodGet, "/v1/balance", nil))
	require.Equal(t, 401, got.Status)
	require.Equal(t, "Basic", got.Header.Get("WWW-Authenticate"))
	for name, change := range map[string]func(http.Header){
		"no idempotency key":     func(h http.Header) { h.Del("X-Idempotency-Key") },
		"a key that is no UUID":  func(h http.Header) { h.Set("X-Idempotency-Key", "R1") },
		"no content type":        func(h http.Header) { h.Del("Content-Type") },
		"a form for a JSON body": func(h http.Header) { h.Set("Content-Type", "application/x-www-form-urlencoded") },
	} {
		req := w.write(sessions, seed("R1", number("123456")))
		change(req.Header)
		w.refused(name, req, 400, "invalid_request")
	}
	w.books(map[string]int64{})
}

// TestFindOrders reads orders by both identifiers, in their family and from
// their account.
func TestFindOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := map[string]string{
		"session": w.makes(sessions, current("IN", number("123456"))).At("id"),
		"direct":  w.makes(directPayin, direct("DIN", number("123456"), nil)).At("id"),
		"payout":  w.makes(payout, current("OUT", number("123456"))).At("id"),
		"dpayout": w.makes(directPayout, paysOut("DOUT", number("123456"), nil)).At("id"),
	}
	found := map[string]string{
		"/v1/payin/IN": "IN", "/v1/payin/DIN": "DIN", "/v1/payout/OUT": "OUT", "/v1/direct/payout/DOUT": "DOUT",
		"/v1/payin/" + ids["session"]: "IN", "/v1/payin/" + ids["direct"]: "DIN", "/v1/payout/" + ids["payout"]: "OUT",
		"/v1/direct/payout/" + ids["dpayout"]: "DOUT",
	}
	for path, reference := range found {
		w.shows(path, fields{"reference": reference})
	}
	for _, path := range []string{
		"/v1/payin/OUT", "/v1/payout/IN", "/v1/payout/DOUT", "/v1/direct/payout/OUT", "/v1/payin/NONE", "/v1/payin/IN/refund",
		"/v1/payin/" + ids["payout"], "/v1/payin/NONE/refund",
	} {
		w.refused(path, w.signed(w.Request(http.MethodGet, path, nil)), 404, "transaction_does_not_exist")
	}
	w.country = "TG"
	for path := range found {
		w.refused(path+" from elsewhere", w.signed(w.Request(http.MethodGet, path, nil)), 404, "transaction_does_not_exist")
	}
	w.refused("a method there is not", w.signed(w.Request(http.MethodDelete, "/v1/payin/IN", nil)), 404, "not_found")
}

func TestBalance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"float": 1000000}`)
	w.makes(payout, current("PAID", number("123456")))
	w.makes(payout, current("WAITS", number("444444")).With(fields{"amount": 1000}))
	w.makes(payout, current("FAILS", number("222222")))
	w.makes(sessions, current("IN", number("123456")))
	got := w.Fetch(w.signed(w.Request(http.MethodGet, "/v1/balance", nil))).Body
	want := `[{"balance":999694,"availableBalance":998694,"reference":"sandbox-account-ci","currency":"XOF"}]`
	require.Equal(t, want, got)
	w.SetSwitches(`{"float": 500}`)
	w.refused("a payout above the float", w.write(payout, current("MORE", number("123456")).With(fields{"amount": 501})),
		403, "wallet_not_enough_cash")
	w.makes(payout, current("REST", number("123456")).With(fields{"amount": 500}))
	w.books(map[string]int64{"PAID": 300, "IN": 300, "REST": 500})
}

func TestBook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.makes(sessions, seed("IN", number("999999")))
	w.makes(payout, current("OUT", number("123456")))
	var read struct{ Orders, Paid []fields }
	require.NoError(t, json.Unmarshal([]byte(w.Fetch(w.Request(http.MethodGet, "/book", nil)).Body), &read))
	require.Len(t, read.Orders, 2)
	require.Len(t, read.Paid, 2)
	require.Equal(t, 2, w.Sim.Asked())
	first, second := read.Paid[0], read.Paid[1]
	require.Equal(t, "150", first.At("amount"))
	require.Equal(t, "300", first.At("asked"))
	require.Equal(t, "in", first.At("direction"))
	require.Equal(t, "out", second.At("direction"))
	require.Equal(t, "OUT", second.At("order_id"))
	require.Equal(t, "+2250700123456", second.At("msisdn"))
	require.Equal(t, "sandbox-account-ci", read.Orders[0].At("account"))
}
