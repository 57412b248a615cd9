package orangeweb_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/orangeweb"
)

// TestMagicNumbers checks the table of the merchant API: transactionstatus before and after
// the customer's action, the notifications, and the book.
func TestMagicNumbers(t *testing.T) {
	t.Parallel()
	const never = 0
	for name, row := range map[string]struct {
		msisdn  string
		acts    time.Duration // after the opening
		end     orangeweb.Status
		notices int
		booked  int64 // 0 for nothing
	}{
		"paid at once":             {"+22376123456", never, orangeweb.Success, 1, 50000},
		"the balance is too low":   {"+22376111111", 2 * time.Second, orangeweb.Failed, 1, 0},
		"the customer refuses":     {"+22376222222", 2 * time.Second, orangeweb.Failed, 1, 0},
		"nobody answers":           {"+22376333333", never, orangeweb.Initiated, 0, 0},
		"paid after half a minute": {"+22376444444", 30 * time.Second, orangeweb.Success, 1, 50000},
		"paid after our expiry": {
			"+22376777777", 5*time.Minute + 30*time.Second, orangeweb.Success, 1,
			50000,
		},
		"told three times":                     {"+22376888888", never, orangeweb.Success, 3, 50000},
		"another amount is confirmed":          {"+22376999999", never, orangeweb.Success, 1, 25000},
		"any other number":                     {"+22376543210", 10 * time.Second, orangeweb.Success, 1, 50000},
		"another country, the same digits":     {"+2250799444444", 30 * time.Second, orangeweb.Success, 1, 50000},
		"no number: nobody acts by themselves": {"", never, orangeweb.Initiated, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.open("ORDER-1", row.msisdn)
			if row.acts > 0 {
				w.Clock.Advance(row.acts - time.Millisecond)
				w.awaitStatus(s, orangeweb.Initiated)
				w.Clock.Advance(time.Millisecond)
			}
			w.awaitStatus(s, row.end)
			w.Clock.Advance(24 * time.Hour)
			w.awaitStatus(s, row.end)
			w.expectBookEntry(s, row.booked)
			w.expectNotifications(s, row.end, row.notices)
		})
	}
}

// expectBookEntry checks that the book holds one payment of amount, or none for 0.
func (w *world) expectBookEntry(s session, amount int64) {
	w.T.Helper()
	p, paid := w.ExpectBooked(amount)
	if !paid {
		return
	}
	require.Equal(w.T, s.orderID, p.OrderID)
	require.EqualValues(w.T, 50000, p.Asked)
	require.Equal(w.T, "OUV", p.Currency)
	require.NotEmpty(w.T, p.TxnID)
	require.EqualValues(w.T, p.TxnID, w.status(s)["txnid"])
}

// expectNotifications waits for the notifications, closes the simulator so that no more can come,
// and checks their number.
func (w *world) expectNotifications(s session, end orangeweb.Status, want int) {
	w.T.Helper()
	for _, n := range w.ExpectNotices(want) {
		n.Fields.Expect(w.T, "a notification", fields{"status": string(end), "notif_token": s.notifToken})
		require.NotEmpty(w.T, text(w.T, n.Fields, "txnid"))
		require.Len(w.T, n.Fields, 3)
		require.Equal(w.T, "application/json", n.Header.Get("Content-Type"))
	}
}

func TestOtherAmount(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ asked, confirmed int }{
		"half":              {306, 153},
		"half, rounded":     {305, 153},
		"never the same: 1": {1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			body := w.payment("ORDER-1")
			body["amount"] = row.asked
			_, reply := w.webpayment("+22376999999", body)
			s := session{orderID: "ORDER-1", amount: row.asked, payToken: text(t, reply, "pay_token")}
			w.awaitStatus(s, orangeweb.Success)
			require.EqualValues(t, float64(row.confirmed), w.status(s)["amount"])
		})
	}
}

func TestStatusWithoutAmount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("ORDER-1", "+22376123456")
	w.awaitStatus(s, orangeweb.Success)
	require.Len(t, w.status(s), 3)
}

func TestDownForOneNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 3 {
		status, reply := w.webpayment("+22376555555", w.payment("ORDER-1"))
		require.Equal(t, http.StatusServiceUnavailable, status, reply)
	}
	require.Empty(t, w.Sim.Sessions())
	w.open("ORDER-1", "") // the order_id is still free
}

// TestLostResponse repeats a call for one customer and one amount. Every other call gets
// its response, and only those sessions are paid.
func TestLostResponse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const lost = "+22376666666"
	for i := range 4 {
		order := fmt.Sprintf("ORDER-%d", i)
		if i%2 == 0 {
			w.expectLostWebpayment(lost, order)
			continue
		}
		s := w.open(order, lost)
		w.Clock.Advance(10 * time.Second)
		w.awaitStatus(s, orangeweb.Success)
	}
	w.Clock.Advance(24 * time.Hour)
	for i, s := range w.Sim.Sessions() {
		wantLost := i%2 == 0
		require.Equal(t, wantLost, s.ResponseLost, i)
		require.NotEqual(t, wantLost, (s.Status == orangeweb.Success), i)
	}
	w.ExpectNotices(2)
	require.Len(t, w.Sim.Book(), 2)
}

// TestLostResponseOfOtherAmount checks that two purchases of one customer count
// separately.
func TestLostResponseOfOtherAmount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.expectLostWebpayment("+22376666666", "ORDER-1")
	body := w.payment("ORDER-2")
	body["amount"] = 700
	w.ExpectNoReply(w.bearerRequest("/orange-money-webpay/dev/v1/webpayment", "+22376666666", body))
}

// expectLostWebpayment makes a webpayment call whose response does not come.
func (w *world) expectLostWebpayment(msisdn, orderID string) {
	w.T.Helper()
	w.ExpectNoReply(w.bearerRequest("/orange-money-webpay/dev/v1/webpayment", msisdn, w.payment(orderID)))
}

// TestLostResponseEnds ends the wait of a caller who never gives up. The wait ends after
// 60 s on the simulator's clock, and when the simulator closes.
func TestLostResponseEnds(t *testing.T) {
	t.Parallel()
	for name, free := range map[string]func(*world){
		"after a minute": func(w *world) { w.Clock.Advance(time.Minute) },
		"at the closing": func(w *world) { enginetest.Close(w.T, w.Sim) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			req := w.bearerRequest("/orange-money-webpay/dev/v1/webpayment", "+22376666666", w.payment("ORDER-1"))
			patient := &http.Client{} // without a time-out
			t.Cleanup(patient.CloseIdleConnections)
			gone := make(chan error, 1)
			go func() {
				resp, err := patient.Do(req)
				if err == nil {
					resp.Body.Close()
				}
				gone <- err
			}()
			for len(w.Sim.Sessions()) == 0 {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(20 * time.Millisecond) // lets the call begin to wait
			free(w)
			select {
			case err := <-gone:
				require.Error(t, err)
			case <-time.After(enginetest.Patience):
				require.FailNow(t, "the caller still waits")
			}
		})
	}
}

// TestCallbackBeforeResponse checks the order of callbacks and response for
// 888888.
func TestCallbackBeforeResponse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arrived := make(chan string, 3)
	w.Inbox.OnNotice = func(enginetest.Notice) { arrived <- "notification" }
	s := w.open("ORDER-1", "+22376888888")
	require.NotEmpty(t, arrived)
	w.expectNotifications(s, orangeweb.Success, 3)
	require.Len(t, w.Sim.Book(), 1)
}

func TestTransactionNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var numbers []string
	for i := range 3 {
		s := w.open(fmt.Sprintf("ORDER-%d", i), "+22376123456")
		w.awaitStatus(s, orangeweb.Success)
		numbers = append(numbers, text(t, w.status(s), "txnid"))
	}
	want := []string{
		"MP260312.0930.A00001", "MP260312.0930.A00002", "MP260312.0930.A00003",
	}
	require.Equal(t, want, numbers)
}
