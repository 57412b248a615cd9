package store_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
	"pirogue/piroguetest"
	"pirogue/store"
)

const (
	planPayments = 10_000 // old payments of a merchant with a long history
	planRows     = 300    // that a statement may read: a page, and what few payments have
)

// small lists the tables whose size does not depend on the number of payments.
var small = map[string]bool{
	"merchants": true, "api_keys": true, "webhook_secrets": true, "fee_rules": true, "status_transitions": true,
	"ledger_accounts": true, "circuit_breakers": true, "ask_first": true, "ask_first_operators": true,
	"ask_first_lines": true, "lost_rows": true, "rate_limits": true, "webhook_queues": true, "goose_db_version": true,
}

// TestStatementsReadNoHistory runs every statement of merchants' requests and of payments' activities
// beside old payments. PostgreSQL itself reports how each was executed, also those of triggers and of
// foreign keys. None reads a table as a whole, or more rows than a page needs.
func TestStatementsReadNoHistory(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			proxy, url := startCountingProxy(t, explained(t, piroguetest.Postgres(t), mode))
			w := newWorld(t, url)
			few := w.addHistory(planPayments)
			for _, call := range append(w.everyCall(), few.commonCalls()...) {
				proxy.of(func() { require.NoError(t, call.do(), call.name) })
				requireShort(t, call.name, proxy.plans)
			}
		})
	}
}

var (
	// shortScan matches what a plan of SQLite may read as a whole: values, parts of the statement itself,
	// small tables, and indexes of what is open.
	shortScan = regexp.MustCompile(`^SCAN (\d+-ROW VALUES|(\d+ )?CONSTANT ROW|` +
		`(change|wanted|ended|first|latest|merged|parts|` +
		`part_\d+|c|w)$|(a|ask_first|circuit_breakers)\b|cases USING INDEX cases_open$|` +
		`e USING INDEX webhook_events_cut_off$)`)
	// longSearch matches an index of all of a merchant's payments. It matches one that is not used as
	// far as it could be, too.
	longSearch = regexp.MustCompile(`payments_page|payments_ended .*AND country>`)
	// unfiltered matches the lists of all of a merchant's payments.
	unfiltered = regexp.MustCompile(`^(list|export) payments( by dates)?$`)
)

// TestStatementsOnSQLite is TestStatementsReadNoHistory for the plans of SQLite, which do not depend on
// the rows.
func TestStatementsOnSQLite(t *testing.T) {
	t.Parallel()
	w := newWorldOnSQLite(t)
	calls, db, call := w.everyCall(), w.raw(), ""
	require.NoError(t, w.db.OnStatement(func(statement string, values []any) {
		for _, step := range sqlitePlan(t, db, statement, values) {
			if strings.HasPrefix(step, "SCAN ") && !shortScan.MatchString(step) {
				t.Errorf("%s: %s: %s", call, step, statement)
			}
			if longSearch.MatchString(step) && !unfiltered.MatchString(call) && statement != store.NewestPayment {
				t.Errorf("%s: %s: %s", call, step, statement)
			}
		}
	}))
	for _, c := range calls {
		call = c.name
		require.NoError(t, c.do(), c.name)
	}
}

// sqlitePlan returns the steps in which SQLite would execute a statement.
func sqlitePlan(t *testing.T, db *sql.DB, statement string, values []any) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+statement, values...)
	require.NoError(t, err, statement)
	defer func() { require.NoError(t, rows.Close()) }()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &step))
		steps = append(steps, step)
	}
	require.NoError(t, rows.Err())
	return steps
}

// explained returns the URL of a database that reports the plan of each statement to its caller.
func explained(tb testing.TB, target, mode string) string {
	tb.Helper()
	address, err := url.Parse(target)
	require.NoError(tb, err)
	query := address.Query()
	for name, value := range map[string]string{
		"session_preload_libraries": "auto_explain", "auto_explain.log_min_duration": "0",
		"auto_explain.log_analyze": "on", "auto_explain.log_timing": "off", "auto_explain.log_format": "json",
		"auto_explain.log_nested_statements": "on", "auto_explain.log_level": "notice", "plan_cache_mode": mode,
	} {
		query.Set(name, value)
	}
	address.RawQuery = query.Encode()
	return address.String()
}

// plan is a statement or a step of it, as PostgreSQL executed it.
type plan struct {
	Text    string  `json:"Query Text"`
	Plan    *plan   `json:"Plan"`
	Type    string  `json:"Node Type"`
	Table   string  `json:"Relation Name"`
	Rows    float64 `json:"Actual Rows"`
	Loops   float64 `json:"Actual Loops"`
	Removed float64 `json:"Rows Removed by Filter"`
	Steps   []plan  `json:"Plans"`
}

