package admin_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/api/admin"
	"pirogue/api/httpkit"
	"pirogue/support"
)

func TestSupportRequests(t *testing.T) {
	t.Parallel()

	t.Run("token_required", testRequestsTokenRequired)
	t.Run("role_required_to_read", testRequestsRoleRequiredToRead)
	t.Run("strict_body", testRequestsStrictBody)
	t.Run("fields_required", testRequestsFieldsRequired)
	t.Run("not_found", testRequestsNotFound)
	t.Run("database_away", testRequestsDatabaseAway)
	t.Run("one_check_of_books", testRequestsOneCheckOfBooks)
	t.Run("too_many_requests", testRequestsTooManyRequests)
	t.Run("options_are_checked", testRequestsOptionsAreChecked)
}

// Without one valid bearer token a caller learns nothing and changes nothing.
func testRequestsTokenRequired(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	for name, headers := range map[string][]string{
		"none":                  nil,
		"one nobody has":        {"Bearer thief"},
		"nothing":               {"Bearer "},
		"another scheme":        {"Basic " + finance},
		"the bare token":        {finance},
		"two, one of them good": {"Bearer " + finance, "Bearer thief"},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			path := "/payments/" + string(w.payment.ID)
			if method == http.MethodPost {
				path += "/recheck"
			}
			r := request("", method, path, because)
			r.Header["Authorization"] = headers
			got := w.do(r)
			require.Equal(t, http.StatusUnauthorized, got.status(), name)
			require.Equal(t, httpkit.TokenInvalid, got.Code)
			require.Equal(t, "Bearer", got.Header().Get("WWW-Authenticate"))
			require.NotContains(t, got.Body.String(), "order_001")
		}
	}
	require.Empty(t, w.store.log())
}

// Every read needs a role, and no response holds a null.
func testRequestsRoleRequiredToRead(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	for _, path := range []string{
		"/payments?find=order_001", "/payments/" + string(w.payment.ID), "/payments/" + string(w.payment.ID) + "/timeline",
		"/stuck", "/cases", "/audit", "/merchants/" + string(merchantID) + "/fees",
		"/merchants/" + string(merchantID) + "/settlements?mode=test",
	} {
		require.Equal(t, http.StatusForbidden, w.do(request("retired", http.MethodGet, path, "")).status(), path)
		got := w.do(request(reader, http.MethodGet, path, ""))
		require.Equal(t, http.StatusOK, got.status(), "%s: %s", path, got.Body)
		require.NotContains(t, got.Body.String(), "null", path)
	}
	require.Equal(t, http.StatusForbidden, w.do(request(reader, http.MethodPost, "/verify", "")).status())
}

func testRequestsStrictBody(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		body  string
		code  pirogue.Code
		field string
	}{
		"a field nobody knows":        {`{"reason":"x","force":true}`, pirogue.UnknownField, "force"},
		"a field in another case":     {`{"Reason":"x"}`, pirogue.UnknownField, "Reason"},
		"a field that is there twice": {`{"reason":"x","reason":"y"}`, pirogue.InvalidJSON, ""},
		"a number for a text":         {`{"reason":7}`, pirogue.InvalidParameter, "reason"},
		"two lines":                   {`{"reason":"x\ny"}`, pirogue.InvalidParameter, "reason"},
		"a novel": {
			`{"reason":"` + strings.Repeat("é", 501) + `"}`, pirogue.InvalidParameter, "reason",
		},
		"no JSON":                       {`reason=x`, pirogue.InvalidJSON, ""},
		"a list":                        {`["reason"]`, pirogue.InvalidJSON, ""},
		"two objects":                   {because + because, pirogue.InvalidJSON, ""},
		"nothing":                       {``, pirogue.InvalidJSON, ""},
		"bytes that are no UTF-8":       {"{\"reason\":\"\xff\"}", pirogue.InvalidJSON, ""},
		"more than a request may weigh": {`{"reason":"` + strings.Repeat("x", 16<<10) + `"}`, pirogue.PayloadTooLarge, ""},
	}
	w := newWorld(t)
	for name, tt := range tests {
		got := w.requestAction(support.ActionRecheck, tt.body)
		require.Equal(t, tt.code, got.Code, "%s: %s", name, got.Body)
		require.Equal(t, httpkit.InfoOf(tt.code).HTTP, got.status(), name)
		if tt.field != "" {
			require.Equal(t, []pirogue.Param{{Field: tt.field, Code: tt.code}}, got.Params, name)
		}
	}
	for _, kind := range []string{
		"", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16",
	} {
		r := request(supportToken, http.MethodPost, "/payments/"+string(w.payment.ID)+"/recheck", because)
		r.Header.Set("Content-Type", kind)
		require.Equal(t, pirogue.UnsupportedMediaType, w.do(r).Code, kind)
	}
	require.Empty(t, w.store.log())
	require.Empty(t, w.workflows.asked())
}

