package api

import (
	"context"
	"regexp"
	"strconv"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/bulk"
)

// getLines streams the lines of a bulk in their order, all read at one moment. It counts
// against the limit of exports.
func (h bulkRoutes) getLines(c *gin.Context, rc *requestContext) error {
	q := httpkit.ReadQuery(c.Request.URL.RawQuery, "cursor", "limit", "format", "locale")
	shape := exportShape{
		format: exportFormat(q.Text("format", oneOf(asJSON, asCSV))),
		locale: uiLanguage(q.Text("locale", oneOf(french, english))), columns: lineColumns, file: "bulk.csv",
	}
	span := bulk.LineSpan{Limit: q.Number("limit", 1, bulk.MaxBulkLines, 0)}
	cursor := cursorIn[lineNumber](q, lineNumberText)
	span.After, _ = strconv.Atoi(string(cursor)) //nolint:errcheck // it is a number, or there is none
	if err := q.Err(); err != nil {
		return err
	}
	id, err := bulkIDOf(c)
	if err != nil {
		return err
	}
	stream := exportStream{limiter: h.exports, shape: shape, log: h.log}
	return stream.send(c, rc, h.lines(rc, id, span))
}

// lines returns the function that writes lines of a bulk and the end of the list. A full page has
// a cursor; the page after it may be empty.
func (h bulkRoutes) lines(rc *requestContext, id pirogue.BulkID, span bulk.LineSpan) writeRows {
	return func(ctx context.Context, w exportWriter) error {
		if err := w.begin(); err != nil {
			return err
		}
		rows, last := 0, 0
		err := h.bulks.BulkLines(ctx, rc.owner(), id, span, func(l bulk.BulkLine) error {
			rows, last = rows+1, l.Number
			return w.row(lineOf(l, rc.language))
		})
		if err != nil {
			return err
		}
		if span.Limit > 0 && rows == span.Limit {
			return w.end(cursorAfter(lineNumber(strconv.Itoa(last))))
		}
		return w.end("")
	}
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

// lineOf returns the view of one line, with its texts in a language.
func lineOf(l bulk.BulkLine, lang uiLanguage) lineView {
	p := l.Payment
	view := lineView{
		Line: l.Number, OrderID: p.OrderID, ID: p.ID, Status: l.Status, Amount: p.Amount.Minor, Fee: p.Fee.Minor,
		Currency: p.Amount.Currency, MSISDN: p.MSISDN.Masked(), Operator: p.Operator, ProviderTxID: p.ProviderTxID,
		UpdatedAt: moment(p.UpdatedAt),
	}
	if p.Failure.Code != "" {
		view.Failure = &failureView{Code: p.Failure.Code, Message: reason(p.Failure.Code, lang), Moved: p.Moved}
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
	return escapeCells(
		strconv.Itoa(v.Line), v.OrderID, string(v.ID), string(v.Status), number(v.Amount), number(v.Fee),
		string(v.Currency), v.MSISDN, string(v.Operator), v.ProviderTxID, string(failure.Code), failure.Message, v.UpdatedAt,
	)
}

// lineNumber is the value in a cursor of lines.
type lineNumber string

// lineNumberText is the only accepted form of a line's number in a cursor.
var lineNumberText = regexp.MustCompile(`^[1-9][0-9]{0,4}$`)
