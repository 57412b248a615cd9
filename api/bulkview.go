package api

import (
	"bufio"
	"context"
	"regexp"
	"strconv"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/bulk"
)

// bulkView is a bulk in the merchant API.
type bulkView struct {
	ID          pirogue.BulkID            `json:"bulk_id"`
	Reference   string                    `json:"merchant_bulk_id"`
	State       bulk.BulkState            `json:"state"`
	CountryCode pirogue.CountryCode       `json:"country_code"`
	Currency    pirogue.Currency          `json:"currency"`
	Lines       int                       `json:"lines"`
	Amount      int64                     `json:"amount"` // minor units, the sum of all lines
	Fee         int64                     `json:"fee"`    // minor units, the sum of all lines, frozen at acceptance
	Counts      map[bulk.LineStatus]int   `json:"counts"`
	Amounts     map[bulk.LineStatus]int64 `json:"amounts"` // minor units
	Percent     percentView               `json:"percent"`
	NotifyLines bool                      `json:"notify_lines"`
	CreatedAt   string                    `json:"created_at"`
	UpdatedAt   string                    `json:"updated_at"`
	StartedAt   string                    `json:"started_at,omitempty"` // left out until the workflow begins
	ClosedAt    string                    `json:"closed_at,omitempty"`  // left out until the last line ends
	Metadata    map[string]string         `json:"metadata"`
	Livemode    bool                      `json:"livemode"`
}

// percentView holds shares of all lines in whole per cent, rounded down.
type percentView struct {
	Done      int `json:"done"` // ended in any way
	Paid      int `json:"paid"`
	Failed    int `json:"failed"`
	Cancelled int `json:"cancelled"`
}

// bulkOf returns a bulk's view, with a count for every status.
func bulkOf(p bulk.BulkProgress) bulkView {
	view := bulkView{
		ID: p.ID, Reference: p.Reference, State: p.State, CountryCode: p.Country, Currency: p.Amount.Currency,
		Lines: p.Lines, Amount: p.Amount.Minor, Fee: p.Fee.Minor,
		Counts: map[bulk.LineStatus]int{}, Amounts: map[bulk.LineStatus]int64{},
		NotifyLines: p.NotifyLines, CreatedAt: moment(p.CreatedAt), UpdatedAt: moment(p.UpdatedAt),
		StartedAt: moment(p.StartedAt), ClosedAt: moment(p.ClosedAt), Metadata: p.Metadata,
		Livemode: p.Mode == pirogue.Live,
	}
	if view.Metadata == nil {
		view.Metadata = map[string]string{}
	}
	for _, status := range bulk.LineStatuses {
		view.Counts[status], view.Amounts[status] = p.Tallies[status].Lines, p.Tallies[status].Amount
	}
	failed, expired := bulk.LineStatus(pirogue.StatusFailed), bulk.LineStatus(pirogue.StatusExpired)
	view.Percent = percentView{
		Done:      p.Percent(p.Ended()),
		Paid:      p.Percent(view.Counts[bulk.LineStatus(pirogue.StatusSuccess)]),
		Failed:    p.Percent(view.Counts[failed] + view.Counts[expired]),
		Cancelled: p.Percent(view.Counts[bulk.LineCancelled]),
	}
	return view
}

// lineView is one line of a bulk in the merchant API.
type lineView struct {
	Line         int                  `json:"line"` // from 1, in the order of the request
	OrderID      string               `json:"merchant_order_id"`
	ID           pirogue.PaymentID    `json:"transaction_id"`
	Status       bulk.LineStatus      `json:"status"`
	Amount       int64                `json:"amount"` // minor units
	Fee          int64                `json:"fee"`    // minor units
	Currency     pirogue.Currency     `json:"currency"`
	MSISDN       string               `json:"msisdn_masked"`
	Operator     pirogue.OperatorCode `json:"operator"`
	ProviderTxID string               `json:"provider_tx_id,omitempty"`
	Failure      *failureView         `json:"failure,omitempty"`
	UpdatedAt    string               `json:"updated_at"`
	Unreadable   string               `json:"unreadable,omitempty"` // names the field that is ""; CSV has no such column
}

