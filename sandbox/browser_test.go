package sandbox_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"pirogue/sandbox"
	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
)

// mends presses an operator's heal button and waits until the page shows no fault of it.
func mends(w enginetest.Tab, code string) {
	w.T.Helper()
	w.Does(chromedp.Click(chromedp.CSS("#"+code+` button[value="heal"]`), chromedp.NodeVisible))
	w.Holds(
		fmt.Sprintf(
			`!!document.querySelector("#%[1]s .chip.healthy") && !document.querySelector("#%[1]s .chip.broken")`, code,
		),
	)
}

// TestFaultsInARealBrowser breaks and heals an operator by hand, without any script, on a
// small phone and on a desktop.
//
//nolint:contextcheck // one browser, one window at a time: two cores have no room for more
func TestFaultsInARealBrowser(t *testing.T) {
	browser := enginetest.Chromium(t)
	for _, width := range []int64{320, 1280} {
		t.Run(fmt.Sprintf("%d px", width), func(t *testing.T) {
			s, base := started(t, sandbox.Options{})
			w := enginetest.Visitor{Width: width, NoScript: true}.Opens(browser, t, base+"/")
			w.Fits()
			w.Photographs("index")
			w.Clicks(`a[href="faults"]`, "Take it down")
			w.Fits()

			w.Clicks(`#orange-web button[value="down"]`, "Bring it up again")
			w.Sees("down=true")
			if !s.OrangeWeb.Faults.Read().Down || s.Sonatel.Switches().Down {
				t.Error("the wrong operator is down")
			}
			w.Does(
				chromedp.SetValue(chromedp.CSS("#sonatel-force"), "222222"),
				chromedp.Click(chromedp.CSS(`label[for="sonatel-two_signatures"]`), chromedp.NodeVisible),
				chromedp.Clear(chromedp.CSS("#sonatel-latency_ms")),
				chromedp.SendKeys(chromedp.CSS("#sonatel-latency_ms"), "99000"),
			)
			w.Clicks(`#sonatel button[value="save"]`, "Nothing was changed: latency_ms must be from 0 to 60000.")
			w.Fits()
			w.Photographs("refused")
			w.Does(
				chromedp.Clear(chromedp.CSS("#sonatel-latency_ms")),
				chromedp.SendKeys(chromedp.CSS("#sonatel-latency_ms"), "20\r"),
			)
			w.Sees("Done. This is how it stands now.")
			if now := s.Sonatel.Switches(); now.Force != "222222" || now.LatencyMS != 20 || !now.TwoSignatures ||
				*now.Balance != 1_000_000_000 {
				t.Errorf("set: %+v", now)
			}
			w.Fits()
			w.Photographs("faults")
			mends(w, "sonatel")
			mends(w, "orange-web")
			if s.OrangeWeb.Faults.Read() != engine.Healthy() || s.Sonatel.Switches().Switches != engine.Healthy() {
				t.Error("something is still broken")
			}
			w.Clicks(`nav a`, "Nothing was paid so far.")
		})
	}
}
