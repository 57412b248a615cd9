package enginetest

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
	"github.com/stretchr/testify/require"
)

// screenshotsVariable names the environment variable with the folder for screenshots. Without it
// none are taken.
const screenshotsVariable = "SANDBOX_SHOTS"

// PhoneWidth is the width below which a window counts as a phone's.
const PhoneWidth = 600 // pixels

const windowHeight = 800 // pixels

// pollInterval is the interval between two checks of a window.
const pollInterval = 20 * time.Millisecond

// StartChromium starts one headless browser for a test and its sub-tests.
func StartChromium(t *testing.T) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	require.NotEmpty(t, path)
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
	require.NoError(t, chromedp.Do(browser))
	return browser
}

// Visitor is a person with a browser of a certain width and language.
type Visitor struct {
	Width    int64 // pixels
	Language string
	NoScript bool
}

// Tab is one window of a visitor.
type Tab struct {
	T       *testing.T
	Address string // the address it was opened with
	Width   int64  // pixels

	ctx context.Context //nolint:containedctx // the window is its context
}

// Open opens a window of the visitor at an address.
func (v Visitor) Open(browser context.Context, t *testing.T, address string) Tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(browser)
	t.Cleanup(closeTab)
	ctx, giveUp := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(giveUp)
	window := Tab{t, address, v.Width, ctx}
	viewport := []chromedp.EmulateViewportOption{}
	if v.Width < PhoneWidth {
		viewport = append(viewport, chromedp.EmulateMobile)
	}
	window.Do(
		chromedp.Func(v.setUp),
		chromedp.EmulateViewport(v.Width, windowHeight, viewport...),
		chromedp.Navigate(address),
	)
	return window
}

// setUp sets the visitor's language and disables scripts for visitors without them.
func (v Visitor) setUp(ctx context.Context, t *chromedp.Target) error {
	_, err := cdp.Call(ctx, t, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
		Headers: network.Headers{"Accept-Language": v.Language},
	})
	if err != nil {
		return err
	}
	_, err = cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: v.NoScript})
	return err
}

// Do acts in the window and fails the test if that is impossible. If the page is left
// between the search for a node and the action, it searches again. The action did not
// happen.
func (w Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	w.T.Helper()
	for _, action := range actions {
		err := chromedp.Do(w.ctx, action)
		for deadline := time.Now().Add(Patience); err != nil && strings.Contains(err.Error(), "No node with given id") &&
			time.Now().Before(deadline); err = chromedp.Do(w.ctx, action) {
			time.Sleep(pollInterval)
		}
		require.NoError(w.T, err)
	}
}

// Click clicks the node of a selector and waits for text on the page that follows.
func (w Tab) Click(selector, text string) {
	w.T.Helper()
	w.Do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
	w.WaitForText(text)
}

// Fill types into the fields of a form, given as pairs of id and text. It replaces their
// content.
func (w Tab) Fill(pairs ...string) {
	w.T.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		field := chromedp.ID(pairs[i])
		w.Do(chromedp.Clear(field), chromedp.SendKeys(field, pairs[i+1]))
	}
}

// WaitForText waits until the page shows text.
func (w Tab) WaitForText(text string) {
	w.T.Helper()
	var shown string
	require.True(w.T, w.eventually(func() (err error) {
		shown, err = chromedp.Run(w.ctx, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`))
		return err
	}, func() bool {
		return strings.Contains(strings.ReplaceAll(shown, "\u00a0", " "), text)
	}), "%q does not appear in\n%s", text, shown)
}

// WaitUntil waits until a JavaScript expression is true on the page.
func (w Tab) WaitUntil(expression string) {
	w.T.Helper()
	var holds bool
	require.True(w.T, w.eventually(func() (err error) {
		holds, err = chromedp.Run(w.ctx, chromedp.Evaluate[bool](expression))
		return err
	}, func() bool { return holds }), "this never holds: %s", expression)
}

// eventually repeats look until it succeeds and right is true. It reports whether that
// happened in time. look can fail while a page is left.
func (w Tab) eventually(look func() error, right func() bool) bool {
	for deadline := time.Now().Add(Patience); look() != nil || !right(); time.Sleep(pollInterval) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// ExpectFits fails the test if the page, with all its styles, is wider than its window.
func (w Tab) ExpectFits() {
	w.T.Helper()
	var page int64
	require.True(w.T, w.eventually(func() (err error) {
		page, err = chromedp.Run(w.ctx, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`))
		return err
	}, func() bool { return page <= w.Width }), "the page is %d px wide in a window of %d px", page, w.Width)
}

// Screenshot takes a picture of the whole page if screenshotsVariable is set.
func (w Tab) Screenshot(name string) {
	w.T.Helper()
	folder := os.Getenv(screenshotsVariable) //nolint:forbidigo // no setting of the product
	if folder == "" {
		return
	}
	picture, err := chromedp.Run(w.ctx, chromedp.FullScreenshot(100))
	require.NoError(w.T, err)
	shots, err := os.OpenRoot(folder)
	require.NoError(w.T, err)
	file := fmt.Sprintf("%s-%d.png", name, w.Width)
	err = errors.Join(shots.WriteFile(file, picture, 0o600), shots.Close())
	require.NoError(w.T, err)
}
