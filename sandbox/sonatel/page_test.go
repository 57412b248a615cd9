package sonatel_test

import (
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pirogue/sandbox/sonatel"
)

// fills sends the form of a payment page.
func (w *world) fills(link string, pairs ...string) answered {
	w.t.Helper()
	form := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		form.Set(pair[0], pair[1])
	}
	req := w.request(http.MethodPost, link, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.fetch(req)
}

// pays sends the form as a customer who does everything right.
func (w *world) pays(link, number string) answered {
	w.t.Helper()
	return w.fills(link, "action", "pay", "msisdn", number, "pin", sonatel.CustomerPIN)
}

// reads returns the page behind a link, with plain spaces and apostrophes.
func (w *world) reads(link string) string {
	w.t.Helper()
	page := w.fetch(w.request(http.MethodGet, link, nil)).body
	return strings.NewReplacer("\u00a0", " ", "&#39;", "'").Replace(page)
}

func TestAPersonPays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.makesCode("R1", "").text("deepLink")
	for _, wanted := range []string{
		"Boutique Awa", "50 000 F CFA", "R1", "5&nbsp;min", "Confirmez votre paiement", `<html lang="fr">`, ">" + sonatel.CustomerPIN + "<",
	} {
		if page := w.reads(link); !strings.Contains(page, wanted) {
			t.Errorf("the page does not show %q", wanted)
		}
	}
	if got := w.pays(link, "77 012 34 57"); got.status != http.StatusSeeOther || got.header.Get("Location") != "?lang=fr" {
		t.Errorf("the form answers %d to %s", got.status, got.header.Get("Location"))
	}
	if page := w.reads(link); !strings.Contains(page, "Paiement réussi") || !strings.Contains(page, w.inbox.url+"/return") ||
		!strings.Contains(page, "MP260312.0930.A00001") {
		t.Error("the page does not say that it is paid")
	}
	w.becomes("R1", "SUCCESS")
	if book := w.sim.Book(); len(book) != 1 || book[0].MSISDN != "+221770123457" {
		t.Errorf("the book says %v", book)
	}
	w.showsTold("SUCCESS", 1)
}

func TestThePageSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const wrongNumber, wrongPIN, failed = "il faut de 8 à 15 chiffres", "n'est pas le bon", "rien n'a été débité. Vous pouvez réessayer"
	small := w.makesCode("SMALL", "", fields{"amount": fields{"value": 9, "unit": "XOF"}}).text("deepLink")
	link := w.makesCode("R1", "").text("deepLink")
	for name, row := range map[string]struct{ link, number, pin, says string }{
		"a number that is too short": {link, "7701", sonatel.CustomerPIN, wrongNumber},
		"no number":                  {link, "", sonatel.CustomerPIN, wrongNumber},
		"a wrong code":               {link, "770123456", "9999", wrongPIN},
		"less than MAX IT takes":     {small, "770123456", sonatel.CustomerPIN, "au moins 10 F CFA"},
	} {
		got := w.fills(row.link, "action", "pay", "msisdn", row.number, "pin", row.pin)
		if got.status != http.StatusUnprocessableEntity || !strings.Contains(html.UnescapeString(got.body), row.says) {
			t.Errorf("%s answers %d without %q", name, got.status, row.says)
		}
	}
	w.pays(link, "770111111") // too poor, and then with another telephone
	if page := w.reads(link); !strings.Contains(page, failed) || !strings.Contains(page, "<form") {
		t.Error("the page does not offer another try")
	}
	w.pays(link, "770123456")
	var statuses []string
	for _, found := range w.search("reference=R1") {
		statuses = append(statuses, found.text("status"))
	}
	if strings.Join(statuses, " ") != "SUCCESS FAILED" {
		t.Errorf("the history says %v", statuses)
	}
}

// TestACodeForOneUseIsPaidOnce presses the button on several telephones at once.
func TestACodeForOneUseIsPaidOnce(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		single bool
		want   int
	}{"for one use": {true, 1}, "for any": {false, 4}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			link := w.makesCode("R1", "", fields{"restrictions": fields{"isSingleUse": row.single}}).text("deepLink")
			var telephones sync.WaitGroup
			for range 4 {
				telephones.Go(func() { w.pays(link, "770123456") })
			}
			telephones.Wait()
			if book := w.sim.Book(); len(book) != row.want {
				t.Errorf("the book says %v", book)
			}
		})
	}
}

func TestACodeEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cancelled := w.makesCode("CANCELLED", "+221770543210").text("deepLink")
	if got := w.fills(cancelled, "action", "cancel"); got.status != http.StatusSeeOther || got.header.Get("Location") != w.inbox.url+"/cancel" {
		t.Errorf("cancelling answers %d to %s", got.status, got.header.Get("Location"))
	}
	if page := w.reads(cancelled); !strings.Contains(page, "Paiement annulé") {
		t.Error("the page does not say that it is cancelled")
	}
	expired := w.makesCode("EXPIRED", "").text("deepLink")
	w.clock.Advance(300*time.Second + time.Millisecond)
	w.pays(expired, "770123456")
	w.pays(cancelled, "770123456")
	if page := w.reads(expired); !strings.Contains(page, "Code expiré") {
		t.Error("the page does not say that it is expired")
	}
	if page := w.fetch(w.request(http.MethodGet, "/qr/guess", nil)); page.status != http.StatusNotFound || !strings.Contains(page.body, "Code introuvable") {
		t.Errorf("an unknown code answers %d", page.status)
	}
	w.clock.Advance(24 * time.Hour)
	if book := w.sim.Book(); len(book) != 0 {
		t.Errorf("nobody paid, and the book says %v", book)
	}
}

func TestAnAutomaticCustomerStepsBackForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.makesCode("R1", "+221770543210").text("deepLink")
	w.clock.Advance(9 * time.Second)
	w.reads(link)
	w.clock.Advance(89 * time.Second)
	w.becomes("R1", "")
	w.clock.Advance(time.Second)
	w.becomes("R1", "SUCCESS")
}

func TestThePageWaitsWithTheOperator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(`{"settle_ms": 4000}`)
	link := w.makesCode("R1", "").text("deepLink")
	w.pays(link, "770123456")
	if page := w.reads(link); !strings.Contains(page, "Paiement en cours") || !strings.Contains(page, `content="2"`) {
		t.Error("the page does not say that it is under way")
	}
	w.fills(link, "action", "cancel") // too late
	w.clock.Advance(4 * time.Second)
	w.becomes("R1", "SUCCESS")
}

func TestThePageSpeaksTheCustomersLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.makesCode("R1", "").text("deepLink")
	const french, english = "Confirmez votre paiement", "Confirm your payment"
	for name, row := range map[string]struct{ query, accept, want string }{
		"the browser prefers French":   {"", "fr-SN,fr;q=0.9,en;q=0.8", french},
		"the browser prefers English":  {"", "en-GB,en;q=0.9,fr;q=0.3", english},
		"English is weighed higher":    {"", "fr;q=0.2, en;q=0.7", english},
		"the link beats the browser":   {"?lang=en", "fr", english},
		"the browser knows neither":    {"", "wo, bm;q=0.9", french},
		"the browser writes nonsense":  {"", ";;q=x,,", french},
		"the link is of a third place": {"?lang=de", "", french},
	} {
		req := w.request(http.MethodGet, link+row.query, nil)
		req.Header.Set("Accept-Language", row.accept)
		if page := w.fetch(req); !strings.Contains(page.body, row.want) {
			t.Errorf("%s: the page is in %s", name, page.header.Get("Content-Language"))
		}
	}
}

// maxWeight is what the page may cost a customer with a small data bundle.
const maxWeight = 30_000 // bytes, style and drawing included

func TestThePageIsPrivateAndSmall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.fetch(w.request(http.MethodGet, w.makesCode("R1", "", fields{"name": `Chez <b>"Awa"`}).text("deepLink"), nil))
	weight := len(page.body)
	for _, asset := range []string{"page.css", "mark.svg"} {
		got := w.fetch(w.request(http.MethodGet, "/assets/"+asset, nil))
		if got.status != http.StatusOK || got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s answers %d", asset, got.status)
		}
		weight += len(got.body)
	}
	if weight > maxWeight {
		t.Errorf("the page weighs %d bytes", weight)
	}
	for header, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Content-Language": "fr",
	} {
		if got := page.header.Get(header); got != want {
			t.Errorf("%s is %q", header, got)
		}
	}
	for _, unwanted := range []string{"<script", "<style", " style=", " onclick", "<b>"} {
		if strings.Contains(page.body, unwanted) {
			t.Errorf("the page holds %q", unwanted)
		}
	}
	req := w.request(http.MethodDelete, w.url+"/qr/"+strings.Repeat("A", 26), nil)
	if got := w.fetch(req); got.status != http.StatusNotFound {
		t.Errorf("deleting an unknown page answers %d", got.status)
	}
}
