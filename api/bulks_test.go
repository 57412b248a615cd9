package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/api/apitest"
	"pirogue/bulk"
)

const bulkPath = "/payments/cashout/bulk"

// bulkLine returns one line of a bulk's body.
func bulkLine(number string, more ...string) string {
	return `{"merchant_order_id":"` + number + `","amount":500,"beneficiary_msisdn":"` + apitest.MSISDN + `"` +
		strings.Join(append([]string{""}, more...), ",") + `}`
}

// bulkOf returns a bulk's body. more begins with a comma, or is "".
func bulkOf(reference, more string, lines ...string) string {
	return `{"merchant_bulk_id":"` + reference + `","lines":[` + strings.Join(lines, ",") + `]` + more + `}`
}

// postFile sends a bulk in CSV with the test key.
func (w *world) postFile(query, file string) reply {
	r := w.request(w.test, http.MethodPost, "/api/v1"+bulkPath+query, file)
	r.Header.Set("Content-Type", "text/csv; charset=utf-8")
	return w.do(r)
}

// acceptedBulk posts a bulk, requires its acceptance and returns its ID.
func (w *world) acceptedBulk(body string) string {
	w.t.Helper()
	got := w.post(bulkPath, body)
	require.Equal(w.t, http.StatusAccepted, got.Code, "%s", got.Body)
	return fmt.Sprint(got.data()["bulk_id"])
}

func TestPostBulk(t *testing.T) {
	t.Parallel()

	t.Run("accepted_whole", testBulkAcceptedWhole)
	t.Run("csv_equals_json", testBulkCsvEqualsJson)
	t.Run("mistakes_listed_nothing_stored", testBulkMistakesListedNothingStored)
	t.Run("at_most_100_mistakes", testBulkAtMost100Mistakes)
	t.Run("reference_used_twice", testBulkReferenceUsedTwice)
	t.Run("fees_like_cashouts", testBulkFeesLikeCashouts)
	t.Run("workflows_away", testBulkWorkflowsAway)
	t.Run("only_bulk_may_be_large", testBulkOnlyBulkMayBeLarge)
	t.Run("csv_signature_bound_to_reference", testBulkCsvSignatureBoundToReference)
	t.Run("lines_paged_and_csv", testBulkLinesPagedAndCsv)
	t.Run("cancelled_once", testBulkCancelledOnce)
	t.Run("few_bodies_at_once", testBulkFewBodiesAtOnce)
}

// The acceptance holds the money of all lines at once and starts one workflow.
func testBulkAcceptedWhole(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fund("ML", 10_000)
	got := w.post(bulkPath, bulkOf("april", `,"metadata":{"month":"04"}`, bulkLine("a"),
		`{"merchant_order_id":"b","amount":700,"beneficiary_msisdn":"+22370001234","description":"Avril"}`))
	require.Equal(t, http.StatusAccepted, got.Code, "%s", got.Body)
	accepted := got.data()
	require.Equal(t, "ACCEPTED", accepted["state"])
	require.Equal(t, "april", accepted["merchant_bulk_id"])
	require.InEpsilon(t, 1200, accepted["amount"], 0)
	require.Equal(t, payment{"done": 0.0, "paid": 0.0, "failed": 0.0, "cancelled": 0.0}, accepted.part("percent"))
	require.InEpsilon(t, 2, accepted.part("counts")["WAITING"], 0)
	require.EqualValues(t, 1200, w.balance().Reserved)
	require.Equal(t, []pirogue.BulkID{pirogue.BulkID(fmt.Sprint(accepted["bulk_id"]))}, w.workflows.launched)

	read := w.get(bulkPath + "/" + fmt.Sprint(accepted["bulk_id"]))
	require.Equal(t, http.StatusOK, read.Code)
	require.Equal(t, accepted, read.data())
	w.get(bulkPath + "/" + string(newPaymentID())).requireCode(pirogue.NotFound)
	w.do(w.request(w.live, http.MethodGet, "/api/v1"+bulkPath+"/"+fmt.Sprint(accepted["bulk_id"]),
		"")).requireCode(pirogue.NotFound)
	w.get(bulkPath + "/1").requireCode(pirogue.NotFound)
}

