package store_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/ids"
	"pirogue/listing"
	"pirogue/piroguetest"
	"pirogue/vault"
)

// exportRows is the number of payments in each export of BenchmarkExport.
var exportRows = flag.Int("export-rows", 1_000_000, "payments that BenchmarkExport exports")

const (
	fillBatch   = 5_000  // payments written by one statement
	heapSampled = 20_000 // payments between two samples of the heap
	mebibyte    = 1 << 20
)

// BenchmarkExport reports the speed of an export of all payments of one merchant. It also reports
// the growth of the heap and of the resident memory.
func BenchmarkExport(b *testing.B) {
	for name, url := range map[string]func(testing.TB) string{
		"postgres": piroguetest.Postgres, "sqlite": piroguetest.SQLite,
	} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, url(b))
			w.fillPayments(*exportRows)
			debug.FreeOSMemory() // the memory that filling the database took
			idle, idleResident := heap(true), resident(b)
			peak, peakResident, exports := idle, idleResident, 0
			for b.Loop() {
				entries := 0
				err := w.db.Reports.Export(b.Context(), w.owner, listing.ExportFilter{}, func(p listing.ExportRow) error {
					if entries++; entries%heapSampled == 0 {
						peak, peakResident = max(peak, heap(false)), max(peakResident, resident(b))
					}
					if p.MSISDN == "" {
						return fmt.Errorf("payment %s has no number", p.ID)
					}
					return nil
				})
				require.NoError(b, err)
				require.Equal(b, *exportRows, entries)
				exports++
			}
			b.ReportMetric(float64(exports**exportRows)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(peak-idle)/mebibyte, "MiB-heap-above-idle")
			b.ReportMetric(float64(peakResident-idleResident)/mebibyte, "MiB-RSS-above-idle")
		})
	}
}

// resident returns the resident bytes of the process, as Linux counts them.
func resident(b *testing.B) uint64 {
	b.Helper()
	raw, err := os.ReadFile("/proc/self/statm")
	require.NoError(b, err)
	var size, pages uint64
	_, err = fmt.Sscan(string(raw), &size, &pages)
	require.NoError(b, err)
	return pages * uint64(os.Getpagesize())
}

// heap returns the bytes of the heap in use. They include garbage unless sweep is set.
func heap(sweep bool) uint64 {
	if sweep {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// fillPayments writes n copies of one accepted payment with SQL, without the store. Each has its
// own reference, time and sealed values.
func (w *world) fillPayments(n int) {
	w.t.Helper()
	p, _ := w.accept("template")
	statement := w.copyPayment(string(p.ID))
	db := w.raw()
	for written := 1; written < n; {
		batch := make([][5]string, min(fillBatch, n-written))
		for i := range batch {
			id := ids.New()
			at := p.CreatedAt.Add(time.Duration(written+i) * time.Millisecond)
			batch[i] = [...]string{
				id, "order " + id, w.seal("payments.msisdn/"+id, string(p.MSISDN)),
				w.seal("payments.customer_name/"+id, p.CustomerName), at.UTC().Format("2006-01-02T15:04:05.000000Z"),
			}
		}
		rows, err := json.Marshal(batch)
		require.NoError(w.t, err)
		require.NoError(w.t, w.exec(db, statement, string(rows)))
		written += len(batch)
	}
	require.NoError(w.t, w.exec(db, "ANALYZE"))
}

func (w *world) seal(purpose, plain string) string {
	sealed, err := w.ring.Seal(vault.Purpose(purpose), []byte(plain))
	require.NoError(w.t, err)
	return sealed
}

// copyPayment returns a statement that copies a payment for each row of a JSON array. The row's
// five values replace the payment's own.
func (w *world) copyPayment(id string) string {
	columns := w.paymentColumns()
	from, cell := "json_each(?) AS r", "json_extract(r.value, '$[%d]')"
	if w.postgres() {
		from, cell = "json_array_elements(CAST(? AS json)) AS r", "r.value->>%d"
	}
	casts := map[string]string{}
	if w.postgres() {
		casts["created_at"] = "timestamptz"
	}
	own := map[string]int{"id": 0, "merchant_ref": 1, "msisdn_sealed": 2, "customer_name_sealed": 3, "created_at": 4}
	values := make([]string, len(columns))
	for i, column := range columns {
		values[i] = "p." + column
		if place, ok := own[column]; ok {
			values[i] = fmt.Sprintf(cell, place)
			if cast := casts[column]; cast != "" {
				values[i] = "CAST(" + values[i] + " AS " + cast + ")"
			}
		}
	}
	return fmt.Sprintf("INSERT INTO payments (%s) SELECT %s FROM payments p, %s WHERE p.id = '%s'",
		strings.Join(columns, ", "), strings.Join(values, ", "), from, id)
}

// paymentColumns returns the columns of payments that a statement may write.
func (w *world) paymentColumns() []string {
	w.t.Helper()
	rows, err := w.raw().QueryContext(w.ctx(), "SELECT * FROM payments")
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, rows.Close()) }()
	columns, err := rows.Columns()
	require.NoError(w.t, err)
	require.NoError(w.t, rows.Err())
	return slices.DeleteFunc(columns, func(column string) bool { return column == "ended_as" })
}
