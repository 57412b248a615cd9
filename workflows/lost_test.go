package workflows_test

import (
	"context"
	"sync"

	"pirogue"
	"pirogue/bulk"
	"pirogue/lifecycle"
)

// restarts holds the rest of a lost Temporal database. Its zero value has lost nothing.
type restarts struct {
	mu     sync.Mutex
	lost   bool  // every workflow is gone
	away   error // Temporal does not answer
	broken map[pirogue.PaymentID]error

	restarted    []lifecycle.Restart // that were started again, as the next three
	coordinators []pirogue.BulkID
	reminded     []pirogue.EventID
}

// Open implements activities.Restarter.
func (t *restarts) Open(context.Context, lifecycle.FollowedWork) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.lost, t.away
}

// Restart implements activities.Restarter.
func (t *restarts) Restart(_ context.Context, r lifecycle.Restart) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r.Err != nil {
		return r.Err
	}
	if err := t.broken[r.Payment.ID]; err != nil {
		return err
	}
	t.restarted = append(t.restarted, r)
	return nil
}

// RestartBulk implements activities.Restarter.
func (t *restarts) RestartBulk(_ context.Context, b bulk.Bulk) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.coordinators = append(t.coordinators, b.ID)
	return nil
}

// RestartDelivery implements activities.Restarter.
func (t *restarts) RestartDelivery(_ context.Context, e pirogue.Event) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reminded = append(t.reminded, e.ID)
	return nil
}
