package api_test

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/ids"
)

// export requests an export with the test key.
func (w *world) export(query string) reply { return w.get("/transactions/export?" + query) }

// addThousandPayments stores 1,000 payments, more than fit into one piece of an export.
func (w *world) addThousandPayments() {
	one := w.accepted("order_001")
	w.store.change(func() {
		for range 999 {
			copied := one
			copied.ID = ids.Payment()
			w.store.payments = append(w.store.payments, copied)
		}
	})
}

// table parses a CSV.
func table(t *testing.T, text string, comma rune) [][]string {
	t.Helper()
	reader := csv.NewReader(strings.NewReader(text))
	reader.Comma = comma
	rows, err := reader.ReadAll()
	require.NoError(t, err, "%s", text)
	return rows
}

// columns holds the contract's columns, in its order.
const columns = "transaction_id,merchant_order_id,type,status,amount,fee,net_amount,currency,country_code," +
	"msisdn_masked,operator,provider_tx_id,refunded_amount,created_at,updated_at,settled_at"

func TestGetExport(t *testing.T) {
	t.Parallel()

	t.Run("csv_equals_json", testExportCsvEqualsJson)
	t.Run("french_spreadsheet", testExportFrenchSpreadsheet)
	t.Run("negative_net_amount", testExportNegativeNetAmount)
	t.Run("no_formula", testExportNoFormula)
	t.Run("continues_at_cursor", testExportContinuesAtCursor)
	t.Run("half_open_period", testExportHalfOpenPeriod)
	t.Run("own_payments_only", testExportOwnPaymentsOnly)
	t.Run("failure_cuts_connection", testExportFailureCutsConnection)
	t.Run("longer_than_write_time", testExportLongerThanWriteTime)
	t.Run("client_reads_nothing", testExportClientReadsNothing)
	t.Run("few_at_once", testExportFewAtOnce)
}

// An accountant may use either format, so their values must be equal.
func testExportCsvEqualsJson(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.setFees(pirogue.FeeRule{Kind: pirogue.CashIn, BasisPoints: 200, Payer: pirogue.PaidByMerchant})
	p := w.paid("order_001")
	w.store.update(p.ID, func(p *pirogue.Payment) {
		p.ProviderTxID, p.Refunded, p.SettledAt = "MP260429.1432", 100, p.CreatedAt.Add(time.Minute)
	})
	p = w.read(p.ID)
	at := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	want := []string{
		string(p.ID), "order_001", "CASHIN", "SUCCESS", "500", "10", "490", "XOF", "ML", "'+223*****56",
		string(testOperator), "MP260429.1432", "100", at(p.CreatedAt), at(p.UpdatedAt), at(p.SettledAt),
	}
	got := w.export("format=csv")
	require.Equal(t, "text/csv; charset=utf-8; header=present", got.Header().Get("Content-Type"))
	require.Contains(t, got.Header().Get("Content-Disposition"), "attachment")
	require.True(t, strings.HasPrefix(got.Body.String(), columns+"\r\n"))
	require.True(t, strings.HasSuffix(got.Body.String(), "\r\n"))
	require.Equal(t, [][]string{strings.Split(columns, ","), want}, table(t, got.Body.String(), ','))

	got = w.export("")
	names := []string{}
	for _, found := range regexp.MustCompile(`"([a-z_]+)":`).FindAllStringSubmatch(got.Body.String(), -1) {
		names = append(names, found[1])
	}
	require.Equal(t, "data,"+columns+",next_cursor", strings.Join(names, ","))
	line := []string{}
	for _, name := range strings.Split(columns, ",") {
		line = append(line, fmt.Sprint(got.list()[0][name]))
	}
	want[9] = "+223*****56" // JSON needs no protection against formulas
	require.Equal(t, want, line)
}

// French Excel needs semicolons and a byte order mark.
func testExportFrenchSpreadsheet(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.paid("a;b,c")
	text, ok := strings.CutPrefix(w.export("format=csv&locale=fr").Body.String(), "\ufeff")
	require.True(t, ok, "a byte order mark")
	rows := table(t, text, ';')
	require.Equal(t, strings.Split(columns, ","), rows[0])
	require.Equal(t, "a;b,c", rows[1][1])
	require.Equal(t, "a;b,c", table(t, w.export("format=csv&locale=en").Body.String(), ',')[1][1])
}

// The sum of net_amount must give the balance, so outgoing money is negative and stays a number.
func testExportNegativeNetAmount(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	p := w.paid("order_001")
	w.store.update(p.ID, func(p *pirogue.Payment) { p.Kind = pirogue.CashOut })
	require.Equal(t, "-500", table(t, w.export("format=csv").Body.String(), ',')[1][6])
	require.Equal(t, -500.0, w.export("").list()[0]["net_amount"])
}

