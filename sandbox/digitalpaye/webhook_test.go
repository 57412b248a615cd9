package digitalpaye_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"pirogue/sandbox/digitalpaye"
)

// TestAWebhookIsTheBareTransaction checks that it has the shape of the call that opened
// the order, no envelope, and nothing that proves where it comes from.
func TestAWebhookIsTheBareTransaction(t *testing.T) {
	t.Parallel()
	inEveryShape(t, func(t *testing.T, shape string) {
		w := newWorld(t)
		opened := w.opens(shape, "out", "R1", "0701020304")
		w.clock.Advance(10 * time.Second)
		told := w.notices(1)[0]
		want := merged(opened, fields{"status": "SUCCESSFUL"})
		if shape != "v1" {
			want["date_update"] = "2026-03-12 09:30:10"
		}
		for name := range want {
			if _, isObject := want[name].(map[string]any); !isObject && told.said[name] != want[name] {
				t.Errorf("%s is %v, want %v", name, told.said[name], want[name])
			}
		}
		if len(told.said) != len(want) {
			t.Errorf("the webhook says %v, want %v", told.said, want)
		}
		for _, header := range []string{"Authorization", "X-Signature", "X-Environment"} {
			if told.header.Get(header) != "" {
				t.Errorf("the webhook brings %s", header)
			}
		}
	})
}

// TestWebhooksAreDisturbed counts what arrives of one end.
func TestWebhooksAreDisturbed(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		switches, number string
		want             int
	}{
		"off":                      {`{"notifications_off": true}`, "0700123456", 0},
		"off, even the early ones": {`{"notifications_off": true}`, "0700888888", 0},
		"twice":                    {`{"notification_copies": 2}`, "0700123456", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.set(row.switches)
			w.opens("v2", "in", "R1", row.number)
			w.stands("v2", "R1", "SUCCESSFUL")
			w.notices(row.want)
		})
	}
}

func TestAWebhookIsHeldBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(`{"notification_delay_ms": 30000}`)
	w.opens("v2", "in", "R1", "0700123456")
	w.stands("v2", "R1", "SUCCESSFUL")
	time.Sleep(20 * time.Millisecond) // time enough for one that should not come
	if told := w.inbox.all(); len(told) != 0 {
		t.Errorf("it says %v at once", told)
	}
	eventually(func() bool { w.clock.Advance(30 * time.Second); return len(w.inbox.all()) > 0 })
	w.notices(1)
}

// TestThePortalKeepsOneAddress takes the last one, for orders of before as well.
func TestThePortalKeepsOneAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := newInbox(t)
	w.opens("v2", "in", "BEFORE", "0701020304")
	w.registers(other.url)
	w.opens("v2", "in", "AFTER", "0700123456")
	w.clock.Advance(10 * time.Second)
	eventually(func() bool { return len(other.all()) == 2 })
	w.notices(0)
	if len(other.all()) != 2 {
		t.Errorf("the other address was told %v", other.all())
	}
}

func TestThePortalRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, row := range map[string]struct {
		form string
		want int
	}{
		"another account's key": {`{"key": "x", "url": "http://m.example/w"}`, http.StatusUnauthorized},
		"no address":            {`{"key": "sandbox-key"}`, http.StatusBadRequest},
		"a path":                {`{"key": "sandbox-key", "url": "/w"}`, http.StatusBadRequest},
		"no form":               {`w`, http.StatusBadRequest},
	} {
		if status, reply := w.object(w.request(http.MethodPost, "/portal/webhook", row.form)); status != row.want {
			t.Errorf("%s answers %d %v", name, status, reply)
		}
	}
	w.opens("v2", "in", "R1", "0700123456")
	w.notices(1) // at the address of before
}

// TestARestartForgetsNothing kills a simulator and starts another on its journal: book,
// float, ids and tokens are as before, what was pending ends when it is due, and its
// webhook goes to the address that held when it was opened.
func TestARestartForgetsNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "journal.jsonl")
	journaled := func(o *digitalpaye.Options) { o.JournalPath = path }
	w := newWorld(t, journaled)
	w.opens("v2", "out", "PAID", "0700123456")
	w.opens("v1", "in", "WAITS", "0700444444", fields{"operator": "WAVE_MONEY_CI"})
	w.opens("sdk", "in", "LATE", "0701020304")
	eventually(func() bool { return len(w.inbox.all()) == 1 })
	link := w.opens("v2", "in", "LINK", "0700333333", fields{"operator": "WAVE_MONEY_CI"}).text("wave_launch_url")
	before, old := w.sim.Book(), w.call(http.MethodGet, "/v2/balance", nil)
	closeNow(t, w.sim) // stops its customers; the journal is as kill -9 leaves it
	w.clock.Advance(10 * time.Second)
	w.start(journaled)

	if after := w.sim.Book(); len(after) != 2 || after[0] != before[0] || after[1].OrderID != "LATE" {
		t.Errorf("the book said %v and says %v", before, after)
	}
	if _, reply := w.object(old); reply.data().text("balance") != "999998500" {
		t.Errorf("a token of before reads %v", reply)
	}
	if status, reply := w.object(w.opening("v2", "out", "PAID", "0700123456")); status != http.StatusConflict {
		t.Errorf("an id of before answers %d %v", status, reply)
	}
	if page := w.fetch(w.request(http.MethodGet, link, "")); page.status != http.StatusOK {
		t.Errorf("a link of before answers %d", page.status)
	}
	w.stands("v1", "WAITS", "PENDING")
	w.clock.Advance(20 * time.Second)
	w.stands("v1", "WAITS", "SUCCESSFUL")
	if ref := w.opens("v2", "in", "NEW", "0701020304").text("ref"); ref != "RCI-DIGITALP-7702" {
		t.Errorf("the next ref is %s", ref)
	}
	if fresh := w.reads("v1", "WAITS"); fresh.text("operator") != "WAVE_MONEY_CI" || fresh["customer"] == nil {
		t.Errorf("an order of before reads %v", fresh)
	}
	told := map[string]string{}
	for _, n := range w.notices(3) {
		told[n.said.text("ref")] = n.said.text("status")
	}
	if told[w.reads("v2", "LATE").text("ref")] != "SUCCESSFUL" || told[w.reads("v2", "WAITS").text("ref")] != "SUCCESSFUL" {
		t.Errorf("the webhooks say %v", told)
	}
}
