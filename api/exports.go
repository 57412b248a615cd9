package api

import (
	"bufio"
	"context"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/access"
	"pirogue/api/httpkit"
	"pirogue/listing"
)

// exportRoutes serves the export of a merchant's payments.
type exportRoutes struct {
	reports Reports
	limiter *inFlightLimiter[access.Owner]
	clock   pirogue.Clock
	log     *zap.Logger
}

// register adds the route.
func (h exportRoutes) register(in routeGroup) { in.get("/transactions/export", h.get) }

// exportRequest is a request for an export, read and checked.
type exportRequest struct {
	listing.ExportFilter
	format exportFormat
	locale uiLanguage
}

// shape returns the layout of the export's format.
func (o exportRequest) shape() exportShape {
	return exportShape{format: o.format, locale: o.locale, columns: exportColumns, file: "transactions.csv"}
}

// read reads the filter and the format of an export. Without "to" the period ends at this
// moment. Without "from" it has the maximum length.
func (h exportRoutes) read(raw string) (exportRequest, error) {
	q := httpkit.ReadQuery(raw, "from", "to", "type", "status", "country_code", "format", "locale", "cursor", "limit")
	order := exportRequest{
		ExportFilter: listing.ExportFilter{
			From:    q.Day("from"),
			To:      q.Day("to"),
			Kind:    pirogue.PaymentKind(q.Text("type", oneOf(pirogue.CashIn, pirogue.CashOut, pirogue.Refund))),
			Status:  pirogue.Status(q.Text("status", oneOf(pirogue.Statuses...))),
			Country: pirogue.CountryCode(q.Text("country_code", countryText.MatchString)),
			After:   cursorIn[pirogue.PaymentID](q, transactionID),
			Limit:   q.Number("limit", 1, maxExportRows, 0),
		},
		format: exportFormat(q.Text("format", oneOf(asJSON, asCSV))),
		locale: uiLanguage(q.Text("locale", oneOf(french, english))),
	}
	if order.To.IsZero() {
		order.To = h.clock.Now().UTC()
	}
	if order.From.IsZero() {
		order.From = order.To.Add(-maxExportRange)
	}
	if q.Ordered(order.From, order.To, "to"); order.To.Sub(order.From) > maxExportRange {
		q.Wrong("from")
	}
	return order, q.Err()
}

// get streams the payments of a period, oldest first, while the database reads them.
// It never holds them all in memory.
func (h exportRoutes) get(c *gin.Context, rc *requestContext) error {
	order, err := h.read(c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	stream := exportStream{limiter: h.limiter, shape: order.shape(), log: h.log}
	return stream.send(c, rc, h.rows(rc.owner(), order))
}

// writeRows writes a long list and its end.
type writeRows func(context.Context, exportWriter) error

// exportStream sends one long list.
type exportStream struct {
	limiter *inFlightLimiter[access.Owner]
	shape   exportShape
	log     *zap.Logger
}

// send sends the rows that write writes. It gives the request's turn at the database back and counts
// against the limit of exports instead.
func (s exportStream) send(c *gin.Context, rc *requestContext, write writeRows) error {
	leave, err := s.limiter.enter(rc.owner())
	if err != nil {
		return err
	}
	defer leave()
	rc.leaveLimiter()
	ctx, cancel := context.WithTimeout(c.Request.Context(), exportTime)
	defer cancel()
	out := bufio.NewWriterSize(newStream(c), exportChunk)
	if err := write(ctx, newExportWriter(c, out, s.shape)); err != nil {
		return s.abort(c, rc, err)
	}
	if err := out.Flush(); err != nil {
		return s.abort(c, rc, err)
	}
	return nil
}

// rows returns the function that writes the rows of an export and its end. A full page has a
// cursor; the page after it may be empty.
func (h exportRoutes) rows(o access.Owner, order exportRequest) writeRows {
	return func(ctx context.Context, w exportWriter) error {
		rows, last := 0, pirogue.PaymentID("")
		if err := w.begin(); err != nil {
			return err
		}
		err := h.reports.Export(ctx, o, order.ExportFilter, func(p listing.ExportRow) error {
			rows, last = rows+1, p.ID
			return w.row(exportOf(p))
		})
		if err != nil {
			return err
		}
		if order.Limit > 0 && rows == order.Limit {
			return w.end(cursorAfter(last))
		}
		return w.end("")
	}
}

// exportView is one line of an export. Its fields have the order of the contract's columns.
type exportView struct {
	ID           pirogue.PaymentID    `json:"transaction_id"`
	OrderID      string               `json:"merchant_order_id"`
	Type         pirogue.PaymentKind  `json:"type"`
	Status       pirogue.Status       `json:"status"`
	Amount       int64                `json:"amount"`     // minor units
	Fee          int64                `json:"fee"`        // minor units
	Net          int64                `json:"net_amount"` // effect on the merchant's balance: negative for money that left
	Currency     pirogue.Currency     `json:"currency"`
	CountryCode  pirogue.CountryCode  `json:"country_code"`
	MSISDN       string               `json:"msisdn_masked"`
	Operator     pirogue.OperatorCode `json:"operator"`
	ProviderTxID string               `json:"provider_tx_id,omitempty"`
	Refunded     int64                `json:"refunded_amount"` // minor units given back so far
	CreatedAt    string               `json:"created_at"`
	UpdatedAt    string               `json:"updated_at"`
	SettledAt    string               `json:"settled_at,omitempty"` // of a success
}

// exportOf returns a payment's line.
func exportOf(p listing.ExportRow) exportView {
	return exportView{
		ID: p.ID, OrderID: p.OrderID, Type: p.Kind, Status: p.Status, Amount: p.Amount.Minor, Fee: p.Fee.Minor,
		Net: p.Net, Currency: p.Amount.Currency, CountryCode: p.Country, MSISDN: p.MSISDN.Masked(),
		Operator: p.Operator, ProviderTxID: p.ProviderTxID, Refunded: p.Refunded,
		CreatedAt: moment(p.CreatedAt), UpdatedAt: moment(p.UpdatedAt), SettledAt: moment(p.SettledAt),
	}
}

// exportColumns holds the header of a CSV export, in the order of exportView.cells.
var exportColumns = []string{
	"transaction_id", "merchant_order_id", "type", "status", "amount", "fee", "net_amount", "currency", "country_code",
	"msisdn_masked", "operator", "provider_tx_id", "refunded_amount", "created_at", "updated_at", "settled_at",
}

// cells returns the line's cells for CSV.
func (v exportView) cells() []string {
	cells := escapeCells(
		string(v.ID), v.OrderID, string(v.Type), string(v.Status), number(v.Amount), number(v.Fee), "",
		string(v.Currency), string(v.CountryCode), v.MSISDN, string(v.Operator), v.ProviderTxID, number(v.Refunded),
		v.CreatedAt, v.UpdatedAt, v.SettledAt,
	)
	cells[netColumn] = number(v.Net) // a negative number is no formula, and a spreadsheet must add it up
	return cells
}

// netColumn is the index of net_amount in exportColumns.
const netColumn = 6
