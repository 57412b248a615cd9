package api

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/listing"
)

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
	cells := harmlessly(
		string(v.ID), v.OrderID, string(v.Type), string(v.Status), number(v.Amount), number(v.Fee), "",
		string(v.Currency), string(v.CountryCode), v.MSISDN, string(v.Operator), v.ProviderTxID, number(v.Refunded),
		v.CreatedAt, v.UpdatedAt, v.SettledAt,
	)
	cells[netColumn] = number(v.Net) // a negative number is no formula, and a spreadsheet must add it up
	return cells
}

// netColumn is the index of net_amount in exportColumns.
const netColumn = 6

// harmlessly applies harmless to each cell.
func harmlessly(cells ...string) []string {
	for i := range cells {
		cells[i] = harmless(cells[i])
	}
	return cells
}

// number returns the decimal text of n, without any separator.
func number(n int64) string { return strconv.FormatInt(n, 10) }

// harmless changes a cell that a spreadsheet would run as a formula. A telephone number in E.164
// stays as it is: it begins with a plus sign and holds digits only.
func harmless(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) || e164.MatchString(cell) {
		return cell
	}
	return "'" + cell
}

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
