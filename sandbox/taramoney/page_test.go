package taramoney_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
)

// link makes a payment by Wave and returns the address of its page: authUrl is a JSON
// object as text.
func (w *world) link(product, phone string) string {
	w.T.Helper()
	reply := w.collects(product, phone, fields{"network": "wave"})
	require.True(w.T, strings.HasPrefix(reply.Text("vendor"), "WAVE_"), "a payment by Wave answers %v", reply)
	require.Nil(w.T, reply["ussdCode"])
	return reply.Inner(w.T, "authUrl").Text("url")
}

// presses submits the form of a page.
func (w *world) presses(page, action string) enginetest.Response {
	w.T.Helper()
	return w.Submit(page, "action", action)
}

// shows checks the status of a page and that it holds the texts.
func (w *world) shows(page string, status int, texts ...string) enginetest.Response {
	w.T.Helper()
	got := w.Visit(page)
	require.Equal(w.T, status, got.Status)
	got.ExpectTexts(w.T, texts...)
	return got
}

func TestPayOnPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.link("P1", "221770333333") // a customer who never acts by himself
	w.shows(
		page, http.StatusOK, `lang="fr"`, "Confirmer le paiement ?", "1\u00a0000\u00a0F\u00a0CFA", "Sac de riz",
		"221770333333", "Payer", "Refuser",
	)
	w.shows(page+"?lang=en", http.StatusOK, `lang="en"`, "Confirm the payment?", "Refuse")
	got := w.presses(page+"?lang=en", "pay")
	require.Equal(t, http.StatusSeeOther, got.Status)
	require.Equal(t, "?lang=en", got.Header.Get("Location"))
	got = w.shows(page, http.StatusOK, "Paiement réussi")
	require.NotContains(t, got.Body, "<form")
	for _, action := range []string{"pay", "refuse"} {
		require.Equal(t, http.StatusSeeOther, w.presses(page, action).Status, action)
	}
	w.stands("P1", "SUCCESS", "API_ORDER_SUCESSFULL")
	w.booked(1000)
	said := w.ExpectNotices(1)[0].Fields
	require.EqualValues(t, "WAVE_SENEGAL", said["mobileOperator"])
}

func TestRefuseOnPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.link("P1", "237699444444")
	w.presses(page, "something")
	w.stands("P1", "PENDING", "PAYMENT_PENDING")
	w.presses(page, "refuse")
	w.shows(page, http.StatusOK, "Paiement échoué")
	w.Clock.Advance(time.Minute)
	w.stands("P1", "FAILURE", "PAYMENT_REFUSED_BY_CUSTOMER")
	w.booked()
	w.ExpectNotices(1)
}

// TestPageOfPrompt shows the state of a payment that is confirmed on the phone. The
// page decides nothing.
func TestPageOfPrompt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.URL + "/pay/" + w.collects("P1", "237699444444").Text("transactionId")
	require.NotContains(t, w.shows(page, http.StatusOK, "Paiement en attente").Body, "<form")
	w.presses(page, "pay")
	w.stands("P1", "PENDING", "PAYMENT_PENDING")
}

// TestPageUnderBasePath follows the link and the form of a mounted simulator.
func TestPageUnderBasePath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(func(o *engine.Config) { o.PublicURL = w.URL + "/taramoney" })
	w.Serve(http.StripPrefix("/taramoney", w.Sim.Handler()))
	body := w.collection("P1", "237699333333", fields{"network": "wave"})
	page := w.accepted("/taramoney"+mobilepay, body).Inner(t, "authUrl").Text("url")
	w.shows(page, http.StatusOK, "Confirmer le paiement ?")
	back, err := url.Parse(page)
	if err == nil {
		back, err = back.Parse(w.presses(page, "pay").Header.Get("Location"))
	}
	require.NoError(t, err)
	w.shows(back.String(), http.StatusOK, "Paiement réussi")
	w.booked(1000)
}

func TestPageIsPrivate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.link("<b>P1</b>", "237699444444")
	w.shows(page, http.StatusOK).ExpectPrivate(t)
	w.shows(w.URL+"/pay/nothing", http.StatusNotFound, "Paiement introuvable")
	require.Equal(t, http.StatusMethodNotAllowed, w.Fetch(w.Request(http.MethodPut, page, nil)).Status)
	w.SetSwitches(`{"down": true}`)
	w.shows(page+"?lang=en", http.StatusServiceUnavailable, "Service unavailable")
}
