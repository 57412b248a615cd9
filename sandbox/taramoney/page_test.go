package taramoney_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pirogue/sandbox/taramoney"
)

// link makes a payment by Wave and returns where its customer is sent: authUrl is a JSON
// object written as text.
func (w *world) link(product, phone string) string {
	w.t.Helper()
	reply := w.collects(product, phone, fields{"network": "wave"})
	if !strings.HasPrefix(reply.text("vendor"), "WAVE_") || reply["ussdCode"] != nil {
		w.t.Errorf("a payment by Wave answers %v", reply)
	}
	return reply.inner(w.t, "authUrl").text("url")
}

// presses submits the form of a page.
func (w *world) presses(page, action string) answered {
	w.t.Helper()
	req := w.request(http.MethodPost, page, strings.NewReader("action="+action))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.fetch(req)
}

// shows checks that a page says something, with a status.
func (w *world) shows(page string, status int, texts ...string) answered {
	w.t.Helper()
	got := w.fetch(w.request(http.MethodGet, page, nil))
	if got.status != status {
		w.t.Errorf("%s answers %d", page, got.status)
	}
	for _, text := range texts {
		if !strings.Contains(got.body, text) {
			w.t.Errorf("%s does not show %q:\n%s", page, text, got.body)
		}
	}
	return got
}

func TestACustomerPaysOnThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.link("P1", "221770333333") // who never answers by themselves
	w.shows(page, http.StatusOK, `lang="fr"`, "Confirmer le paiement ?", "1\u00a0000\u00a0F\u00a0CFA", "Sac de riz", "221770333333", "Payer", "Refuser")
	w.shows(page+"?lang=en", http.StatusOK, `lang="en"`, "Confirm the payment?", "Refuse")
	if got := w.presses(page+"?lang=en", "pay"); got.status != http.StatusSeeOther || got.header.Get("Location") != "?lang=en" {
		t.Errorf("paying answers %d, leading to %q", got.status, got.header.Get("Location"))
	}
	if got := w.shows(page, http.StatusOK, "Paiement réussi"); strings.Contains(got.body, "<form") {
		t.Error("a page that is paid can be paid again")
	}
	for _, action := range []string{"pay", "refuse"} {
		if got := w.presses(page, action); got.status != http.StatusSeeOther {
			t.Errorf("to %s what is paid answers %d", action, got.status)
		}
	}
	w.stands("P1", "SUCCESS", "API_ORDER_SUCESSFULL")
	w.booked(1000)
	if said := w.told(1)[0].said; said["mobileOperator"] != "WAVE_SENEGAL" {
		t.Errorf("the webhook says %v", said)
	}
}

func TestACustomerRefusesOnThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.link("P1", "237699444444")
	w.presses(page, "something")
	w.stands("P1", "PENDING", "PAYMENT_PENDING")
	w.presses(page, "refuse")
	w.shows(page, http.StatusOK, "Paiement échoué")
	w.clock.Advance(time.Minute)
	w.stands("P1", "FAILURE", "PAYMENT_REFUSED_BY_CUSTOMER")
	w.booked()
	w.told(1)
}

// TestThePageOfAPrompt shows how a payment stands that is confirmed on the telephone, and
// decides nothing.
func TestThePageOfAPrompt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.url + "/pay/" + w.collects("P1", "237699444444").text("transactionId")
	if got := w.shows(page, http.StatusOK, "Paiement en attente"); strings.Contains(got.body, "<form") {
		t.Error("a prompt can be confirmed on a page")
	}
	w.presses(page, "pay")
	w.stands("P1", "PENDING", "PAYMENT_PENDING")
}

// TestThePageUnderABasePath follows the link and the form of a simulator that is mounted.
func TestThePageUnderABasePath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(func(o *taramoney.Options) { o.PublicURL = w.url + "/taramoney" })
	mounted := http.StripPrefix("/taramoney", w.sim.Handler())
	w.serving.Store(&mounted)
	body := w.collection("P1", "237699333333", fields{"network": "wave"})
	page := w.accepted("/taramoney"+mobilepay, body).inner(t, "authUrl").text("url")
	w.shows(page, http.StatusOK, "Confirmer le paiement ?")
	back, err := url.Parse(page)
	if err == nil {
		back, err = back.Parse(w.presses(page, "pay").header.Get("Location"))
	}
	if err != nil {
		t.Fatal(err)
	}
	w.shows(back.String(), http.StatusOK, "Paiement réussi")
	w.booked(1000)
}

func TestThePageIsClosedToOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.link("<b>P1</b>", "237699444444")
	got := w.shows(page, http.StatusOK)
	_, after, _ := strings.Cut(got.body, "<style>")
	style, _, _ := strings.Cut(after, "</style>")
	sum := sha256.Sum256([]byte(style))
	policy := got.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
		t.Errorf("the policy %q does not let the page have its style", policy)
	}
	if got.header.Get("X-Frame-Options") != "DENY" || strings.Contains(got.body, "<script") {
		t.Errorf("the page has the headers %v", got.header)
	}
	w.shows(w.url+"/pay/nothing", http.StatusNotFound, "Paiement introuvable")
	if got := w.fetch(w.request(http.MethodPut, page, nil)); got.status != http.StatusMethodNotAllowed {
		t.Errorf("a PUT answers %d", got.status)
	}
	w.set(`{"down": true}`)
	w.shows(page+"?lang=en", http.StatusServiceUnavailable, "Service unavailable")
}
