package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox"
	"pirogue/sandbox/digitalpaye"
	"pirogue/sandbox/engine"
)

// TestWaveLinkThroughPublicAddress checks that the link of Digitalpaye's simulator
// leads to its page. Book and list must then show the payment.
func TestWaveLinkThroughPublicAddress(t *testing.T) {
	t.Parallel()
	clock := engine.NewVirtualClock(time.Date(2026, 3, 12, 9, 30, 0, 0, time.UTC), 0)
	_, base := started(t, sandbox.Options{Clock: clock})
	auth := request(t, http.MethodPost, base+"/digitalpaye/v1/auth", nil)
	auth.SetBasicAuth(digitalpaye.APIKey, digitalpaye.APISecret)
	auth.Header.Set("X-Environment", digitalpaye.Environment)
	var grant struct {
		Data struct{ Token string }
	}
	decode(t, send(t, auth, http.StatusOK), &grant)
	call := request(t, http.MethodPost, base+"/digitalpaye/v2/collecte/mobile-money", strings.NewReader(
		`{"code_country":"CI","currency":"XOF","customer_id":"0700333333","amount":1500,"name_user":"KOUASSI Awa",`+
			`"operator":"WAVE_MONEY_CI","transaction_id":"REF-1"}`))
	call.Header.Set("Authorization", "Bearer "+grant.Data.Token)
	call.Header.Set("X-Environment", digitalpaye.Environment)
	call.Header.Set("Content-Type", "application/json")
	var opened struct {
		Data struct {
			Link string `json:"wave_launch_url"`
		}
	}
	decode(t, send(t, call, http.StatusAccepted), &opened)

	pressed := request(t, http.MethodPost, opened.Data.Link, strings.NewReader("action=pay"))
	pressed.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// The client follows the redirect back to the page.
	require.Contains(t, string(send(t, pressed, http.StatusOK)), "Paiement effectué")
	index := string(send(t, request(t, http.MethodGet, base+"/", nil), http.StatusOK))
	for _, wanted := range []string{"Digitalpaye", "RCI-DIGITALP-7698", "REF-1", "1 asked for · 1 paid"} {
		require.Contains(t, index, wanted)
	}
	send(t, request(t, http.MethodGet, base+"/digitalpaye/switches", nil), http.StatusOK)
	book := string(
		send(t, request(t, http.MethodGet, base+"/digitalpaye/book", nil), http.StatusOK),
	)
	require.Contains(t, book, `"order_id":"REF-1"`)
}
