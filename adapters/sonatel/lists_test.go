package sonatel_test

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/config"
	"pirogue/operator"
)

// clerk combines the methods of an instance besides single payments.
type clerk interface {
	payer
	Statement(ctx context.Context, from, to time.Time) ([]operator.StatementLine, error)
}

// page returns a page of n transactions, numbered from first.
func page(first, n int) response {
	rows := make([]string, 0, n)
	for i := range n {
		rows = append(rows, fmt.Sprintf(`{"transactionId":"MP%d","type":"MERCHANT_PAYMENT","status":"SUCCESS",`+
			`"amount":{"value":10.0,"unit":"XOF"},"reference":"%s"}`, first+i, ref))
	}
	return respond(200, "["+strings.Join(rows, ",")+"]")
}

func TestStatementPages(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		pages []response
		lines int
		asked int
	}{
		"nothing":                              {[]response{page(0, 0)}, 0, 1},
		"less than a page":                     {[]response{page(0, 3)}, 3, 1},
		"whole pages and nothing":              {[]response{page(0, 200), page(200, 200), page(400, 0)}, 400, 3},
		"pages smaller than asked for":         {[]response{page(0, 50), page(50, 50), page(100, 7)}, 107, 3},
		"a row on two pages, while time flies": {[]response{page(0, 200), page(199, 5)}, 204, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, map[string][]response{transactionsPath: tt.pages})
			from := adaptertest.Now()
			got, err := reading[clerk](t, server.at()).Statement(t.Context(), from, from.Add(24*time.Hour))
			require.NoError(t, err, len(got))
			require.Len(t, got, tt.lines)
			asked := server.requests(transactionsPath)
			last := fmt.Sprintf(
				"%s?fromDateTime=2026-01-02T03%%3A04%%3A05Z&page=%d&size=200&toDateTime=2026-01-03T03%%3A04%%3A05Z",
				transactionsPath, tt.asked-1)
			require.Len(t, asked, tt.asked, "%v %v", asked[len(asked)-1].Path, last)
			require.Equal(t, last, asked[tt.asked-1].Path, "%v %v", len(asked), asked[len(asked)-1].Path)
		})
	}
}

func TestIncompleteList(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		pages []response
		code  pirogue.Code
	}{
		"a page that never ends":  {[]response{page(0, 20)}, operator.Unknown},
		"a second page that fell": {[]response{page(0, 200), respond(502, "")}, operator.Unknown},
		"over the quota":          {[]response{page(0, 200), respond(429, "")}, operator.NotSent},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, map[string][]response{transactionsPath: tt.pages})
			o := reading[clerk](t, server.at())
			got, err := o.Statement(t.Context(), adaptertest.Now(), adaptertest.Now())
			require.Nil(t, got, "%v %v", len(got), err)
			require.Equal(t, tt.code, pirogue.CodeOf(err), len(got))
			asked := len(server.requests(transactionsPath))
			require.LessOrEqual(t, asked, 250)
		})
	}
}

func TestStatusPages(t *testing.T) {
	t.Parallel()
	success := page(90, 1)
	success.Body = strings.ReplaceAll(success.Body, `10.0`, `5000.0`)
	server := newOrange(t, map[string][]response{transactionsPath: {failures(20), failures(20), success}})
	got, err := reading[operator.StatusReader](t, server.at()).Status(t.Context(), query)
	require.NoError(t, err)
	require.Equal(t, pirogue.OutcomePaid, got.Outcome)
	require.Equal(t, francs, got.Amount)
	endless := newOrange(t, map[string][]response{transactionsPath: {failures(20)}})
	_, err = reading[operator.StatusReader](t, endless.at()).Status(t.Context(), query)
	asked := len(endless.requests(transactionsPath))
	require.Equal(t, operator.Unknown, pirogue.CodeOf(err), asked)
	require.Equal(t, 5, asked, err)
}

// failures returns a page of failed attempts.
func failures(n int) response {
	a := page(0, n)
	a.Body = strings.ReplaceAll(a.Body, "SUCCESS", "FAILED")
	return a
}

