package orangeweb_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/orangeweb"
)

// payOnPage sends the form with valid input.
func (w *world) payOnPage(pageURL string) enginetest.Response {
	w.T.Helper()
	return w.Submit(pageURL, "action", "pay", "msisdn", "76 54 32 10", "otp", orangeweb.OTP)
}

func TestPageLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const french, english = "Confirmez votre paiement", "Confirm your payment"
	orders := 0
	visits := func(merchants, link, accept string) enginetest.Response {
		orders++
		body := w.payment("ORDER-" + strconv.Itoa(orders))
		body["lang"] = merchants
		_, reply := w.webpayment("", body)
		req := w.Request(http.MethodGet, text(t, reply, "payment_url")+link, nil)
		req.Header.Set("Accept-Language", accept)
		return w.Fetch(req)
	}
	for _, merchants := range []string{"fr", "", "de"} {
		enginetest.ExpectLanguages(
			t, french, english, func(link, accept string) enginetest.Response { return visits(merchants, link, accept) },
		)
	}
	visits("en", "", "wo, bm;q=0.9").ExpectTexts(t, english)
	visits("en-GB", "", "").ExpectTexts(t, english)
	visits("en", "", "fr-CI,fr;q=0.9,en;q=0.8").ExpectTexts(t, french)
	visits("en", "?lang=de", "fr").ExpectTexts(t, french)
}

func TestPageShowsOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := w.payment("ORDER-1")
	body["reference"] = `Chez <b>"Awa"</b>`
	_, reply := w.webpayment("", body)
	page := w.Visit(text(t, reply, "payment_url"))
	page.ExpectNoTexts(t, "<style", "OUV")
	page.Body = strings.ReplaceAll(page.Body, "\u00a0", " ")
	page.ExpectTexts(t,
		"Chez &lt;b&gt;&#34;Awa&#34;&lt;/b&gt;", "50 000 F CFA", "ORDER-1", `<html lang="fr">`, "10&nbsp;min",
		"Aucun argent réel ne circule ici.", ">"+orangeweb.OTP+"<", `<label for="msisdn">`, `<label for="otp">`,
		`href="?lang=en"`, `name="viewport"`,
	)
}

func TestPageAmounts(t *testing.T) {
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
			require.Contains(t, strings.ReplaceAll(page.Body, "\u00a0", " "), `<p class="amount">`+row.want+`</p>`)
		})
	}
}

// maxWeight bounds the size of the page, for customers with a small data bundle.
const maxWeight = 100_000 // bytes, style and drawings included

func TestPageIsPrivateAndSmall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.Visit(w.open("ORDER-1", "").pageURL)
	page.ExpectPrivate(t)
	require.NotContains(t, page.Header.Get("Content-Security-Policy"), "form-action")
	weight := len(page.Body)
	for _, file := range []string{"page.css", "mark.svg", "river.svg"} {
		asset := w.Visit(w.URL + "/assets/" + file)
		require.Equal(t, http.StatusOK, asset.Status, file)
		weight += len(asset.Body)
	}
	require.Less(t, weight, maxWeight)
	require.Equal(t, http.StatusNotFound, w.Visit(w.URL+"/assets/").Status)
}

func TestPayOnPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("ORDER-1", "")
	sent := w.payOnPage(s.pageURL + "?lang=en")
	require.Equal(t, http.StatusSeeOther, sent.Status)
	require.Equal(t, "?lang=en", sent.Header.Get("Location"))
	page := w.Visit(s.pageURL + "?lang=en")
	page.ExpectTexts(t, "Payment successful", `content="6; url=`+w.Inbox.URL+`/return"`, `href="`+w.Inbox.URL+`/return"`)
	page.ExpectNoTexts(t, "<form") // no form, so nobody can pay again
	w.expectBookEntry(s, 50000)
	require.Equal(t, "76543210", w.Sim.Book()[0].MSISDN)
	w.expectNotifications(s, orangeweb.Success, 1)
}

// TestPayOnPageConcurrent sends the same form ten times at once.
func TestPayOnPageConcurrent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("ORDER-1", "")
	var clicks sync.WaitGroup
	statuses := make(chan int, 10)
	for range cap(statuses) {
		clicks.Go(func() { statuses <- w.payOnPage(s.pageURL).Status })
	}
	clicks.Wait()
	close(statuses)
	for status := range statuses {
		require.Equal(t, http.StatusSeeOther, status)
	}
	w.expectBookEntry(s, 50000)
	w.expectNotifications(s, orangeweb.Success, 1)
}

func TestCancelOnPage(t *testing.T) {
	t.Parallel()
	for name, msisdn := range map[string]string{
		"with nobody behind it":          "",
		"with an automatic customer":     "+22376543210",
		"with a customer who pays later": "+22376444444",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.open("ORDER-1", msisdn)
			sent := w.Submit(s.pageURL, "action", "cancel")
			require.Equal(t, http.StatusSeeOther, sent.Status)
			require.Equal(t, w.Inbox.URL+"/cancel", sent.Header.Get("Location"))
			require.Contains(t, w.Visit(s.pageURL).Body, "Paiement annulé")
			w.payOnPage(s.pageURL)
			w.Clock.Advance(24 * time.Hour)
			w.awaitStatus(s, orangeweb.Initiated)
			w.expectBookEntry(s, 0)
			w.expectNotifications(s, orangeweb.Initiated, 0)
		})
	}
}

func TestCancelPaidSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("ORDER-1", "")
	w.payOnPage(s.pageURL)
	sent := w.Submit(s.pageURL, "action", "cancel")
	require.Equal(t, "?lang=fr", sent.Header.Get("Location"))
	w.awaitStatus(s, orangeweb.Success)
}

