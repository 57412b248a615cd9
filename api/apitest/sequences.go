package apitest

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/api/httpkit"
)

// paidWithin bounds the time of a payment that the sandbox pays at once.
const paidWithin = time.Minute

// sequence sends the rows that take more than one request.
type sequence struct {
	Merchant
	t      *testing.T
	client *http.Client
}

// sequences lists the rows that take more than one request, by number and name.
var sequences = []struct {
	name string
	play func(sequence)
}{
	{"38 order numbers that differ in case are two orders", sequence.twoOrders},
	{"42-44 a reference is good once", sequence.onceOnly},
	{"48 a request that was refused may be corrected", sequence.corrected},
	{"51-55 a payment is given back once", sequence.givenBack},
	{"56 an id that is not ours to tell about has one answer", sequence.oneNotFound},
	{"62 no cell of an export is a formula", sequence.harmless},
}

// paymentFields holds the fields of a response that these rows compare.
type paymentFields struct {
	ID         string `json:"transaction_id"`
	RefundID   string `json:"refund_id"`
	Status     string `json:"status"`
	Amount     int64  `json:"amount"`
	Refundable int64  `json:"refundable_amount"`
}

// ask sends a request with the given order ID and returns the response.
func (m sequence) ask(r request, number string) Response {
	m.t.Helper()
	p, err := r.prepare(m.Merchant, number, time.Now())
	require.NoError(m.t, err)
	return p.sendUntilAdmitted(m.t, m.client, "")
}

// expect sends a request and requires a code, "" for a success. It returns the payment in the
// response.
func (m sequence) expect(r request, number string, code pirogue.Code) (paymentFields, Error) {
	m.t.Helper()
	got := m.ask(r, number)
	if code == "" {
		require.Less(m.t, got.Status, http.StatusBadRequest, "%s", got.Body)
	} else {
		require.Equal(m.t, httpkit.InfoOf(code).HTTP, got.Status, "%s", got.Body)
		require.Equal(m.t, code, got.failure(m.t).Code, "%s", got.Body)
	}
	var body struct{ Data paymentFields }
	require.NoError(m.t, json.Unmarshal(got.Body, &body), "%s", got.Body)
	return body.Data, got.failure(m.t)
}

// paid collects 500 francs and waits until the payment succeeds.
func (m sequence) paid() paymentFields {
	m.t.Helper()
	p, _ := m.expect(validCashIn(), newOrder(), "")
	for deadline := time.Now().Add(paidWithin); p.Status != "SUCCESS"; {
		require.True(m.t, time.Now().Before(deadline), "%s is still %s", p.ID, p.Status)
		p, _ = m.expect(get("/payments/"+p.ID+"?wait=5"), "", "")
	}
	return p
}

// onceOnly requires one payment for one reference, whatever the requests under it hold.
func (m sequence) onceOnly() {
	number := newOrder()
	first, _ := m.expect(validCashIn(), number, "")
	again, _ := m.expect(validCashIn().late(time.Second), number, pirogue.DuplicateOrder)
	require.Equal(m.t, first.ID, again.ID)

	other := cashIn("amount", "501", "customer_msisdn", `"+22376444444"`)
	again, failure := m.expect(post(cashInPath, other), number, pirogue.IdempotencyMismatch)
	require.Equal(m.t, first.ID, again.ID)
	require.Len(m.t, failure.Params, 2)
	require.Equal(m.t, "amount", failure.Params[0].Field)
	require.Equal(m.t, "customer_msisdn", failure.Params[1].Field)

	again, failure = m.expect(post(cashOutPath, cashOut("500")), number, pirogue.IdempotencyMismatch)
	require.Equal(m.t, first.ID, again.ID)
	require.Equal(m.t, "type", failure.Params[0].Field)
}

// corrected requires that a refused request leaves no trace.
func (m sequence) corrected() {
	number := newOrder()
	m.expect(post(cashInPath, cashIn("amount", "0")), number, pirogue.InvalidAmount)
	m.expect(post(cashOutPath, cashOut("999999")), number, pirogue.InsufficientBalance)
	m.expect(validCashIn(), number, "")
}

