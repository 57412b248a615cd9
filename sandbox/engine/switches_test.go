package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
)

func TestSwitchLimits(t *testing.T) {
	t.Parallel()
	faults := engine.NewFaults(engine.WallClock{})
	err := faults.Set(engine.Switches{})
	require.ErrorContains(t, err, "notification_copies")
	err = faults.Set(engine.Switches{NotificationCopies: 1, Promises: "all"})
	require.ErrorContains(t, err, "promises")
	require.Equal(t, (engine.Switches{NotificationCopies: 1}), faults.Read())
}
