package digitalpaye_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/operator"
)

// asks maps each shape to its paths for one transaction and for all of them.
var asks = map[string]struct{ status, list string }{
	"":    {"/v2/get-status-payment/", "/v2/get-all-transactions"},
	"sdk": {"/v1/get-status-payment/", "/v1/get-all-transactions"},
	"v1":  {"/v1/transaction/", "/v1/transactions"},
}

// since is the query of a search for an attempt sent at the tests' time.
const since = "?from=2026-01-02T02%3A04%3A05Z&page=1&size=100"

func TestStatusByEveryName(t *testing.T) {
	t.Parallel()
	for shape, ask := range asks {
		t.Run("shape "+shape, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, map[string][]response{ask.list: {list()}})
			o := reading[operator.StatusReader](t, server.at(shape))
			got, err := o.Status(t.Context(), outQuery)
			require.NoError(t, err)
			require.Equal(t, pirogue.OutcomeAbsent, got.Outcome)
			named := outQuery
			named.Handle = pirogue.Handle{"ref": "R/1"}
			got, err = o.Status(t.Context(), named)
			require.Equal(t, operator.Unknown, pirogue.CodeOf(err), err)
			want := []string{
				"GET " + ask.status + outRef, "GET " + ask.list + since,
				"GET " + ask.status + "R%2F1", "GET " + ask.status + outRef, "GET " + ask.list + since,
			}
			require.Equal(t, want, server.paths())
			for _, l := range server.requests() {
				require.Equal(t, "sandbox", l.Header.Get("X-Environment"), l.Path)
				require.Equal(t, "Bearer at-1", l.Header.Get("Authorization"), l.Path)
			}
		})
	}
}

func TestStatusByNameIsFinal(t *testing.T) {
	t.Parallel()
	named := outQuery
	named.Handle = pirogue.Handle{"ref": "R-1"}
	tests := map[string]struct {
		query    operator.StatusQuery
		path     string
		response response
		outcome  pirogue.Outcome
		code     pirogue.Code
	}{
		"by its own":             {named, "R-1", good(row(outRef, "R-1", "SUCCESSFUL")), pirogue.OutcomePaid, ""},
		"by ours":                {outQuery, outRef, good(row(outRef, "R-1", "PENDING")), pirogue.OutcomePending, ""},
		"without an answer":      {named, "R-1", respond(502, ""), "", operator.Unknown},
		"not found, says a page": {named, "R-1", respond(404, "<html></html>"), "", operator.Unknown},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, map[string][]response{asks[""].status + tt.path: {tt.response}})
			got, err := reading[operator.StatusReader](t, server.at("")).Status(t.Context(), tt.query)
			require.Equal(t, tt.outcome, got.Outcome, "%v %v", err, server.paths())
			require.Equal(t, tt.code, pirogue.CodeOf(err), server.paths())
			require.Len(t, server.requests(), 1, "%v %v", err, server.paths())
		})
	}
}

func TestStatusFromList(t *testing.T) {
	t.Parallel()
	other := row("XX7K2M9QX4V8R1T6W3ZB", "R-0", "SUCCESSFUL")
	tests := map[string]struct {
		pages   []response
		outcome pirogue.Outcome
		code    pirogue.Code
	}{
		"nothing":              {[]response{list()}, pirogue.OutcomeAbsent, ""},
		"nothing among others": {[]response{list(other), list()}, pirogue.OutcomeAbsent, ""},
		"paid": {
			[]response{list(other, row(outRef, "R-1", "SUCCESSFUL")), list()}, pirogue.OutcomePaid, "",
		},
		"failed, on the second page": {
			[]response{list(other), list(row(outRef, "R-1", "FAILED")), list()}, pirogue.OutcomeDeclined, "",
		},
		"pending, the list has no pages": {[]response{list(row(outRef, "R-1", "PENDING"))}, pirogue.OutcomePending, ""},
		"pending once, paid meanwhile": {
			[]response{list(row(outRef, "R-1", "PENDING")), list(row(outRef, "R-1", "SUCCESSFUL")), list()},
			pirogue.OutcomePending, "",
		},
		"a word unknown": {[]response{list(row(outRef, "R-1", "LATER")), list()}, "", operator.Unknown},
		"two under one reference": {
			[]response{list(row(outRef, "R-1", "FAILED"), row(outRef, "R-2", "SUCCESSFUL")), list()}, "", operator.Unknown,
		},
		"no list":             {[]response{good("null")}, "", operator.Unknown},
		"a list that is none": {[]response{good(`{"rows":[]}`)}, "", operator.Unknown},
		"a row that is none":  {[]response{list(`"row"`), list()}, "", operator.Unknown},
		"a page that fell":    {[]response{list(other), respond(502, "")}, "", operator.Unknown},
		"a quota":             {[]response{list(other), respond(429, "")}, "", operator.NotSent},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, map[string][]response{asks[""].list: tt.pages})
			got, err := reading[operator.StatusReader](t, server.at("")).Status(t.Context(), outQuery)
			require.Equal(t, tt.outcome, got.Outcome, err)
			require.Equal(t, tt.code, pirogue.CodeOf(err), err)
			require.False(t,
				got.Outcome == pirogue.OutcomePaid &&
					(got.Amount != francs || got.Mismatch != "" || got.ProviderTxID != "R-1"),
				"%+v, want all of the order", got)
		})
	}
}

