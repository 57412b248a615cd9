package api

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/access"
	"pirogue/listing"
)

// exportFormat names the format of an export.
type exportFormat string

// The formats of an export.
const (
	asJSON exportFormat = "json"
	asCSV  exportFormat = "csv"
)

// exportOrder is a request for an export, read and checked.
type exportOrder struct {
	listing.ExportFilter
	format exportFormat
	locale uiLanguage
}

// shape returns the layout of the export's format.
func (o exportOrder) shape() exportShape {
	return exportShape{format: o.format, locale: o.locale, columns: exportColumns, file: "transactions.csv"}
}

// readExport reads the filter and the format of an export. Without "to" the period ends at this
// moment. Without "from" it has the maximum length.
func (s *Server) readExport(raw string) (exportOrder, error) {
	q := readQuery(raw, "from", "to", "type", "status", "country_code", "format", "locale", "cursor", "limit")
	order := exportOrder{
		ExportFilter: listing.ExportFilter{
			From:    q.day("from"),
			To:      q.day("to"),
			Kind:    pirogue.PaymentKind(q.text("type", oneOf(pirogue.CashIn, pirogue.CashOut, pirogue.Refund))),
			Status:  pirogue.Status(q.text("status", oneOf(pirogue.Statuses...))),
			Country: pirogue.CountryCode(q.text("country_code", countryText.MatchString)),
			After:   cursorIn[pirogue.PaymentID](q, transactionID),
			Limit:   q.number("limit", 1, maxExportRows, 0),
		},
		format: exportFormat(q.text("format", oneOf(asJSON, asCSV))),
		locale: uiLanguage(q.text("locale", oneOf(french, english))),
	}
	if order.To.IsZero() {
		order.To = s.clock.Now().UTC()
	}
	if order.From.IsZero() {
		order.From = order.To.Add(-maxExportRange)
	}
	if q.ordered(order.From, order.To, "to"); order.To.Sub(order.From) > maxExportRange {
		q.wrong("from")
	}
	return order, q.err()
}

// exportTransactions streams the payments of a period, oldest first, while the database reads them.
// It never holds them all in memory. It gives its turn at the database back and counts against the
// limit of exports instead.
func (s *Server) exportTransactions(c *gin.Context, v *requestContext) error {
	order, err := s.readExport(c.Request.URL.RawQuery)
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
	if err := s.writeExport(ctx, v.owner(), order, newExportWriter(c, out, order.shape())); err != nil {
		return s.breakOff(c, v, err)
	}
	if err := out.Flush(); err != nil {
		return s.breakOff(c, v, err)
	}
	return nil
}

// writeExport writes the rows of an export and its end. A full page has a cursor; the page after it
// may be empty.
func (s *Server) writeExport(ctx context.Context, o access.Owner, order exportOrder, w exportWriter) error {
	rows, last := 0, pirogue.PaymentID("")
	if err := w.begin(); err != nil {
		return err
	}
	err := s.store.Reports.Export(ctx, o, order.ExportFilter, func(p listing.ExportRow) error {
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

// breakOff ends an export that failed. Before the first byte it is an ordinary error response.
// After it, the function cuts the connection. The client sees an incomplete body and cannot take a
// part for the whole.
func (s *Server) breakOff(c *gin.Context, v *requestContext, err error) error {
	if !c.Writer.Written() {
		c.Writer.Header().Del("Content-Type")
		c.Writer.Header().Del("Content-Disposition")
		return err
	}
	s.log.Warn("export was broken off", zap.String("request_id", v.id),
		zap.String("merchant_id", string(v.key.MerchantID)), zap.Error(err))
	panic(http.ErrAbortHandler)
}

// stream sends each piece at once. Its write deadline applies to each piece, not to the whole
// response.
type stream struct {
	to      gin.ResponseWriter
	control *http.ResponseController
}

// newStream returns the stream of a response.
func newStream(c *gin.Context) stream {
	return stream{to: c.Writer, control: http.NewResponseController(c.Writer)}
}

// Write implements io.Writer.
func (s stream) Write(piece []byte) (int, error) {
	// Deadlines of a connection use the machine's clock, not the server's.
	err := s.control.SetWriteDeadline(time.Now().Add(exportChunkTime))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	n, err := s.to.Write(piece)
	if err != nil {
		return n, err
	}
	return n, s.control.Flush()
}
