package orangeweb_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pirogue/sandbox/orangeweb"
)

// post sends the form of a payment page.
func (w *world) post(pageURL string, fields ...string) answered {
	w.t.Helper()
	form := url.Values{}
	for pair := range slices.Chunk(fields, 2) {
		form.Set(pair[0], pair[1])
	}
	req := w.request(http.MethodPost, pageURL, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.fetch(req)
}

// pays sends the form as a customer who does everything right.
func (w *world) pays(pageURL string) answered {
	w.t.Helper()
	return w.post(pageURL, "action", "pay", "msisdn", "76 54 32 10", "otp", orangeweb.OTP)
}

func TestThePageSpeaksTheCustomersLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const french, english = "Confirmez votre paiement", "Confirm your payment"
	for name, row := range map[string]struct{ link, accept, merchant, want string }{
		"the browser prefers French":            {"", "fr-CI,fr;q=0.9,en;q=0.8", "en", french},
		"the browser prefers English":           {"", "en-GB,en;q=0.9,fr;q=0.3", "fr", english},
		"English is weighed above French":       {"", "fr;q=0.2, en;q=0.7", "fr", english},
		"the link beats the browser":            {"?lang=en", "fr", "fr", english},
		"a link in a third language is ignored": {"?lang=de", "fr", "en", french},
		"the browser knows neither":             {"", "wo, bm;q=0.9", "en", english},
		"nobody says anything":                  {"", "", "", french},
		"the browser writes nonsense":           {"", ";;q=x,,", "fr", french},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := w.payment(strings.ReplaceAll(name, " ", "-")[:20] + row.accept[:min(4, len(row.accept))])
			body["lang"] = row.merchant
			_, reply := w.webpayment("", body)
			pageURL := text(t, reply, "payment_url")
			req := w.request(http.MethodGet, pageURL+row.link, nil)
			req.Header.Set("Accept-Language", row.accept)
			if page := w.fetch(req); page.status != http.StatusOK || !strings.Contains(page.body, row.want) {
				t.Errorf("the page answers %d in %s", page.status, page.header.Get("Content-Language"))
			}
		})
	}
}

func TestThePageShowsTheOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := w.payment("ORDER-1")
	body["reference"] = `Chez <b>"Awa"</b>`
	_, reply := w.webpayment("", body)
	page := w.get(text(t, reply, "payment_url"))
	plain := strings.ReplaceAll(page.body, "\u00a0", " ")
	for _, wanted := range []string{
		"Chez &lt;b&gt;&#34;Awa&#34;&lt;/b&gt;", "50 000 F CFA", "ORDER-1", `<html lang="fr">`, "10&nbsp;min",
		"Aucun argent réel ne circule ici.", ">" + orangeweb.OTP + "<", `<label for="msisdn">`, `<label for="otp">`,
		`href="?lang=en"`, `name="viewport"`,
	} {
		if !strings.Contains(plain, wanted) {
			t.Errorf("the page does not show %q", wanted)
		}
	}
	for _, unwanted := range []string{"<script", "<style", " style=", " onclick", "OUV"} {
		if strings.Contains(page.body, unwanted) {
			t.Errorf("the page holds %q", unwanted)
		}
	}
}

func TestAmountsAreWrittenAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, row := range map[string]struct {
		segment, currency string
		amount            int
		want              string
	}{
		"play money":        {"dev", "OUV", 999, "999 F CFA"},
		"West Africa":       {"ci", "XOF", 1000, "1 000 F CFA"},
		"Central Africa":    {"cm", "XAF", 1234567, "1 234 567 F CFA"},
		"Guinea":            {"gn", "GNF", 25000, "25 000 FG"},
		"somewhere unknown": {"jo", "JOD", 10, "10 JOD"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := w.payment("ORDER-" + row.currency)
			body["currency"], body["amount"] = row.currency, row.amount
			_, reply := w.call("/orange-money-webpay/"+row.segment+"/v1/webpayment", "", body)
			page := w.get(text(t, reply, "payment_url"))
			if !strings.Contains(strings.ReplaceAll(page.body, "\u00a0", " "), `<p class="amount">`+row.want+`</p>`) {
				t.Errorf("%d %s is not written %q", row.amount, row.currency, row.want)
			}
		})
	}
}

