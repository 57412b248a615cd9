package sonatel

import (
	"context"
	"net/url"
	"time"

	"pirogue"
	"pirogue/operator"
)

// The limits of a list.
const (
	lineSize  = 200 // rows of a page, so that it stays under client.MaxBody; Orange allows up to 500
	linePages = 250
)

// Statement implements operator.StatementReader, to the second. A period with more than
// 50,000 transactions is Unknown; read it in shorter periods.
func (h *history) Statement(ctx context.Context, from, to time.Time) ([]operator.StatementLine, error) {
	return h.statementLines(ctx, url.Values{"fromDateTime": {writeTime(from)}, "toDateTime": {writeTime(to)}})
}

// statementLines returns every row that a query finds, each once. A list that grows during the
// reading shows some rows on two pages.
func (h *history) statementLines(ctx context.Context, query url.Values) ([]operator.StatementLine, error) {
	rows, err := h.searchTransactions(ctx, query, lineSize, linePages)
	if err != nil {
		return nil, err
	}
	lines := make([]operator.StatementLine, 0, len(rows))
	seen := make(map[string]bool, len(rows))
	for _, row := range rows {
		if row.TransactionID != "" && seen[row.TransactionID] {
			continue
		}
		seen[row.TransactionID] = true
		lines = append(lines, h.statementLine(row))
	}
	return lines, nil
}

// statementLine returns a row as a line of a statement. A field that cannot be read stays empty,
// because a missing line would be worse.
func (h *history) statementLine(row transaction) operator.StatementLine {
	line := operator.StatementLine{
		TxID: row.TransactionID, Ref: pirogue.OperatorRef(row.Reference), Kind: kinds[row.Type],
		Outcome: statusTable[row.Status], Word: row.Status,
		Customer: string(row.Customer.ID), Partner: string(row.Partner.ID),
		Reason: h.Redact(row.text()),
	}
	if moved, err := row.Amount.money(); err == nil {
		line.Amount = moved
	}
	line.CreatedAt, _ = readTime(row.CreatedAt)
	line.UpdatedAt, _ = readTime(row.UpdatedAt)
	return line
}
