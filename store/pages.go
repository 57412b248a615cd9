package store

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"pirogue/access"
	"pirogue/listing"
)

// condition is a part of a WHERE clause with its values.
type condition struct {
	text   string
	values []any
}

// equal is the condition that a column has a value.
func equal(column string, value any) condition { return condition{column + " = ?", []any{value}} }

// ownedBy returns the conditions that select an owner's rows.
func ownedBy(o access.Owner) []condition {
	return []condition{equal("merchant_id", o.MerchantID), equal("mode", o.Mode)}
}

// between returns the conditions that rows were created in a span of time. A zero time is no limit.
func between(from, to time.Time) []condition {
	var conditions []condition
	if from := timestamp(from); from != "" {
		conditions = append(conditions, condition{"created_at >= ?", []any{from}})
	}
	if to := timestamp(to); to != "" {
		conditions = append(conditions, condition{"created_at < ?", []any{to}})
	}
	return conditions
}

// rowMark is the place of a row in a long list. So a page costs the same at any depth, and rows of one
// microsecond are neither lost nor repeated.
type rowMark struct {
	CreatedAt timeText
	ID        string
}

// compared returns the condition that the place of a row compares with the mark as the operator says.
func (m rowMark) compared(operator string) condition {
	return condition{"(created_at, id) " + operator + " (?, ?)", []any{m.CreatedAt, m.ID}}
}

// markOf returns the place of an owner's row. It reports false if the owner has no such row.
func markOf(tx *gorm.DB, table string, o access.Owner, id string) (rowMark, bool, error) {
	var found []rowMark
	err := tx.Raw("SELECT created_at, id FROM "+table+" WHERE id = ? AND merchant_id = ? AND mode = ?",
		id, o.MerchantID, o.Mode).Scan(&found).Error
	if err != nil || len(found) == 0 {
		return rowMark{}, false, err
	}
	return found[0], true, nil
}

// rowPage is a page of a long list. An index gives the rows of each part in the order of the list. So
// the page costs a few rows of each part, however long the list is.
type rowPage struct {
	table  string
	common []condition // of every part
	parts  [][]condition
	newest bool // first
	size   int
}

// read reads the page into rows.
func (p rowPage) read(tx *gorm.DB, rows any) error {
	order := " ORDER BY created_at, id"
	if p.newest {
		order = " ORDER BY created_at DESC, id DESC"
	}
	texts, values := make([]string, len(p.parts)), []any{}
	for i, part := range p.parts {
		var where []string
		for _, c := range slices.Concat(part, p.common) {
			where, values = append(where, c.text), append(values, c.values...)
		}
		texts[i] = " FROM " + p.table + " WHERE " + strings.Join(where, " AND ") + order + " LIMIT ?"
		values = append(values, p.size)
	}
	if len(texts) == 1 {
		return tx.Raw("SELECT *"+texts[0], values...).Scan(rows).Error
	}
	for i, text := range texts {
		texts[i] = fmt.Sprintf("SELECT * FROM (SELECT created_at, id%s) AS part_%d", text, i)
	}
	merged := strings.Join(texts, " UNION ALL ") + order + " LIMIT ?"
	return tx.Raw("SELECT * FROM "+p.table+" WHERE id IN (SELECT id FROM ("+merged+") AS merged)"+order,
		append(values, p.size)...).Scan(rows).Error
}

// hasParts reports whether a list of payments with this filter has parts that a payment changes.
func hasParts(f listing.PaymentFilter) bool { return f.OrderID == "" && len(fieldConditions(f)) > 0 }

// paymentParts returns the parts of a list of an owner's payments that a filter selects. The filter's
// dates, limit and place do not count.
func paymentParts(tx *gorm.DB, o access.Owner, f listing.PaymentFilter) ([][]condition, error) {
	fields := fieldConditions(f)
	var parts [][]condition
	if f.OrderID != "" { // at most one payment of each kind of reference
		for _, space := range []string{"order", "refund", "return"} {
			parts = append(parts, append(slices.Clone(fields), equal("ref_space", space), equal("merchant_ref", f.OrderID)))
		}
		return parts, nil
	}
	if !hasParts(f) {
		return [][]condition{nil}, nil
	}
	if !f.Status.Terminal() { // also if every status is wanted
		parts = append(parts, append(fields, condition{"sequence = 0", nil}))
	}
	if f.Status != "" && !f.Status.Terminal() {
		return parts, nil
	}
	groups, err := endedGroups(tx, o)
	for _, group := range groups {
		if group.matches(f) {
			parts = append(parts, group.conditions())
		}
	}
	return parts, err
}

// fieldConditions returns the conditions of a filter's fields. Zero fields do not select.
func fieldConditions(f listing.PaymentFilter) []condition {
	var conditions []condition
	for _, field := range []struct{ column, value string }{
		{"status", string(f.Status)},
		{"kind", string(f.Kind)},
		{"country", string(f.Country)},
		{"operator", string(f.Operator)},
	} {
		if field.value != "" {
			conditions = append(conditions, equal(field.column, field.value))
		}
	}
	return conditions
}

// endedGroup names the ended payments that stand together in the index payments_ended.
type endedGroup struct{ Country, Operator, Kind, EndedAs string }

// matches reports whether a filter selects the group. Zero fields do not select.
func (g endedGroup) matches(f listing.PaymentFilter) bool {
	return (f.Country == "" || g.Country == string(f.Country)) && (f.Operator == "" || g.Operator == string(f.Operator)) &&
		(f.Kind == "" || g.Kind == string(f.Kind)) && (f.Status == "" || g.EndedAs == string(f.Status))
}

// conditions returns the conditions that select the group's payments.
func (g endedGroup) conditions() []condition {
	return []condition{
		equal("country", g.Country), equal("operator", g.Operator), equal("kind", g.Kind), equal("ended_as", g.EndedAs),
	}
}

// endedGroups returns the groups of an owner's ended payments. A merchant has few of them, however many
// payments it has. The cost is one look into the index for each.
func endedGroups(tx *gorm.DB, o access.Owner) ([]endedGroup, error) {
	var groups []endedGroup
	err := tx.Raw(readEndedGroups, map[string]any{"merchant": o.MerchantID, "mode": o.Mode}).Scan(&groups).Error
	return groups, err
}

// readEndedGroups goes from each group to the first payment of the next one. The empty texts take a
// column's type from the compared values, without which SQLite reads all of a country.
const readEndedGroups = `
WITH RECURSIVE ended (country, operator, kind, ended_as) AS (
  SELECT * FROM (SELECT country, operator, kind, ended_as FROM payments
                  WHERE merchant_id = @merchant AND mode = @mode AND ended_as IS NOT NULL
                  ORDER BY country, operator, kind, ended_as LIMIT 1) AS first
   UNION ALL
  SELECT next.country, next.operator, next.kind, next.ended_as FROM ended JOIN payments next ON next.id = (
    SELECT id FROM payments
     WHERE merchant_id = @merchant AND mode = @mode AND ended_as IS NOT NULL AND (country, operator, kind, ended_as)
           > (ended.country || '', ended.operator || '', ended.kind || '', ended.ended_as || '')
     ORDER BY country, operator, kind, ended_as LIMIT 1)
)
SELECT country, operator, kind, ended_as FROM ended`