// maxWeight is what the page may cost a customer with a small data bundle.
const maxWeight = 100_000 // bytes, style and drawings included

func TestThePageIsPrivateAndSmall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.get(w.opened("ORDER-1", "").pageURL)
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'self'; base-uri 'none'; frame-ancestors 'none'",
		"Referrer-Policy":         "no-referrer",
		"Cache-Control":           "no-store",
		"X-Content-Type-Options":  "nosniff",
		"X-Frame-Options":         "DENY",
		"Content-Type":            "text/html; charset=utf-8",
	} {
		if got := page.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	weight := len(page.body)
	for _, file := range []string{"page.css", "mark.svg", "river.svg"} {
		asset := w.get(w.url + "/assets/" + file)
		if asset.status != http.StatusOK {
			t.Errorf("%s answers %d", file, asset.status)
		}
		weight += len(asset.body)
	}
	if weight >= maxWeight {
		t.Errorf("the page weighs %d bytes", weight)
	}
	if list := w.get(w.url + "/assets/"); list.status != http.StatusNotFound {
		t.Errorf("the folder of assets answers %d", list.status)
	}
}

func TestPayingOnThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.opened("ORDER-1", "")
	sent := w.pays(s.pageURL + "?lang=en")
	if sent.status != http.StatusSeeOther || sent.header.Get("Location") != "?lang=en" {
		t.Fatalf("paying answers %d to %q", sent.status, sent.header.Get("Location"))
	}
	page := w.get(s.pageURL + "?lang=en")
	for _, wanted := range []string{"Payment successful", `content="6; url=` + w.inbox.url + `/return"`, `href="` + w.inbox.url + `/return"`} {
		if !strings.Contains(page.body, wanted) {
			t.Errorf("the result does not show %q", wanted)
		}
	}
	if strings.Contains(page.body, "<form") {
		t.Error("one can pay again")
	}
	w.showsBooked(s, 50000)
	if book := w.sim.Book(); book[0].MSISDN != "76543210" {
		t.Errorf("the book says %+v", book)
	}
	w.showsNotices(s, orangeweb.Success, 1)
}

// TestPressingTwicePaysOnce sends the same form ten times at once.
func TestPressingTwicePaysOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.opened("ORDER-1", "")
	var presses sync.WaitGroup
	for range 10 {
		presses.Go(func() {
			if sent := w.pays(s.pageURL); sent.status != http.StatusSeeOther {
				t.Errorf("a press answers %d", sent.status)
			}
		})
	}
	presses.Wait()
	w.showsBooked(s, 50000)
	w.showsNotices(s, orangeweb.Success, 1)
}

func TestCancellingOnThePage(t *testing.T) {
	t.Parallel()
	for name, msisdn := range map[string]string{
		"with nobody behind it":          "",
		"with an automatic customer":     "+22376543210",
		"with a customer who pays later": "+22376444444",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.opened("ORDER-1", msisdn)
			sent := w.post(s.pageURL, "action", "cancel")
			if sent.status != http.StatusSeeOther || sent.header.Get("Location") != w.inbox.url+"/cancel" {
				t.Errorf("cancelling answers %d to %q", sent.status, sent.header.Get("Location"))
			}
			if page := w.get(s.pageURL); !strings.Contains(page.body, "Paiement annulé") {
				t.Error("the page does not say that the payment is cancelled")
			}
			w.pays(s.pageURL)
			w.clock.Advance(24 * time.Hour)
			w.becomes(s, orangeweb.Initiated)
			w.showsBooked(s, 0)
			w.showsNotices(s, orangeweb.Initiated, 0)
		})
	}
}

func TestAPaidSessionCannotBeCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.opened("ORDER-1", "")
	w.pays(s.pageURL)
	if sent := w.post(s.pageURL, "action", "cancel"); sent.header.Get("Location") != "?lang=fr" {
		t.Errorf("cancelling leads to %q", sent.header.Get("Location"))
	}
	w.becomes(s, orangeweb.Success)
}

func TestWhatTheFormRefuses(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ number, otp, want string }{
		"no number":              {"", orangeweb.OTP, "8 à 15 chiffres"},
		"a short number":         {"76 12", orangeweb.OTP, "8 à 15 chiffres"},
		"a name for a number":    {"Awa Traoré", orangeweb.OTP, "8 à 15 chiffres"},
		"no code":                {"76 54 32 10", " ", "Saisissez le code"},
		"a script for a number":  {`"><script>`, orangeweb.OTP, "&#34;&gt;&lt;script&gt;"},
		"a number of 16 figures": {"1234567890123456", orangeweb.OTP, "8 à 15 chiffres"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.opened("ORDER-1", "")
			page := w.post(s.pageURL, "action", "pay", "msisdn", row.number, "otp", row.otp)
			if page.status != http.StatusUnprocessableEntity || !strings.Contains(page.body, row.want) ||
				!strings.Contains(page.body, `role="alert"`) || !strings.Contains(page.body, "<title>Erreur : ") {
				t.Errorf("answers %d", page.status)
			}
			if kept := w.sim.Sessions()[0]; kept.Status != orangeweb.Initiated {
				t.Errorf("what was refused left %+v", kept)
			}
		})
	}
}

func TestNumbersAreTypedInManyWays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for typed, kept := range map[string]string{
		"76543210": "76543210", "76 54 32 10": "76543210", "+223 76-54-32-10": "+22376543210",
		"00223 76.54.32.10": "+22376543210", "07\u00a099\u00a054\u00a032\u00a010": "0799543210",
	} {
		s := w.opened("ORDER-"+strings.ReplaceAll(kept, "+", "p")+strconv.Itoa(len(typed)), "")
		w.post(s.pageURL, "action", "pay", "msisdn", typed, "otp", orangeweb.OTP)
		book := w.sim.Book()
		if len(book) == 0 || book[len(book)-1].OrderID != s.orderID || book[len(book)-1].MSISDN != kept {
			t.Errorf("%q is kept as %+v, want %s", typed, book, kept)
		}
	}
}

func TestThreeWrongCodesFailThePayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.opened("ORDER-1", "")
	for _, want := range []string{"Essais restants :\u00a02.", "Essais restants :\u00a01. C&#39;est le dernier"} {
		page := w.post(s.pageURL, "action", "pay", "msisdn", "76543210", "otp", "000000")
		if page.status != http.StatusUnprocessableEntity || !strings.Contains(page.body, want) {
			t.Errorf("a wrong code answers %d without %q", page.status, want)
		}
		w.becomes(s, orangeweb.Initiated)
	}
	if last := w.post(s.pageURL, "action", "pay", "msisdn", "76543210", "otp", "000000"); last.status != http.StatusSeeOther {
		t.Errorf("the third wrong code answers %d", last.status)
	}
	w.pays(s.pageURL) // the right one comes too late
	if page := w.get(s.pageURL); !strings.Contains(page.body, "Paiement échoué") {
		t.Error("the page does not say that the payment failed")
	}
	w.becomes(s, orangeweb.Failed)
	w.showsBooked(s, 0)
	w.showsNotices(s, orangeweb.Failed, 1)
}

func TestAMagicNumberTypedOnThePageIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.opened("ORDER-1", "")
	w.post(s.pageURL, "action", "pay", "msisdn", "76 11 11 11", "otp", orangeweb.OTP)
	w.becomes(s, orangeweb.Failed)
	w.showsNotices(s, orangeweb.Failed, 1)
}

