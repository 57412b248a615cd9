package digitalpaye_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"pirogue/sandbox/digitalpaye"
)

// TestATransferInV2 compares a response with the seed, field by field.
func TestATransferInV2(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.Fetch(w.opening("v2", "out", "TICK-1111379110832", "0700123456", fields{"amount": 100}))
	want := `{"code_status":200,"status":"SUCCESSFUL","message":"PAYMENT_IS_SUCCESSFUL","data":{"linkpayment_id":null,` +
		`"ref":"RCI-DIGITALP-7698","operator_id":null,"transaction_id":"TICK-1111379110832","cardId":null,` +
		`"number_user":"+2250700123456","name_user":"KOUASSI Awa","email_user":null,"country_user":"CI","currency":"XOF",` +
		`"amount":"100","fees":"1","amount_receive":"100","amount_total":"101","status":"SUCCESSFUL",` +
		`"type_transaction":"transfert","type_payment":"MTN_MONEY_CI","date":"2026-03-12 09:30:00","date_update":null}}`
	if got.Status != http.StatusOK || got.Body != want {
		t.Errorf("the answer is %d %s", got.Status, got.Body)
	}
}

// TestACollectionInV1 compares a response and the following status with the current pages.
func TestACollectionInV1(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := "b553d176-9152-4537-a536-4ad320ec773c"
	status, reply := w.Object(
		w.opening("v1", "in", id, "0701020304", fields{"amount": "310", "operator": "ORANGE_MONEY_CI"}),
	)
	if status != http.StatusAccepted || reply["statusCode"] != 202.0 || reply.Text("message") != "Successful" ||
		reply["code_status"] != nil {
		t.Errorf("the answer is %d %v", status, reply)
	}
	opened := reply.Object("data")
	for name, want := range map[string]string{
		"transactionId": id, "currency": "XOF", "amount": "310", "fees": "6.2", "amountReceive": "303.8",
		"amountTotal": "310", "phone": "0701020304", "status": "PENDING", "typeTransaction": "collecte",
		"operator": "ORANGE_MONEY_CI", "createdAt": "2026-03-12T09:30:00.000Z",
	} {
		if got := opened.Text(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	customer, isObject := opened["customer"].(map[string]any)
	if !isObject || customer["lastName"] != "KOUASSI" || customer["phoneNumber"] != "0701020304" || customer["id"] == "" {
		t.Errorf("the customer is %v", opened["customer"])
	}
	ref := opened.Text("ref")
	if len(ref) != 10 {
		t.Errorf("the ref is %q", ref)
	}
	w.Clock.Advance(10 * time.Second)
	status, reply = w.get("/v1/transaction/" + ref)
	if status != http.StatusOK || reply["statusCode"] != 200.0 || reply.Object("data").Text("status") != "SUCCESSFUL" {
		t.Errorf("the status is %d %v", status, reply)
	}
}

// TestEveryShapeReadsEveryOrder opens in one shape and reads in another, by ref and id.
func TestEveryShapeReadsEveryOrder(t *testing.T) {
	t.Parallel()
	inEveryShape(t, func(t *testing.T, shape string) {
		w := newWorld(t)
		opened := w.opens(shape, "out", "R1", "0700123456", fields{"operator": dialects[shape].words["wave"]})
		for name, d := range dialects {
			for _, x := range []string{"R1", opened.Text("ref")} {
				got := w.reads(name, x)
				if got.Text(d.id) != "R1" || got.Text("ref") != opened.Text("ref") || got.Text(d.operator) != d.words["wave"] ||
					got.Text(d.kind) != d.out || got.Text("fees") != "22.5" || got.Text(d.total) != "1522.5" ||
					got.Text(d.receive) != "1500" {
					t.Errorf("%s reads %s as %v", name, x, got)
				}
			}
		}
	})
}

// TestTheSDKReadsCodeStatus checks the codes that the PHP SDK reads: 202 is pending, 200 is
// done, any other is a failure.
func TestTheSDKReadsCodeStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opens("sdk", "in", "PAID", "0700123456")
	w.opens("sdk", "in", "WAITS", "0701020304")
	w.opens("sdk", "in", "REFUSED", "0700222222")
	w.Clock.Advance(2 * time.Second)
	for id, want := range map[string]float64{"PAID": 200, "WAITS": 202, "REFUSED": 400} {
		if status, reply := w.get("/v1/get-status-payment/" + id); status != http.StatusOK || reply["code_status"] != want {
			t.Errorf("%s answers %d %v", id, status, reply)
		}
		if status, reply := w.get("/v1/transaction/" + id); status != http.StatusOK || reply["statusCode"] != 200.0 ||
			reply.Text("message") != "Successful" {
			t.Errorf("%s in v1, where 200 is that it was found, answers %d %v", id, status, reply)
		}
	}
}

// TestNetworksAndFees pays through each network both ways, in the words of each shape.
func TestNetworksAndFees(t *testing.T) {
	t.Parallel()
	fees := map[string][2]string{
		"orange": {"30", "15"}, "mtn": {"22.5", "15"}, "moov": {"22.5", "15"}, "wave": {"22.5", "22.5"},
	}
	inEveryShape(t, func(t *testing.T, shape string) {
		w := newWorld(t)
		for network, word := range dialects[shape].words {
			for i, way := range []string{"in", "out"} {
				got := w.opens(shape, way, network+"-"+way, "0701020304", fields{"operator": word})
				if got.Text("fees") != fees[network][i] || got.Text(dialects[shape].operator) != word {
					t.Errorf("%s %s answers %v", network, way, got)
				}
				if _, linked := got["wave_launch_url"]; linked != (network == "wave" && way == "in") {
					t.Errorf("%s %s brings a link: %v", network, way, linked)
				}
			}
		}
	})
	w := newWorld(t)
	if got := w.opens(
		"v2", "out", "TABLE", "0701020304", fields{"operator": "ORANGE_MONEY"},
	); got.Text("type_payment") != "ORANGE_MONEY_CI" {
		t.Errorf("the word of v2's table answers %v", got)
	}
}

// TestOrdersAreRefused checks that a refusal names the field in the words of the shape, and
// that nothing is stored.
func TestOrdersAreRefused(t *testing.T) {
	t.Parallel()
	type row struct {
		shape, way string
		change     fields
		want       string // message of v2 and sdk; the field in v1's reason
	}
	for name, r := range map[string]row{
		"no transaction id": {"v2", "in", fields{"transaction_id": ""}, "INVALID_TRANSACTION_ID"},
		"an id of 21 characters": {
			"v2", "out", fields{"transaction_id": strings.Repeat("x", 21)}, "INVALID_TRANSACTION_ID",
		},
		"the same in the SDK's shape": {
			"sdk", "out", fields{"transaction_id": strings.Repeat("x", 21)}, "INVALID_TRANSACTION_ID",
		},
		"an id of 37 characters in v1": {
			"v1", "out",
			fields{"transactionId": strings.Repeat("x", 37)},
			"transactionId",
		},
		"an id with a slash":          {"v2", "in", fields{"transaction_id": "a/b"}, "INVALID_TRANSACTION_ID"},
		"another country":             {"v2", "in", fields{"code_country": "SN"}, "INVALID_CODE_COUNTRY"},
		"another currency":            {"v2", "in", fields{"currency": "XAF"}, "INVALID_CURRENCY"},
		"another currency in v1":      {"v1", "in", fields{"currency": "EUR"}, "currency"},
		"an international number":     {"v2", "in", fields{"customer_id": "+2250700123456"}, "INVALID_CUSTOMER_ID"},
		"a number of eight digits":    {"v2", "out", fields{"customer_id": "00123456"}, "INVALID_CUSTOMER_ID"},
		"a number without its zero":   {"v1", "in", fields{"payer": "7001234567"}, "payer"},
		"a number that is no text":    {"v2", "in", fields{"customer_id": 700123456}, "INVALID_CUSTOMER_ID"},
		"a recipient by another name": {"v1", "out", fields{"recipient": nil, "payer": "0700123456"}, "recipient"},
		"no name":                     {"v2", "in", fields{"name_user": ""}, "INVALID_NAME_USER"},
		"the name of a collection":    {"v2", "out", fields{"name": nil, "name_user": "KOUASSI Awa"}, "INVALID_NAME"},
		"no customer":                 {"v1", "in", fields{"customer": nil}, "customer"},
		"a customer of another country": {
			"v1", "in",
			fields{"customer": fields{
				"lastName": "K", "firstName": "A", "phone": "0",
				"address": fields{"countryCode": "ML"},
			}},
			"customer",
		},
		"an email that is none": {
			"v1", "in",
			fields{
				"customer": fields{
					"lastName": "K", "firstName": "A", "phone": "0", "email": "awa",
					"address": fields{"countryCode": "CI"},
				},
			},
			"customer",
		},
		"99 francs":                        {"v2", "in", fields{"amount": 99}, "INVALID_AMOUNT"},
		"a million and one":                {"v2", "out", fields{"amount": 1_000_001}, "INVALID_AMOUNT"},
		"an amount that is text":           {"v2", "in", fields{"amount": "1500"}, "INVALID_AMOUNT"},
		"an amount with a fraction":        {"v2", "in", fields{"amount": 1500.5}, "INVALID_AMOUNT"},
		"an amount that is a number in v1": {"v1", "in", fields{"amount": 1500}, "amount"},
		"a decimal amount in v1":           {"v1", "in", fields{"amount": "1500.00"}, "amount"},
		"99 francs in v1":                  {"v1", "out", fields{"amount": "99"}, "amount"},
		"the SDK's word in v2":             {"v2", "in", fields{"operator": "WAVE_CI"}, "INVALID_OPERATOR"},
		"v2's word in v1":                  {"v1", "in", fields{"operator": "MOOV_MONEY_CI"}, "operator"},
		"no operator":                      {"v2", "in", fields{"operator": ""}, "INVALID_OPERATOR"},
		"a wrong OTP": {
			"v2", "in", fields{"operator": "ORANGE_MONEY_CI", "code_otp": "000000"}, "INVALID_CODE_OTP",
		},
		"a wrong OTP in v1": {"v1", "in", fields{"operator": "ORANGE_MONEY_CI", "codeOtp": "000000"}, "OTP"},
		"a Wave address that is none": {
			"v2", "in", fields{"operator": "WAVE_MONEY_CI", "url_success": "shop"}, "INVALID_URL_SUCCESS",
		},
		"an error address that is none": {
			"v1", "in", fields{"operator": "WAVE_MONEY_CI", "errorUrl": "javascript:alert(1)"}, "urlError",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			status, reply := w.Object(w.opening(r.shape, r.way, "R1", "0700123456", r.change))
			right := reply.Text("message") == r.want && reply["status"] == "ERROR" && reply["code_status"] == 400.0
			if r.shape == "v1" {
				right = reply.Text("message") == "BadRequestError" && reply["statusCode"] == 400.0 &&
					strings.Contains(reply.Text("reason"), r.want)
			}
			if status != http.StatusBadRequest || !right {
				t.Errorf("it answers %d %v", status, reply)
			}
			if w.Sim.Asked() != 0 {
				t.Error("the order is kept all the same")
			}
		})
	}
}

