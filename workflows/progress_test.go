package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/operator"
)

// TestProgressDescribe proves what the Web UI shows of a payment.
func TestProgressDescribe(t *testing.T) {
	t.Parallel()

	asked := time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		progress progress
		attempt  int
		want     string
	}{
		"before_any_attempt": {progress: progress{details: "submitting to mtn-cm"}, want: "submitting to mtn-cm"},
		"an_attempt": {
			progress: progress{details: "parked", reference: "ref-1"}, attempt: 2,
			want: "parked\n\nattempt 2 at mtn-cm, reference ref-1",
		},
		"the_operators_transaction_and_message": {
			progress: progress{details: "ended", reference: "ref-1", providerTxID: "MP1", message: "OK"}, attempt: 1,
			want: "ended\n\nattempt 1 at mtn-cm, reference ref-1, operator's transaction MP1\n\n" +
				"operator's last message: OK",
		},
		"an_ignored_cancel_request": {
			progress: progress{details: "parked", cancelAsked: asked},
			want:     "cancel request of 2026-05-12 10:00:00 ignored; parked",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, c.progress.describe(c.attempt, "mtn-cm"))
		})
	}
}

// TestProgressOfNextAttempt proves that another attempt does not bear the transaction of the one
// before. A result without a message must keep the last one.
func TestProgressOfNextAttempt(t *testing.T) {
	t.Parallel()

	var p progress
	p.submitted("ref-1", "")
	p.note(operator.OperatorResult{ProviderTxID: "MP1", Message: "refused"})
	p.note(operator.OperatorResult{})
	p.submitted("ref-1", "")
	require.Equal(t, progress{reference: "ref-1", providerTxID: "MP1", message: "refused"}, p)
	p.submitted("ref-2", "")
	require.Equal(t, progress{reference: "ref-2", message: "refused"}, p)
}