// A merchant's order ID must not run as a formula on an accountant's machine.
func testExportNoFormula(t *testing.T) { // row 62
	t.Parallel()

	w := newWorld(t)
	cells := map[string]string{
		"=cmd|'/C'!A1": "'=cmd|'/C'!A1", "@SUM(1)": "'@SUM(1)", "-2+3": "'-2+3", "+2+3": "'+2+3",
		"+22376123456": "+22376123456", "a=b": "a=b", `say"hi"`: `say"hi"`,
	}
	for number := range cells {
		w.accepted(strings.ReplaceAll(number, `"`, `\"`))
	}
	for i, words := range []string{"\tx", "\rx", "=1", "line\nbreak"} {
		w.store.update(w.store.all()[i].ID, func(p *pirogue.Payment) { p.ProviderTxID = words })
	}
	seen := map[string]bool{}
	for _, row := range table(t, w.export("format=csv").Body.String(), ',')[1:] {
		seen[row[1]] = true
		for _, cell := range row {
			if cell != "+22376123456" && cell != "" {
				require.NotContains(t, "=+-@\t\r", cell[:1], "%q", cell)
			}
		}
	}
	for _, cell := range cells {
		require.True(t, seen[cell], "%s of %v", cell, seen)
	}
	for _, line := range w.export("").list() {
		require.Contains(t, cells, line["merchant_order_id"], "JSON is left alone")
	}
}

// Pages join without a gap or a repeat, in JSON by next_cursor and in CSV by a trailer.
func testExportContinuesAtCursor(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	want := []string{}
	for i := range 5 {
		want = append(want, string(w.accepted("order_"+strconv.Itoa(i)).ID))
	}
	seen, query := []string{}, "limit=2"
	for range 3 {
		got := w.export(query)
		for _, line := range got.list() {
			seen = append(seen, fmt.Sprint(line["transaction_id"]))
		}
		query = "limit=2&cursor=" + url.QueryEscape(nextCursor(t, got))
	}
	require.Equal(t, want, seen, "oldest first, each once")
	require.Empty(t, nextCursor(t, w.export("")))

	server := httptest.NewServer(w.server.Handler())
	t.Cleanup(server.Close)
	trailer := func(query string) string {
		r := w.request(w.test, http.MethodGet, server.URL+"/api/v1/transactions/export?format=csv&"+query, "")
		r.RequestURI = ""
		resp, err := server.Client().Do(r)
		require.NoError(t, err)
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		require.NoError(t, err)
		return resp.Trailer.Get("X-Next-Cursor")
	}
	require.Equal(t, nextCursor(t, w.export("limit=2")), trailer("limit=2"))
	require.Empty(t, trailer("limit=6"))
}

// Adjoining periods must count each payment exactly once.
func testExportHalfOpenPeriod(t *testing.T) { // row 61
	t.Parallel()

	w := newWorld(t)
	w.advance(time.Until(time.Date(2026, 4, 30, 12, 0, 0, 0, time.UTC)))
	for _, at := range []string{
		"2025-04-29T12:00:00Z", "2026-03-31T23:59:59Z", "2026-04-01T00:00:00Z", "2026-04-29T23:59:59Z",
		"2026-04-30T00:00:00Z",
	} {
		created, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		w.store.change(func() {
			w.store.payments = append(w.store.payments, pirogue.Payment{
				ID: ids.Payment(), MerchantID: w.merchant.ID, Mode: pirogue.Test, Kind: pirogue.CashIn, OrderID: at,
				Status: pirogue.StatusPending, Amount: pirogue.Money{Minor: 1, Currency: pirogue.XOF}, Country: "ML",
				MSISDN: "+22376123456", Operator: testOperator, CreatedAt: created, UpdatedAt: created,
			})
		})
	}
	for query, want := range map[string]int{
		"from=2026-04-01&to=2026-04-30": 2, "from=2026-04-01T00:00:00Z&to=2026-04-30T00:00:01Z": 3,
		"from=2026-04-01T01:00:00%2B01:00&to=2026-04-30": 2, "": 4, "to=2026-04-01": 2, "from=2026-04-29": 2,
		"from=2026-04-01&to=2026-04-01": 0, "type=REFUND": 0, "status=PENDING&country_code=ML&type=CASHIN": 4,
	} {
		require.Len(t, w.export(query).list(), want, query)
	}
	for query, field := range map[string]string{
		"from=2026-04-02&to=2026-04-01": "to", "from=2016-04-01&to=2026-04-01": "from", "from=2020-01-01": "from",
		"from=2026-05-01": "to", "from=30/04/2026": "from", "to=2026-02-30": "to", "to=": "to",
	} {
		require.Equal(t, field, w.export(query).requireCode(pirogue.InvalidParameter).Params[0].Field, query)
	}
}

