package novasend_test

import (
	"html"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/enginetest"
)

// visits returns the page of a link, with plain spaces and apostrophes.
func (w *world) visits(link string) enginetest.Response {
	w.T.Helper()
	page := w.Visit(link)
	page.Body = strings.ReplaceAll(html.UnescapeString(page.Body), "\u00a0", " ")
	return page
}

// presses sends the form of a page.
func (w *world) presses(link, button string) enginetest.Response {
	w.T.Helper()
	return w.Submit(link, "action", button)
}

func TestDecideOnPage(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		digits, button string
		status         fields
		title, back    string
		moved          int64
	}{
		"accepts": {"543210", "accept", paid("300.00"), "Paiement réussi", "https://m.example/ok", 300},
		"waits":   {"333333", "accept", paid("300.00"), "Paiement réussi", "https://m.example/ok", 300},
		"declines": {
			"543210", "decline",
			fields{"confirmationStatus": "declined", "status": "failed"},
			"Paiement refusé",
			"https://m.example/no", 0,
		},
		"is too poor": {
			"111111", "accept",
			fields{"failure.code": "client_not_enough_cash", "status": "failed"},
			"Solde insuffisant", "https://m.example/no", 0,
		},
		"half of it":   {"444444", "accept", paid("300.00"), "Paiement réussi", "https://m.example/ok", 300},
		"a late click": {"123456", "decline", paid("300.00"), "Paiement réussi", "https://m.example/ok", 300},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			link := w.makes(sessions, current("R1", number(row.digits))).At("paymentUrl")
			got := w.presses(link, row.button)
			require.Equal(t, http.StatusSeeOther, got.Status)
			require.Equal(t, "?lang=fr", got.Header.Get("Location"))
			w.presses(link, "decline") // too late
			w.shows("/v1/payin/R1", row.status)
			page := w.visits(link)
			require.Contains(t, page.Body, row.title)
			require.Contains(t, page.Body, row.back)
			w.Clock.Advance(time.Hour)
			w.booksOne("R1", row.moved)
			w.ExpectNotices(1)
		})
	}
}

func TestPageForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.makes(sessions, seed("R<1>", number("543210")).With(fields{"amount": 50000})).At("paymentUrl")
	w.visits(link).ExpectTexts(
		t, "51 000 F CFA", "R<1>", "+2250700543210", "Acceptez-vous ce paiement ?", `<html lang="fr">`, `value="decline"`,
	)
	english := w.visits(link + "?lang=en")
	require.Contains(t, english.Body, "Do you accept this payment?")
	require.Equal(t, "en", english.Header.Get("Content-Language"))
	w.Clock.Advance(10 * time.Second)
	paid := w.visits(link)
	require.Contains(t, paid.Body, "Paiement réussi")
	require.NotContains(t, paid.Body, "Retourner")
	expired := w.makes(directPayin, direct("W1", number("333333"), fields{"provider": "WAVE"})).At("paymentUrl")
	w.Clock.Advance(10 * time.Minute)
	require.Contains(t, w.visits(expired).Body, "Lien expiré")
}

func TestPageIsPrivate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.makes(sessions, current("R1", number("333333"))).At("paymentUrl")
	page := w.Visit(link)
	page.ExpectPrivate(t)
	page.ExpectNoTexts(t, " src=", "<link")
	for name, row := range map[string]struct {
		req  *http.Request
		want int
	}{
		"deleting":     {w.Request(http.MethodDelete, link, nil), http.StatusMethodNotAllowed},
		"looking":      {w.Request(http.MethodHead, link, nil), http.StatusOK},
		"a wrong link": {w.Request(http.MethodGet, "/link/guess", nil), http.StatusNotFound},
		"no page": {
			w.Request(http.MethodGet, "/link/"+w.makes(directPayin, direct("D1", number("333333"), nil)).At("id")[3:],
				nil),
			http.StatusNotFound,
		},
		"a payout": {
			w.Request(http.MethodGet, "/link/"+w.makes(payout, current("O1", number("333333"))).At("id")[3:], nil),
			http.StatusNotFound,
		},
		"nothing asked": {w.Form(link, "action", "else"), http.StatusBadRequest},
	} {
		require.Equal(t, row.want, w.Fetch(row.req).Status, name)
	}
	w.shows("/v1/payin/R1", open)
}
