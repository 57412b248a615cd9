package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

// beginAskFirst declares that the world's database was restored to the world's present.
func (w *world) beginAskFirst() lifecycle.AskFirst {
	w.t.Helper()
	mode := lifecycle.AskFirst{
		ID: ids.New(), Since: w.at(0), Begun: w.at(time.Hour), Actor: "awa", Reason: "a disk failed",
	}
	require.NoError(w.t, w.db.AskFirst.BeginAskFirst(w.ctx(), mode))
	w.now.Add(time.Hour.Microseconds())
	return mode
}

// endAskFirst ends ask-first mode with SQL, without the store's checks.
func (w *world) endAskFirst() {
	w.t.Helper()
	const end = "UPDATE ask_first SET ended_at = begun_at, ended_by = 'a test' WHERE ended_at IS NULL"
	require.NoError(w.t, w.exec(w.raw(), end))
}

func TestAskFirstSendsAndAcceptsNothing(t *testing.T) {
	t.Parallel()

	each(t, func(w *world) {
		w.fund(100_000)
		p, first := w.cashOut("before", 5000, 0)
		w.accepted(p, first)
		again, a := w.cashOut("again", 5000, 0)
		w.underway(again, a)
		w.beginAskFirst()

		merchant, err := w.db.Merchants.Merchant(w.ctx(), w.owner.MerchantID)
		require.NoError(w.t, err)
		require.True(w.t, merchant.AskFirst)
		sending, err := w.db.Attempts.Send(w.ctx(), a.ID, anyAge, w.at(0))
		require.NoError(w.t, err)
		require.Equal(w.t, lifecycle.SendAskFirst, sending.Result)
		marked, err := w.db.BulkLines.SendLines(w.ctx(), []pirogue.AttemptID{first.ID}, w.at(0))
		require.NoError(w.t, err)
		require.Empty(w.t, marked)

		fresh, b := w.cashOut("fresh", 5000, 0)
		_, _, err = w.db.Payments.Accept(w.ctx(), fresh, b, digest(b))
		require.ErrorIs(w.t, err, lifecycle.ErrAskFirst)
		require.Equal(w.t, pirogue.ServiceUnavailable, pirogue.CodeOf(err))
		require.NotErrorIs(w.t, err, pirogue.ErrOutcomeUnknown)
		stored, created, err := w.db.Payments.Accept(w.ctx(), p, first, digest(first))
		require.NoError(w.t, err, "what was accepted is told")
		require.False(w.t, created)
		require.Equal(w.t, p.ID, stored.ID)

		w.endAskFirst()
		w.accepted(fresh, b)
		w.send(b)
		w.requireSound()
	})
}

func TestAskFirstDoubtsWhatWasPrepared(t *testing.T) {
	t.Parallel()

	each(t, func(w *world) {
		w.fund(100_000)
		p, a := w.cashOut("before", 5000, 0)
		p.StartDeadline = time.Time{}
		w.accepted(p, a)
		prepared, err := w.db.Attempts.NothingSent(w.ctx(), p.ID)
		require.NoError(w.t, err)
		require.True(w.t, prepared)
		ended := w.fund(1000)
		mode := w.beginAskFirst()

		stored, attempt := w.latest(p.ID)
		require.Equal(w.t, pirogue.StatusInitiated, stored.Status)
		require.Equal(w.t, pirogue.AttemptUnknown, attempt.State)
		require.Equal(w.t, a.CreatedAt.UnixMicro(), attempt.FirstSent.UnixMicro(), "it is searched from when it was made")
		require.Equal(w.t, mode.Begun.UnixMicro(), attempt.SentAt.UnixMicro(), "absence counts from the mode's beginning")
		sent, err := w.db.Attempts.NothingSent(w.ctx(), p.ID)
		require.NoError(w.t, err)
		require.False(w.t, sent)
		done, _ := w.latest(ended.ID)
		require.Equal(w.t, pirogue.StatusSuccess, done.Status)

		report, err := w.db.AskFirst.AskFirstReport(w.ctx(), []pirogue.OperatorCode{"sonatel-sn"})
		require.NoError(w.t, err)
		asked := []lifecycle.AskedOperator{{Operator: operatorCode, Unanswered: 1}, {Operator: "sonatel-sn"}}
		require.Equal(w.t, asked, report.Operators)
		_, err = w.db.Attempts.RecordPoll(w.ctx(), lifecycle.Poll{
			AttemptID: a.ID, Sendings: attempt.Sendings, Outcome: pirogue.OutcomePending, At: w.at(time.Second),
		})
		require.NoError(w.t, err)
		report, err = w.db.AskFirst.AskFirstReport(w.ctx(), nil)
		require.NoError(w.t, err)
		require.Empty(w.t, report.Operators, "it has answered")
		w.requireSound()
	})
}

