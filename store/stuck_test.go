package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
)

// stuck tells what is stuck at a moment after the world's present.
func (w *world) stuck(after time.Duration, limit int) []string {
	w.t.Helper()
	list, err := w.db.Stuck(w.ctx(), w.at(after), limit)
	require.NoError(w.t, err)
	var told []string
	for _, s := range list {
		told = append(told, fmt.Sprintf("%s %s since %s: %s %v", s.Payment.OrderID, s.Cause, s.Since.Sub(begin), s.Words, s.Allowed))
	}
	return told
}

// answer records what an operator said to an attempt.
func (w *world) answer(a pirogue.Attempt, state pirogue.AttemptState, words string, expires time.Duration) {
	w.t.Helper()
	answer := pirogue.Answer{AttemptID: a.ID, State: state, Words: words, At: w.at(2 * time.Second)}
	if expires > 0 {
		answer.ExpiresAt = w.at(expires)
	}
	require.NoError(w.t, w.answered(answer))
}

// Each row is one payment and the moments just before and just after it is stuck.
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
			w.answer(a, pirogue.AttemptPrepared, "connection refused", 0)
		}, time.Minute, "OPERATOR_DOWN since 0s: connection refused [recheck]"},
		"another attempt waits for its operator": {func(w *world) {
			w.renew(w.sent("p")) // at 1 min
		}, 2 * time.Minute, "OPERATOR_DOWN since 1m0s:  [recheck]"},
		"sent and not answered": {
			func(w *world) { w.sent("p") }, 61 * time.Second, "ANSWER_UNKNOWN since 1s:  [recheck]",
		},
		"its answer was lost": {func(w *world) {
			_, a := w.sent("p")
			w.answer(a, pirogue.AttemptUnknown, "timeout", 0)
		}, 61 * time.Second, "ANSWER_UNKNOWN since 1s: timeout [recheck]"},
		"the customer's window closed": {func(w *world) {
			_, a := w.sent("p")
			w.answer(a, pirogue.AttemptAccepted, "201", 10*time.Minute)
		}, 12 * time.Minute, "OPERATOR_SLOW since 10m0s: 201 [recheck]"},
		"accepted without a window": {func(w *world) {
			_, a := w.sent("p")
			w.answer(a, pirogue.AttemptAccepted, "201", 0)
		}, 121 * time.Second, "OPERATOR_SLOW since 1s: 201 [recheck]"},
		"refused and not settled": {func(w *world) {
			_, a := w.sent("p")
			w.answer(a, pirogue.AttemptRefused, "no", 0)
		}, 121 * time.Second, "OPERATOR_SLOW since 1s: no [recheck]"},
		"a cash-out that its operator has": {func(w *world) {
			w.fund(5000)
			p, a := w.cashOut("p", 1000, 0)
			w.underway(p, a)
			w.answer(a, pirogue.AttemptAccepted, "queued", time.Hour)
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
				require.Empty(w.t, w.stuck(row.after, 10), "a moment too early")
				require.Equal(w.t, []string{"p " + row.expect}, w.stuck(row.after+time.Microsecond, 10))
			})
		})
	}
}

// A page starts its lines one after the other, so a line may wait longer than a payment by
// itself; a line that never began is not a payment yet.
func TestALineThatItsPageCouldNotStartIsStuck(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fund(5000)
		w.accept("alone")
		b, _ := w.acceptBulk("april", 100, 200, 300)
		w.now.Add(time.Minute.Microseconds())
		require.Equal(w.t, 2, w.startLines(b, 2))
		_, sent, err := w.db.Latest(w.ctx(), w.linesOf(b)[0].Payment.ID)
		require.NoError(w.t, err)
		w.send(sent)
		unstarted := func(after time.Duration) []string {
			return slices.DeleteFunc(w.stuck(after, 10), func(told string) bool { return !strings.Contains(told, "NOT_STARTED") })
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
		w.ended("failed", 200, pirogue.EventDelivered)
		again := w.ended("resent", 410, pirogue.EventExhausted)
		w.resend(again)
		c := w.stray("returned", 5000)
		require.NoError(w.t, w.db.CloseCases(w.ctx(), c.ID, w.at(time.Hour)))
		require.Empty(w.t, w.stuck(24*time.Hour, 10))
	})
}

func TestAnEventThatFailsIsListedForAMonth(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		waiting := w.event("waiting") // at 1 min, as all of them
		for range 2 {
			require.Empty(w.t, w.stuck(time.Hour, 10), "one failure is none")
			_, d := w.beginDelivery(waiting, w.at(time.Minute))
			d.Error, d.EndedAt = "no answer within 3 s", w.at(time.Minute)
			require.NoError(w.t, w.db.EndDelivery(w.ctx(), d, pirogue.EventWaiting, d.StartedAt))
		}
		w.now.Add(time.Second.Microseconds())
		w.ended("gone", 410, pirogue.EventExhausted)
		require.Equal(w.t, []string{
			"waiting WEBHOOK_FAILING since 1m0s: no answer within 3 s [resend]",
			"gone WEBHOOK_FAILING since 1m1s: HTTP 410 [resend]",
		}, w.stuck(time.Hour, 10))
		require.Equal(w.t, []string{"gone WEBHOOK_FAILING since 1m1s: HTTP 410 [resend]"},
			w.stuck(30*24*time.Hour+59*time.Second+500*time.Millisecond, 10))
		require.Empty(w.t, w.stuck(30*24*time.Hour+time.Minute, 10))
	})
}

// One payment is listed once, for the gravest of its causes, however many are.
func TestAPaymentIsListedOnceForItsGravestCause(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.accept("unstarted")
		w.ended("untold", 410, pirogue.EventExhausted)
		unknown, _ := w.sent("unknown")
		w.ended("both", 410, pirogue.EventExhausted)
		both := w.found("both", 1)[0]
		for i, c := range []struct {
			payment pirogue.PaymentID
			cause   pirogue.Cause
		}{
			{both, pirogue.CauseMismatch}, {unknown.ID, pirogue.CauseUnknown}, {both, pirogue.CauseLateSuccess},
		} {
			require.NoError(w.t, w.opens(pirogue.Case{
				ID: pirogue.NewCaseID(c.payment, c.cause), PaymentID: c.payment, Cause: c.cause, Note: string(c.cause),
				OpenedAt: w.at(time.Duration(i+1) * time.Minute),
			}))
		}
		all := []string{
			"both CASE_OPEN since 1m0s: PARTY_MISMATCH [resolve]",
			"unknown CASE_OPEN since 2m0s: UNKNOWN_OUTCOME [recheck resolve]",
			"unstarted NOT_STARTED since 0s:  []",
			"untold WEBHOOK_FAILING since 1m0s: HTTP 410 [resend]",
		}
		require.Equal(w.t, all, w.stuck(time.Hour, 10))
		for limit := 1; limit <= 4; limit++ {
			require.Equal(w.t, all[:limit], w.stuck(time.Hour, limit))
		}
	})
}
