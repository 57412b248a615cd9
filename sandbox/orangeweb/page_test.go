package orangeweb_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/orangeweb"
)

// pays sends the form with valid input.
func (w *world) pays(pageURL string) enginetest.Answer {
	w.T.Helper()
	return w.Submit(pageURL, "action", "pay", "msisdn", "76 54 32 10", "otp", orangeweb.OTP)
}

func TestThePageSpeaksTheCustomersLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const french, english = "Confirmez votre paiement", "Confirm your payment"
	orders := 0
	visits := func(merchants, link, accept string) enginetest.Answer {
		orders++
		body := w.payment("ORDER-" + strconv.Itoa(orders))
		body["lang"] = merchants
		_, reply := w.webpayment("", body)
		req := w.Request(http.MethodGet, text(t, reply, "payment_url")+link, nil)
		req.Header.Set("Accept-Language", accept)
		return w.Fetch(req)
	}
	for _, merchants := range []string{"fr", "", "de"} {
		enginetest.Speaks(
			t, french, english, func(link, accept string) enginetest.Answer { return visits(merchants, link, accept) },
		)
	}
	visits("en", "", "wo, bm;q=0.9").Shows(t, english)
	visits("en-GB", "", "").Shows(t, english)
	visits("en", "", "fr-CI,fr;q=0.9,en;q=0.8").Shows(t, french)
	visits("en", "?lang=de", "fr").Shows(t, french)
}

func TestThePageShowsTheOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := w.payment("ORDER-1")
	body["reference"] = `Chez <b>"Awa"</b>`
	_, reply := w.webpayment("", body)
	page := w.Visit(text(t, reply, "payment_url"))
	page.Lacks(t, "<style", "OUV")
	page.Body = strings.ReplaceAll(page.Body, "\u00a0", " ")
	page.Shows(t,
		"Chez &lt;b&gt;&#34;Awa&#34;&lt;/b&gt;", "50 000 F CFA", "ORDER-1", `<html lang="fr">`, "10&nbsp;min",
		"Aucun argent réel ne circule ici.", ">"+orangeweb.OTP+"<", `<label for="msisdn">`, `<label for="otp">`,
		`href="?lang=en"`, `name="viewport"`,
	)
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
			page := w.Visit(text(t, reply, "payment_url"))
			if !strings.Contains(strings.ReplaceAll(page.Body, "\u00a0", " "), `<p class="amount">`+row.want+`</p>`) {
				t.Errorf("%d %s is not written %q", row.amount, row.currency, row.want)
			}
		})
	}
}

// maxWeight bounds the size of the page, for customers with a small data bundle.
const maxWeight = 100_000 // bytes, style and drawings included

func TestThePageIsPrivateAndSmall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.Visit(w.opened("ORDER-1", "").pageURL)
	page.IsPrivate(t)
	if strings.Contains(page.Header.Get("Content-Security-Policy"), "form-action") {
		t.Error("the way back to the merchant may be cut off")
	}
	weight := len(page.Body)
	for _, file := range []string{"page.css", "mark.svg", "river.svg"} {
		asset := w.Visit(w.URL + "/assets/" + file)
		if asset.Status != http.StatusOK {
			t.Errorf("%s answers %d", file, asset.Status)
		}
		weight += len(asset.Body)
	}
	if weight >= maxWeight {
		t.Errorf("the page weighs %d bytes", weight)
	}
	if list := w.Visit(w.URL + "/assets/"); list.Status != http.StatusNotFound {
		t.Errorf("the folder of assets answers %d", list.Status)
	}
}

func TestPayingOnThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.opened("ORDER-1", "")
	sent := w.pays(s.pageURL + "?lang=en")
	if sent.Status != http.StatusSeeOther || sent.Header.Get("Location") != "?lang=en" {
		t.Fatalf("paying answers %d to %q", sent.Status, sent.Header.Get("Location"))
	}
	page := w.Visit(s.pageURL + "?lang=en")
	page.Shows(t, "Payment successful", `content="6; url=`+w.Inbox.URL+`/return"`, `href="`+w.Inbox.URL+`/return"`)
	page.Lacks(t, "<form") // no form, so nobody can pay again
	w.showsBooked(s, 50000)
	if book := w.Sim.Book(); book[0].MSISDN != "76543210" {
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
			if sent := w.pays(s.pageURL); sent.Status != http.StatusSeeOther {
				t.Errorf("a press answers %d", sent.Status)
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
			sent := w.Submit(s.pageURL, "action", "cancel")
			if sent.Status != http.StatusSeeOther || sent.Header.Get("Location") != w.Inbox.URL+"/cancel" {
				t.Errorf("cancelling answers %d to %q", sent.Status, sent.Header.Get("Location"))
			}
			if page := w.Visit(s.pageURL); !strings.Contains(page.Body, "Paiement annulé") {
				t.Error("the page does not say that the payment is cancelled")
			}
			w.pays(s.pageURL)
			w.Clock.Advance(24 * time.Hour)
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
	if sent := w.Submit(s.pageURL, "action", "cancel"); sent.Header.Get("Location") != "?lang=fr" {
		t.Errorf("cancelling leads to %q", sent.Header.Get("Location"))
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
			page := w.Submit(s.pageURL, "action", "pay", "msisdn", row.number, "otp", row.otp)
			if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, row.want) ||
				!strings.Contains(page.Body, `role="alert"`) || !strings.Contains(page.Body, "<title>Erreur : ") {
				t.Errorf("answers %d", page.Status)
			}
			if kept := w.Sim.Sessions()[0]; kept.Status != orangeweb.Initiated {
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
		w.Submit(s.pageURL, "action", "pay", "msisdn", typed, "otp", orangeweb.OTP)
		book := w.Sim.Book()
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
		page := w.Submit(s.pageURL, "action", "pay", "msisdn", "76543210", "otp", "000000")
		if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, want) {
			t.Errorf("a wrong code answers %d without %q", page.Status, want)
		}
		w.becomes(s, orangeweb.Initiated)
	}
	if last := w.Submit(
		s.pageURL, "action", "pay", "msisdn", "76543210", "otp", "000000",
	); last.Status != http.StatusSeeOther {
		t.Errorf("the third wrong code answers %d", last.Status)
	}
	w.pays(s.pageURL) // the right OTP, too late
	if page := w.Visit(s.pageURL); !strings.Contains(page.Body, "Paiement échoué") {
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
	w.Submit(s.pageURL, "action", "pay", "msisdn", "76 11 11 11", "otp", orangeweb.OTP)
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
			w.Clock.Advance(row.after)
			w.becomes(s, orangeweb.Initiated)
			w.Submit(s.pageURL, "action", "pay", "msisdn", "76543210", "otp", row.otp)
			w.becomes(s, row.end)
			if row.end == orangeweb.Expired {
				if page := w.Visit(s.pageURL); !strings.Contains(page.Body, "Paiement expiré") {
					t.Error("the page does not say that the payment expired")
				}
				w.showsBooked(s, 0)
				w.showsNotices(s, orangeweb.Expired, 0)
			}
		})
	}
}

// TestTheAutomaticCustomerStepsBack opens the page of a default number. The person has 90
// s, once, before the automatic customer pays.
func TestTheAutomaticCustomerStepsBack(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		msisdn string
		look   func(w *world, pageURL string)
		acts   time.Duration // after the last visit; the first is 4 s after the opening
	}{
		"a person looks":             {"+22376543210", func(w *world, p string) { w.Visit(p) }, 90 * time.Second},
		"a person looks again later": {"+22376543210", looksTwice, 70 * time.Second},
		"a machine asks for headers": {
			"+22376543210", func(w *world, p string) { w.Fetch(w.Request(http.MethodHead, p, nil)) }, 6 * time.Second,
		},
		"the number is magic": {"+22376444444", func(w *world, p string) { w.Visit(p) }, 26 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.opened("ORDER-1", row.msisdn)
			w.Clock.Advance(4 * time.Second)
			row.look(w, s.pageURL)
			w.Clock.Advance(row.acts - time.Millisecond)
			w.becomes(s, orangeweb.Initiated)
			w.Clock.Advance(time.Millisecond)
			w.becomes(s, orangeweb.Success)
			w.showsNotices(s, orangeweb.Success, 1)
		})
	}
}

// looksTwice opens the page as a person does, and reloads it 20 s later.
func looksTwice(w *world, pageURL string) {
	w.Visit(pageURL)
	w.Clock.Advance(20 * time.Second)
	w.Visit(pageURL)
}

func TestAPersonPaysBeforeTheAutomaticCustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.opened("ORDER-1", "+22376543210")
	w.Visit(s.pageURL)
	w.pays(s.pageURL)
	w.Clock.Advance(time.Hour)
	w.showsBooked(s, 50000)
	w.showsNotices(s, orangeweb.Success, 1)
}

func TestThePageWhileOrangeWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"settle_ms": 3000}`)
	s := w.opened("ORDER-1", "")
	w.pays(s.pageURL)
	if page := w.Visit(s.pageURL); !strings.Contains(page.Body, "Paiement en cours") ||
		!strings.Contains(page.Body, `content="2"`) {
		t.Error("the page does not say that Orange works on it")
	}
	w.Clock.Advance(3 * time.Second)
	if page := w.Visit(s.pageURL); !strings.Contains(page.Body, "Paiement réussi") {
		t.Error("the page does not say that it is paid")
	}
}

func TestALinkToNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.Visit(w.URL + "/payment/pay_token/guess?lang=en")
	if page.Status != http.StatusNotFound || !strings.Contains(page.Body, "Payment not found") {
		t.Errorf("answers %d", page.Status)
	}
	if put := w.Fetch(
		w.Request(http.MethodPut, w.opened("ORDER-1", "").pageURL, nil),
	); put.Status != http.StatusMethodNotAllowed {
		t.Errorf("PUT answers %d", put.Status)
	}
}
