package taramoney_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/enginetest"
)

// secret returns the secret header of a webhook.
func secret(n enginetest.Notice) []string { return n.Header.Values("tara-webhook-secret") }

// TestRichWebhook compares the body with the captured one: 13 fields, amounts as text,
// paid and credited.
func TestRichWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.collects("P1", "237699444444", fields{"productPrice": 100}).Text("transactionId")
	w.Clock.Advance(time.Minute)
	n := w.ExpectNotices(1)[0]
	n.Fields.Expect(t, "the webhook", fields{
		"businessId": "sandbox-biz", "paymentId": id, "collectionId": id, "phoneNumber": "237699444444",
		"creationDate": "2026-03-12T11:30:00.000+02:00", "changeDate": "2026-03-12T11:30:30.000+02:00",
		"status": "SUCCESS", "amount": "100", "originalAmount": "97", "mobileOperator": "ORANGE_CAMEROON",
		"productId": "P1", "invoiceUrl": w.URL + "/pay/" + id,
	})
	require.Len(t, n.Fields, 13)
	require.NotEqual(t, id, n.Fields["transactionId"])
	got := secret(n)
	require.Len(t, got, 1)
	require.Equal(t, "sandbox-webhook-secret", got[0])
	require.Equal(t, "application/json", n.Header.Get("Content-Type"))
}

// TestPoorWebhook compares the body with Tara's page: seven fields.
func TestPoorWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"quirks": {"poor_webhooks": true}}`)
	w.accepted(cmmobile, w.collection("P1", "699222222"))
	id := w.status("P1").Inner(t, "payload")["paymentId"]
	w.Clock.Advance(2 * time.Second)
	n := w.ExpectNotices(1)[0]
	n.Fields.Expect(t, "the webhook", fields{
		"businessId": "sandbox-biz", "paymentId": id, "phoneNumber": "699222222", "status": "FAILURE",
		"creationDate": "2026-03-12T11:30:00.000+02:00", "changeDate": "2026-03-12T11:30:02.000+02:00",
	})
	require.Len(t, n.Fields, 7)
	require.NotEqual(t, "(no text)", n.Fields.Text("collectionId"))
	require.NotEqual(t, id, n.Fields["collectionId"])
	require.Len(t, secret(n), 1)
}

func TestWebhookSecret(t *testing.T) {
	t.Parallel()
	for quirk, want := range map[string]string{
		"no_webhook_secret": "", "wrong_webhook_secret": "not-sandbox-webhook-secret",
	} {
		w := newWorld(t)
		w.SetSwitches(`{"quirks": {"` + quirk + `": true}}`)
		w.collects("P1", "237699123456")
		n := w.ExpectNotices(1)[0]
		require.Equal(t, want, n.Header.Get("tara-webhook-secret"), quirk)
		require.Equal(t, want == "", len(secret(n)) == 0, quirk)
	}
}

// TestWebhookWithoutRetry checks that a webhook that the merchant rejected is lost until
// the merchant asks for it.
func TestWebhookWithoutRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Inbox.Status.Store(http.StatusInternalServerError)
	w.collects("P1", "237699123456")
	w.AwaitNotices(1)
	w.Clock.Advance(24 * time.Hour)
	w.accepted(resendPath, signed(fields{"productId": "P1"}))
	all := w.ExpectNotices(2)
	all[1].Fields.Expect(t, "the second webhook", all[0].Fields)
}

func TestResendRefused(t *testing.T) {
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
		require.Equal(t, http.StatusOK, status, product)
		reply.Expect(t, product, want)
	}
	w.ExpectNotices(0)
}

// TestCorrection checks that FAILURE and then SUCCESS are sent, and that the book
// has one line.
func TestCorrection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"correct_after_ms": 60000}`)
	w.collects("P1", "237699222222")
	w.Clock.Advance(2 * time.Second)
	w.AwaitNotices(1)
	w.stands("P1", "FAILURE", "PAYMENT_REFUSED_BY_CUSTOMER")
	w.Clock.Advance(time.Minute)
	all := w.ExpectNotices(2)
	require.EqualValues(t, "FAILURE", all[0].Fields["status"])
	require.EqualValues(t, "SUCCESS", all[1].Fields["status"])
	w.booked(1000)
}

func TestWebhookSwitches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"notifications_off": true}`)
	w.collects("P1", "237699123456")
	w.SetSwitches(`{"notifications_off": false, "notification_copies": 2, "notification_delay_ms": 5000}`)
	w.collects("P2", "237699123456")
	w.Clock.Advance(5*time.Second - time.Millisecond)
	n := len(w.Inbox.All())
	require.Equal(t, 0, n)
	w.Clock.Advance(time.Millisecond)
	for _, n := range w.ExpectNotices(2) {
		n.Fields.Expect(t, "the webhook", fields{"productId": "P2"})
	}
}
