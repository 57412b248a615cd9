package taramoney_test

import (
	"net/http"
	"testing"
	"time"
)

// TestTheStatusOfAPaidCollection compares the response with one from production: payload
// has the amount paid, paymentData the amount credited.
func TestTheStatusOfAPaidCollection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.collects("P1", "237699123456", fields{"productPrice": 1010}).Text("transactionId")
	reply := w.stands("P1", "SUCCESS", "API_ORDER_SUCESSFULL")
	reply.Has(t, "the status", fields{"productId": "P1", "receiptUrl": w.URL + "/pay/" + id})
	reply.Inner(t, "payload").Has(t, "payload", fields{
		"businessId": "sandbox-biz", "paymentId": id, "amount": "1010", "productId": "P1",
		"phoneNumber": "237699123456", "status": "SUCCESS",
	})
	reply.Inner(t, "paymentData").Has(t, "paymentData", fields{"amount": 979.0, "currency": "XAF", "productId": "P1"})
	said := w.Notices(1)[0].Said
	if reply["transactionId"] == id || reply["transactionId"] != said["transactionId"] {
		t.Errorf(
			"the transaction is %v here, %v in the webhook, and the payment %s", reply["transactionId"],
			said["transactionId"], id,
		)
	}
}

func TestTheStatusOfWhatIsNotPaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.collects("P1", "237699111111")
	for _, want := range []string{"PENDING", "FAILURE"} {
		reply := w.status("P1")
		reply.Inner(t, "payload").Has(t, want, fields{"status": want, "amount": "1000"})
		if reply["status"] != want || reply["paymentData"] != nil || reply["transactionId"] != nil ||
			reply["receiptUrl"] != nil {
			t.Errorf("%s: %v", want, reply)
		}
		w.Clock.Advance(2 * time.Second)
	}
}

// TestWhatIsNotFound checks that an unknown payment answers 200, as in production.
func TestWhatIsNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.collects("P1", "237699123456").Text("transactionId")
	for _, asked := range []string{"P2", id, "p1"} {
		if reply := w.stands(asked, "ERROR", "PAYMENT_FOR_TRANSACTION_NOT_FOUND"); len(reply) != 2 {
			t.Errorf("%s: %v", asked, reply)
		}
	}
	if status, reply := w.post(statusPath, signed(fields{})); status != http.StatusBadRequest ||
		reply["message"] != "INVALID_PARAMETER productId" {
		t.Errorf("a status of nothing answers %d %v", status, reply)
	}
}

func TestAStatusByTarasOwnIdentifier(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"quirks": {"status_by_payment_id": true}}`)
	paymentID, payoutID := w.collects(
		"P1", "237699123456",
	).Text("transactionId"), w.pays("R1", "237699123456").Text("payoutId")
	for asked, product := range map[string]string{paymentID: "P1", payoutID: "R1"} {
		reply := w.stands(asked, "SUCCESS", "API_ORDER_SUCESSFULL")
		if reply["productId"] != nil || reply.Inner(t, "payload")["productId"] != product {
			t.Errorf("%s: %v", product, reply)
		}
		w.stands(product, "ERROR", "PAYMENT_FOR_TRANSACTION_NOT_FOUND")
	}
}

func TestAnAccountWithoutStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"quirks": {"no_status": true}}`)
	w.collects("P1", "237699123456")
	for _, asked := range []string{"P1", "P2"} {
		if reply := w.stands(asked, "ERROR", "BUSINESS_NOT_ACTIVATED_FOR_STATUS"); len(reply) != 2 {
			t.Errorf("%s: %v", asked, reply)
		}
	}
	w.Notices(1)
}

// list reads one page of a list, which must be a bare array.
func (w *world) list(path string, page fields) []fields {
	w.T.Helper()
	var entries []fields
	if status := w.Send(w.Request(http.MethodPost, path, signed(page)), &entries); status != http.StatusOK ||
		entries == nil {
		w.T.Fatalf("%s answers %d %v", path, status, entries)
	}
	return entries
}

func TestTheLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.list(listPath, fields{}); len(got) != 0 {
		t.Errorf("an empty list has %v", got)
	}
	paid := w.collects("PAID", "237699999999")
	w.collects("FAILS", "237699111111")
	w.pays("OUT", "237699123456")
	w.Clock.Advance(5 * time.Second)
	waits := w.collects("WAITS", "237699444444")

	all := w.list(listPath, fields{})
	if len(all) != 2 {
		t.Fatalf("the list has %v", all)
	}
	all[0].Has(t, "pending", fields{
		"transactionId": waits["transactionId"], "amount": 1000.0, "currency": "XAF", "status": "PENDING",
		"createdAt": "2026-03-12T09:30:05Z", "paidAt": nil, "productId": nil,
	})
	all[1].Has(t, "paid", fields{
		"transactionId": paid["transactionId"], "amount": 500.0, "currency": "XAF", "status": "PAID",
		"paidAt": "2026-03-12T09:30:00Z", "createdAt": nil, "productId": nil,
	})
	if only := w.list(paidPath, fields{}); len(only) != 1 || only[0]["transactionId"] != paid["transactionId"] {
		t.Errorf("the list of what is paid has %v", only)
	}
	w.Set(`{"quirks": {"lists_name_products": true}}`)
	if named := w.list(listPath, fields{}); named[0]["productId"] != "WAITS" || named[1]["productId"] != "PAID" {
		t.Errorf("the list names %v", named)
	}
}

func TestThePagesOfAList(t *testing.T) {
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
		if len(got) != row.upTo-row.from {
			t.Errorf("%s: %d entries", name, len(got))
			continue
		}
		for i, entry := range got {
			if entry["transactionId"] != ids[row.from+i] {
				t.Errorf("%s: entry %d is %v", name, i, entry)
			}
		}
	}
	for name, page := range map[string]fields{
		"of nothing": {"size": 0}, "of too much": {"size": 101}, "before the beginning": {"start": -1},
		"of text": {"size": "2"},
	} {
		if status, reply := w.post(listPath, signed(page)); status != http.StatusBadRequest || reply["status"] != "FAILURE" {
			t.Errorf("a page %s answers %d %v", name, status, reply)
		}
	}
}
