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

// TestMagicNumbersOfDeposits checks the table of the merchant API for cash-outs. It checks
// the response, the history after the number's time, the callbacks and the book.
func TestMagicNumbersOfDeposits(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		customer string
		answer   string
		after    time.Duration
		end      string
		told     int
		booked   int64 // 0 for nothing
	}{
		"paid out at once":                 {"770123456", "SUCCESS", 0, "SUCCESS", 1, 50000},
		"accepted, then rejected":          {"770222222", "PENDING", 2 * time.Second, "FAILED", 1, 0},
		"nothing for five minutes":         {"770333333", "PENDING", 5 * time.Minute, "FAILED", 1, 0},
		"paid out after half a minute":     {"770444444", "PENDING", 30 * time.Second, "SUCCESS", 1, 50000},
		"paid out after six minutes":       {"770777777", "PENDING", 6 * time.Minute, "SUCCESS", 1, 50000},
		"told three times":                 {"770888888", "SUCCESS", 0, "SUCCESS", 3, 50000},
		"another amount is executed":       {"770999999", "SUCCESS", 0, "SUCCESS", 1, 25000},
		"any other number":                 {"770543210", "PENDING", 10 * time.Second, "SUCCESS", 1, 50000},
		"Mali's digits, and Mali's number": {"76444444", "PENDING", 30 * time.Second, "SUCCESS", 1, 50000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.registers()
			if reply := w.deposits("R1", row.customer); reply["status"] != row.answer || reply["reference"] != "R1" {
				t.Errorf("the answer says %v, want %s", reply, row.answer)
			}
			if row.after > 0 {
				w.Clock.Advance(row.after - time.Millisecond)
				w.becomes("R1", row.answer)
				w.Clock.Advance(time.Millisecond)
			}
			w.becomes("R1", row.end)
			w.Clock.Advance(24 * time.Hour)
			w.becomes("R1", row.end)
			w.showsBooked(engine.Out, row.booked)
			w.showsTold(row.end, row.told)
		})
	}
}

// TestMagicNumbersOfCodes checks the same for a QR code with an automatic customer.
func TestMagicNumbersOfCodes(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		msisdn string
		after  time.Duration
		end    string // empty: not in the history
		told   int
		booked int64
	}{
		"paid at once":                         {"+221770123456", 0, "SUCCESS", 1, 50000},
		"the balance is too low":               {"+221770111111", 2 * time.Second, "FAILED", 1, 0},
		"the customer refuses":                 {"+221770222222", 2 * time.Second, "FAILED", 1, 0},
		"nobody answers":                       {"+221770333333", 0, "", 0, 0},
		"paid after half a minute":             {"+221770444444", 30 * time.Second, "SUCCESS", 1, 50000},
		"paid after our expiry":                {"+221770777777", 330 * time.Second, "SUCCESS", 1, 50000},
		"told three times":                     {"+221770888888", 0, "SUCCESS", 3, 50000},
		"another amount is confirmed":          {"+221770999999", 0, "SUCCESS", 1, 25000},
		"any other number":                     {"+221770543210", 10 * time.Second, "SUCCESS", 1, 50000},
		"no number: nobody acts by themselves": {"", 0, "", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.makesCode("R1", row.msisdn)
			if row.after > 0 {
				w.Clock.Advance(row.after - time.Millisecond)
				w.becomes("R1", "")
				w.Clock.Advance(time.Millisecond)
			}
			w.becomes("R1", row.end)
			w.Clock.Advance(24 * time.Hour)
			w.becomes("R1", row.end)
			w.showsBooked(engine.In, row.booked)
			w.showsTold(row.end, row.told)
		})
	}
}

