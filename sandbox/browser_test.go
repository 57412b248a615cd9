package sandbox_test

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
	"github.com/chromedp/chromedp"

	"pirogue/sandbox"
	"pirogue/sandbox/stage"
)

// patience is how long a test waits for a page.
const patience = 10 * time.Second

// shotsVariable names the environment variable with the folder that screenshots go to;
// without it none are kept.
const shotsVariable = "SANDBOX_SHOTS"

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

// tab is one window of a person who does without scripts.
type tab struct {
	t     *testing.T
	ctx   context.Context
	width int64
}

// opens gives a person a window of a certain width on an address.
func opens(browser context.Context, t *testing.T, width int64, address string) tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(browser)
	t.Cleanup(closeTab)
	ctx, giveUp := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(giveUp)
	w := tab{t, ctx, width}
	w.does(
		chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
			return err
		}),
		chromedp.EmulateViewport(width, 800),
		chromedp.Navigate(address),
	)
	return w
}

// does acts in the window and fails the test when that is impossible. A node that was
// found on a page which is just being left is looked for again: nothing was done to it.
func (w tab) does(actions ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	for _, action := range actions {
		err := chromedp.Do(w.ctx, action)
		for deadline := time.Now().Add(patience); err != nil && strings.Contains(err.Error(), "No node with given id") &&
			time.Now().Before(deadline); err = chromedp.Do(w.ctx, action) {
			time.Sleep(50 * time.Millisecond)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// clicks presses what a selector finds and waits for text on the page that follows.
func (w tab) clicks(selector, text string) {
	w.t.Helper()
	w.does(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
	w.sees(text)
}

// sees waits until the page shows text.
func (w tab) sees(text string) {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		shown, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`))
		if err == nil && strings.Contains(shown, text) {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%q does not appear: %v in\n%s", text, err, shown)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// mends presses an operator's button for it and waits until nothing of it is shown as broken.
func (w tab) mends(code string) {
	w.t.Helper()
	w.does(chromedp.Click(chromedp.CSS("#"+code+` button[value="heal"]`), chromedp.NodeVisible))
	mended := fmt.Sprintf(`!!document.querySelector("#%[1]s .chip.healthy") && !document.querySelector("#%[1]s .chip.broken")`, code)
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		done, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](mended))
		if err == nil && done {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%s is still shown as broken: %v", code, err)
		}
	}
}

// fits fails the test when the page is wider than its window.
func (w tab) fits() {
	w.t.Helper()
	page, err := chromedp.Run(w.ctx, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`))
	if err != nil || page > w.width {
		w.t.Errorf("the page is %d px wide in a window of %d px: %v", page, w.width, err)
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

// TestFaultsInARealBrowser breaks and mends an operator as a person does, without any
// script, on a small phone and on a desk.
//
//nolint:contextcheck // one browser, one window at a time: two cores have no room for more
func TestFaultsInARealBrowser(t *testing.T) {
	browser := chromium(t)
	for _, width := range []int64{320, 1280} {
		t.Run(fmt.Sprintf("%d px", width), func(t *testing.T) {
			s, base := started(t, sandbox.Options{})
			w := opens(browser, t, width, base+"/")
			w.fits()
			w.photographs("index")
			w.clicks(`a[href="faults"]`, "Take it down")
			w.fits()

			w.clicks(`#orange-web button[value="down"]`, "Bring it up again")
			w.sees("down=true")
			if !s.OrangeWeb.Switches().Down || s.Sonatel.Switches().Down {
				t.Error("the wrong operator is down")
			}
			w.does(
				chromedp.SetValue(chromedp.CSS("#sonatel-force"), "222222"),
				chromedp.Click(chromedp.CSS(`label[for="sonatel-two_signatures"]`), chromedp.NodeVisible),
				chromedp.Clear(chromedp.CSS("#sonatel-latency_ms")),
				chromedp.SendKeys(chromedp.CSS("#sonatel-latency_ms"), "99000"),
			)
			w.clicks(`#sonatel button[value="save"]`, "Nothing was changed: latency_ms must be from 0 to 60000.")
			w.fits()
			w.photographs("refused")
			w.does(chromedp.Clear(chromedp.CSS("#sonatel-latency_ms")), chromedp.SendKeys(chromedp.CSS("#sonatel-latency_ms"), "20\r"))
			w.sees("Done. This is how it stands now.")
			if now := s.Sonatel.Switches(); now.Force != "222222" || now.LatencyMS != 20 || !now.TwoSignatures || *now.Balance != 1_000_000_000 {
				t.Errorf("set: %+v", now)
			}
			w.fits()
			w.photographs("faults")
			w.mends("sonatel")
			w.mends("orange-web")
			if s.OrangeWeb.Switches() != stage.Healthy() || s.Sonatel.Switches().Switches != stage.Healthy() {
				t.Error("something is still broken")
			}
			w.clicks(`nav a`, "Nothing was paid so far.")
		})
	}
}
