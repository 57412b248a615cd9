package store_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/ids"
	"pirogue/listing"
)

func TestAPaymentComesBackAsItWasAccepted(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.newCashIn(w.owner, "order_1")
		accepted, fresh, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a))
		require.NoError(w.t, err)
		require.True(w.t, fresh)
		require.Equal(w.t, p, accepted)
		again, fresh, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a))
		require.NoError(w.t, err, "the very same call, whose answer was lost")
		require.False(w.t, fresh)
		require.Equal(w.t, p, again)

		read, err := w.db.Payments.Payment(w.ctx(), w.owner, p.ID)
		require.NoError(w.t, err)
		require.Equal(w.t, p, read)
		latest, attempt := w.latest(p.ID)
		require.Equal(w.t, p, latest)
		require.Equal(w.t, a, attempt)
		w.requireSound()
	})
}

func TestOneReferenceIsOnePayment(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		parent := w.fund(100_000)
		original, _ := w.accept("order_1")
		rows := map[string]struct {
			change func(p *pirogue.Payment)
			fresh  bool
		}{
			"the same request again": {func(*pirogue.Payment) {}, false},
			"with another amount":    {func(p *pirogue.Payment) { p.Amount.Minor = 9 }, false},
			"as a cash-out":          {func(p *pirogue.Payment) { p.Kind = pirogue.CashOut }, false},
			"as a refund, which counts apart": {
				func(p *pirogue.Payment) { p.Kind, p.ParentID = pirogue.Refund, parent.ID }, true,
			},
			"in the other mode":                    {func(p *pirogue.Payment) { p.Mode = pirogue.Live }, true},
			"by another merchant":                  {func(p *pirogue.Payment) { p.MerchantID = w.another().MerchantID }, true},
			"in capitals":                          {func(p *pirogue.Payment) { p.OrderID = "Order_1" }, true},
			"with a space behind":                  {func(p *pirogue.Payment) { p.OrderID = "order_1 " }, true},
			"with SQL in it":                       {func(p *pirogue.Payment) { p.OrderID = "' OR 1=1--" }, true},
			"with a composed é":                    {func(p *pirogue.Payment) { p.OrderID = "caf\u00e9" }, true},
			"with a decomposed é":                  {func(p *pirogue.Payment) { p.OrderID = "cafe\u0301" }, true},
			"with marks that GORM or SQL may read": {func(p *pirogue.Payment) { p.OrderID = "@id ? $1 %00" }, true},
		}
		for name, row := range rows {
			w.test().Run(name, func(t *testing.T) {
				p, a := w.newCashIn(w.owner, "order_1")
				row.change(&p)
				stored, fresh, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a))
				require.NoError(t, err)
				require.Equal(t, row.fresh, fresh)
				if fresh {
					require.Equal(t, p, stored)
				} else {
					require.Equal(t, original, stored)
				}
			})
		}
		w.requireSound()
	})
}

func TestAPaymentIsFoundByItsReference(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		parent := w.fund(100_000)
		in, _ := w.accept("order_1")
		out := w.accepted(w.cashOut("order_2", 100, 0))
		back := w.accepted(w.refund(parent, "order_1", 100))
		w.accepted(w.lateRefund(w.lateCashIn("order_3", 100), "ours", 100))
		stranger := w.another()
		for name, row := range map[string]struct {
			owner     access.Owner
			kind      pirogue.PaymentKind
			reference string
			want      pirogue.PaymentID // "" for nothing
		}{
			"a cash-in":                              {w.owner, pirogue.CashIn, "order_1", in.ID},
			"a cash-out":                             {w.owner, pirogue.CashOut, "order_2", out.ID},
			"a cash-out, asked for as cash-in":       {w.owner, pirogue.CashIn, "order_2", out.ID},
			"a refund, whose references count apart": {w.owner, pirogue.Refund, "order_1", back.ID},
			"what we gave back unasked":              {w.owner, pirogue.Refund, "ours", ""},
			"a reference nobody has":                 {w.owner, pirogue.Refund, "order_2", ""},
			"another merchant's":                     {stranger, pirogue.CashIn, "order_1", ""},
			"the other mode's": {
				access.Owner{MerchantID: w.owner.MerchantID, Mode: pirogue.Live}, pirogue.CashIn, "order_1", "",
			},
			"a reference with NUL": {w.owner, pirogue.CashIn, "\x00", ""},
		} {
			found, err := w.db.Payments.ByReference(w.ctx(), row.owner, row.kind, row.reference)
			require.Equal(w.t, row.want, found.ID, name)
			if row.want == "" {
				require.Equal(w.t, pirogue.TransactionNotFound, pirogue.CodeOf(err), name)
			}
		}
	})
}

func TestTheSameReferenceAtOnceIsOnePayment(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		const callers = 200
		var fresh atomic.Int64
		seen := make([]pirogue.PaymentID, callers)
		require.NoError(w.t, concurrently(callers, func(i int) error {
			p, a := w.newCashIn(w.owner, "order_1")
			stored, created, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a))
			if created {
				fresh.Add(1)
			}
			seen[i] = stored.ID
			return err
		}))
		require.EqualValues(w.t, 1, fresh.Load())
		for _, id := range seen {
			require.Equal(w.t, seen[0], id)
		}
		page, err := w.db.Payments.List(w.ctx(), w.owner, listing.PaymentFilter{})
		require.NoError(w.t, err)
		require.Len(w.t, page, 1)
		w.requireSound()
	})
}