// TestMagicNumbersOfPayments checks the same for one step and for two.
func TestMagicNumbersOfPayments(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		path, customer, answer string
		after                  time.Duration
		end                    string
	}{
		"one step ends in the answer":            {oneStep, "770543210", "SUCCESS", 0, "SUCCESS"},
		"one step, and another amount":           {oneStep, "770999999", "SUCCESS", 0, "SUCCESS"},
		"two steps, and another amount":          {payments, "770999999", "INITIATED", 0, "SUCCESS"},
		"one step without enough money":          {oneStep, "770111111", "FAILED", 0, "FAILED"},
		"one step of which nothing comes":        {oneStep, "770333333", "PENDING", 5 * time.Minute, "FAILED"},
		"one step that takes its time":           {oneStep, "770444444", "PENDING", 30 * time.Second, "SUCCESS"},
		"two steps, confirmed":                   {payments, "770543210", "INITIATED", 10 * time.Second, "SUCCESS"},
		"two steps, refused":                     {payments, "770222222", "INITIATED", 2 * time.Second, "CANCELLED"},
		"two steps, and the customer does not":   {payments, "770333333", "INITIATED", 24 * time.Hour, "CANCELLED"},
		"two steps, confirmed after the answer":  {payments, "770123456", "INITIATED", 0, "SUCCESS"},
		"one step of which the operator is late": {oneStep, "770777777", "PENDING", 330 * time.Second, "SUCCESS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			status, reply := w.post(row.path, w.payment("R1", row.customer))
			if status != http.StatusOK || reply["status"] != row.answer {
				t.Fatalf("answers %d %v, want %s", status, reply, row.answer)
			}
			if row.after > 0 {
				w.Clock.Advance(row.after - time.Millisecond)
				w.becomes("R1", row.answer)
				w.Clock.Advance(time.Millisecond)
			}
			w.becomes("R1", row.end)
			booked := map[string]int64{"SUCCESS": 50000}[row.end]
			if row.customer == "770999999" {
				booked = 25000
			}
			w.showsBooked(engine.In, booked)
		})
	}
}

// showsBooked checks that the book holds one payment R1 of amount, or none for 0.
func (w *world) showsBooked(way engine.Direction, amount int64) {
	w.T.Helper()
	p, paid := w.Books(amount)
	if !paid {
		return
	}
	shown := w.search("reference=R1")[0]
	if p.OrderID != "R1" || p.Asked != 50000 || p.Currency != "XOF" || p.Direction != way ||
		!engine.ValidNumber(p.MSISDN) {
		w.T.Errorf("the book says %+v", p)
	}
	if money := shown.Object("amount"); money["value"] != float64(amount) || shown["transactionId"] != p.TxnID {
		w.T.Errorf("the history says %v, the book %+v", shown, p)
	}
}

// showsTold closes the simulator so that no more callbacks can come, and checks their
// number and their status.
func (w *world) showsTold(end string, want int) {
	w.T.Helper()
	for _, n := range w.Notices(want) {
		if n.Said["status"] != end || n.Said["reference"] != "R1" {
			w.T.Errorf("a callback says %s", n.Raw)
		}
	}
}

// TestTheOperatorIsDownForOneNumber makes every call that names a number.
func TestTheOperatorIsDownForOneNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, req := range map[string]*http.Request{
		"a deposit":      w.call(http.MethodPost, cashins, w.deposit("R1", "770555555")),
		"a bulk":         w.call(http.MethodPost, bulkCashins, []fields{w.deposit("R1", "770555555")}),
		"a QR code":      w.codeCall("R1", "+221770555555"),
		"one step":       w.call(http.MethodPost, oneStep, w.payment("R1", "770555555")),
		"two steps":      w.call(http.MethodPost, payments, w.payment("R1", "770555555")),
		"a password, to": w.call(http.MethodPost, payments+"/otp", fields{"idType": "MSISDN", "id": "770555555"}),
	} {
		if status, reply := w.Object(req); status != http.StatusServiceUnavailable || reply["code"] != "5" {
			t.Errorf("%s answers %d %v", name, status, reply)
		}
	}
	if len(w.Sim.Transactions()) != 0 || len(w.Sim.Codes()) != 0 {
		t.Errorf("refused calls left %v and %v", w.Sim.Transactions(), w.Sim.Codes())
	}
}

func TestABeneficiaryAtTheCeilingIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, reply := w.post(cashins, w.deposit("R1", "770111111"))
	if status != http.StatusBadRequest || reply["code"] != "2025" || reply["status"] != "400" {
		t.Errorf("answers %d %v", status, reply)
	}
	w.Clock.Advance(24 * time.Hour)
	w.becomes("R1", "")
}

// TestTheAnswerToADepositIsLost finds by search a deposit whose response was lost. Sonatel
// ignores repeated references: a second deposit pays again.
func TestTheAnswerToADepositIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := w.deposit("R1", "770666666")
	w.GivesUp(w.call(http.MethodPost, cashins, body))
	w.becomes("R1", "SUCCESS")
	w.showsBooked(engine.Out, 50000)
	if status, _ := w.post(cashins, body); status != http.StatusOK {
		t.Errorf("the second call answers %d", status)
	}
	if book := w.Sim.Book(); len(book) != 2 || book[0].OrderID != book[1].OrderID {
		t.Errorf("sent twice, and the book says %+v", book)
	}
	if kept := w.Sim.Transactions(); !kept[0].AnswerLost || kept[1].AnswerLost {
		t.Errorf("the transactions are %+v", kept)
	}
}

