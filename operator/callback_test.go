package operator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
)

// PAID outweighs a failure in either order, for money that moved cannot be denied by a later
// callback.
func TestLatestVerified(t *testing.T) {
	t.Parallel()

	thousand := pirogue.Money{Minor: 1000, Currency: pirogue.XAF}
	paid, declined := pirogue.OutcomePaid, pirogue.OutcomeDeclined
	for name, tt := range map[string]struct {
		said     []operator.OperatorResult
		outcome  pirogue.Outcome
		mismatch string
	}{
		"silence":                 {nil, pirogue.OutcomePending, ""},
		"what was not understood": {[]operator.OperatorResult{{}}, pirogue.OutcomePending, ""},
		"paid, with an amount":    {[]operator.OperatorResult{{Outcome: paid, Amount: thousand}}, paid, ""},
		"paid, without an amount": {[]operator.OperatorResult{{Outcome: paid}}, paid, operator.MismatchUnstated},
		"a failure, then paid": {
			[]operator.OperatorResult{{Outcome: declined}, {Outcome: paid, Amount: thousand}},
			paid, "",
		},
		"paid, then a failure": {
			[]operator.OperatorResult{{Outcome: paid, Amount: thousand}, {Outcome: declined}},
			paid, "",
		},
		"a failure": {[]operator.OperatorResult{{Outcome: declined}}, declined, ""},
		"another business's success": {
			[]operator.OperatorResult{{Outcome: paid, Mismatch: "counterparty"}},
			paid, "counterparty",
		},
	} {
		got := operator.LatestVerified(tt.said)
		require.Equal(t, tt.outcome, got.Outcome, name)
		require.Equal(t, tt.mismatch, got.Mismatch, name)
	}
}