// part returns an object in a response, nil when there is none.
func (p payment) part(name string) payment {
	part, ok := p[name].(map[string]any)
	if !ok {
		return nil
	}
	return part
}

// newPaymentID returns the ID of a payment that does not exist.
func newPaymentID() pirogue.PaymentID { return "019dd95b-c6c0-7c41-9b5e-2f6a1c8d4e07" }

// The same bulk in CSV and in JSON has one digest, so that one is a repeat of the other.
func testBulkCsvEqualsJson(t *testing.T) {
	t.Parallel()

	const header = "merchant_order_id,amount,beneficiary_msisdn,description,network\r\n"
	const lines = "a,500,+22376123456,\"Avril, \"\"payé\"\"\",\r\nb,700,+22370001234,,orange\r\n"
	for name, file := range map[string]string{
		"commas":              header + lines,
		"a byte order mark":   "\ufeff" + header + lines,
		"line feeds alone":    strings.ReplaceAll(header+lines, "\r", ""),
		"no line end at last": strings.TrimSuffix(header+lines, "\r\n"),
		"other order of fields": "amount,merchant_order_id,beneficiary_msisdn,network,description\n" +
			"500,a,+22376123456,,\"Avril, \"\"payé\"\"\"\n700,b,+22370001234,orange,\n",
		"semicolons": strings.ReplaceAll(header, ",", ";") +
			"a;500;+22376123456;\"Avril, \"\"payé\"\"\";\r\nb;700;+22370001234;;orange\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)
			w.fund("ML", 10_000)
			got := w.postFile("?merchant_bulk_id=april&notify_url=https%3A%2F%2Fshop.example%2Fhook&notify_lines=true",
				file)
			require.Equal(t, http.StatusAccepted, got.Code, "%s", got.Body)
			again := w.post(bulkPath, bulkOf("april", `,"notify_url":"https://shop.example/hook","notify_lines":true`,
				`{"merchant_order_id":"a","amount":500,"beneficiary_msisdn":"+22376123456","description":"Avril, \"payé\""}`,
				`{"merchant_order_id":"b","amount":700,"beneficiary_msisdn":"+22370001234","network":"orange"}`))
			again.requireCode(pirogue.DuplicateOrder)
			require.Equal(t, got.data(), again.data())
		})
	}
}

