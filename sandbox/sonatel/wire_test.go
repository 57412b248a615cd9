package sonatel_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

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
		"the documented path grants":    {"/oauth/v1/token", id, secret, "client_credentials", 200, ""},
		"the older path grants as well": {"/oauth/token", id, secret, "client_credentials", 200, ""},
		"a wrong secret is not authorized": {
			"/oauth/v1/token", id, "guess", "client_credentials", 401, "unauthorized_client",
		},
		"an unknown client is not valid": {
			"/oauth/v1/token", "someone", secret, "client_credentials", 401, "invalid_client",
		},
		"a password is not what it grants": {"/oauth/v1/token", id, secret, "password", 400, "unsupported_grant_type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, reply := w.grant(row.path, url.Values{
				"grant_type": {row.grant}, "client_id": {row.id}, "client_secret": {row.secret},
			})
			if status != row.want || (row.says != "" && reply["error"] != row.says) {
				t.Fatalf("answers %d %v", status, reply)
			}
			if row.want == http.StatusOK && (reply["expires_in"] != 299.0 || reply["token_type"] != "bearer" ||
				strings.Count(reply.Text("access_token"), ".") != 2 || reply.Text("refresh_token") == "") {
				t.Errorf("a grant says %v", reply)
			}
		})
	}
	req := w.Form("/oauth/v1/token", "grant_type", "client_credentials")
	req.SetBasicAuth(id, secret)
	if status, reply := w.Object(req); status != http.StatusOK {
		t.Errorf("HTTP Basic answers %d %v", status, reply)
	}
}

func TestCallsNeedATokenAndAContentType(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(*world, *http.Request)
		want   int
		code   string
	}{
		"all is well": {func(*world, *http.Request) {}, 200, ""},
		"a token in its last second": {
			func(w *world, _ *http.Request) { w.Clock.Advance(298 * time.Second) }, 200, "",
		},
		"an expired token": {
			func(w *world, _ *http.Request) { w.Clock.Advance(299 * time.Second) }, 401, "10",
		},
		"a token nobody gave": {
			func(_ *world, r *http.Request) { r.Header.Set("Authorization", "Bearer a.b.c") }, 401, "10",
		},
		"a token without a seal": {
			func(_ *world, r *http.Request) { r.Header.Set("Authorization", "Bearer abc") }, 401, "10",
		},
		"no token": {
			func(_ *world, r *http.Request) { r.Header.Del("Authorization") }, 401,
			"10",
		},
		"no content type, and no content": {
			func(_ *world, r *http.Request) { r.Header.Del("Content-Type") }, 415,
			"25",
		},
		"another content type": {
			func(_ *world, r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415, "25",
		},
		"a content type that says its words": {
			func(_ *world, r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=utf-8") }, 200,
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			req := w.call(http.MethodGet, accountPath+"?type=customer&msisdn=770123456", nil)
			row.change(w, req)
			if status, reply := w.Object(req); status != row.want || (row.code != "" && reply["code"] != row.code) {
				t.Errorf("answers %d %v, want %d", status, reply, row.want)
			}
		})
	}
	w := newWorld(t)
	w.Set(`{"content_type_required_on_get": false}`)
	req := w.call(http.MethodGet, transactions, nil)
	req.Header.Del("Content-Type")
	if got := w.Fetch(req); got.Status != http.StatusOK {
		t.Errorf("with the quirk off a GET without a content type answers %d", got.Status)
	}
	_, grant := w.grant("/oauth/v1/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {sonatel.ClientID}, "client_secret": {sonatel.ClientSecret},
	})
	w.bearer = grant.Text("refresh_token")
	if status, _ := w.get(transactions); status != http.StatusUnauthorized {
		t.Errorf("a refresh token opens the door: %d", status)
	}
}

func TestAProblemIsWrittenAsSonatelDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.Fetch(
		w.call(http.MethodPost, cashins, w.deposit("R1", "770123456", fields{"amount": fields{
			"value": 0,
			"unit":  "XOF",
		}})),
	)
	if got.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("the content type is %q", got.Header.Get("Content-Type"))
	}
	want :=
		`{"type":"bad-request","title":"Bad Request","instance":"/api/eWallet/v1/cashins","status":"400","code":"20",` +
			`"detail":"The request is not valid.","violations":[{"field":"amount.value",` +
			`"message":"must be a whole number above 0"}]}`
	if got.Body != want {
		t.Errorf("says\n%s, want\n%s", got.Body, want)
	}
}

