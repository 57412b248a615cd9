package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"pirogue/config"
	"pirogue/piroguetest"
	"pirogue/sandbox/engine"
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
		"expired":                  {"+22376333333", "EXPIRED", true, 40},
		"operator down":            {"+22376555555", "FAILED", true, 40},
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

			cashIn := w.history(t, "cashin-"+got.Data.ID)
			record(t, "cashin", name, cashIn)
			require.LessOrEqual(t, len(cashIn.Events), tt.events)
			webhook := w.history(t, "webhook-evt_"+compact(got.Data.ID)+"_1")
			record(t, "webhook", name, webhook)
			require.LessOrEqual(t, len(webhook.Events), 11)
		})
	}
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
		"paid":        {"+22376123456", "SUCCESS", 28},
		"pending":     {"+22376444444", "SUCCESS", 28},
		"answer lost": {"+22376666666", "SUCCESS", 28},
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
			record(t, "cashout", name, history)
			require.LessOrEqual(t, len(history.Events), tt.events)
		})
	}
	t.Run("refunded", func(t *testing.T) {
		got := m.send(t, "/refunds", refund(paid.ID, 1000))
		m.until(t, got.Data.RefundID, "SUCCESS", patience)
		history := w.history(t, "refund-"+got.Data.RefundID)
		record(t, "refund", "refunded", history)
		require.LessOrEqual(t, len(history.Events), 28)
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
