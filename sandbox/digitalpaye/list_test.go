package digitalpaye_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/enginetest"
)

// ids reads a list and returns its transaction ids in their order.
func (w *world) ids(shape, query string) string {
	w.T.Helper()
	status, reply := w.get(dialects[shape].list + query)
	require.Equal(w.T, http.StatusOK, status, reply)
	names := make([]string, 0, len(reply.List("data")))
	for _, one := range reply.List("data") {
		names = append(names, one.Text(dialects[shape].id))
	}
	return strings.Join(names, " ")
}

// TestListFilters opens five orders a minute apart and reads parts of the list.
func TestListFilters(t *testing.T) {
	t.Parallel()
	inEveryShape(t, func(t *testing.T, shape string) {
		w := newWorld(t)
		require.Contains(t, w.Fetch(w.call(http.MethodGet, dialects[shape].list, nil)).Body, `"data":[]`)
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
			require.Equal(t, want, w.ids(shape, query), query)
		}
		for _, query := range []string{"?size=101", "?size=0", "?page=0", "?page=x", "?from=yesterday", "?to=2026-03-12"} {
			status, reply := w.get(dialects[shape].list + query)
			require.Equal(t, http.StatusBadRequest, status, "%v %v", query, reply)
		}
	})
}

// TestBalance checks that each document's field holds the balance.
func TestBalance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, reply := w.get("/v2/balance")
	require.Equal(t, "1000000000", reply.Object("data").Text("balance"))
	require.EqualValues(t, 200, reply["code_status"])
	_, reply = w.get("/v1/balance")
	said := reply.Object("data")
	require.Equal(t, "1000000000", said.Text("balance"))
	require.Equal(t, "1000000000", said.Text("amount"))
	require.Equal(t, "XOF", said.Text("currency"))
	require.EqualValues(t, 200.0, reply["code_status"])
	require.EqualValues(t, 200.0, reply["statusCode"])
}

// TestCustomers checks that a number keeps its id.
func TestCustomers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	given := fields{
		"firstName": "Awa", "lastName": "KOUASSI", "email": "awa@shop.example", "phoneNumber": "0700123456",
		"address": fields{"countryCode": "CI", "city": "Abidjan", "streetAddress": "Cocody"},
	}
	status, reply := w.post("/v1/customers/create", given)
	id := reply.Object("data").Text("id")
	require.Equal(t, http.StatusOK, status, reply)
	require.Len(t, id, 36)
	require.Equal(t, "2026-03-12T09:30:00.000Z", reply.Object("data").Text("createdAt"))
	w.Clock.Advance(time.Minute)
	paid, isObject := w.opens("v1", "in", "R1", "0700123456")["customer"].(map[string]any)
	require.True(t, isObject, paid)
	require.EqualValues(t, id, paid["id"])
	require.EqualValues(t, "2026-03-12T09:30:00.000Z", paid["createdAt"])
	w.opens("v2", "in", "R2", "0701020304")
	withEmail := body("v1", "in", "R3", "0700123456")["customer"]
	if person, isObject := withEmail.(fields); isObject {
		person["email"] = "awa@shop.example"
	}
	w.opens("v1", "in", "R3", "0700123456", fields{"customer": withEmail})
	got := w.reads("v2", "R3")
	require.Equal(t, "awa@shop.example", got.Text("email_user"))
	require.Equal(t, "KOUASSI Awa", got.Text("name_user"))
	_, reply = w.get("/v1/customers/" + id)
	require.Equal(t, "0700123456", reply.Object("data").Text("phoneNumber"))
	_, reply = w.get("/v1/customers")
	require.Len(t, reply.List("data"), 2)
	require.EqualValues(t, "KOUASSI", reply.List("data")[1]["lastName"])
	for name, change := range map[string]fields{"no number": {"phoneNumber": ""}, "no country": {"address": fields{}}} {
		status, _ := w.post("/v1/customers/create", given.Over(change))
		require.Equal(t, http.StatusBadRequest, status, name)
	}
	status, _ = w.post("/v1/customers/create", "[]")
	require.Equal(t, http.StatusBadRequest, status)
}