// endless returns pages that never repeat a row.
func endless(pages, rows int) []response {
	var all []response
	for p := range pages {
		var page []string
		for r := range rows {
			page = append(page, row("XX", fmt.Sprintf("R-%d-%d", p, r), "SUCCESSFUL"))
		}
		all = append(all, list(page...))
	}
	return append(all, list())
}

func TestSearchLimit(t *testing.T) {
	t.Parallel()
	for pages, code := range map[int]pirogue.Code{19: "", 20: operator.Unknown} {
		server := newServer(t, map[string][]response{asks[""].list: endless(pages, 1)})
		_, err := reading[operator.StatusReader](t, server.at("")).Status(t.Context(), outQuery)
		asked := len(server.requests())
		require.Equal(t, code, pirogue.CodeOf(err), "%v %v", pages, asked)
		require.Equal(t, 1+20, asked, "%v %v %v", pages, err, code)
	}
}

func TestStatusTimeout(t *testing.T) {
	t.Parallel()
	server := newServer(t, map[string][]response{asks[""].list: endless(3, 1)})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := reading[operator.StatusReader](t, server.at("")).Status(ctx, outQuery)
	require.Equal(t, operator.NotSent, pirogue.CodeOf(err), len(server.requests()))
	require.Empty(t, server.requests(), err)
}

func TestStatementPages(t *testing.T) {
	t.Parallel()
	a, b, c := row("A", "R-1", "SUCCESSFUL"), row("B", "R-2", "FAILED"), row("C", "R-3", "PENDING")
	tests := map[string]struct {
		pages []response
		want  []string
		asked int
	}{
		"nothing":                    {[]response{list()}, nil, 1},
		"one page":                   {[]response{list(a, b), list()}, []string{"R-1", "R-2"}, 2},
		"two pages":                  {[]response{list(a), list(b, c), list()}, []string{"R-1", "R-2", "R-3"}, 3},
		"a list that knows no pages": {[]response{list(a, b, c)}, []string{"R-1", "R-2", "R-3"}, 2},
		"a row on two pages":         {[]response{list(a, b), list(b, c), list()}, []string{"R-1", "R-2", "R-3"}, 3},
		"a row that changed meanwhile": {
			[]response{list(c), list(row("C", "R-3", "FAILED"), a), list()}, []string{"R-3", "R-1"}, 3,
		},
		"rows without a name, all kept": {
			[]response{list(row("A", "", "FAILED"), row("B", "", "FAILED")), list()}, []string{"", ""}, 2,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, map[string][]response{asks[""].list: tt.pages})
			from := adaptertest.Now().Add(500 * time.Millisecond)
			lines, err := reading[operator.StatementReader](t, server.at("")).Statement(t.Context(), from,
				from.Add(time.Hour))
			require.NoError(t, err)
			var got []string
			for _, line := range lines {
				got = append(got, line.TxID)
			}
			require.Equal(t, tt.want, got)
			asked := server.paths()
			last := fmt.Sprintf(
				"GET %s?from=2026-01-02T03%%3A04%%3A05Z&page=%d&size=100&to=2026-01-02T04%%3A04%%3A06Z", asks[""].list,
				tt.asked,
			)
			require.Len(t, asked, tt.asked, last)
			require.Equal(t, last, asked[len(asked)-1])
		})
	}
}

func TestIncompleteStatement(t *testing.T) {
	t.Parallel()
	first := list(row("A", "R-1", "SUCCESSFUL"))
	tests := map[string]struct {
		pages []response
		code  pirogue.Code
	}{
		"a second page that fell":    {[]response{first, respond(502, "")}, operator.Unknown},
		"a second page without rows": {[]response{first, good("null")}, operator.Unknown},
		"a row that is none":         {[]response{list(row("A", "R-1", "FAILED"), "7"), list()}, operator.Unknown},
		"a list refused": {
			[]response{respond(400, `{"code_status":400,"message":"BadRequestError"}`)}, operator.Unknown,
		},
		"over the quota": {[]response{first, respond(429, "")}, operator.NotSent},
		"251 pages":      {endless(251, 1), operator.Unknown},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, map[string][]response{asks[""].list: tt.pages})
			got, err := reading[operator.StatementReader](t, server.at("")).Statement(
				t.Context(), adaptertest.Now(), adaptertest.Now(),
			)
			require.Nil(t, got, "%v %v", len(got), err)
			require.Equal(t, tt.code, pirogue.CodeOf(err), len(got))
			asked := len(server.requests())
			require.LessOrEqual(t, asked, 250)
		})
	}
}

