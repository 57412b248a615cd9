package store_test

import (
	"database/sql"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/listing"
	"pirogue/piroguetest"
	"pirogue/support"
)

const (
	// beforeTypedTimes is the last version of the schema whose times are text on PostgreSQL.
	beforeTypedTimes = 25
	// neverSeen stands for an empty workflow_seen_at.
	neverSeen = "0001-01-01T00:00:00.000000Z"
)

func TestTypedTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, piroguetest.Postgres(t))
	w.makeOneOfEach()
	p, err := w.db.Payments.Payment(w.ctx(), w.owner, w.paid("read before and after").ID)
	require.NoError(t, err)
	w.beginAskFirst()
	typed := w.timeColumns("timestamp with time zone")
	require.NoError(t, w.db.MigrateDown(w.ctx(), beforeTypedTimes))
	require.Empty(t, w.timeColumns("timestamp with time zone"))

	raw := w.raw()
	for _, statement := range []string{
		"UPDATE merchants SET suspended_at = ''",
		"UPDATE callbacks SET routed_at = ''",
		"UPDATE attempts SET polled_at = '2026-04-29T14:32:18Z', next_poll_at = '2026-04-29T14:32:18.5Z'",
		"UPDATE attempts SET callback_asked_at = '2024-02-29T23:59:59.999999Z'",
	} {
		require.NoError(t, w.exec(raw, statement))
	}
	before := map[string][]string{}
	for _, column := range typed {
		before[column] = w.timesIn(raw, column, "")
	}
	require.Contains(t, before["bulks.workflow_seen_at"], "NULL", "none is seen")
	require.NoError(t, w.db.Migrate(w.ctx()))

	require.Empty(t, w.timeColumns("text"), "a time is text")
	require.Equal(t, typed, w.timeColumns("timestamp with time zone"))
	for column, want := range before {
		if strings.HasSuffix(column, ".workflow_seen_at") {
			want = strings.Split(strings.ReplaceAll(strings.Join(want, " "), "NULL", neverSeen), " ")
		}
		require.ElementsMatch(t, want, w.timesIn(raw, column, " AT TIME ZONE 'UTC'"), column)
	}
	read, err := w.db.Payments.Payment(w.ctx(), w.owner, p.ID)
	require.NoError(t, err)
	require.Equal(t, p, read)
	w.requireSound()
}

// timeColumns returns the columns of one type that hold times, by their names.
func (w *world) timeColumns(dataType string) []string {
	w.t.Helper()
	return texts(w.t, w.raw(), `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name NOT LIKE 'goose%' AND data_type = '`+dataType+`'
		  AND column_name ~ '(^|_)(at|since|until|deadline|to)$' ORDER BY 1`)
}

// timesIn returns the times of a column in one form. "" and NULL are "NULL".
func (w *world) timesIn(db *sql.DB, column, zone string) []string {
	w.t.Helper()
	table, name, _ := strings.Cut(column, ".")
	time := name + zone
	if zone == "" {
		time = "CAST(NULLIF(" + name + ", '') AS timestamptz) AT TIME ZONE 'UTC'"
	}
	return texts(w.t, db, "SELECT COALESCE(to_char("+time+`, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'NULL') FROM `+table)
}

// A time is read as it was written, to the microsecond, whatever the zone of its writer. Times that
// not every database has are cut.
func TestTimesOfEveryYear(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, _ := w.accept("order_1")
		for name, row := range map[string]struct {
			from, to time.Time
			found    bool
		}{
			"year 0":      {time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{}, true},
			"year 10000":  {time.Time{}, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), true},
			"not yet":     {time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{}, false},
			"not any day": {time.Time{}, time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), false},
			"its own":     {p.CreatedAt.In(time.FixedZone("", 5*3600+1800)), time.Time{}, true},
			"just after":  {p.CreatedAt.Add(time.Microsecond), time.Time{}, false},
		} {
			w.test().Run(name, func(t *testing.T) {
				page, err := w.db.Payments.List(w.ctx(), w.owner, listing.PaymentFilter{CreatedFrom: row.from, CreatedTo: row.to})
				require.NoError(t, err)
				require.Equal(t, row.found, len(page) == 1)
			})
		}
	})
}

// A cursor comes from outside: only a time that the store wrote is one.
func TestCursorWithoutATime(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for _, since := range []string{"", "now", "infinity", "0000-01-01T00:00:00.000000Z", "2026-04-29T14:32:18Z"} {
			cursor := base64.RawURLEncoding.EncodeToString([]byte(`{"":{"s":"` + since + `","p":"x"}}`))
			_, err := w.db.Cases.OpenCases(w.ctx(), support.WorkFilter{After: cursor})
			require.Equal(w.t, pirogue.InvalidParameter, pirogue.CodeOf(err), since)
		}
	})
}
