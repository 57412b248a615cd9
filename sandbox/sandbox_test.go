package sandbox_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"pirogue/sandbox"
	"pirogue/sandbox/engine"
	"pirogue/sandbox/orangeweb"
	"pirogue/sandbox/sonatel"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// started runs a sandbox on a server. Both end with the test.
func started(t *testing.T, o sandbox.Options) (*sandbox.Sandbox, string) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	o.PublicURL = "http://" + server.Listener.Addr().String()
	s, err := sandbox.New(o)
	require.NoError(t, err)
	server.Config.Handler = s.Handler()
	server.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, s.Close(ctx))
		server.Close()
	})
	return s, server.URL
}

// pay takes a payment through the sandbox's public address, as Pirogue does.
func pay(t *testing.T, base, orderID, msisdn string) (pageURL string) {
	t.Helper()
	form := strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode())
	token := request(t, http.MethodPost, base+"/orange-web/oauth/v3/token", form)
	token.SetBasicAuth(orangeweb.ClientID, orangeweb.ClientSecret)
	token.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	decode(t, send(t, token, http.StatusOK), &grant)

	body := strings.NewReader(`{"merchant_key":"` + orangeweb.MerchantKey + `","currency":"OUV","order_id":"` + orderID +
		`","amount":1500,"return_url":"https://m.example/r","cancel_url":"https://m.example/c",` +
		`"notif_url":"http://127.0.0.1:1/n","lang":"fr","reference":"Boutique Awa"}`)
	call := request(t, http.MethodPost, base+"/orange-web/orange-money-webpay/dev/v1/webpayment", body)
	call.Header.Set("Authorization", "Bearer "+grant.AccessToken)
	call.Header.Set(orangeweb.MSISDNHeader, msisdn)
	var opened struct {
		PaymentURL string `json:"payment_url"`
	}
	decode(t, send(t, call, http.StatusCreated), &opened)
	return opened.PaymentURL
}

func request(t *testing.T, method, address string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, body)
	require.NoError(t, err)
	return req
}

// send returns the body of a response that must have the wanted status.
func send(t *testing.T, req *http.Request, want int) []byte {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, want, resp.StatusCode)
	return body
}

func decode(t *testing.T, raw []byte, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(raw, v))
}

// TestPaymentThroughPublicAddress checks that base path, page, assets and book fit
// together in a mounted simulator.
func TestPaymentThroughPublicAddress(t *testing.T) {
	t.Parallel()
	clock := engine.NewVirtualClock(time.Date(2026, 3, 12, 9, 30, 0, 0, time.UTC), 0)
	s, base := started(t, sandbox.Options{Clock: clock})
	pageURL := pay(t, base, "ORDER-1", "+22376999999")
	deadline := time.Now().Add(10 * time.Second)
	for len(s.OrangeWeb.Book()) == 0 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	page := string(
		send(t, request(t, http.MethodGet, pageURL, nil), http.StatusOK),
	)
	require.Contains(t, page, "Paiement réussi")
	style, err := url.JoinPath(pageURL, "..", "..", "..", "assets", "page.css")
	require.NoError(t, err)
	send(t, request(t, http.MethodGet, style, nil), http.StatusOK)
	book := string(send(t, request(t, http.MethodGet, base+"/orange-web/book", nil), http.StatusOK))
	require.Contains(t, book, `"order_id":"ORDER-1"`)
	require.Contains(t, book, `"amount":750`)
	index := string(send(t, request(t, http.MethodGet, base+"/", nil), http.StatusOK))
	for _, wanted := range []string{
		"Orange Web Payment", "MP260312.0930.A00001", "2026-03-12 09:30:00", "ORDER-1", "(asked 1500)",
		"1 asked for · 1 paid", "777777", "Sonatel", "0 asked for · 0 paid", "pending 6 min, then paid out",
	} {
		require.Contains(t, index, wanted)
	}
}

