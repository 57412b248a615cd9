package activities

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
)

// signatures is a store with so many signatures to forget. Each statement takes a second.
type signatures struct {
	KeyStore

	left int
	now  time.Time
}

func (s *signatures) Purge(_ context.Context, _ time.Time, limit int) (int, error) {
	gone := min(limit, s.left)
	s.left -= gone
	s.now = s.now.Add(time.Second)
	return gone, nil
}

func TestPurge(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ there, left int }{
		"nothing is there":                     {0, 0},
		"more than one statement forgets":      {3*purgeLimit + 7, 0},
		"more than one sweep has the time for": {100 * purgeLimit, 89 * purgeLimit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &signatures{left: row.there}
			a := New(Config{Store: Store{Keys: store}, Clock: func() time.Time { return store.now }})
			var swept Swept
			require.NoError(t, a.purge(t.Context(), &swept))
			require.Equal(t, row.left, store.left)
			require.Equal(t, row.there-row.left, swept.Purged)
		})
	}
}

// The activity must not end in the middle of a statement.
func TestPurgeEndsBeforeTheSweep(t *testing.T) {
	t.Parallel()
	store := &signatures{left: 2 * purgeLimit}
	a := New(Config{Store: Store{Keys: store}, Clock: func() time.Time { return store.now }})
	ctx, cancel := context.WithTimeout(t.Context(), purgeRest)
	defer cancel()
	var swept Swept
	require.NoError(t, a.purge(ctx, &swept))
	require.Equal(t, purgeLimit, swept.Purged)
}

// callbacks is a store with callbacks of which the first so many cannot be passed on.
type callbacks struct {
	CallbackStore
	AttemptStore

	all    []operator.Callback
	locked int
	routed int
}

func (s *callbacks) Unrouted(
	_ context.Context, after operator.Callback, _ time.Time, limit int,
) ([]operator.Callback, error) {
	rest := s.all[slices.IndexFunc(s.all, func(c operator.Callback) bool { return c.ID == after.ID })+1:]
	return rest[:min(limit, len(rest))], nil
}

func (s *callbacks) Latest(_ context.Context, id pirogue.PaymentID) (pirogue.Payment, pirogue.Attempt, error) {
	if n, err := strconv.Atoi(string(id)); err != nil || n < s.locked {
		return pirogue.Payment{}, pirogue.Attempt{}, pirogue.Errorf(pirogue.Internal, "payment %s cannot be read", id)
	}
	return pirogue.Payment{ID: id, Kind: pirogue.CashIn}, pirogue.Attempt{}, nil
}

func (s *callbacks) Routed(context.Context, string, time.Time) error {
	s.routed++
	return nil
}

// hearing is workflows that are told of everything.
type hearing struct{ Workflows }

func (hearing) SignalCallback(context.Context, pirogue.PaymentID, pirogue.PaymentKind) error {
	return nil
}

func TestCallbacksThatCannotBePassedOnHoldUpNoOther(t *testing.T) {
	t.Parallel()
	for name, locked := range map[string]int{"none": 0, "a page": sweepLimit, "three pages": 3*sweepLimit + 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &callbacks{locked: locked}
			for i := range locked + 7 {
				text := strconv.Itoa(i)
				store.all = append(store.all, operator.Callback{ID: text, PaymentID: pirogue.PaymentID(text)})
			}
			a := New(Config{Store: Store{Callbacks: store, Attempts: store}, Workflows: hearing{}, Clock: time.Now})
			var swept Swept
			err := a.sweepCallbacks(t.Context(), time.Now(), &swept)
			require.Equal(t, locked > 0, err != nil)
			require.Equal(t, 7, swept.Routed)
			require.Equal(t, 7, store.routed)
		})
	}
}