func TestStatementLine(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]response{transactionsPath: {respond(200, `[
		{"transactionId":"CI1","type":"CASHIN","status":"FAILED","statusReason":"solde du 771234567",
		 "amount":{"value":5000.0,"unit":"XOF"},
		 "reference":"`+outRef+`","partner":{"id":"781112233"},"customer":{"id":"771234567"},
		 "createdAt":"2026-01-02T03:04:31.250Z","updatedAt":"2026-01-02T03:04:33"},
		{"transactionId":"XX2","type":"COMMISSION","status":"LATER","statusReason":null,
		 "amount":{"value":7.5,"unit":"XOF"},"createdAt":"02-01-2026 03:04:31"}]`)}})
	got, err := reading[clerk](t, server.at()).Statement(t.Context(), adaptertest.Now(), adaptertest.Now())
	require.NoError(t, err)
	want := []operator.StatementLine{{
		TxID: "CI1", Ref: outRef, Kind: pirogue.CashOut, Outcome: pirogue.OutcomeDeclined, Word: "FAILED", Amount: francs,
		Customer: "771234567", Partner: "781112233", CreatedAt: time.Date(2026, 1, 2, 3, 4, 31, 250_000_000, time.UTC),
		UpdatedAt: time.Date(2026, 1, 2, 3, 4, 33, 0, time.UTC), Reason: "FAILED solde du [secret]",
	}, {
		TxID: "XX2", Word: "LATER", CreatedAt: time.Date(2026, 1, 2, 3, 4, 31, 0, time.UTC), Reason: "LATER",
	}}
	require.Equal(t, want, got)
}

func TestBulkRequest(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]response{
		balancePath: {respond(200, `{"value":10.0,"unit":"XOF"}`)},
		bulkPath:    {respond(200, `{"bulkId":"b-1","status":"ACCEPTED"}`)},
	})
	o := reading[clerk](t, server.at())
	second := disbursement
	second.Ref, second.MSISDN = "CO2", "+221780000002"
	id, err := o.BulkDisburse(t.Context(), []operator.DisburseRequest{disbursement, second}, "https://pay.example/bulk")
	require.NoError(t, err, id)
	require.Equal(t, "b-1", id)
	sent := server.requests(bulkPath)[0]
	line :=
		`{"partner":{"idType":"MSISDN","id":"781112233","encryptedPinCode":""},"customer":{"idType":"MSISDN","id":"%s"},` +
			`"amount":{"value":5000,"unit":"XOF"},"reference":"%s","receiveNotification":true}`
	want := "[" + fmt.Sprintf(line, "771234567", outRef) + "," + fmt.Sprintf(line, "780000002", "CO2") + "]"
	require.Equal(t, want, seals.ReplaceAllString(sent.Body, `"encryptedPinCode":""`))
	require.Equal(t, "https://pay.example/bulk", sent.Header.Get("X-Callback-Url"), sent.PINs)
	require.Equal(t, []string{pin, pin}, sent.PINs, sent.Header.Get("X-Callback-Url"))
}

func TestBulkResponses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		response response
		id       string
		code     pirogue.Code
	}{
		"failed as a whole":         {respond(200, `{"bulkId":"b-1","status":"FAILED"}`), "b-1", operator.Unknown},
		"a word unknown":            {respond(200, `{"bulkId":"b-1","status":"LATER"}`), "b-1", operator.Unknown},
		"no identifier":             {respond(200, `{"status":"ACCEPTED"}`), "", operator.Unknown},
		"a page":                    {respond(200, "<html></html>"), "", operator.Unknown},
		"out of time":               {respond(504, ""), "", operator.Unknown},
		"of too small a float":      {problem(400, "2021"), "", operator.Unknown}, // some lines may be paid already
		"of a merchant's ceiling":   {problem(400, "2024"), "", operator.Unknown},
		"of one beneficiary":        {problem(400, "2043"), "", operator.Unknown},
		"of one number":             {problem(404, "2000"), "", operator.Unknown},
		"of a key that was renewed": {problem(400, "4003"), "", operator.Unknown},
		"of its body":               {problem(400, "22"), "", operator.Refused},
		"of the PIN":                {problem(400, "2012"), "", operator.Unable},
		"of the merchant":           {problem(403, "2042"), "", operator.Unable},
		"of the application":        {problem(403, "11"), "", operator.NotSent},
		"over the quota":            {respond(429, ""), "", operator.NotSent},
		"a number for an id":        {respond(200, `{"bulkId":7,"status":"SUCCESS"}`), "7", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, map[string][]response{
				balancePath: {respond(200, `{"value":10.0,"unit":"XOF"}`)}, bulkPath: {tt.response},
			})
			id, err := reading[clerk](t, server.at()).BulkDisburse(t.Context(), []operator.DisburseRequest{disbursement}, "")
			require.Equal(t, tt.id, id, err)
			require.Equal(t, tt.code, pirogue.CodeOf(err), id)
			posts := len(server.requests(bulkPath))
			require.Equal(t, 1, posts)
		})
	}
}

