package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/ids"
	"pirogue/store"
)

// exported returns what an owner's export tells.
func (w *world) exported(o pirogue.Owner, f pirogue.ExportFilter) []pirogue.PaymentID {
	w.t.Helper()
	var told []pirogue.PaymentID
	require.NoError(w.t, w.db.Export(w.ctx(), o, f, func(p pirogue.Payment) error {
		told = append(told, p.ID)
		return nil
	}))
	return told
}

func TestAnExportTellsAllThatWasAskedForOldestFirst(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		mine, other := w.owner, w.another()
		w.owner = other
		theirs, _ := w.accept("theirs")
		w.owner = pirogue.Owner{MerchantID: mine.MerchantID, Mode: pirogue.Live}
		w.accept("live")
		w.owner = mine
		var all []pirogue.PaymentID
		for i := range 5 {
			if i != 2 { // two of one microsecond
				w.now.Add(time.Second.Microseconds())
			}
			p, a := w.order(w.owner, fmt.Sprintf("order_%d", i))
			if i == 4 {
				p.Kind, p.Country, p.FeeReturns, p.Fee.Minor, p.Amount.Minor = pirogue.CashOut, "SN", false, 0, 1
			}
			if i == 4 {
				f, b := w.order(w.owner, "fund")
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
			filter pirogue.ExportFilter
			expect []pirogue.PaymentID
		}{
			"everything":        {pirogue.ExportFilter{}, all},
			"from inclusive":    {pirogue.ExportFilter{From: w.at(0)}, all[5:]},
			"to exclusive":      {pirogue.ExportFilter{To: w.at(0)}, all[:5]},
			"a kind":            {pirogue.ExportFilter{Kind: pirogue.CashOut}, all[5:]},
			"a status":          {pirogue.ExportFilter{Status: pirogue.StatusSuccess}, all[4:5]},
			"a country":         {pirogue.ExportFilter{Country: "SN"}, all[4:]},
			"after one":         {pirogue.ExportFilter{After: all[1]}, all[2:]},
			"a page":            {pirogue.ExportFilter{After: all[0], Limit: 2}, all[1:3]},
			"after another's":   {pirogue.ExportFilter{After: theirs.ID}, nil},
			"after none":        {pirogue.ExportFilter{After: ids.Payment()}, nil},
			"what nobody keeps": {pirogue.ExportFilter{Country: "\x00"}, nil},
		} {
			require.Equal(w.t, row.expect, w.exported(mine, row.filter), name)
		}
		require.Equal(w.t, []pirogue.PaymentID{theirs.ID}, w.exported(other, pirogue.ExportFilter{}))

		var first pirogue.Payment
		require.NoError(w.t, w.db.Export(w.ctx(), mine, pirogue.ExportFilter{Limit: 1}, func(p pirogue.Payment) error {
			first = p
			return nil
		}))
		read, err := w.db.Payment(w.ctx(), mine, all[0])
		require.NoError(w.t, err)
		require.Equal(w.t, read, first, "all of the payment")
	})
}

// What is accepted or settled while an export runs is not in it: all rows are of one
// moment.
func TestAnExportIsOfOneMoment(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		const before = 300
		for i := range before {
			w.accept(fmt.Sprintf("order_%d", i))
		}
		last := w.found("+22376123456", 1)[0]
		told := 0
		require.NoError(w.t, w.db.Export(w.ctx(), w.owner, pirogue.ExportFilter{}, func(p pirogue.Payment) error {
			if told++; told == 1 {
				w.now.Add(time.Hour.Microseconds())
				w.accept("later")
				_, err := w.end(pirogue.Payment{ID: last}, pirogue.StatusFailed, pirogue.FailedRefused)
				require.NoError(w.t, err)
			}
			require.Equal(w.t, pirogue.StatusCreated, p.Status)
			return nil
		}))
		require.Equal(w.t, before, told)
		require.Len(w.t, w.exported(w.owner, pirogue.ExportFilter{}), before+1)
	})
}

func TestAnExportStopsWhenItsReaderDoes(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for i := range 20 {
			w.accept(fmt.Sprintf("order_%d", i))
		}
		hungUp := errors.New("the reader hung up")
		for range 10 { // a connection that was not given back would be missed
			told := 0
			err := w.db.Export(w.ctx(), w.owner, pirogue.ExportFilter{}, func(pirogue.Payment) error {
				if told++; told == 3 {
					return hungUp
				}
				return nil
			})
			require.Equal(w.t, hungUp, err, "its own error, unwrapped")
			require.Equal(w.t, 3, told)
		}
		for range 10 {
			ctx, cancel := context.WithCancel(w.ctx())
			err := w.db.Export(ctx, w.owner, pirogue.ExportFilter{}, func(pirogue.Payment) error {
				cancel()
				<-ctx.Done()
				return ctx.Err()
			})
			require.ErrorIs(w.t, err, context.Canceled)
			require.Equal(w.t, pirogue.ServiceUnavailable,
				pirogue.CodeOf(w.db.Export(ctx, w.owner, pirogue.ExportFilter{}, func(pirogue.Payment) error { return nil })))
		}
		require.Len(w.t, w.exported(w.owner, pirogue.ExportFilter{}), 20)
		require.NoError(w.t, w.db.Ping(w.ctx()))
	})
}

// Long reads have few connections. Who finds none free is told so, and the payments go
// on.
func TestAnExportThatFindsNoConnectionGivesUp(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.accept("order_1")
		w.db = w.open(store.Rate{})
		const taken = 8 // more than either database has for long reads
		release, entered := make(chan struct{}), make(chan struct{}, taken)
		ended := make(chan error, taken)
		for range taken {
			go func() {
				ended <- w.db.Export(w.ctx(), w.owner, pirogue.ExportFilter{}, func(pirogue.Payment) error {
					entered <- struct{}{}
					<-release
					return nil
				})
			}()
		}
		<-entered
		require.Equal(w.t, pirogue.ServiceUnavailable, pirogue.CodeOf(<-ended), "one of those that found none")
		p, a := w.order(w.owner, "order_2")
		require.NoError(w.t, insist(func() error {
			_, _, err := w.db.Accept(w.ctx(), p, a, digest(a))
			return err
		}))
		close(release)
		for range taken - 1 {
			if err := <-ended; err != nil {
				require.Equal(w.t, pirogue.ServiceUnavailable, pirogue.CodeOf(err))
			}
		}
	})
}