// TestDepositsAreRefused makes one field at a time invalid. No such call costs a try of the
// PIN or appears in the history.
func TestDepositsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := func(id string) fields { return fields{"customer": fields{"idType": "MSISDN", "id": id}} }
	money := func(value any, unit string) fields {
		return fields{"amount": fields{"value": value, "unit": unit}}
	}
	entries := fields{}
	for i := range 11 {
		entries[fmt.Sprint(i)] = "x"
	}
	for name, row := range map[string]struct {
		change fields
		code   string
	}{
		"a number with its country code": {customer("221770123456"), "2001"},
		"a number with a plus sign":      {customer("+770123456"), "2001"},
		"a customer named by a code":     {fields{"customer": fields{"idType": "CODE", "id": "770123456"}}, "20"},
		"a wallet there is not": {
			fields{"customer": fields{"idType": "MSISDN", "id": "770123456", "walletType": "GOLD"}}, "20",
		},
		"another retailer": {
			fields{"partner": fields{"idType": "MSISDN", "id": "770000009", "encryptedPinCode": "x"}}, "2042",
		},
		"a retailer without a PIN": {
			fields{"partner": fields{"idType": "MSISDN", "id": sonatel.RetailerMSISDN}}, "20",
		},
		"a PIN that is not encrypted": {
			fields{"partner": fields{
				"idType": "MSISDN", "id": sonatel.RetailerMSISDN,
				"encryptedPinCode": sonatel.PIN,
			}}, "4003",
		},
		"half a franc":                      {money(10.5, "XOF"), "22"},
		"nothing":                           {money(0, "XOF"), "20"},
		"less than nothing":                 {money(-5, "XOF"), "20"},
		"more than there is":                {money(100_000_000_001, "XOF"), "20"},
		"another currency":                  {money(500, "XAF"), "20"},
		"a reference of 51 characters":      {fields{"reference": strings.Repeat("é", 51)}, "20"},
		"eleven entries of metadata":        {fields{"metadata": entries}, "20"},
		"metadata that is not text":         {fields{"metadata": fields{"n": 1}}, "20"},
		"a date that is none":               {fields{"requestDate": "yesterday"}, "20"},
		"more than the float":               {money(1_000_000_001, "XOF"), "2021"},
		"metadata of more than 255 bytes":   {fields{"metadata": fields{"x": strings.Repeat("x", 256)}}, "20"},
		"a callback address that is a path": {fields{"callback": "/path"}, "20"},
	} {
		req := w.call(http.MethodPost, cashins, w.deposit("R1", "770123456", row.change))
		if address, named := row.change["callback"].(string); named {
			req.Header.Set("X-Callback-Url", address)
		}
		if status, reply := w.Object(req); status != http.StatusBadRequest || reply["code"] != row.code {
			t.Errorf("%s answers %d %v, want %s", name, status, reply, row.code)
		}
	}
	if now := w.Sim.Switches(); *now.WrongPINs != 0 || len(w.Sim.Transactions()) != 0 {
		t.Errorf("what was refused left %d tries and %v", *now.WrongPINs, w.Sim.Transactions())
	}
}

func TestDepositsAreAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]fields{
		"an amount in quotes":          {"amount": fields{"value": "10", "unit": "XOF"}},
		"an amount with a zero behind": {"amount": fields{"value": 10.0, "unit": "XOF"}},
		"a reference of 50 characters": {"reference": strings.Repeat("é", 50)},
		"no reference and no metadata": {"reference": nil, "metadata": nil},
		"a wallet and a date": {
			"customer":    fields{"idType": "MSISDN", "id": "770123456", "walletType": "BONUS"},
			"requestDate": "2026-03-12T09:30:00Z",
		},
		"fields nobody knows":           {"colour": "blue"},
		"a single franc":                {"amount": fields{"value": 1, "unit": "XOF"}},
		"an amount written as 500.0000": {"amount": fields{"value": "500.0000", "unit": "XOF"}},
	} {
		status, reply := w.post(cashins, w.deposit("R1", "770123456", change))
		if status != http.StatusOK || !strings.HasPrefix(reply.Text("transactionId"), "CI260312.0930.A") ||
			reply["requestId"] == "" || reply["description"] == "" {
			t.Errorf("%s answers %d %v", name, status, reply)
		}
	}
}

