package store_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/ids"
	"pirogue/operator"
	"pirogue/support"
)

// newAuditEntry returns an audit entry of a support action that has not begun.
func (w *world) newAuditEntry(id pirogue.PaymentID, verb support.SupportActionKind) support.AuditEntry {
	return support.AuditEntry{
		ID: ids.New(), At: w.at(0), Actor: "awa", Role: support.RoleSupport, Action: verb, PaymentID: id,
		Subject: "ticket 17", Reason: "the customer calls",
	}
}

// auditEntries reads the audit log of a payment.
func (w *world) auditEntries(id pirogue.PaymentID, limit int) []support.AuditEntry {
	w.t.Helper()
	entries, err := w.db.AuditLog.AuditEntries(w.ctx(), id, limit)
	require.NoError(w.t, err)
	return entries
}

func TestAnActIsWrittenBeforeTheDeedAndCompletedOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, _ := w.accept("order_1")
		a := w.newAuditEntry(p.ID, support.ActionRecheck)
		for range 2 { // a repeat after a lost response
			require.NoError(w.t, w.db.AuditLog.BeginAuditEntry(w.ctx(), a))
		}
		require.Equal(w.t, []support.AuditEntry{a}, w.auditEntries(p.ID, 10), "no verdict: under way, or cut off")

		a.Result = support.ActionResult{
			Decision: support.DecisionWaiting, Reason: "asked", Evidence: "PENDING", Status: pirogue.StatusPending,
		}
		a.EndedAt = w.at(time.Second)
		require.NoError(w.t, w.db.AuditLog.EndAuditEntry(w.ctx(), a.ID, a.Result, a.EndedAt))
		finalized := support.ActionResult{Decision: support.DecisionSettled}
		require.NoError(
			w.t, w.db.AuditLog.EndAuditEntry(w.ctx(), a.ID, finalized, w.at(time.Hour)), "it has a verdict and keeps it",
		)
		require.NoError(w.t, w.db.AuditLog.BeginAuditEntry(w.ctx(), a), "begun again late")
		require.Equal(w.t, []support.AuditEntry{a}, w.auditEntries(p.ID, 10))

		other := a
		other.Reason = "another reason"
		require.Equal(
			w.t, pirogue.Internal, pirogue.CodeOf(w.db.AuditLog.BeginAuditEntry(w.ctx(), other)), "an ID names one act",
		)
		require.Equal(
			w.t, pirogue.NotFound, pirogue.CodeOf(w.db.AuditLog.EndAuditEntry(w.ctx(), ids.New(), finalized, w.at(0))),
		)
		require.Equal(
			w.t, pirogue.Internal, pirogue.CodeOf(w.db.AuditLog.EndAuditEntry(w.ctx(), a.ID, support.ActionResult{}, w.at(0))),
		)
	})
}

// The resolution that waits for a second person is the newest one that was not refused. None
// waits after one that was carried out, or if a case is open that was opened later.
func TestProposalIsTheNewestResolution(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, attempt := w.accept("order_1")
		resolve := func(actor string, as support.Resolution, d support.Decision, at time.Duration) support.AuditEntry {
			a := w.newAuditEntry(p.ID, support.ActionResolve)
			a.Actor, a.Role, a.Resolution, a.Evidence = actor, support.RoleFinance, as, "line 12"
			require.NoError(w.t, w.db.AuditLog.BeginAuditEntry(w.ctx(), a))
			if d != "" {
				require.NoError(w.t, w.db.AuditLog.EndAuditEntry(w.ctx(), a.ID, support.ActionResult{Decision: d}, w.at(at)))
			}
			return a
		}
		requireProposal := func(want string) {
			w.t.Helper()
			got, err := w.db.AuditLog.Proposal(w.ctx(), p.ID)
			if want == "" {
				require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
				return
			}
			require.NoError(w.t, err)
			require.Equal(w.t, want, got.Actor+" "+string(got.Resolution)+" "+got.Evidence)
		}
		requireProposal("")
		begun := resolve("awa", support.ResolvedPaid, "", 0)
		requireProposal("")
		resolve("awa", support.ResolvedPaid, support.DecisionProposed, time.Second)
		requireProposal("awa paid line 12")
		resolve("fanta", support.ResolvedPaid, support.DecisionRefused, 2*time.Second)
		requireProposal("awa paid line 12")
		resolve("moussa", support.ResolvedUnpaid, support.DecisionProposed, 3*time.Second)
		requireProposal("moussa unpaid line 12")
		_, err := w.db.Cases.OpenCase(w.ctx(), support.Case{
			ID: "c", PaymentID: p.ID, Cause: support.CauseUnknown, OpenedAt: w.at(4 * time.Second),
		})
		require.NoError(w.t, err)
		requireProposal("")
		resolve("awa", support.ResolvedUnpaid, support.DecisionProposed, 5*time.Second)
		requireProposal("awa unpaid line 12")
		_, err = w.db.Attempts.Send(w.ctx(), attempt.ID, operator.SendLimits{}, w.at(5500*time.Millisecond))
		require.NoError(w.t, err)
		requireProposal("")
		resolve("awa", support.ResolvedUnpaid, support.DecisionProposed, 5600*time.Millisecond)
		requireProposal("awa unpaid line 12")
		resolve("moussa", support.ResolvedUnpaid, support.DecisionSettled, 6*time.Second)
		requireProposal("")

		got, err := w.db.AuditLog.AuditEntry(w.ctx(), begun.ID)
		require.NoError(w.t, err)
		require.Equal(w.t, begun, got)
		_, err = w.db.AuditLog.AuditEntry(w.ctx(), ids.New())
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
		other := begun
		other.Resolution = support.ResolvedUnpaid
		require.Equal(
			w.t, pirogue.Internal, pirogue.CodeOf(w.db.AuditLog.BeginAuditEntry(w.ctx(), other)), "an ID names one act",
		)
		other = begun
		other.Case = "c"
		require.Equal(w.t, pirogue.Internal, pirogue.CodeOf(w.db.AuditLog.BeginAuditEntry(w.ctx(), other)), "and one case")
	})
}

