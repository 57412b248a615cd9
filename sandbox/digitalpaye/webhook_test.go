package digitalpaye_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
)

// TestAWebhookIsTheBareTransaction checks that a webhook has the shape of the call that
// opened the order. It has no envelope and no proof of its origin.
func TestAWebhookIsTheBareTransaction(t *testing.T) {
	t.Parallel()
	inEveryShape(t, func(t *testing.T, shape string) {
		w := newWorld(t)
		opened := w.opens(shape, "out", "R1", "0701020304")
		w.Clock.Advance(10 * time.Second)
		told := w.Notices(1)[0]
		want := opened.Over(fields{"status": "SUCCESSFUL"})
		if shape != "v1" {
			want["date_update"] = "2026-03-12 09:30:10"
		}
		for name := range want {
			if _, isObject := want[name].(map[string]any); !isObject && told.Said[name] != want[name] {
				t.Errorf("%s is %v, want %v", name, told.Said[name], want[name])
			}
		}
		if len(told.Said) != len(want) {
			t.Errorf("the webhook says %v, want %v", told.Said, want)
		}
		for _, header := range []string{"Authorization", "X-Signature", "X-Environment"} {
			if told.Header.Get(header) != "" {
				t.Errorf("the webhook brings %s", header)
			}
		}
	})
}

// TestWebhooksAreDisturbed counts the webhooks about one end.
func TestWebhooksAreDisturbed(t *testing.T) {
	t.Parallel()
	for name, row := range enginetest.Disturbed {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Set(row.Switches)
			w.opens("v2", "in", "R1", "0700"+row.Digits)
			w.stands("v2", "R1", "SUCCESSFUL")
			w.Notices(row.Want)
		})
	}
}

func TestAWebhookIsHeldBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"notification_delay_ms": 30000}`)
	w.opens("v2", "in", "R1", "0700123456")
	w.stands("v2", "R1", "SUCCESSFUL")
	time.Sleep(20 * time.Millisecond) // enough time for one that must not come
	if told := w.Inbox.All(); len(told) != 0 {
		t.Errorf("it says %v at once", told)
	}
	enginetest.Eventually(func() bool { w.Clock.Advance(30 * time.Second); return len(w.Inbox.All()) > 0 })
	w.Notices(1)
}

// TestThePortalKeepsOneAddress checks that only the last address is used, for earlier
// orders as well.
func TestThePortalKeepsOneAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := enginetest.NewInbox(t)
	w.opens("v2", "in", "BEFORE", "0701020304")
	w.registers(other.Hook())
	w.opens("v2", "in", "AFTER", "0700123456")
	w.Clock.Advance(10 * time.Second)
	enginetest.Eventually(func() bool { return len(other.All()) == 2 })
	w.Notices(0)
	if len(other.All()) != 2 {
		t.Errorf("the other address was told %v", other.All())
	}
}

func TestThePortalRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Says(nil, [][2]string{
		{`POST /portal/webhook {"key": "x", "url": "http://m.example/w"}`, "401"}, // another account's key
		{`POST /portal/webhook {"key": "sandbox-key"}`, "400"},
		{`POST /portal/webhook {"key": "sandbox-key", "url": "/w"}`, "400"},
		{`POST /portal/webhook w`, "400"},
	})
	w.opens("v2", "in", "R1", "0700123456")
	w.Notices(1) // at the earlier address
}

// TestARestartForgetsNothing kills a simulator and starts another on its journal. Book,
// float, ids and tokens are unchanged. A pending order ends on time, and its webhook goes
// to the address at its opening.
func TestARestartForgetsNothing(t *testing.T) {
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

	if after := w.Sim.Book(); len(after) != 2 || after[0] != before[0] || after[1].OrderID != "LATE" {
		t.Errorf("the book said %v and says %v", before, after)
	}
	if _, reply := w.Object(old); reply.Object("data").Text("balance") != "999998500" {
		t.Errorf("a token of before reads %v", reply)
	}
	if status, reply := w.Object(w.opening("v2", "out", "PAID", "0700123456")); status != http.StatusConflict {
		t.Errorf("an id of before answers %d %v", status, reply)
	}
	if page := w.Fetch(w.Request(http.MethodGet, link, nil)); page.Status != http.StatusOK {
		t.Errorf("a link of before answers %d", page.Status)
	}
	w.stands("v1", "WAITS", "PENDING")
	w.Clock.Advance(20 * time.Second)
	w.stands("v1", "WAITS", "SUCCESSFUL")
	if ref := w.opens("v2", "in", "NEW", "0701020304").Text("ref"); ref != "RCI-DIGITALP-7702" {
		t.Errorf("the next ref is %s", ref)
	}
	if fresh := w.reads("v1", "WAITS"); fresh.Text("operator") != "WAVE_MONEY_CI" || fresh["customer"] == nil {
		t.Errorf("an order of before reads %v", fresh)
	}
	told := map[string]string{}
	for _, n := range w.Notices(3) {
		told[n.Said.Text("ref")] = n.Said.Text("status")
	}
	if told[w.reads("v2", "LATE").Text("ref")] != "SUCCESSFUL" ||
		told[w.reads("v2", "WAITS").Text("ref")] != "SUCCESSFUL" {
		t.Errorf("the webhooks say %v", told)
	}
}
