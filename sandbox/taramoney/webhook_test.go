package taramoney_test

import (
	"net/http"
	"testing"
	"time"
)

// secret returns what a webhook brings to prove itself.
func (n notice) secret() []string { return n.header.Values("tara-webhook-secret") }

// TestTheRichWebhook holds the body against the captured one: 13 fields, amounts as text,
// paid and credited.
func TestTheRichWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.collects("P1", "237699444444", fields{"productPrice": 100}).text("transactionId")
	w.clock.Advance(time.Minute)
	n := w.told(1)[0]
	n.said.has(t, "the webhook", fields{
		"businessId": "sandbox-biz", "paymentId": id, "collectionId": id, "phoneNumber": "237699444444",
		"creationDate": "2026-03-12T11:30:00.000+02:00", "changeDate": "2026-03-12T11:30:30.000+02:00",
		"status": "SUCCESS", "amount": "100", "originalAmount": "97", "mobileOperator": "ORANGE_CAMEROON",
		"productId": "P1", "invoiceUrl": w.url + "/pay/" + id,
	})
	if len(n.said) != 13 || n.said["transactionId"] == id {
		t.Errorf("the webhook says %v", n.said)
	}
	if got := n.secret(); len(got) != 1 || got[0] != "sandbox-webhook-secret" || n.header.Get("Content-Type") != "application/json" {
		t.Errorf("the webhook brings %v", n.header)
	}
}

// TestThePoorWebhook holds the body against Tara's page: seven fields.
func TestThePoorWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(`{"quirks": {"poor_webhooks": true}}`)
	w.accepted(cmmobile, w.collection("P1", "699222222"))
	id := w.status("P1").inner(t, "payload")["paymentId"]
	w.clock.Advance(2 * time.Second)
	n := w.told(1)[0]
	n.said.has(t, "the webhook", fields{
		"businessId": "sandbox-biz", "paymentId": id, "phoneNumber": "699222222", "status": "FAILURE",
		"creationDate": "2026-03-12T11:30:00.000+02:00", "changeDate": "2026-03-12T11:30:02.000+02:00",
	})
	if len(n.said) != 7 || n.said.text("collectionId") == "(no text)" || n.said["collectionId"] == id {
		t.Errorf("the webhook says %v", n.said)
	}
	if len(n.secret()) != 1 {
		t.Error("a poor webhook brings no secret")
	}
}

func TestTheSecretOfAWebhook(t *testing.T) {
	t.Parallel()
	for quirk, want := range map[string]string{"no_webhook_secret": "", "wrong_webhook_secret": "not-sandbox-webhook-secret"} {
		w := newWorld(t)
		w.set(`{"quirks": {"` + quirk + `": true}}`)
		w.collects("P1", "237699123456")
		n := w.told(1)[0]
		if got := n.header.Get("tara-webhook-secret"); got != want || (want == "") != (len(n.secret()) == 0) {
			t.Errorf("%s: %v", quirk, n.secret())
		}
	}
}

// TestAWebhookIsNotRetried loses what the merchant did not take, until it is asked for.
func TestAWebhookIsNotRetried(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.inbox.answer.Store(http.StatusInternalServerError)
	w.collects("P1", "237699123456")
	w.waitsFor(1)
	w.clock.Advance(24 * time.Hour)
	w.accepted(resendPath, signed(fields{"productId": "P1"}))
	all := w.told(2)
	all[1].said.has(t, "the second webhook", all[0].said)
}

func TestWhatIsNotSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.collects("WAITS", "237699444444")
	w.pays("OUT", "237699123456")
	for product, want := range map[string]fields{
		"WAITS":   {"status": "FAILURE", "message": "PAYMENT_NOT_FINAL"},
		"OUT":     {"status": "ERROR", "message": "PAYMENT_FOR_TRANSACTION_NOT_FOUND"},
		"NOTHING": {"status": "ERROR", "message": "PAYMENT_FOR_TRANSACTION_NOT_FOUND"},
	} {
		status, reply := w.post(resendPath, signed(fields{"productId": product}))
		if status != http.StatusOK {
			t.Errorf("%s answers %d", product, status)
		}
		reply.has(t, product, want)
	}
	w.told(0)
}

// TestTaraCorrectsItself sends FAILURE and then SUCCESS, and books once.
func TestTaraCorrectsItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(`{"correct_after_ms": 60000}`)
	w.collects("P1", "237699222222")
	w.clock.Advance(2 * time.Second)
	w.waitsFor(1)
	w.stands("P1", "FAILURE", "PAYMENT_REFUSED_BY_CUSTOMER")
	w.clock.Advance(time.Minute)
	all := w.told(2)
	if all[0].said["status"] != "FAILURE" || all[1].said["status"] != "SUCCESS" {
		t.Errorf("the webhooks say %v, then %v", all[0].said["status"], all[1].said["status"])
	}
	w.booked(1000)
}

func TestTheSwitchesOfNotifications(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(`{"notifications_off": true}`)
	w.collects("P1", "237699123456")
	w.set(`{"notifications_off": false, "notification_copies": 2, "notification_delay_ms": 5000}`)
	w.collects("P2", "237699123456")
	w.clock.Advance(5*time.Second - time.Millisecond)
	if n := len(w.inbox.all()); n != 0 {
		t.Errorf("%d webhooks came too early", n)
	}
	w.clock.Advance(time.Millisecond)
	for _, n := range w.told(2) {
		n.said.has(t, "the webhook", fields{"productId": "P2"})
	}
}