// Another merchant's cursor reveals none of that merchant's rows.
func testExportOwnPaymentsOnly(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	p := w.accepted("order_001")
	stranger := w.newKey(pirogue.MerchantID(ids.New()), pirogue.Test)
	for _, key := range []access.APIKey{stranger, w.live} {
		for _, query := range []string{"", "?cursor=" + nextCursor(t, w.export("limit=1"))} {
			got := w.do(w.request(key, http.MethodGet, "/api/v1/transactions/export"+query, ""))
			require.JSONEq(t, `{"data":[],"next_cursor":null}`, got.Body.String())
		}
	}
	require.NotContains(t, w.export("").Body.String(), "22376123456")
	require.Contains(t, w.export("").Body.String(), string(p.ID))
}

// A merchant must never take a part of an export for the whole.
func testExportFailureCutsConnection(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.addThousandPayments()
	server := httptest.NewServer(w.server.Handler())
	t.Cleanup(server.Close)
	for name, tt := range map[string]struct {
		after int
		want  int
	}{
		"before the first row":   {0, http.StatusServiceUnavailable},
		"before the first piece": {10, http.StatusServiceUnavailable},
		"in the middle":          {990, http.StatusOK},
	} {
		for _, format := range []string{"json", "csv"} {
			w.store.change(func() {
				w.store.between = func(exported int) error {
					if exported == tt.after {
						return pirogue.Errorf(pirogue.ServiceUnavailable, "the database went away")
					}
					return nil
				}
			})
			r := w.request(w.test, http.MethodGet, server.URL+"/api/v1/transactions/export?format="+format, "")
			r.RequestURI = ""
			resp, err := server.Client().Do(r)
			require.NoError(t, err)
			require.Equal(t, tt.want, resp.StatusCode, name)
			_, err = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if tt.want == http.StatusOK {
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%s %s", format, name)
				require.Contains(t, w.logged(), "export was broken off")
				continue
			}
			require.NoError(t, err)
			require.Equal(t, "application/json; charset=utf-8", resp.Header.Get("Content-Type"))
			require.Empty(t, resp.Header.Get("Content-Disposition"))
		}
	}
	w.store.change(func() { w.store.between = nil })
	require.Len(t, w.export("").list(), 1000, "no export is left behind")
}

// The write deadline applies to each piece, so an export may run for minutes.
func testExportLongerThanWriteTime(t *testing.T) { // row 63
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.addThousandPayments()
		time.Sleep(time.Second)
		w.store.change(func() {
			w.store.between = func(int) error {
				time.Sleep(250 * time.Millisecond)
				return nil
			}
		})
		client := connect(t, w)
		r := w.request(w.test, http.MethodGet, "/api/v1/transactions/export?format=csv", "")
		go func() {
			if err := r.Write(client); err != nil {
				t.Error(err)
			}
		}()
		began := time.Now()
		resp, err := http.ReadResponse(bufio.NewReader(client), r)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Less(t, time.Since(began), 80*time.Second, "the first rows are sent before the last are read")
		piece := make([]byte, 32<<10)
		_, err = io.ReadFull(resp.Body, piece)
		require.NoError(t, err)
		require.Less(t, time.Since(began), 80*time.Second, "a piece is sent whole")
		rest, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Len(t, table(t, string(piece)+string(rest), ','), 1001)
		require.Greater(t, time.Since(began), 4*time.Minute)
	})
}

// A stalled client must not keep one of the few exports.
func testExportClientReadsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.addThousandPayments()
		time.Sleep(time.Second)
		client := connect(t, w)
		r := w.request(w.test, http.MethodGet, "/api/v1/transactions/export", "")
		require.NoError(t, r.Write(client))
		time.Sleep(21 * time.Second) // reading nothing
		resp, err := http.ReadResponse(bufio.NewReader(client), r)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		require.Error(t, err)
		require.Len(t, w.export("").list(), 1000, "the merchant may ask again")
	})
}

// One merchant's exports must not use up the database's connections.
func testExportFewAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.accepted("order_001")
		time.Sleep(time.Second)
		opened := make(chan struct{})
		w.store.change(func() {
			w.store.between = func(int) error {
				<-opened
				return nil
			}
		})
		answers := make(chan reply, 2)
		for range 2 {
			go func() { answers <- w.export("") }()
		}
		synctest.Wait()
		got := w.export("")
		got.requireCode(pirogue.RateLimited)
		require.Equal(t, "10", got.Header().Get("Retry-After"))
		live := w.do(w.request(w.live, http.MethodGet, "/api/v1/transactions/export", ""))
		require.Equal(t, http.StatusOK, live.Code, "the other mode's are counted apart")
		require.Equal(t, http.StatusOK, w.get("/balances").Code)

		close(opened)
		for range 2 {
			require.Len(t, (<-answers).list(), 1)
		}
		require.Len(t, w.export("").list(), 1)
	})
}
