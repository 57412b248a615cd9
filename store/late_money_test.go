package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/support"
)

// arrives reports the total that moved under an attempt of a payment, 0 for the latest.
func (w *world) arrives(p pirogue.Payment, cause support.Cause, attempt int, total int64) support.Case {
	w.t.Helper()
	c, err := w.db.Cases.OpenCase(w.ctx(), support.Case{
		ID: support.NewCaseID(p.ID, cause), PaymentID: p.ID, Cause: cause, Attempt: attempt, Paid: total,
		OpenedAt: w.at(time.Hour),
	})
	require.NoError(w.t, err)
	return c
}

// A customer pays twice and then a third time. The order succeeds once. Every other arrival has
// its own case and journal, however often and by whomever it is reported.
func TestArrivalAfterSuccess(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order_1")
		_, err := w.success(p)
		require.NoError(w.t, err)
		first := support.NewCaseID(p.ID, support.CauseSecondPayment)
		require.NoError(w.t, concurrently(10, func(int) error {
			return w.opens(support.Case{
				ID: first, PaymentID: p.ID, Cause: support.CauseSecondPayment, Paid: 2 * p.Amount.Minor, OpenedAt: w.at(time.Hour),
			})
		}))
		require.Equal(w.t, p.Amount.Minor, w.arrives(p, support.CauseSecondPayment, 0, 2*p.Amount.Minor).Paid)
		third := w.arrives(p, support.CauseSecondPayment, 0, 3*p.Amount.Minor)
		require.Equal(w.t, first.Further(2), third.ID)
		require.Equal(w.t, p.Amount.Minor, third.Paid)
		require.Equal(w.t, third, w.arrives(p, support.CauseSecondPayment, 0, 3*p.Amount.Minor), "told again")
		require.Equal(w.t, third, w.arrives(p, support.CauseSecondPayment, 0, 2*p.Amount.Minor), "an older answer")
		cases, err := w.db.Cases.Cases(w.ctx(), p.ID)
		require.NoError(w.t, err)
		require.Len(w.t, cases, 2)
		in, _ := w.operatorBook(operatorCode)
		require.Equal(w.t, map[string]int64{string(a.Ref): 3 * p.Amount.Minor}, in)
		w.requireSound()
	})
}

// Another amount opens a case. While a person looks at it, the customer pays the rest.
func TestArrivalBesideAMismatch(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order_1")
		require.EqualValues(w.t, 2500, w.arrives(p, support.CauseAmountMismatch, 0, 2500).Paid)
		second := w.arrives(p, support.CauseSecondPayment, 0, 2500+p.Amount.Minor)
		require.Equal(w.t, p.Amount.Minor, second.Paid)
		in, _ := w.operatorBook(operatorCode)
		require.Equal(w.t, map[string]int64{string(a.Ref): 2500 + p.Amount.Minor}, in)
		w.requireSound()
	})
}

// Money under an attempt before a failover is booked at the operator that has it. It does not
// count for the success of the later attempt.
func TestArrivalUnderAnEarlierAttempt(t *testing.T) {
	t.Parallel()
	for _, second := range []pirogue.OperatorCode{operatorCode, "another"} {
		t.Run(string(second), func(t *testing.T) {
			t.Parallel()
			each(t, func(w *world) {
				p, a := w.sent("order_1")
				require.NoError(w.t, w.recordResult(lifecycle.AttemptResult{
					AttemptID: a.ID, State: pirogue.AttemptRefused, Unable: true, At: w.at(time.Second),
				}))
				b := w.renewAt(second, p, a)
				w.send(b)
				_, err := w.success(p)
				require.NoError(w.t, err)
				earlier := w.arrives(p, support.CauseEarlierPaid, 1, p.Amount.Minor)
				require.Equal(w.t, p.Amount.Minor, earlier.Paid)
				require.Equal(w.t, earlier, w.arrives(p, support.CauseEarlierPaid, 1, p.Amount.Minor), "told again")
				require.Zero(w.t, w.arrives(p, support.CauseSecondPayment, 0, p.Amount.Minor).Paid, "the order itself")

				want := map[string]int64{string(a.Ref): p.Amount.Minor}
				if second == operatorCode {
					want[string(b.Ref)] = p.Amount.Minor
				}
				in, _ := w.operatorBook(operatorCode)
				require.Equal(w.t, want, in)
				w.requireSound()
			})
		})
	}
}

