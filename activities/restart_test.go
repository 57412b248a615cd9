package activities

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
)

// unfinished is a store with one page of open payments.
type unfinished struct {
	Store

	seen int
}

func (s *unfinished) Unfinished(_ context.Context, open bool, _ time.Time, limit int) ([]pirogue.Restart, error) {
	if !open {
		return nil, nil
	}
	page := make([]pirogue.Restart, limit)
	for i := range page {
		page[i].Payment = pirogue.Payment{ID: pirogue.PaymentID(strconv.Itoa(i)), Kind: pirogue.CashIn}
	}
	return page, nil
}

func (s *unfinished) OpenBulks(context.Context, time.Time, int) ([]pirogue.Bulk, error) {
	return nil, nil
}

func (s *unfinished) OverdueEvents(context.Context, time.Time, time.Time, int) ([]pirogue.Event, error) {
	return nil, nil
}

func (s *unfinished) MarkSeen(ctx context.Context, _ pirogue.FollowedKind, ids []string, _ time.Time) error {
	if ctx.Err() == nil {
		s.seen += len(ids)
	}
	return ctx.Err()
}

// halting is a Temporal that answers so many questions and then no more.
type halting struct {
	Workflows

	mu      sync.Mutex
	answers int
}

func (h *halting) Open(ctx context.Context, _ pirogue.Followed) (bool, error) {
	h.mu.Lock()
	h.answers--
	hangs := h.answers < 0
	h.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return false, pirogue.Errorf(pirogue.ServiceUnavailable, "temporal: %w", ctx.Err())
	}
	return true, nil
}

// What was looked at is marked although Temporal does not answer to the end: otherwise every
// run would look at the same rows, and never at those behind them.
func TestRowsAreMarkedThoughTemporalIsSlow(t *testing.T) {
	t.Parallel()
	store := &unfinished{}
	a := &Activities{Store: store, Workflows: &halting{answers: 100}, Clock: time.Now}
	ctx, stop := context.WithTimeout(t.Context(), restartRest+time.Second)
	defer stop()
	_, err := a.RestartLost(ctx, RestartScope{})
	require.Error(t, err)
	require.Equal(t, 100, store.seen)
}
