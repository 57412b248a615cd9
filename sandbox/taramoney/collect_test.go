package taramoney_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
)

// TestCMMobile compares cmmobile with the page, which has four fields.
func TestCMMobile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for phone, want := range map[string]fields{
		"696123456": {"ussdCode": "#150*50#", "vendor": "ORANGE_CAMEROON"},
		"655123456": {"ussdCode": "#150*50#", "vendor": "ORANGE_CAMEROON"},
		"677123456": {"ussdCode": "*126#", "vendor": "MTN_CAMEROON"},
		"654123456": {"ussdCode": "*126#", "vendor": "MTN_CAMEROON"},
		"680123456": {"ussdCode": "*126#", "vendor": "MTN_CAMEROON"},
	} {
		reply := w.accepted(cmmobile, w.collection("P-"+phone, phone, fields{"network": "wave"}))
		reply.Expect(t, phone, want)
		reply.Expect(t, phone, fields{"message": "API_ORDER_SUCESSFULL", "status": "SUCCESS"})
		require.Len(t, reply, 4, phone)
	}
	for _, line := range w.Sim.Book() {
		require.Equal(t, "XAF", line.Currency)
		require.True(t, strings.HasPrefix(line.MSISDN, "+2376"), line.MSISDN)
		require.Equal(t, engine.In, line.Direction)
	}
}

// TestMobilePay checks that the response has the webhook's identifier of the
// payment, and the network.
func TestMobilePay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, row := range map[string]struct {
		phone, network, vendor string
		ussd                   any // nil for none
		currency               string
	}{
		"a number of Orange":        {"237696123456", "", "ORANGE_CAMEROON", "#150*50#", "XAF"},
		"a number that was ported":  {"237696123456", "mtn", "MTN_CAMEROON", "*126#", "XAF"},
		"a network in capitals":     {"237677123456", "ORANGE", "ORANGE_CAMEROON", "#150*50#", "XAF"},
		"a number of Senegal":       {"221770123456", "", "ORANGE_SENEGAL", nil, "XOF"},
		"a number of Côte d'Ivoire": {"2250700123456", "moov", "MOOV_COTE_DIVOIRE", nil, "XOF"},
	} {
		reply := w.collects(name, row.phone, fields{"network": row.network})
		require.EqualValues(t, row.vendor, reply["vendor"], name)
		require.Equal(t, row.ussd, reply["ussdCode"], name)
		require.Nil(t, reply["authUrl"], name)
		payload := w.status(name).Inner(t, "payload")
		payload.Expect(t, name, fields{"paymentId": reply["transactionId"], "phoneNumber": row.phone})
		line := w.Sim.Book()[len(w.Sim.Book())-1]
		require.Equal(t, "+"+row.phone, line.MSISDN, name)
		require.Equal(t, row.currency, line.Currency, name)
		require.Equal(t, name, line.OrderID)
	}
}

// TestMagicNumbers follows each customer from the call to the webhook, the status and
// the book, with both calls.
func TestMagicNumbers(t *testing.T) {
	t.Parallel()
	const paid, poor, refused, silent = "API_ORDER_SUCESSFULL", "INSUFFICIENT_BALANCE", "PAYMENT_REFUSED_BY_CUSTOMER",
		"PAYMENT_EXPIRED"
	for digits, row := range map[string]struct {
		after           time.Duration
		status, message string
		webhooks        int
		booked          []int64
	}{
		"123456": {0, "SUCCESS", paid, 1, []int64{1000}},
		"111111": {2 * time.Second, "FAILURE", poor, 1, nil},
		"222222": {2 * time.Second, "FAILURE", refused, 1, nil},
		"333333": {10 * time.Minute, "FAILURE", silent, 1, nil},
		"444444": {30 * time.Second, "SUCCESS", paid, 1, []int64{1000}},
		"777777": {330 * time.Second, "SUCCESS", paid, 1, []int64{1000}},
		"888888": {0, "SUCCESS", paid, 3, []int64{1000}},
		"999999": {0, "SUCCESS", paid, 1, []int64{500}},
		"543210": {10 * time.Second, "SUCCESS", paid, 1, []int64{1000}},
	} {
		for path, phone := range map[string]string{cmmobile: "699" + digits, mobilepay: "237699" + digits} {
			t.Run(digits+path, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.accepted(path, w.collection("P1", phone))
				if row.after > 0 {
					w.Clock.Advance(row.after - time.Millisecond)
					w.stands("P1", "PENDING", "PAYMENT_PENDING")
					w.booked()
					w.Clock.Advance(time.Millisecond)
				}
				w.stands("P1", row.status, row.message)
				w.booked(row.booked...)
				amount := "1000" // a failed one shows the amount ordered
				if row.booked != nil {
					amount = strconv.FormatInt(row.booked[0], 10)
				}
				for _, n := range w.ExpectNotices(row.webhooks) {
					n.Fields.Expect(
						t, "the webhook", fields{
							"status": row.status, "productId": "P1", "phoneNumber": phone,
							"amount": amount,
						},
					)
				}
			})
		}
	}
}

