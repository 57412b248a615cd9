package novasend_test

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"strings"
	"testing"
	"time"
)

// visits returns the page behind a link, with plain spaces and apostrophes.
func (w *world) visits(link string) answered {
	w.t.Helper()
	page := w.fetch(w.request(http.MethodGet, link, nil))
	page.body = strings.ReplaceAll(html.UnescapeString(page.body), "\u00a0", " ")
	return page
}

// presses sends the form of a page.
func (w *world) presses(link, button string) answered {
	w.t.Helper()
	req := w.request(http.MethodPost, link, "action="+button)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.fetch(req)
}

func TestAPersonDecides(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		digits, button string
		status         fields
		title, back    string
		moved          int64
	}{
		"accepts":      {"543210", "accept", paid("300.00"), "Paiement réussi", "https://m.example/ok", 300},
		"waits":        {"333333", "accept", paid("300.00"), "Paiement réussi", "https://m.example/ok", 300},
		"declines":     {"543210", "decline", fields{"confirmationStatus": "declined", "status": "failed"}, "Paiement refusé", "https://m.example/no", 0},
		"is too poor":  {"111111", "accept", fields{"failure.code": "client_not_enough_cash", "status": "failed"}, "Solde insuffisant", "https://m.example/no", 0},
		"half of it":   {"444444", "accept", paid("300.00"), "Paiement réussi", "https://m.example/ok", 300},
		"a late press": {"123456", "decline", paid("300.00"), "Paiement réussi", "https://m.example/ok", 300},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			link := w.makes(sessions, current("R1", number(row.digits))).at("paymentUrl")
			if got := w.presses(link, row.button); got.status != http.StatusSeeOther || got.header.Get("Location") != "?lang=fr" {
				t.Errorf("the form answers %d to %s", got.status, got.header.Get("Location"))
			}
			w.presses(link, "decline") // too late
			w.shows("/v1/payin/R1", row.status)
			if page := w.visits(link); !strings.Contains(page.body, row.title) || !strings.Contains(page.body, row.back) {
				t.Errorf("the page says %s", page.body)
			}
			w.clock.Advance(time.Hour)
			w.booksOne("R1", row.moved)
			w.notices(1)
		})
	}
}

func TestThePageAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.makes(sessions, seed("R<1>", number("543210")).with(fields{"amount": 50000})).at("paymentUrl")
	page := w.visits(link)
	for _, wanted := range []string{"51 000 F CFA", "R<1>", "+2250700543210", "Acceptez-vous ce paiement ?", `<html lang="fr">`, `value="decline"`} {
		if !strings.Contains(page.body, wanted) {
			t.Errorf("the page does not show %q", wanted)
		}
	}
	if english := w.visits(link + "?lang=en"); !strings.Contains(english.body, "Do you accept this payment?") || english.header.Get("Content-Language") != "en" {
		t.Errorf("the page in English says %s", english.body)
	}
	w.clock.Advance(10 * time.Second)
	if paid := w.visits(link); !strings.Contains(paid.body, "Paiement réussi") || strings.Contains(paid.body, "Retourner") {
		t.Errorf("a page without a way back says %s", paid.body)
	}
	expired := w.makes(directPayin, direct("W1", number("333333"), fields{"provider": "WAVE"})).at("paymentUrl")
	w.clock.Advance(10 * time.Minute)
	if page := w.visits(expired); !strings.Contains(page.body, "Lien expiré") {
		t.Errorf("a page that is too old says %s", page.body)
	}
}

func TestThePageIsPrivateAndSelfContained(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.makes(sessions, current("R1", number("333333"))).at("paymentUrl")
	page := w.fetch(w.request(http.MethodGet, link, nil))
	_, rest, _ := strings.Cut(page.body, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	policy := page.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") || !strings.HasPrefix(policy, "default-src 'none';") {
		t.Errorf("the policy is %s", policy)
	}
	for header, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"} {
		if got := page.header.Get(header); got != want {
			t.Errorf("%s is %q", header, got)
		}
	}
	for _, unwanted := range []string{"<script", " style=", " src=", "<link"} {
		if strings.Contains(page.body, unwanted) {
			t.Errorf("the page holds %q", unwanted)
		}
	}
	for name, row := range map[string]struct {
		req  *http.Request
		want int
	}{
		"deleting":      {w.request(http.MethodDelete, link, nil), http.StatusMethodNotAllowed},
		"looking":       {w.request(http.MethodHead, link, nil), http.StatusOK},
		"a wrong link":  {w.request(http.MethodGet, "/link/guess", nil), http.StatusNotFound},
		"no page":       {w.request(http.MethodGet, "/link/"+w.makes(directPayin, direct("D1", number("333333"), nil)).at("id")[3:], nil), http.StatusNotFound},
		"a payout":      {w.request(http.MethodGet, "/link/"+w.makes(payout, current("O1", number("333333"))).at("id")[3:], nil), http.StatusNotFound},
		"nothing asked": {w.request(http.MethodPost, link, "action=else"), http.StatusBadRequest},
	} {
		if got := w.fetch(row.req).status; got != row.want {
			t.Errorf("%s: the answer is %d, want %d", name, got, row.want)
		}
	}
	w.shows("/v1/payin/R1", open)
}
