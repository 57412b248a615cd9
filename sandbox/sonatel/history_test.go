package sonatel_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
)

// TestTheHistoryIsSearched searches for three transactions, a minute apart, with every
// filter.
func TestTheHistoryIsSearched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.deposits("R1", "770123456").Text("transactionId")
	w.Clock.Advance(time.Minute)
	w.deposits("R2", "770333333")
	w.Clock.Advance(time.Minute)
	w.makesCode("R3", "+221770123456")
	w.becomes("R3", "SUCCESS")
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
		if strings.Join(got, " ") != row.want {
			t.Errorf("%s finds %v, want %q", name, got, row.want)
		}
	}
	for _, bad := range []string{"size=501", "size=0", "page=-1", "page=x", "fromDateTime=yesterday"} {
		if status, reply := w.get(transactions + "?" + bad); status != http.StatusBadRequest {
			t.Errorf("%s answers %d %v", bad, status, reply)
		}
	}
	if _, reply := w.get(transactions + "/" + first + "/status"); fmt.Sprint(reply) != "map[status:SUCCESS]" {
		t.Errorf("the status says %v", reply)
	}
}

// TestTheHistoryLagsBehindLikeLive searches for a transaction while the simulator promises
// no more than Sonatel.
func TestTheHistoryLagsBehindLikeLive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"promises": "live"}`)
	id := w.deposits("R1", "770123456").Text("transactionId")
	if found := w.search("reference=R1"); len(found) != 0 {
		t.Errorf("a search finds %v at once", found)
	}
	if _, reply := w.get(transactions + "/" + id + "/status"); fmt.Sprint(reply) != "map[status:SUCCESS]" {
		t.Errorf("its own identifier finds %v", reply)
	}
	w.Clock.Advance(engine.SearchLag)
	if found := w.search("reference=R1"); len(found) != 1 {
		t.Errorf("a search finds %v afterwards", found)
	}
}

func TestQuirksOfTheHistoryCanBeMended(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deposits("R1", "770123456")
	if raw := w.Fetch(w.call(http.MethodGet, transactions, nil)).Body; !strings.Contains(
		raw, `"amount":{"value":50000.0,"unit":"XOF"}`,
	) {
		t.Errorf("the history says %s", raw)
	}
	w.Set(`{"broken_type_filter": false, "float_amounts": false}`)
	if found := w.search("type=CASHIN"); len(found) != 1 {
		t.Errorf("the mended filter finds %v", found)
	}
	if found := w.search("type=MERCHANT_PAYMENT"); len(found) != 0 {
		t.Errorf("the mended filter finds %v of another type", found)
	}
	w.Set(`{"bare_arrays": false}`)
	raw := w.Fetch(w.call(http.MethodGet, transactions, nil)).Body
	if !strings.HasPrefix(raw, `{"transactions":[{`) || !strings.Contains(raw, `"amount":{"value":50000,"unit":"XOF"}`) {
		t.Errorf("the documented history says %s", raw)
	}
}

// TestATransactionShowsWhatIsKnown compares one with the sample that an integrator saw in
// production.
func TestATransactionShowsWhatIsKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.makesCode("R1", "+221770123456")
	shown := w.becomes("R1", "SUCCESS")
	for name, want := range map[string]string{
		"type": "MERCHANT_PAYMENT", "channel": "MAXIT", "transactionId": "MP260312.0930.A00001",
		"partner":  "map[id:100200 idType:CODE]",
		"customer": "map[id:770123456 idType:MSISDN walletType:PRINCIPAL]", "createdAt": "2026-03-12T09:30:00.000Z",
		"receiveNotification": "true",
	} {
		if got := fmt.Sprint(shown[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	metadata := shown.Object("metadata")
	if metadata["order"] != "42" || metadata["idempotencyKey"] == nil {
		t.Errorf("the metadata are %v", metadata)
	}
	w.deposits("R2", "770123456")
	if raw := w.Fetch(w.call(http.MethodGet, transactions, nil)).Body; strings.Contains(strings.ToLower(raw), "pin") ||
		strings.Contains(raw, "otp") {
		t.Errorf("the history shows a secret: %s", raw)
	}
}