// TestACodeWhoseAnswerIsLostIsPaidByNobody checks that the automatic customer does not pay
// a code that nobody received.
func TestACodeWhoseAnswerIsLostIsPaidByNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.GivesUp(w.codeCall("R1", "+221770666666"))
	w.Set(`{"drop_answers": 1}`)
	w.GivesUp(w.codeCall("R2", "+221770123456"))
	w.Clock.Advance(24 * time.Hour)
	if codes := w.Sim.Codes(); len(codes) != 2 || !codes[0].AnswerLost || !codes[1].AnswerLost ||
		codes[0].NextAt != nil || codes[1].NextAt != nil {
		t.Errorf("the codes are %+v", codes)
	}
	w.showsBooked(engine.In, 0)
}

// TestACallerWhoIsGoneWasGivenNoCode makes a call whose caller has already disconnected.
func TestACallerWhoIsGoneWasGivenNoCode(t *testing.T) {
	t.Parallel()
	for _, msisdn := range []string{"+221770123456", "+221770543210", "+221770888888"} {
		w := newWorld(t)
		gone, hangUp := context.WithCancel(t.Context())
		hangUp()
		answer := httptest.NewRecorder()
		w.Sim.Handler().ServeHTTP(answer, w.codeCall("R1", msisdn).WithContext(gone))
		w.Clock.Advance(time.Hour)
		if codes := w.Sim.Codes(); len(codes) != 1 || !codes[0].AnswerLost || codes[0].NextAt != nil ||
			answer.Body.Len() != 0 {
			t.Errorf("%s: the codes are %+v, the answer %s", msisdn, codes, answer.Body)
		}
		w.showsBooked(engine.In, 0)
	}
}

// TestACustomerPaysOneCodeOfAnOrder requests a second code after the response with the
// first was cut off. The simulator cannot know that, and its customer still pays the order
// once.
func TestACustomerPaysOneCodeOfAnOrder(t *testing.T) {
	t.Parallel()
	for name, msisdn := range map[string]string{
		"at once": "+221770123456", "after a while": "+221770543210", "before the answer": "+221770888888",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.makesCode("R1", msisdn)
			w.makesCode("R1", msisdn)
			w.Clock.Advance(time.Hour)
			require.Len(t, w.Sim.Codes(), 2)
			require.Len(t, w.Sim.Book(), 1)
			w.makesCode("R2", msisdn) // another order of the same customer
			w.Clock.Advance(time.Hour)
			require.Len(t, w.Sim.Book(), 2)
		})
	}
}

// TestAnAnswerThatDoesNotLeaveGivesNoCode breaks the connection while the response is
// written.
func TestAnAnswerThatDoesNotLeaveGivesNoCode(t *testing.T) {
	t.Parallel()
	for _, msisdn := range []string{"+221770123456", "+221770543210"} {
		w := newWorld(t)
		w.Sim.Handler().ServeHTTP(&cut{httptest.NewRecorder()}, w.codeCall("R1", msisdn))
		w.Clock.Advance(time.Hour)
		require.True(t, w.Sim.Codes()[0].AnswerLost)
		require.Empty(t, w.Sim.Book())
	}
}

// cut is a connection that breaks before a response has left.
type cut struct{ *httptest.ResponseRecorder }

func (c *cut) FlushError() error { return errors.New("connection reset by peer") }

// TestOneCallbackComesBeforeTheAnswer checks the order of callbacks and response for
// 888888.
func TestOneCallbackComesBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(*world){
		"of a deposit": func(w *world) { w.deposits("R1", "770888888") },
		"of a QR code": func(w *world) { w.makesCode("R1", "+221770888888") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.registers()
			arrived := make(chan struct{}, 9)
			w.Inbox.OnNotice = func(enginetest.Notice) { arrived <- struct{}{} }
			call(w)
			if len(arrived) == 0 {
				t.Error("the answer came before the first callback")
			}
			w.showsTold("SUCCESS", 3)
			if book := w.Sim.Book(); len(book) != 1 {
				t.Errorf("three callbacks of one payment, and the book says %v", book)
			}
		})
	}
}
