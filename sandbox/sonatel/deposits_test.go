package sonatel_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/sonatel"
)

// TestRefusedDeposit makes one field at a time invalid. No such call costs a try of the
// PIN or appears in the history.
func TestRefusedDeposit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := func(id string) fields { return fields{"customer": fields{"idType": "MSISDN", "id": id}} }
	money := func(value any, unit string) fields {
		return fields{"amount": fields{"value": value, "unit": unit}}
	}
	entries := fields{}
	for i := range 11 {
		entries[fmt.Sprint(i)] = "x"
	}
	for name, row := range map[string]struct {
		change fields
		code   string
	}{
		"a number with its country code": {customer("221770123456"), "2001"},
		"a number with a plus sign":      {customer("+770123456"), "2001"},
		"a customer named by a code":     {fields{"customer": fields{"idType": "CODE", "id": "770123456"}}, "20"},
		"a wallet there is not": {
			fields{"customer": fields{"idType": "MSISDN", "id": "770123456", "walletType": "GOLD"}}, "20",
		},
		"another retailer": {
			fields{"partner": fields{"idType": "MSISDN", "id": "770000009", "encryptedPinCode": "x"}}, "2042",
		},
		"a retailer without a PIN": {
			fields{"partner": fields{"idType": "MSISDN", "id": sonatel.RetailerMSISDN}}, "20",
		},
		"a PIN that is not encrypted": {
			fields{"partner": fields{
				"idType": "MSISDN", "id": sonatel.RetailerMSISDN,
				"encryptedPinCode": sonatel.PIN,
			}}, "4003",
		},
		"half a franc":                      {money(10.5, "XOF"), "22"},
		"nothing":                           {money(0, "XOF"), "20"},
		"less than nothing":                 {money(-5, "XOF"), "20"},
		"more than there is":                {money(100_000_000_001, "XOF"), "20"},
		"another currency":                  {money(500, "XAF"), "20"},
		"a reference of 51 characters":      {fields{"reference": strings.Repeat("é", 51)}, "20"},
		"eleven entries of metadata":        {fields{"metadata": entries}, "20"},
		"metadata that is not text":         {fields{"metadata": fields{"n": 1}}, "20"},
		"a date that is none":               {fields{"requestDate": "yesterday"}, "20"},
		"more than the float":               {money(1_000_000_001, "XOF"), "2021"},
		"metadata of more than 255 bytes":   {fields{"metadata": fields{"x": strings.Repeat("x", 256)}}, "20"},
		"a callback address that is a path": {fields{"callback": "/path"}, "20"},
	} {
		req := w.call(http.MethodPost, cashins, w.depositBody("R1", "770123456", row.change))
		if address, named := row.change["callback"].(string); named {
			req.Header.Set("X-Callback-Url", address)
		}
		w.expectRefused(req, http.StatusBadRequest, row.code, name)
	}
	require.Zero(t, *w.Sim.Switches().WrongPINs)
	require.Empty(t, w.Sim.Transactions())
}

func TestDeposit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]fields{
		"an amount in quotes":          {"amount": fields{"value": "10", "unit": "XOF"}},
		"an amount with a zero behind": {"amount": fields{"value": 10.0, "unit": "XOF"}},
		"a reference of 50 characters": {"reference": strings.Repeat("é", 50)},
		"no reference and no metadata": {"reference": nil, "metadata": nil},
		"a wallet and a date": {
			"customer":    fields{"idType": "MSISDN", "id": "770123456", "walletType": "BONUS"},
			"requestDate": "2026-03-12T09:30:00Z",
		},
		"fields nobody knows":           {"colour": "blue"},
		"a single franc":                {"amount": fields{"value": 1, "unit": "XOF"}},
		"an amount written as 500.0000": {"amount": fields{"value": "500.0000", "unit": "XOF"}},
	} {
		reply := w.expectAccepted(w.call(http.MethodPost, cashins, w.depositBody("R1", "770123456", change)), name)
		require.Regexp(t, `^CI260312\.0930\.A`, reply["transactionId"], name)
		require.NotEmpty(t, reply["requestId"], name)
		require.NotEmpty(t, reply["description"], name)
	}
}

func TestBulk(t *testing.T) {
	t.Parallel()
	// The float is too low for two of the seven lines.
	t.Run("seven_lines", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.SetSwitches(`{"balance": 150000}`)
		lines := []fields{}
		for _, customer := range []string{
			"770123456", "770111111", "770222222", "770543210", "770999999", "770444444", "770123456",
		} {
			lines = append(lines, w.depositBody("R-"+customer, customer))
		}
		req := w.call(http.MethodPost, bulkCashins, lines)
		req.Header.Set("X-Callback-Url", w.Inbox.NotifyURL())
		reply := w.expectAccepted(req, bulkCashins)
		require.Equal(t, "PENDING", reply["status"])
		w.AwaitNotices(4)
		w.Clock.Advance(time.Minute)
		ends := map[string]int{}
		for _, line := range w.search("bulkId=" + reply.Text("bulkId")) {
			ends[line.Text("status")]++
		}
		require.Equal(t, map[string]int{"FAILED": 1, "REJECTED": 3, "SUCCESS": 3}, ends)
		w.ExpectNotices(7)
		require.Len(t, w.Sim.Book(), 3)
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		good, badPIN := w.depositBody("R1", "770123456"), fields{"partner": w.retailer("0000")}
		for name, row := range map[string]struct {
			body any
			code string
		}{
			"no deposit at all":       {[]fields{}, "20"},
			"501 deposits":            {make([]fields, 501), "20"},
			"an object":               {good, "20"},
			"a line with a bad PIN":   {[]fields{good, w.depositBody("R2", "770123456", badPIN)}, "2011"},
			"a line without a number": {[]fields{w.depositBody("R1", "")}, "2001"},
		} {
			w.expectRefused(w.call(http.MethodPost, bulkCashins, row.body), http.StatusBadRequest, row.code, name)
		}
		require.Empty(t, w.Sim.Transactions())
	})
}