func TestOfManyVerdictsAtOnceOneStands(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		a := w.newAuditEntry("", "payout")
		require.NoError(w.t, w.db.AuditLog.BeginAuditEntry(w.ctx(), a))
		const verdicts = 20
		var stood [verdicts]support.AuditEntry // as each caller reads it after its own call
		require.NoError(w.t, concurrently(verdicts, func(i int) error {
			v := support.ActionResult{Decision: support.DecisionSettled, Reason: strconv.Itoa(i)}
			if err := w.db.AuditLog.EndAuditEntry(
				w.ctx(), a.ID, v, worldStart.Add(time.Duration(i)*time.Second),
			); err != nil {
				return err
			}
			entries, err := w.db.AuditLog.AuditEntries(w.ctx(), "", 1)
			if err == nil {
				stood[i] = entries[0]
			}
			return err
		}))
		for _, seen := range stood {
			require.Equal(w.t, stood[0], seen)
		}
		second := strconv.Itoa(int(stood[0].EndedAt.Sub(worldStart).Seconds()))
		require.Equal(w.t, second, stood[0].Result.Reason, "verdict and moment are of one call")
	})
}

func TestAnActNeedsAReasonAndAPaymentThatExists(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for name, row := range map[string]struct {
			spoil func(a *support.AuditEntry)
			code  pirogue.Code
		}{
			"no reason":  {func(a *support.AuditEntry) { a.Reason = "" }, pirogue.MissingField},
			"NUL":        {func(a *support.AuditEntry) { a.Reason = "\x00" }, pirogue.InvalidParameter},
			"no payment": {func(a *support.AuditEntry) { a.PaymentID = ids.Payment() }, pirogue.TransactionNotFound},
			"no actor":   {func(a *support.AuditEntry) { a.Actor = "" }, pirogue.Internal},
			"no role":    {func(a *support.AuditEntry) { a.Role = "" }, pirogue.Internal},
			"no moment":  {func(a *support.AuditEntry) { a.At = time.Time{} }, pirogue.Internal},
		} {
			a := w.newAuditEntry("", "fee")
			row.spoil(&a)
			require.Equal(w.t, row.code, pirogue.CodeOf(w.db.AuditLog.BeginAuditEntry(w.ctx(), a)), name)
		}
		require.Empty(w.t, w.auditEntries("", 10))
	})
}

func TestTheAuditLogIsReadNewestFirst(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, _ := w.accept("order_1")
		var newest []support.AuditEntry
		for i := range 4 {
			w.now.Add(time.Second.Microseconds())
			a := w.newAuditEntry(map[bool]pirogue.PaymentID{true: p.ID}[i%2 == 0], "fee")
			require.NoError(w.t, w.db.AuditLog.BeginAuditEntry(w.ctx(), a))
			newest = append([]support.AuditEntry{a}, newest...)
		}
		require.Equal(w.t, newest, w.auditEntries("", 10))
		require.Equal(w.t, newest[:2], w.auditEntries("", 2))
		require.Equal(w.t, []support.AuditEntry{newest[1], newest[3]}, w.auditEntries(p.ID, 10))
		require.Empty(w.t, w.auditEntries("x\x00", 10))
	})
}

