package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

func TestATimelineTellsThePaymentsStoryInOrder(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.sent("order_1")
		require.NoError(w.t, w.recordResult(lifecycle.AttemptResult{
			AttemptID: a.ID, State: pirogue.AttemptUnknown, Message: "timeout", At: w.at(11 * time.Second),
		}))
		next := w.renew(p, a) // at 1 min
		sent, err := w.markSent(next.ID, false, w.at(61*time.Second))
		require.NoError(w.t, err)
		require.True(w.t, sent)
		require.NoError(w.t, w.recordResult(lifecycle.AttemptResult{
			AttemptID: next.ID, State: pirogue.AttemptAccepted, Handle: pirogue.Handle{"pay_token": "canary-token"},
			Message: "201", At: w.at(62 * time.Second),
		}))
		for i := range 3 {
			w.pollOnce(next, pirogue.OutcomePending, "PENDING", time.Duration(70+i)*time.Second)
		}
		_, err = w.db.Callbacks.RecordCallback(w.ctx(),
			operator.NewCallback(next, operator.OperatorResult{Message: "SUCCESS"}, []byte("{}"), w.at(80*time.Second)))
		require.NoError(w.t, err)
		finalized, err := w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
			PaymentID: p.ID, Status: pirogue.StatusSuccess, At: w.at(81 * time.Second),
		})
		require.NoError(w.t, err)
		_, d := w.beginDelivery(finalized.EventID, w.at(82*time.Second))
		d.EndedAt, d.Error = w.at(85*time.Second), "no answer within 3 s"
		require.NoError(w.t, w.db.Webhooks.EndDelivery(w.ctx(), d, pirogue.EventWaiting, d.StartedAt))
		require.NoError(w.t, w.opens(support.Case{
			ID: "c", PaymentID: p.ID, Cause: support.CauseUnknown, Note: "for support only", OpenedAt: w.at(90 * time.Second),
		}))

		entries, err := w.db.Payments.Timeline(w.ctx(), w.owner, p.ID)
		require.NoError(w.t, err)
		var lines []string
		for _, m := range entries {
			delete(m.Details, "operator_ref") // random
			lines = append(
				lines, fmt.Sprintf("%3.0f s %s by %s %v", m.At.Sub(worldStart).Seconds(), m.Type, m.Source, m.Details),
			)
		}
		require.Equal(w.t, []string{
			"  0 s payment.accepted by api map[status:CREATED]",
			"  0 s attempt.prepared by pirogue map[attempt:1 operator:orange-web-ml]",
			"  1 s attempt.sent by pirogue map[attempt:1 operator:orange-web-ml]",
			"  1 s payment.status_changed by pirogue map[from:CREATED to:INITIATED]",
			" 11 s attempt.unknown by pirogue map[attempt:1 operator:orange-web-ml words:timeout]",
			" 11 s payment.status_changed by pirogue map[from:INITIATED to:PENDING]",
			" 60 s attempt.prepared by pirogue map[attempt:2 operator:orange-web-ml]",
			" 61 s attempt.sent by pirogue map[attempt:2 operator:orange-web-ml]",
			" 62 s attempt.accepted by operator map[attempt:2 operator:orange-web-ml]",
			" 70 s attempt.polled by pirogue map[attempt:2 count:3 last_at:2026-04-29T14:33:30.123456Z " +
				"operator:orange-web-ml words:PENDING]",
			" 80 s callback.received by operator map[words:SUCCESS]",
			" 81 s payment.status_changed by pirogue map[from:PENDING to:SUCCESS]",
			" 82 s webhook.attempted by webhook map[ended_at:2026-04-29T14:33:43.123456Z error:no answer within 3 s event_id:" +
				string(finalized.EventID) + " number:1]",
			" 90 s case.opened by pirogue map[cause:UNKNOWN_OUTCOME]",
		}, lines)
		for _, m := range entries {
			require.Contains(w.t, support.TimelineTexts, m.Type)
			for name, value := range m.Details {
				require.IsType(w.t,
					map[bool]any{true: 1, false: ""}[name == "attempt" || name == "count" || name == "number"], value)
				require.NotContains(w.t, fmt.Sprint(value), "canary-token")
				require.NotContains(w.t, fmt.Sprint(value), "76123456")
			}
		}
	})
}

// A worker whose clock is slow writes earlier times than those of the steps before it.
func TestTimelineOrderWithWrongClocks(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, _ := w.sent("order_1")
		_, err := w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
			PaymentID: p.ID, Status: pirogue.StatusSuccess, At: w.at(-10 * time.Minute),
		})
		require.NoError(w.t, err)
		moments, err := w.db.Payments.AnyTimeline(w.ctx(), p.ID)
		require.NoError(w.t, err)
		var statuses []any
		for _, m := range moments {
			if m.Type == support.StatusChanged {
				statuses = append(statuses, m.Details["to"])
			}
		}
		require.Equal(w.t, []any{"INITIATED", "SUCCESS"}, statuses)
	})
}