// TestWebhookBeforeResponse checks that one of three webhooks arrives during the call.
func TestWebhookBeforeResponse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.collects("P1", "237699888888")
	require.NotEmpty(t, w.Inbox.All())
	w.ExpectNotices(3)
}

func TestDownForOneNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, body := range map[string]fields{
		cmmobile: w.collection("P1", "699555555"), mobilepay: w.collection("P1", "237699555555"),
		payouts: w.payout("R1", "237699555555"),
	} {
		status, reply := w.post(path, body)
		require.Equal(t, http.StatusServiceUnavailable, status, "%v %v", path, reply)
		require.EqualValues(t, "ERROR", reply["status"], path)
	}
	require.Equal(t, 0, w.Sim.Asked())
	w.stands("P1", "ERROR", "PAYMENT_FOR_TRANSACTION_NOT_FOUND")

	page := w.collects("P2", "237699444444", fields{"network": "wave"}).Inner(t, "authUrl").Text("url")
	w.SetSwitches(`{"force": "555555"}`)
	for _, path := range []string{statusPath, resendPath} {
		status, _ := w.post(path, signed(fields{"productId": "P2"}))
		require.Equal(t, http.StatusServiceUnavailable, status, path)
	}
	require.Equal(t, http.StatusServiceUnavailable, w.Visit(page).Status)
}

// TestLostResponse finds executed payments by status; every other call has a response.
func TestLostResponse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ExpectNoReply(w.Request(http.MethodPost, mobilepay, w.collection("P1", "237699666666")))
	w.stands("P1", "PENDING", "PAYMENT_PENDING")
	w.Clock.Advance(10 * time.Second)
	w.stands("P1", "SUCCESS", "API_ORDER_SUCESSFULL")
	w.booked(1000)
	w.collects("P2", "237699666666")
	w.ExpectNoReply(w.Request(http.MethodPost, payouts, w.payout("R1", "237699666666")))
	w.stands("R1", "SUCCESS", "API_ORDER_SUCESSFULL")
	w.booked(1000, -1000)
}

// TestRepeatedProduct sends the same product twice: the book has two orders.
func TestRepeatedProduct(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.collects("P1", "237699444444"), w.collects("P1", "237699123456")
	require.NotEqual(t, second["transactionId"], first["transactionId"])
	require.Equal(t, 2, w.Sim.Asked())
	w.collects("P1", "237699333333")
	w.stands("P1", "SUCCESS", "API_ORDER_SUCESSFULL").Inner(t, "payload").
		Expect(t, "the one that was paid", fields{"paymentId": second["transactionId"]})
	w.Clock.Advance(30 * time.Second)
	w.booked(1000, 1000)
	w.ExpectNotices(2)
	w.start() // without earlier payments
	w.collects("P1", "237699111111")
	third := w.collects("P1", "237699333333")
	w.Clock.Advance(time.Minute)
	w.stands("P1", "PENDING", "PAYMENT_PENDING").Inner(t, "payload").
		Expect(t, "the latest", fields{"paymentId": third["transactionId"]})
}