func TestAskFirstEndsNothingWithoutMoney(t *testing.T) {
	t.Parallel()

	each(t, func(w *world) {
		w.fund(100_000)
		in, _ := w.sent("in")
		paid, _ := w.sent("paid")
		out, a := w.cashOut("out", 5000, 0)
		w.underway(out, a)
		w.beginAskFirst()

		_, err := w.end(in, pirogue.StatusExpired, pirogue.FailedNotPaid)
		require.ErrorIs(w.t, err, lifecycle.ErrAskFirst)
		_, err = w.end(out, pirogue.StatusFailed, pirogue.FailedDeclined)
		require.ErrorIs(w.t, err, lifecycle.ErrAskFirst)
		w.requireBalance(100_000-5000, 5000)
		_, err = w.success(paid)
		require.NoError(w.t, err, "what an operator confirms is booked")
		_, err = w.end(out, pirogue.StatusFailed, pirogue.FailedBySupport)
		require.NoError(w.t, err, "people decide with evidence")
		w.endAskFirst()
		_, err = w.end(in, pirogue.StatusExpired, pirogue.FailedNotPaid)
		require.NoError(w.t, err)
		w.requireSound()
	})
}

func TestAskFirstKeepsWhatNoAttemptMatches(t *testing.T) {
	t.Parallel()

	each(t, func(w *world) {
		p, a := w.sent("known")
		finalized, err := w.success(p)
		require.NoError(w.t, err)
		w.beginAskFirst()
		line := func(
			tx string, ref pirogue.OperatorRef, k pirogue.PaymentKind, o pirogue.Outcome, amount int64,
		) operator.StatementLine {
			return operator.StatementLine{
				TxID: tx, Ref: ref, Kind: k, Outcome: o, CreatedAt: w.at(0),
				Amount: pirogue.Money{Minor: amount, Currency: pirogue.XOF},
			}
		}
		list := []operator.StatementLine{
			line("T1", a.Ref, pirogue.CashIn, pirogue.OutcomePaid, 5000),
			line(finalized.Payment.ProviderTxID, "", pirogue.CashIn, pirogue.OutcomePaid, 5000),
			line("T2", "refused", pirogue.CashOut, pirogue.OutcomeDeclined, 700),
			line("T3", "lost", pirogue.CashOut, pirogue.OutcomePaid, 1000),
			line("T4", "lost too", pirogue.CashOut, pirogue.OutcomePending, 2000),
			line("T5", "", "", "", 300),
		}
		for range 2 {
			require.NoError(w.t, w.db.AskFirst.OperatorListed(w.ctx(), operatorCode, w.at(0), list))
		}
		report, err := w.db.AskFirst.AskFirstReport(w.ctx(), nil)
		require.NoError(w.t, err)
		require.Equal(w.t, []lifecycle.UnmatchedSum{
			{Operator: operatorCode, Currency: pirogue.XOF, Lines: 1, Amount: 300},
			{Operator: operatorCode, Kind: pirogue.CashOut, Currency: pirogue.XOF, Lines: 2, Amount: 3000},
		}, report.Sums)
		require.Len(w.t, report.Lines, 3)
		require.NoError(w.t, w.db.AskFirst.OperatorListed(w.ctx(), operatorCode, w.at(0), list[:1]))
		report, err = w.db.AskFirst.AskFirstReport(w.ctx(), nil)
		require.NoError(w.t, err)
		require.Empty(w.t, report.Sums, "a later reading takes the place of an earlier one")
	})
}

func TestAskFirstEnds(t *testing.T) {
	t.Parallel()

	each(t, func(w *world) {
		configured := []pirogue.OperatorCode{operatorCode, "taramoney-cm"}
		end := func(actor string) support.ActionResult {
			w.t.Helper()
			result, err := w.db.AskFirst.EndAskFirst(w.ctx(), configured, actor, w.at(0))
			require.NoError(w.t, err)
			return result
		}
		p, _ := w.sent("open")
		w.beginAskFirst()
		refused := end("awa")
		require.Equal(w.t, support.DecisionRefused, refused.Decision)
		for _, part := range []string{"Temporal", "1 workflows", string(operatorCode), "taramoney-cm"} {
			require.Contains(w.t, refused.Reason, part)
		}
		require.NoError(w.t, w.db.AskFirst.TemporalAsked(w.ctx(), w.at(0)))
		require.NoError(w.t, w.db.Restarts.MarkSeen(w.ctx(), lifecycle.FollowedPayment, []string{string(p.ID)}, w.at(0)))
		require.NoError(w.t, w.db.AskFirst.OperatorLooked(w.ctx(), "taramoney-cm", "its portal, page 3", "awa"))
		lines := []operator.StatementLine{{TxID: "T9", Kind: pirogue.CashOut, Outcome: pirogue.OutcomePaid}}
		require.NoError(w.t, w.db.AskFirst.OperatorListed(w.ctx(), operatorCode, w.at(0), lines))
		require.Contains(w.t, end("awa").Reason, "1 attempts are not answered")
		require.NoError(w.t, w.db.AskFirst.OperatorLooked(w.ctx(), operatorCode, "its portal, page 1", "awa"))

		require.Equal(w.t, support.DecisionProposed, end("awa").Decision)
		require.Equal(w.t, support.DecisionProposed, end("awa").Decision, "the same person is one person")
		require.NoError(w.t, w.db.AskFirst.OperatorListed(w.ctx(), operatorCode, w.at(0), lines))
		require.Equal(w.t, support.DecisionProposed, end("moussa").Decision, "it was about another list")
		require.Equal(w.t, support.DecisionSettled, end("awa").Decision)
		_, err := w.db.AskFirst.AskFirst(w.ctx())
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
		_, err = w.db.AskFirst.EndAskFirst(w.ctx(), configured, "awa", w.at(0))
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
		w.beginAskFirst()
	})
}

