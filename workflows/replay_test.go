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

// TestRecordedHistoriesReplay proves that payments under way survive a deploy. A
// history is never recorded again to make this pass: a story that must change asks
// workflow.GetVersion first.
func TestRecordedHistoriesReplay(t *testing.T) {
	t.Parallel()

	ring, err := vault.ParseRing(piroguetest.RecordingKeys)
	require.NoError(t, err)
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
		DataConverter: codec.Converter(ring, codec.RefuseUnsealed), FailureConverter: codec.Failures(ring, codec.RefuseUnsealed),
	})
	require.NoError(t, err)
	for _, story := range []any{workflows.CashIn, workflows.CashOut, workflows.Refund, workflows.Bulk, workflows.Webhook} {
		replayer.RegisterWorkflowWithOptions(story, workflow.RegisterOptions{})
	}

	files, err := filepath.Glob("testdata/*/*.json")
	require.NoError(t, err)
	require.Greater(t, len(files), 10, "the histories are recorded by go test ./cmd/pirogue -run Histories -update")
	for _, file := range files {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(file, "testdata/"), ".json"), func(t *testing.T) {
			t.Parallel()
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(nil, file))
		})
	}
}
