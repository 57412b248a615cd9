package store_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/ids"
	"pirogue/lifecycle"
)

func TestAnAttemptIsSentOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.accept("order_1")
		var sent atomic.Int64
		require.NoError(w.t, concurrently(50, func(int) error {
			ok, err := w.markSent(a.ID, false, w.at(time.Second))
			if ok {
				sent.Add(1)
			}
			return err
		}))
		require.EqualValues(w.t, 1, sent.Load())
		got, attempt := w.latest(p.ID)
		require.Equal(w.t, pirogue.StatusInitiated, got.Status)
		require.Equal(w.t, pirogue.AttemptSent, attempt.State)
		require.Equal(w.t, w.at(time.Second), attempt.SentAt)
		w.requireSound()
	})
}

func TestWhatMustNotLeaveIsNotSent(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		rows := map[string]func(p pirogue.Payment, a pirogue.Attempt) pirogue.AttemptID{
			"an attempt nobody prepared": func(pirogue.Payment, pirogue.Attempt) pirogue.AttemptID { return "none" },
			"one that was sent": func(_ pirogue.Payment, a pirogue.Attempt) pirogue.AttemptID {
				w.send(a)
				return a.ID
			},
			"one of a payment that expired": func(p pirogue.Payment, a pirogue.Attempt) pirogue.AttemptID {
				_, err := w.end(p, pirogue.StatusExpired, pirogue.FailedNotStarted)
				require.NoError(w.t, err)
				return a.ID
			},
			"one that was renewed before it left": func(p pirogue.Payment, a pirogue.Attempt) pirogue.AttemptID {
				w.renew(p, a)
				return a.ID
			},
		}
		for name, arrange := range rows {
			w.test().Run(name, func(t *testing.T) {
				p, a := w.accept(name)
				id := arrange(p, a)
				before, _ := w.latest(p.ID)
				sent, err := w.markSent(id, false, w.at(time.Hour))
				require.NoError(t, err)
				require.False(t, sent)
				after, _ := w.latest(p.ID)
				require.Equal(t, before, after, "not even updated_at may move")
			})
		}
		w.requireSound()
	})
}

// renew prepares the attempt after a, at the same operator.
func (w *world) renew(p pirogue.Payment, a pirogue.Attempt) pirogue.Attempt {
	w.t.Helper()
	return w.renewAt(a.Operator, p, a)
}

// renewAt prepares the attempt after a, at an operator.
func (w *world) renewAt(o pirogue.OperatorCode, p pirogue.Payment, a pirogue.Attempt) pirogue.Attempt {
	w.t.Helper()
	next := pirogue.Attempt{
		ID: pirogue.AttemptID(ids.New()), PaymentID: p.ID, Number: a.Number + 1, Operator: o,
		Ref: ids.Reference(p.Kind), State: pirogue.AttemptPrepared,
		CreatedAt: w.at(time.Minute), UpdatedAt: w.at(time.Minute),
	}
	renewed, err := w.db.Attempts.Renew(w.ctx(), a.ID, next, digest(next))
	require.NoError(w.t, err)
	return renewed
}

// A send and an expiry run at once. Either the bytes may leave and the payment is open, or it has
// expired and they may not.
func TestSendAndExpiryNeverBothWin(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for i := range 40 {
			p, a := w.accept(ids.New())
			var sent bool
			require.NoError(w.t, concurrently(2, func(n int) error {
				if n == i%2 {
					_, err := w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
						PaymentID: p.ID, From: pirogue.StatusCreated, Status: pirogue.StatusExpired, At: w.at(time.Minute),
					})
					return err
				}
				var err error
				sent, err = w.markSent(a.ID, false, w.at(time.Second))
				return err
			}))
			got, attempt := w.latest(p.ID)
			if sent {
				require.Equal(w.t, pirogue.StatusInitiated, got.Status)
				require.Equal(w.t, pirogue.AttemptSent, attempt.State)
			} else {
				require.Equal(w.t, pirogue.StatusExpired, got.Status)
				require.Equal(w.t, pirogue.AttemptPrepared, attempt.State)
			}
		}
		w.requireSound()
	})
}