func TestFormRefuses(t *testing.T) {
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
			s := w.open("ORDER-1", "")
			page := w.Submit(s.pageURL, "action", "pay", "msisdn", row.number, "otp", row.otp)
			require.Equal(t, http.StatusUnprocessableEntity, page.Status)
			require.Contains(t, page.Body, row.want)
			require.Contains(t, page.Body, `role="alert"`)
			require.Contains(t, page.Body, "<title>Erreur : ")
			require.Equal(t, orangeweb.Initiated, w.Sim.Sessions()[0].Status)
		})
	}
}

func TestTypedNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for typed, kept := range map[string]string{
		"76543210": "76543210", "76 54 32 10": "76543210", "+223 76-54-32-10": "+22376543210",
		"00223 76.54.32.10": "+22376543210", "07\u00a099\u00a054\u00a032\u00a010": "0799543210",
	} {
		s := w.open("ORDER-"+strings.ReplaceAll(kept, "+", "p")+strconv.Itoa(len(typed)), "")
		w.Submit(s.pageURL, "action", "pay", "msisdn", typed, "otp", orangeweb.OTP)
		book := w.Sim.Book()
		require.NotEmpty(t, book, "%v %v", typed, kept)
		require.Equal(t, s.orderID, book[len(book)-1].OrderID, "%v %v", typed, kept)
		require.Equal(t, kept, book[len(book)-1].MSISDN, typed)
	}
}

func TestThreeWrongOTPs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("ORDER-1", "")
	for _, want := range []string{"Essais restants :\u00a02.", "Essais restants :\u00a01. C&#39;est le dernier"} {
		page := w.Submit(s.pageURL, "action", "pay", "msisdn", "76543210", "otp", "000000")
		require.Equal(t, http.StatusUnprocessableEntity, page.Status)
		require.Contains(t, page.Body, want)
		w.awaitStatus(s, orangeweb.Initiated)
	}
	last := w.Submit(
		s.pageURL, "action", "pay", "msisdn", "76543210", "otp", "000000",
	)
	require.Equal(t, http.StatusSeeOther, last.Status)
	w.payOnPage(s.pageURL) // the right OTP, too late
	require.Contains(t, w.Visit(s.pageURL).Body, "Paiement échoué")
	w.awaitStatus(s, orangeweb.Failed)
	w.expectBookEntry(s, 0)
	w.expectNotifications(s, orangeweb.Failed, 1)
}

func TestMagicNumberOnPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("ORDER-1", "")
	w.Submit(s.pageURL, "action", "pay", "msisdn", "76 11 11 11", "otp", orangeweb.OTP)
	w.awaitStatus(s, orangeweb.Failed)
	w.expectNotifications(s, orangeweb.Failed, 1)
}

// TestConfirmLate opens the form in time and sends it after the validity.
func TestConfirmLate(t *testing.T) {
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
			s := w.open("ORDER-1", "")
			w.Clock.Advance(row.after)
			w.awaitStatus(s, orangeweb.Initiated)
			w.Submit(s.pageURL, "action", "pay", "msisdn", "76543210", "otp", row.otp)
			w.awaitStatus(s, row.end)
			if row.end == orangeweb.Expired {
				require.Contains(t, w.Visit(s.pageURL).Body, "Paiement expiré")
				w.expectBookEntry(s, 0)
				w.expectNotifications(s, orangeweb.Expired, 0)
			}
		})
	}
}

// TestAutomaticCustomerStepsBack opens the page of a default number. The person has 90
// s, once, before the automatic customer pays.
func TestAutomaticCustomerStepsBack(t *testing.T) {
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
			s := w.open("ORDER-1", row.msisdn)
			w.Clock.Advance(4 * time.Second)
			row.look(w, s.pageURL)
			w.Clock.Advance(row.acts - time.Millisecond)
			w.awaitStatus(s, orangeweb.Initiated)
			w.Clock.Advance(time.Millisecond)
			w.awaitStatus(s, orangeweb.Success)
			w.expectNotifications(s, orangeweb.Success, 1)
		})
	}
}

// looksTwice opens the page as a person does, and reloads it 20 s later.
func looksTwice(w *world, pageURL string) {
	w.Visit(pageURL)
	w.Clock.Advance(20 * time.Second)
	w.Visit(pageURL)
}

func TestPersonPaysFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("ORDER-1", "+22376543210")
	w.Visit(s.pageURL)
	w.payOnPage(s.pageURL)
	w.Clock.Advance(time.Hour)
	w.expectBookEntry(s, 50000)
	w.expectNotifications(s, orangeweb.Success, 1)
}

func TestPageWhileSettling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"settle_ms": 3000}`)
	s := w.open("ORDER-1", "")
	w.payOnPage(s.pageURL)
	page := w.Visit(s.pageURL)
	require.Contains(t, page.Body, "Paiement en cours")
	require.Contains(t, page.Body, `content="2"`)
	w.Clock.Advance(3 * time.Second)
	page = w.Visit(s.pageURL)
	require.Contains(t, page.Body, "Paiement réussi")
}

func TestUnknownPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.Visit(w.URL + "/payment/pay_token/guess?lang=en")
	require.Equal(t, http.StatusNotFound, page.Status)
	require.Contains(t, page.Body, "Payment not found")
	put := w.Fetch(
		w.Request(http.MethodPut, w.open("ORDER-1", "").pageURL, nil),
	)
	require.Equal(t, http.StatusMethodNotAllowed, put.Status)
}