// TestOTPsThatAreTaken sends the right OTP, none at all, and any OTP for other networks.
func TestOTPsThatAreTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opens("v2", "in", "RIGHT", "0700123456", fields{"operator": "ORANGE_MONEY_CI", "code_otp": digitalpaye.OTP})
	w.opens("v2", "in", "EMPTY", "0700123456", fields{"operator": "ORANGE_MONEY_CI", "code_otp": ""})
	w.opens("v1", "in", "NONE", "0700123456", fields{"operator": "ORANGE_MONEY_CI"})
	w.opens("v1", "in", "SNAKE", "0700123456", fields{"operator": "ORANGE_MONEY_CI", "code_otp": digitalpaye.OTP})
	w.opens("v2", "in", "MTN", "0700123456", fields{"code_otp": "000000"})
	w.opens("v2", "out", "OUT", "0700123456", fields{"operator": "ORANGE_MONEY_CI", "code_otp": "000000"})
}

// TestATransactionIDIsUsedOnce repeats an id with other values, in each direction and
// shape. It is refused, and nothing is executed.
func TestATransactionIDIsUsedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opens("v2", "in", "R1", "0700123456")
	for shape, want := range usedTwice {
		for _, way := range []string{"in", "out"} {
			status, reply := w.Object(w.opening(shape, way, "R1", "0701020304"))
			if status != want ||
				!strings.Contains(reply.Text("message")+reply.Text("reason"), "TRANSACTION_ID_ALREADY_EXISTS") ||
				reply["data"] != nil {
				t.Errorf("%s %s answers %d %v", shape, way, status, reply)
			}
		}
	}
	w.books(1500)
	if w.Sim.Asked() != 1 {
		t.Errorf("%d orders are kept", w.Sim.Asked())
	}
}

func TestBodiesThatAreNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, raw := range map[string]string{
		"cut short": `{"transaction_id": "R1`, "a list": `[1]`, "nothing": " ", "no id": `{"amount": 100}`,
		"too large": `{"transaction_id": "` + strings.Repeat("x", 1<<16) + `"}`,
	} {
		for _, path := range []string{"/v2/collecte/mobile-money", "/v1/collecte/mobile-money", "/v1/transfer/mobile-money"} {
			status, reply := w.post(path, raw)
			if status != http.StatusBadRequest {
				t.Errorf("%s at %s answers %d %v", name, path, status, reply)
			}
			if both := reply["code_status"] != nil && reply["statusCode"] != nil; both != (path == "/v1/collecte/mobile-money") {
				t.Errorf("%s at %s speaks %v", name, path, reply)
			}
		}
	}
}

func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, row := range map[string]struct {
		header, value string
		status        int
		v2            string
	}{
		"no token":              {"Authorization", "", 401, "TOKEN_EXPIRED"},
		"a basic password":      {"Authorization", "Basic eDp5", 401, "TOKEN_EXPIRED"},
		"somebody else's token": {"Authorization", "Bearer e30.e30.e30", 401, "TOKEN_EXPIRED"},
		"no environment":        {"X-Environment", "", 400, "INVALID_X-ENVIRONMENT"},
		"a made-up environment": {"X-Environment", "Staging", 400, "INVALID_X-ENVIRONMENT"},
		"another content type":  {"Content-Type", "text/plain", 400, "INVALID_CONTENT-TYPE"},
	} {
		for shape := range dialects {
			req := w.opening(shape, "in", "R1", "0700123456")
			req.Header.Set(row.header, row.value)
			status, reply := w.Object(req)
			class := map[int]string{400: "BadRequestError", 401: "UnauthorizedError"}[row.status]
			if shape != "v1" {
				class = row.v2
			}
			if status != row.status || reply.Text("message") != class {
				t.Errorf("%s in %s answers %d %v", name, shape, status, reply)
			}
		}
	}
	req := w.opening("v2", "in", "R1", "0700123456")
	req.Header.Set("X-Environment", "Production")
	if status, reply := w.Object(req); status != http.StatusOK {
		t.Errorf("Production answers %d %v", status, reply)
	}
}

