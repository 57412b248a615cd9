package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/listing"
	"pirogue/support"
)

// stuck returns the stuck payments at a time after the world's present, one line for each.
func (w *world) stuck(after time.Duration) []string {
	w.t.Helper()
	page, err := w.db.Worklist.Stuck(w.ctx(), w.at(after), support.WorkFilter{Limit: 10})
	require.NoError(w.t, err)
	var entries []string
	for _, s := range page.Rows {
		entries = append(entries, fmt.Sprintf("%s %s since %s: %s %v",
			s.Payment.OrderID, s.Cause, s.Since.Sub(worldStart), s.OperatorMessage, s.Allowed))
	}
	return entries
}

// record records an operator's result of an attempt.
func (w *world) record(a pirogue.Attempt, state pirogue.AttemptState, message string, expires time.Duration) {
	w.t.Helper()
	answer := lifecycle.AttemptResult{AttemptID: a.ID, State: state, Message: message, At: w.at(2 * time.Second)}
	if expires > 0 {
		answer.ExpiresAt = w.at(expires)
	}
	require.NoError(w.t, w.recordResult(answer))
}

// Each row has one payment and the times just before and just after it is stuck.
func TestAPaymentThatStandsStillIsStuckForACause(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		make   func(w *world)
		after  time.Duration
		expect string
	}{
		"accepted and not started": {
			func(w *world) { w.accept("p") }, 15 * time.Second, "NOT_STARTED since 0s:  []",
		},
		"its operator is down": {func(w *world) {
			_, a := w.sent("p")
			w.record(a, pirogue.AttemptPrepared, "connection refused", 0)
		}, time.Minute, "OPERATOR_DOWN since 0s: connection refused [recheck]"},
		"its merchant is suspended": {func(w *world) {
			_, a := w.sent("p")
			w.record(a, pirogue.AttemptPrepared, "connection refused", 0)
			require.NoError(w.t, w.db.Merchants.SuspendMerchant(w.ctx(), w.owner.MerchantID))
		}, time.Minute, "MERCHANT_SUSPENDED since 0s: connection refused [recheck]"},
		"another attempt waits for its operator": {func(w *world) {
			w.renew(w.sent("p")) // at 1 min
		}, 2 * time.Minute, "OPERATOR_DOWN since 1m0s:  [recheck]"},
		"sent and not answered": {
			func(w *world) { w.sent("p") }, 61 * time.Second, "ANSWER_UNKNOWN since 1s:  [recheck]",
		},
		"its answer was lost": {func(w *world) {
			_, a := w.sent("p")
			w.record(a, pirogue.AttemptUnknown, "timeout", 0)
		}, 61 * time.Second, "ANSWER_UNKNOWN since 1s: timeout [recheck]"},
		"the customer's window closed": {func(w *world) {
			_, a := w.sent("p")
			w.record(a, pirogue.AttemptAccepted, "201", 10*time.Minute)
		}, 12 * time.Minute, "OPERATOR_SLOW since 10m0s: 201 [recheck]"},
		"accepted without a window": {func(w *world) {
			_, a := w.sent("p")
			w.record(a, pirogue.AttemptAccepted, "201", 0)
		}, 121 * time.Second, "OPERATOR_SLOW since 1s: 201 [recheck]"},
		"refused and not settled": {func(w *world) {
			_, a := w.sent("p")
			w.record(a, pirogue.AttemptRefused, "no", 0)
		}, 121 * time.Second, "OPERATOR_SLOW since 1s: no [recheck]"},
		"a cash-out that its operator has": {func(w *world) {
			w.fund(5000)
			p, a := w.cashOut("p", 1000, 0)
			w.underway(p, a)
			w.record(a, pirogue.AttemptAccepted, "queued", time.Hour)
		}, 5 * time.Minute, "OPERATOR_SLOW since 0s: queued [recheck resolve]"},
		"a cash-out whose answer was lost": {func(w *world) {
			w.fund(5000)
			p, a := w.cashOut("p", 1000, 0)
			w.underway(p, a)
		}, 61 * time.Second, "ANSWER_UNKNOWN since 1s:  [recheck redrive resolve]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(w *world) {
				row.make(w)
				require.Empty(w.t, w.stuck(row.after), "a moment too early")
				require.Equal(w.t, []string{"p " + row.expect}, w.stuck(row.after+time.Microsecond))
			})
		})
	}
}

