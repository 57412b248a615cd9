package digitalpaye_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/digitalpaye"
)

// TestTransferV2 compares a response with the seed, field by field.
func TestTransferV2(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.Fetch(w.opening("v2", "out", "TICK-1111379110832", "0700123456", fields{"amount": 100}))
	want := `{"code_status":200,"status":"SUCCESSFUL","message":"PAYMENT_IS_SUCCESSFUL","data":{"linkpayment_id":null,` +
		`"ref":"RCI-DIGITALP-7698","operator_id":null,"transaction_id":"TICK-1111379110832","cardId":null,` +
		`"number_user":"+2250700123456","name_user":"KOUASSI Awa","email_user":null,"country_user":"CI","currency":"XOF",` +
		`"amount":"100","fees":"1","amount_receive":"100","amount_total":"101","status":"SUCCESSFUL",` +
		`"type_transaction":"transfert","type_payment":"MTN_MONEY_CI","date":"2026-03-12 09:30:00","date_update":null}}`
	require.Equal(t, http.StatusOK, got.Status)
	require.Equal(t, want, got.Body)
}

// TestCollectionV1 compares a response and the following status with the current pages.
func TestCollectionV1(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := "b553d176-9152-4537-a536-4ad320ec773c"
	status, reply := w.FetchObject(
		w.opening("v1", "in", id, "0701020304", fields{"amount": "310", "operator": "ORANGE_MONEY_CI"}),
	)
	require.Equal(t, http.StatusAccepted, status, reply)
	require.EqualValues(t, 202.0, reply["statusCode"])
	require.Equal(t, "Successful", reply.Text("message"))
	require.Nil(t, reply["code_status"])
	opened := reply.Object("data")
	for name, want := range map[string]string{
		"transactionId": id, "currency": "XOF", "amount": "310", "fees": "6.2", "amountReceive": "303.8",
		"amountTotal": "310", "phone": "0701020304", "status": "PENDING", "typeTransaction": "collecte",
		"operator": "ORANGE_MONEY_CI", "createdAt": "2026-03-12T09:30:00.000Z",
	} {
		require.Equal(t, want, opened.Text(name), name)
	}
	customer, isObject := opened["customer"].(map[string]any)
	require.True(t, isObject, opened["customer"])
	require.EqualValues(t, "KOUASSI", customer["lastName"])
	require.EqualValues(t, "0701020304", customer["phoneNumber"])
	require.NotEmpty(t, customer["id"])
	ref := opened.Text("ref")
	require.Len(t, ref, 10)
	w.Clock.Advance(10 * time.Second)
	status, reply = w.get("/v1/transaction/" + ref)
	require.Equal(t, http.StatusOK, status, reply)
	require.EqualValues(t, 200.0, reply["statusCode"])
	require.Equal(t, "SUCCESSFUL", reply.Object("data").Text("status"))
}

// TestShapes opens in one shape and reads in another, by ref and id.
func TestShapes(t *testing.T) {
	t.Parallel()
	inEveryShape(t, func(t *testing.T, shape string) {
		w := newWorld(t)
		opened := w.opens(shape, "out", "R1", "0700123456", fields{"operator": dialects[shape].words["wave"]})
		for name, d := range dialects {
			for _, x := range []string{"R1", opened.Text("ref")} {
				got := w.reads(name, x)
				require.Equal(t, "R1", got.Text(d.id), "%v %v", name, x)
				require.Equal(t, opened.Text("ref"), got.Text("ref"), "%v %v", name, x)
				require.Equal(t, d.words["wave"], got.Text(d.operator), "%v %v", name, x)
				require.Equal(t, d.out, got.Text(d.kind), "%v %v", name, x)
				require.Equal(t, "22.5", got.Text("fees"), "%v %v", name, x)
				require.Equal(t, "1522.5", got.Text(d.total), "%v %v", name, x)
				require.Equal(t, "1500", got.Text(d.receive), "%v %v", name, x)
			}
		}
	})
}

