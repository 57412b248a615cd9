package digitalpaye_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/enginetest"
)

// link opens a Wave collection and returns the address of its page.
func (w *world) link(number string) string {
	w.T.Helper()
	return w.opens("v2", "in", "R1", number, fields{
		"operator": "WAVE_MONEY_CI", "amount": 50000, "url_success": "https://shop.example/thanks",
		"url_error": "https://shop.example/sorry", "url_cancel": "https://shop.example/back",
	}).Text("wave_launch_url")
}

// presses sends the page's form.
func (w *world) presses(page, action string) enginetest.Response {
	w.T.Helper()
	return w.Submit(page, "action", action)
}

// TestDecideOnPage pays or refuses on the page, before the simulated customer acts.
func TestDecideOnPage(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]struct {
		status, says, next string
		book               []int64
	}{
		"pay":    {"SUCCESSFUL", "Paiement effectué", "https://shop.example/thanks", []int64{50000}},
		"refuse": {"FAILED", "Paiement refusé", "https://shop.example/back", nil},
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			page := w.link("0700333333")
			got := w.Visit(page)
			require.Equal(t, http.StatusOK, got.Status)
			require.Contains(t, got.Body, "Payer 50\u00a0000\u00a0F\u00a0CFA</button>")
			got = w.presses(page+"?lang=fr", action)
			require.Equal(t, http.StatusSeeOther, got.Status)
			require.Equal(t, "?lang=fr", got.Header.Get("Location"))
			w.presses(page, "pay") // too late
			w.presses(page, "refuse")
			got = w.Visit(page)
			require.Contains(t, got.Body, want.says)
			require.Contains(t, got.Body, want.next)
			require.NotContains(t, got.Body, "<form")
			w.stands("v2", "R1", want.status)
			w.books(want.book...)
			told := w.ExpectNotices(1)[0].Fields
			require.Equal(t, want.status, told.Text("status"))
			require.Nil(t, told["wave_launch_url"])
		})
	}
}

// TestPageIsPrivate checks in each language that the page may load only its own style.
func TestPageIsPrivate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.link("0700333333")
	english := w.Visit(page + "?lang=en")
	english.ExpectPrivate(t)
	english.ExpectTexts(t, `<html lang="en">`, "Refuse</button>")
	w.Visit(page).ExpectTexts(t, `<html lang="fr">`) // by default
}

// TestPageWithoutPayment visits an unknown link and a finished order.
func TestPageWithoutPayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.Visit("/wave/NONE")
	require.Equal(t, http.StatusNotFound, got.Status)
	require.Contains(t, got.Body, "aucun paiement")
	page := w.link("0700333333")
	got = w.presses(page, "dance")
	require.Equal(t, http.StatusBadRequest, got.Status)
	require.Contains(t, got.Body, "<form")
	got = w.Fetch(w.Request(http.MethodDelete, page, nil))
	require.Equal(t, http.StatusMethodNotAllowed, got.Status)
	w.Clock.Advance(10 * time.Minute)
	w.stands("v2", "R1", "FAILED")
	got = w.Visit(page)
	require.Contains(t, got.Body, "Le délai est passé")
	require.Contains(t, got.Body, "https://shop.example/sorry")
}

// TestWaveLinkV1 checks that the link has both the name of v1's page and the SDK's.
func TestWaveLinkV1(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.opens(
		"v1", "in", "R1", "0700333333", fields{
			"operator":   "WAVE_MONEY_CI",
			"urlSuccess": "https://shop.example/thanks",
		},
	)
	page := opened.Text("waveLaunchUrl")
	require.True(t, strings.HasPrefix(page, w.URL+"/wave/"), opened)
	require.Equal(t, page, opened.Text("wave_launch_url"))
	w.presses(page, "pay")
	require.Contains(t, w.Visit(page).Body, "https://shop.example/thanks")
}
