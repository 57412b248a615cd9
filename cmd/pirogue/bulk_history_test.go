package main

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"pirogue"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/bulk"
	"pirogue/codec"
	"pirogue/ids"
	"pirogue/operator"
	"pirogue/piroguetest"
	"pirogue/vault"
	"pirogue/workflows"
)

// largestBulkStore is a store with a bulk of 10,000 lines. Every page has lines to start, and the bulk is
// counted a few times before all lines have ended: the longest history.
type largestBulkStore struct {
	activities.BulkStore
	activities.BulkLineStore
	counted atomic.Int32
}

//nolint:unparam // activities.BulkStore says so
func (*largestBulkStore) BulkPage(context.Context, pirogue.BulkID, int) (bulk.BulkPageProgress, error) {
	return bulk.BulkPageProgress{Waiting: bulk.BulkPageLines}, nil
}

func (*largestBulkStore) StartLines(
	context.Context, pirogue.BulkID, int, int, func(pirogue.Payment) (pirogue.Attempt, string),
) (int, error) {
	return 0, nil
}

//nolint:unparam // activities.BulkStore says so
func (*largestBulkStore) OpenLines(context.Context, pirogue.BulkID, int) ([]bulk.OpenLine, error) {
	return []bulk.OpenLine{{Payment: pirogue.Payment{ID: ids.Payment()}}}, nil
}

func (*largestBulkStore) EndUnsentLines(context.Context, pirogue.BulkID, time.Time, int) (int, error) {
	return 0, nil
}

func (*largestBulkStore) UnstartedLines(
	context.Context, pirogue.BulkID, pirogue.PaymentID, int,
) ([]bulk.OpenLine, error) {
	return nil, nil
}

//nolint:unparam // activities.BulkStore says so
func (s *largestBulkStore) CloseBulk(context.Context, pirogue.BulkID, time.Time) (bulk.BulkProgress, bool, error) {
	over := s.counted.Add(1) > 3
	return bulk.BulkProgress{Bulk: bulk.Bulk{State: bulk.BulkCompleted, Lines: bulk.MaxBulkLines}}, over, nil
}

// noWorkflows starts no other workflow.
type noWorkflows struct{ activities.Workflows }

func (noWorkflows) Launch(context.Context, pirogue.Payment) error { return nil }

func (noWorkflows) Deliver(context.Context, pirogue.Event) error { return nil }

// Ten thousand lines of four networks, each with a page that is not full, fill 23 pages. No bulk
// has more.
func TestHistoriesOfTheLargestBulkStayShort(t *testing.T) {
	t.Parallel()

	ring, err := vault.ParseRing(piroguetest.RecordingKeys)
	require.NoError(t, err)
	c, err := client.Dial(client.Options{
		HostPort: piroguetest.Temporal(t), DataConverter: codec.Converter(ring, codec.RefuseUnsealed),
		FailureConverter: codec.Failures(ring, codec.RefuseUnsealed),
		Logger:           log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	w := worker.New(c, workflows.PaymentsQueue, worker.Options{})
	w.RegisterWorkflow(workflows.Bulk)
	w.RegisterActivity(activities.New(activities.Config{
		Store: activitiestest.Store(&largestBulkStore{}), Workflows: noWorkflows{}, Clock: time.Now,
		Chance: func() float64 { return 0 },
	}))
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)

	b := bulk.Bulk{ID: pirogue.BulkID(ids.New()), Pages: make([]pirogue.OperatorCode, 23)}
	starter := &workflows.Starter{
		Client: c, Clock: time.Now,
		Instance: func(pirogue.OperatorCode) (operator.Instance, bool) { return operator.Instance{}, false },
	}
	for range 2 { // the sweep may start the bulk after the API has
		require.NoError(t, starter.LaunchBulk(t.Context(), b))
	}
	var closed activities.BulkClosed
	require.NoError(t, c.GetWorkflow(t.Context(), workflows.BulkWorkflowID(b.ID), "").Get(t.Context(), &closed))
	history := (&world{t: t, parts: &parts{temporal: c}}).history(t, workflows.BulkWorkflowID(b.ID))
	record(t, "bulk", "largest", history)
	require.LessOrEqual(t, len(history.Events), 150)
	t.Logf("%d events", len(history.Events))
	for _, event := range history.Events {
		if scheduled := event.GetActivityTaskScheduledEventAttributes(); scheduled != nil {
			require.EqualValues(t, 5, scheduled.GetPriority().GetPriorityKey())
		}
	}
}