// A page starts its lines one after the other, so a line may wait longer than other payments. A
// line that never began is no payment yet.
func TestALineThatItsPageCouldNotStartIsStuck(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(5000)
		w.accept("alone")
		b, _ := w.acceptBulk("april", 100, 200, 300)
		w.now.Add(time.Minute.Microseconds())
		require.Equal(w.t, 2, w.startLines(b, 2))
		_, sent, err := w.db.Attempts.Latest(w.ctx(), w.linesOf(b)[0].Payment.ID)
		require.NoError(w.t, err)
		w.send(sent)
		unstarted := func(after time.Duration) []string {
			return slices.DeleteFunc(
				w.stuck(after), func(entries string) bool { return !strings.Contains(entries, "NOT_STARTED") },
			)
		}
		alone := "alone NOT_STARTED since 0s:  []"
		require.Equal(w.t, []string{alone}, unstarted(20*time.Minute), "its page may be under way")
		require.Equal(w.t, []string{alone, "april_2 NOT_STARTED since 1m0s:  []"}, unstarted(20*time.Minute+time.Microsecond))
	})
}

func TestWhatIsSettledOrToldIsNotStuck(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.paid("paid")
		w.endedEvent("failed", 200, pirogue.EventDelivered)
		again := w.endedEvent("resent", 410, pirogue.EventExhausted)
		w.resend(again)
		c := w.lateCashIn("returned", 5000)
		require.NoError(
			w.t, w.db.Cases.PlaceCase(w.ctx(), support.NewCaseID(c.ID, support.CauseLateSuccess), w.at(time.Hour)),
		)
		require.Empty(w.t, w.stuck(24*time.Hour))
	})
}

func TestAnEventThatFailsIsListedForAMonth(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		waiting := w.failedEvent("waiting") // at 1 min, as all of them
		for range 2 {
			require.Empty(w.t, w.stuck(time.Hour), "one failure is none")
			_, d := w.beginDelivery(waiting, w.at(time.Minute))
			d.Error, d.EndedAt = "no answer within 3 s", w.at(time.Minute)
			require.NoError(w.t, w.db.Webhooks.EndDelivery(w.ctx(), d, pirogue.EventWaiting, d.StartedAt))
		}
		w.now.Add(time.Second.Microseconds())
		w.endedEvent("gone", 410, pirogue.EventExhausted)
		require.Equal(w.t, []string{
			"waiting WEBHOOK_FAILING since 1m0s: no answer within 3 s [resend]",
			"gone WEBHOOK_FAILING since 1m1s: HTTP 410 [resend]",
		}, w.stuck(time.Hour))
		require.Equal(w.t, []string{"gone WEBHOOK_FAILING since 1m1s: HTTP 410 [resend]"},
			w.stuck(30*24*time.Hour+59*time.Second+500*time.Millisecond))
		require.Empty(w.t, w.stuck(30*24*time.Hour+time.Minute))
	})
}

// One payment is listed once, for the gravest of its causes.
func TestAPaymentIsListedOnceForItsGravestCause(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.accept("unstarted")
		w.endedEvent("untold", 410, pirogue.EventExhausted)
		unknown, _ := w.sent("unknown")
		w.endedEvent("both", 410, pirogue.EventExhausted)
		both := w.found("both", 1)[0]
		for i, c := range []struct {
			payment pirogue.PaymentID
			cause   support.Cause
		}{
			{both, support.CauseMismatch}, {unknown.ID, support.CauseUnknown}, {both, support.CauseLateSuccess},
		} {
			require.NoError(w.t, w.opens(support.Case{
				ID: support.NewCaseID(c.payment, c.cause), PaymentID: c.payment, Cause: c.cause, Note: string(c.cause),
				OpenedAt: w.at(time.Duration(i+1) * time.Minute),
			}))
		}
		all := []string{
			"both CASE_OPEN since 1m0s: PARTY_MISMATCH [resolve]",
			"unknown CASE_OPEN since 2m0s: UNKNOWN_OUTCOME [recheck resolve]",
			"unstarted NOT_STARTED since 0s:  []",
			"untold WEBHOOK_FAILING since 1m0s: HTTP 410 [resend]",
		}
		require.Equal(w.t, all, w.stuck(time.Hour))
		for limit := 1; limit <= 4; limit++ {
			var paged []string
			f := support.WorkFilter{Limit: limit}
			for range all {
				page, err := w.db.Worklist.Stuck(w.ctx(), w.at(time.Hour), f)
				require.NoError(w.t, err)
				require.LessOrEqual(w.t, len(page.Rows), limit)
				for _, s := range page.Rows {
					paged = append(paged, fmt.Sprintf("%s %s", s.Payment.OrderID, s.Cause))
				}
				if f.After = page.Next; f.After == "" {
					break
				}
			}
			require.ElementsMatch(w.t, []string{
				"both CASE_OPEN", "unknown CASE_OPEN", "unstarted NOT_STARTED", "untold WEBHOOK_FAILING",
			}, paged, "every row once, %d at a time", limit)
		}
	})
}