func TestNobodyRewritesTheAuditLog(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		open, done := w.newAuditEntry("", "fee"), w.newAuditEntry("", "fee")
		require.NoError(w.t, w.db.AuditLog.BeginAuditEntry(w.ctx(), open))
		require.NoError(w.t, w.db.AuditLog.BeginAuditEntry(w.ctx(), done))
		require.NoError(
			w.t, w.db.AuditLog.EndAuditEntry(w.ctx(), done.ID, support.ActionResult{Decision: support.DecisionSettled}, w.at(0)),
		)
		db := w.raw()
		for name, statement := range map[string]string{
			"another actor":             "UPDATE audit_log SET actor = 'moussa' WHERE ended_at IS NULL",
			"another reason":            "UPDATE audit_log SET reason = 'none' WHERE ended_at IS NULL",
			"another resolution":        "UPDATE audit_log SET resolution = 'paid' WHERE ended_at IS NULL",
			"other evidence":            "UPDATE audit_log SET resolution_evidence = 'x' WHERE ended_at IS NULL",
			"a verdict without its end": "UPDATE audit_log SET decision = 'SETTLED' WHERE ended_at IS NULL",
			"an end without a verdict":  "UPDATE audit_log SET ended_at = at WHERE ended_at IS NULL",
			"another verdict":           "UPDATE audit_log SET decision = 'REFUSED' WHERE ended_at IS NOT NULL",
			"a verdict taken back":      "UPDATE audit_log SET decision = '', ended_at = NULL WHERE ended_at IS NOT NULL",
			"an act deleted":            "DELETE FROM audit_log",
		} {
			err := w.exec(db, statement)
			require.Error(w.t, err, name)
			require.NotContains(w.t, err.Error(), "syntax error", name)
		}
		if w.postgres() {
			require.Error(w.t, w.exec(db, "TRUNCATE audit_log"))
		}
		require.Len(w.t, w.auditEntries("", 10), 2)
	})
}

// A merchant reads that support acted, but neither the person nor the reason.
func TestSupportReadsMoreOfATimelineThanTheMerchant(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, _ := w.accept("order_1")
		finalized, err := w.end(p, pirogue.StatusFailed, pirogue.FailedRefused) // at 1 min
		require.NoError(w.t, err)
		require.NoError(w.t, w.opens(support.Case{
			ID: "c", PaymentID: p.ID, Cause: support.CauseLateSuccess, Note: "canary-note", OpenedAt: w.at(2 * time.Minute),
		}))
		w.now.Add(3 * time.Minute.Microseconds())
		a := w.newAuditEntry(p.ID, support.ActionResolve)
		a.Reason = "canary-reason"
		require.NoError(w.t, w.db.AuditLog.BeginAuditEntry(w.ctx(), a))
		v := support.ActionResult{Decision: support.DecisionSettled, Reason: "placed by hand", Evidence: "slip 4"}
		require.NoError(w.t, w.db.AuditLog.EndAuditEntry(w.ctx(), a.ID, v, w.at(0)))
		require.NoError(w.t, w.db.Cases.CloseCase(w.ctx(), "c", w.at(time.Minute)))
		_, d := w.beginDelivery(finalized.EventID, w.at(2*time.Minute))
		w.endDelivery(d, 410, pirogue.EventExhausted)
		w.resend(finalized.EventID)
		w.beginDelivery(finalized.EventID, w.at(3*time.Minute))

		entries, err := w.db.Payments.AnyTimeline(w.ctx(), p.ID)
		require.NoError(w.t, err)
		require.Equal(w.t, []string{
			"case.opened by pirogue map[cause:LATE_SUCCESS note:canary-note]",
			"support.acted by support map[action:resolve actor:awa audit_id:" + a.ID +
				" decision:SETTLED evidence:slip 4 reason:canary-reason result:placed by hand]",
			"case.closed by support map[cause:LATE_SUCCESS]",
			"webhook.attempted by webhook map[ended_at:2026-04-29T14:37:19.123456Z event_id:" + string(finalized.EventID) +
				" http_status:410 number:1]",
			"webhook.attempted by webhook map[event_id:" + string(finalized.EventID) + " number:1 round:1]",
		}, lines(entries[3:]))

		entries, err = w.db.Payments.Timeline(w.ctx(), w.owner, p.ID)
		require.NoError(w.t, err)
		require.Equal(w.t, []string{
			"case.opened by pirogue map[cause:LATE_SUCCESS]",
			"support.acted by support map[decision:SETTLED verb:resolve]",
		}, lines(entries[3:5]))
		for _, m := range entries {
			require.Contains(w.t, support.TimelineTexts, m.Type)
		}
		for _, id := range []pirogue.PaymentID{ids.Payment(), "x\x00"} {
			_, err = w.db.Payments.AnyTimeline(w.ctx(), id)
			require.Equal(w.t, pirogue.TransactionNotFound, pirogue.CodeOf(err))
		}
	})
}

// lines prints the events of a timeline.
func lines(entries []support.TimelineEntry) []string {
	var printed []string
	for _, m := range entries {
		printed = append(printed, fmt.Sprintf("%s by %s %v", m.Type, m.Source, m.Details))
	}
	return printed
}
