package workflows_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"pirogue/codec"
	"pirogue/piroguetest"
	"pirogue/vault"
	"pirogue/workflows"
)

// TestRecordedHistoriesReplay proves that payments under way survive a deploy. Until the
// first release the histories are recorded again when a workflow changes. After it a
// recorded history is never replaced. A workflow that must change asks workflow.GetVersion, or
// the revision in its input. The history of the other branch is added. Folders named after a
// revision hold such histories. See ADR 0027.
func TestRecordedHistoriesReplay(t *testing.T) {
	t.Parallel()

	callBack, err := vault.ParseRing(piroguetest.RecordingKeys)
	require.NoError(t, err)
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
		DataConverter:    codec.Converter(callBack, codec.RefuseUnsealed),
		FailureConverter: codec.Failures(callBack, codec.RefuseUnsealed),
	})
	require.NoError(t, err)
	for _, recorded := range []any{
		workflows.CashIn, workflows.CashOut, workflows.Refund, workflows.Bulk, workflows.Webhook,
		workflows.Sweep, workflows.Rebuild,
	} {
		replayer.RegisterWorkflowWithOptions(recorded, workflow.RegisterOptions{})
	}

	files, err := filepath.Glob("testdata/*/*.json")
	require.NoError(t, err)
	earlier, err := filepath.Glob("testdata/revision*/*/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, earlier, "payments under way keep the revision that they started with")
	files = append(files, earlier...)
	for _, needed := range recordedHistories {
		require.Contains(t, files, "testdata/"+needed+".json", "`make histories` records it")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(file, "testdata/"), ".json"), func(t *testing.T) {
			t.Parallel()
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(nil, file))
		})
	}
}

// recordedHistories are the ways of a workflow that a deploy may meet, each with a history.
var recordedHistories = []string{
	"bulk/cancelled",
	"bulk/largest",
	"cashin/answer_lost_sent_again",
	"cashin/cancelled",
	"cashin/declined",
	"cashin/expired",
	"cashin/late_success_returned",
	"cashin/mismatch_placed_by_two_people",
	"cashin/operator_down",
	"cashin/paid_called_back_thrice",
	"cashin/paid_seen_by_callback",
	"cashin/paid_seen_by_poll",
	"cashin/recheck_while_watching",
	"cashin/started_again",
	"cashin/watch_started_again",
	"cashin/watched_to_its_end",
	"cashout/answer_lost",
	"cashout/failover_after_a_refusal",
	"cashout/failover_not_sent",
	"cashout/line_of_a_cancelled_bulk",
	"cashout/mismatch_paid_in_part",
	"cashout/paid",
	"cashout/parked_and_returned",
	"cashout/pending",
	"cashout/redriven",
	"cashout/rejected",
	"cashout/resolved_in_two_steps",
	"refund/refunded",
	"sweep/rebuild",
	"sweep/sweep",
	"webhook/delivered_at_the_second_attempt",
}
