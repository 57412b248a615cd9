package activities

import (
	"context"

	"go.temporal.io/sdk/activity"
)

// logResult logs the result of an activity: identifiers, operators and outcomes only. Temporal's logger
// adds the workflow, the activity and its run.
func logResult(ctx context.Context, message string, pairs ...any) {
	if activity.IsActivity(ctx) {
		activity.GetLogger(ctx).Info(message, pairs...)
	}
}