// A merchant corrects a whole file in one go. A refused bulk must store nothing, take no order ID
// and hold no money.
func testBulkMistakesListedNothingStored(t *testing.T) {
	t.Parallel()

	type place struct {
		field string
		code  pirogue.Code
		line  int
	}
	w := newWorld(t)
	w.fund("ML", 10_000)
	taken := w.post("/payments/cashout", `{"merchant_order_id":"taken","amount":500,"beneficiary_msisdn":"+22376123456"}`)
	require.Equal(t, http.StatusAccepted, taken.Code)
	file := func(lines ...string) string {
		return "merchant_order_id,amount,beneficiary_msisdn\n" + strings.Join(lines, "\n")
	}
	// Each row is a bulk, with the code of its response and the mistakes that it names.
	for name, tt := range map[string]struct {
		send func() reply
		code pirogue.Code
		want []place
	}{
		"lines of JSON": {
			func() reply {
				return w.post(bulkPath, bulkOf("r", "", bulkLine("a"),
					`{"merchant_order_id":"","amount":0,"beneficiary_msisdn":"+22376123456"}`, `7`, bulkLine("a"),
					bulkLine("c", `"otp":"1"`), `{"merchant_order_id":"d"}`))
			}, pirogue.InvalidOrderID,
			[]place{
				{"lines[1].merchant_order_id", pirogue.InvalidOrderID, 2},
				{"lines[1].amount", pirogue.InvalidAmount, 2},
				{"lines[2]", pirogue.InvalidParameter, 3},
				{"lines[3].merchant_order_id", pirogue.DuplicateOrder, 4},
				{"lines[4].otp", pirogue.UnknownField, 5},
				{"lines[5].amount", pirogue.MissingField, 6},
				{"lines[5].beneficiary_msisdn", pirogue.MissingField, 6},
			},
		},
		"lines of a file": {
			func() reply {
				return w.postFile("?merchant_bulk_id=r",
					file("a,500,+22376123456", "", "b,5.5,+22376123456", "\"c\n\",500,", "a,1e3,x"))
			}, pirogue.InvalidAmount,
			[]place{
				{"lines[1].amount", pirogue.InvalidAmount, 4},
				{"lines[2].beneficiary_msisdn", pirogue.MissingField, 5},
				{"lines[2].merchant_order_id", pirogue.InvalidOrderID, 5},
				{"lines[3].amount", pirogue.InvalidAmount, 7},
				{"lines[3].beneficiary_msisdn", pirogue.InvalidMSISDN, 7},
				{"lines[3].merchant_order_id", pirogue.DuplicateOrder, 7},
			},
		},
		"an order number that exists": {
			func() reply {
				return w.postFile("?merchant_bulk_id=r", file("a,500,+22376123456", "taken,500,+22376123456"))
			},
			pirogue.InvalidOrderID,
			[]place{{"lines[1].merchant_order_id", pirogue.DuplicateOrder, 3}},
		},
		"another subsidiary": {
			func() reply {
				return w.postFile("?merchant_bulk_id=r", file("a,500,+22376123456", "b,500,+22890123456"))
			},
			pirogue.CountryNotSupported,
			[]place{{"lines[1].beneficiary_msisdn", pirogue.CountryNotSupported, 3}},
		},
		"an amount beyond the operator's": {
			func() reply {
				return w.post(bulkPath, bulkOf("r", "", bulkLine("a"), strings.Replace(bulkLine("b"), "500", "50", 1)))
			},
			pirogue.InvalidAmount,
			[]place{{"lines[1].amount", pirogue.InvalidAmount, 2}},
		},
		"a network nobody serves": {
			func() reply { return w.post(bulkPath, bulkOf("r", "", bulkLine("a", `"network":"wave"`))) },
			pirogue.InvalidParameter,
			[]place{{"lines[0].network", pirogue.InvalidParameter, 1}},
		},
		"a column nobody knows": {
			func() reply { return w.postFile("?merchant_bulk_id=r", "merchant_order_id,montant\na,500") },
			pirogue.UnknownField,
			[]place{{"montant", pirogue.UnknownField, 1}},
		},
		"a column twice": {
			func() reply { return w.postFile("?merchant_bulk_id=r", "amount,amount\n1,2") },
			pirogue.UnknownField,
			[]place{{"amount", pirogue.UnknownField, 1}},
		},
		"a cell too many": {
			func() reply {
				return w.postFile("?merchant_bulk_id=r", file("a,500,+22376123456", "b,500,+22376123456,x"))
			},
			pirogue.InvalidParameter,
			[]place{{"file", pirogue.InvalidParameter, 3}},
		},
		"quotes that are wrong": {
			func() reply {
				return w.postFile("?merchant_bulk_id=r", file("a,500,+22376123456", "b\"x\",500,+22376123456"))
			},
			pirogue.InvalidParameter,
			[]place{{"file", pirogue.InvalidParameter, 3}},
		},
		"a file of Excel's own encoding": {
			func() reply {
				return w.postFile("?merchant_bulk_id=r", file("a,500,+22376123456", "\xe9,500,+22376123456"))
			},
			pirogue.InvalidParameter,
			[]place{{"file", pirogue.InvalidParameter, 3}},
		},
		"a header alone": {
			func() reply { return w.postFile("?merchant_bulk_id=r", file()) },
			pirogue.InvalidParameter,
			[]place{{"lines", pirogue.InvalidParameter, 1}},
		},
		"an empty file": {
			func() reply { return w.postFile("?merchant_bulk_id=r", "") },
			pirogue.InvalidParameter,
			[]place{{"lines", pirogue.InvalidParameter, 1}},
		},
		"a file without a reference": {
			func() reply { return w.postFile("", file("z,500,+22376123456")) },
			pirogue.MissingField,
			[]place{{"merchant_bulk_id", pirogue.MissingField, 0}},
		},
		"JSON with a query": {
			func() reply { return w.post(bulkPath+"?merchant_bulk_id=r", bulkOf("r", "", bulkLine("a"))) },
			pirogue.InvalidParameter,
			[]place{{"merchant_bulk_id", pirogue.InvalidParameter, 0}},
		},
		"no lines": {
			func() reply { return w.post(bulkPath, bulkOf("r", "")) },
			pirogue.InvalidParameter,
			[]place{{"lines", pirogue.InvalidParameter, 0}},
		},
		"a truth in words": {
			func() reply { return w.post(bulkPath, bulkOf("r", `,"notify_lines":"true"`, bulkLine("a"))) },
			pirogue.InvalidParameter,
			[]place{{"notify_lines", pirogue.InvalidParameter, 0}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			failure := tt.send().requireCode(tt.code)
			var got []place
			for _, p := range failure.Params {
				got = append(got, place{p.Field, p.Code, p.Line})
				require.NotEmpty(t, p.Message)
			}
			require.Equal(t, tt.want, got)
			require.Empty(t, w.store.bulks)
		})
	}
	w.post(bulkPath, bulkOf("r", "", bulkLine("dear"), strings.Replace(bulkLine("e"), "500", "9001", 1))).
		requireCode(pirogue.InsufficientBalance)
	w.acceptedBulk(bulkOf("r", "", bulkLine("b"), bulkLine("c"))) // none of the refused requests took the order IDs
}

