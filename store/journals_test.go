package store_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/ledger"
)

func TestMoneyNeverCrossesACurrencyOrAMode(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for name, change := range map[string]func(a *ledger.Account){
			"another currency": func(a *ledger.Account) { a.Currency = pirogue.XAF },
			"the other mode":   func(a *ledger.Account) { a.Mode = pirogue.Live },
		} {
			w.test().Run(name, func(t *testing.T) {
				p, _ := w.sent(name)
				journal := ledger.Late(p, 100)
				change(&journal.Transfers[0].Credit)
				require.Equal(t, pirogue.Internal, pirogue.CodeOf(w.db.Book(w.ctx(), journal, w.at(0))))
			})
		}
		w.requireSound()
	})
}

// A capture or release needs the hold that it ends. Without it, or with another one, nothing is
// booked.
func TestAHoldThatIsNotThereIsNeitherTakenNorFreed(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(5000)
		in, _ := w.sent("a cash-in, which holds nothing")
		out := w.accepted(w.cashOut("held", 1000, 20))
		dearer, cheaper, free := out, out, out
		dearer.Amount.Minor, cheaper.Amount.Minor, free.Late = 1001, 999, true
		for name, p := range map[string]pirogue.Payment{
			"nothing held": in, "more than was held": dearer, "less than was held": cheaper, "from another account": free,
		} {
			for _, journal := range []ledger.Journal{ledger.Capture(p), ledger.Release(p)} {
				require.Equal(w.t, pirogue.Internal, pirogue.CodeOf(w.db.Book(w.ctx(), journal, w.at(0))), name)
			}
		}
		w.requireBalance(3980, 1020)
		w.requireSound()
	})
}

func TestAHoldIsEndedOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(5000)
		for name, ends := range map[string][2]func(pirogue.Payment) ledger.Journal{
			"taken, then freed": {ledger.Capture, ledger.Release},
			"freed, then taken": {ledger.Release, ledger.Capture},
		} {
			out := w.accepted(w.cashOut(name, 1000, 20))
			require.NoError(w.t, w.db.Book(w.ctx(), ends[0](out), w.at(0)))
			require.NoError(w.t, w.db.Book(w.ctx(), ends[0](out), w.at(0)), "the very same once more")
			require.Equal(w.t, pirogue.Internal, pirogue.CodeOf(w.db.Book(w.ctx(), ends[1](out), w.at(0))), name)
		}
		w.requireBalance(3980, 0)
	})
}

func TestAJournalThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, _ := w.sent("order_1")
		late := func(amount int64) ledger.Journal { return ledger.Late(p, amount) }
		circular, strange := late(1), late(1)
		circular.Transfers[0].Credit = circular.Transfers[0].Debit
		strange.Phase = "frozen"
		twice := late(math.MaxInt64)
		twice.Transfers = append(twice.Transfers, twice.Transfers[0])
		for name, journal := range map[string]ledger.Journal{
			"moves nothing":             late(0),
			"moves less than nothing":   late(-1),
			"moves more than fits":      twice,
			"moves money where it is":   circular,
			"has no transfers":          {PaymentID: p.ID, Step: ledger.StepLate},
			"is of a phase nobody has":  strange,
			"belongs to nobody":         {Step: ledger.StepLate, Transfers: late(1).Transfers},
			"is of a payout nobody has": {SettlementID: "none", Step: ledger.StepSettlement, Transfers: late(1).Transfers},
		} {
			require.Equal(w.t, pirogue.Internal, pirogue.CodeOf(w.db.Book(w.ctx(), journal, w.at(0))), name)
		}
		w.requireSound()
	})
}
