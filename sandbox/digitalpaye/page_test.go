package digitalpaye_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// link opens a Wave collection and returns where its customer pays.
func (w *world) link(number string) string {
	w.t.Helper()
	return w.opens("v2", "in", "R1", number, fields{
		"operator": "WAVE_MONEY_CI", "amount": 50000, "url_success": "https://shop.example/thanks",
		"url_error": "https://shop.example/sorry", "url_cancel": "https://shop.example/back",
	}).text("wave_launch_url")
}

// presses sends the page's form.
func (w *world) presses(page, action string) answered {
	w.t.Helper()
	req := w.request(http.MethodPost, page, url.Values{"action": {action}}.Encode())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.fetch(req)
}

func (w *world) looks(page string) answered {
	w.t.Helper()
	return w.fetch(w.request(http.MethodGet, page, ""))
}

// TestAPersonDecides pays or refuses on the page, before the number's customer would.
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
			if got := w.looks(page); got.status != http.StatusOK || !strings.Contains(got.body, "Payer 50\u00a0000\u00a0F\u00a0CFA</button>") {
				t.Errorf("the page is %d %s", got.status, got.body)
			}
			if got := w.presses(page+"?lang=fr", action); got.status != http.StatusSeeOther || got.header.Get("Location") != "?lang=fr" {
				t.Errorf("pressing answers %d %v", got.status, got.header)
			}
			w.presses(page, "pay") // too late
			w.presses(page, "refuse")
			got := w.looks(page)
			if !strings.Contains(got.body, want.says) || !strings.Contains(got.body, want.next) || strings.Contains(got.body, "<form") {
				t.Errorf("the page then says %s", got.body)
			}
			w.stands("v2", "R1", want.status)
			w.books(want.book...)
			if told := w.notices(1)[0].said; told.text("status") != want.status || told["wave_launch_url"] != nil {
				t.Errorf("the webhook says %v", told)
			}
		})
	}
}

// TestThePageIsSafe allows it its own style and nothing else, in either language.
func TestThePageIsSafe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.link("0700333333")
	got := w.looks(page + "?lang=en")
	_, rest, _ := strings.Cut(got.body, "<style>")
	style, _, found := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	policy := got.header.Get("Content-Security-Policy")
	if !found || !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("the policy is %s", policy)
	}
	if got.header.Get("X-Frame-Options") != "DENY" || got.header.Get("Cache-Control") != "no-store" || got.header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("the headers are %v", got.header)
	}
	if !strings.Contains(got.body, `<html lang="en">`) || !strings.Contains(got.body, "Refuse</button>") || strings.Contains(got.body, "<script") {
		t.Errorf("the page is %s", got.body)
	}
	if french := w.looks(page); !strings.Contains(french.body, `<html lang="fr">`) {
		t.Error("the page is not French by itself")
	}
}

// TestAPageWithNothingToPay is what an unknown link and a finished order lead to.
func TestAPageWithNothingToPay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.looks("/wave/NONE"); got.status != http.StatusNotFound || !strings.Contains(got.body, "aucun paiement") {
		t.Errorf("an unknown link answers %d %s", got.status, got.body)
	}
	page := w.link("0700333333")
	if got := w.presses(page, "dance"); got.status != http.StatusBadRequest || !strings.Contains(got.body, "<form") {
		t.Errorf("another action answers %d", got.status)
	}
	if got := w.fetch(w.request(http.MethodDelete, page, "")); got.status != http.StatusMethodNotAllowed {
		t.Errorf("DELETE answers %d", got.status)
	}
	w.clock.Advance(10 * time.Minute)
	w.stands("v2", "R1", "FAILED")
	if got := w.looks(page); !strings.Contains(got.body, "Le délai est passé") || !strings.Contains(got.body, "https://shop.example/sorry") {
		t.Errorf("a page that lapsed says %s", got.body)
	}
}

// TestAWaveLinkInV1 stands under the name of v1's page and under the SDK's.
func TestAWaveLinkInV1(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.opens("v1", "in", "R1", "0700333333", fields{"operator": "WAVE_MONEY_CI", "urlSuccess": "https://shop.example/thanks"})
	page := opened.text("waveLaunchUrl")
	if !strings.HasPrefix(page, w.url+"/wave/") || opened.text("wave_launch_url") != page {
		t.Errorf("the order answers %v", opened)
	}
	w.presses(page, "pay")
	if got := w.looks(page); !strings.Contains(got.body, "https://shop.example/thanks") {
		t.Errorf("the page says %s", got.body)
	}
}
