package sonatel_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
)

// TestDepositNumbers checks the table of the merchant API for cash-outs. It checks the
// response, the history after the number's time, the callbacks and the book.
func TestDepositNumbers(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		customer string
		answer   string
		after    time.Duration
		end      string
		told     int
		booked   int64 // 0 for nothing
	}{
		"paid_at_once":       {"770123456", "SUCCESS", 0, "SUCCESS", 1, 50000},
		"rejected_later":     {"770222222", "PENDING", 2 * time.Second, "FAILED", 1, 0},
		"failed_after_5_min": {"770333333", "PENDING", 5 * time.Minute, "FAILED", 1, 0},
		"paid_after_30_s":    {"770444444", "PENDING", 30 * time.Second, "SUCCESS", 1, 50000},
		"paid_after_6_min":   {"770777777", "PENDING", 6 * time.Minute, "SUCCESS", 1, 50000},
		"three_callbacks":    {"770888888", "SUCCESS", 0, "SUCCESS", 3, 50000},
		"another_amount":     {"770999999", "SUCCESS", 0, "SUCCESS", 1, 25000},
		"other_number":       {"770543210", "PENDING", 10 * time.Second, "SUCCESS", 1, 50000},
		"number_of_mali":     {"76444444", "PENDING", 30 * time.Second, "SUCCESS", 1, 50000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.registerCallback()
			w.makeDeposit("R1", row.customer).Expect(t, "the response", fields{"status": row.answer, "reference": "R1"})
			if row.after > 0 {
				w.Clock.Advance(row.after - time.Millisecond)
				w.awaitStatus("R1", row.answer)
				w.Clock.Advance(time.Millisecond)
			}
			w.awaitStatus("R1", row.end)
			w.Clock.Advance(24 * time.Hour)
			w.awaitStatus("R1", row.end)
			w.expectBooked(engine.Out, row.booked)
			w.expectCallbacks(row.end, row.told)
		})
	}
}

// TestQRCodeNumbers checks the same for a QR code with an automatic customer.
func TestQRCodeNumbers(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		msisdn string
		after  time.Duration
		end    string // empty: not in the history
		told   int
		booked int64
	}{
		"paid_at_once":     {"+221770123456", 0, "SUCCESS", 1, 50000},
		"balance_too_low":  {"+221770111111", 2 * time.Second, "FAILED", 1, 0},
		"customer_refuses": {"+221770222222", 2 * time.Second, "FAILED", 1, 0},
		"no_answer":        {"+221770333333", 0, "", 0, 0},
		"paid_after_30_s":  {"+221770444444", 30 * time.Second, "SUCCESS", 1, 50000},
		"paid_after_330_s": {"+221770777777", 330 * time.Second, "SUCCESS", 1, 50000},
		"three_callbacks":  {"+221770888888", 0, "SUCCESS", 3, 50000},
		"another_amount":   {"+221770999999", 0, "SUCCESS", 1, 25000},
		"other_number":     {"+221770543210", 10 * time.Second, "SUCCESS", 1, 50000},
		"no_number":        {"", 0, "", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.createCode("R1", row.msisdn)
			if row.after > 0 {
				w.Clock.Advance(row.after - time.Millisecond)
				w.awaitStatus("R1", "")
				w.Clock.Advance(time.Millisecond)
			}
			w.awaitStatus("R1", row.end)
			w.Clock.Advance(24 * time.Hour)
			w.awaitStatus("R1", row.end)
			w.expectBooked(engine.In, row.booked)
			w.expectCallbacks(row.end, row.told)
		})
	}
}