// lineOf returns the view of one line, with its texts in t.
func lineOf(l bulk.BulkLine, t uiLanguage) lineView {
	p := l.Payment
	view := lineView{
		Line: l.Number, OrderID: p.OrderID, ID: p.ID, Status: l.Status, Amount: p.Amount.Minor, Fee: p.Fee.Minor,
		Currency: p.Amount.Currency, MSISDN: p.MSISDN.Masked(), Operator: p.Operator, ProviderTxID: p.ProviderTxID,
		UpdatedAt: moment(p.UpdatedAt),
	}
	if p.Failure.Code != "" {
		view.Failure = &failureView{Code: p.Failure.Code, Message: reason(p.Failure.Code, t), Moved: p.Moved}
	}
	if l.Unreadable {
		view.MSISDN, view.Unreadable = "", "msisdn_masked"
	}
	return view
}

// lineColumns holds the header of a CSV of lines, in the order of lineView.cells.
var lineColumns = []string{
	"line", "merchant_order_id", "transaction_id", "status", "amount", "fee", "currency", "msisdn_masked", "operator",
	"provider_tx_id", "failure_code", "failure_message", "updated_at",
}

// cells returns the line's cells for CSV.
func (v lineView) cells() []string {
	failure := failureView{}
	if v.Failure != nil {
		failure = *v.Failure
	}
	return harmlessly(
		strconv.Itoa(v.Line), v.OrderID, string(v.ID), string(v.Status), number(v.Amount), number(v.Fee),
		string(v.Currency), v.MSISDN, string(v.Operator), v.ProviderTxID, string(failure.Code), failure.Message, v.UpdatedAt,
	)
}

// lineNumber is the value in a cursor of lines.
type lineNumber string

// lineNumberText is the only accepted form of a line's number in a cursor.
var lineNumberText = regexp.MustCompile(`^[1-9][0-9]{0,4}$`)

// getBulkLines streams the lines of a bulk in their order, all read at one moment. It counts
// against the limit of exports.
func (s *Server) getBulkLines(c *gin.Context, v *requestContext) error {
	q := readQuery(c.Request.URL.RawQuery, "cursor", "limit", "format", "locale")
	shape := exportShape{
		format: exportFormat(q.text("format", oneOf(asJSON, asCSV))),
		locale: uiLanguage(q.text("locale", oneOf(french, english))), columns: lineColumns, file: "bulk.csv",
	}
	span := bulk.LineSpan{Limit: q.number("limit", 1, bulk.MaxBulkLines, 0)}
	cursor := cursorIn[lineNumber](q, lineNumberText)
	span.After, _ = strconv.Atoi(string(cursor)) //nolint:errcheck // it is a number, or there is none
	if err := q.err(); err != nil {
		return err
	}
	id, err := bulkIDOf(c)
	if err != nil {
		return err
	}
	leave, err := s.exports.enter(v.owner())
	if err != nil {
		return err
	}
	defer leave()
	v.rest()
	ctx, cancel := context.WithTimeout(c.Request.Context(), exportTime)
	defer cancel()
	out := bufio.NewWriterSize(newStream(c), exportChunk)
	if err := s.writeLines(ctx, v, id, span, newExportWriter(c, out, shape)); err != nil {
		return s.breakOff(c, v, err)
	}
	if err := out.Flush(); err != nil {
		return s.breakOff(c, v, err)
	}
	return nil
}

// writeLines writes lines of a bulk and the end of the list. A full page has a cursor; the page
// after it may be empty.
func (s *Server) writeLines(
	ctx context.Context, v *requestContext, id pirogue.BulkID, span bulk.LineSpan, w exportWriter,
) error {
	if err := w.begin(); err != nil {
		return err
	}
	rows, last := 0, 0
	err := s.store.Bulks.BulkLines(ctx, v.owner(), id, span, func(l bulk.BulkLine) error {
		rows, last = rows+1, l.Number
		return w.row(lineOf(l, v.tongue))
	})
	if err != nil {
		return err
	}
	if span.Limit > 0 && rows == span.Limit {
		return w.end(cursorAfter(lineNumber(strconv.Itoa(last))))
	}
	return w.end("")
}
