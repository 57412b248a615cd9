package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"pirogue"
)

// bulkForm is what a merchant says to pay into many wallets, read and checked.
type bulkForm struct {
	reference   string
	notifyURL   string
	notifyLines bool
	metadata    map[string]string
	lines       []lineForm
}

// lineForm is one line of it.
type lineForm struct {
	paymentForm
	at int // the line of the request it stands on, as answers count
}

// bulkFields is every field of a bulk in JSON, in the contract's order.
var bulkFields = []string{"merchant_bulk_id", "lines", "notify_url", "notify_lines", "metadata"}

// written is a line as it was written, before anything is understood.
type written struct {
	object
	at     int
	broken bool // it is no object
}

// mistakes notes what is wrong with the lines of a bulk, the first maxLineParams of them.
type mistakes struct{ params []pirogue.Param }

// full reports whether no more would be told.
func (m *mistakes) full() bool { return len(m.params) >= maxLineParams }

// line notes what is wrong with the fields of the n-th line, n from 1, which stands on the
// line at of the request.
func (m *mistakes) line(n, at int, wrongs ...pirogue.Param) {
	for _, p := range wrongs[:min(len(wrongs), maxLineParams-len(m.params))] {
		p.Field, p.Line = strings.TrimSuffix(pirogue.LineField(n, p.Field), "."), at
		m.params = append(m.params, p)
	}
}

// err returns the first mistake's code with all of them, or nil. DUPLICATE_ORDER is what
// the repeat of a whole bulk is answered with; that of a line alone is a wrong number.
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

// readBulkJSON reads a bulk in JSON.
func (s *Server) readBulkJSON(v *visit) (bulkForm, error) {
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
	if f.has("lines") && (!isList || len(lines) == 0 || len(lines) > pirogue.MaxBulkLines) {
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

// truth returns a JSON truth, false when it is absent.
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

// readLines reads every line as a cash-out by itself is read, and finds the order numbers
// that are there twice.
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

// digest is what tells a repeat of the lines from other ones under the same reference,
// whichever format they come in.
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

// readBulkCSV reads a bulk in CSV; what is not in the file is in the query.
func (s *Server) readBulkCSV(v *visit, raw string) (bulkForm, error) {
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

// csvFields is the columns a file may have. Metadata has no cell of its own.
var csvFields = slices.DeleteFunc(slices.Clone(requestFields[pirogue.CashOut]), func(field string) bool {
	return field == "metadata"
})

// cell returns the value that a cell has in JSON: an amount is a number, and a cell that
// holds nothing says nothing.
func cell(column, text string) (any, bool) {
	if text == "" {
		return nil, false
	}
	if n, err := strconv.ParseInt(text, 10, 64); column == "amount" && err == nil && number(n) == text {
		return json.Number(text), true
	}
	return text, true
}