// TestATokenLivesTenMinutes reads a token's claims and waits for its expiry.
func TestATokenLivesTenMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, reply := w.Object(w.auth(digitalpaye.APIKey, digitalpaye.APISecret))
	parts := strings.Split(reply.Object("data").Text("token"), ".")
	if status != http.StatusOK || reply.Text("message") != "Successful" || len(parts) != 3 {
		t.Fatalf("the token call answers %d %v", status, reply)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	var said struct{ IAT, Exp float64 }
	if err != nil || json.Unmarshal(raw, &said) != nil || said.Exp-said.IAT != 600 ||
		reply.Object("data")["exp"] != said.Exp {
		t.Errorf("the token says %s, the answer %v", raw, reply)
	}
	old := w.call(http.MethodGet, "/v2/balance", nil)
	w.Clock.Advance(600*time.Second - 1)
	if got := w.Fetch(old.Clone(t.Context())); got.Status != http.StatusOK {
		t.Errorf("a token that lives answers %d", got.Status)
	}
	w.Clock.Advance(1)
	if got := w.Fetch(old); got.Status != http.StatusUnauthorized || !strings.Contains(got.Body, "TOKEN_EXPIRED") {
		t.Errorf("a token that ended answers %d %s", got.Status, got.Body)
	}
}

func TestCredentialsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, row := range map[string]struct {
		req    *http.Request
		status int
		class  string
	}{
		"a wrong key":    {w.auth("x", digitalpaye.APISecret), 401, "UnauthorizedError"},
		"a wrong secret": {w.auth(digitalpaye.APIKey, "x"), 401, "UnauthorizedError"},
		"none":           {w.Request(http.MethodPost, "/v1/auth", nil), 400, "BadRequestError"},
	} {
		if status, reply := w.Object(row.req); status != row.status || reply.Text("message") != row.class ||
			reply.Text("reason") == "" {
			t.Errorf("%s answers %d %v", name, status, reply)
		}
	}
	req := w.auth(digitalpaye.APIKey, digitalpaye.APISecret)
	req.Header.Del("X-Environment")
	if status, _ := w.Object(req); status != http.StatusBadRequest {
		t.Errorf("no environment answers %d", status)
	}
}

// TestWhatThereIsNot checks that an unknown transaction is reported in the words of the
// shape.
func TestWhatThereIsNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, code := range map[string]string{
		"/v2/get-status-payment/NONE": "code_status", "/v1/get-status-payment/NONE": "code_status",
		"/v1/transaction/NONE": "statusCode", "/v1/customers/NONE": "statusCode",
	} {
		if status, reply := w.get(path); status != http.StatusNotFound || reply[code] != 404.0 ||
			reply.Text("message") != "NotFoundError" {
			t.Errorf("%s answers %d %v", path, status, reply)
		}
	}
	for _, path := range []string{"/", "/v2/refunds", "/v1/collecte/mobile-money", "/oauth/token"} {
		if status, _ := w.get(path); status != http.StatusNotFound {
			t.Errorf("%s answers %d", path, status)
		}
	}
}
