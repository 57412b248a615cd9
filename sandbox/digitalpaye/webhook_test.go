package digitalpaye_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
)

// TestWebhookBody checks that a webhook has the shape of the call that
// opened the order. It has no envelope and no proof of its origin.
func TestWebhookBody(t *testing.T) {
	t.Parallel()
	inEveryShape(t, func(t *testing.T, shape string) {
		w := newWorld(t)
		opened := w.opens(shape, "out", "R1", "0701020304")
		w.Clock.Advance(10 * time.Second)
		told := w.ExpectNotices(1)[0]
		want := opened.Over(fields{"status": "SUCCESSFUL"})
		if shape != "v1" {
			want["date_update"] = "2026-03-12 09:30:10"
		}
		for name := range want {
			_, isObject := want[name].(map[string]any)
			if !isObject {
				require.Equal(t, want[name], told.Fields[name], name)
			}
		}
		require.Len(t, told.Fields, len(want))
		for _, header := range []string{"Authorization", "X-Signature", "X-Environment"} {
			require.Empty(t, told.Header.Get(header))
		}
	})
}

// TestWebhookSwitches counts the webhooks about one end.
func TestWebhookSwitches(t *testing.T) {
	t.Parallel()
	for name, row := range enginetest.NotificationSwitches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.SetSwitches(row.Switches)
			w.opens("v2", "in", "R1", "0700"+row.Digits)
			w.stands("v2", "R1", "SUCCESSFUL")
			w.ExpectNotices(row.Want)
		})
	}
}

func TestWebhookDelay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"notification_delay_ms": 30000}`)
	w.opens("v2", "in", "R1", "0700123456")
	w.stands("v2", "R1", "SUCCESSFUL")
	time.Sleep(20 * time.Millisecond) // enough time for one that must not come
	require.Empty(t, w.Inbox.All())
	enginetest.Eventually(func() bool { w.Clock.Advance(30 * time.Second); return len(w.Inbox.All()) > 0 })
	w.ExpectNotices(1)
}

// TestPortal checks that only the last address is used, for earlier
// orders as well.
func TestPortal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := enginetest.NewInbox(t)
	w.opens("v2", "in", "BEFORE", "0701020304")
	w.registers(other.NotifyURL())
	w.opens("v2", "in", "AFTER", "0700123456")
	w.Clock.Advance(10 * time.Second)
	enginetest.Eventually(func() bool { return len(other.All()) == 2 })
	w.ExpectNotices(0)
	require.Len(t, other.All(), 2)
}

func TestPortalRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ExpectReplies(nil, [][2]string{
		{`POST /portal/webhook {"key": "x", "url": "http://m.example/w"}`, "401"}, // another account's key
		{`POST /portal/webhook {"key": "sandbox-key"}`, "400"},
		{`POST /portal/webhook {"key": "sandbox-key", "url": "/w"}`, "400"},
		{`POST /portal/webhook w`, "400"},
	})
	w.opens("v2", "in", "R1", "0700123456")
	w.ExpectNotices(1) // at the earlier address
}

// TestRestart kills a simulator and starts another on its journal. Book,
// float, ids and tokens are unchanged. A pending order ends on time, and its webhook goes
// to the address at its opening.
func TestRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "journal.jsonl")
	journaled := func(o *engine.Config) { o.JournalPath = path }
	w := newWorld(t, journaled)
	w.opens("v2", "out", "PAID", "0700123456")
	w.opens("v1", "in", "WAITS", "0700444444", fields{"operator": "WAVE_MONEY_CI"})
	w.opens("sdk", "in", "LATE", "0701020304")
	enginetest.Eventually(func() bool { return len(w.Inbox.All()) == 1 })
	link := w.opens("v2", "in", "LINK", "0700333333", fields{"operator": "WAVE_MONEY_CI"}).Text("wave_launch_url")
	before, old := w.Sim.Book(), w.call(http.MethodGet, "/v2/balance", nil)
	enginetest.Close(t, w.Sim) // stops its customers; the journal is as kill -9 leaves it
	w.Clock.Advance(10 * time.Second)
	w.start(journaled)

	after := w.Sim.Book()
	require.Len(t, after, 2)
	require.Equal(t, before[0], after[0])
	require.Equal(t, "LATE", after[1].OrderID)
	_, reply := w.FetchObject(old)
	require.Equal(t, "999998500", reply.Object("data").Text("balance"))
	status, reply := w.FetchObject(w.opening("v2", "out", "PAID", "0700123456"))
	require.Equal(t, http.StatusConflict, status, reply)
	require.Equal(t, http.StatusOK, w.Fetch(w.Request(http.MethodGet, link, nil)).Status)
	w.stands("v1", "WAITS", "PENDING")
	w.Clock.Advance(20 * time.Second)
	w.stands("v1", "WAITS", "SUCCESSFUL")
	require.Equal(t, "RCI-DIGITALP-7702", w.opens("v2", "in", "NEW", "0701020304").Text("ref"))
	fresh := w.reads("v1", "WAITS")
	require.Equal(t, "WAVE_MONEY_CI", fresh.Text("operator"))
	require.NotNil(t, fresh["customer"])
	told := map[string]string{}
	for _, n := range w.ExpectNotices(3) {
		told[n.Fields.Text("ref")] = n.Fields.Text("status")
	}
	require.Equal(t, "SUCCESSFUL", told[w.reads("v2", "LATE").Text("ref")])
	require.Equal(t, "SUCCESSFUL", told[w.reads("v2", "WAITS").Text("ref")])
}
