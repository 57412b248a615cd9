package taramoney

import (
	"context"
	"encoding/json"
	"time"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// listPath is the path of a business's list of transactions.
const listPath = "/transactionlist"

// The limits of a list.
const (
	listSize  = 100 // rows of a page, the most that one call requests
	listPages = 500
)

// listRequest is the body of POST transactionlist.
type listRequest struct {
	account

	Start int `json:"start"` // rows before the page
	Size  int `json:"size"`
}

// listRow is one transaction of a list. A pending one has createdAt, a paid one has paidAt.
// productId is in no document, and not in every account's list.
type listRow struct {
	TransactionID client.Text `json:"transactionId"`
	ProductID     client.Text `json:"productId"`
	Amount        client.Text `json:"amount"`
	Currency      client.Text `json:"currency"`
	Status        client.Text `json:"status"`
	CreatedAt     client.Text `json:"createdAt"`
	PaidAt        client.Text `json:"paidAt"`
}

// Statement implements operator.StatementReader. Taramoney's list knows no period, so all of
// it is read and filtered here. A transaction without a readable time is in every period. A
// list of more than 50,000 transactions is Unknown.
func (o *adapter) Statement(ctx context.Context, from, to time.Time) ([]operator.StatementLine, error) {
	rows, err := o.readList(ctx)
	if err != nil {
		return nil, err
	}
	lines := make([]operator.StatementLine, 0, len(rows))
	for _, r := range rows {
		if r.isWithin(from, to) {
			lines = append(lines, o.statementLine(r))
		}
	}
	return lines, nil
}

// readList returns the whole list, each transaction once. A list that grows during the reading
// shows some rows on two pages. Only an empty page ends it, because no document states that
// pages have the size requested.
func (o *adapter) readList(ctx context.Context) ([]listRow, error) {
	var all []listRow
	seen := make(map[client.Text]bool)
	start := 0
	for range listPages {
		page, err := o.readPage(ctx, start)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			return all, nil
		}
		before := len(all)
		for _, r := range page {
			if r.TransactionID != "" && seen[r.TransactionID] {
				continue
			}
			seen[r.TransactionID] = true
			all = append(all, r)
		}
		if len(all) == before {
			return nil, pirogue.Errorf(operator.Unknown, "the list from row %d on repeats what came before it", start)
		}
		start += len(page)
	}
	return nil, pirogue.Errorf(operator.Unknown, "the list has more than %d pages", listPages)
}

// readPage returns the page that begins at row start.
func (o *adapter) readPage(ctx context.Context, start int) ([]listRow, error) {
	body, err := o.query(ctx, listPath, listRequest{account: o.account(), Start: start, Size: listSize})
	if err != nil {
		return nil, err
	}
	var page []listRow
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, pirogue.Errorf(operator.Unknown, "no list: %s", o.Redact(readMessage(body).String()))
	}
	if page == nil {
		return nil, pirogue.Errorf(operator.Unknown, "no list: null")
	}
	return page, nil
}

// statementLine returns a row as a line of a statement. Our reading: the list holds collections, and
// its amounts are gross.
func (o *adapter) statementLine(r listRow) operator.StatementLine {
	line := operator.StatementLine{
		TxID: string(r.TransactionID), Ref: pirogue.OperatorRef(r.ProductID), Kind: pirogue.CashIn,
		Outcome: statusTable[upperWord(r.Status)], Word: o.Redact(string(r.Status)),
		Partner:   o.conf.Credentials[credBusinessID],
		CreatedAt: readTime(r.CreatedAt), UpdatedAt: readTime(r.PaidAt),
	}
	if paid, err := o.readAmount(payment{Amount: r.Amount, Currency: r.Currency}); err == nil && r.Currency != "" {
		line.Amount = paid
	}
	return line
}

// isWithin reports whether a transaction began or was paid within a period. It also reports
// true for one without a readable time, which may have been.
func (r listRow) isWithin(from, to time.Time) bool {
	for _, written := range []client.Text{r.CreatedAt, r.PaidAt} {
		at := readTime(written)
		if written != "" && (at.IsZero() || (!at.Before(from) && !at.After(to))) {
			return true
		}
	}
	return r.CreatedAt == "" && r.PaidAt == ""
}

// readTime reads an instant with its zone. It returns the zero time for a text without one.
// Cameroon keeps +01:00 and Taramoney's samples +02:00, so such a time means nothing.
func readTime(s client.Text) time.Time {
	t, err := time.Parse(time.RFC3339Nano, string(s))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