// A hundred cases hide no other cause, and the pages together leave nothing out.
func TestManyCasesHideNothing(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		const cases = listing.MaxPage + 20
		w.accept("unstarted")
		for i := range cases {
			p, _ := w.sent(fmt.Sprintf("case_%d", i))
			require.NoError(w.t, w.opens(support.Case{
				ID: support.NewCaseID(p.ID, support.CauseUnknown), PaymentID: p.ID, Cause: support.CauseUnknown,
				OpenedAt: w.at(time.Duration(i%3) * time.Second),
			}))
		}
		page, err := w.db.Worklist.Stuck(w.ctx(), w.at(time.Hour), support.WorkFilter{Limit: listing.MaxPage})
		require.NoError(w.t, err)
		require.Len(w.t, page.Rows, listing.MaxPage)
		require.Equal(w.t, support.StuckUnstarted, page.Rows[listing.MaxPage-1].Cause, "it has its share")
		require.Equal(w.t, []support.WorkTally{
			{Cause: "CASE_OPEN", Currency: pirogue.XOF, Payments: cases, Amount: cases * 5000},
			{Cause: "NOT_STARTED", Currency: pirogue.XOF, Payments: 1, Amount: 5000},
		}, page.Tallies)
		rest, err := w.db.Worklist.Stuck(
			w.ctx(), w.at(time.Hour), support.WorkFilter{Limit: listing.MaxPage, After: page.Next},
		)
		require.NoError(w.t, err)
		require.Len(w.t, rest.Rows, cases+1-listing.MaxPage)
		require.Empty(w.t, rest.Next)

		seen := map[support.CaseID]bool{}
		f := support.WorkFilter{Limit: 50}
		for more := true; more; more = f.After != "" {
			page, err := w.db.Cases.OpenCases(w.ctx(), f)
			require.NoError(w.t, err)
			for _, c := range page.Rows {
				require.False(w.t, seen[c.ID])
				seen[c.ID] = true
			}
			f.After = page.Next
		}
		require.Len(w.t, seen, cases)
		_, err = w.db.Cases.OpenCases(w.ctx(), support.WorkFilter{After: "no cursor"})
		require.Equal(w.t, pirogue.InvalidParameter, pirogue.CodeOf(err))
	})
}

func TestTheWorkOfSupportIsSelected(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.accept("mali")
		w.now.Add(time.Minute.Microseconds())
		abroad, a := w.newCashIn(w.another(), "cameroon")
		abroad.Country, abroad.Operator, a.Operator = "CM", "tara", "tara"
		abroad.Amount, abroad.Fee = pirogue.Money{Minor: 700, Currency: pirogue.XAF}, pirogue.Money{}
		w.underway(abroad, a)
		paid := int64(300)
		require.NoError(w.t, w.opens(support.Case{
			ID: support.NewCaseID(abroad.ID, support.CauseAmountMismatch), PaymentID: abroad.ID,
			Cause: support.CauseAmountMismatch, Paid: paid, OpenedAt: w.at(0),
		}))
		for name, row := range map[string]struct {
			filter support.WorkFilter
			want   []string
		}{
			"everything":             {support.WorkFilter{}, []string{"cameroon", "mali"}},
			"a cause":                {support.WorkFilter{Cause: "NOT_STARTED"}, []string{"mali"}},
			"a cause nobody has":     {support.WorkFilter{Cause: "OPERATOR_DOWN"}, nil},
			"an operator":            {support.WorkFilter{Operator: "tara"}, []string{"cameroon"}},
			"a merchant":             {support.WorkFilter{Merchant: w.owner.MerchantID}, []string{"mali"}},
			"a country":              {support.WorkFilter{Country: "CM"}, []string{"cameroon"}},
			"a kind":                 {support.WorkFilter{Kind: pirogue.CashOut}, nil},
			"what has waited longer": {support.WorkFilter{Before: w.at(0)}, []string{"mali"}},
		} {
			page, err := w.db.Worklist.Stuck(w.ctx(), w.at(time.Hour), row.filter)
			require.NoError(w.t, err)
			var entries []string
			for _, s := range page.Rows {
				entries = append(entries, s.Payment.OrderID)
			}
			require.Equal(w.t, row.want, entries, name)
		}
		cases, err := w.db.Cases.OpenCases(w.ctx(), support.WorkFilter{Cause: string(support.CauseUnknown)})
		require.NoError(w.t, err)
		require.Empty(w.t, cases.Rows)
		require.Equal(w.t, []support.WorkTally{
			{Cause: string(support.CauseAmountMismatch), Currency: pirogue.XAF, Payments: 1, Amount: paid},
		}, cases.Tallies, "of every cause")
	})
}

