package sonatel_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/sonatel"
)

// TestSearch searches for three transactions, a minute apart, with every filter.
func TestSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.makeDeposit("R1", "770123456").Text("transactionId")
	w.Clock.Advance(time.Minute)
	w.makeDeposit("R2", "770333333")
	w.Clock.Advance(time.Minute)
	w.createCode("R3", "+221770123456")
	w.awaitStatus("R3", "SUCCESS")
	at := func(name string, d time.Duration) string {
		return name + "=" + url.QueryEscape(enginetest.Morning.Add(d).Format(time.RFC3339))
	}
	for name, row := range map[string]struct{ query, want string }{
		"everything, the latest first":      {"", "R3 R2 R1"},
		"by its id":                         {"transactionId=" + first, "R1"},
		"by an id nobody has":               {"transactionId=MP1", ""},
		"by its reference":                  {"reference=R2", "R2"},
		"by a reference nobody used":        {"reference=R9", ""},
		"by status":                         {"status=SUCCESS", "R3 R1"},
		"by reference and another status":   {"reference=R2&status=SUCCESS", ""},
		"later than the first":              {at("fromDateTime", 0), "R3 R2"},
		"before the last":                   {at("toDateTime", 2*time.Minute), "R2 R1"},
		"in between":                        {at("fromDateTime", 0) + "&" + at("toDateTime", 2*time.Minute), "R2"},
		"one a page":                        {"size=1", "R3"},
		"the third page of one":             {"size=1&page=2", "R1"},
		"a page there is not":               {"size=1&page=3", ""},
		"by its own type, which is broken":  {"reference=R1&type=CASHIN", ""},
		"a bulk there is not":               {"bulkId=B1", ""},
		"by reference, from before the day": {"reference=R1&" + at("fromDateTime", -2*time.Minute), "R1"},
	} {
		var got []string
		for _, found := range w.search(row.query) {
			got = append(got, found.Text("reference"))
		}
		require.Equal(t, row.want, strings.Join(got, " "), name)
	}
	for _, bad := range []string{"size=501", "size=0", "page=-1", "page=x", "fromDateTime=yesterday"} {
		w.expectRefused(w.call(http.MethodGet, transactions+"?"+bad, nil), http.StatusBadRequest, "20", bad)
	}
	require.Equal(t, fields{"status": "SUCCESS"}, w.statusOf(first))
}

// statusOf returns the response to a status call.
func (w *world) statusOf(transactionID string) fields {
	w.T.Helper()
	_, reply := w.get(transactions + "/" + transactionID + "/status")
	return reply
}

// TestSearchLag searches for a transaction while the simulator promises no more than
// Sonatel. Its own identifier finds it at once.
func TestSearchLag(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"promises": "live"}`)
	id := w.makeDeposit("R1", "770123456").Text("transactionId")
	require.Empty(t, w.search("reference=R1"))
	require.Equal(t, fields{"status": "SUCCESS"}, w.statusOf(id))
	w.Clock.Advance(engine.SearchLag)
	require.Len(t, w.search("reference=R1"), 1)
}

func TestHistoryQuirks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.makeDeposit("R1", "770123456")
	history := func() string { return w.Fetch(w.call(http.MethodGet, transactions, nil)).Body }
	require.Contains(t, history(), `"amount":{"value":50000.0,"unit":"XOF"}`)
	w.SetSwitches(`{"broken_type_filter": false, "float_amounts": false}`)
	require.Len(t, w.search("type=CASHIN"), 1)
	require.Empty(t, w.search("type=MERCHANT_PAYMENT"))
	w.SetSwitches(`{"bare_arrays": false}`)
	require.Regexp(t, `^{"transactions":\[{`, history())
	require.Contains(t, history(), `"amount":{"value":50000,"unit":"XOF"}`)
}

// TestTransaction compares one with the sample that an integrator saw in production.
func TestTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.createCode("R1", "+221770123456")
	shown := w.awaitStatus("R1", "SUCCESS")
	shown.Expect(t, "the transaction", fields{
		"type": "MERCHANT_PAYMENT", "channel": "MAXIT", "transactionId": "MP260312.0930.A00001",
		"partner":   fields{"id": "100200", "idType": "CODE"},
		"customer":  fields{"id": "770123456", "idType": "MSISDN", "walletType": "PRINCIPAL"},
		"createdAt": "2026-03-12T09:30:00.000Z", "requestDate": "2026-03-12T09:30:00.000Z", "receiveNotification": true,
	})
	metadata := shown.Object("metadata")
	require.Equal(t, "42", metadata["order"])
	require.NotEmpty(t, metadata["idempotencyKey"])
	w.expectAccepted(w.call(http.MethodPost, cashins, w.depositBody("R2", "770123456", fields{
		"requestDate": "2026-03-12T09:29:00+01:00",
	})), cashins)
	w.awaitStatus("R2", "SUCCESS").Expect(t, "the deposit", fields{
		"type": "CASHIN", "channel": "API", "transactionId": "CI260312.0930.A00002",
		"partner":     fields{"id": sonatel.RetailerMSISDN, "idType": "MSISDN", "walletType": "PRINCIPAL"},
		"requestDate": "2026-03-12T08:29:00.000Z", "receiveNotification": false,
	})
	raw := strings.ToLower(w.Fetch(w.call(http.MethodGet, transactions, nil)).Body)
	require.NotContains(t, raw, "pin")
	require.NotContains(t, raw, "otp")
}