// TestConfirmingTooLate opens the form in time and sends it after the validity.
func TestConfirmingTooLate(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		after time.Duration
		otp   string
		end   orangeweb.Status
	}{
		"in the last instant":           {10 * time.Minute, orangeweb.OTP, orangeweb.Success},
		"an instant late":               {10*time.Minute + 1, orangeweb.OTP, orangeweb.Expired},
		"a day late":                    {24 * time.Hour, orangeweb.OTP, orangeweb.Expired},
		"late, and with a wrong code":   {time.Hour, "000000", orangeweb.Expired},
		"late, and with no code at all": {time.Hour, "", orangeweb.Expired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.opened("ORDER-1", "")
			w.clock.Advance(row.after)
			w.becomes(s, orangeweb.Initiated)
			w.post(s.pageURL, "action", "pay", "msisdn", "76543210", "otp", row.otp)
			w.becomes(s, row.end)
			if row.end == orangeweb.Expired {
				if page := w.get(s.pageURL); !strings.Contains(page.body, "Paiement expiré") {
					t.Error("the page does not say that the payment expired")
				}
				w.showsBooked(s, 0)
				w.showsNotices(s, orangeweb.Expired, 0)
			}
		})
	}
}

// TestTheAutomaticCustomerStepsBack opens the page of a default number: the
// person has 90 s, once, before the customer pays by themselves.
func TestTheAutomaticCustomerStepsBack(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		msisdn string
		look   func(w *world, pageURL string)
		acts   time.Duration // after the last look; the first is 4 s after the opening
	}{
		"a person looks":             {"+22376543210", func(w *world, p string) { w.get(p) }, 90 * time.Second},
		"a person looks again later": {"+22376543210", looksTwice, 70 * time.Second},
		"a machine asks for headers": {"+22376543210", func(w *world, p string) { w.fetch(w.request(http.MethodHead, p, nil)) }, 6 * time.Second},
		"the number is magic":        {"+22376444444", func(w *world, p string) { w.get(p) }, 26 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.opened("ORDER-1", row.msisdn)
			w.clock.Advance(4 * time.Second)
			row.look(w, s.pageURL)
			w.clock.Advance(row.acts - time.Millisecond)
			w.becomes(s, orangeweb.Initiated)
			w.clock.Advance(time.Millisecond)
			w.becomes(s, orangeweb.Success)
			w.showsNotices(s, orangeweb.Success, 1)
		})
	}
}

// looksTwice is a person who opens the page and reloads it 20 s later.
func looksTwice(w *world, pageURL string) {
	w.get(pageURL)
	w.clock.Advance(20 * time.Second)
	w.get(pageURL)
}

func TestAPersonPaysBeforeTheAutomaticCustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.opened("ORDER-1", "+22376543210")
	w.get(s.pageURL)
	w.pays(s.pageURL)
	w.clock.Advance(time.Hour)
	w.showsBooked(s, 50000)
	w.showsNotices(s, orangeweb.Success, 1)
}

func TestThePageWhileOrangeWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(`{"settle_ms": 3000}`)
	s := w.opened("ORDER-1", "")
	w.pays(s.pageURL)
	if page := w.get(s.pageURL); !strings.Contains(page.body, "Paiement en cours") || !strings.Contains(page.body, `content="2"`) {
		t.Error("the page does not say that Orange works on it")
	}
	w.clock.Advance(3 * time.Second)
	if page := w.get(s.pageURL); !strings.Contains(page.body, "Paiement réussi") {
		t.Error("the page does not say that it is paid")
	}
}

func TestALinkToNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.get(w.url + "/payment/pay_token/guess?lang=en")
	if page.status != http.StatusNotFound || !strings.Contains(page.body, "Payment not found") {
		t.Errorf("answers %d", page.status)
	}
	if put := w.fetch(w.request(http.MethodPut, w.opened("ORDER-1", "").pageURL, nil)); put.status != http.StatusMethodNotAllowed {
		t.Errorf("PUT answers %d", put.status)
	}
}
