package sonatel_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/sonatel"
)

// fillForm fills the form, replaces its content, and presses a button.
func fillForm(window enginetest.Tab, number, pin, button string) {
	window.T.Helper()
	window.Fill("msisdn", number, "pin", pin)
	window.Do(chromedp.Click(chromedp.CSS(`button[value="`+button+`"]`), chromedp.NodeVisible))
}

// TestBrowser tests every way through the page, on a small phone and on a
// desktop. It does so in both languages, with and without JavaScript.
//
//nolint:contextcheck // one browser, one window at a time: two cores have no room for more
func TestBrowser(t *testing.T) {
	browser := enginetest.StartChromium(t)
	french := enginetest.Visitor{Width: 320, Language: "fr-SN"}
	english := enginetest.Visitor{Width: 1024, Language: "en-GB"}
	plain := enginetest.Visitor{Width: 320, Language: "fr-SN", NoScript: true}
	for name, row := range map[string]struct {
		who   enginetest.Visitor
		visit func(window enginetest.Tab)
		end   string
	}{
		"paid_on_small_phone": {french, func(window enginetest.Tab) {
			window.WaitForText("Boutique Awa")
			window.ExpectFits()
			fillForm(window, "+221 77 012 34 56", sonatel.CustomerPIN, "pay")
			window.WaitForText("Paiement réussi")
			window.ExpectFits()
			window.Do(chromedp.Click(chromedp.CSS(".onward a")))
			window.WaitForText("welcome back")
		}, "SUCCESS"},
		"paid_on_desktop": {english, func(window enginetest.Tab) {
			fillForm(window, "770123456", sonatel.CustomerPIN, "pay")
			window.WaitForText("Payment successful")
			window.ExpectFits()
		}, "SUCCESS"},
		"mistyped_then_paid_without_script": {plain, func(window enginetest.Tab) {
			fillForm(window, "77", "0000", "pay")
			window.WaitForText("Vérifiez votre saisie")
			window.ExpectFits()
			fillForm(window, "770123456", sonatel.CustomerPIN, "pay")
			window.WaitForText("Paiement réussi")
		}, "SUCCESS"},
		"cancelled": {english, func(window enginetest.Tab) {
			fillForm(window, "", "", "cancel")
			window.WaitForText("maybe later")
		}, ""},
		"language_changed_midway": {french, func(window enginetest.Tab) {
			window.Do(chromedp.Click(chromedp.CSS("footer nav a")))
			window.WaitForText("Confirm your payment")
			fillForm(window, "770123456", sonatel.CustomerPIN, "pay")
			window.WaitForText("Payment successful")
		}, "SUCCESS"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			const longest = "R-0123456789-0123456789-0123456789-0123456789-012"
			row.visit(row.who.Open(browser, t, w.createCode(longest, "").Text("deepLink")))
			w.awaitStatus(longest, row.end)
		})
	}
}