// TestCodeStatus checks the codes that the PHP SDK reads: 202 is pending, 200 is
// done, any other is a failure.
func TestCodeStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opens("sdk", "in", "PAID", "0700123456")
	w.opens("sdk", "in", "WAITS", "0701020304")
	w.opens("sdk", "in", "REFUSED", "0700222222")
	w.Clock.Advance(2 * time.Second)
	for id, want := range map[string]float64{"PAID": 200, "WAITS": 202, "REFUSED": 400} {
		status, reply := w.get("/v1/get-status-payment/" + id)
		require.Equal(t, http.StatusOK, status, "%v %v", id, reply)
		require.EqualValues(t, want, reply["code_status"], id)
		status, reply = w.get("/v1/transaction/" + id)
		require.Equal(t, http.StatusOK, status, "%v %v", id, reply)
		require.EqualValues(t, 200.0, reply["statusCode"], id)
		require.Equal(t, "Successful", reply.Text("message"), id)
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
				require.Equal(t, fees[network][i], got.Text("fees"), way)
				require.Equal(t, word, got.Text(dialects[shape].operator), "%v %v", network, way)
				_, linked := got["wave_launch_url"]
				require.Equal(t, (network == "wave" && way == "in"), linked)
			}
		}
	})
	w := newWorld(t)
	got := w.opens(
		"v2", "out", "TABLE", "0701020304", fields{"operator": "ORANGE_MONEY"},
	)
	require.Equal(t, "ORANGE_MONEY_CI", got.Text("type_payment"))
}

// TestInvalidOrders checks that a refusal names the field in the words of the shape, and
// that nothing is stored.
func TestInvalidOrders(t *testing.T) {
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
			status, reply := w.FetchObject(w.opening(r.shape, r.way, "R1", "0700123456", r.change))
			right := reply.Text("message") == r.want && reply["status"] == "ERROR" && reply["code_status"] == 400.0
			if r.shape == "v1" {
				right = reply.Text("message") == "BadRequestError" && reply["statusCode"] == 400.0 &&
					strings.Contains(reply.Text("reason"), r.want)
			}
			require.Equal(t, http.StatusBadRequest, status, reply)
			require.True(t, right, reply)
			require.Equal(t, 0, w.Sim.Asked())
		})
	}
}

// TestOTP sends the right OTP, none at all, and any OTP for other networks.
func TestOTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opens("v2", "in", "RIGHT", "0700123456", fields{"operator": "ORANGE_MONEY_CI", "code_otp": digitalpaye.OTP})
	w.opens("v2", "in", "EMPTY", "0700123456", fields{"operator": "ORANGE_MONEY_CI", "code_otp": ""})
	w.opens("v1", "in", "NONE", "0700123456", fields{"operator": "ORANGE_MONEY_CI"})
	w.opens("v1", "in", "SNAKE", "0700123456", fields{"operator": "ORANGE_MONEY_CI", "code_otp": digitalpaye.OTP})
	w.opens("v2", "in", "MTN", "0700123456", fields{"code_otp": "000000"})
	w.opens("v2", "out", "OUT", "0700123456", fields{"operator": "ORANGE_MONEY_CI", "code_otp": "000000"})
}

// TestTransactionIDUsed repeats an id with other values, in each direction and
// shape. It is refused, and nothing is executed.
func TestTransactionIDUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opens("v2", "in", "R1", "0700123456")
	for shape, want := range usedTwice {
		for _, way := range []string{"in", "out"} {
			status, reply := w.FetchObject(w.opening(shape, way, "R1", "0701020304"))
			require.Equal(t, want, status, "%s %s: %v", shape, way, reply)
			require.Contains(t, reply.Text("message")+reply.Text("reason"), "TRANSACTION_ID_ALREADY_EXISTS", "%v %v", shape, way)
			require.Nil(t, reply["data"], "%v %v", shape, way)
		}
	}
	w.books(1500)
	require.Equal(t, 1, w.Sim.Asked())
}

func TestInvalidBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, raw := range map[string]string{
		"cut short": `{"transaction_id": "R1`, "a list": `[1]`, "nothing": " ", "no id": `{"amount": 100}`,
		"too large": `{"transaction_id": "` + strings.Repeat("x", 1<<16) + `"}`,
	} {
		for _, path := range []string{"/v2/collecte/mobile-money", "/v1/collecte/mobile-money", "/v1/transfer/mobile-money"} {
			status, reply := w.post(path, raw)
			require.Equal(t, http.StatusBadRequest, status, "%s %s: %v", name, path, reply)
			both := reply["code_status"] != nil && reply["statusCode"] != nil
			require.Equal(t, (path == "/v1/collecte/mobile-money"), both, name)
		}
	}
}

func TestAuthorization(t *testing.T) {
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
			status, reply := w.FetchObject(req)
			class := map[int]string{400: "BadRequestError", 401: "UnauthorizedError"}[row.status]
			if shape != "v1" {
				class = row.v2
			}
			require.Equal(t, row.status, status, "%s %s: %v", name, shape, reply)
			require.Equal(t, class, reply.Text("message"), "%v %v", name, shape)
		}
	}
	req := w.opening("v2", "in", "R1", "0700123456")
	req.Header.Set("X-Environment", "Production")
	status, reply := w.FetchObject(req)
	require.Equal(t, http.StatusOK, status, reply)
}

// TestToken reads a token's claims and waits for its expiry.
func TestToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, reply := w.FetchObject(w.auth(digitalpaye.APIKey, digitalpaye.APISecret))
	parts := strings.Split(reply.Object("data").Text("token"), ".")
	require.Equal(t, http.StatusOK, status, reply)
	require.Equal(t, "Successful", reply.Text("message"))
	require.Len(t, parts, 3)
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	var said struct{ IAT, Exp float64 }
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &said))
	require.EqualValues(t, 600, said.Exp-said.IAT)
	require.EqualValues(t, said.Exp, reply.Object("data")["exp"])
	old := w.call(http.MethodGet, "/v2/balance", nil)
	w.Clock.Advance(600*time.Second - 1)
	got := w.Fetch(old.Clone(t.Context()))
	require.Equal(t, http.StatusOK, got.Status)
	w.Clock.Advance(1)
	got = w.Fetch(old)
	require.Equal(t, http.StatusUnauthorized, got.Status)
	require.Contains(t, got.Body, "TOKEN_EXPIRED")
}

func TestInvalidCredentials(t *testing.T) {
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
		status, reply := w.FetchObject(row.req)
		require.Equal(t, row.status, status, "%v %v", name, reply)
		require.Equal(t, row.class, reply.Text("message"), name)
		require.NotEmpty(t, reply.Text("reason"), name)
	}
	req := w.auth(digitalpaye.APIKey, digitalpaye.APISecret)
	req.Header.Del("X-Environment")
	status, _ := w.FetchObject(req)
	require.Equal(t, http.StatusBadRequest, status)
}

// TestNotFound checks that an unknown transaction is reported in the words of the
// shape.
func TestNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, code := range map[string]string{
		"/v2/get-status-payment/NONE": "code_status", "/v1/get-status-payment/NONE": "code_status",
		"/v1/transaction/NONE": "statusCode", "/v1/customers/NONE": "statusCode",
	} {
		status, reply := w.get(path)
		require.Equal(t, http.StatusNotFound, status, "%v %v", path, reply)
		require.EqualValues(t, 404.0, reply[code], path)
		require.Equal(t, "NotFoundError", reply.Text("message"), path)
	}
	for _, path := range []string{"/", "/v2/refunds", "/v1/collecte/mobile-money", "/oauth/token"} {
		status, _ := w.get(path)
		require.Equal(t, http.StatusNotFound, status, path)
	}
}
