package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/bulk"
	"pirogue/ids"
	"pirogue/listing"
	"pirogue/store"
)

// exported returns the IDs in an owner's export.
func (w *world) exported(o access.Owner, f listing.ExportFilter) []pirogue.PaymentID {
	w.t.Helper()
	var entries []pirogue.PaymentID
	require.NoError(w.t, w.db.Reports.Export(w.ctx(), o, f, func(p listing.ExportRow) error {
		entries = append(entries, p.ID)
		return nil
	}))
	return entries
}

func TestAnExportTellsAllThatWasAskedForOldestFirst(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		mine, other := w.owner, w.another()
		w.owner = other
		theirs, _ := w.accept("theirs")
		w.owner = access.Owner{MerchantID: mine.MerchantID, Mode: pirogue.Live}
		w.accept("live")
		w.owner = mine
		var all []pirogue.PaymentID
		for i := range 5 {
			if i != 2 { // two have the same microsecond
				w.now.Add(time.Second.Microseconds())
			}
			p, a := w.newCashIn(w.owner, fmt.Sprintf("order_%d", i))
			if i == 4 {
				p.Kind, p.Country, p.FeeReturns, p.Fee.Minor, p.Amount.Minor = pirogue.CashOut, "SN", false, 0, 1
			}
			if i == 4 {
				f, b := w.newCashIn(w.owner, "fund")
				f.Country = "SN"
				w.underway(f, b)
				_, err := w.success(f)
				require.NoError(w.t, err)
				all = append(all, f.ID)
				w.now.Add(time.Second.Microseconds())
				p.CreatedAt = w.at(0)
			}
			w.accepted(p, a)
			all = append(all, p.ID)
		}
		if all[1] > all[2] {
			all[1], all[2] = all[2], all[1]
		}
		for name, row := range map[string]struct {
			filter listing.ExportFilter
			expect []pirogue.PaymentID
		}{
			"everything":        {listing.ExportFilter{}, all},
			"from inclusive":    {listing.ExportFilter{From: w.at(0)}, all[5:]},
			"to exclusive":      {listing.ExportFilter{To: w.at(0)}, all[:5]},
			"a kind":            {listing.ExportFilter{Kind: pirogue.CashOut}, all[5:]},
			"a status":          {listing.ExportFilter{Status: pirogue.StatusSuccess}, all[4:5]},
			"a country":         {listing.ExportFilter{Country: "SN"}, all[4:]},
			"after one":         {listing.ExportFilter{After: all[1]}, all[2:]},
			"a page":            {listing.ExportFilter{After: all[0], Limit: 2}, all[1:3]},
			"after another's":   {listing.ExportFilter{After: theirs.ID}, nil},
			"after none":        {listing.ExportFilter{After: ids.Payment()}, nil},
			"what nobody keeps": {listing.ExportFilter{Country: "\x00"}, nil},
		} {
			require.Equal(w.t, row.expect, w.exported(mine, row.filter), name)
		}
		require.Equal(w.t, []pirogue.PaymentID{theirs.ID}, w.exported(other, listing.ExportFilter{}))

		var first pirogue.Payment
		require.NoError(w.t, w.db.Reports.Export(w.ctx(), mine, listing.ExportFilter{
			Limit: 1,
		}, func(p listing.ExportRow) error {
			first = p.Payment
			return nil
		}))
		read, err := w.db.Payments.Payment(w.ctx(), mine, all[0])
		require.NoError(w.t, err)
		require.Equal(w.t, read, first, "all of the payment")
	})
}

// A payment accepted during an export is not in it. One that is settled meanwhile comes once,
// even if more pages follow.
func TestAnExportTellsEachPaymentOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		const before = store.ReportPage + 5
		w.fillPayments(before)
		ordered := w.exported(w.owner, listing.ExportFilter{})
		require.Len(w.t, ordered, before)
		first, last := ordered[0], ordered[before-1]
		finalized := 0
		var entries []pirogue.PaymentID
		require.NoError(w.t, w.db.Reports.Export(w.ctx(), w.owner, listing.ExportFilter{}, func(p listing.ExportRow) error {
			if entries = append(entries, p.ID); len(entries) == 1 {
				w.now.Add(time.Hour.Microseconds())
				w.accept("later")
				for _, id := range []pirogue.PaymentID{first, last} {
					w.failPayment(id)
				}
			}
			if p.Status == pirogue.StatusFailed {
				finalized++
			}
			return nil
		}))
		require.Equal(w.t, ordered, entries)
		require.Equal(w.t, 1, finalized, "the later page was read later")
		require.Len(w.t, w.exported(w.owner, listing.ExportFilter{}), before+1)
		require.Equal(w.t, []pirogue.PaymentID{first, last},
			w.exported(w.owner, listing.ExportFilter{Status: pirogue.StatusFailed}))
	})
}

// requireNetSums requires that the export's net amounts are the merchant's balance and its payouts.
func (w *world) requireNetSums() {
	w.t.Helper()
	net, has := map[pirogue.CountryCode]int64{}, map[pirogue.CountryCode]int64{}
	require.NoError(w.t, w.db.Reports.Export(w.ctx(), w.owner, listing.ExportFilter{}, func(p listing.ExportRow) error {
		net[p.Country] += p.Net
		return nil
	}))
	balances, err := w.db.Reports.Balances(w.ctx(), w.owner)
	require.NoError(w.t, err)
	for _, b := range balances {
		has[b.Country] += b.Available + b.Reserved
	}
	settlements, err := w.db.Settlements.Settlements(w.ctx(), w.owner)
	require.NoError(w.t, err)
	for _, p := range settlements {
		has[p.Country] += p.Amount.Minor
	}
	for country := range has {
		require.Equal(w.t, has[country], net[country], country)
	}
	require.Len(w.t, net, len(has))
}

