package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/support"
)

// found returns the IDs of the payments that a term names.
func (w *world) found(term string, limit int) []pirogue.PaymentID {
	w.t.Helper()
	payments, err := w.db.Payments.Find(w.ctx(), term, limit)
	require.NoError(w.t, err)
	found := make([]pirogue.PaymentID, len(payments))
	for i, p := range payments {
		found[i] = p.ID
	}
	return found
}

func TestSupportFindsAPaymentByWhateverNamesIt(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.another() // support finds payments of every merchant and of both modes
		w.owner.Mode = pirogue.Live
		p, a := w.newCashIn(w.owner, "order_1")
		p.MSISDN = "+22370112233"
		w.underway(p, a)
		finalized, err := w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
			PaymentID: p.ID, Status: pirogue.StatusSuccess, ProviderTxID: "MP260429.1432.A1", At: w.at(time.Minute),
		})
		require.NoError(w.t, err)
		refund, b := w.refund(finalized.Payment, "refund_1", 1000)
		w.accepted(refund, b)
		w.owner.Mode = pirogue.Test
		w.sent("order_2")

		for name, row := range map[string]struct {
			term string
			id   pirogue.PaymentID
		}{
			"our ID":                    {string(p.ID), p.ID},
			"our ID in capitals":        {strings.ToUpper(string(p.ID)), p.ID},
			"with spaces around":        {"  order_1\n", p.ID},
			"the merchant's order":      {"order_1", p.ID},
			"the merchant's refund":     {"refund_1", refund.ID},
			"our reference there":       {string(a.Ref), p.ID},
			"the operator's reference":  {"MP260429.1432.A1", p.ID},
			"an event":                  {string(finalized.EventID), p.ID},
			"the number":                {"+22370112233", p.ID},
			"the number, spaced":        {"+223 70 11 22 33", p.ID},
			"the number without a plus": {"22370112233", p.ID},
			"the number dialled abroad": {"00223 70-11-22-33", p.ID},
			"the number, pasted":        {"+223\u00a070.11.22.33", p.ID},
		} {
			require.Equal(w.t, []pirogue.PaymentID{row.id}, w.found(row.term, 10), name)
		}
		for _, term := range []string{"", " ", "order", "%", "order_\x00", "+22370112234", "70112233", ids.New(), "'"} {
			require.Empty(w.t, w.found(term, 10), term)
		}
		read, err := w.db.Payments.AnyPayment(w.ctx(), p.ID)
		require.NoError(w.t, err)
		payments, err := w.db.Payments.Find(w.ctx(), "order_1", 10)
		require.NoError(w.t, err)
		require.Equal(w.t, []pirogue.Payment{read.Payment}, payments)
		require.Equal(w.t, pirogue.MSISDN("+22370112233"), read.MSISDN)
		for _, id := range []pirogue.PaymentID{ids.Payment(), "x\x00"} {
			_, err = w.db.Payments.AnyPayment(w.ctx(), id)
			require.Equal(w.t, pirogue.TransactionNotFound, pirogue.CodeOf(err))
		}
	})
}

func TestOfAllThatATermNamesTheNewestAreFound(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		var newest []pirogue.PaymentID
		for range 4 {
			w.now.Add(time.Second.Microseconds())
			w.owner = w.another()
			p, _ := w.accept("same")
			newest = append([]pirogue.PaymentID{p.ID}, newest...)
		}
		require.Equal(w.t, newest, w.found("same", 10))
		require.Equal(w.t, newest, w.found("+22376123456", 10))
		require.Equal(w.t, newest[:2], w.found("same", 2))
		require.Equal(w.t, newest[:2], w.found("+22376123456", 2))
	})
}

func TestOpenCasesAreListedWithTheirPayments(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		var ids []support.CaseID
		for i, cause := range []support.Cause{support.CauseUnknown, support.CauseLateSuccess, support.CauseMismatch} {
			p, _ := w.sent(fmt.Sprintf("order_%d", i))
			c := support.Case{
				ID: support.NewCaseID(p.ID, cause), PaymentID: p.ID, Cause: cause, Note: "paid 100",
				OpenedAt: w.at(time.Duration(i) * time.Hour),
			}
			require.NoError(w.t, w.opens(c))
			ids = append(ids, c.ID)
			if cause == support.CauseLateSuccess {
				require.NoError(w.t, w.db.Cases.CloseCase(w.ctx(), c.ID, w.at(time.Hour)))
			}
		}
		page, err := w.db.Cases.OpenCases(w.ctx(), support.WorkFilter{Limit: 10})
		require.NoError(w.t, err)
		views := page.Rows
		require.Len(w.t, views, 2, "the closed one is not listed")
		require.Equal(w.t, []support.CaseID{ids[0], ids[2]}, []support.CaseID{views[0].ID, views[1].ID}, "the oldest first")
		require.Equal(w.t, "order_0", views[0].Payment.OrderID)
		require.Equal(w.t, "paid 100", views[0].Note)
		require.Equal(w.t, []support.SupportActionKind{support.ActionRecheck, support.ActionResolve}, views[0].Allowed)
		require.Equal(w.t, []support.SupportActionKind{support.ActionResolve}, views[1].Allowed)
		page, err = w.db.Cases.OpenCases(w.ctx(), support.WorkFilter{Limit: 1})
		require.NoError(w.t, err)
		require.Len(w.t, page.Rows, 1)
	})
}

// Support's queries stay fast with any number of payments: each table is read by an index.
func TestSupportReadsNoTableWhole(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		plans, err := w.db.SupportPlans(w.ctx())
		require.NoError(w.t, err)
		require.Len(w.t, plans, 10)
		for question, plan := range plans {
			require.NotEmpty(w.t, plan, question)
			for _, line := range plan {
				require.NotContains(w.t, line, "Seq Scan", question)
				if strings.Contains(line, "SCAN") { // SQLite says SCAN of whole indexes too: these two are short
					require.Regexp(w.t, `INDEX (payments|cases)_open|SCAN (dialled|s)\b`, line, question)
				}
			}
		}
	})
}
