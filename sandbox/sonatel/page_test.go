package sonatel_test

import (
	"html"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/sonatel"
)

// pays sends the form with valid input.
func (w *world) pays(link, number string) enginetest.Answer {
	w.T.Helper()
	return w.Submit(link, "action", "pay", "msisdn", number, "pin", sonatel.CustomerPIN)
}

// reads returns the page of a link, with plain spaces and apostrophes.
func (w *world) reads(link string) string {
	w.T.Helper()
	page := w.Visit(link).Body
	return strings.NewReplacer("\u00a0", " ", "&#39;", "'").Replace(page)
}

func TestAPersonPays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.makesCode("R1", "").Text("deepLink")
	for _, wanted := range []string{
		"Boutique Awa", "50 000 F CFA", "R1", "5&nbsp;min", "Confirmez votre paiement", `<html lang="fr">`,
		">" + sonatel.CustomerPIN + "<",
	} {
		if page := w.reads(link); !strings.Contains(page, wanted) {
			t.Errorf("the page does not show %q", wanted)
		}
	}
	if got := w.pays(link, "77 012 34 57"); got.Status != http.StatusSeeOther || got.Header.Get("Location") != "?lang=fr" {
		t.Errorf("the form answers %d to %s", got.Status, got.Header.Get("Location"))
	}
	if page := w.reads(link); !strings.Contains(page, "Paiement réussi") ||
		!strings.Contains(page, w.Inbox.URL+"/return") ||
		!strings.Contains(page, "MP260312.0930.A00001") {
		t.Error("the page does not say that it is paid")
	}
	w.becomes("R1", "SUCCESS")
	if book := w.Sim.Book(); len(book) != 1 || book[0].MSISDN != "+221770123457" {
		t.Errorf("the book says %v", book)
	}
	w.showsTold("SUCCESS", 1)
}

func TestThePageSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const wrongNumber, wrongPIN, failed = "il faut de 8 à 15 chiffres", "n'est pas le bon",
		"rien n'a été débité. Vous pouvez réessayer"
	small := w.makesCode("SMALL", "", fields{"amount": fields{"value": 9, "unit": "XOF"}}).Text("deepLink")
	link := w.makesCode("R1", "").Text("deepLink")
	for name, row := range map[string]struct{ link, number, pin, says string }{
		"a number that is too short": {link, "7701", sonatel.CustomerPIN, wrongNumber},
		"no number":                  {link, "", sonatel.CustomerPIN, wrongNumber},
		"a wrong code":               {link, "770123456", "9999", wrongPIN},
		"less than MAX IT takes":     {small, "770123456", sonatel.CustomerPIN, "au moins 10 F CFA"},
	} {
		got := w.Submit(row.link, "action", "pay", "msisdn", row.number, "pin", row.pin)
		if got.Status != http.StatusUnprocessableEntity || !strings.Contains(html.UnescapeString(got.Body), row.says) {
			t.Errorf("%s answers %d without %q", name, got.Status, row.says)
		}
	}
	w.pays(link, "770111111") // too low a balance, and then another phone
	if page := w.reads(link); !strings.Contains(page, failed) || !strings.Contains(page, "<form") {
		t.Error("the page does not offer another try")
	}
	w.pays(link, "770123456")
	var statuses []string
	for _, found := range w.search("reference=R1") {
		statuses = append(statuses, found.Text("status"))
	}
	if strings.Join(statuses, " ") != "SUCCESS FAILED" {
		t.Errorf("the history says %v", statuses)
	}
}

// TestACodeForOneUseIsPaidOnce presses the button on several phones at once.
func TestACodeForOneUseIsPaidOnce(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		single bool
		want   int
	}{"for one use": {true, 1}, "for any": {false, 4}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			link := w.makesCode("R1", "", fields{"restrictions": fields{"isSingleUse": row.single}}).Text("deepLink")
			var telephones sync.WaitGroup
			for range 4 {
				telephones.Go(func() { w.pays(link, "770123456") })
			}
			telephones.Wait()
			if book := w.Sim.Book(); len(book) != row.want {
				t.Errorf("the book says %v", book)
			}
		})
	}
}

func TestACodeEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cancelled := w.makesCode("CANCELLED", "+221770543210").Text("deepLink")
	if got := w.Submit(cancelled, "action", "cancel"); got.Status != http.StatusSeeOther ||
		got.Header.Get("Location") != w.Inbox.URL+"/cancel" {
		t.Errorf("cancelling answers %d to %s", got.Status, got.Header.Get("Location"))
	}
	if page := w.reads(cancelled); !strings.Contains(page, "Paiement annulé") {
		t.Error("the page does not say that it is cancelled")
	}
	expired := w.makesCode("EXPIRED", "").Text("deepLink")
	w.Clock.Advance(300*time.Second + time.Millisecond)
	w.pays(expired, "770123456")
	w.pays(cancelled, "770123456")
	if page := w.reads(expired); !strings.Contains(page, "Code expiré") {
		t.Error("the page does not say that it is expired")
	}
	if page := w.Fetch(w.Request(http.MethodGet, "/qr/guess", nil)); page.Status != http.StatusNotFound ||
		!strings.Contains(page.Body, "Code introuvable") {
		t.Errorf("an unknown code answers %d", page.Status)
	}
	w.Clock.Advance(24 * time.Hour)
	if book := w.Sim.Book(); len(book) != 0 {
		t.Errorf("nobody paid, and the book says %v", book)
	}
}

func TestAnAutomaticCustomerStepsBackForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.makesCode("R1", "+221770543210").Text("deepLink")
	w.Clock.Advance(9 * time.Second)
	w.reads(link)
	w.Clock.Advance(89 * time.Second)
	w.becomes("R1", "")
	w.Clock.Advance(time.Second)
	w.becomes("R1", "SUCCESS")
}

func TestThePageWaitsWithTheOperator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"settle_ms": 4000}`)
	link := w.makesCode("R1", "").Text("deepLink")
	w.pays(link, "770123456")
	if page := w.reads(link); !strings.Contains(page, "Paiement en cours") || !strings.Contains(page, `content="2"`) {
		t.Error("the page does not say that it is under way")
	}
	w.Submit(link, "action", "cancel") // too late
	w.Clock.Advance(4 * time.Second)
	w.becomes("R1", "SUCCESS")
}

func TestThePageSpeaksTheCustomersLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.makesCode("R1", "").Text("deepLink")
	enginetest.Speaks(t, "Confirmez votre paiement", "Confirm your payment", func(query, accept string) enginetest.Answer {
		req := w.Request(http.MethodGet, link+query, nil)
		req.Header.Set("Accept-Language", accept)
		return w.Fetch(req)
	})
}

// maxWeight bounds the size of the page, for customers with a small data bundle.
const maxWeight = 30_000 // bytes, style and drawing included

func TestThePageIsPrivateAndSmall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.Fetch(
		w.Request(http.MethodGet, w.makesCode("R1", "", fields{"name": `Chez <b>"Awa"`}).Text("deepLink"), nil),
	)
	weight := len(page.Body)
	for _, asset := range []string{"page.css", "mark.svg"} {
		got := w.Fetch(w.Request(http.MethodGet, "/assets/"+asset, nil))
		if got.Status != http.StatusOK || got.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s answers %d", asset, got.Status)
		}
		weight += len(got.Body)
	}
	if weight > maxWeight {
		t.Errorf("the page weighs %d bytes", weight)
	}
	page.IsPrivate(t)
	page.Lacks(t, "<style", "<b>")
	if got := page.Header.Get("Content-Language"); got != "fr" {
		t.Errorf("the page is in %q", got)
	}
	req := w.Request(http.MethodDelete, w.URL+"/qr/"+strings.Repeat("A", 26), nil)
	if got := w.Fetch(req); got.Status != http.StatusNotFound {
		t.Errorf("deleting an unknown page answers %d", got.Status)
	}
}
