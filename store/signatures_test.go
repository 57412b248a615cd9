package store_test

import (
	"crypto/sha256"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
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
