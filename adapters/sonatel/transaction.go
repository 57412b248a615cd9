package sonatel

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// keyTransactionID is the handle's key for Orange's identifier of a transaction.
const keyTransactionID = "transaction_id"

// transactionsPath is the path of Orange's search.
const transactionsPath = "/api/eWallet/v1/transactions"

// shortPage is Orange's own page size. A page with fewer rows is the last, even if a larger
// one was requested and Orange chose the size.
const shortPage = 20

// transaction is one row of the search, and the body of a callback. Orange adds metadata of
// its own, which we do not read.
type transaction struct {
	TransactionID string          `json:"transactionId"`
	Type          string          `json:"type"`
	Status        string          `json:"status"`
	StatusReason  json.RawMessage `json:"statusReason"` // of no documented form
	Amount        amount          `json:"amount"`
	Reference     string          `json:"reference"`
	Partner       party           `json:"partner"`
	Customer      party           `json:"customer"`
	CreatedAt     string          `json:"createdAt"`
	UpdatedAt     string          `json:"updatedAt"`
}

// amount is an amount in a response. Value is a float, such as 10.0.
type amount struct {
	Value json.Number `json:"value"`
	Unit  string      `json:"unit"`
}

// party is one side of a transaction in a response.
type party struct {
	IDType string      `json:"idType"`
	ID     client.Text `json:"id"`
}

// money returns the amount in the currency that Orange names.
func (a amount) money() (pirogue.Money, error) {
	if a.Unit == "" {
		return pirogue.Money{}, pirogue.Errorf(operator.Unknown, "amount without a unit")
	}
	francs, err := readFrancs(a.Value)
	if err != nil {
		return pirogue.Money{}, pirogue.Errorf(operator.Unknown, "%w", err)
	}
	return pirogue.Money{Minor: francs, Currency: pirogue.Currency(a.Unit)}, nil
}

// maxExponent is the largest power of ten read from an amount.
const maxExponent = 18

// readFrancs reads an amount in Java's notation of floats: 10.0, and 1.25E7 from ten million
// on. It returns an error for an amount that is not a whole number.
func readFrancs(n json.Number) (int64, error) {
	mantissa, power, scientific := strings.Cut(strings.ToUpper(n.String()), "E")
	shift, err := strconv.Atoi(power)
	if !scientific || err != nil || shift < 0 || shift > maxExponent {
		return client.ParseAmount(n)
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	fraction += strings.Repeat("0", maxExponent)
	return client.ParseAmount(json.Number(whole + fraction[:shift] + "." + fraction[shift:]))
}

// text returns a row's text for people.
func (t transaction) text() string { return t.Status + " " + t.reason() }

// reason returns the reason of a row's status, "" if it has none.
func (t transaction) reason() string {
	reason := strings.Trim(string(t.StatusReason), `"`)
	if reason == "null" {
		return ""
	}
	return reason
}

// transactionResult returns the operator result of a callback, or of one transaction's status.
func (h *history) transactionResult(t transaction) (operator.OperatorResult, error) {
	result, err := h.Result(client.StatusFields{ID: t.TransactionID, Status: t.Status, Text: t.reason()})
	if err != nil {
		return operator.OperatorResult{}, err
	}
	return result, nil
}

// searchTransactions returns every row that a query finds, on at most pages pages. A longer list is
// Unknown, because a part of it would pass for the whole.
func (h *history) searchTransactions(ctx context.Context, query url.Values, size, pages int) ([]transaction, error) {
	var all []transaction
	query.Set("size", strconv.Itoa(size))
	for page := range pages {
		query.Set("page", strconv.Itoa(page))
		resp, err := h.Query(ctx, h.get(transactionsPath, query))
		if err != nil {
			return nil, err
		}
		rows, err := readRows(resp.Body)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if len(rows) < min(size, shortPage) {
			return all, nil
		}
	}
	return nil, pirogue.Errorf(operator.Unknown, "the list has more than %d pages of %d rows", pages, size)
}

// readRows reads a list: a bare array in production, an object with transactions in older
// texts.
func readRows(body []byte) ([]transaction, error) {
	var listed struct {
		Transactions []transaction `json:"transactions"`
	}
	var err error
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
		err = json.Unmarshal(body, &listed.Transactions)
	} else {
		err = json.Unmarshal(body, &listed)
	}
	if err != nil {
		return nil, pirogue.Errorf(operator.Unknown, "transactions: not the JSON of the specification: %w", err)
	}
	if listed.Transactions == nil {
		return nil, pirogue.Errorf(operator.Unknown, "transactions: no list")
	}
	return listed.Transactions, nil
}

// timeLayouts lists the forms of Orange's dates. Senegal keeps UTC, so a time without a zone is
// UTC.
var timeLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700", "2006-01-02T15:04:05", "02-01-2006 15:04:05",
}

// readTime reads an instant. It returns false for a text that it cannot read.
func readTime(s string) (time.Time, bool) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// writeTime formats an instant for the search.
func writeTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
