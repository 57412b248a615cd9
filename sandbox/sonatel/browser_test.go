package sonatel_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"pirogue/sandbox/sonatel"
)

// visitor is a person with a browser of a certain width and language.
type visitor struct {
	width    int64
	language string
	noScript bool
}

// tab is one window of a visitor.
type tab struct {
	t     *testing.T
	ctx   context.Context
	width int64
}

// chromium starts one headless browser for a test and its sub-tests.
func chromium(t *testing.T) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("these tests need a real browser and chromium is not installed: run `make test`, which installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-sync", true),
		chromedp.WSURLReadTimeout(time.Minute),
	)
	allocated, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	browser, closeBrowser := chromedp.NewContext(allocated)
	t.Cleanup(closeBrowser)
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	return browser
}

// opens gives the visitor a window on an address.
func (v visitor) opens(browser context.Context, t *testing.T, address string) tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(browser)
	t.Cleanup(closeTab)
	ctx, giveUp := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(giveUp)
	window := tab{t, ctx, v.width}
	viewport := []chromedp.EmulateViewportOption{}
	if v.width < 600 { // pixels; as on a telephone
		viewport = append(viewport, chromedp.EmulateMobile)
	}
	window.does(
		chromedp.Func(v.setUp), chromedp.EmulateViewport(v.width, 800, viewport...), chromedp.Navigate(address),
	)
	return window
}

// setUp gives the window the visitor's language, and takes scripts away from those
// who do without.
func (v visitor) setUp(ctx context.Context, t *chromedp.Target) error {
	_, err := cdp.Call(ctx, t, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
		Headers: network.Headers{"Accept-Language": v.language},
	})
	if err != nil {
		return err
	}
	_, err = cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: v.noScript})
	return err
}

// does acts in the window and fails the test when that is impossible.
func (w tab) does(actions ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, actions...); err != nil {
		w.t.Fatal(err)
	}
}

// types fills the form, replacing what is there, and presses a button.
func (w tab) types(number, pin, button string) {
	w.t.Helper()
	for field, value := range map[string]string{"msisdn": number, "pin": pin} {
		w.does(chromedp.Clear(chromedp.ID(field)), chromedp.SendKeys(chromedp.ID(field), value))
	}
	w.does(chromedp.Click(chromedp.CSS(`button[value="`+button+`"]`), chromedp.NodeVisible))
}

// sees waits until the page shows text.
func (w tab) sees(text string) {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		shown, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`))
		if err == nil && strings.Contains(strings.ReplaceAll(shown, "\u00a0", " "), text) {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%q does not appear: %v in\n%s", text, err, shown)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// fits fails the test when the page is wider than its window.
func (w tab) fits() {
	w.t.Helper()
	width, err := chromedp.Run(w.ctx, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`))
	if err != nil || width > w.width {
		w.t.Errorf("the page is %d px wide in a window of %d px: %v", width, w.width, err)
	}
}

// TestACustomerInARealBrowser goes the ways a person can go, on a small phone and on
// a desk, in both languages, with and without JavaScript.
//
//nolint:contextcheck // one browser, one window at a time: two cores have no room for more
func TestACustomerInARealBrowser(t *testing.T) {
	browser := chromium(t)
	french := visitor{width: 320, language: "fr-SN"}
	english := visitor{width: 1024, language: "en-GB"}
	plain := visitor{width: 320, language: "fr-SN", noScript: true}
	for name, row := range map[string]struct {
		who  visitor
		goes func(window tab)
		end  string
	}{
		"pays on a small phone": {french, func(window tab) {
			window.sees("Boutique Awa")
			window.fits()
			window.types("+221 77 012 34 56", sonatel.CustomerPIN, "pay")
			window.sees("Paiement réussi")
			window.fits()
			window.does(chromedp.Click(chromedp.CSS(".onward a")))
			window.sees("welcome back")
		}, "SUCCESS"},
		"pays on a desk": {english, func(window tab) {
			window.types("770123456", sonatel.CustomerPIN, "pay")
			window.sees("Payment successful")
			window.fits()
		}, "SUCCESS"},
		"mistypes, then pays, without JavaScript": {plain, func(window tab) {
			window.types("77", "0000", "pay")
			window.sees("Vérifiez votre saisie")
			window.fits()
			window.types("770123456", sonatel.CustomerPIN, "pay")
			window.sees("Paiement réussi")
		}, "SUCCESS"},
		"cancels": {english, func(window tab) {
			window.types("", "", "cancel")
			window.sees("maybe later")
		}, ""},
		"changes the language midway": {french, func(window tab) {
			window.does(chromedp.Click(chromedp.CSS("footer nav a")))
			window.sees("Confirm your payment")
			window.types("770123456", sonatel.CustomerPIN, "pay")
			window.sees("Payment successful")
		}, "SUCCESS"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			link := w.makesCode("R-0123456789-0123456789-0123456789-0123456789-012", "").text("deepLink")
			row.goes(row.who.opens(browser, t, link))
			w.becomes("R-0123456789-0123456789-0123456789-0123456789-012", row.end)
		})
	}
}
