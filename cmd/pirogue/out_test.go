package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/piroguetest"
	"pirogue/sandbox/sonatel"
	"pirogue/support"
)

func TestAPaymentIsRefundedInPartsAndThenWholly(t *testing.T) {
	piroguetest.EachDatabase(t, func(t *testing.T, database string) {
		w := newWorld(t, shortenTimes(database))
		m := w.merchant()
		paid := m.fund(t, 5000)

		part := m.send(t, "/refunds", refund(paid.ID, 2000))
		require.Equal(t, 202, part.Status, part.Raw)
		m.until(t, part.Data.RefundID, "SUCCESS", time.Minute)
		still := m.until(t, paid.ID, "SUCCESS", time.Minute)
		require.EqualValues(t, 2000, still.Refunded)

		rest := m.send(t, "/refunds", refund(paid.ID, 0))
		require.Equal(t, 202, rest.Status, rest.Raw)
		m.until(t, rest.Data.RefundID, "SUCCESS", time.Minute)
		whole := m.until(t, paid.ID, "REVERSED", time.Minute)
		require.EqualValues(t, 5000, whole.Refunded)

		w.expectWebhooks(t, "the refund", rest.Data.RefundID, "SUCCESS")
		require.Eventually(t, func() bool {
			told := w.webhooks(paid.ID)
			return len(told) == 2 && told[1] == "REVERSED"
		}, time.Minute, 100*time.Millisecond, "the merchant is told of SUCCESS and of REVERSED")
		w.settled()
	})
}

func TestMoneyThatCameLateGoesBackToItsPayer(t *testing.T) {
	w := newWorld(t, shortenTimes(piroguetest.SQLite(t)))
	m := w.merchant()
	got := m.pay(t, order("+22376777777"))
	m.until(t, got.Data.ID, "EXPIRED", time.Minute)
	w.expectCase(t, "paid late", got.Data.ID, support.CauseLateSuccess, 2*time.Minute)

	require.Eventually(t, func() bool {
		cases, err := w.parts.store.Cases.Cases(t.Context(), pirogue.PaymentID(got.Data.ID))
		return err == nil && len(cases) == 1 && !cases[0].ClosedAt.IsZero()
	}, 2*time.Minute, 100*time.Millisecond, "the case closes when the payer has the money back")
	w.settled()
}

func TestACustomerInSenegalPaysInOneStepWithAPassword(t *testing.T) {
	t.Parallel()

	w := newWorld(t, shortenTimes(piroguetest.SQLite(t)))
	m := w.merchant()
	body := strings.TrimSuffix(order("+221770123456"), "}") + `,"otp":"` + sonatel.OTP + `"}`
	got := m.pay(t, body)
	require.Equal(t, 202, got.Status, got.Raw)
	m.until(t, got.Data.ID, "SUCCESS", time.Minute)
	require.Len(t, w.sandbox.Sonatel.Book(), 1)
	w.settled()
}

func TestACustomerInSenegalPaysByQRCode(t *testing.T) {
	t.Parallel()

	w := newWorld(t, shortenTimes(piroguetest.SQLite(t)))
	m := w.merchant()
	got := m.pay(t, order("+221770123456"))
	require.Equal(t, 202, got.Status, got.Raw)
	require.Contains(t, got.Raw, `"type":"qr"`)
	m.until(t, got.Data.ID, "SUCCESS", time.Minute)
	w.settled()
}
