package sonatel_test

import (
	"html"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/sonatel"
)

// payOnPage sends the form with valid input.
func (w *world) payOnPage(link, number string) enginetest.Response {
	w.T.Helper()
	return w.Submit(link, "action", "pay", "msisdn", number, "pin", sonatel.CustomerPIN)
}

// pageText returns the page of a link, with plain spaces and apostrophes.
func (w *world) pageText(link string) string {
	w.T.Helper()
	page := w.Visit(link).Body
	return strings.NewReplacer("\u00a0", " ", "&#39;", "'").Replace(page)
}

func TestPage(t *testing.T) {
	t.Parallel()
	t.Run("paid", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		link := w.createCode("R1", "").Text("deepLink")
		for _, wanted := range []string{
			"Boutique Awa", "50 000 F CFA", "R1", "5&nbsp;min", "Confirmez votre paiement", `<html lang="fr">`,
			">" + sonatel.CustomerPIN + "<",
		} {
			require.Contains(t, w.pageText(link), wanted)
		}
		got := w.payOnPage(link, "77 012 34 57")
		require.Equal(t, http.StatusSeeOther, got.Status)
		require.Equal(t, "?lang=fr", got.Header.Get("Location"))
		for _, wanted := range []string{"Paiement réussi", w.Inbox.URL + "/return", "MP260312.0930.A00001"} {
			require.Contains(t, w.pageText(link), wanted)
		}
		w.awaitStatus("R1", "SUCCESS")
		require.Len(t, w.Sim.Book(), 1)
		require.Equal(t, "+221770123457", w.Sim.Book()[0].MSISDN)
		w.expectCallbacks("SUCCESS", 1)
	})
	t.Run("invalid_input", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		const wrongNumber, wrongPIN = "il faut de 8 à 15 chiffres", "n'est pas le bon"
		small := w.createCode("SMALL", "", fields{"amount": fields{"value": 9, "unit": "XOF"}}).Text("deepLink")
		link := w.createCode("R1", "").Text("deepLink")
		for name, row := range map[string]struct{ link, number, pin, want string }{
			"a number that is too short": {link, "7701", sonatel.CustomerPIN, wrongNumber},
			"no number":                  {link, "", sonatel.CustomerPIN, wrongNumber},
			"a wrong PIN":                {link, "770123456", "9999", wrongPIN},
			"less than MAX IT takes":     {small, "770123456", sonatel.CustomerPIN, "au moins 10 F CFA"},
		} {
			got := w.Submit(row.link, "action", "pay", "msisdn", row.number, "pin", row.pin)
			require.Equal(t, http.StatusUnprocessableEntity, got.Status, name)
			require.Contains(t, html.UnescapeString(got.Body), row.want, name)
		}
		require.Empty(t, w.Sim.Transactions())
	})
	t.Run("second_try", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		link := w.createCode("R1", "").Text("deepLink")
		w.payOnPage(link, "770111111") // too low a balance, and then another phone
		page := w.pageText(link)
		require.Contains(t, page, "rien n'a été débité. Vous pouvez réessayer")
		require.Contains(t, page, "<form")
		w.payOnPage(link, "770123456")
		found := w.search("reference=R1")
		require.Len(t, found, 2)
		require.Equal(t, "SUCCESS", found[0]["status"])
		require.Equal(t, "FAILED", found[1]["status"])
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		link := w.createCode("R1", "+221770543210").Text("deepLink")
		got := w.Submit(link, "action", "cancel")
		require.Equal(t, http.StatusSeeOther, got.Status)
		require.Equal(t, w.Inbox.URL+"/cancel", got.Header.Get("Location"))
		w.payOnPage(link, "770123456")
		require.Contains(t, w.pageText(link), "Paiement annulé")
		w.Clock.Advance(24 * time.Hour)
		require.Empty(t, w.Sim.Book())
	})
	t.Run("expired", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		link := w.createCode("R1", "").Text("deepLink")
		w.Clock.Advance(300*time.Second + time.Millisecond)
		w.payOnPage(link, "770123456")
		require.Contains(t, w.pageText(link), "Code expiré")
		require.Empty(t, w.Sim.Book())
	})
	t.Run("unknown", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		page := w.Visit("/qr/guess")
		require.Equal(t, http.StatusNotFound, page.Status)
		require.Contains(t, page.Body, "Code introuvable")
		deleted := w.Fetch(w.Request(http.MethodDelete, w.URL+"/qr/"+strings.Repeat("A", 26), nil))
		require.Equal(t, http.StatusNotFound, deleted.Status)
	})
	t.Run("automatic_customer_steps_back", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		link := w.createCode("R1", "+221770543210").Text("deepLink")
		w.Clock.Advance(9 * time.Second)
		w.pageText(link)
		w.Clock.Advance(89 * time.Second)
		w.awaitStatus("R1", "")
		w.Clock.Advance(time.Second)
		w.awaitStatus("R1", "SUCCESS")
	})
	t.Run("settling", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.SetSwitches(`{"settle_ms": 4000}`)
		link := w.createCode("R1", "").Text("deepLink")
		w.payOnPage(link, "770123456")
		page := w.pageText(link)
		require.Contains(t, page, "Paiement en cours")
		require.Contains(t, page, `content="2"`)
		w.Submit(link, "action", "cancel") // too late
		w.Clock.Advance(4 * time.Second)
		w.awaitStatus("R1", "SUCCESS")
	})
	t.Run("language", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		link := w.createCode("R1", "").Text("deepLink")
		visit := func(query, accept string) enginetest.Response {
			req := w.Request(http.MethodGet, link+query, nil)
			req.Header.Set("Accept-Language", accept)
			return w.Fetch(req)
		}
		enginetest.ExpectLanguages(t, "Confirmez votre paiement", "Confirm your payment", visit)
	})
	t.Run("private_and_small", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		page := w.Visit(w.createCode("R1", "", fields{"name": `Chez <b>"Awa"`}).Text("deepLink"))
		weight := len(page.Body)
		for _, asset := range []string{"page.css", "mark.svg"} {
			got := w.Visit("/assets/" + asset)
			require.Equal(t, http.StatusOK, got.Status, asset)
			require.Equal(t, "nosniff", got.Header.Get("X-Content-Type-Options"), asset)
			weight += len(got.Body)
		}
		require.LessOrEqual(t, weight, maxWeight, "bytes")
		page.ExpectPrivate(t)
		page.ExpectNoTexts(t, "<style", "<b>")
		require.Equal(t, "fr", page.Header.Get("Content-Language"))
	})
}

// TestConcurrentPayments presses the button on four phones at once.
func TestConcurrentPayments(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		single bool
		want   int
	}{"single_use": {true, 1}, "any_use": {false, 4}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			link := w.createCode("R1", "", fields{"restrictions": fields{"isSingleUse": row.single}}).Text("deepLink")
			var phones sync.WaitGroup
			for range 4 {
				phones.Go(func() { w.payOnPage(link, "770123456") })
			}
			phones.Wait()
			require.Len(t, w.Sim.Book(), row.want)
		})
	}
}

// maxWeight bounds the size of the page, for customers with a small data bundle.
const maxWeight = 30_000 // bytes, style and drawing included
