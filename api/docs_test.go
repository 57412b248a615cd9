package api_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/api"
	"pirogue/api/httpkit"
)

func TestPublicPort(t *testing.T) {
	t.Parallel()

	t.Run("doc_url_leads_to_row", testPublicPortDocUrlLeadsToRow)
	t.Run("pages_without_key_and_script", testPublicPortPagesWithoutKeyAndScript)
	t.Run("health_names_missing_part", testPublicPortHealthNamesMissingPart)
	t.Run("metrics_without_personal_data", testPublicPortMetricsWithoutPersonalData)
	t.Run("admin_port_is_apart", testPublicPortAdminPortIsApart)
	t.Run("options_are_checked", testPublicPortOptionsAreChecked)
}

// Every error links to its own row of the page of errors.
func testPublicPortDocUrlLeadsToRow(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	got := w.do(httptest.NewRequest(http.MethodGet, "/docs/errors", nil))
	require.Equal(t, http.StatusOK, got.Code)
	page := html.UnescapeString(got.Body.String())
	for _, row := range httpkit.Codes {
		require.Contains(t, page, `<tr id="`+string(row.Code)+`">`)
		require.Contains(t, page, row.Text.FR)
		require.Contains(t, page, row.Text.EN)
	}
	where, anchor, _ := strings.Cut(w.get("/payments?limit=0").failure().DocURL, "#")
	require.Equal(t, "https://pay.example/docs/errors", where)
	require.Contains(t, page, `id="`+anchor+`"`)
}

// Pages are public, so they must not be usable to attack a visitor.
func testPublicPortPagesWithoutKeyAndScript(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	for path, kind := range map[string]string{
		"/": "text/html", "/docs/errors": "text/html", "/docs/return?order=1": "text/html",
		"/docs/style.css": "text/css",
		"/openapi.yaml":   "application/yaml",
	} {
		got := w.do(httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, http.StatusOK, got.Code, path)
		require.Contains(t, got.Header().Get("Content-Type"), kind)
		require.Contains(t, got.Header().Get("Content-Security-Policy"), "default-src 'self'; script-src 'none'")
		require.NotContains(t, got.Body.String(), "<style")
	}
	written, err := os.ReadFile("openapi.yaml")
	require.NoError(t, err)
	require.Equal(t, string(written), w.do(httptest.NewRequest(http.MethodGet, "/openapi.yaml", nil)).Body.String())
}

// admin sends a GET to the admin port.
func (w *world) admin(path string) reply {
	recorder := httptest.NewRecorder()
	w.server.Admin().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
	return reply{ResponseRecorder: recorder, t: w.t}
}

// The reasons are for the admin port only; a load balancer gets the status.
func testPublicPortHealthNamesMissingPart(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	require.Equal(t, http.StatusOK, w.admin("/livez").Code)
	require.Equal(t, http.StatusOK, w.admin("/readyz").Code)

	w.store.fail(pirogue.Errorf(pirogue.ServiceUnavailable, "connection refused"))
	got := w.admin("/readyz")
	require.Equal(t, http.StatusServiceUnavailable, got.Code)
	require.Contains(t, got.Body.String(), `{"name":"database","status":"failing"`)
	require.Contains(t, got.Body.String(), "connection refused")
	require.Contains(t, got.Body.String(), `{"name":"workflows","status":"ok"`)
	require.Equal(t, http.StatusOK, w.admin("/livez").Code, "a process is not killed for its database")

	outside := httptest.NewRecorder() // not in the contract: a load balancer reads the status alone
	w.server.Handler().ServeHTTP(outside, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	require.Equal(t, http.StatusServiceUnavailable, outside.Code)
	require.JSONEq(t, `{"status":"failing"}`, outside.Body.String(), "the reasons stay inside")
	require.Equal(t, http.StatusOK, w.do(httptest.NewRequest(http.MethodGet, "/livez", nil)).Code)
}

// Labels that clients choose would let them fill the memory, and would hold personal data.
func testPublicPortMetricsWithoutPersonalData(t *testing.T) {
	t.Parallel()

	w := newCalledBack(t)
	w.do(w.request(w.paid()))
	stranger := w.world.request(w.test, http.MethodGet, "/api/v1/balances", "")
	stranger.Header.Set("X-NekaPay-Signature", strings.Repeat("0", 64))
	w.do(stranger)
	w.do(httptest.NewRequest("INVENTED", "/some/path", nil))

	got := w.admin("/metrics").Body.String()
	for _, line := range []string{
		`pirogue_http_requests_total{method="POST",route="/api/v1/payments/cashin",status="202"} 1`,
		`pirogue_http_requests_total{method="other",route="unmatched",status="404"} 1`,
		`pirogue_callbacks_total{operator="orange-web-ml",result="received"} 1`,
		`pirogue_wrong_signatures_total 1`,
		`go_goroutines`,
	} {
		require.Contains(t, got, line)
	}
	require.NotContains(t, got, string(w.merchant.ID))
	require.NotContains(t, got, tokenOf(w.attempt.Ref))
}

// Metrics and profiles must not be reachable from outside.
func testPublicPortAdminPortIsApart(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	for _, path := range []string{"/metrics", "/debug/pprof/"} {
		require.Equal(t, http.StatusOK, w.admin(path).Code, path)
		require.Equal(t, http.StatusNotFound, w.do(httptest.NewRequest(http.MethodGet, path, nil)).Code, path)
	}
	require.Equal(t, http.StatusNotFound, w.admin("/api/v1/balances").Code)
	require.Equal(t, "127.0.0.1:1", w.server.AdminServer("127.0.0.1:1").Addr)
}

// A missing option must fail at the start and not at the first request.
func testPublicPortOptionsAreChecked(t *testing.T) {
	t.Parallel()

	_, err := api.New(api.Options{PublicURL: "nowhere"})
	for _, part := range []string{"Store", "Workflows", "Routes", "Clock", "Log", "CallbackToken", "PublicURL"} {
		require.ErrorContains(t, err, part)
	}
	store := newFakeStore()
	registry := prometheus.NewRegistry()
	good := api.Options{
		Store: store.parts(), Workflows: &fakeWorkflows{store: store}, Routes: fakeRoutes{}, Clock: (&world{}).now,
		Log:           zap.NewNop(),
		CallbackToken: tokenOf, PublicURL: "https://pay.example", Metrics: registry,
	}
	_, err = api.New(good)
	require.NoError(t, err)
	_, err = api.New(good)
	require.ErrorContains(t, err, "register metrics", "one registry holds one server")
	good.Metrics, good.TrustedProxies = nil, []string{"a proxy"}
	_, err = api.New(good)
	require.ErrorContains(t, err, "TrustedProxies")
}