func TestRenewedKeyBeforeBulk(t *testing.T) {
	t.Parallel()
	left := respond(200, `{"value":10.0,"unit":"XOF"}`)
	server := newOrange(t, map[string][]response{
		balancePath: {left, problem(400, "4003"), left}, bulkPath: {respond(200, `{"bulkId":"b-1","status":"ACCEPTED"}`)},
	})
	o := reading[clerk](t, server.at())
	for range 2 {
		_, err := o.BulkDisburse(t.Context(), []operator.DisburseRequest{disbursement}, "")
		require.NoError(t, err)
		server.rotate()
	}
	last := server.requests(bulkPath)[1]
	second, err := base64.StdEncoding.DecodeString(seals.FindStringSubmatch(last.Body)[1])
	require.NoError(t, err)
	_, err = rsa.DecryptPKCS1v15(nil, server.keys[1], second) //nolint:staticcheck // the padding that Orange reads
	require.NoError(t, err)
}

func TestBulkTimeout(t *testing.T) {
	t.Parallel()
	const patience = time.Second
	left, taken := respond(200, `{"value":10.0,"unit":"XOF"}`), respond(200, `{"bulkId":"b-1","status":"ACCEPTED"}`)
	left.Takes, taken.Takes = 3*patience/5, 3*patience/5 // each is in time, and both together are not
	conf := newOrange(t, map[string][]response{balancePath: {left}, bulkPath: {taken}}).at()
	conf.Timeout = config.Duration(patience)
	_, err := reading[clerk](t, conf).BulkDisburse(t.Context(), []operator.DisburseRequest{disbursement}, "")
	code := pirogue.CodeOf(err)
	require.False(t, code != operator.Unknown && code != operator.NotSent, "%v, want it given up", err)
}

func TestWrongPINBeforeBulk(t *testing.T) {
	t.Parallel()
	server := newOrange(
		t,
		map[string][]response{
			balancePath: {problem(400, "2011")}, bulkPath: {respond(200, `{"bulkId":"b-1","status":"ACCEPTED"}`)},
		},
	)
	_, err := reading[clerk](t, server.at()).BulkDisburse(t.Context(), []operator.DisburseRequest{disbursement}, "")
	require.Equal(t, operator.NotSent, pirogue.CodeOf(err), len(server.requests(bulkPath)))
	require.Empty(t, server.requests(bulkPath), err)
}

func TestUnacceptableBulk(t *testing.T) {
	t.Parallel()
	poor := disbursement
	poor.Amount.Minor, poor.Ref = 0, "CO2"
	tests := map[string][]operator.DisburseRequest{
		"no line":           nil,
		"501 lines":         make([]operator.DisburseRequest, 501),
		"a line of nothing": {disbursement, poor},
		"one order, twice":  {disbursement, disbursement},
	}
	for name, all := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, map[string][]response{})
			_, err := reading[clerk](t, server.at()).BulkDisburse(t.Context(), all, "")
			require.Equal(t, operator.Unable, pirogue.CodeOf(err), err)
			require.Empty(t, server.requests(tokenPath), err)
		})
	}
}