func TestAnAnswerMovesTheAttemptAndItsPayment(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		action := pirogue.NextAction{Type: pirogue.ActionRedirect, URL: "https://pay.example/x", ExpiresAt: w.at(time.Hour)}
		rows := map[string]struct {
			state  pirogue.AttemptState
			status pirogue.Status
		}{
			"accepted":        {pirogue.AttemptAccepted, pirogue.StatusPending},
			"refused":         {pirogue.AttemptRefused, pirogue.StatusInitiated},
			"lost":            {pirogue.AttemptUnknown, pirogue.StatusPending},
			"proven not sent": {pirogue.AttemptPrepared, pirogue.StatusPending},
		}
		for name, row := range rows {
			w.test().Run(name, func(t *testing.T) {
				p, a := w.sent(name)
				answer := lifecycle.AttemptResult{
					AttemptID: a.ID, State: row.state, Handle: pirogue.Handle{"pay_token": "v1-abc"}, Message: "201 INITIATED",
					NextAction: action, ProviderTxID: "MP1", ExpiresAt: w.at(5 * time.Minute), At: w.at(2 * time.Second),
				}
				require.NoError(t, w.recordResult(answer))
				got, attempt := w.latest(p.ID)
				require.Equal(t, row.status, got.Status)
				require.Equal(t, row.state, attempt.State)
				require.Equal(t, "201 INITIATED", attempt.OperatorMessage)
				if row.state == pirogue.AttemptAccepted {
					require.Equal(t, answer.Handle, attempt.Handle)
					require.Equal(t, action, got.NextAction)
					require.Equal(t, "MP1", got.ProviderTxID)
					require.Equal(t, answer.ExpiresAt, got.ExpiresAt)
				} else {
					require.Zero(t, got.NextAction)
					require.Zero(t, got.ExpiresAt)
				}
				require.Equal(t, row.state == pirogue.AttemptPrepared, attempt.SentAt.IsZero())

				answer.State, answer.Message, answer.At = pirogue.AttemptRefused, "too late", w.at(time.Hour)
				require.NoError(t, w.recordResult(answer), "an answer to what is not SENT")
				again, unmoved := w.latest(p.ID)
				require.Equal(t, got, again)
				require.Equal(t, attempt, unmoved)
			})
		}
		w.requireSound()
	})
}

func TestAnAnswerThatIsNoneIsABug(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		_, a := w.sent("order_1")
		err := w.recordResult(lifecycle.AttemptResult{AttemptID: a.ID, State: pirogue.AttemptSent, At: w.at(0)})
		require.Equal(w.t, pirogue.Internal, pirogue.CodeOf(err))
	})
}

// The workflow settles on a callback before the response of the submission arrives.
func TestLateResultLeavesAnEndedPayment(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order_1")
		_, err := w.success(p)
		require.NoError(w.t, err)
		before, _ := w.latest(p.ID)
		require.NoError(w.t, w.recordResult(lifecycle.AttemptResult{
			AttemptID: a.ID, State: pirogue.AttemptAccepted, Handle: pirogue.Handle{"pay_token": "t"},
			NextAction: pirogue.NextAction{Type: pirogue.ActionRedirect}, ProviderTxID: "other", At: w.at(2 * time.Minute),
		}))
		after, attempt := w.latest(p.ID)
		require.Equal(w.t, pirogue.AttemptAccepted, attempt.State)
		require.Equal(w.t, pirogue.Handle{"pay_token": "t"}, attempt.Handle)
		before.UpdatedAt = after.UpdatedAt
		require.Equal(w.t, before, after)
		w.requireSound()
	})
}

func TestAnAttemptNotSentCanBeSentAgain(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order_1")
		require.NoError(
			w.t, w.recordResult(lifecycle.AttemptResult{AttemptID: a.ID, State: pirogue.AttemptPrepared, At: w.at(0)}),
		)
		w.send(a)
		got, attempt := w.latest(p.ID)
		require.Equal(w.t, pirogue.StatusPending, got.Status)
		require.Equal(w.t, pirogue.AttemptSent, attempt.State)
		w.requireSound()
	})
}