// A large wrong body must not produce a huge response.
func testBulkAtMost100Mistakes(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	lines := make([]string, 300)
	for i := range lines {
		lines[i] = `{"merchant_order_id":"` + fmt.Sprint(i) + `","amount":-1,"beneficiary_msisdn":"x"}`
	}
	failure := w.post(bulkPath, bulkOf("r", "", lines...)).requireCode(pirogue.InvalidAmount)
	require.Len(t, failure.Params, 100)
	require.Equal(t, 50, failure.Params[99].Line)

	tooMany := bulkOf("r", "", strings.Repeat(bulkLine("a")+",", bulk.MaxBulkLines)+bulkLine("b"))
	require.Equal(t, "lines", w.post(bulkPath, tooMany).requireCode(pirogue.InvalidParameter).Params[0].Field)
}

// A repeat of a bulk must never pay its lines a second time.
func testBulkReferenceUsedTwice(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fund("ML", 10_000)
	id := w.acceptedBulk(bulkOf("april", "", bulkLine("a"), bulkLine("b")))
	again := w.post(bulkPath, bulkOf("april", "", bulkLine("a"), bulkLine("b")))
	again.requireCode(pirogue.DuplicateOrder)
	require.Equal(t, id, again.data()["bulk_id"])
	for field, body := range map[string]string{
		"lines":        bulkOf("april", "", bulkLine("a")),
		"notify_lines": bulkOf("april", `,"notify_lines":true`, bulkLine("a"), bulkLine("b")),
		"metadata":     bulkOf("april", `,"metadata":{"a":"b"}`, bulkLine("a"), bulkLine("b")),
		"notify_url":   bulkOf("april", `,"notify_url":"https://shop.example/"`, bulkLine("a"), bulkLine("b")),
	} {
		other := w.post(bulkPath, body)
		failure := other.requireCode(pirogue.IdempotencyMismatch)
		require.Len(t, failure.Params, 1)
		require.Equal(t, field, failure.Params[0].Field)
		require.Equal(t, id, other.data()["bulk_id"])
	}
	require.EqualValues(t, 1000, w.balance().Reserved)
	require.Len(t, w.workflows.launched, 1)
}