func TestIndexOfEmptySandbox(t *testing.T) {
	t.Parallel()
	_, base := started(t, sandbox.Options{})
	index := string(
		send(t, request(t, http.MethodGet, base+"/", nil), http.StatusOK),
	)
	require.Contains(t, index, "Nothing was paid so far.")
	send(t, request(t, http.MethodGet, base+"/index.css", nil), http.StatusOK)
	for _, path := range []string{"/orange-web", "/sonatel", "/taramoney"} {
		send(t, request(t, http.MethodGet, base+path+"/switches", nil), http.StatusOK)
		send(t, request(t, http.MethodGet, base+path+"/book", nil), http.StatusOK)
	}
	send(t, request(t, http.MethodGet, base+"/nothing", nil), http.StatusNotFound)
	send(t, request(t, http.MethodPost, base+"/", nil), http.StatusMethodNotAllowed)
}

// TestQRCodeThroughPublicAddress checks the same for Sonatel's simulator: its links
// lead to its page.
func TestQRCodeThroughPublicAddress(t *testing.T) {
	t.Parallel()
	clock := engine.NewVirtualClock(time.Date(2026, 3, 12, 9, 30, 0, 0, time.UTC), 0)
	s, base := started(t, sandbox.Options{Clock: clock})
	link := asks(t, base, "+221770123456")
	deadline := time.Now().Add(10 * time.Second)
	for len(s.Sonatel.Book()) == 0 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	page := string(
		send(t, request(t, http.MethodGet, link, nil), http.StatusOK),
	)
	require.Contains(t, page, "Paiement réussi")
	style, err := url.JoinPath(link, "..", "..", "assets", "page.css")
	require.NoError(t, err)
	send(t, request(t, http.MethodGet, style, nil), http.StatusOK)
	index := string(send(t, request(t, http.MethodGet, base+"/", nil), http.StatusOK))
	for _, wanted := range []string{"MP260312.0930.A00001", "REF-1", "1 asked for · 1 paid", "<td>in</td>"} {
		require.Contains(t, index, wanted)
	}
}

// asks makes a QR code for a customer and returns its link.
func asks(t *testing.T, base, msisdn string) string {
	t.Helper()
	form := strings.NewReader(url.Values{
		"grant_type": {"client_credentials"}, "client_id": {sonatel.ClientID}, "client_secret": {sonatel.ClientSecret},
	}.Encode())
	token := request(t, http.MethodPost, base+"/sonatel/oauth/v1/token", form)
	token.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	decode(t, send(t, token, http.StatusOK), &grant)
	call := request(t, http.MethodPost, base+"/sonatel/api/eWallet/v4/qrcode", strings.NewReader(
		`{"code":"`+sonatel.MerchantCode+`","name":"Boutique Awa","reference":"REF-1","validity":300,`+
			`"amount":{"value":1500,"unit":"XOF"},"restrictions":{"isSingleUse":true}}`))
	call.Header.Set("Authorization", "Bearer "+grant.AccessToken)
	call.Header.Set("Content-Type", "application/json")
	call.Header.Set(sonatel.MSISDNHeader, msisdn)
	var made struct {
		DeepLink string `json:"deepLink"`
	}
	decode(t, send(t, call, http.StatusOK), &made)
	return made.DeepLink
}

// TestJournals closes one sandbox and opens another on the same folder.
func TestJournals(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	clock := engine.NewVirtualClock(time.Date(2026, 3, 12, 9, 30, 0, 0, time.UTC), 0)
	first, base := started(t, sandbox.Options{JournalDir: folder, Clock: clock})
	pay(t, base, "ORDER-1", "+22376444444")
	require.NoError(t, first.Close(context.Background()))
	clock.Advance(time.Minute)
	second, err := sandbox.New(sandbox.Options{PublicURL: base, JournalDir: folder, Clock: clock})
	require.NoError(t, err)
	book := second.OrangeWeb.Book()
	require.Len(t, book, 1)
	require.Equal(t, "ORDER-1", book[0].OrderID)
	require.NoError(t, second.Close(context.Background()))
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "http://" + strings.Repeat("a", 50)} { // too long for a QR code
		_, err := sandbox.New(sandbox.Options{PublicURL: address})
		require.Error(t, err, address)
	}
}

// Example starts a sandbox whose clock runs sixty times as fast as the wall clock.
func Example() {
	s, err := sandbox.New(sandbox.Options{
		PublicURL: "http://127.0.0.1:8090",
		Clock:     engine.NewVirtualClock(time.Now(), 60),
	})
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	if err := s.Close(context.Background()); err != nil {
		panic(err)
	}
	// Output:
}
