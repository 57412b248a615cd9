package workflows_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/timestamppb"

	"pirogue"
	"pirogue/workflows"
)

// frontend is a Temporal whose health check always answers.
type frontend struct {
	client.Client

	mu       sync.Mutex
	now      time.Time
	database error         // what its own database answers; nil: that the workflow is missing
	hangs    chan struct{} // until it is closed nothing answers; nil: everything does
	polled   []time.Time   // when each worker last polled
	looks    int
}

func (f *frontend) clock() pirogue.Clock {
	return func() time.Time {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.now
	}
}

// change changes the frontend from outside.
func (f *frontend) change(how func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	how()
}

func (f *frontend) CheckHealth(
	context.Context, *client.CheckHealthRequest,
) (*client.CheckHealthResponse, error) {
	return &client.CheckHealthResponse{}, nil
}

func (f *frontend) DescribeWorkflowExecution(
	ctx context.Context, _, _ string,
) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	f.mu.Lock()
	f.looks++
	hangs, database := f.hangs, f.database
	f.mu.Unlock()
	if hangs != nil {
		select {
		case <-hangs:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if database == nil {
		database = serviceerror.NewNotFound("workflow not found")
	}
	return nil, database
}

func (f *frontend) DescribeTaskQueue(
	_ context.Context, queue string, _ enumspb.TaskQueueType,
) (*workflowservice.DescribeTaskQueueResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	described := &workflowservice.DescribeTaskQueueResponse{}
	for _, at := range f.polled {
		if queue == workflows.PaymentsQueue {
			described.Pollers = append(described.Pollers, &taskqueuepb.PollerInfo{LastAccessTime: timestamppb.New(at)})
		}
	}
	return described, nil
}

func TestReady(t *testing.T) {
	t.Parallel()

	// Each row is what there is to see, at moments counted from the beginning.
	for name, row := range map[string]struct {
		database error
		polled   []time.Duration
		ready    bool
	}{
		"a worker polls":                 {polled: []time.Duration{-20 * time.Second}, ready: true},
		"one of two workers polls":       {polled: []time.Duration{-time.Hour, -time.Second}, ready: true},
		"nobody has polled for too long": {polled: []time.Duration{-33 * time.Second, -time.Minute}},
		"nobody has ever polled":         {},
		"Temporal's database is away": {
			database: serviceerror.NewUnavailable("connection refused"),
			polled:   []time.Duration{0},
		},
		"Temporal's database answers late": {database: context.DeadlineExceeded, polled: []time.Duration{0}},
		"the namespace is gone": {
			database: serviceerror.NewNamespaceNotFound("default"),
			polled:   []time.Duration{0},
		},
		"the worker's clock is a bit behind": {polled: []time.Duration{time.Second}, ready: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &frontend{now: time.Now(), database: row.database}
			for _, ago := range row.polled {
				f.polled = append(f.polled, f.now.Add(ago))
			}
			starter := &workflows.Starter{Client: f, Clock: f.clock()}
			err := starter.Ready(t.Context())
			if row.ready {
				require.NoError(t, err)
				return
			}
			require.Equal(t, pirogue.ServiceUnavailable, pirogue.CodeOf(err))
		})
	}
}

// A worker that ends takes its name off Temporal's list. That is no reason to turn anybody
// away before another one may have taken its place.
func TestReadyRemembersPolls(t *testing.T) {
	t.Parallel()

	f := &frontend{now: time.Now()}
	f.polled = []time.Time{f.now}
	starter := &workflows.Starter{Client: f, Clock: f.clock()}
	require.NoError(t, starter.Ready(t.Context()))
	f.change(func() { f.polled = nil; f.now = f.now.Add(31 * time.Second) })
	require.NoError(t, starter.Ready(t.Context()))
	f.change(func() { f.now = f.now.Add(2 * time.Second) })
	require.Equal(t, pirogue.ServiceUnavailable, pirogue.CodeOf(starter.Ready(t.Context())))
	f.change(func() { f.now = f.now.Add(2 * time.Second); f.polled = []time.Time{f.now} })
	require.NoError(t, starter.Ready(t.Context()), "another one has come")
}

// What was seen before the clock was set back is not believed until the time is that late again.
func TestReadyClockSetBack(t *testing.T) {
	t.Parallel()

	f := &frontend{now: time.Now()}
	starter := &workflows.Starter{Client: f, Clock: f.clock()}
	require.Error(t, starter.Ready(t.Context()))
	f.change(func() { f.now = f.now.Add(-time.Hour); f.polled = []time.Time{f.now} })
	require.NoError(t, starter.Ready(t.Context()))
}

// Temporal's clock may be minutes off ours: a poll between two looks is one all the same.
func TestReadyTemporalClock(t *testing.T) {
	t.Parallel()

	f := &frontend{now: time.Now()}
	f.polled = []time.Time{f.now.Add(-10 * time.Minute)}
	starter := &workflows.Starter{Client: f, Clock: f.clock()}
	require.Error(t, starter.Ready(t.Context()))
	f.change(func() { f.now = f.now.Add(10 * time.Second); f.polled[0] = f.polled[0].Add(5 * time.Second) })
	require.NoError(t, starter.Ready(t.Context()))
}

func TestReadyOnceForMany(t *testing.T) {
	t.Parallel()

	f := &frontend{now: time.Now(), hangs: make(chan struct{})}
	f.polled = []time.Time{f.now}
	starter := &workflows.Starter{Client: f, Clock: f.clock()}
	gone, leave := context.WithCancel(t.Context())
	answers := make(chan error)
	go func() { answers <- starter.Ready(t.Context()) }()
	go func() { answers <- starter.Ready(gone) }()
	leave()
	require.Equal(t, pirogue.ServiceUnavailable, pirogue.CodeOf(<-answers), "it does not wait for Temporal")
	close(f.hangs)
	require.NoError(t, <-answers)
	for range 10 {
		require.NoError(t, starter.Ready(t.Context()))
	}
	require.LessOrEqual(t, f.looks, 1)
	f.change(func() { f.now = f.now.Add(time.Second); f.hangs = make(chan struct{}) })
	require.Equal(t, pirogue.ServiceUnavailable, pirogue.CodeOf(starter.Ready(t.Context())), "a look has an end")
}