// A bulk costs as much as its cash-outs one by one.
func testBulkFeesLikeCashouts(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fund("ML", 10_000)
	w.store.change(func() {
		w.store.contracts[w.merchant.ID] = pirogue.FeeSchedule{{
			Kind: pirogue.CashOut, BasisPoints: 100,
			Payer: pirogue.PaidByMerchant,
		}}
	})
	got := w.post(bulkPath, bulkOf("april", "", bulkLine("a"), bulkLine("b")))
	require.InEpsilon(t, 10, got.data()["fee"], 0)
	require.EqualValues(t, 1010, w.balance().Reserved)
}

// Without workers nothing is accepted. A bulk whose workflow does not start after acceptance is
// left to the sweep.
func testBulkWorkflowsAway(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fund("ML", 10_000)
	w.workflows.change(func() { w.workflows.away = pirogue.Errorf(pirogue.ServiceUnavailable, "away") })
	w.post(bulkPath, bulkOf("april", "", bulkLine("a"))).requireCode(pirogue.ServiceUnavailable)
	require.Empty(t, w.store.bulks)
	w.workflows.change(func() {
		w.workflows.away, w.workflows.launches = nil, pirogue.Errorf(pirogue.ServiceUnavailable, "lost")
	})
	w.acceptedBulk(bulkOf("april", "", bulkLine("a")))
	require.Contains(t, w.logged(), "bulk is left to the sweep")
}

// Every other route keeps its small limits on size and content type.
func testBulkOnlyBulkMayBeLarge(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fund("ML", 10_000)
	space := strings.Repeat(" ", 100<<10)
	w.acceptedBulk(bulkOf("large", "", space+bulkLine("a")))
	w.post("/payments/cashout", space+bulkLine("b")).requireCode(pirogue.PayloadTooLarge)
	w.post(bulkPath, strings.Repeat(" ", 8<<20)+bulkOf("huge", "", bulkLine("c"))).requireCode(pirogue.PayloadTooLarge)
	file := w.request(w.test, http.MethodPost, "/api/v1/payments/cashout", "a,b")
	file.Header.Set("Content-Type", "text/csv")
	w.do(file).requireCode(pirogue.UnsupportedMediaType)
}

// A file's reference is in the query, which the signature does not cover.
func testBulkCsvSignatureBoundToReference(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fund("ML", 10_000)
	const file = "merchant_order_id,amount,beneficiary_msisdn\na,500,+22376123456\n"
	first := w.request(w.test, http.MethodPost, "/api/v1"+bulkPath+"?merchant_bulk_id=mine", file)
	first.Header.Set("Content-Type", "text/csv")
	captured := w.request(w.test, http.MethodPost, "/api/v1"+bulkPath+"?merchant_bulk_id=theirs", file)
	captured.Header = first.Header.Clone()
	require.Equal(t, http.StatusAccepted, w.do(first).Code)
	w.do(captured).requireCode(pirogue.SignatureReplayed)
}

// The bodies of bulks are large and are read before their signature is checked. Their number must
// be limited, so that they cannot fill the memory.
func testBulkFewBodiesAtOnce(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	inside, leave := make(chan struct{}, 8), make(chan struct{})
	for range 4 {
		r := w.request(w.test, http.MethodPost, "/api/v1"+bulkPath, "{}")
		r.Body = slowBody{inside, leave}
		r.ContentLength = 100
		go w.server.Handler().ServeHTTP(discardWriter{http.Header{}}, r)
		select {
		case <-inside:
		case <-time.After(10 * time.Second):
			t.Fatal("the body is not read")
		}
	}
	w.post(bulkPath, bulkOf("r", "", bulkLine("a"))).requireCode(pirogue.RateLimited)
	close(leave)
}

// slowBody is a request body that ends only after the test closes leave.
type slowBody struct{ inside, leave chan struct{} }

func (b slowBody) Read([]byte) (int, error) {
	b.inside <- struct{}{}
	<-b.leave
	return 0, http.ErrBodyReadAfterClose
}

func (slowBody) Close() error { return nil }

// discardWriter is a response writer that drops every byte.
type discardWriter struct{ header http.Header }

func (d discardWriter) Header() http.Header       { return d.header }
func (discardWriter) Write(b []byte) (int, error) { return len(b), nil }
func (discardWriter) WriteHeader(int)             {}