func TestInvalidCollections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, row := range map[string]struct {
		change fields
		says   string
	}{
		"without a product":         {fields{"productId": nil}, "productId"},
		"of a product of blanks":    {fields{"productId": " "}, "productId"},
		"of a product too long":     {fields{"productId": strings.Repeat("P", 256)}, "productId"},
		"of a product by number":    {fields{"productId": 7}, "productId"},
		"without a name":            {fields{"productName": ""}, "productName"},
		"for nothing":               {fields{"productPrice": 0}, "productPrice"},
		"for less than nothing":     {fields{"productPrice": -100}, "productPrice"},
		"for half a franc":          {fields{"productPrice": 100.5}, "productPrice"},
		"for a price in text":       {fields{"productPrice": "100"}, "productPrice"},
		"for more than there is":    {fields{"productPrice": 1_000_000_001}, "productPrice"},
		"without a price":           {fields{"productPrice": nil}, "productPrice"},
		"without a webhook":         {fields{"webHookUrl": nil}, "webHookUrl"},
		"with a webhook by mail":    {fields{"webHookUrl": "mailto:a@b.example"}, "webHookUrl"},
		"without a number":          {fields{"phoneNumber": nil}, "phoneNumber"},
		"of a number with a plus":   {fields{"phoneNumber": "+237699123456"}, "phoneNumber"},
		"of a number in digits":     {fields{"phoneNumber": 237699123456}, "phoneNumber"},
		"of a number of Mali":       {fields{"phoneNumber": "22376123456"}, "phoneNumber"},
		"of a number too short":     {fields{"phoneNumber": "23769912345"}, "phoneNumber"},
		"of a fixed line":           {fields{"phoneNumber": "237222123456"}, "phoneNumber"},
		"by a network there is not": {fields{"network": "vodafone"}, "network"},
	} {
		status, reply := w.post(mobilepay, w.collection("P1", "237699123456", row.change))
		require.Equal(t, http.StatusBadRequest, status, "%v %v", name, reply)
		require.EqualValues(t, "FAILURE", reply["status"], name)
		require.EqualValues(t, "INVALID_PARAMETER "+row.says, reply["message"], name)
	}
	for _, phone := range []string{"237699123456", "+237699123456", "0699123456", "222123456", "69912345"} {
		status, _ := w.post(cmmobile, w.collection("P1", phone))
		require.Equal(t, http.StatusBadRequest, status, phone)
	}
	status, _ := w.post(mobilepay, w.collection("P1", "699123456"))
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, 0, w.Sim.Asked())
}

// TestAuthorization checks the credentials on every path, before any other check.
func TestAuthorization(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{cmmobile, mobilepay, payouts, statusPath, resendPath, listPath, paidPath} {
		for name, body := range map[string]fields{
			"without a key":            {"businessId": "sandbox-biz"},
			"with another key":         {"businessId": "sandbox-biz", "apiKey": "other"},
			"without a business":       {"apiKey": "sandbox-key"},
			"with another's business":  {"apiKey": "sandbox-key", "businessId": "other"},
			"with nothing but a price": {"productPrice": "much"},
		} {
			status, reply := w.post(path, body)
			require.Equal(t, http.StatusUnauthorized, status, "%s %s: %v", path, name, reply)
			require.EqualValues(t, "INVALID_API_KEY_OR_BUSINESS_ID", reply["message"], "%v %v", path, name)
		}
		for name, body := range map[string]string{
			"no JSON": "{", "a list": "[]", "too much": `"` + strings.Repeat("x", 1<<16) + `"`,
		} {
			status, reply := w.post(path, body)
			require.Equal(t, http.StatusBadRequest, status, "%s %s: %v", path, name, reply)
			require.EqualValues(t, "INVALID_BODY", reply["message"], "%v %v", path, name)
		}
		form := w.Request(http.MethodPost, path, signed(fields{}))
		form.Header.Set("Content-Type", "text/plain")
		require.Equal(t, http.StatusBadRequest, w.Fetch(form).Status, path)
	}
	for name, req := range map[string]*http.Request{
		"a GET":                  w.Request(http.MethodGet, statusPath, nil),
		"a path there is not":    w.Request(http.MethodPost, "/api/tara/cancel", signed(fields{})),
		"a base without /tara":   w.Request(http.MethodPost, "/api/mobilepay", signed(fields{})),
		"the base of everything": w.Request(http.MethodGet, "/", nil),
	} {
		require.Equal(t, http.StatusMethodNotAllowed, w.Fetch(req).Status, name)
	}
}