func TestARenewedAttemptTakesTheOthersPlaceOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order_1")
		first := w.renew(p, a)
		require.Equal(w.t, 2, first.Number)
		require.Equal(w.t, first, w.renew(p, a), "a second call returns what the first one made")
		w.send(first)
		before, _ := w.latest(p.ID)
		w.now.Add(time.Hour.Microseconds())
		require.Equal(w.t, pirogue.AttemptSent, w.renew(p, a).State, "also when it has gone on")

		got, attempt := w.latest(p.ID)
		require.Equal(w.t, before, got, "not even updated_at may move")
		require.Equal(w.t, first.ID, attempt.ID)
		require.Equal(w.t, a.Operator, got.Operator)
		lost, err := w.db.Callbacks.AttemptByCallback(w.ctx(), operatorCode, digest(a))
		require.NoError(w.t, err)
		require.Equal(w.t, pirogue.AttemptUnknown, lost.State)
		w.requireSound()
	})
}

// Two payment pages that can both be paid would take the customer's money twice.
func TestNoAttemptAfterAnAcceptedOne(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order_1")
		require.NoError(w.t, w.recordResult(lifecycle.AttemptResult{
			AttemptID: a.ID, State: pirogue.AttemptAccepted, Handle: pirogue.Handle{"pay_token": "t"}, At: w.at(time.Second),
		}))
		stored := w.renew(p, a)
		require.Equal(w.t, a.ID, stored.ID)
		require.Equal(w.t, pirogue.AttemptAccepted, stored.State)
		_, latest := w.latest(p.ID)
		require.Equal(w.t, 1, latest.Number)
		w.requireSound()
	})
}

func TestManyRenewalsAtOnceMakeOneAttempt(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order_1")
		made := make([]pirogue.AttemptID, 30)
		require.NoError(w.t, concurrently(len(made), func(i int) error {
			next := pirogue.Attempt{
				ID: pirogue.AttemptID(ids.New()), PaymentID: p.ID, Number: 2, Operator: operatorCode, Ref: ids.Reference(p.Kind),
			}
			renewed, err := w.db.Attempts.Renew(w.ctx(), a.ID, next, digest(next))
			made[i] = renewed.ID
			return err
		}))
		for _, id := range made {
			require.Equal(w.t, made[0], id)
		}
		w.requireSound()
	})
}

func TestNoFailoverAfterASending(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order_1")
		elsewhere := pirogue.Attempt{ID: "n", PaymentID: p.ID, Number: 2, Operator: "another", Ref: ids.Reference(p.Kind)}
		stored, err := w.db.Attempts.Renew(w.ctx(), a.ID, elsewhere, digest(elsewhere))
		require.NoError(w.t, err)
		require.Equal(w.t, a.ID, stored.ID)
		_, latest := w.latest(p.ID)
		require.Equal(w.t, a.ID, latest.ID)
		require.Equal(w.t, pirogue.AttemptSent, latest.State)

		p, a = w.accept("order_2")
		elsewhere.PaymentID, elsewhere.Ref = p.ID, ids.Reference(p.Kind)
		elsewhere.Handle = pirogue.Handle{pirogue.HandleOTP: "1234"}
		stored, err = w.db.Attempts.Renew(w.ctx(), a.ID, elsewhere, digest(elsewhere))
		require.NoError(w.t, err, "nothing of it ever left")
		require.Equal(w.t, elsewhere.Handle, stored.Handle)
		w.requireSound()
	})
}

func TestARenewalThatFitsNothingIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order_1")
		other, _ := w.accept("order_2")
		next := pirogue.Attempt{ID: "n", PaymentID: other.ID, Number: 2, Operator: operatorCode, Ref: "CI2"}
		_, err := w.db.Attempts.Renew(w.ctx(), a.ID, next, "d")
		require.Equal(w.t, pirogue.Internal, pirogue.CodeOf(err), "the attempt of another payment")
		_, err = w.db.Attempts.Renew(w.ctx(), "none", next, "d")
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
		next.PaymentID, next.Ref = p.ID, a.Ref
		_, err = w.db.Attempts.Renew(w.ctx(), a.ID, next, "d")
		require.Equal(w.t, pirogue.Internal, pirogue.CodeOf(err), "a reference that is taken")
		_, attempt := w.latest(p.ID)
		require.Equal(w.t, pirogue.AttemptSent, attempt.State, "nothing half-made")
		w.requireSound()
	})
}