func testRequestsFieldsRequired(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	payment, merchant := "/payments/"+string(w.payment.ID), "/merchants/"+string(merchantID)
	settlement := func(change, to string) string {
		good := `{"reason":"x","id":"V1","mode":"live","country_code":"CM","amount":10,"currency":"XAF",` +
			`"note":"","paid_at":"2026-01-02T03:04:05Z"}`
		return strings.Replace(good, change, to, 1)
	}
	for _, tt := range []struct {
		method, path, body string
		code               pirogue.Code
		field              string
	}{
		{"POST", payment + "/resolve", `{"reason":"x","evidence":"y"}`, pirogue.MissingField, "resolution"},
		{
			"POST", payment + "/resolve", `{"reason":"x","evidence":"y","resolution":"maybe"}`, pirogue.InvalidParameter,
			"resolution",
		},
		{"POST", payment + "/resolve", `{"reason":"x","resolution":"paid"}`, pirogue.MissingField, "evidence"},
		{"POST", merchant + "/settlements", settlement(`"V1"`, `""`), pirogue.MissingField, "id"},
		{"POST", merchant + "/settlements", settlement(`"live"`, `"Live"`), pirogue.InvalidParameter, "mode"},
		{"POST", merchant + "/settlements", settlement(`10`, `-10`), pirogue.InvalidParameter, "amount"},
		{"POST", merchant + "/settlements", settlement(`10`, `10.0`), pirogue.InvalidParameter, "amount"},
		{"POST", merchant + "/settlements", settlement(`10`, `"10"`), pirogue.InvalidParameter, "amount"},
		{"POST", merchant + "/settlements", settlement(`"XAF"`, `"XOF"`), pirogue.InvalidParameter, "currency"},
		{"POST", merchant + "/settlements", settlement(`2026-01`, `2199-01`), pirogue.InvalidParameter, "paid_at"},
		{"PUT", merchant + "/fees", `{"reason":"x","type":"CASHIN"}`, pirogue.MissingField, "payer"},
		{"PUT", merchant + "/fees", `{"reason":"x","type":"TRANSFER","payer":"merchant"}`, pirogue.InvalidParameter, "type"},
		{
			"PUT", merchant + "/fees", `{"reason":"x","type":"CASHIN","payer":"merchant","network":"visa"}`,
			pirogue.InvalidParameter, "network",
		},
		{
			"PUT", merchant + "/fees", `{"reason":"x","type":"CASHIN","payer":"merchant","basis_points":10001}`,
			pirogue.InvalidParameter, "basis_points",
		},
		{"DELETE", merchant + "/fees", `{"reason":"x"}`, pirogue.MissingField, "type"},
		{"DELETE", merchant + "/fees", `{"reason":"x","type":"TRANSFER"}`, pirogue.InvalidParameter, "type"},
		{"DELETE", merchant + "/fees", `{"reason":"x","type":"CASHIN","fixed":1}`, pirogue.UnknownField, "fixed"},
		{
			"DELETE", merchant + "/fees", `{"reason":"x","type":"CASHIN","country_code":"FR"}`, pirogue.InvalidParameter,
			"country_code",
		},
		{
			"DELETE", merchant + "/fees", `{"reason":"x","type":"CASHIN","network":"visa"}`, pirogue.InvalidParameter,
			"network",
		},
		{"PUT", merchant + "/notify-url", `{"reason":"x"}`, pirogue.MissingField, "notify_url"},
		{"PUT", merchant + "/notify-url", `{"reason":"x","notify_url":null}`, pirogue.MissingField, "notify_url"},
		{"PUT", merchant + "/notify-url", `{"reason":"x","notify_url":"shop"}`, pirogue.InvalidURL, "notify_url"},
		{
			"PUT", merchant + "/notify-url", `{"reason":"x","notify_url":"http://shop.example/"}`, pirogue.InvalidURL,
			"notify_url",
		},
		{
			"PUT", merchant + "/notify-url", `{"reason":"x","notify_url":"https://10.0.0.1/"}`, pirogue.InvalidURL,
			"notify_url",
		},
		{"PUT", merchant + "/late-policy", `{"reason":"x","late_policy":"keep"}`, pirogue.InvalidParameter, "late_policy"},
	} {
		got := w.do(request(finance, tt.method, tt.path, tt.body))
		require.Equal(t, []pirogue.Param{{Field: tt.field, Code: tt.code}}, got.Params, "%s: %s", tt.body, got.Body)
		require.Equal(t, tt.code, got.Code)
	}
	require.Empty(t, w.store.log())
	require.Empty(t, w.store.notifyURLs)
}

