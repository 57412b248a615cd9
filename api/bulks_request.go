package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"mime"
	"strings"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/bulk"
)

// read reads a bulk in the format of the request's content type.
func (h bulkRoutes) read(c *gin.Context, rc *requestContext) (bulkRequest, error) {
	kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err == nil && kind == "text/csv" {
		return h.readCSV(rc, c.Request.URL.RawQuery)
	}
	if err := httpkit.ReadQuery(c.Request.URL.RawQuery).Err(); err != nil {
		return bulkRequest{}, err
	}
	return h.readJSON(rc)
}

// bulkRequest is a merchant's request for a bulk, read and checked.
type bulkRequest struct {
	reference   string
	notifyURL   string
	notifyLines bool
	metadata    map[string]string
	lines       []lineRequest
}

// lineRequest is one line of a bulkRequest.
type lineRequest struct {
	paymentRequest
	at int // its line in the request, in the numbers of the API's errors
}

// bulkFields lists every field of a bulk in JSON, in the contract's order.
var bulkFields = []string{"merchant_bulk_id", "lines", "notify_url", "notify_lines", "metadata"}

// writtenLine is a line as the request holds it, before any check.
type writtenLine struct {
	httpkit.Object
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

// readJSON reads a bulk in JSON. It fails with the first mistake's code and all mistakes.
func (h bulkRoutes) readJSON(rc *requestContext) (bulkRequest, error) {
	f, err := readForm(rc.body, bulkFields...)
	if err != nil {
		return bulkRequest{}, err
	}
	f.require("merchant_bulk_id", "lines")
	in := bulkRequest{
		reference:   f.text("merchant_bulk_id", pirogue.InvalidOrderID, orderID.MatchString),
		notifyURL:   f.text("notify_url", pirogue.InvalidURL, h.requests.urls.Webhook(rc.key.Mode)),
		notifyLines: f.boolean("notify_lines"),
		metadata:    f.metadata("metadata"),
	}
	lines, isList := f.Values["lines"].([]any)
	if f.has("lines") && (!isList || len(lines) == 0 || len(lines) > bulk.MaxBulkLines) {
		f.reject("lines", pirogue.InvalidParameter)
	}
	if err := f.err(); err != nil {
		return bulkRequest{}, err
	}
	all := make([]writtenLine, len(lines))
	for i, line := range lines {
		o, isObject := line.(httpkit.Object)
		all[i] = writtenLine{Object: o, at: i + 1, broken: !isObject}
	}
	in.lines, err = h.readLines(all, rc.key.Mode)
	return in, err
}

// boolean returns a JSON boolean, false when the field is absent.
func (f *form) boolean(field string) bool {
	if !f.has(field) {
		return false
	}
	truth, ok := f.Values[field].(bool)
	if !ok {
		f.reject(field, pirogue.InvalidParameter)
	}
	return truth
}

// readLines reads every line by the rules for a single cash-out, and reports order IDs that occur
// twice.
func (h bulkRoutes) readLines(all []writtenLine, m pirogue.Mode) ([]lineRequest, error) {
	lines, wrong, seen := make([]lineRequest, 0, len(all)), mistakes{}, map[string]bool{}
	for i, w := range all {
		if wrong.full() {
			break
		}
		if w.broken {
			wrong.line(i+1, w.at, pirogue.Param{Field: "", Code: pirogue.InvalidParameter})
			continue
		}
		f := &form{Object: w.Object}
		f.allowOnly(requestFields[pirogue.CashOut]...)
		in := h.requests.fields(f, m, pirogue.CashOut)
		if in.orderID != "" && seen[in.orderID] {
			f.reject("merchant_order_id", pirogue.DuplicateOrder)
		}
		seen[in.orderID] = true
		wrong.line(i+1, w.at, f.mistakes...)
		lines = append(lines, lineRequest{in, w.at})
	}
	return lines, wrong.err()
}

// digest returns a hash of the lines. It tells a repeat from other lines under the same reference,
// in JSON and CSV alike.
func (in bulkRequest) digest() (string, error) {
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

// readCSV reads a bulk in CSV. The query holds the fields that belong to the whole bulk.
func (h bulkRoutes) readCSV(rc *requestContext, raw string) (bulkRequest, error) {
	q := httpkit.ReadQuery(raw, "merchant_bulk_id", "notify_url", "notify_lines")
	in := bulkRequest{
		reference:   q.Text("merchant_bulk_id", orderID.MatchString),
		notifyURL:   q.Text("notify_url", h.requests.urls.Webhook(rc.key.Mode)),
		notifyLines: q.Text("notify_lines", oneOf("true", "false")) == "true",
		metadata:    map[string]string{},
	}
	if err := q.Err(); err != nil {
		return bulkRequest{}, err
	}
	if in.reference == "" {
		return bulkRequest{}, pirogue.FieldError(pirogue.MissingField, "merchant_bulk_id")
	}
	all, err := readTable(rc.body, rc.language)
	if err != nil {
		return bulkRequest{}, err
	}
	in.lines, err = h.readLines(all, rc.key.Mode)
	return in, err
}
