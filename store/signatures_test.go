package store_test

import (
	"crypto/sha256"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/piroguetest"
)

func TestASignatureIsGoodForOneMethodAndPath(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		at, life := w.at(0), access.SignatureLife
		spend := func(method, path string, after time.Duration) bool {
			ok, err := w.db.Keys.UseSignature(w.ctx(), access.UsedSignature{
				Signature: sha256.Sum256([]byte("s")), KeyID: w.key, Method: method, Path: path, At: at.Add(after),
			})
			require.NoError(w.t, err)
			return ok
		}
		require.True(w.t, spend("POST", "/payments/cashin", 0), "first seen")
		require.True(w.t, spend("POST", "/payments/cashin", time.Second), "the same request again")
		require.False(w.t, spend("POST", "/refunds", time.Second), "replayed on another path")
		require.False(w.t, spend("GET", "/payments/cashin", life-time.Microsecond), "or with another method, to the last")
		require.True(w.t, spend("POST", "/refunds", life), "forgotten, it can be bound again")
		require.False(w.t, spend("POST", "/payments/cashin", life+time.Second), "and is bound")
	})
}

func TestOnePathWinsASignatureThatComesOnTwo(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		var won [2]atomic.Int64
		require.NoError(w.t, concurrently(60, func(i int) error {
			ok, err := w.db.Keys.UseSignature(w.ctx(), access.UsedSignature{
				Signature: sha256.Sum256([]byte("s")), KeyID: w.key, Method: "POST", Path: fmt.Sprint("/", i%2), At: w.at(0),
			})
			if ok {
				won[i%2].Add(1)
			}
			return err
		}))
		require.ElementsMatch(w.t, []int64{0, 30}, []int64{won[0].Load(), won[1].Load()})
	})
}

func TestAPathThatCannotBeKeptIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		_, err := w.db.Keys.UseSignature(w.ctx(), access.UsedSignature{Method: "GET", Path: "/\x00", At: w.at(0)})
		require.Equal(w.t, pirogue.InvalidParameter, pirogue.CodeOf(err))
	})
}

// A purge waits for a request that binds an old signature anew, and must leave the new binding.
func TestPurgeKeepsNewBinding(t *testing.T) {
	t.Parallel()
	w := newWorld(t, piroguetest.Postgres(t)) // SQLite has one writer: no statement waits in the middle
	s := access.UsedSignature{KeyID: w.key, Method: "GET", Path: "/", At: w.at(0)}
	_, err := w.db.Keys.UseSignature(w.ctx(), s)
	require.NoError(t, err)
	w.now.Add(time.Hour.Microseconds())

	db := w.raw()
	binding, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = binding.ExecContext(t.Context(), "UPDATE used_signatures SET used_at = $1",
		w.at(0).UTC().Format("2006-01-02T15:04:05.000000Z"))
	require.NoError(t, err)
	purged := make(chan int, 1)
	go func() {
		gone, err := w.db.Keys.Purge(w.ctx(), w.at(0), 10)
		assert.NoError(t, err)
		purged <- gone
	}()
	require.Eventually(t, func() bool {
		var waiting int
		row := db.QueryRowContext(t.Context(),
			"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
		require.NoError(t, row.Scan(&waiting))
		return waiting > 0
	}, 10*time.Second, 5*time.Millisecond, "the purge does not wait for the row")
	require.NoError(t, binding.Commit())
	require.Zero(t, <-purged)
}

func TestPurgeKeepsWhatStillGuards(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		spend := func(i int) {
			ok, err := w.db.Keys.UseSignature(w.ctx(), access.UsedSignature{
				Signature: sha256.Sum256(fmt.Append(nil, i)), KeyID: w.key, Method: "GET", Path: "/", At: w.at(0),
			})
			require.NoError(w.t, err)
			require.True(w.t, ok)
		}
		for i := range 5 {
			spend(i)
		}
		w.now.Add(time.Hour.Microseconds())
		spend(99)
		for _, want := range []int{2, 2, 1, 0} {
			gone, err := w.db.Keys.Purge(w.ctx(), w.at(24*time.Hour), 2) // a time that is too late
			require.NoError(w.t, err)
			require.Equal(w.t, want, gone)
		}
		ok, err := w.db.Keys.UseSignature(w.ctx(), access.UsedSignature{
			Signature: sha256.Sum256(fmt.Append(nil, 99)), Method: "POST", Path: "/refunds", At: w.at(0),
		})
		require.NoError(w.t, err)
		require.False(w.t, ok)
	})
}