// TestPaymentNumbers checks the same for one step and for two.
func TestPaymentNumbers(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		path, customer, answer string
		after                  time.Duration
		end                    string
	}{
		"one_step":                      {oneStep, "770543210", "SUCCESS", 0, "SUCCESS"},
		"one_step_another_amount":       {oneStep, "770999999", "SUCCESS", 0, "SUCCESS"},
		"two_steps_another_amount":      {payments, "770999999", "INITIATED", 0, "SUCCESS"},
		"one_step_balance_too_low":      {oneStep, "770111111", "FAILED", 0, "FAILED"},
		"one_step_failed_after_5_min":   {oneStep, "770333333", "PENDING", 5 * time.Minute, "FAILED"},
		"one_step_paid_after_30_s":      {oneStep, "770444444", "PENDING", 30 * time.Second, "SUCCESS"},
		"two_steps_paid_after_10_s":     {payments, "770543210", "INITIATED", 10 * time.Second, "SUCCESS"},
		"two_steps_refused":             {payments, "770222222", "INITIATED", 2 * time.Second, "CANCELLED"},
		"two_steps_no_answer":           {payments, "770333333", "INITIATED", 24 * time.Hour, "CANCELLED"},
		"two_steps_paid_after_response": {payments, "770123456", "INITIATED", 0, "SUCCESS"},
		"one_step_paid_after_330_s":     {oneStep, "770777777", "PENDING", 330 * time.Second, "SUCCESS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			reply := w.expectAccepted(w.call(http.MethodPost, row.path, w.paymentBody("R1", row.customer)), row.path)
			require.Equal(t, row.answer, reply["status"])
			if row.after > 0 {
				w.Clock.Advance(row.after - time.Millisecond)
				w.awaitStatus("R1", row.answer)
				w.Clock.Advance(time.Millisecond)
			}
			w.awaitStatus("R1", row.end)
			booked := map[string]int64{"SUCCESS": 50000}[row.end]
			if row.customer == "770999999" {
				booked = 25000
			}
			w.expectBooked(engine.In, booked)
		})
	}
}

// expectBooked checks that the book holds one payment R1 of amount, or none for 0.
func (w *world) expectBooked(way engine.Direction, amount int64) {
	w.T.Helper()
	line, paid := w.ExpectBooked(amount)
	if !paid {
		return
	}
	require.True(w.T, engine.IsValidNumber(line.MSISDN), line.MSISDN)
	want := engine.BookEntry{
		TxnID: line.TxnID, OrderID: "R1", MSISDN: line.MSISDN, Amount: amount, Asked: 50000, Currency: "XOF",
		At: line.At, Direction: way,
	}
	require.Equal(w.T, want, line)
	shown := w.search("reference=R1")[0]
	require.Equal(w.T, float64(amount), shown.Object("amount")["value"])
	require.Equal(w.T, line.TxnID, shown["transactionId"])
}

// expectCallbacks closes the simulator so that no more callbacks can come, and checks their
// number and their status.
func (w *world) expectCallbacks(end string, want int) {
	w.T.Helper()
	for _, n := range w.ExpectNotices(want) {
		n.Fields.Expect(w.T, "a callback", fields{"status": end, "reference": "R1"})
	}
}

// TestNumberOfDownOperator makes every call that names a number.
func TestNumberOfDownOperator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, req := range map[string]*http.Request{
		"deposit":   w.call(http.MethodPost, cashins, w.depositBody("R1", "770555555")),
		"bulk":      w.call(http.MethodPost, bulkCashins, []fields{w.depositBody("R1", "770555555")}),
		"QR code":   w.codeCall("R1", "+221770555555"),
		"one step":  w.call(http.MethodPost, oneStep, w.paymentBody("R1", "770555555")),
		"two steps": w.call(http.MethodPost, payments, w.paymentBody("R1", "770555555")),
		"password":  w.call(http.MethodPost, otpPath, fields{"idType": "MSISDN", "id": "770555555"}),
	} {
		w.expectRefused(req, http.StatusServiceUnavailable, "5", name)
	}
	require.Empty(t, w.Sim.Transactions())
	require.Empty(t, w.Sim.Codes())
}

func TestNumberAtCeiling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	req := w.call(http.MethodPost, cashins, w.depositBody("R1", "770111111"))
	status, reply := w.FetchObject(req)
	require.Equal(t, http.StatusBadRequest, status)
	reply.Expect(t, "the problem", fields{"code": "2025", "status": "400"})
	w.Clock.Advance(24 * time.Hour)
	w.awaitStatus("R1", "")
}

