package activities

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/bulk"
	"pirogue/lifecycle"
)

// unfinished is a store with one page of open payments.
type unfinished struct {
	RestartStore
	WebhookStore

	rows int // 0: as many as are read
	seen int
}

// parts returns the parts of a store that a restart reads.
func (s *unfinished) parts() Store { return Store{Restarts: s, Webhooks: s} }

func (s *unfinished) Unfinished(
	_ context.Context, open bool, _ time.Time, span lifecycle.RowSpan,
) ([]lifecycle.Restart, error) {
	if !open {
		return nil, nil
	}
	page := make([]lifecycle.Restart, span.Limit)
	if s.rows > 0 {
		page = page[:min(span.Limit, max(0, s.rows-span.Skip))]
	}
	for i := range page {
		page[i].Payment = pirogue.Payment{ID: pirogue.PaymentID(strconv.Itoa(span.Skip + i)), Kind: pirogue.CashIn}
	}
	return page, nil
}

func (s *unfinished) OpenBulks(context.Context, time.Time, lifecycle.RowSpan) ([]bulk.Bulk, error) {
	return nil, nil
}

func (s *unfinished) OverdueEvents(context.Context, time.Time, time.Time, lifecycle.RowSpan) ([]pirogue.Event, error) {
	return nil, nil
}

func (s *unfinished) MarkSeen(ctx context.Context, _ lifecycle.FollowedKind, ids []string, _ time.Time) error {
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

func (h *halting) Open(ctx context.Context, _ lifecycle.FollowedWork) (bool, error) {
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
	a := New(Config{Store: store.parts(), Workflows: &halting{answers: 100}, Clock: time.Now})
	ctx, stop := context.WithTimeout(t.Context(), restartRest+time.Second)
	defer stop()
	_, err := a.RestartLost(ctx, RestartScope{})
	require.Error(t, err)
	require.Equal(t, 100, store.seen)
}

// forgetful is a Temporal that knows no workflow.
type forgetful struct{ Workflows }

func (forgetful) Open(context.Context, lifecycle.FollowedWork) (bool, error) { return false, nil }

// A dry run lists all that is gone, or says of what it could not look at every row.
func TestADryRunListsAllThatIsGone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rows, found int
		notAll      []lifecycle.FollowedKind
	}{
		"one page":          {7, 7, nil},
		"several pages":     {2*restartLimit + 7, 2*restartLimit + 7, nil},
		"more than fits in": {2 * shownMost, shownMost, []lifecycle.FollowedKind{lifecycle.FollowedPayment}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &unfinished{rows: tt.rows}
			a := New(Config{Store: store.parts(), Workflows: forgetful{}, Clock: time.Now})
			lost, err := a.RestartLost(t.Context(), RestartScope{DryRun: true, List: true})
			require.NoError(t, err)
			named := map[string]bool{}
			for _, w := range lost.Found {
				named[w.ID] = true
			}
			require.Len(t, named, tt.found)
			require.Equal(t, tt.notAll, lost.NotAll)
			require.Zero(t, store.seen)
		})
	}
	t.Run("Temporal is slow", func(t *testing.T) {
		t.Parallel()
		a := New(Config{Store: (&unfinished{}).parts(), Workflows: forgetful{}, Clock: time.Now})
		ctx, stop := context.WithTimeout(t.Context(), restartRest)
		defer stop()
		lost, err := a.RestartLost(ctx, RestartScope{DryRun: true, List: true})
		require.NoError(t, err)
		require.Contains(t, lost.NotAll, lifecycle.FollowedPayment)
	})
}
