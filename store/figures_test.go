package store_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/support"
)

func TestWhatWaitsIsCounted(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		f, err := w.db.Worklist.Figures(w.ctx(), w.at(0))
		require.NoError(w.t, err)
		require.Empty(w.t, f, "nothing waits")

		w.fund(5000)
		w.now.Add(time.Minute.Microseconds())
		out := w.accepted(w.cashOut("out", 1000, 0))
		w.sent("sent")
		w.lateCashIn("stray", 700)
		require.NoError(w.t, w.opens(support.Case{
			ID: support.NewCaseID(out.ID, support.CausePaidAfterAll), PaymentID: out.ID,
			Cause: support.CausePaidAfterAll,
			Paid:  300, OpenedAt: w.at(0),
		}))
		f, err = w.db.Worklist.Figures(w.ctx(), w.at(time.Hour))
		require.NoError(w.t, err)
		require.Equal(w.t, []support.OpenFigure{
			{Kind: pirogue.CashIn, Status: pirogue.StatusInitiated, Payments: 1},
			{Kind: pirogue.CashOut, Status: pirogue.StatusCreated, Payments: 1},
		}, f.Open)
		require.Equal(w.t, out.CreatedAt, f.OldestHold)
		require.Equal(w.t, []support.SuspenseFigure{{Currency: pirogue.XOF, In: 400}}, f.Suspense, "of one merchant")
		require.Equal(w.t, []support.WorkTally{
			{Cause: string(support.CauseLateSuccess), Currency: pirogue.XOF, Payments: 1, Amount: 700},
			{Cause: string(support.CausePaidAfterAll), Currency: pirogue.XOF, Payments: 1, Amount: 300},
		}, f.Cases)
		require.Equal(w.t, []support.WorkTally{
			{Cause: string(support.StuckCase), Currency: pirogue.XOF, Payments: 2, Amount: 1000},
			{Cause: string(support.StuckUnknown), Currency: pirogue.XOF, Payments: 1, Amount: 5000},
		}, f.Stuck)
		require.NotZero(w.t, f.OverdueEvents, "of the payments that ended")
		require.Zero(w.t, f.Unrouted)
	})
}

// A million rows can be stuck, and every process counts them all the time.
func TestWhatIsStuckIsCountedSoFar(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for i := range 3 {
			w.endedEvent(strconv.Itoa(i), http.StatusGone, pirogue.EventExhausted)
		}
		for most, want := range map[int]int{2: 2, 3: 3, support.MaxCounted: 3} {
			f, err := w.db.FiguresUpTo(w.ctx(), w.at(time.Hour), most)
			require.NoError(w.t, err)
			require.Len(w.t, f.Stuck, 1)
			require.Equal(w.t, string(support.StuckUnreported), f.Stuck[0].Cause)
			require.Equal(w.t, want, f.Stuck[0].Payments)
		}
	})
}
