package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"pirogue"
	"pirogue/bulk"
)

// bulkForm is a merchant's request for a bulk, read and checked.
type bulkForm struct {
	reference   string
	notifyURL   string
	notifyLines bool
	metadata    map[string]string
	lines       []lineForm
}

// lineForm is one line of a bulkForm.
type lineForm struct {
	paymentForm
	at int // its line in the request, in the numbers of the API's errors
}

// bulkFields lists every field of a bulk in JSON, in the contract's order.
var bulkFields = []string{"merchant_bulk_id", "lines", "notify_url", "notify_lines", "metadata"}

// written is a line as the request holds it, before any check.
type written struct {
	object
	at     int
	broken bool // it is not a JSON object
}

// mistakes collects the mistakes in the lines of a bulk, up to maxLineParams of them.
type mistakes struct{ params []pirogue.Param }

// full reports whether no more mistakes are collected.
func (m *mistakes) full() bool { return len(m.params) >= maxLineParams }

// line adds mistakes in the fields of the n-th line, n from 1. at is the line of the request that
// holds it.
func (m *mistakes) line(n, at int, wrongs ...pirogue.Param) {
	for _, p := range wrongs[:min(len(wrongs), maxLineParams-len(m.params))] {
		p.Field, p.Line = strings.TrimSuffix(bulk.LineField(n, p.Field), "."), at
		m.params = append(m.params, p)
	}
}

// err returns the first mistake's code with all mistakes, or nil. A repeated order ID within a line
// is InvalidOrderID. DUPLICATE_ORDER answers a repeat of the whole bulk only.
func (m *mistakes) err() error {
	if len(m.params) == 0 {
		return nil
	}
	code := m.params[0].Code
	if code == pirogue.DuplicateOrder {
		code = pirogue.InvalidOrderID
	}
	return &pirogue.Error{Code: code, Params: m.params}
}

// readBulkJSON reads a bulk in JSON. It fails with the first mistake's code and all mistakes.
func (s *Server) readBulkJSON(v *requestContext) (bulkForm, error) {
	f, err := readForm(v.body, bulkFields...)
	if err != nil {
		return bulkForm{}, err
	}
	f.need("merchant_bulk_id", "lines")
	in := bulkForm{
		reference:   f.text("merchant_bulk_id", pirogue.InvalidOrderID, orderID.MatchString),
		notifyURL:   f.text("notify_url", pirogue.InvalidURL, s.urls.webhook(v.key.Mode)),
		notifyLines: f.truth("notify_lines"),
		metadata:    f.pairs("metadata"),
	}
	lines, isList := f.values["lines"].([]any)
	if f.has("lines") && (!isList || len(lines) == 0 || len(lines) > bulk.MaxBulkLines) {
		f.wrong("lines", pirogue.InvalidParameter)
	}
	if err := f.err(); err != nil {
		return bulkForm{}, err
	}
	all := make([]written, len(lines))
	for i, line := range lines {
		o, isObject := line.(object)
		all[i] = written{object: o, at: i + 1, broken: !isObject}
	}
	in.lines, err = s.readLines(all, v.key.Mode)
	return in, err
}

// truth returns a JSON boolean, false when the field is absent.
func (f *form) truth(field string) bool {
	if !f.has(field) {
		return false
	}
	truth, ok := f.values[field].(bool)
	if !ok {
		f.wrong(field, pirogue.InvalidParameter)
	}
	return truth
}

// readLines reads every line by the rules for a single cash-out, and reports order IDs that occur
// twice.
func (s *Server) readLines(all []written, m pirogue.Mode) ([]lineForm, error) {
	lines, wrong, seen := make([]lineForm, 0, len(all)), mistakes{}, map[string]bool{}
	for i, w := range all {
		if wrong.full() {
			break
		}
		if w.broken {
			wrong.line(i+1, w.at, pirogue.Param{Field: "", Code: pirogue.InvalidParameter})
			continue
		}
		f := &form{object: w.object}
		f.only(requestFields[pirogue.CashOut]...)
		in := s.paymentOf(f, m, pirogue.CashOut)
		if in.orderID != "" && seen[in.orderID] {
			f.wrong("merchant_order_id", pirogue.DuplicateOrder)
		}
		seen[in.orderID] = true
		wrong.line(i+1, w.at, f.wrongs...)
		lines = append(lines, lineForm{in, w.at})
	}
	return lines, wrong.err()
}

// digest returns a hash of the lines. It tells a repeat from other lines under the same reference,
// in JSON and CSV alike.
func (in bulkForm) digest() (string, error) {
	hash := sha256.New()
	encoder := json.NewEncoder(hash)
	for _, l := range in.lines {
		err := encoder.Encode([]any{
			l.orderID, l.amount, l.msisdn, l.network, l.customerName, l.description, l.notifyURL, l.metadata,
		})
		if err != nil {
			return "", pirogue.Errorf(pirogue.Internal, "digest of a bulk: %w", err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// readBulkCSV reads a bulk in CSV. The query holds the fields that belong to the whole bulk.
func (s *Server) readBulkCSV(v *requestContext, raw string) (bulkForm, error) {
	q := readQuery(raw, "merchant_bulk_id", "notify_url", "notify_lines")
	in := bulkForm{
		reference:   q.text("merchant_bulk_id", orderID.MatchString),
		notifyURL:   q.text("notify_url", s.urls.webhook(v.key.Mode)),
		notifyLines: q.text("notify_lines", oneOf("true", "false")) == "true",
		metadata:    map[string]string{},
	}
	if err := q.err(); err != nil {
		return bulkForm{}, err
	}
	if in.reference == "" {
		return bulkForm{}, pirogue.FieldError(pirogue.MissingField, "merchant_bulk_id")
	}
	all, err := readTable(v.body, v.tongue)
	if err != nil {
		return bulkForm{}, err
	}
	in.lines, err = s.readLines(all, v.key.Mode)
	return in, err
}

// csvFields lists the columns that a file may have. Metadata has no column.
var csvFields = slices.DeleteFunc(slices.Clone(requestFields[pirogue.CashOut]), func(field string) bool {
	return field == "metadata"
})

// cell returns a cell's value as in JSON: an amount is a number. It is false for an empty cell,
// which counts as absent.
func cell(column, text string) (any, bool) {
	if text == "" {
		return nil, false
	}
	if n, err := strconv.ParseInt(text, 10, 64); column == "amount" && err == nil && number(n) == text {
		return json.Number(text), true
	}
	return text, true
}