// An attempt may be sent again to an operator that executes a reference once. The operator's
// earlier results about the reference are no evidence then.
func TestAnAttemptThatMayBeRepeatedIsSentAgain(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for _, state := range []pirogue.AttemptState{pirogue.AttemptSent, pirogue.AttemptUnknown} {
			p, a := w.sent("lost as " + string(state))
			if state == pirogue.AttemptUnknown {
				require.NoError(
					w.t, w.recordResult(lifecycle.AttemptResult{AttemptID: a.ID, State: state, At: w.at(2 * time.Second)}),
				)
			}
			w.pollOnce(a, pirogue.OutcomeDeclined, "", 3*time.Second)
			again, err := w.markSent(a.ID, false, w.at(time.Minute))
			require.NoError(w.t, err)
			require.False(w.t, again, "not unless it may be repeated")
			again, err = w.markSent(a.ID, true, w.at(time.Minute))
			require.NoError(w.t, err)
			require.True(w.t, again)
			_, attempt := w.latest(p.ID)
			require.Equal(w.t, pirogue.AttemptSent, attempt.State)
			require.Equal(w.t, w.at(time.Minute), attempt.SentAt)
			require.Zero(w.t, attempt.Evidence)
		}
		for _, state := range []pirogue.AttemptState{pirogue.AttemptAccepted, pirogue.AttemptRefused} {
			_, a := w.sent("answered with " + string(state))
			require.NoError(
				w.t, w.recordResult(lifecycle.AttemptResult{AttemptID: a.ID, State: state, At: w.at(2 * time.Second)}),
			)
			again, err := w.markSent(a.ID, true, w.at(time.Minute))
			require.NoError(w.t, err)
			require.False(w.t, again, "an answer is final")
		}
		w.requireSound()
	})
}

func TestTheAttemptThatCollectedIsTheOneThatWasAccepted(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, first := w.sent("order_1")
		found, err := w.db.Attempts.Collected(w.ctx(), p.ID)
		require.NoError(w.t, err)
		require.Equal(w.t, first.ID, found.ID, "whose acceptance was lost")
		second := w.renew(p, first)
		w.send(second)
		require.NoError(w.t, w.recordResult(lifecycle.AttemptResult{
			AttemptID: second.ID, State: pirogue.AttemptAccepted,
			Handle: pirogue.Handle{"pay_token": "t"}, At: w.at(time.Minute),
		}))
		w.renew(p, second)
		found, err = w.db.Attempts.Collected(w.ctx(), p.ID)
		require.NoError(w.t, err)
		require.Equal(w.t, second.ID, found.ID)
		require.Equal(w.t, pirogue.Handle{"pay_token": "t"}, found.Handle)

		p, first = w.sent("order_2")
		require.NoError(w.t, w.recordResult(lifecycle.AttemptResult{
			AttemptID: first.ID, State: pirogue.AttemptRefused, At: w.at(time.Minute),
		}))
		found, err = w.db.Attempts.Collected(w.ctx(), p.ID)
		require.NoError(w.t, err)
		require.Equal(w.t, first.ID, found.ID, "which was refused, and paid all the same")

		unsent, _ := w.accept("order_3")
		_, err = w.db.Attempts.Collected(w.ctx(), unsent.ID)
		require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err))
	})
}

func TestAnAttemptIsFoundByItsReferenceAtItsOperator(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		_, a := w.sent("order_1")
		found, err := w.db.Callbacks.AttemptByRef(w.ctx(), operatorCode, a.Ref)
		require.NoError(w.t, err)
		require.Equal(w.t, a.ID, found.ID)
		for name, row := range map[string]struct {
			operator pirogue.OperatorCode
			ref      pirogue.OperatorRef
		}{
			"at another operator":      {"moov-web-ml", a.Ref},
			"a reference nobody has":   {operatorCode, "CI0"},
			"a reference with NUL":     {operatorCode, "\x00"},
			"a reference in lowercase": {operatorCode, pirogue.OperatorRef(strings.ToLower(string(a.Ref)))},
		} {
			_, err := w.db.Callbacks.AttemptByRef(w.ctx(), row.operator, row.ref)
			require.Equal(w.t, pirogue.NotFound, pirogue.CodeOf(err), name)
		}
	})
}

func TestLatestOfAnUnknownPaymentIsNotFound(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		_, _, err := w.db.Attempts.Latest(w.ctx(), ids.Payment())
		require.Equal(w.t, pirogue.TransactionNotFound, pirogue.CodeOf(err))
	})
}
