package digitalpaye_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pirogue/sandbox/enginetest"
)

// ids reads a list and returns its transaction ids in their order.
func (w *world) ids(shape, query string) string {
	w.T.Helper()
	status, reply := w.get(dialects[shape].list + query)
	if status != http.StatusOK {
		w.T.Fatalf("the list answers %d %v", status, reply)
	}
	names := make([]string, 0, len(reply.List("data")))
	for _, one := range reply.List("data") {
		names = append(names, one.Text(dialects[shape].id))
	}
	return strings.Join(names, " ")
}

// TestAListIsCut opens five orders a minute apart and reads parts of the list.
func TestAListIsCut(t *testing.T) {
	t.Parallel()
	inEveryShape(t, func(t *testing.T, shape string) {
		w := newWorld(t)
		if got := w.Fetch(w.call(http.MethodGet, dialects[shape].list, nil)); !strings.Contains(got.Body, `"data":[]`) {
			t.Errorf("an empty list is %s", got.Body)
		}
		for i := range 5 {
			w.opens(shape, []string{"in", "out"}[i%2], fmt.Sprint("R", i), "0700123456")
			w.Clock.Advance(time.Minute)
		}
		at := func(minutes int) string {
			return url.QueryEscape(enginetest.Morning.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339))
		}
		for query, want := range map[string]string{
			"":                                  "R4 R3 R2 R1 R0",
			"?size=2":                           "R4 R3",
			"?size=2&page=3":                    "R0",
			"?size=5&page=2":                    "",
			"?page=1000000000000":               "",
			"?from=" + at(1) + "&to=" + at(3):   "R2 R1",
			"?from=" + at(4):                    "R4",
			"?to=" + at(0):                      "",
			"?to=" + at(2) + "&size=1&page=2":   "R0",
			"?from=2026-03-12T10:33:00%2B01:00": "R4 R3",
		} {
			if got := w.ids(shape, query); got != want {
				t.Errorf("%s lists %q, want %q", query, got, want)
			}
		}
		for _, query := range []string{"?size=101", "?size=0", "?page=0", "?page=x", "?from=yesterday", "?to=2026-03-12"} {
			if status, reply := w.get(dialects[shape].list + query); status != http.StatusBadRequest {
				t.Errorf("%s answers %d %v", query, status, reply)
			}
		}
	})
}

// TestTheBalance checks that each document's field holds the balance.
func TestTheBalance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, reply := w.get("/v2/balance"); reply.Object("data").Text("balance") != "1000000000" ||
		reply["code_status"] != 200.0 {
		t.Errorf("/v2 says %v", reply)
	}
	_, reply := w.get("/v1/balance")
	if said := reply.Object("data"); said.Text("balance") != "1000000000" || said.Text("amount") != "1000000000" ||
		said.Text("currency") != "XOF" ||
		reply["code_status"] != 200.0 || reply["statusCode"] != 200.0 {
		t.Errorf("/v1 says %v", reply)
	}
}

// TestCustomersAreKnownByTheirNumber checks that a number keeps its id.
func TestCustomersAreKnownByTheirNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	given := fields{
		"firstName": "Awa", "lastName": "KOUASSI", "email": "awa@shop.example", "phoneNumber": "0700123456",
		"address": fields{"countryCode": "CI", "city": "Abidjan", "streetAddress": "Cocody"},
	}
	status, reply := w.post("/v1/customers/create", given)
	id := reply.Object("data").Text("id")
	if status != http.StatusOK || len(id) != 36 || reply.Object("data").Text("createdAt") != "2026-03-12T09:30:00.000Z" {
		t.Fatalf("making a customer answers %d %v", status, reply)
	}
	w.Clock.Advance(time.Minute)
	paid, isObject := w.opens("v1", "in", "R1", "0700123456")["customer"].(map[string]any)
	if !isObject || paid["id"] != id || paid["createdAt"] != "2026-03-12T09:30:00.000Z" {
		t.Errorf("the same person pays as %v", paid)
	}
	w.opens("v2", "in", "R2", "0701020304")
	withEmail := body("v1", "in", "R3", "0700123456")["customer"]
	if person, isObject := withEmail.(fields); isObject {
		person["email"] = "awa@shop.example"
	}
	w.opens("v1", "in", "R3", "0700123456", fields{"customer": withEmail})
	if got := w.reads("v2", "R3"); got.Text("email_user") != "awa@shop.example" || got.Text("name_user") != "KOUASSI Awa" {
		t.Errorf("v2 reads the same person as %v", got)
	}
	if _, reply := w.get("/v1/customers/" + id); reply.Object("data").Text("phoneNumber") != "0700123456" {
		t.Errorf("the customer reads %v", reply)
	}
	if _, reply := w.get("/v1/customers"); len(reply.List("data")) != 2 || reply.List("data")[1]["lastName"] != "KOUASSI" {
		t.Errorf("the customers are %v", reply)
	}
	for name, change := range map[string]fields{"no number": {"phoneNumber": ""}, "no country": {"address": fields{}}} {
		if status, _ := w.post("/v1/customers/create", given.Over(change)); status != http.StatusBadRequest {
			t.Errorf("%s answers %d", name, status)
		}
	}
	if status, _ := w.post("/v1/customers/create", "[]"); status != http.StatusBadRequest {
		t.Errorf("no customer at all answers %d", status)
	}
}
