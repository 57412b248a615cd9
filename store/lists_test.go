package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/listing"
	"pirogue/piroguetest"
)

// TestFilteredPages reads the lists and exports of every combination of filters page by page. They have
// the payments that the whole list has with these fields, in its order.
func TestFilteredPages(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.variousPayments()
		whole, err := w.db.Payments.List(w.ctx(), w.owner, listing.PaymentFilter{})
		require.NoError(w.t, err)
		require.Len(w.t, whole, 49)
		for _, status := range append([]pirogue.Status{""}, pirogue.Statuses...) {
			for _, kind := range []pirogue.PaymentKind{"", pirogue.CashIn, pirogue.CashOut} {
				for _, country := range []pirogue.CountryCode{"", "ML", "CI"} {
					for _, code := range []pirogue.OperatorCode{"", operatorCode, "novasend-ci"} {
						w.requirePages(whole, listing.PaymentFilter{Status: status, Kind: kind, Country: country, Operator: code})
					}
				}
			}
		}
	})
}

// variousPayments accepts 48 payments, of which most have ended, and one that funds them. Some have the
// same time.
func (w *world) variousPayments() {
	w.t.Helper()
	w.fund(1_000_000)
	for i := range 48 {
		p, a := w.newCashIn(w.owner, fmt.Sprintf("order_%d", i))
		if i%5 == 0 {
			p.Kind, p.FeeReturns = pirogue.CashOut, false
		}
		if i%3 == 0 {
			a.Operator = "novasend-ci"
			if p.Kind == pirogue.CashIn {
				p.Country = "CI"
			}
		}
		w.accepted(p, a)
		if i%4 == 0 {
			w.now.Add(time.Second.Microseconds())
		}
		if i%8 == 7 {
			continue
		}
		w.send(a)
		var err error
		switch i % 8 {
		case 0, 3:
			_, err = w.success(p)
		case 1, 4:
			_, err = w.end(p, pirogue.StatusFailed, pirogue.FailedDeclined)
		case 2, 5:
			_, err = w.end(p, pirogue.StatusExpired, pirogue.FailedNotPaid)
		}
		require.NoError(w.t, err)
	}
}

// requirePages requires that a list and an export have the payments that a filter selects from the
// whole list.
func (w *world) requirePages(whole []pirogue.Payment, f listing.PaymentFilter) {
	w.t.Helper()
	var want, got, exported []pirogue.PaymentID
	for _, p := range whole {
		if (f.Status == "" || p.Status == f.Status) && (f.Kind == "" || p.Kind == f.Kind) &&
			(f.Country == "" || p.Country == f.Country) && (f.Operator == "" || p.Operator == f.Operator) {
			want = append(want, p.ID)
		}
	}
	for f.Limit = 4; ; {
		page, err := w.db.Payments.List(w.ctx(), w.owner, f)
		require.NoError(w.t, err)
		for _, p := range page {
			got = append(got, p.ID)
		}
		if len(page) < f.Limit {
			break
		}
		f.Before = page[f.Limit-1].ID
	}
	require.Equal(w.t, want, got, "%+v", f)
	if f.Operator != "" {
		return
	}
	for e := (listing.ExportFilter{Status: f.Status, Kind: f.Kind, Country: f.Country, Limit: 4}); ; {
		before := len(exported)
		require.NoError(w.t, w.db.Reports.Export(w.ctx(), w.owner, e, func(p listing.ExportRow) error {
			exported, e.After = append(exported, p.ID), p.ID
			return nil
		}))
		if len(exported) < before+e.Limit {
			break
		}
	}
	slices.Reverse(exported)
	require.Equal(w.t, want, exported, "%+v", f)
}

// TestOpenPaymentsChangeInPlace checks what TestStatusChangesTouchNoIndex promises: PostgreSQL itself
// counts the updates of an open payment that touch no index.
func TestOpenPaymentsChangeInPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, piroguetest.Postgres(t))
	const updates = `SELECT n_tup_upd || ' updates, ' || n_tup_hot_upd || ' in place' FROM pg_stat_user_tables
		WHERE relname = 'payments'`
	p, a := w.newCashIn(w.owner, "order_1")
	require.NoError(t, w.pend(p, a))
	require.NoError(t, w.db.Close()) // the server counts at the end of a connection
	db, counts := w.raw(), ""
	require.Eventually(t, func() bool {
		counts = strings.Join(texts(t, db, updates), "")
		return strings.HasPrefix(counts, "2 updates")
	}, time.Minute, 100*time.Millisecond)
	require.Equal(t, "2 updates, 2 in place", counts)
}
