package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// returning is a refund that its operator refused, of a cash-in that it collected.
type returning struct {
	activities.AttemptStore
	activities.SendingStore
	activities.CallbackStore
	activities.OperatorStore

	refund, parent pirogue.Payment
}

func (r returning) Latest(_ context.Context, id pirogue.PaymentID) (pirogue.Payment, pirogue.Attempt, error) {
	if id == r.refund.ID {
		return r.refund, pirogue.Attempt{Operator: "novasend-ci", Ref: "RF1", State: pirogue.AttemptRefused}, nil
	}
	return r.parent, pirogue.Attempt{}, nil
}

func (r returning) Numbered(
	ctx context.Context, id pirogue.PaymentID, _ int,
) (pirogue.Payment, pirogue.Attempt, error) {
	return r.Latest(ctx, id)
}

func (r returning) Collected(context.Context, pirogue.PaymentID) (pirogue.Attempt, error) {
	return pirogue.Attempt{Operator: "novasend-ci", Ref: "CI1", Handle: pirogue.Handle{"id": "pr_1"}}, nil
}

func (returning) RecordPoll(context.Context, lifecycle.Poll) (pirogue.Evidence, error) {
	return pirogue.Evidence{}, nil
}

func (returning) Callbacks(context.Context, pirogue.AttemptID) ([]operator.OperatorResult, error) {
	return nil, nil
}

func (returning) Breaker(_ context.Context, o pirogue.OperatorCode) (operator.CircuitBreaker, error) {
	return operator.CircuitBreaker{Operator: o, State: operator.BreakerClosed}, nil
}

// giver gives back whole payments, and takes down what it is asked.
type giver struct{ asked *operator.StatusQuery }

func (giver) Capability() operator.Capability { return operator.Capability{WholeRefunds: true} }

func (giver) Refund(context.Context, operator.RefundRequest) (operator.OperatorResult, error) {
	return operator.OperatorResult{}, nil
}

func (g giver) Status(_ context.Context, q operator.StatusQuery) (operator.OperatorResult, error) {
	*g.asked = q
	return operator.OperatorResult{Outcome: pirogue.OutcomeAbsent}, nil
}

func TestAQuestionAboutARefundNamesWhatItGivesBack(t *testing.T) {
	t.Parallel()
	amount := pirogue.Money{Minor: 5000, Currency: pirogue.XOF}
	for name, tt := range map[string]struct {
		amount   pirogue.Money
		reversed *operator.StatusQuery
	}{
		"all of a payment": {amount, &operator.StatusQuery{
			Kind: pirogue.CashIn, Ref: "CI1", Handle: pirogue.Handle{"id": "pr_1"}, Amount: amount,
		}},
		"a part, which was paid out": {pirogue.Money{Minor: 1000, Currency: pirogue.XOF}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked operator.StatusQuery
			a := activities.New(activities.Config{
				Store: activitiestest.Store(returning{
					refund: pirogue.Payment{ID: "refund", Kind: pirogue.Refund, ParentID: "parent", Amount: tt.amount},
					parent: pirogue.Payment{ID: "parent", Kind: pirogue.CashIn, Amount: amount},
				}),
				Operators: map[pirogue.OperatorCode]operator.Instance{
					"novasend-ci": {Code: "novasend-ci", Operator: giver{&asked}},
				},
				Clock: time.Now,
			})
			_, err := a.AskStatus(t.Context(), activities.StatusInput{PaymentID: "refund", Pace: activities.Once})
			require.NoError(t, err)
			require.Equal(t, tt.reversed, asked.RefundedCollect)
		})
	}
}