// A number whose key is gone is shown as unreadable, and the rows beside it are complete.
func TestAPaymentThatDoesNotOpenHidesNoOther(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		lost, _ := w.accept("lost")
		w.now.Add(time.Second.Microseconds())
		w.accept("whole")
		for _, id := range []pirogue.PaymentID{lost.ID, w.found("whole", 1)[0]} {
			require.NoError(w.t, w.opens(support.Case{
				ID: support.NewCaseID(id, support.CauseUnknown), PaymentID: id, Cause: support.CauseUnknown, OpenedAt: w.at(0),
			}))
		}
		require.NoError(w.t, w.exec(w.raw(), "UPDATE payments SET msisdn_sealed = 'gone:AAAA' WHERE id = ?", string(lost.ID)))
		stuck, err := w.db.Worklist.Stuck(w.ctx(), w.at(time.Hour), support.WorkFilter{})
		require.NoError(w.t, err)
		require.Len(w.t, stuck.Rows, 2)
		cases, err := w.db.Cases.OpenCases(w.ctx(), support.WorkFilter{})
		require.NoError(w.t, err)
		require.Len(w.t, cases.Rows, 2)
		for i := range 2 {
			for _, row := range []struct {
				payment    pirogue.Payment
				unreadable string
			}{{stuck.Rows[i].Payment, stuck.Rows[i].Unreadable}, {cases.Rows[i].Payment, cases.Rows[i].Unreadable}} {
				if row.payment.ID == lost.ID {
					require.Contains(w.t, row.unreadable, "cannot be read")
					require.Equal(w.t, "lost", row.payment.OrderID)
					continue
				}
				require.Empty(w.t, row.unreadable)
				require.NotEmpty(w.t, row.payment.MSISDN)
			}
		}
	})
}

// A payment and a line are shown with the fields that are not sealed. A note says that a part is
// missing.
func TestWhatDoesNotOpenIsShownWithoutIt(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(10_000)
		b, lines := w.acceptBulk("salaries", 1000, 2000, 3000)
		w.startLines(b, 2)
		lost := lines[0].Payment.ID
		for table, key := range map[string]string{"payments": "id", "bulk_lines": "payment_id"} {
			require.NoError(w.t, w.exec(w.dropGuards(),
				"UPDATE "+table+" SET msisdn_sealed = 'gone:AAAA' WHERE "+key+" = ?", string(lost)))
		}
		shown, err := w.db.Payments.AnyPayment(w.ctx(), lost)
		require.NoError(w.t, err)
		require.Contains(w.t, shown.Unreadable, "cannot be read")
		require.Equal(w.t, lines[0].Payment.OrderID, shown.OrderID)
		require.Empty(w.t, shown.MSISDN)

		entries := w.linesOf(b)
		require.Len(w.t, entries, 3)
		for i, line := range entries {
			require.Equal(w.t, i == 0, line.Unreadable)
			require.Equal(w.t, i == 0, line.Payment.MSISDN == "")
			require.Equal(w.t, lines[i].Payment.Amount, line.Payment.Amount)
		}
	})
}

// While a payment's workflow waits for a write, no other case of the payment can be settled.
func TestACaseThatIsNotBookedComesFirst(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p := w.lateCashIn("p", 5000)
		require.Equal(w.t, []string{"p CASE_OPEN since 1h0m0s:  [resolve]"}, w.casesOfPayments())
		require.NoError(w.t, w.db.Cases.ReopenCase(w.ctx(), support.Case{
			ID: support.NewCaseID(p.ID, support.CauseNotBooked), PaymentID: p.ID, Cause: support.CauseNotBooked,
			Note: "Finalize has failed", OpenedAt: w.at(90 * time.Minute),
		}))
		require.Equal(w.t, []string{"p CASE_OPEN since 1h30m0s: Finalize has failed []"}, w.casesOfPayments())
	})
}

// casesOfPayments returns the payments that are stuck for an open case.
func (w *world) casesOfPayments() []string {
	w.t.Helper()
	return slices.DeleteFunc(
		w.stuck(2*time.Hour), func(entries string) bool { return !strings.Contains(entries, "CASE_OPEN") },
	)
}
