package digitalpaye

import (
	"context"
	"encoding/json"
	"iter"
	"maps"
	"net/url"
	"strconv"
	"time"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// The limits of a list.
const (
	pageSize  = 100 // rows, the most that a request may ask for [our reading]
	linePages = 250
)

// Statement implements operator.StatementReader, to the second. A period with more than
// 25,000 transactions is Unknown; read it in shorter periods. Statement drops rows outside
// the period, because no document states that the list filters them. It keeps a row whose
// date it cannot read.
func (o *adapter) Statement(ctx context.Context, from, to time.Time) ([]operator.StatementLine, error) {
	first, last := from.UTC().Truncate(time.Second), to.UTC().Truncate(time.Second)
	query := url.Values{"from": {writeTime(first)}, "to": {writeTime(last.Add(time.Second))}}
	lines := []operator.StatementLine{}
	for row, err := range o.transactions(ctx, query, linePages) {
		if err != nil {
			return nil, err
		}
		line := o.statementLine(row)
		created := line.CreatedAt.Truncate(time.Second)
		if created.IsZero() || !created.Before(first) && !created.After(last) {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// statementLine returns a transaction as a line of a statement. A field that cannot be read stays
// empty. The reason holds the fees as Digitalpaye printed them.
func (o *adapter) statementLine(row transaction) operator.StatementLine {
	line := operator.StatementLine{
		TxID: row.ref, Ref: pirogue.OperatorRef(row.id), Kind: kinds[row.kind],
		Outcome: statusTable[row.status], Word: row.status, Customer: row.number,
		Reason: o.Redact(row.status + " " + row.text()),
	}
	if moved, err := row.money(); err == nil {
		line.Amount = moved
	}
	line.CreatedAt = readTime(row.created)
	line.UpdatedAt = readTime(row.updated)
	return line
}

// transactions yields every transaction that a query finds, each once, in Digitalpaye's
// order. An error ends it.
func (o *adapter) transactions(ctx context.Context, query url.Values, pages int) iter.Seq2[transaction, error] {
	return func(yield func(transaction, error) bool) {
		seen := map[string]bool{}
		for raw, err := range o.listRows(ctx, o.shape.listPath, query, pages) {
			if err != nil {
				yield(transaction{}, err)
				return
			}
			row, err := o.shape.read(raw)
			if err != nil {
				yield(row, pirogue.Errorf(operator.Unknown, "a row that is no transaction: %w", err))
				return
			}
			if row.ref != "" && seen[row.ref] {
				continue
			}
			seen[row.ref] = true
			if !yield(row, nil) {
				return
			}
		}
	}
}

// listRows yields every row of a list, page by page. A page without a new row ends it. No
// document states how many rows a page has, or that there are pages at all. A list without
// pages returns all its rows again. A list longer than pages is Unknown, because a part of
// it would pass for the whole.
func (o *adapter) listRows(
	ctx context.Context, path string, query url.Values, pages int,
) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		seen := map[string]bool{}
		for page := range pages {
			paged := maps.Clone(query)
			paged.Set("page", strconv.Itoa(page+1))
			rows, err := o.listPage(ctx, path, paged)
			if err != nil {
				yield(nil, err)
				return
			}
			before := len(seen)
			for _, row := range rows {
				if !seen[string(row)] && !yield(row, nil) {
					return
				}
				seen[string(row)] = true
			}
			if len(seen) == before {
				return
			}
		}
		yield(nil, pirogue.Errorf(operator.Unknown, "the list has more than %d pages", pages))
	}
}

// listPage returns one page of a list. The query has the number of the page.
func (o *adapter) listPage(ctx context.Context, path string, query url.Values) ([]json.RawMessage, error) {
	query.Set("size", strconv.Itoa(pageSize))
	reply, err := o.query(ctx, client.Get(path, query), operator.Unknown)
	if err != nil {
		return nil, err
	}
	var rows []json.RawMessage
	if err := json.Unmarshal(reply.Data, &rows); err != nil {
		return nil, pirogue.Errorf(operator.Unknown, "list: not the JSON of the documents: %w", err)
	}
	if rows == nil {
		return nil, pirogue.Errorf(operator.Unknown, "an answer without a list")
	}
	return rows, nil
}
