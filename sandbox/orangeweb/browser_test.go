package orangeweb_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/orangeweb"
)

// fillForm fills the form and replaces its content.
func fillForm(window enginetest.Tab, number, otp string) {
	window.T.Helper()
	window.Fill("msisdn", number, "otp", otp)
}

// clickButton clicks a button of the form and waits for text on the page that follows.
func clickButton(window enginetest.Tab, button, text string) {
	window.T.Helper()
	window.Click(`button[value="`+button+`"]`, text)
}

// TestPageInBrowser tests every way through the page, on a small phone and on a
// desktop. It does so in both languages, with and without JavaScript.
func TestPageInBrowser(t *testing.T) {
	browser := enginetest.StartChromium(t)
	french := enginetest.Visitor{Width: 320, Language: "fr-CI"}
	english := enginetest.Visitor{Width: 1024, Language: "en-GB"}
	plain := enginetest.Visitor{Width: 320, Language: "fr-CI", NoScript: true}
	for name, row := range map[string]struct {
		who  enginetest.Visitor
		goes func(w *world, window enginetest.Tab)
		end  orangeweb.Status
		told int
	}{
		"pays on a small phone":       {french, paysInFrench, orangeweb.Success, 1},
		"pays on a desktop":           {english, paysInEnglish, orangeweb.Success, 1},
		"pays without JavaScript":     {plain, paysInFrench, orangeweb.Success, 1},
		"pays with the Enter key":     {french, paysWithEnter, orangeweb.Success, 1},
		"cancels":                     {english, cancels, orangeweb.Initiated, 0},
		"cancels without JavaScript":  {plain, cancels, orangeweb.Initiated, 0},
		"mistypes, then pays":         {french, mistypesOnce, orangeweb.Success, 1},
		"mistypes three times":        {english, mistypesThrice, orangeweb.Failed, 1},
		"changes the language midway": {french, changesLanguage, orangeweb.Success, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s := w.open("ORDER-0123456789-0123456789-01", "")
			window := row.who.Open(browser, t, s.pageURL)
			window.ExpectFits()
			row.goes(w, window)
			w.awaitStatus(s, row.end)
			w.expectNotifications(s, row.end, row.told)
		})
	}
}

// TestPageFitsEveryWindow checks each face of the page in both languages, from the
// smallest phone to a desktop.
func TestPageFitsEveryWindow(t *testing.T) {
	browser := enginetest.StartChromium(t)
	w := newWorld(t)
	pages := map[string]string{"unknown": w.URL + "/payment/pay_token/guess"}
	for face, act := range map[string]func(pageURL string){
		"form":      func(string) {},
		"paid":      func(p string) { w.payOnPage(p) },
		"cancelled": func(p string) { w.Submit(p, "action", "cancel") },
		"failed":    func(p string) { w.Submit(p, "action", "pay", "msisdn", "76111111", "otp", orangeweb.OTP) },
	} {
		body := w.payment("ORDER-0123456789-" + face)
		body["reference"], body["amount"] = "Établissements Traoré & Frères", 1_250_000
		_, reply := w.webpayment("", body)
		pages[face] = text(t, reply, "payment_url")
		act(pages[face])
	}
	for face, pageURL := range pages {
		for _, who := range []enginetest.Visitor{
			{Width: 320, Language: "fr"},
			{Width: 320, Language: "en"},
			{Width: 1024, Language: "fr"},
			{Width: 1024, Language: "en"},
		} {
			t.Run(fmt.Sprintf("%s, %s, %d px", face, who.Language, who.Width), func(t *testing.T) {
				window := who.Open(browser, t, pageURL)
				window.ExpectFits()
				window.Screenshot("face-" + face + "-" + who.Language)
			})
		}
	}
}

func paysInFrench(_ *world, window enginetest.Tab) {
	window.WaitForText("Boutique Awa")
	fillForm(window, "+223 76 54 32 10", orangeweb.OTP)
	clickButton(window, "pay", "Paiement réussi")
	window.ExpectFits()
	window.Do(chromedp.Click(chromedp.CSS(".onward a")))
	window.WaitForText("welcome back")
}

func paysInEnglish(_ *world, window enginetest.Tab) {
	window.WaitForText("Confirm your payment")
	fillForm(window, "76543210", orangeweb.OTP)
	clickButton(window, "pay", "Payment successful")
	window.WaitForText("welcome back") // without a click, after some seconds
}

func paysWithEnter(_ *world, window enginetest.Tab) {
	fillForm(window, "76543210", orangeweb.OTP+"\r")
	window.WaitForText("Paiement réussi")
}

func cancels(_ *world, window enginetest.Tab) {
	clickButton(window, "cancel", "maybe later")
	window.Do(chromedp.Navigate(window.Address))
	window.WaitForText(map[bool]string{
		true:  "Paiement annulé",
		false: "Payment cancelled",
	}[window.Width < enginetest.PhoneWidth])
	window.ExpectFits()
}

func mistypesOnce(_ *world, window enginetest.Tab) {
	fillForm(window, "76 12", "")
	clickButton(window, "pay", "Vérifiez votre saisie")
	window.WaitUntil(`document.activeElement.id === "msisdn"`) // the field to correct
	window.ExpectFits()
	window.Screenshot("errors-fr")
	fillForm(window, "76 54 32 10", "999999")
	clickButton(window, "pay", "Essais restants : 2.")
	window.Screenshot("wrong-code-fr")
	fillForm(window, "76 54 32 10", orangeweb.OTP)
	clickButton(window, "pay", "Paiement réussi")
}

func mistypesThrice(_ *world, window enginetest.Tab) {
	for _, says := range []string{"Tries left: 2.", "Tries left: 1.", "Payment failed"} {
		fillForm(window, "76 54 32 10", "999999")
		clickButton(window, "pay", says)
	}
	window.ExpectFits()
}

func changesLanguage(_ *world, window enginetest.Tab) {
	window.Do(chromedp.Click(chromedp.CSS("footer nav a")))
	window.WaitForText("Confirm your payment")
	fillForm(window, "76543210", orangeweb.OTP)
	clickButton(window, "pay", "Payment successful") // the language stays English
}
