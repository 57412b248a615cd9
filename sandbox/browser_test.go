package sandbox_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"pirogue/sandbox"
	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
)

// mends presses an operator's heal button and waits until the page shows no fault of it.
func mends(w enginetest.Tab, code string) {
	w.T.Helper()
	w.Do(chromedp.Click(chromedp.CSS("#"+code+` button[value="heal"]`), chromedp.NodeVisible))
	w.WaitUntil(
		fmt.Sprintf(
			`!!document.querySelector("#%[1]s .chip.healthy") && !document.querySelector("#%[1]s .chip.broken")`, code,
		),
	)
}

// TestFaultsPageInBrowser breaks and heals an operator by hand, without any script, on a
// small phone and on a desktop.
//
//nolint:contextcheck // one browser, one window at a time: two cores have no room for more
func TestFaultsPageInBrowser(t *testing.T) {
	browser := enginetest.StartChromium(t)
	for _, width := range []int64{320, 1280} {
		t.Run(fmt.Sprintf("%d px", width), func(t *testing.T) {
			s, base := started(t, sandbox.Options{})
			w := enginetest.Visitor{Width: width, NoScript: true}.Open(browser, t, base+"/")
			w.ExpectFits()
			w.Screenshot("index")
			w.Click(`a[href="faults"]`, "Take it down")
			w.ExpectFits()

			w.Click(`#orange-web button[value="down"]`, "Bring it up again")
			w.WaitForText("down=true")
			require.True(t, s.OrangeWeb.Faults.Read().Down, "the wrong operator is down")
			require.False(t, s.Sonatel.Switches().Down, "the wrong operator is down")
			w.Do(
				chromedp.SetValue(chromedp.CSS("#sonatel-force"), "222222"),
				chromedp.Click(chromedp.CSS(`label[for="sonatel-two_signatures"]`), chromedp.NodeVisible),
				chromedp.Clear(chromedp.CSS("#sonatel-latency_ms")),
				chromedp.SendKeys(chromedp.CSS("#sonatel-latency_ms"), "99000"),
			)
			w.Click(`#sonatel button[value="save"]`, "Nothing was changed: latency_ms must be from 0 to 60000.")
			w.ExpectFits()
			w.Screenshot("refused")
			w.Do(
				chromedp.Clear(chromedp.CSS("#sonatel-latency_ms")),
				chromedp.SendKeys(chromedp.CSS("#sonatel-latency_ms"), "20\r"),
			)
			w.WaitForText("Done. This is how it stands now.")
			now := s.Sonatel.Switches()
			require.Equal(t, "222222", now.Force)
			require.Equal(t, 20, now.LatencyMS)
			require.True(t, now.TwoSignatures)
			require.EqualValues(t, 1_000_000_000, *now.Balance)
			w.ExpectFits()
			w.Screenshot("faults")
			mends(w, "sonatel")
			mends(w, "orange-web")
			require.Equal(t, engine.Healthy(), s.OrangeWeb.Faults.Read())
			require.Equal(t, engine.Healthy(), s.Sonatel.Switches().Switches)
			w.Click(`nav a`, "Nothing was paid so far.")
		})
	}
}
