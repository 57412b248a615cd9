package main

import (
	"context"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"pirogue/piroguetest"
)

// maxSkips bounds the clock jumps of one workflow. It exceeds the status queries of the longest
// watch.
const maxSkips = 2000

// skipTime asks Temporal to let a workflow's clock jump whenever the workflow only waits.
func skipTime( //nolint:revive // gRPC says what an interceptor is given
	ctx context.Context, method string, req, reply any,
	conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	skip := &commonpb.TimeSkippingConfig{Enabled: true, MaxSessionSkipCount: maxSkips}
	switch r := req.(type) {
	case *workflowservice.StartWorkflowExecutionRequest:
		r.TimeSkippingConfig = skip
	case *workflowservice.ExecuteMultiOperationRequest:
		for _, op := range r.Operations {
			if start := op.GetStartWorkflow(); start != nil {
				start.TimeSkippingConfig = skip
			}
		}
	}
	return invoke(ctx, method, req, reply, conn, opts...)
}

func TestFiveMinutesAndThirtyOneHoursPassInSeconds(t *testing.T) {
	t.Parallel()

	w := newWorld(t, setup{
		database: piroguetest.SQLite(t), dial: []grpc.DialOption{grpc.WithUnaryInterceptor(skipTime)},
	})
	var attempts atomic.Int32
	hook := w.listen(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		attempts.Add(1)
		rw.WriteHeader(http.StatusServiceUnavailable)
	}))
	body := order("+22376333333")
	body = body[:len(body)-1] + `,"notify_url":"` + hook + `"}`
	got := w.merchant().pay(t, body)
	require.Equal(t, 202, got.Status, got.Raw)

	began := time.Now()
	w.merchant().until(t, got.Data.ID, "EXPIRED", 2*time.Minute)
	require.Eventually(t, func() bool { return attempts.Load() == 7 }, time.Minute, 100*time.Millisecond)
	require.Less(t, time.Since(began), 4*time.Minute, "the schedule ran in real time")
	time.Sleep(2 * time.Second)
	require.EqualValues(t, 7, attempts.Load(), "the seventh attempt is the last")

	webhook := "webhook-evt_" + compact(got.Data.ID) + "_1"
	description, err := w.describe(webhook)
	require.NoError(t, err)
	events := slices.DeleteFunc(w.history(t, webhook).Events, func(e *historypb.HistoryEvent) bool {
		return e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED
	})
	require.LessOrEqual(t, len(events), 11, "beside the jumps of its clock")
	info := description.WorkflowExecutionInfo
	span := info.CloseTime.AsTime().Sub(info.StartTime.AsTime())
	require.GreaterOrEqual(t, span, 31*time.Hour+21*time.Minute)
	require.LessOrEqual(t, span, 35*time.Hour)
}