func TestTheNetAmountsOfAnExportAddUpToTheBalance(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.makeOneOfEach()
		borne, a := w.newCashIn(w.owner, "borne")
		borne.FeePayer, borne.FeeReturns = pirogue.PaidByCustomer, false
		_, err := w.success(w.underway(borne, a))
		require.NoError(w.t, err)
		for i, part := range []int64{1234, 1, 3765} {
			_, err := w.success(w.underway(w.refund(w.readPage("paid in parts", i == 0), fmt.Sprint("part ", i), part)))
			require.NoError(w.t, err)
		}
		w.requireNetSums()
		net := map[string]int64{}
		require.NoError(w.t, w.db.Reports.Export(w.ctx(), w.owner, listing.ExportFilter{}, func(p listing.ExportRow) error {
			net[p.OrderID] = p.Net
			return nil
		}))
		for reference, want := range map[string]int64{
			"created": 0, "sent": 0, "failed": 0, "paid": 4925, "part": 0, "whole": 4925, "all": -4925,
			"out": 0, "gone": -1020, "vain": 0, "stray": 0, "return": 0, "borne": 5000,
			"paid in parts": 4925, "part 0": 18 - 1234, "part 1": -1, "part 2": 57 - 3765,
		} {
			require.Equal(w.t, want, net[reference], reference)
		}
	})
}

// readPage returns a paid cash-in of the world's merchant; with first set, a fresh one.
func (w *world) readPage(reference string, first bool) pirogue.Payment {
	w.t.Helper()
	if first {
		return w.paid(reference)
	}
	p, err := w.db.Payments.ByReference(w.ctx(), w.owner, pirogue.CashIn, reference)
	require.NoError(w.t, err)
	return p
}

// failPayment ends a payment that never left, with SQL.
func (w *world) failPayment(id pirogue.PaymentID) {
	w.t.Helper()
	require.NoError(w.t, w.exec(w.raw(), "UPDATE payments SET status = 'FAILED', sequence = 1 WHERE id = ?", string(id)))
}

func TestAnExportStopsWhenItsReaderDoes(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for i := range 20 {
			w.accept(fmt.Sprintf("order_%d", i))
		}
		hungUp := errors.New("the reader hung up")
		for range 10 { // so that a connection that was not returned is missed
			entries := 0
			err := w.db.Reports.Export(w.ctx(), w.owner, listing.ExportFilter{}, func(listing.ExportRow) error {
				if entries++; entries == 3 {
					return hungUp
				}
				return nil
			})
			require.Equal(w.t, hungUp, err, "its own error, unwrapped")
			require.Equal(w.t, 3, entries)
		}
		for range 10 {
			ctx, cancel := context.WithCancel(w.ctx())
			err := w.db.Reports.Export(ctx, w.owner, listing.ExportFilter{}, func(listing.ExportRow) error {
				cancel()
				<-ctx.Done()
				return ctx.Err()
			})
			require.ErrorIs(w.t, err, context.Canceled)
			err = w.db.Reports.Export(ctx, w.owner, listing.ExportFilter{}, func(listing.ExportRow) error { return nil })
			require.Equal(w.t, pirogue.ServiceUnavailable, pirogue.CodeOf(err))
		}
		require.Len(w.t, w.exported(w.owner, listing.ExportFilter{}), 20)
		require.NoError(w.t, w.db.Ping(w.ctx()))
	})
}

// A slow reader of an export keeps nobody else from the database. The maximum number of exports
// is stalled, and all other work goes on.
func TestStalledExportsDelayNobody(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fillPayments(store.ReportPage + 5)
		w.fund(120)
		accepted, _ := w.acceptBulk("stalled", 100)
		release, entered := make(chan struct{}), make(chan struct{}, 2*listing.MaxAuditReports)
		ended := make(chan error, 2*listing.MaxAuditReports)
		stall := func() {
			entered <- struct{}{}
			<-release
		}
		for range listing.MaxAuditReports {
			go func() {
				entries := 0
				ended <- w.db.Reports.Export(w.ctx(), w.owner, listing.ExportFilter{}, func(listing.ExportRow) error {
					if entries++; entries == 1 {
						stall()
					}
					return nil
				})
			}()
			go func() {
				ended <- w.db.Bulks.BulkLines(w.ctx(), w.owner, accepted.ID, bulk.LineSpan{}, func(bulk.BulkLine) error {
					stall()
					return nil
				})
			}()
		}
		for range 2 * listing.MaxAuditReports {
			<-entered
		}
		stalled := w.owner
		w.owner = w.another()
		w.fund(500)
		require.Len(w.t, w.exported(w.owner, listing.ExportFilter{}), 1)
		w.requireBalance(500, 0)
		_, err := w.db.Books.Audit(w.ctx())
		require.NoError(w.t, err, "verify has a connection of its own")
		close(release)
		for range 2 * listing.MaxAuditReports {
			require.NoError(w.t, <-ended)
		}
		require.Len(w.t, w.exported(stalled, listing.ExportFilter{}), store.ReportPage+6)
	})
}
