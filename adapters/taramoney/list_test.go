package taramoney_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/operator"
)

// page returns a page of n transactions, numbered from first, all of the tests' time.
func page(first, n int) response {
	rows := make([]string, 0, n)
	for i := range n {
		rows = append(rows, fmt.Sprintf(`{"transactionId":"txn_%d","amount":5000,"currency":"XAF","status":"PAID",`+
			`"paidAt":"2026-01-02T03:04:05Z"}`, first+i))
	}
	return respond(200, "["+strings.Join(rows, ",")+"]")
}

func TestStatementPages(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		pages []response
		lines int
		last  int // row at which the last page began
	}{
		"nothing":                              {[]response{page(0, 0)}, 0, 0},
		"less than a page":                     {[]response{page(0, 3), page(0, 0)}, 3, 3},
		"whole pages":                          {[]response{page(0, 100), page(100, 100), page(0, 0)}, 200, 200},
		"pages smaller than asked for":         {[]response{page(0, 20), page(20, 20), page(40, 7), page(0, 0)}, 47, 47},
		"a row on two pages, while time flies": {[]response{page(0, 100), page(99, 5), page(0, 0)}, 104, 105},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newTara(t, tt.pages...)
			now := adaptertest.Now()
			got, err := reading[operator.StatementReader](t, at(server, mute())).Statement(t.Context(), now, now)
			require.NoError(t, err, len(got))
			require.Len(t, got, tt.lines)
			asked := server.Requests()
			want := adaptertest.RecordedRequest{
				Method: "POST", Path: "/api/tara/transactionlist",
				Body: account + fmt.Sprintf(`"start":%d,"size":100}`, tt.last), Header: asked[len(asked)-1].Header,
			}
			require.Equal(t, want, asked[len(asked)-1], "%v %v", len(asked), len(tt.pages))
			require.Len(t, asked, len(tt.pages))
		})
	}
}

func TestIncompleteList(t *testing.T) {
	t.Parallel()
	nameless := respond(200, `[{"amount":5000,"currency":"XAF","status":"PAID"}]`)
	tests := map[string]struct {
		pages []response
		code  pirogue.Code
		asked int
	}{
		"a page that comes again": {[]response{page(0, 100)}, operator.Unknown, 2},
		"a page that never ends":  {[]response{nameless}, operator.Unknown, 500},
		"a second page that fell": {[]response{page(0, 100), respond(502, "")}, operator.Unknown, 2},
		"a second page refused":   {[]response{page(0, 100), respond(400, `{"status":"FAILURE"}`)}, operator.Unknown, 2},
		"over the quota":          {[]response{page(0, 100), respond(429, "")}, operator.NotSent, 2},
		"an error for a list":     {[]response{respond(200, `{"status":"ERROR","message":"NO"}`)}, operator.Unknown, 1},
		"null for a list":         {[]response{respond(200, `null`)}, operator.Unknown, 1},
		"a web page for a list":   {[]response{respond(200, `<html></html>`)}, operator.Unknown, 1},
		"half a list":             {[]response{respond(200, `[{"transactionId":"1"}`)}, operator.Unknown, 1},
		"nothing for a list":      {[]response{respond(200, ``)}, operator.Unknown, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newTara(t, tt.pages...)
			now := adaptertest.Now()
			got, err := reading[operator.StatementReader](t, at(server, cameroon)).Statement(t.Context(), now, now)
			require.Nil(t, got, "%v %v", len(got), err)
			require.Equal(t, tt.code, pirogue.CodeOf(err), len(got))
			asked := len(server.Requests())
			require.Equal(t, tt.asked, asked)
		})
	}
}

func TestStatementLine(t *testing.T) {
	t.Parallel()
	server := newTara(t, respond(200, `[
		{"transactionId":"txn_1","productId":"`+ref+`","amount":5000,"currency":"XAF","status":"pending",
		 "createdAt":"2026-05-11T14:30:00.250+02:00"},
		{"transactionId":2,"amount":"5000.00","currency":"xaf","status":"PAID",
		 "createdAt":"2026-05-11T12:30:00Z","paidAt":"2026-05-11T12:31:00Z"},
		{"transactionId":"txn_3","amount":7.5,"currency":"XAF","status":"REVERSED 696717597",
		 "createdAt":"2026-05-11 12:30:00"},
		{"amount":5000,"createdAt":null}]`), respond(200, `[]`))
	from := time.Date(2026, 5, 11, 0, 0, 0, 0, time.UTC)
	got, err := reading[operator.StatementReader](t, at(server, cameroon)).Statement(
		t.Context(), from, from.Add(24*time.Hour),
	)
	require.NoError(t, err)
	const ours = "TcMpnFWlIz"
	began := time.Date(2026, 5, 11, 12, 30, 0, 0, time.UTC)
	want := []operator.StatementLine{{
		TxID: "txn_1", Ref: ref, Kind: pirogue.CashIn, Outcome: pirogue.OutcomePending, Word: "pending", Amount: francs,
		Partner: ours, CreatedAt: began.Add(250 * time.Millisecond),
	}, {
		TxID: "2", Kind: pirogue.CashIn, Outcome: pirogue.OutcomePaid, Word: "PAID", Amount: francs, Partner: ours,
		CreatedAt: began, UpdatedAt: began.Add(time.Minute),
	}, {
		TxID: "txn_3", Kind: pirogue.CashIn, Word: "REVERSED [secret]", Partner: ours,
	}, {
		Kind: pirogue.CashIn, Partner: ours,
	}}
	require.Equal(t, want, got)
}

func TestStatementPeriod(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 5, 11, 0, 0, 0, 0, time.UTC)
	to := from.Add(time.Hour)
	before, after := from.Add(-time.Second).Format(time.RFC3339), to.Add(time.Second).Format(time.RFC3339)
	first, last := from.Format(time.RFC3339), to.Format(time.RFC3339)
	tests := map[string]struct {
		times string
		in    bool
	}{
		"begun before":                  {`"createdAt":"` + before + `"`, false},
		"begun with it":                 {`"createdAt":"` + first + `"`, true},
		"begun at its end":              {`"createdAt":"` + last + `"`, true},
		"begun after":                   {`"createdAt":"` + after + `"`, false},
		"paid before":                   {`"paidAt":"` + before + `"`, false},
		"paid within":                   {`"paidAt":"` + last + `"`, true},
		"begun before, paid within":     {`"createdAt":"` + before + `","paidAt":"` + first + `"`, true},
		"begun within, paid after":      {`"createdAt":"` + last + `","paidAt":"` + after + `"`, true},
		"begun before, paid who knows":  {`"createdAt":"` + before + `","paidAt":"yesterday"`, true},
		"with no time at all":           {`"amount":1`, true},
		"at a time that nobody can say": {`"createdAt":"yesterday"`, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newTara(t, respond(200, `[{"transactionId":"txn_1",`+tt.times+`}]`), respond(200, `[]`))
			got, err := reading[operator.StatementReader](t, at(server, cameroon)).Statement(t.Context(), from, to)
			require.NoError(t, err, len(got))
			require.Equal(t, tt.in, (len(got) == 1))
		})
	}
}
