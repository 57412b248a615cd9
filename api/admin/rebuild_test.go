package admin_test

import (
	"cmp"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/api/admin"
	"pirogue/lifecycle"
	"pirogue/support"
)

func TestSupportRebuild(t *testing.T) {
	t.Parallel()

	t.Run("action_starts_lost_workflow", testRebuildActionStartsLostWorkflow)
	t.Run("lost_listed_then_started", testRebuildLostListedThenStarted)
	t.Run("blocked_restarted", testRebuildBlockedRestarted)
}

func testRebuildActionStartsLostWorkflow(t *testing.T) {
	t.Parallel()

	// Each row is a payment whose workflow is gone, with the effect of the action on it.
	tests := map[string]struct {
		status pirogue.Status
		kind   support.SupportActionKind // "": recheck
		unfit  error
		sealed string // the reason why its rows cannot be read
		starts bool
		says   string
	}{
		"it is open":                         {status: pirogue.StatusPending, starts: true},
		"it was watched":                     {status: pirogue.StatusExpired, starts: true},
		"it failed":                          {status: pirogue.StatusFailed, starts: true},
		"it has not begun":                   {status: pirogue.StatusCreated, says: "nothing to do"},
		"it was paid, and may be taken back": {status: pirogue.StatusSuccess, starts: true},
		"it was paid, and is sent again": {
			status: pirogue.StatusSuccess, kind: support.ActionRedrive, says: "nothing to do",
		},
		"its rows cannot be read": {
			status: pirogue.StatusPending, sealed: "no key", says: "cannot be started: no key",
		},
		"its operator is not there any more": {
			status: pirogue.StatusPending, unfit: pirogue.Errorf(pirogue.Internal, "no operator"), says: "cannot be started",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)
			w.workflows.act, w.workflows.unfit = fails(pirogue.NotFound), tt.unfit
			w.change(func(p *pirogue.Payment) { p.Status = tt.status })
			w.store.unreadable = tt.sealed
			got := w.requestAction(cmp.Or(tt.kind, support.ActionRecheck), because)
			require.Equal(t, map[bool]int{true: 200, false: 409}[tt.starts], got.status(), "%s", got.Body)
			require.Equal(t, tt.starts, len(w.workflows.again) == 1)
			require.Contains(t, got.Body.String(), tt.says)
			require.Equal(t, tt.starts, len(w.store.over) == 2, "what waited for its workflow is over once it runs")
		})
	}
}

// A reader may see the lost workflows; only support may start them.
func testRebuildLostListedThenStarted(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.workflows.lost = lifecycle.Restarted{Payments: 3, Bulks: 1, Found: []lifecycle.LostWorkflow{
		{What: lifecycle.FollowedPayment, ID: string(w.payment.ID), Why: "CASHOUT PENDING"},
	}, NotAll: []lifecycle.FollowedKind{lifecycle.FollowedEvent}}
	shown, err := w.client(t, reader).Lost(t.Context())
	require.NoError(t, err)
	require.Equal(t, admin.Lost{Found: w.workflows.lost.Found, NotAll: w.workflows.lost.NotAll}, shown)
	require.Zero(t, w.workflows.rebuilt)

	entry, err := w.client(t, supportToken).Rebuild(t.Context(), "Temporal was restored")
	require.NoError(t, err)
	require.Equal(t, "Started again: 3 payments, 1 bulks, 0 webhooks. Cases: 0.", entry.Result.Reason)
	require.Equal(t, 1, w.workflows.rebuilt)
	_, err = w.client(t, reader).Rebuild(t.Context(), "may not")
	require.Error(t, err)
}

// The number must match what the actor saw, so that no other workflow ends.
func testRebuildBlockedRestarted(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	blocked := func(expected string) reply {
		body := `{"reason":"a deploy changed its steps","expected":` + expected + `}`
		return w.do(request(supportToken, http.MethodPost, "/rebuild/blocked", body))
	}
	w.workflows.blocked = []lifecycle.LostWorkflow{
		{What: lifecycle.FollowedPayment, ID: string(w.payment.ID), Why: "blocked"},
	}
	require.Contains(t, w.do(request(reader, http.MethodGet, "/rebuild/blocked", "")).Body.String(), w.payment.ID)
	require.Equal(t, http.StatusUnprocessableEntity, blocked("0").status())
	require.Contains(t, blocked("2").Body.String(), "1 workflows are blocked, not 2")
	require.Empty(t, w.workflows.again)
	got := blocked("1")
	require.Equal(t, "Ended and started again: 1 of 1.", got.entry(t).Result.Reason)
	require.Len(t, w.workflows.again, 1)
	require.True(t, w.workflows.again[0].Anew)
	w.workflows.unfit = pirogue.Errorf(pirogue.Internal, "no operator")
	require.Contains(t, blocked("1").entry(t).Result.Evidence, string(w.payment.ID))
}
