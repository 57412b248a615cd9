package taramoney_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestStatusPaid compares the response with one from production: payload
// has the amount paid, paymentData the amount credited.
func TestStatusPaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.collects("P1", "237699123456", fields{"productPrice": 1010}).Text("transactionId")
	reply := w.stands("P1", "SUCCESS", "API_ORDER_SUCESSFULL")
	reply.Expect(t, "the status", fields{"productId": "P1", "receiptUrl": w.URL + "/pay/" + id})
	reply.Inner(t, "payload").Expect(t, "payload", fields{
		"businessId": "sandbox-biz", "paymentId": id, "amount": "1010", "productId": "P1",
		"phoneNumber": "237699123456", "status": "SUCCESS",
	})
	reply.Inner(t, "paymentData").Expect(t, "paymentData", fields{"amount": 979.0, "currency": "XAF", "productId": "P1"})
	said := w.ExpectNotices(1)[0].Fields
	require.NotEqual(t, id, reply["transactionId"])
	require.Equal(t, said["transactionId"], reply["transactionId"])
}

func TestStatusUnpaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.collects("P1", "237699111111")
	for _, want := range []string{"PENDING", "FAILURE"} {
		reply := w.status("P1")
		reply.Inner(t, "payload").Expect(t, want, fields{"status": want, "amount": "1000"})
		require.EqualValues(t, want, reply["status"])
		require.Nil(t, reply["paymentData"])
		require.Nil(t, reply["transactionId"])
		require.Nil(t, reply["receiptUrl"])
		w.Clock.Advance(2 * time.Second)
	}
}

// TestStatusNotFound checks that an unknown payment answers 200, as in production.
func TestStatusNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.collects("P1", "237699123456").Text("transactionId")
	for _, asked := range []string{"P2", id, "p1"} {
		require.Len(t, w.stands(asked, "ERROR", "PAYMENT_FOR_TRANSACTION_NOT_FOUND"), 2, asked)
	}
	status, reply := w.post(statusPath, signed(fields{}))
	require.Equal(t, http.StatusBadRequest, status, reply)
	require.EqualValues(t, "INVALID_PARAMETER productId", reply["message"])
}

func TestStatusByOwnIdentifier(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"quirks": {"status_by_payment_id": true}}`)
	paymentID, payoutID := w.collects(
		"P1", "237699123456",
	).Text("transactionId"), w.pays("R1", "237699123456").Text("payoutId")
	for asked, product := range map[string]string{paymentID: "P1", payoutID: "R1"} {
		reply := w.stands(asked, "SUCCESS", "API_ORDER_SUCESSFULL")
		require.Nil(t, reply["productId"], product)
		require.EqualValues(t, product, reply.Inner(t, "payload")["productId"])
		w.stands(product, "ERROR", "PAYMENT_FOR_TRANSACTION_NOT_FOUND")
	}
}

func TestNoStatusQuirk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"quirks": {"no_status": true}}`)
	w.collects("P1", "237699123456")
	for _, asked := range []string{"P1", "P2"} {
		require.Len(t, w.stands(asked, "ERROR", "BUSINESS_NOT_ACTIVATED_FOR_STATUS"), 2, asked)
	}
	w.ExpectNotices(1)
}

// list reads one page of a list, which must be a bare array.
func (w *world) list(path string, page fields) []fields {
	w.T.Helper()
	var entries []fields
	require.Equal(w.T, http.StatusOK, w.FetchJSON(w.Request(http.MethodPost, path, signed(page)), &entries))
	require.NotNil(w.T, entries)
	return entries
}

func TestLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.list(listPath, fields{})
	require.Empty(t, got)
	paid := w.collects("PAID", "237699999999")
	w.collects("FAILS", "237699111111")
	w.pays("OUT", "237699123456")
	w.Clock.Advance(5 * time.Second)
	waits := w.collects("WAITS", "237699444444")

	all := w.list(listPath, fields{})
	require.Len(t, all, 2)
	all[0].Expect(t, "pending", fields{
		"transactionId": waits["transactionId"], "amount": 1000.0, "currency": "XAF", "status": "PENDING",
		"createdAt": "2026-03-12T09:30:05Z", "paidAt": nil, "productId": nil,
	})
	all[1].Expect(t, "paid", fields{
		"transactionId": paid["transactionId"], "amount": 500.0, "currency": "XAF", "status": "PAID",
		"paidAt": "2026-03-12T09:30:00Z", "createdAt": nil, "productId": nil,
	})
	only := w.list(paidPath, fields{})
	require.Len(t, only, 1)
	require.Equal(t, paid["transactionId"], only[0]["transactionId"])
	w.SetSwitches(`{"quirks": {"lists_name_products": true}}`)
	named := w.list(listPath, fields{})
	require.EqualValues(t, "WAITS", named[0]["productId"])
	require.EqualValues(t, "PAID", named[1]["productId"])
}

func TestListPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids []any // newest first
	for range 22 {
		ids = append([]any{w.collects("P", "237699123456")["transactionId"]}, ids...)
	}
	for name, row := range map[string]struct {
		page       fields
		from, upTo int
	}{
		"by default 20":      {fields{}, 0, 20},
		"from the beginning": {fields{"start": 0, "size": 2}, 0, 2},
		"from the middle":    {fields{"start": 2, "size": 100}, 2, 22},
		"beyond the end":     {fields{"start": 30, "size": 10}, 22, 22},
	} {
		got := w.list(listPath, row.page)
		require.Len(t, got, row.upTo-row.from, name)
		for i, entry := range got {
			require.Equal(t, ids[row.from+i], entry["transactionId"], name)
		}
	}
	for name, page := range map[string]fields{
		"of nothing": {"size": 0}, "of too much": {"size": 101}, "before the beginning": {"start": -1},
		"of text": {"size": "2"},
	} {
		status, reply := w.post(listPath, signed(page))
		require.Equal(t, http.StatusBadRequest, status, "%v %v", name, reply)
		require.EqualValues(t, "FAILURE", reply["status"], name)
	}
}