// Unknown, misspelt and repeated parameters are errors, so that a filter never selects more than
// its author meant.
func testRequestsNotFound(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	const nobody = "018f3b1e-7c1a-7def-8abc-00000000dead"
	for _, tt := range []struct {
		method, path, body string
		status             int
		code               pirogue.Code
	}{
		{"GET", "/payments/" + nobody, "", 404, pirogue.TransactionNotFound},
		{"GET", "/payments/" + strings.ToUpper(string(w.payment.ID)), "", 404, pirogue.TransactionNotFound},
		{"GET", "/payments/" + nobody + "/timeline", "", 404, pirogue.TransactionNotFound},
		{"POST", "/payments/" + nobody + "/redrive", because, 404, pirogue.TransactionNotFound},
		{"PUT", "/merchants/" + nobody + "/late-policy", `{"reason":"x","late_policy":"accept"}`, 404, pirogue.NotFound},
		{"PUT", "/merchants/boutique/late-policy", `{"reason":"x","late_policy":"accept"}`, 404, pirogue.NotFound},
		{"PUT", "/merchants/" + nobody + "/notify-url", `{"reason":"x","notify_url":""}`, 404, pirogue.NotFound},
		{"DELETE", "/merchants/" + nobody + "/fees", `{"reason":"x","type":"CASHIN"}`, 404, pirogue.NotFound},
		{"DELETE", "/merchants/" + string(merchantID) + "/fees", `{"reason":"x","type":"CASHIN"}`, 404, pirogue.NotFound},
		{"POST", "/merchants/" + nobody + "/suspend", because, 404, pirogue.NotFound},
		{"POST", "/merchants/boutique/resume", because, 404, pirogue.NotFound},
		{"GET", "/bulks/" + nobody, "", 404, pirogue.NotFound},
		{"POST", "/bulks/" + nobody + "/cancel", because, 404, pirogue.NotFound},
		{"POST", "/bulks/april/cancel", because, 404, pirogue.NotFound},
		{"GET", "/tokens", "", 404, pirogue.NotFound},
		{"DELETE", "/payments/" + string(w.payment.ID), "", 405, pirogue.MethodNotAllowed},
		{"GET", "/payments", "", 422, pirogue.MissingField},
		{"GET", "/payments?find=a&find=b", "", 422, pirogue.InvalidParameter},
		{"GET", "/payments?find=a&limit=101", "", 422, pirogue.InvalidParameter},
		{"GET", "/stuck?limit=0", "", 422, pirogue.InvalidParameter},
		{"GET", "/cases?lmit=5", "", 422, pirogue.InvalidParameter},
		{"GET", "/audit?payment=order_001", "", 422, pirogue.InvalidParameter},
	} {
		got := w.do(request(finance, tt.method, tt.path, tt.body))
		require.Equal(t, tt.status, got.status(), "%s %s: %s", tt.method, tt.path, got.Body)
		require.Equal(t, tt.code, got.Code, tt.path)
	}
}

// An outage of the database says nothing about the payment.
func testRequestsDatabaseAway(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.store.away = pirogue.Errorf(pirogue.ServiceUnavailable, "away")
	for _, r := range []*http.Request{
		request(reader, http.MethodGet, "/stuck", ""),
		request(supportToken, http.MethodPost, "/payments/"+string(w.payment.ID)+"/recheck", because),
	} {
		got := w.do(r)
		require.Equal(t, http.StatusServiceUnavailable, got.status())
		require.Equal(t, pirogue.ServiceUnavailable, got.Code)
	}
}

// A check reads every row, so a second one at the same time would only slow both.
func testRequestsOneCheckOfBooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.violations = []admin.Violation{{Rule: "debits equal credits", Row: "test XOF"}}
		w.store.auditing = make(chan struct{})
		first := make(chan reply)
		go func() { first <- w.do(request(supportToken, http.MethodPost, "/verify", "")) }()
		synctest.Wait()
		require.Equal(t, httpkit.Retry, w.do(request(supportToken, http.MethodPost, "/verify", "")).Code)
		close(w.store.auditing)
		require.JSONEq(t, `[{"rule":"debits equal credits","row":"test XOF"}]`, string((<-first).Data))
		require.Equal(t, http.StatusOK, w.do(request(supportToken, http.MethodPost, "/verify", "")).status())
	})
}

// Requests above maxInside get Retry before any read of the database.
func testRequestsTooManyRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const held = 256
		w := newWorld(t)
		w.workflows.act = hangs
		done := make(chan struct{}, held)
		for range held {
			go func() {
				w.requestAction(support.ActionRecheck, because)
				done <- struct{}{}
			}()
		}
		synctest.Wait()
		got := w.do(request(reader, http.MethodGet, "/stuck", ""))
		require.Equal(t, http.StatusServiceUnavailable, got.status())
		require.Equal(t, httpkit.Retry, got.Code)
		for range held {
			<-done
		}
		require.Equal(t, http.StatusOK, w.do(request(reader, http.MethodGet, "/stuck", "")).status())
	})
}

// The error names every missing option at once.
func testRequestsOptionsAreChecked(t *testing.T) {
	t.Parallel()

	_, err := admin.New(admin.Options{Log: zap.NewNop()})
	for _, part := range []string{"Store", "Workflows", "Clock", "WorkflowID"} {
		require.ErrorContains(t, err, "Options."+part)
	}
}
