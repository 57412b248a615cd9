package workflows_test

import (
	"context"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
)

// Launch implements activities.Workflows.
func (w *world) Launch(_ context.Context, p pirogue.Payment) error {
	w.launching.Lock()
	defer w.launching.Unlock()
	if slices.ContainsFunc(w.launched, func(l pirogue.Payment) bool { return l.ID == p.ID }) {
		return nil // its workflow is joined
	}
	w.launched = append(w.launched, p)
	if p.Late && !w.returns {
		//nolint:contextcheck // it happens later
		w.env.RegisterDelayedCallback(func() { w.endReturn(p.ID) }, time.Minute)
	}
	return nil
}

// endReturn ends the refund that was to give stray money back as the test wants it.
func (w *world) endReturn(id pirogue.PaymentID) {
	ctx, now, status := w.t.Context(), pirogue.Clock(w.env.Now).Now(), pirogue.StatusSuccess
	if len(w.returned) > 0 {
		status, w.returned = w.returned[0], w.returned[1:]
	}
	p, a, err := w.store.Latest(ctx, id)
	require.NoError(w.t, err)
	if p.Status.Terminal() {
		return
	}
	w.sent(a)
	settlement := lifecycle.Finalization{PaymentID: id, Status: status, At: now}
	if status == pirogue.StatusFailed {
		settlement.Failure.Code = pirogue.FailedRefused
	}
	_, err = w.store.Finalize(ctx, settlement)
	require.NoError(w.t, err)
}