// givenBack requires that a payment cannot be given back more than once.
func (m sequence) givenBack() {
	pending, _ := m.expect(post(cashInPath, cashIn("customer_msisdn", `"+22370001234"`)), newOrder(), "")
	m.expect(post(refundPath, refund(pending.ID, "")), newOrder(), pirogue.RefundNotAllowed)

	in, number := m.paid(), newOrder()
	m.expect(post(refundPath, refund(in.ID, `,"amount":501`)), newOrder(), pirogue.RefundExceedsPayment)
	part := post(refundPath, refund(in.ID, `,"amount":300`))
	first, _ := m.expect(part, number, "")
	require.Equal(m.t, in.ID, first.ID)
	again, _ := m.expect(part.late(time.Second), number, pirogue.DuplicateOrder)
	require.Equal(m.t, first.RefundID, again.RefundID)
	_, failure := m.expect(post(refundPath, refund(in.ID, `,"amount":200`)), number, pirogue.IdempotencyMismatch)
	require.Equal(m.t, "amount", failure.Params[0].Field)
	m.expect(post(refundPath, refund(in.ID, `,"amount":201`)), newOrder(), pirogue.RefundExceedsPayment)
	m.expect(post(refundPath, refund(first.RefundID, "")), newOrder(), pirogue.RefundNotAllowed)
	rest, _ := m.expect(post(refundPath, refund(in.ID, "")), newOrder(), "")
	require.Equal(m.t, int64(200), rest.Amount)

	// Refunds under way and ended ones count alike: one franc more is too much.
	got := m.ask(post(refundPath, refund(in.ID, `,"amount":100`)), newOrder())
	require.Equal(m.t, http.StatusUnprocessableEntity, got.Status, "%s", got.Body)
	now, _ := m.expect(get("/payments/"+in.ID), "", "")
	require.Zero(m.t, now.Refundable)
	mine, _ := m.expect(get(refundPath+"/"+rest.RefundID), "", "")
	require.Equal(m.t, in.ID, mine.ID)
}

// harmless requires exports without formulas, which a spreadsheet would execute.
func (m sequence) harmless() {
	number, phone := newOrder(), "+"+strconv.FormatInt(time.Now().UnixMicro(), 10)[:14]
	want := map[string]string{phone: phone}
	for _, first := range []string{"=", "+", "-", "@"} {
		want[first+number] = "'" + first + number
	}
	for text := range want {
		m.expect(post(cashInPath, strings.ReplaceAll(cashIn(), "{order}", text)), "", "")
	}
	got := m.ask(get(exportPath+"?format=csv&locale=fr"), "")
	require.Equal(m.t, http.StatusOK, got.Status, "%s", got.Body)
	text, ok := bytes.CutPrefix(got.Body, []byte("\ufeff"))
	require.True(m.t, ok, "no byte order mark")
	reader := csv.NewReader(bytes.NewReader(text))
	reader.Comma = ';'
	rows, err := reader.ReadAll()
	require.NoError(m.t, err)
	seen := map[string]bool{}
	for _, row := range rows {
		seen[row[1]] = true
	}
	for _, cell := range want {
		require.True(m.t, seen[cell], "%s is not in the export", cell)
	}
}

// twoOrders requires that order IDs are compared byte for byte.
func (m sequence) twoOrders() {
	order := newOrder()
	for _, number := range []string{"Order_" + order, "order_" + order} {
		m.expect(validCashIn(), number, "")
	}
}

// oneNotFound requires the same bytes for every resource that the API does not reveal. The requests
// share an ID, so the responses must be equal.
func (m sequence) oneNotFound() {
	seen := map[string]string{}
	for _, id := range []string{
		newID(), "550e8400-e29b-41d4-a716-446655440000", "1", "%2e%2e", "%00", "x%2Ftimeline", "%C3%A9",
		strings.ToUpper(newID()), "cashin",
	} {
		for _, path := range []string{"/payments/", refundPath + "/"} {
			got := m.ask(get(path+id).with("X-Request-Id", "one_name"), "")
			require.Equal(m.t, http.StatusNotFound, got.Status, "%s: %s", id, got.Body)
			seen[string(got.Body)] = id
		}
	}
	require.Len(m.t, seen, 1, "answers that differ: %v", seen)
}
