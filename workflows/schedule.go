package workflows

import (
	"context"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// The sweep runs on a Temporal Schedule, one at a time.
const (
	sweepEvery   = 30 * time.Second
	sweepCatchUp = time.Minute // older runs are not made up for: the next one finds the same rows
)

// Schedule makes the sweep run, also where its schedule was lost, paused or changed. Every
// process may call it, as often as it likes.
func (s *Starter) Schedule(ctx context.Context) error {
	options := sweepSchedule()
	_, err := s.Client.ScheduleClient().Create(ctx, options)
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return temporalError(err)
	}
	handle := s.Client.ScheduleClient().GetHandle(ctx, SweepSchedule)
	return temporalError(handle.Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(found client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			schedule := found.Description.Schedule
			if runsSweep(schedule) {
				return nil, temporal.ErrSkipScheduleUpdate
			}
			schedule.Action, schedule.Spec = options.Action, &options.Spec
			schedule.Policy.Overlap, schedule.Policy.CatchupWindow = options.Overlap, options.CatchupWindow
			schedule.State.Paused, schedule.State.LimitedActions = false, false
			return &client.ScheduleUpdate{Schedule: &schedule}, nil
		},
	}))
}

// sweepSchedule returns the schedule of the sweep.
func sweepSchedule() client.ScheduleOptions {
	return client.ScheduleOptions{
		ID:            SweepSchedule,
		Spec:          client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: sweepEvery}}},
		Overlap:       enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow: sweepCatchUp,
		Action: &client.ScheduleWorkflowAction{
			ID: SweepSchedule, Workflow: Sweep, TaskQueue: PaymentsQueue, StaticSummary: "sweep",
		},
	}
}

// runsSweep reports whether a schedule that was found runs the sweep as it must.
func runsSweep(s client.Schedule) bool {
	action, ok := s.Action.(*client.ScheduleWorkflowAction)
	return ok && action.Workflow == "Sweep" && action.TaskQueue == PaymentsQueue &&
		!s.State.Paused && !s.State.LimitedActions &&
		len(s.Spec.Intervals) == 1 && s.Spec.Intervals[0].Every == sweepEvery && len(s.Spec.Calendars) == 0 &&
		s.Policy.Overlap == enumspb.SCHEDULE_OVERLAP_POLICY_SKIP
}