func TestAskFirstIsBegunOnce(t *testing.T) {
	t.Parallel()

	each(t, func(w *world) {
		mode := w.beginAskFirst()
		mode.ID, mode.Begun = ids.New(), w.at(0)
		require.Equal(w.t, pirogue.InvalidParameter, pirogue.CodeOf(w.db.AskFirst.BeginAskFirst(w.ctx(), mode)))
		w.endAskFirst()
		mode.Since = w.at(time.Minute)
		require.Equal(
			w.t, pirogue.InvalidParameter, pirogue.CodeOf(w.db.AskFirst.BeginAskFirst(w.ctx(), mode)), "it lies ahead",
		)
		mode.Since, mode.Reason = w.at(0), ""
		require.Equal(w.t, pirogue.MissingField, pirogue.CodeOf(w.db.AskFirst.BeginAskFirst(w.ctx(), mode)))
	})
}

// lose records payments as lost, as if workflows named them.
func (w *world) lose(payments ...pirogue.Payment) {
	w.t.Helper()
	lost := make([]lifecycle.LostRow, len(payments))
	for i, p := range payments {
		lost[i] = lifecycle.LostRow{
			WorkflowID: "cashout-" + string(p.ID), What: lifecycle.FollowedPayment, ID: string(p.ID), Kind: p.Kind,
			MerchantID: p.MerchantID, Mode: p.Mode, Reference: p.OrderID, State: "Completed", StartedAt: w.at(0),
		}
	}
	require.NoError(w.t, w.db.AskFirst.KeepLost(w.ctx(), lost))
}

func TestALostReferenceStaysTaken(t *testing.T) {
	t.Parallel()

	each(t, func(w *world) {
		w.fund(100_000)
		p, a := w.cashOut("lost", 5000, 0)
		missing, err := w.db.AskFirst.Missing(w.ctx(), lifecycle.FollowedPayment, []string{string(p.ID)})
		require.NoError(w.t, err)
		require.Equal(w.t, []string{string(p.ID)}, missing)
		w.beginAskFirst()
		w.lose(p)
		w.lose(p)
		report, err := w.db.AskFirst.AskFirstReport(w.ctx(), nil)
		require.NoError(w.t, err)
		require.Equal(w.t, 1, report.LostCount)
		require.Equal(w.t, "lost", report.Lost[0].Reference)
		w.endAskFirst()

		p.ID, a.ID = ids.Payment(), pirogue.AttemptID(ids.New())
		a.PaymentID = p.ID
		_, _, err = w.db.Payments.Accept(w.ctx(), p, a, digest(a))
		require.ErrorIs(w.t, err, lifecycle.ErrLostReference)
		require.Equal(w.t, pirogue.DuplicateOrder, pirogue.CodeOf(err))
		p.OrderID = "another"
		w.accepted(p, a)
		w.requireSound()
	})
}

// A workflow that is older than the mode starts anew, even if something has touched its rows
// since.
func TestAskFirstStartsOldWorkflowsAnew(t *testing.T) {
	t.Parallel()

	each(t, func(w *world) {
		p, a := w.sent("open")
		before := func() []lifecycle.Restart {
			found, err := w.db.Restarts.Unfinished(w.ctx(), true, w.at(-time.Minute), lifecycle.RowSpan{Limit: 10})
			require.NoError(w.t, err)
			return found
		}
		w.beginAskFirst()
		_, err := w.db.Attempts.RecordPoll(w.ctx(), lifecycle.Poll{
			AttemptID: a.ID, Sendings: 1, Outcome: pirogue.OutcomePending, At: w.at(0),
		})
		require.NoError(w.t, err)
		found := before()
		require.Len(w.t, found, 1)
		require.True(w.t, found[0].Anew)
		require.NoError(w.t, w.db.Restarts.MarkSeen(w.ctx(), lifecycle.FollowedPayment, []string{string(p.ID)}, w.at(0)))
		require.Empty(w.t, before(), "once")
		restart, err := w.db.Restarts.Restart(w.ctx(), p.ID)
		require.NoError(w.t, err)
		require.False(w.t, restart.Anew)
	})
}
