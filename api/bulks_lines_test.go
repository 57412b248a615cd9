package api_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/api/apitest"
)

// Pages and CSV show every line once, without formulas and without full numbers.
func testBulkLinesPagedAndCsv(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fund("ML", 10_000)
	id := w.acceptedBulk(bulkOf("april", "", bulkLine("a"), bulkLine("b"), bulkLine("=c")))
	w.store.change(func() {
		lines := w.store.lines[pirogue.BulkID(id)]
		lines[0].Status, lines[0].Payment.ProviderTxID = "SUCCESS", "CI26.1"
		lines[1].Status, lines[1].Payment.Failure = "FAILED", pirogue.Failure{Code: pirogue.FailedDeclined}
	})
	path, cursor := bulkPath+"/"+id+"/lines", ""
	var seen []string
	for range 3 {
		got := w.get(path + "?limit=2" + cursor)
		require.Equal(t, http.StatusOK, got.Code, "%s", got.Body)
		for _, l := range got.list() {
			seen = append(seen, fmt.Sprint(l["line"], l["merchant_order_id"], l["status"]))
		}
		_, next, more := strings.Cut(got.Body.String(), `"next_cursor":"`)
		if !more {
			break
		}
		cursor = "&cursor=" + strings.Split(next, `"`)[0]
	}
	require.Equal(t, []string{"1aSUCCESS", "2bFAILED", "3=cWAITING"}, seen)

	got := w.get(path + "?format=csv&locale=fr")
	text, marked := strings.CutPrefix(got.Body.String(), "\ufeff")
	require.True(t, marked)
	reader := csv.NewReader(strings.NewReader(text))
	reader.Comma = ';'
	rows, err := reader.ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 4)
	require.Equal(t, "line", rows[0][0])
	require.Equal(t, []string{"1", "a", "SUCCESS", "500", "CI26.1"},
		[]string{rows[1][0], rows[1][1], rows[1][3], rows[1][4], rows[1][9]})
	require.Equal(t, "OPERATOR_DECLINED", rows[2][10])
	require.Equal(t, "'=c", rows[3][1])
	require.NotContains(t, text, strings.TrimPrefix(apitest.MSISDN, "+223"))

	w.store.change(func() { w.store.lines[pirogue.BulkID(id)][1].Unreadable = true })
	lines := w.get(path).list()
	require.Len(t, lines, 3, "a line that cannot be read hides no other")
	require.Equal(t, "msisdn_masked", lines[1]["unreadable"])
	require.Empty(t, lines[1]["msisdn_masked"])
	require.NotContains(t, lines[2], "unreadable")

	for _, query := range []string{"?limit=0", "?limit=10001", "?cursor=x", "?format=xml", "?colour=blue"} {
		w.get(path + query).requireCode(pirogue.InvalidParameter)
	}
	w.get(bulkPath + "/" + string(newPaymentID()) + "/lines").requireCode(pirogue.NotFound)
}

// A repeated cancellation has one effect, and needs a body that no GET's signature covers.
func testBulkCancelledOnce(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fund("ML", 10_000)
	id := w.acceptedBulk(bulkOf("april", "", bulkLine("a"), bulkLine("b")))
	path := bulkPath + "/" + id + "/cancel"
	w.post(path, "").requireCode(pirogue.InvalidJSON) // the signature of a GET would verify here
	w.post(path, `{"bulk_id":"`+string(newPaymentID())+`"}`).requireCode(pirogue.InvalidParameter)
	w.post(bulkPath+"/"+string(newPaymentID())+"/cancel", "{ }").requireCode(pirogue.NotFound)
	for _, body := range []string{"{}", `{"bulk_id":"` + id + `"}`} {
		got := w.post(path, body)
		require.Equal(t, http.StatusAccepted, got.Code, "%s", got.Body)
		require.Equal(t, "CANCELLING", got.data()["state"])
		require.InEpsilon(t, 100, got.data().part("percent")["cancelled"], 0)
	}
}
