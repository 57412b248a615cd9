package digitalpaye_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

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
func (w *world) presses(page, action string) enginetest.Answer {
	w.T.Helper()
	return w.Submit(page, "action", action)
}

// TestAPersonDecides pays or refuses on the page, before the simulated customer acts.
func TestAPersonDecides(t *testing.T) {
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
			if got := w.Visit(page); got.Status != http.StatusOK ||
				!strings.Contains(got.Body, "Payer 50\u00a0000\u00a0F\u00a0CFA</button>") {
				t.Errorf("the page is %d %s", got.Status, got.Body)
			}
			if got := w.presses(page+"?lang=fr", action); got.Status != http.StatusSeeOther ||
				got.Header.Get("Location") != "?lang=fr" {
				t.Errorf("pressing answers %d %v", got.Status, got.Header)
			}
			w.presses(page, "pay") // too late
			w.presses(page, "refuse")
			got := w.Visit(page)
			if !strings.Contains(got.Body, want.says) || !strings.Contains(got.Body, want.next) ||
				strings.Contains(got.Body, "<form") {
				t.Errorf("the page then says %s", got.Body)
			}
			w.stands("v2", "R1", want.status)
			w.books(want.book...)
			if told := w.Notices(1)[0].Said; told.Text("status") != want.status || told["wave_launch_url"] != nil {
				t.Errorf("the webhook says %v", told)
			}
		})
	}
}

// TestThePageIsSafe checks in each language that the page may load only its own style.
func TestThePageIsSafe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.link("0700333333")
	english := w.Visit(page + "?lang=en")
	english.IsPrivate(t)
	english.Shows(t, `<html lang="en">`, "Refuse</button>")
	w.Visit(page).Shows(t, `<html lang="fr">`) // by default
}

// TestAPageWithNothingToPay visits an unknown link and a finished order.
func TestAPageWithNothingToPay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.Visit("/wave/NONE"); got.Status != http.StatusNotFound || !strings.Contains(got.Body, "aucun paiement") {
		t.Errorf("an unknown link answers %d %s", got.Status, got.Body)
	}
	page := w.link("0700333333")
	if got := w.presses(page, "dance"); got.Status != http.StatusBadRequest || !strings.Contains(got.Body, "<form") {
		t.Errorf("another action answers %d", got.Status)
	}
	if got := w.Fetch(w.Request(http.MethodDelete, page, nil)); got.Status != http.StatusMethodNotAllowed {
		t.Errorf("DELETE answers %d", got.Status)
	}
	w.Clock.Advance(10 * time.Minute)
	w.stands("v2", "R1", "FAILED")
	if got := w.Visit(page); !strings.Contains(got.Body, "Le délai est passé") ||
		!strings.Contains(got.Body, "https://shop.example/sorry") {
		t.Errorf("a page that lapsed says %s", got.Body)
	}
}

// TestAWaveLinkInV1 checks that the link has both the name of v1's page and the SDK's.
func TestAWaveLinkInV1(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.opens(
		"v1", "in", "R1", "0700333333", fields{
			"operator":   "WAVE_MONEY_CI",
			"urlSuccess": "https://shop.example/thanks",
		},
	)
	page := opened.Text("waveLaunchUrl")
	if !strings.HasPrefix(page, w.URL+"/wave/") || opened.Text("wave_launch_url") != page {
		t.Errorf("the order answers %v", opened)
	}
	w.presses(page, "pay")
	if got := w.Visit(page); !strings.Contains(got.Body, "https://shop.example/thanks") {
		t.Errorf("the page says %s", got.Body)
	}
}
