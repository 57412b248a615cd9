package main

import (
	"context"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"google.golang.org/protobuf/encoding/protojson"

	"pirogue"
	"pirogue/activities"
	"pirogue/config"
	"pirogue/piroguetest"
	"pirogue/sandbox/engine"
	"pirogue/webhook"
)

var update = flag.Bool("update", false, "record histories into workflows/testdata for the replay test")

func TestHistoriesStayShort(t *testing.T) {
	t.Parallel()

	const patience = time.Minute
	w := newWorld(t, setup{
		database: piroguetest.SQLite(t), settings: []string{"PIROGUE_KEYS=" + piroguetest.RecordingKeys}, play: 60,
		tune: func(o *config.Operator) {
			o.Window, o.Timeout = config.Duration(12*time.Second), config.Duration(time.Second)
		},
	})
	m := w.merchant()
	// Each row is one way of a payment, with the largest number of events in its history.
	tests := map[string]struct {
		number string
		end    string
		silent bool // the operator does not call back
		events int
	}{
		"paid, seen by poll":       {"+22376444444", "SUCCESS", true, 30},
		"paid, seen by callback":   {"+22376444444", "SUCCESS", false, 40},
		"paid, called back thrice": {"+22376888888", "SUCCESS", false, 40},
		"declined":                 {"+22376222222", "FAILED", true, 40},
		"expired":                  {"+22376333333", "EXPIRED", true, 45},
		"operator down":            {"+22376555555", "FAILED", true, 45},
		"answer lost, sent again":  {"+22376666666", "SUCCESS", true, 40},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, w.sandbox.OrangeWeb.Faults.Set(engine.Switches{
				NotificationsOff: tt.silent, NotificationCopies: 1,
			}))
			got := m.pay(t, order(tt.number))
			m.until(t, got.Data.ID, tt.end, 2*patience)
			w.expectWebhooks(t, name, got.Data.ID, tt.end)

			workflow := "cashin-" + got.Data.ID
			if tt.end == "SUCCESS" {
				require.NoError(t, w.parts.temporal.GetWorkflow(t.Context(), workflow, "").Get(t.Context(), nil))
			}
			cashIn := w.history(t, workflow)
			record(t, "cashin", name, cashIn)
			require.LessOrEqual(t, len(cashIn.Events), tt.events)
			t.Logf("%d events, at most %d", len(cashIn.Events), tt.events)
			_, err := w.describe("webhook-evt_" + compact(got.Data.ID) + "_1")
			var none *serviceerror.NotFound
			require.ErrorAs(t, err, &none, "the payment's workflow delivers its event")
		})
	}
}

func TestHistoriesOfWebhooksStayShort(t *testing.T) {
	t.Parallel()

	w := newWorld(t, setup{
		database: piroguetest.SQLite(t), settings: []string{"PIROGUE_KEYS=" + piroguetest.RecordingKeys},
	})
	var attempts atomic.Int32
	hook := w.listen(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		if attempts.Add(1) == 1 {
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	body := order("+22376123456")
	got := w.merchant().pay(t, body[:len(body)-1]+`,"notify_url":"`+hook+`"}`)
	workflow := "webhook-evt_" + compact(got.Data.ID) + "_1"
	var delivered activities.DeliverResult
	require.Eventually(t, func() bool {
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		return w.parts.temporal.GetWorkflow(ctx, workflow, "").Get(ctx, &delivered) == nil
	}, 4*time.Minute, 100*time.Millisecond)
	require.Equal(t, activities.DeliverResult{State: pirogue.EventDelivered, Attempts: 2}, delivered)
	require.EqualValues(t, 2, attempts.Load())
	history := w.history(t, workflow)
	record(t, "webhook", "delivered at the second attempt", history)
	require.LessOrEqual(t, len(history.Events), 11)
	first, last := history.Events[0], history.Events[len(history.Events)-1]
	require.GreaterOrEqual(t, last.EventTime.AsTime().Sub(first.EventTime.AsTime()), webhook.DeliveryDelays[0])
}

func TestHistoriesOfMoneyOutStayShort(t *testing.T) {
	t.Parallel()

	const patience = 2 * time.Minute
	s := shortenTimes(piroguetest.SQLite(t))
	s.settings = []string{"PIROGUE_KEYS=" + piroguetest.RecordingKeys}
	w := newWorld(t, s)
	m := w.merchant()
	paid := m.fund(t, 100_000)
	outs := map[string]struct {
		number string
		end    string
		events int
	}{
		"paid":        {"+22376123456", "SUCCESS", 29},
		"pending":     {"+22376444444", "SUCCESS", 29},
		"answer lost": {"+22376666666", "SUCCESS", 29},
		"rejected":    {"+22376222222", "FAILED", 40}, // with the watch that follows
	}
	for name, tt := range outs {
		t.Run(name, func(t *testing.T) {
			switches := w.sandbox.Sonatel.Switches()
			switches.NotificationsOff = true
			require.NoError(t, w.sandbox.Sonatel.SetSwitches(switches))
			got := m.send(t, "/payments/cashout", cashOut(tt.number, 1000))
			m.until(t, got.Data.ID, tt.end, patience)
			w.expectWebhooks(t, name, got.Data.ID, tt.end)
			history := w.history(t, "cashout-"+got.Data.ID)
			t.Logf("%d events, at most %d", len(history.Events), tt.events)
			record(t, "cashout", name, history)
			require.LessOrEqual(t, len(history.Events), tt.events)
		})
	}
	t.Run("refunded", func(t *testing.T) {
		got := m.send(t, "/refunds", refund(paid.ID, 1000))
		m.until(t, got.Data.RefundID, "SUCCESS", patience)
		history := w.history(t, "refund-"+got.Data.RefundID)
		record(t, "refund", "refunded", history)
		require.LessOrEqual(t, len(history.Events), 29)
	})
}

// history returns the events of a workflow so far.
func (w *world) history(t *testing.T, id string) *historypb.History {
	t.Helper()
	history := &historypb.History{}
	events := w.parts.temporal.GetWorkflowHistory(t.Context(), id, "", false,
		enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		history.Events = append(history.Events, event)
	}
	return history
}

// record writes a history to a file for the replay test, if -update is set.
func record(t *testing.T, workflow, name string, history *historypb.History) {
	t.Helper()
	if !*update {
		return
	}
	raw, err := protojson.MarshalOptions{Multiline: true, Indent: " "}.Marshal(history)
	require.NoError(t, err)
	folder := filepath.Join(piroguetest.Root(t), "workflows", "testdata", workflow)
	require.NoError(t, os.MkdirAll(folder, 0o755))
	name = strings.NewReplacer(" ", "_", ",", "").Replace(name)
	require.NoError(t, os.WriteFile(filepath.Join(folder, name+".json"), raw, 0o644))
}