// requireShort requires of each plan that it reads no table as a whole, and few rows.
func requireShort(t *testing.T, name string, reported []string) {
	t.Helper()
	for _, text := range reported {
		_, object, found := strings.Cut(text, "plan:\n")
		require.True(t, found, text)
		var executed plan
		require.NoError(t, json.Unmarshal([]byte(object), &executed), object)
		if rows := executed.Plan.read(t, name+": "+executed.Text); rows > planRows {
			t.Errorf("%s reads %.0f rows: %s", name, rows, object)
		}
	}
}

// read returns the number of rows that a step and its parts read from tables that grow.
func (p plan) read(t *testing.T, statement string) float64 {
	t.Helper()
	rows := 0.0
	if p.Table != "" && !small[p.Table] && !strings.HasPrefix(p.Table, "pg_") {
		if p.Type == "Seq Scan" {
			t.Errorf("%s reads %s as a whole", statement, p.Table)
		}
		rows = (p.Rows + p.Removed) * p.Loops
	}
	for _, step := range p.Steps {
		rows += step.read(t, statement)
	}
	return rows
}

// addHistory gives the world's merchant n old payments that are alike, but for a few. It returns the
// world with a merchant that has another country: there the rare ones are what is common elsewhere.
func (w *world) addHistory(n int) *world {
	w.t.Helper()
	const none = "''" // a copied sealed value does not open for another payment
	w.addOldPayments(w.oldPayment("like"), 1, n, map[string]string{
		"payments.msisdn_sealed": none, "payments.customer_name_sealed": none, "attempts.handle_sealed": none,
		"payments.status":      "CASE WHEN g % 2000 = 7 THEN 'FAILED' ELSE t.status END",
		"payments.kind":        "CASE WHEN g % 2000 = 8 THEN 'CASHOUT' ELSE t.kind END",
		"payments.country":     "CASE WHEN g % 2000 = 9 THEN 'CI' ELSE t.country END",
		"payments.operator":    "CASE WHEN g % 2000 = 9 THEN 'novasend-ci' ELSE t.operator END",
		"webhook_events.state": "CASE WHEN g % 2000 = 7 THEN 'EXHAUSTED' ELSE t.state END",
	})
	few := *w
	few.owner = few.another()
	few.addOldPayments(few.oldPayment("like"), n+1, n+n/20, map[string]string{
		"payments.msisdn_sealed": none, "payments.customer_name_sealed": none, "attempts.handle_sealed": none,
		"payments.status":      "CASE WHEN g % 200 = 7 THEN t.status ELSE 'EXPIRED' END",
		"payments.country":     "CASE WHEN g % 200 = 7 THEN t.country ELSE 'CI' END",
		"payments.operator":    "CASE WHEN g % 200 = 7 THEN t.operator ELSE 'novasend-ci' END",
		"webhook_events.state": "CASE WHEN g % 200 = 7 THEN t.state ELSE 'UNWANTED' END",
	})
	w.addOtherHistory(n)
	require.NoError(w.t, w.exec(w.raw(), "ANALYZE"))
	return &few
}

// addOtherHistory adds n old rows to each further table that grows.
func (w *world) addOtherHistory(n int) {
	w.t.Helper()
	w.fund(plenty)
	w.makeBulks()
	for _, call := range w.caseCalls() {
		require.NoError(w.t, call.do(), call.name)
	}
	db, series := w.raw(), fmt.Sprintf("generate_series(1, %d)", n)
	for table, own := range map[string]map[string]string{
		"used_signatures": {"signature": "md5('signature' || g)"},
		"cases":           {"id": oldID, "payment_id": oldID},
		"audit_log":       {"id": oldID, "payment_id": oldID},
		"bulks":           {"id": oldID, "merchant_ref": "'old ' || g"},
		"bulk_lines":      {"bulk_id": oldID, "merchant_ref": "'old ' || g", "payment_id": "md5('line' || g)"},
	} {
		w.copyRows(db, table, "t.ctid = (SELECT max(ctid) FROM "+table+")", own, series)
	}
}

// oldPayment returns a finished payment that a callback confirmed and whose webhook was delivered.
func (w *world) oldPayment(reference string) pirogue.PaymentID {
	w.t.Helper()
	for _, call := range w.cashInCalls(reference) {
		require.NoError(w.t, call.do(), call.name)
	}
	p, err := w.db.Payments.ByReference(w.ctx(), w.owner, pirogue.CashIn, reference)
	require.NoError(w.t, err)
	_, a := w.latest(p.ID)
	c := operator.NewCallback(a, operator.OperatorResult{Outcome: pirogue.OutcomePaid}, []byte("paid"), w.at(0))
	c.RoutedAt = w.at(0)
	_, err = w.db.Callbacks.RecordCallback(w.ctx(), c)
	require.NoError(w.t, err)
	return p.ID
}
