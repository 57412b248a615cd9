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
)

// exportFormat is how an export is written.
type exportFormat string

// The formats of an export.
const (
	asJSON exportFormat = "json"
	asCSV  exportFormat = "csv"
)

// exportOrder is an export as it is asked for.
type exportOrder struct {
	pirogue.ExportFilter
	format exportFormat
	locale tongue
}

// shape says how the export is written.
func (o exportOrder) shape() exportShape {
	return exportShape{format: o.format, locale: o.locale, columns: exportColumns, file: "transactions.csv"}
}

// readExport reads which payments are asked for, and how. Without "to" the period ends
// at this moment, without "from" it is as long as it may be.
func (s *Server) readExport(raw string) (exportOrder, error) {
	q := readQuery(raw, "from", "to", "type", "status", "country_code", "format", "locale", "cursor", "limit")
	order := exportOrder{
		ExportFilter: pirogue.ExportFilter{
			From:    q.day("from"),
			To:      q.day("to"),
			Kind:    pirogue.Kind(q.text("type", oneOf(pirogue.CashIn, pirogue.CashOut, pirogue.Refund))),
			Status:  pirogue.Status(q.text("status", oneOf(pirogue.Statuses...))),
			Country: pirogue.CountryCode(q.text("country_code", countryText.MatchString)),
			After:   cursorIn[pirogue.PaymentID](q, transactionID),
			Limit:   q.number("limit", 1, maxExportRows, 0),
		},
		format: exportFormat(q.text("format", oneOf(asJSON, asCSV))),
		locale: tongue(q.text("locale", oneOf(french, english))),
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

// exportTransactions sends everything that happened in a period, oldest first, while
// it is read: it is in nobody's memory as a whole. It leaves its turn at the database
// to the next one and counts among the exports instead.
func (s *Server) exportTransactions(c *gin.Context, v *visit) error {
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

// writeExport writes the rows of an export and its end. As many rows as the limit
// allows have a cursor behind them; the rest may turn out empty.
func (s *Server) writeExport(ctx context.Context, o pirogue.Owner, order exportOrder, w exportWriter) error {
	rows, last := 0, pirogue.PaymentID("")
	if err := w.begin(); err != nil {
		return err
	}
	err := s.store.Export(ctx, o, order.ExportFilter, func(p pirogue.ExportRow) error {
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

// breakOff ends an export that failed. Before its first byte that is an answer like
// any other. After it the connection is cut, so that the client sees a body without
// an end and never takes a part for the whole.
func (s *Server) breakOff(c *gin.Context, v *visit, err error) error {
	if !c.Writer.Written() {
		c.Writer.Header().Del("Content-Type")
		c.Writer.Header().Del("Content-Disposition")
		return err
	}
	s.log.Warn("export was broken off", zap.String("request_id", v.id),
		zap.String("merchant_id", string(v.key.MerchantID)), zap.Error(err))
	panic(http.ErrAbortHandler)
}

// stream sends what it is given at once, and gives the client time for each piece
// instead of for the whole.
type stream struct {
	to      gin.ResponseWriter
	control *http.ResponseController
}

func newStream(c *gin.Context) stream {
	return stream{to: c.Writer, control: http.NewResponseController(c.Writer)}
}

// Write implements io.Writer.
func (s stream) Write(piece []byte) (int, error) {
	// The connection keeps the machine's time, whatever the server's clock says.
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
