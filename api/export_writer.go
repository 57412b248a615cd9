package api

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
)

// exportFormat names the format of an export.
type exportFormat string

// The formats of an export.
const (
	asJSON exportFormat = "json"
	asCSV  exportFormat = "csv"
)

// exportWriter writes an export in one format. It sends nothing before a piece is full or the
// export has ended. An early failure can so still be an error response.
type exportWriter interface {
	begin() error
	row(v exportRow) error
	end(cursor string) error // the cursor of the next page; "" when no row is left
}

// exportRow is one line of an export of payments or of a bulk's lines.
type exportRow interface {
	cells() []string // in CSV's order of columns
}

// exportShape is the layout of an export.
type exportShape struct {
	format  exportFormat
	locale  uiLanguage
	columns []string // the header of a CSV
	file    string   // the name under which a browser saves the file
}

// newExportWriter returns the writer for a shape. Its begin sets the response's headers.
func newExportWriter(c *gin.Context, out *bufio.Writer, shape exportShape) exportWriter {
	if shape.format == asCSV {
		return newCSVExport(c, out, shape)
	}
	return &jsonExport{header: c.Writer.Header(), out: out}
}

// jsonExport writes a list in the JSON form of every list of the API.
type jsonExport struct {
	header http.Header
	out    *bufio.Writer
	rows   int
}

// begin sets the headers and opens the list.
func (e *jsonExport) begin() error {
	e.header.Set("Content-Type", "application/json; charset=utf-8")
	_, err := e.out.WriteString(`{"data":[`)
	return err
}

// row writes one line of the list.
func (e *jsonExport) row(v exportRow) error {
	line, err := json.Marshal(v)
	if err != nil {
		return pirogue.Errorf(pirogue.Internal, "encode row %d: %w", e.rows+1, err)
	}
	if e.rows++; e.rows > 1 {
		line = append([]byte{','}, line...)
	}
	_, err = e.out.Write(line)
	return err
}

// end closes the list and names the next page, null for none.
func (e *jsonExport) end(cursor string) error {
	next := "null"
	if cursor != "" {
		next = strconv.Quote(cursor) // a cursor holds letters, digits, - and _ only, so it needs no escapes: see cursors
	}
	_, err := e.out.WriteString(`],"next_cursor":` + next + "}")
	return err
}

// csvExport writes RFC 4180 in UTF-8. French Excel takes a comma for a decimal sign, so the French
// file has semicolons. A byte order mark makes Excel recognise UTF-8.
type csvExport struct {
	header http.Header
	out    *bufio.Writer
	lines  *csv.Writer
	shape  exportShape
}

// byteOrderMark is U+FEFF in UTF-8.
const byteOrderMark = "\xef\xbb\xbf"

// cursorTrailer is the HTTP trailer with the cursor, because a CSV body has no place for
// next_cursor.
const cursorTrailer = http.TrailerPrefix + "X-Next-Cursor"

// newCSVExport returns a writer with the locale's separator and the line ends of RFC 4180.
func newCSVExport(c *gin.Context, out *bufio.Writer, shape exportShape) *csvExport {
	e := &csvExport{header: c.Writer.Header(), out: out, lines: csv.NewWriter(out), shape: shape}
	e.lines.UseCRLF = true
	if shape.locale == french {
		e.lines.Comma = ';'
	}
	return e
}

// begin sets the headers and writes the mark, for French, and the header line.
func (e *csvExport) begin() error {
	e.header.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	e.header.Set("Content-Disposition", `attachment; filename="`+e.shape.file+`"`)
	if e.shape.locale == french {
		if _, err := e.out.WriteString(byteOrderMark); err != nil {
			return err
		}
	}
	return e.lines.Write(e.shape.columns)
}

// row writes one line. A cell with a separator, a quote or a line end is quoted.
func (e *csvExport) row(v exportRow) error { return e.lines.Write(v.cells()) }

// end sends the cursor as a trailer, because the header was sent with the first piece.
func (e *csvExport) end(cursor string) error {
	if cursor != "" {
		e.header.Set(cursorTrailer, cursor)
	}
	e.lines.Flush()
	return e.lines.Error()
}

// escapeCells applies harmless to each cell.
func escapeCells(cells ...string) []string {
	for i := range cells {
		cells[i] = escapeFormula(cells[i])
	}
	return cells
}

// escapeFormula changes a cell that a spreadsheet would run as a formula. A telephone number in E.164
// stays as it is: it begins with a plus sign and holds digits only.
func escapeFormula(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) || e164.MatchString(cell) {
		return cell
	}
	return "'" + cell
}

// abort ends an export that failed. Before the first byte it is an ordinary error response.
// After it, the function cuts the connection. The client sees an incomplete body and cannot take a
// part for the whole.
func (s exportStream) abort(c *gin.Context, rc *requestContext, err error) error {
	if !c.Writer.Written() {
		c.Writer.Header().Del("Content-Type")
		c.Writer.Header().Del("Content-Disposition")
		return err
	}
	s.log.Warn("export was broken off", zap.String("request_id", rc.id),
		zap.String("merchant_id", string(rc.key.MerchantID)), zap.Error(err))
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
