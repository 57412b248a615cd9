package store_test

import (
	"database/sql"
	"fmt"
	"maps"
	"strings"

	"github.com/stretchr/testify/require"

	"pirogue"
)

// oldID is the ID of the old payment g: a UUIDv7 of its own millisecond.
const oldID = `(lpad(to_hex(1600000000 + g / 65536), 8, '0') || '-' || lpad(to_hex(g % 65536), 4, '0') || '-7' ||
  substr(md5(g::text), 1, 3) || '-8' || substr(md5(g::text), 4, 3) || '-' || substr(md5(g::text), 7, 12))`

// oldTime is the time at which the old payment g was accepted. The payments are a second apart.
const oldTime = `to_char(timestamp '2026-01-01' + make_interval(secs => g), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

// ofOldPayment lists the tables with rows of a payment. where finds those of the payment :like. own
// holds the columns in which the old payment g differs from it.
var ofOldPayment = []struct {
	table, where string
	own          map[string]string
}{
	{"payments", "t.id = ':like'", map[string]string{"id": oldID, "merchant_ref": "'old ' || g", "created_at": oldTime}},
	{
		"order_references",
		"(merchant_id, mode, merchant_ref) = (SELECT merchant_id, mode, merchant_ref FROM payments WHERE id = ':like')",
		map[string]string{"merchant_ref": "'old ' || g"},
	},
	{"status_history", "t.payment_id = ':like'", map[string]string{"payment_id": oldID}},
	{"attempts", "t.payment_id = ':like'", map[string]string{
		"id": oldID, "payment_id": oldID, "ref": "'OL' || upper(substr(md5('ref' || g), 1, 18))",
		"callback_digest": "md5('digest' || g) || md5('callback' || g)", "created_at": oldTime,
	}},
	{"callbacks", "t.payment_id = ':like'", map[string]string{
		"id": "md5('callback' || g)", "attempt_id": oldID, "payment_id": oldID, "received_at": oldTime,
	}},
	{"webhook_events", "t.payment_id = ':like'", map[string]string{
		"id": "replace(t.id, replace(t.payment_id, '-', ''), replace(" + oldID + ", '-', ''))", "payment_id": oldID,
		"created_at": oldTime,
	}},
	{"webhook_deliveries", "t.event_id IN (SELECT id FROM webhook_events WHERE payment_id = ':like')", map[string]string{
		"event_id": "replace(t.event_id, replace(':like', '-', ''), replace(" + oldID + ", '-', ''))",
	}},
	{"ledger_journals", "t.payment_id = ':like'", map[string]string{
		"id": "replace(t.id, ':like', " + oldID + ")", "payment_id": oldID, "created_at": oldTime,
	}},
	{"ledger_transfers", "t.journal_id IN (SELECT id FROM ledger_journals WHERE payment_id = ':like')", map[string]string{
		"id": "replace(t.id, ':like', " + oldID + ")", "journal_id": "replace(t.journal_id, ':like', " + oldID + ")",
		"hold_id": "replace(t.hold_id, ':like', " + oldID + ")",
	}},
}

// addOldPayments adds copies of a finished payment with everything that belongs to it: those of the
// numbers from to to. differ has expressions for further columns of a table, by "table.column"; they
// may use the number g. PostgreSQL only. The triggers do not run, so this is fast.
func (w *world) addOldPayments(like pirogue.PaymentID, from, to int, differ map[string]string) {
	w.t.Helper()
	db := w.raw()
	for _, part := range ofOldPayment {
		own := maps.Clone(part.own)
		for column, expression := range differ {
			if name, found := strings.CutPrefix(column, part.table+"."); found {
				own[name] = expression
			}
		}
		where := strings.ReplaceAll(part.where, ":like", string(like))
		for column := range own {
			own[column] = strings.ReplaceAll(own[column], ":like", string(like))
		}
		w.copyRows(db, part.table, where, own, fmt.Sprintf("generate_series(%d, %d)", from, to))
	}
}

// copyRows copies the rows of a table that where selects, once for each number g of a series.
func (w *world) copyRows(db *sql.DB, table, where string, own map[string]string, series string) {
	w.t.Helper()
	names, values := copyColumns(w, db, table, own)
	require.NoError(w.t, w.exec(db, fmt.Sprintf(
		"SET LOCAL session_replication_role = replica; INSERT INTO %s (%s) SELECT %s FROM %s t, %s g WHERE %s",
		table, names, values, table, series, where,
	)), table)
}

// copyColumns returns the columns of a table and what a copy has in them: an expression of own, or
// the value of the copied row t.
func copyColumns(w *world, db *sql.DB, table string, own map[string]string) (names, values string) {
	w.t.Helper()
	rows, err := db.QueryContext(w.ctx(), `SELECT column_name, data_type FROM information_schema.columns
		WHERE table_name = $1 AND table_schema = 'public' AND is_generated = 'NEVER'`, table)
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, rows.Close()) }()
	var all, copied []string
	for rows.Next() {
		var name, kind string
		require.NoError(w.t, rows.Scan(&name, &kind))
		value := "t." + name
		if expression, found := own[name]; found {
			value = fmt.Sprintf("CAST(%s AS %s)", expression, kind)
		}
		all, copied = append(all, name), append(copied, value)
	}
	require.NoError(w.t, rows.Err())
	require.NotEmpty(w.t, all, table)
	return strings.Join(all, ", "), strings.Join(copied, ", ")
}
