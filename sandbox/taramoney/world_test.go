package taramoney_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/taramoney"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// The paths of the API.
const (
	cmmobile   = taramoney.APIPath + "/cmmobile"
	mobilepay  = taramoney.APIPath + "/mobilepay"
	payouts    = taramoney.APIPath + "/payout/create"
	statusPath = taramoney.APIPath + "/transactions/status"
	resendPath = taramoney.APIPath + "/resend-webhook"
	listPath   = taramoney.APIPath + "/transactionlist"
	paidPath   = taramoney.APIPath + "/paid/transactionlist"
)

// fields is a JSON object of a request or response.
type fields = enginetest.Fields

// world is the simulator and a merchant who uses it.
type world struct {
	*enginetest.World[*taramoney.Simulator]
}

// newWorld starts a simulator. change may modify its options first.
func newWorld(t *testing.T, change ...func(*engine.Config)) *world {
	t.Helper()
	w := &world{enginetest.NewWorld[*taramoney.Simulator](t)}
	w.start(change...)
	return w
}

// start runs a simulator on the world's address and clock, in place of any other.
func (w *world) start(change ...func(*engine.Config)) {
	w.T.Helper()
	enginetest.Run(w.World, taramoney.New, engine.Config{Options: w.Options()}, change)
}

// signed returns a body with our credentials. change replaces fields of it, and removes
// those that are nil.
func signed(body fields, change ...fields) fields {
	return fields{"apiKey": taramoney.APIKey, "businessId": taramoney.BusinessID}.With(body).With(change...)
}

// collection returns a body of cmmobile and mobilepay that Tara accepts.
func (w *world) collection(product, phone string, change ...fields) fields {
	return signed(fields{
		"productId": product, "productName": "Sac de riz", "productPrice": 1000, "phoneNumber": phone,
		"webHookUrl": w.Inbox.NotifyURL(),
	}, change...)
}

// payout returns a body of payout/create that Tara accepts.
func (w *world) payout(receiver, phone string, change ...fields) fields {
	return signed(fields{
		"receiverName": "Awa", "paymentMethod": "ORANGE_CAMEROON", "receiverPhoneNumber": phone,
		"receiverId": receiver, "amount": 1000,
	}, change...)
}

// collects makes one mobilepay call that must be accepted.
func (w *world) collects(product, phone string, change ...fields) fields {
	w.T.Helper()
	return w.accepted(mobilepay, w.collection(product, phone, change...))
}

// pays makes one payout call that must be accepted.
func (w *world) pays(receiver, phone string, change ...fields) fields {
	w.T.Helper()
	return w.accepted(payouts, w.payout(receiver, phone, change...))
}

func (w *world) accepted(path string, body fields) fields {
	w.T.Helper()
	status, reply := w.post(path, body)
	require.Equal(w.T, http.StatusOK, status, reply)
	require.EqualValues(w.T, "SUCCESS", reply["status"])
	return reply
}

// status reads the status of one payment; the call must answer 200.
func (w *world) status(product string) fields {
	w.T.Helper()
	status, reply := w.post(statusPath, signed(fields{"productId": product}))
	require.Equal(w.T, http.StatusOK, status, reply)
	return reply
}

// stands checks the status of a payment.
func (w *world) stands(product, want, message string) fields {
	w.T.Helper()
	reply := w.status(product)
	reply.Expect(w.T, product, fields{"status": want, "message": message})
	return reply
}

// booked checks the amounts in the book, oldest first; outgoing ones are negative.
func (w *world) booked(want ...int64) {
	w.T.Helper()
	var got []int64
	for _, line := range w.Sim.Book() {
		amount := line.Amount
		if line.Direction == engine.Out {
			amount = -amount
		}
		got = append(got, amount)
	}
	require.Equal(w.T, want, got)
}

// post makes one call. A text body is sent unchanged.
func (w *world) post(path string, body any) (int, fields) {
	w.T.Helper()
	return w.FetchObject(w.Request(http.MethodPost, path, body))
}
