package orangeweb_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"pirogue/sandbox/orangeweb"
)

// shotsVariable names the environment variable with the folder that screenshots
// go to; without it none are kept.
const shotsVariable = "SANDBOX_SHOTS"

// phoneWidth is where a window counts as a telephone's.
const phoneWidth = 600 // pixels

// The fields of the form.
const (
	numberField = chromedp.ID("msisdn")
	codeField   = chromedp.ID("otp")
)

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
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
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

// visitor is a person with a browser of a certain width and language.
type visitor struct {
	width    int64
	language string
	noScript bool
}

// tab is one window of a visitor.
type tab struct {
	t       *testing.T
	ctx     context.Context
	address string // where it was opened
	width   int64
}

// opens gives the visitor a window on an address.
func (v visitor) opens(browser context.Context, t *testing.T, address string) tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(browser)
	t.Cleanup(closeTab)
	ctx, giveUp := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(giveUp)
	window := tab{t, ctx, address, v.width}
	viewport := []chromedp.EmulateViewportOption{}
	if v.width < phoneWidth {
		viewport = append(viewport, chromedp.EmulateMobile)
	}
	window.does(
		chromedp.Func(v.setUp),
		chromedp.EmulateViewport(v.width, 800, viewport...),
		chromedp.Navigate(address),
	)
	return window
}

// setUp gives the window the visitor's language, and takes scripts away from
// those who do without.
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

// reads evaluates an expression in the window.
func reads[T any](w tab, expression string) T {
	w.t.Helper()
	value, err := chromedp.Run(w.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		w.t.Fatal(err)
	}
	return value
}

// fills types into the form, replacing what is there.
func (w tab) fills(number, otp string) {
	w.t.Helper()
	w.does(
		chromedp.Clear(numberField), chromedp.SendKeys(numberField, number),
		chromedp.Clear(codeField), chromedp.SendKeys(codeField, otp),
	)
}