// TestABulkOfDeposits follows five lines of one call. The float is too low for the last.
func TestABulkOfDeposits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"balance": 150000}`)
	lines := []fields{}
	for _, customer := range []string{
		"770123456", "770111111", "770222222", "770543210", "770999999", "770444444", "770123456",
	} {
		lines = append(lines, w.deposit("R-"+customer, customer))
	}
	req := w.call(http.MethodPost, bulkCashins, lines)
	req.Header.Set("X-Callback-Url", w.Inbox.Hook())
	status, reply := w.Object(req)
	if status != http.StatusOK || reply["status"] != "PENDING" {
		t.Fatalf("answers %d %v", status, reply)
	}
	w.WaitsFor(4)
	w.Clock.Advance(time.Minute)
	got := map[string]int{}
	for _, line := range w.search("bulkId=" + reply.Text("bulkId")) {
		got[line.Text("status")]++
	}
	if fmt.Sprint(got) != "map[FAILED:1 REJECTED:3 SUCCESS:3]" {
		t.Errorf("the lines end %v", got)
	}
	w.Notices(7)
	if len(w.Sim.Book()) != 3 {
		t.Errorf("seven lines ended, and the book says %v", w.Sim.Book())
	}
}

func TestBulksAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := make([]fields, 501)
	for name, body := range map[string]any{
		"no deposit at all": []fields{},
		"501 deposits":      long,
		"an object":         w.deposit("R1", "770123456"),
		"a line with a bad PIN": []fields{
			w.deposit("R1", "770123456"),
			w.deposit(
				"R2", "770123456",
				fields{
					"partner": fields{
						"idType": "MSISDN", "id": sonatel.RetailerMSISDN,
						"encryptedPinCode": w.encrypted("0000"),
					},
				},
			),
		},
		"a line without a number": []fields{w.deposit("R1", "")},
	} {
		if status, reply := w.post(bulkCashins, body); status != http.StatusBadRequest {
			t.Errorf("%s answers %d %v", name, status, reply)
		}
	}
	if kept := w.Sim.Transactions(); len(kept) != 0 {
		t.Errorf("refused bulks left %v", kept)
	}
}

func TestRoutesRefuseWhatTheyDoNotServe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, row := range map[string]struct {
		method, path, body string
		want               int
	}{
		"reading a call":               {"GET", cashins, "", 404},
		"the history of another API":   {"GET", "/api/eWallet/v4/transactions", "", 404},
		"a refund, which there is not": {"POST", "/api/eWallet/v1/refunds", "{}", 404},
		"a body that is not JSON":      {"POST", cashins, "amount=1", 400},
		"a body that is a list":        {"POST", cashins, "[]", 400},
		"a body with a tail":           {"POST", cashins, "{}{}", 400},
		"a body over 512 KiB":          {"POST", cashins, `{"x":"` + strings.Repeat("x", 1<<19) + `"}`, 413},
		"the status of nothing":        {"GET", transactions + "/MP1/status", "", 404},
	} {
		if status, reply := w.Object(w.call(row.method, row.path, row.body)); status != row.want || reply["code"] == nil {
			t.Errorf("%s answers %d %v, want %d", name, status, reply, row.want)
		}
	}
}

func TestAFullSandboxRefusesRatherThanForgets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *sonatel.Options) { o.MaxOrders = 1 })
	w.deposits("R1", "770123456")
	w.makesCode("R2", "")
	for name, req := range map[string]*http.Request{
		"a second deposit": w.call(http.MethodPost, cashins, w.deposit("R3", "770123456")),
		"a second code":    w.codeCall("R3", ""),
	} {
		if status, reply := w.Object(req); status != http.StatusServiceUnavailable {
			t.Errorf("%s of one answers %d %v", name, status, reply)
		}
	}
}
