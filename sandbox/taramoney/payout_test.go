package taramoney_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
)

// TestMagicNumbersOfPayouts follows each payout from the call to the status and the
// book. None has a webhook.
func TestMagicNumbersOfPayouts(t *testing.T) {
	t.Parallel()
	const paid, rejected = "API_ORDER_SUCESSFULL", "PAYOUT_REJECTED"
	for digits, row := range map[string]struct {
		after           time.Duration
		status, message string
		booked          []int64
	}{
		"123456": {0, "SUCCESS", paid, []int64{-1000}},
		"222222": {2 * time.Second, "FAILURE", rejected, nil},
		"333333": {5 * time.Minute, "FAILURE", rejected, nil},
		"444444": {30 * time.Second, "SUCCESS", paid, []int64{-1000}},
		"777777": {6 * time.Minute, "SUCCESS", paid, []int64{-1000}},
		"888888": {0, "SUCCESS", paid, []int64{-1000}},
		"999999": {0, "SUCCESS", paid, []int64{-500}},
		"543210": {10 * time.Second, "SUCCESS", paid, []int64{-1000}},
	} {
		t.Run(digits, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.pays("R1", "237699"+digits).Text("payoutId")
			if row.after > 0 {
				w.Clock.Advance(row.after - time.Millisecond)
				w.stands(id, "PENDING", "PAYMENT_PENDING")
				w.Clock.Advance(time.Millisecond)
			}
			byID, byReference := w.stands(id, row.status, row.message), w.stands("R1", row.status, row.message)
			require.Nil(t, byID["productId"])
			require.EqualValues(t, "R1", byReference["productId"])
			require.Equal(t, byReference["payload"], byID["payload"])
			w.booked(row.booked...)
			w.ExpectNotices(0)
		})
	}
}

func TestPayoutRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"float": 2500}`)
	w.pays("R1", "237699123456")
	w.pays("R1", "237699444444", fields{"paymentMethod": "MTN_CAMEROON"}) // a second payout with the same reference
	for name, row := range map[string]struct{ phone, says string }{
		"above the receiver's ceiling": {"237699111111", "RECEIVER_LIMIT_REACHED"},
		"above what is left":           {"237699123456", "BUSINESS_BALANCE_INSUFFICIENT"},
	} {
		status, reply := w.post(payouts, w.payout("R2", row.phone))
		require.Equal(t, http.StatusOK, status, "%v %v", name, reply)
		require.EqualValues(t, "FAILURE", reply["status"], name)
		require.EqualValues(t, row.says, reply["message"], name)
		require.Nil(t, reply["payoutId"], name)
	}
	w.stands("R2", "ERROR", "PAYMENT_FOR_TRANSACTION_NOT_FOUND")
	w.booked(-1000)
	w.Clock.Advance(30 * time.Second)
	w.booked(-1000, -1000)
	line := w.Sim.Book()[0]
	require.Equal(t, "+237699123456", line.MSISDN)
	require.Equal(t, "R1", line.OrderID)
	require.Equal(t, engine.Out, line.Direction)
	require.Equal(t, "XAF", line.Currency)
}

func TestInvalidPayouts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, row := range map[string]struct {
		change fields
		says   string
	}{
		"to nobody":               {fields{"receiverName": nil}, "receiverName"},
		"to a name too long":      {fields{"receiverName": strings.Repeat("A", 256)}, "receiverName"},
		"by no method":            {fields{"paymentMethod": nil}, "paymentMethod"},
		"by another method":       {fields{"paymentMethod": "PAYPAL"}, "paymentMethod"},
		"to a local number":       {fields{"receiverPhoneNumber": "699123456"}, "receiverPhoneNumber"},
		"to a number with a plus": {fields{"receiverPhoneNumber": "+237699123456"}, "receiverPhoneNumber"},
		"to Senegal":              {fields{"receiverPhoneNumber": "221770123456"}, "receiverPhoneNumber"},
		"without a reference":     {fields{"receiverId": ""}, "receiverId"},
		"of nothing":              {fields{"amount": 0}, "amount"},
		"of a price in text":      {fields{"amount": "1000"}, "amount"},
		"of half a franc":         {fields{"amount": 0.5}, "amount"},
	} {
		status, reply := w.post(payouts, w.payout("R1", "237699123456", row.change))
		require.Equal(t, http.StatusBadRequest, status, "%v %v", name, reply)
		require.EqualValues(t, "FAILURE", reply["status"], name)
		require.EqualValues(t, "INVALID_PARAMETER "+row.says, reply["message"], name)
	}
	require.Equal(t, 0, w.Sim.Asked())
}