// presses clicks a button of the form and waits for text on the page that follows.
func (w tab) presses(button, text string) {
	w.t.Helper()
	w.does(chromedp.Click(chromedp.CSS(`button[value="`+button+`"]`), chromedp.NodeVisible))
	w.sees(text)
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

// focuses waits until the focus is on a field; the browser puts it there after
// it has drawn the page.
func (w tab) focuses(field chromedp.ID) {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	for reads[string](w, `document.activeElement.id`) != string(field) {
		if time.Now().After(deadline) {
			w.t.Fatalf("the focus is not on %s, which is to be mended", field)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// fits fails the test when the page is wider than its window.
func (w tab) fits() {
	w.t.Helper()
	if page := reads[int64](w, `document.documentElement.scrollWidth`); page > w.width {
		w.t.Errorf("the page is %d px wide in a window of %d px", page, w.width)
	}
}

// photographs keeps a picture of the whole page, when somebody wants pictures.
func (w tab) photographs(name string) {
	w.t.Helper()
	folder := os.Getenv(shotsVariable)
	if folder == "" {
		return
	}
	picture, err := chromedp.Run(w.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		w.t.Fatal(err)
	}
	shots, err := os.OpenRoot(folder)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := errors.Join(shots.WriteFile(fmt.Sprintf("%s-%d.png", name, w.width), picture, 0o600), shots.Close()); err != nil {
		w.t.Error(err)
	}
}

// TestACustomerInARealBrowser goes the ways a person can go, on a small phone
// and on a desk, in both languages, with and without JavaScript.
//
//nolint:contextcheck // one browser, one window at a time: two cores have no room for more
func TestACustomerInARealBrowser(t *testing.T) {
	browser := chromium(t)
	french := visitor{width: 320, language: "fr-CI"}
	english := visitor{width: 1024, language: "en-GB"}
	plain := visitor{width: 320, language: "fr-CI", noScript: true}
	for name, row := range map[string]struct {
		who  visitor
		goes func(w *world, window tab)
		end  orangeweb.Status
		told int
	}{
		"pays on a small phone":       {french, paysInFrench, orangeweb.Success, 1},
		"pays on a desk":              {english, paysInEnglish, orangeweb.Success, 1},
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
			s := w.opened("ORDER-0123456789-0123456789-01", "")
			window := row.who.opens(browser, t, s.pageURL)
			window.fits()
			row.goes(w, window)
			w.becomes(s, row.end)
			w.showsNotices(s, row.end, row.told)
		})
	}
}

// TestThePageFitsEveryWindow looks at each face of the page in both languages,
// from the smallest phone to a desk.
func TestThePageFitsEveryWindow(t *testing.T) {
	browser := chromium(t)
	w := newWorld(t)
	pages := map[string]string{"unknown": w.url + "/payment/pay_token/guess"}
	for face, act := range map[string]func(pageURL string){
		"form":      func(string) {},
		"paid":      func(p string) { w.pays(p) },
		"cancelled": func(p string) { w.post(p, "action", "cancel") },
		"failed":    func(p string) { w.post(p, "action", "pay", "msisdn", "76111111", "otp", orangeweb.OTP) },
	} {
		body := w.payment("ORDER-0123456789-" + face)
		body["reference"], body["amount"] = "Établissements Traoré & Frères", 1_250_000
		_, reply := w.webpayment("", body)
		pages[face] = text(t, reply, "payment_url")
		act(pages[face])
	}
	for face, pageURL := range pages {
		for _, who := range []visitor{
			{width: 320, language: "fr"},
			{width: 320, language: "en"},
			{width: 1024, language: "fr"},
			{width: 1024, language: "en"},
		} {
			t.Run(fmt.Sprintf("%s, %s, %d px", face, who.language, who.width), func(t *testing.T) {
				window := who.opens(browser, t, pageURL)
				window.fits()
				window.photographs("face-" + face + "-" + who.language)
			})
		}
	}
}

func paysInFrench(_ *world, window tab) {
	window.sees("Boutique Awa")
	window.fills("+223 76 54 32 10", orangeweb.OTP)
	window.presses("pay", "Paiement réussi")
	window.fits()
	window.does(chromedp.Click(chromedp.CSS(".onward a")))
	window.sees("welcome back")
}

func paysInEnglish(_ *world, window tab) {
	window.sees("Confirm your payment")
	window.fills("76543210", orangeweb.OTP)
	window.presses("pay", "Payment successful")
	window.sees("welcome back") // by itself, after some seconds
}

func paysWithEnter(_ *world, window tab) {
	window.fills("76543210", orangeweb.OTP+"\r")
	window.sees("Paiement réussi")
}

func cancels(_ *world, window tab) {
	window.presses("cancel", "maybe later")
	window.does(chromedp.Navigate(window.address))
	window.sees(map[bool]string{true: "Paiement annulé", false: "Payment cancelled"}[window.width < phoneWidth])
	window.fits()
}

func mistypesOnce(_ *world, window tab) {
	window.fills("76 12", "")
	window.presses("pay", "Vérifiez votre saisie")
	window.focuses(numberField)
	window.fits()
	window.photographs("errors-fr")
	window.fills("76 54 32 10", "999999")
	window.presses("pay", "Essais restants : 2.")
	window.photographs("wrong-code-fr")
	window.fills("76 54 32 10", orangeweb.OTP)
	window.presses("pay", "Paiement réussi")
}

func mistypesThrice(_ *world, window tab) {
	for _, says := range []string{"Tries left: 2.", "Tries left: 1.", "Payment failed"} {
		window.fills("76 54 32 10", "999999")
		window.presses("pay", says)
	}
	window.fits()
}

func changesLanguage(_ *world, window tab) {
	window.does(chromedp.Click(chromedp.CSS("footer nav a")))
	window.sees("Confirm your payment")
	window.fills("76543210", orangeweb.OTP)
	window.presses("pay", "Payment successful") // and it stays English
}
