package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
)

// A callback after the end of its payment needs no workflow if it only confirms that end.
func TestRoutedAtEnd(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name string
		said pirogue.Outcome
		ends pirogue.Status // "" for an open payment
		want bool
	}{
		{"paid, and it is open", "PAID", "", false},
		{"paid, and it is a success", "PAID", "SUCCESS", true},
		{"paid, and it had expired", "PAID", "EXPIRED", false},
		{"paid, and it had failed", "PAID", "FAILED", false},
		{"declined, and it had failed", "DECLINED", "FAILED", true},
		{"declined, and it is a success", "DECLINED", "SUCCESS", false},
		{"expired, and it had expired", "EXPIRED", "EXPIRED", true},
		{"pending, and it had expired", "PENDING", "EXPIRED", true},
		{"what nobody understands, and it had expired", "", "EXPIRED", false},
		{"what nobody understands, and it is a success", "", "SUCCESS", true},
	}
	each(t, func(w *world) {
		for _, row := range rows {
			w.test().Run(row.name, func(t *testing.T) {
				p, a := w.sent(row.name)
				if row.ends != "" {
					_, err := w.end(p, row.ends, pirogue.FailedNotPaid)
					require.NoError(t, err)
				}
				c := operator.NewCallback(a, operator.OperatorResult{Outcome: row.said}, []byte(row.name), w.at(time.Hour))
				_, err := w.db.Callbacks.RecordCallback(w.ctx(), c)
				require.NoError(t, err)
				agreed, err := w.db.Callbacks.RoutedAtEnd(w.ctx(), c, w.at(time.Hour))
				require.NoError(t, err)
				require.Equal(t, row.want, agreed)
				unrouted, err := w.db.Callbacks.Unrouted(w.ctx(), operator.Callback{}, w.at(2*time.Hour), 100)
				require.NoError(t, err)
				left := map[string]bool{}
				for _, u := range unrouted {
					left[u.ID] = true
				}
				require.Equal(t, !row.want, left[c.ID], "what needs nobody is not left to the sweep")
			})
		}
	})
}

// An operator's body may hold text that a database refuses. The callback is stored all the same.
func TestACallbackIsKeptWhateverItsWords(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		_, a := w.sent("order_1")
		const odd = "X\x00\xff"
		c := operator.NewCallback(a, operator.OperatorResult{
			Outcome: pirogue.OutcomePaid, Message: odd, ProviderTxID: odd, Mismatch: odd,
			Amount: pirogue.Money{Minor: 5000, Currency: odd},
		}, []byte("{}"), w.at(0))
		kept, err := w.db.Callbacks.RecordCallback(w.ctx(), c)
		require.NoError(w.t, err)
		require.True(w.t, kept)
		texts, err := w.db.Callbacks.Callbacks(w.ctx(), a.ID)
		require.NoError(w.t, err)
		require.Len(w.t, texts, 1)
		require.NotEqual(w.t, pirogue.XOF, texts[0].Amount.Currency)
	})
}

func TestUnroutedCallbacksComePageByPage(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		_, a := w.sent("order_1")
		for i := range 5 { // two of them have the same time
			c := operator.NewCallback(a, operator.OperatorResult{}, []byte{byte(i)}, w.at(time.Duration(i/2)*time.Second))
			_, err := w.db.Callbacks.RecordCallback(w.ctx(), c)
			require.NoError(w.t, err)
		}
		all, err := w.db.Callbacks.Unrouted(w.ctx(), operator.Callback{}, w.at(time.Hour), 10)
		require.NoError(w.t, err)
		require.Len(w.t, all, 5)
		for i, after := range all {
			page, err := w.db.Callbacks.Unrouted(w.ctx(), after, w.at(time.Hour), 10)
			require.NoError(w.t, err)
			require.Equal(w.t, all[i+1:], page)
		}
	})
}

// The callback of an order's second payment looks like that of the first. Only the operator's own
// transaction number differs.
func TestRoutedAtEndByAnotherTransaction(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for tx, want := range map[string]bool{"MP2604.1": true, "": true, "MP2604.2": false} {
			p, a := w.sent("order " + tx)
			_, err := w.success(p)
			require.NoError(w.t, err)
			texts := operator.OperatorResult{Outcome: pirogue.OutcomePaid, ProviderTxID: tx}
			c := operator.NewCallback(a, texts, []byte(tx), w.at(time.Hour))
			_, err = w.db.Callbacks.RecordCallback(w.ctx(), c)
			require.NoError(w.t, err)
			agreed, err := w.db.Callbacks.RoutedAtEnd(w.ctx(), c, w.at(time.Hour))
			require.NoError(w.t, err)
			require.Equal(w.t, want, agreed, "transaction %q", tx)
		}
	})
}
