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
)

// exportView is one line of an export, in the contract's order of columns.
type exportView struct {
	ID           pirogue.PaymentID    `json:"transaction_id"`
	OrderID      string               `json:"merchant_order_id"`
	Type         pirogue.Kind         `json:"type"`
	Status       pirogue.Status       `json:"status"`
	Amount       int64                `json:"amount"`
	Fee          int64                `json:"fee"`
	Net          int64                `json:"net_amount"` // what it did to the balance: negative for what left
	Currency     pirogue.Currency     `json:"currency"`
	CountryCode  pirogue.CountryCode  `json:"country_code"`
	MSISDN       string               `json:"msisdn_masked"`
	Operator     pirogue.OperatorCode `json:"operator"`
	ProviderTxID string               `json:"provider_tx_id,omitempty"`
	Refunded     int64                `json:"refunded_amount"`
	CreatedAt    string               `json:"created_at"`
	UpdatedAt    string               `json:"updated_at"`
	SettledAt    string               `json:"settled_at,omitempty"`
}

// exportOf returns a payment's line.
func exportOf(p pirogue.ExportRow) exportView {
	return exportView{
		ID: p.ID, OrderID: p.OrderID, Type: p.Kind, Status: p.Status, Amount: p.Amount.Minor, Fee: p.Fee.Minor,
		Net: p.Net, Currency: p.Amount.Currency, CountryCode: p.Country, MSISDN: p.MSISDN.Masked(),
		Operator: p.Operator, ProviderTxID: p.ProviderTxID, Refunded: p.Refunded,
		CreatedAt: moment(p.CreatedAt), UpdatedAt: moment(p.UpdatedAt), SettledAt: moment(p.SettledAt),
	}
}

// exportColumns is the first line of a CSV, and what cells fills.
var exportColumns = []string{
	"transaction_id", "merchant_order_id", "type", "status", "amount", "fee", "net_amount", "currency", "country_code",
	"msisdn_masked", "operator", "provider_tx_id", "refunded_amount", "created_at", "updated_at", "settled_at",
}

// cells returns the line for a spreadsheet.
func (v exportView) cells() []string {
	cells := harmlessly(
		string(v.ID), v.OrderID, string(v.Type), string(v.Status), number(v.Amount), number(v.Fee), "",
		string(v.Currency), string(v.CountryCode), v.MSISDN, string(v.Operator), v.ProviderTxID, number(v.Refunded),
		v.CreatedAt, v.UpdatedAt, v.SettledAt,
	)
	cells[netColumn] = number(v.Net) // a number below 0 is no formula, and must add up
	return cells
}

// netColumn is the place of net_amount among exportColumns.
const netColumn = 6

// harmlessly returns cells that no spreadsheet takes for formulas.
func harmlessly(cells ...string) []string {
	for i := range cells {
		cells[i] = harmless(cells[i])
	}
	return cells
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// harmless returns a cell that no spreadsheet takes for a formula. A telephone number
// in E.164 begins with a plus sign and can be nothing else, so it stays as it is.
func harmless(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) || e164.MatchString(cell) {
		return cell
	}
	return "'" + cell
}

// exportWriter writes an export in one format. Nothing is sent before a piece is full
// or the export has ended, so that an early failure is still an answer like any other.
type exportWriter interface {
	begin() error
	row(v exportRow) error
	end(cursor string) error // "" when nothing is left
}

// exportRow is one line of an export.
type exportRow interface {
	cells() []string // for a spreadsheet
}

// exportShape is how an export is written.
type exportShape struct {
	format  exportFormat
	locale  tongue
	columns []string // the first line of a CSV
	file    string   // what a browser calls it
}

// newExportWriter returns the writer of a shape.
func newExportWriter(c *gin.Context, out *bufio.Writer, shape exportShape) exportWriter {
	if shape.format == asCSV {
		return newCSVExport(c, out, shape)
	}
	return &jsonExport{header: c.Writer.Header(), out: out}
}

// jsonExport writes the shape of every list.
type jsonExport struct {
	header http.Header
	out    *bufio.Writer
	rows   int
}

func (e *jsonExport) begin() error {
	e.header.Set("Content-Type", "application/json; charset=utf-8")
	_, err := e.out.WriteString(`{"data":[`)
	return err
}

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

func (e *jsonExport) end(cursor string) error {
	next := "null"
	if cursor != "" {
		next = strconv.Quote(cursor) // of letters, digits, - and _: see cursors
	}
	_, err := e.out.WriteString(`],"next_cursor":` + next + "}")
	return err
}

// csvExport writes RFC 4180 in UTF-8. French Excel takes a comma for a decimal sign,
// so it is given semicolons, and a mark at the beginning to recognise UTF-8 by.
type csvExport struct {
	header http.Header
	out    *bufio.Writer
	lines  *csv.Writer
	shape  exportShape
}

// byteOrderMark is U+FEFF in UTF-8.
const byteOrderMark = "\xef\xbb\xbf"

// cursorTrailer carries what next_cursor does where the body has no place for it.
const cursorTrailer = http.TrailerPrefix + "X-Next-Cursor"

func newCSVExport(c *gin.Context, out *bufio.Writer, shape exportShape) *csvExport {
	e := &csvExport{header: c.Writer.Header(), out: out, lines: csv.NewWriter(out), shape: shape}
	e.lines.UseCRLF = true
	if shape.locale == french {
		e.lines.Comma = ';'
	}
	return e
}

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

func (e *csvExport) row(v exportRow) error { return e.lines.Write(v.cells()) }

func (e *csvExport) end(cursor string) error {
	if cursor != "" {
		e.header.Set(cursorTrailer, cursor)
	}
	e.lines.Flush()
	return e.lines.Error()
}