// A report about an attempt that the payment never had is a bug, and fails.
func TestArrivalUnderNoAttempt(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, _ := w.sent("order_1")
		err := w.opens(support.Case{
			ID: "c", PaymentID: p.ID, Cause: support.CauseEarlierPaid, Attempt: 7, Paid: 1, OpenedAt: w.at(0),
		})
		require.Equal(w.t, pirogue.Internal, pirogue.CodeOf(err))
		w.requireSound()
	})
}

// A payment's attempts are read by their numbers. Earlier returns those before the latest of
// which something may have left.
func TestEarlierAttempts(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order_1")
		require.Empty(w.t, w.earlier(p))
		b := w.renew(p, a)
		require.Equal(w.t, []pirogue.AttemptID{a.ID}, w.earlier(p))
		c := w.renewAt("another", p, b) // b never left
		require.Equal(w.t, []pirogue.AttemptID{a.ID}, w.earlier(p))
		for number, want := range map[int]pirogue.AttemptID{0: c.ID, 1: a.ID, 2: b.ID, 3: c.ID} {
			_, got, err := w.db.Attempts.Numbered(w.ctx(), p.ID, number)
			require.NoError(w.t, err)
			require.Equal(w.t, want, got.ID, "attempt %d", number)
		}
		_, _, err := w.db.Attempts.Numbered(w.ctx(), p.ID, 4)
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
	})
}

func (w *world) earlier(p pirogue.Payment) []pirogue.AttemptID {
	w.t.Helper()
	attempts, err := w.db.Attempts.EarlierAttempts(w.ctx(), p.ID)
	require.NoError(w.t, err)
	var found []pirogue.AttemptID
	for _, a := range attempts {
		found = append(found, a.ID)
	}
	return found
}

// Money in suspense is not booked as the merchant's as well, whichever caller finds the payment
// paid. Money under another attempt does not prevent the success of the latest one.
func TestArrivalInSuspenseIsNoSuccess(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		open, _ := w.sent("open")
		w.arrives(open, support.CauseAmountMismatch, 0, 2500)
		finalized, err := w.success(open)
		require.NoError(w.t, err)
		require.False(w.t, finalized.Payment.Status.Terminal())

		expired, _ := w.sent("expired")
		_, err = w.end(expired, pirogue.StatusExpired, pirogue.FailedNotPaid)
		require.NoError(w.t, err)
		w.arrives(expired, support.CauseLateSuccess, 0, expired.Amount.Minor)
		finalized, err = w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
			PaymentID: expired.ID, From: pirogue.StatusExpired, Status: pirogue.StatusSuccess, At: w.at(time.Hour),
		})
		require.NoError(w.t, err)
		require.Equal(w.t, pirogue.StatusExpired, finalized.Payment.Status)

		passed, a := w.sent("passed")
		w.send(w.renew(passed, a))
		w.arrives(passed, support.CauseEarlierPaid, 1, passed.Amount.Minor)
		finalized, err = w.success(passed)
		require.NoError(w.t, err)
		require.Equal(w.t, pirogue.StatusSuccess, finalized.Payment.Status)
		w.requireSound()
	})
}

// A one-time password stays while its attempt may have to be sent again unchanged. It is removed
// once its operator has answered.
func TestPasswordOfALostAnswer(t *testing.T) {
	t.Parallel()
	for _, end := range []pirogue.AttemptState{pirogue.AttemptAccepted, pirogue.AttemptRefused} {
		t.Run(string(end), func(t *testing.T) {
			t.Parallel()
			each(t, func(w *world) {
				p, a := w.newCashIn(w.owner, "order_1")
				a.Handle = pirogue.Handle{pirogue.HandleOTP: "1234"}
				w.accepted(p, a)
				answers := func(state pirogue.AttemptState, handle pirogue.Handle, want pirogue.Handle) {
					sending, err := w.db.Attempts.Send(w.ctx(), a.ID, anyAge, w.at(time.Second))
					require.NoError(w.t, err)
					_, err = w.db.Attempts.RecordAttemptResult(w.ctx(), lifecycle.AttemptResult{
						AttemptID: a.ID, Sending: sending.Number, State: state, Handle: handle, At: w.at(time.Minute),
					})
					require.NoError(w.t, err)
					_, latest := w.latest(p.ID)
					require.Equal(w.t, want, latest.Handle)
				}
				answers(pirogue.AttemptUnknown, pirogue.Handle{"id": "7"}, pirogue.Handle{pirogue.HandleOTP: "1234", "id": "7"})
				answers(pirogue.AttemptUnknown, nil, pirogue.Handle{pirogue.HandleOTP: "1234", "id": "7"})
				answers(end, nil, nil)
			})
		})
	}
}