func TestStatementPeriod(t *testing.T) {
	t.Parallel()
	at := func(id, date string) string {
		return strings.ReplaceAll(row(id, id, "SUCCESSFUL"), "2026-01-02 03:04:05", date)
	}
	server := newServer(t, map[string][]response{asks[""].list: {list(
		at("before", "2026-01-02 03:04:04"), at("first", "2026-01-02 03:04:05"), at("last", "2026-01-02 03:04:15"),
		at("after", "2026-01-02 03:04:16"), at("fraction", "2026-01-02T03:04:15.900Z"), at("undated", "hier"),
	), list()}})
	from := adaptertest.Now().Add(900 * time.Millisecond)
	lines, err := reading[operator.StatementReader](t, server.at("")).Statement(
		t.Context(), from, adaptertest.Now().Add(10*time.Second),
	)
	require.NoError(t, err)
	var got []string
	for _, line := range lines {
		got = append(got, line.TxID)
	}
	require.Equal(t, []string{"first", "last", "fraction", "undated"}, got)
}

func TestStatementLine(t *testing.T) {
	t.Parallel()
	created := adaptertest.Now()
	seedRows := list(
		`{"ref":"R-1","transaction_id":"`+outRef+`","number_user":"+2250700000001","currency":"XOF","amount":"5000",`+
			`"fees":"7.50","amount_total":"5007.5","status":"SUCCESSFULL","type_transaction":"transfert",`+
			`"type_payment":"MTN_MONEY_CI","date":"2026-01-02 03:04:05","date_update":"2026-01-02 03:05:00"}`,
		`{"ref":"R-2","transaction_id":"TICK-1111379110832","currency":"XOF","amount":"7.5","status":"LATER",`+
			`"type_transaction":"card","date":"2026-01-02 03:04:05"}`)
	pagesRows := list(`{"ref":"A1","transactionId":"` + ref +
		`","phone":"2250700000001","currency":"XOF","amount":"310","fees":"6.2",` +
		`"amountReceive":"303.8","amountTotal":"310","status":"FAILED",` +
		`"typeTransaction":"collecte","operator":"FLOOZ_MONEY_CI","createdAt":"2026-01-02T03:04:05.000Z"}`)
	tests := map[string]struct {
		rows response
		want []operator.StatementLine
	}{
		"": {seedRows, []operator.StatementLine{{
			TxID: "R-1", Ref: outRef, Kind: pirogue.CashOut, Outcome: pirogue.OutcomePaid, Word: "SUCCESSFULL",
			Amount:   francs,
			Customer: "+2250700000001", CreatedAt: created, UpdatedAt: created.Add(55 * time.Second),
			Reason: "SUCCESSFULL MTN_MONEY_CI fees 7.50",
		}, {
			TxID: "R-2", Ref: "TICK-1111379110832", Word: "LATER", CreatedAt: created, Reason: "LATER",
		}}},
		"v1": {pagesRows, []operator.StatementLine{{
			TxID: "A1", Ref: ref, Kind: pirogue.CashIn, Outcome: pirogue.OutcomeDeclined, Word: "FAILED",
			Amount: pirogue.Money{Minor: 310, Currency: pirogue.XOF}, Customer: "2250700000001", CreatedAt: created,
			Reason: "FAILED FLOOZ_MONEY_CI fees 6.2",
		}}},
	}
	for shape, tt := range tests {
		t.Run("shape "+shape, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, map[string][]response{asks[shape].list: {tt.rows, list()}})
			got, err := reading[operator.StatementReader](t, server.at(shape)).Statement(t.Context(), created, created)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestBalanceRequest(t *testing.T) {
	t.Parallel()
	for shape, path := range map[string]string{"": "/v2/balance", "sdk": "/v1/balance", "v1": "/v1/balance"} {
		server := newServer(t, map[string][]response{path: {good(`{"amount":"250"}`)}})
		got, err := reading[operator.BalanceReader](t, server.at(shape)).Balance(t.Context())
		want := (pirogue.Money{Minor: 250, Currency: pirogue.XOF})
		require.NoError(t, err, shape)
		require.Equal(t, want, got, shape)
		require.Equal(t, []string{"GET " + path}, server.paths())
	}
}