func TestAPaymentIDUsedTwiceIsABug(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		first, _ := w.accept("order_1")
		p, a := w.newCashIn(w.owner, "order_2")
		p.ID = first.ID
		_, _, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a))
		require.Equal(w.t, pirogue.Internal, pirogue.CodeOf(err))
		w.requireSound()
	})
}

func TestWhatNoDatabaseCouldGiveBackIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for name, change := range map[string]func(p *pirogue.Payment){
			"NUL in the reference":       func(p *pirogue.Payment) { p.OrderID = "a\x00b" },
			"NUL in the description":     func(p *pirogue.Payment) { p.Description = "\x00" },
			"a reference that is latin1": func(p *pirogue.Payment) { p.OrderID = "caf\xe9" },
			"NUL in a URL":               func(p *pirogue.Payment) { p.NotifyURL = "https://a.example/\x00" },
		} {
			w.test().Run(name, func(t *testing.T) {
				p, a := w.newCashIn(w.owner, "order_1")
				change(&p)
				_, _, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a))
				require.Equal(t, pirogue.InvalidParameter, pirogue.CodeOf(err))
			})
		}
	})
}

func TestAReadNeverCrossesOwners(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, _ := w.accept("order_1")
		stranger, live := w.another(), access.Owner{MerchantID: w.owner.MerchantID, Mode: pirogue.Live}
		for name, row := range map[string]struct {
			owner access.Owner
			id    pirogue.PaymentID
		}{
			"another merchant":  {stranger, p.ID},
			"the other mode":    {live, p.ID},
			"an unknown id":     {w.owner, ids.Payment()},
			"an empty id":       {w.owner, ""},
			"SQL for an id":     {w.owner, "1=1"},
			"NUL for an id":     {w.owner, "\x00"},
			"an upper-case id?": {w.owner, "X" + p.ID},
		} {
			w.test().Run(name, func(t *testing.T) {
				_, err := w.db.Payments.Payment(w.ctx(), row.owner, row.id)
				require.Equal(t, pirogue.TransactionNotFound, pirogue.CodeOf(err))
				_, err = w.db.Payments.Timeline(w.ctx(), row.owner, row.id)
				require.Equal(t, pirogue.TransactionNotFound, pirogue.CodeOf(err))
			})
		}
		for _, o := range []access.Owner{stranger, live} {
			page, err := w.db.Payments.List(w.ctx(), o, listing.PaymentFilter{Before: p.ID})
			require.NoError(w.t, err)
			require.Empty(w.t, page)
		}
	})
}

func TestAListIsReadPageByPageNewestFirst(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		var want []pirogue.PaymentID
		for i := range 25 {
			p, _ := w.accept(fmt.Sprintf("order_%d", i))
			want = append([]pirogue.PaymentID{p.ID}, want...)
			if i%3 == 0 { // some have the same time
				w.now.Add(time.Second.Microseconds())
			}
		}
		var got []pirogue.PaymentID
		for before := pirogue.PaymentID(""); ; {
			page, err := w.db.Payments.List(w.ctx(), w.owner, listing.PaymentFilter{Before: before, Limit: 7})
			require.NoError(w.t, err)
			for _, p := range page {
				got = append(got, p.ID)
			}
			if len(page) < 7 {
				break
			}
			before = page[6].ID
		}
		require.Equal(w.t, want, got)
	})
}

func TestAListShowsWhatItsFilterSelects(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		first, _ := w.accept("order_1")
		w.now.Add(time.Hour.Microseconds())
		second, a := w.sent("order_2")
		_, err := w.end(second, pirogue.StatusFailed, pirogue.FailedDeclined)
		require.NoError(w.t, err)

		rows := map[string]struct {
			filter listing.PaymentFilter
			want   []pirogue.PaymentID
		}{
			"everything":             {listing.PaymentFilter{}, []pirogue.PaymentID{second.ID, first.ID}},
			"one reference":          {listing.PaymentFilter{OrderID: "order_1"}, []pirogue.PaymentID{first.ID}},
			"one status":             {listing.PaymentFilter{Status: "FAILED"}, []pirogue.PaymentID{second.ID}},
			"cash-outs":              {listing.PaymentFilter{Kind: pirogue.CashOut}, nil},
			"one country":            {listing.PaymentFilter{Country: "ML"}, []pirogue.PaymentID{second.ID, first.ID}},
			"one operator":           {listing.PaymentFilter{Operator: a.Operator}, []pirogue.PaymentID{second.ID, first.ID}},
			"from its own moment":    {listing.PaymentFilter{CreatedFrom: second.CreatedAt}, []pirogue.PaymentID{second.ID}},
			"up to its own moment":   {listing.PaymentFilter{CreatedTo: second.CreatedAt}, []pirogue.PaymentID{first.ID}},
			"a reference nobody has": {listing.PaymentFilter{OrderID: "' OR ''='"}, nil},
			"a reference with NUL":   {listing.PaymentFilter{OrderID: "\x00"}, nil},
			"two at most":            {listing.PaymentFilter{Limit: 1}, []pirogue.PaymentID{second.ID}},
		}
		for name, row := range rows {
			w.test().Run(name, func(t *testing.T) {
				page, err := w.db.Payments.List(w.ctx(), w.owner, row.filter)
				require.NoError(t, err)
				var got []pirogue.PaymentID
				for _, p := range page {
					got = append(got, p.ID)
				}
				require.Equal(t, row.want, got)
			})
		}
	})
}
