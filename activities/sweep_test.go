package activities

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// signatures is a store with so many signatures to forget. Each statement takes a second.
type signatures struct {
	Store

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
		"more than one sweep has the time for": {100 * purgeLimit, 94 * purgeLimit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &signatures{left: row.there}
			a := &Activities{Store: store, Clock: func() time.Time { return store.now }}
			var swept Swept
			require.NoError(t, a.purge(t.Context(), &swept))
			require.Equal(t, row.left, store.left)
			require.Equal(t, row.there-row.left, swept.Purged)
		})
	}
}