// TestLostResponse tests the number whose first response is lost, and responses that do not
// reach their caller.
func TestLostResponse(t *testing.T) {
	t.Parallel()
	// A search finds the deposit. Sonatel ignores repeated references: a second deposit pays
	// again.
	t.Run("deposit", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		body := w.depositBody("R1", "770666666")
		w.ExpectNoReply(w.call(http.MethodPost, cashins, body))
		w.awaitStatus("R1", "SUCCESS")
		w.expectBooked(engine.Out, 50000)
		w.expectAccepted(w.call(http.MethodPost, cashins, body), "second deposit")
		book, stored := w.Sim.Book(), w.Sim.Transactions()
		require.Len(t, book, 2)
		require.Equal(t, book[0].OrderID, book[1].OrderID)
		require.True(t, stored[0].ResponseLost)
		require.False(t, stored[1].ResponseLost)
	})
	// The automatic customer does not pay a code that nobody received.
	t.Run("qr_code", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.ExpectNoReply(w.codeCall("R1", "+221770666666"))
		w.SetSwitches(`{"drop_answers": 1}`)
		w.ExpectNoReply(w.codeCall("R2", "+221770123456"))
		w.Clock.Advance(24 * time.Hour)
		w.expectLostCodes(2)
	})
	t.Run("qr_code_second_try", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.ExpectNoReply(w.codeCall("R1", "+221770666666"))
		w.createCode("R1", "+221770666666")
		w.Clock.Advance(time.Hour)
		w.awaitStatus("R1", "SUCCESS")
	})
	t.Run("qr_code_of_absent_caller", func(t *testing.T) {
		t.Parallel()
		for _, msisdn := range []string{"+221770123456", "+221770543210", "+221770888888"} {
			w := newWorld(t)
			gone, hangUp := context.WithCancel(t.Context())
			hangUp()
			answer := httptest.NewRecorder()
			w.Sim.Handler().ServeHTTP(answer, w.codeCall("R1", msisdn).WithContext(gone))
			w.Clock.Advance(time.Hour)
			require.Zero(t, answer.Body.Len(), msisdn)
			w.expectLostCodes(1)
		}
	})
	t.Run("qr_code_of_broken_connection", func(t *testing.T) {
		t.Parallel()
		for _, msisdn := range []string{"+221770123456", "+221770543210"} {
			w := newWorld(t)
			w.Sim.Handler().ServeHTTP(&cut{httptest.NewRecorder()}, w.codeCall("R1", msisdn))
			w.Clock.Advance(time.Hour)
			w.expectLostCodes(1)
		}
	})
}

// expectLostCodes checks that nobody received so many codes, and that nobody paid.
func (w *world) expectLostCodes(count int) {
	w.T.Helper()
	codes := w.Sim.Codes()
	require.Len(w.T, codes, count)
	for _, c := range codes {
		require.True(w.T, c.ResponseLost, c.Reference)
		require.Nil(w.T, c.NextAt, c.Reference)
	}
	require.Empty(w.T, w.Sim.Book())
}

// cut is a connection that breaks before a response has left.
type cut struct{ *httptest.ResponseRecorder }

func (c *cut) FlushError() error { return errors.New("connection reset by peer") }

// TestSecondQRCode requests a second code after the response with the first was cut off.
// The simulator cannot know that, and its customer still pays the order once.
func TestSecondQRCode(t *testing.T) {
	t.Parallel()
	for name, msisdn := range map[string]string{
		"paid_at_once": "+221770123456", "paid_after_10_s": "+221770543210", "paid_before_response": "+221770888888",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.createCode("R1", msisdn)
			w.createCode("R1", msisdn)
			w.Clock.Advance(time.Hour)
			require.Len(t, w.Sim.Codes(), 2)
			require.Len(t, w.Sim.Book(), 1)
			w.createCode("R2", msisdn) // another order of the same customer
			w.Clock.Advance(time.Hour)
			require.Len(t, w.Sim.Book(), 2)
		})
	}
}

// TestEarlyCallback checks the order of callbacks and response for 888888.
func TestEarlyCallback(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(*world){
		"deposit": func(w *world) { w.makeDeposit("R1", "770888888") },
		"qr_code": func(w *world) { w.createCode("R1", "+221770888888") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.registerCallback()
			arrived := make(chan struct{}, 9)
			w.Inbox.OnNotice = func(enginetest.Notice) { arrived <- struct{}{} }
			call(w)
			require.NotEmpty(t, arrived, "the response came before the first callback")
			w.expectCallbacks("SUCCESS", 3)
			require.Len(t, w.Sim.Book(), 1)
		})
	}
}
