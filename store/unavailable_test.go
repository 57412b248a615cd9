package store_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/piroguetest"
	"pirogue/store"
)

// patience is the promise of the API: a response within 3 s, whatever the database does.
const patience = 3 * time.Second

// unavailable requires ServiceUnavailable in time from every kind of operation.
func (w *world) unavailable(db *store.DB) {
	w.t.Helper()
	p, a := w.newCashIn(w.owner, "order_away")
	for name, do := range map[string]func(ctx context.Context) error{
		"ping": db.Ping,
		"accept": func(ctx context.Context) error {
			_, _, err := db.Payments.Accept(ctx, p, a, digest(a))
			return err
		},
		"read": func(ctx context.Context) error {
			_, err := db.Payments.Payment(ctx, w.owner, p.ID)
			return err
		},
		"snapshot": func(ctx context.Context) error {
			_, _, err := db.Attempts.Latest(ctx, p.ID)
			return err
		},
		"settle": func(ctx context.Context) error {
			_, err := db.Payments.Finalize(
				ctx, lifecycle.Finalization{PaymentID: p.ID, Status: pirogue.StatusSuccess, At: w.at(0)},
			)
			return err
		},
		"one statement": func(ctx context.Context) error {
			_, err := db.Keys.Take(ctx, w.owner, w.at(0))
			return err
		},
	} {
		begin := time.Now()
		err := do(w.ctx())
		require.Equal(w.t, pirogue.ServiceUnavailable, pirogue.CodeOf(err), "%s: %v", name, err)
		require.Less(w.t, time.Since(begin), patience, name)
	}
}

func TestADatabaseThatIsAwayOrHangsIsSaidToBeInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, piroguetest.Postgres(t))
	link := newLink(t, w.url)
	through := *w
	through.url = link.url
	through.db = through.open(defaultRate)
	p, _ := through.accept("order_1")

	link.set(hung)
	w.unavailable(through.db)
	link.set(cut)
	w.unavailable(through.db)
	link.set(whole)
	require.Eventually(t, func() bool { return through.db.Ping(t.Context()) == nil }, patience, 50*time.Millisecond)
	read, err := through.db.Payments.Payment(t.Context(), w.owner, p.ID)
	require.NoError(t, err)
	require.Equal(t, p, read)
	through.accept("order_away") // the failed call left nothing behind
	w.requireSound()
}

func TestALockThatSomebodyKeepsIsSaidToBeInTime(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		tx, err := w.raw().BeginTx(w.ctx(), nil)
		require.NoError(w.t, err)
		_, err = tx.ExecContext(w.ctx(), "UPDATE merchants SET name = 'Kept'")
		require.NoError(w.t, err)
		begin := time.Now()
		err = w.db.Merchants.SuspendMerchant(w.ctx(), w.owner.MerchantID)
		require.Equal(w.t, pirogue.ServiceUnavailable, pirogue.CodeOf(err), "%v", err)
		require.Less(w.t, time.Since(begin), patience)
		_, err = w.db.Merchants.Merchant(w.ctx(), w.owner.MerchantID)
		require.NoError(w.t, err, "reads go on")
		require.NoError(w.t, tx.Rollback())
		require.NoError(w.t, w.db.Merchants.SuspendMerchant(w.ctx(), w.owner.MerchantID))
	})
}

func TestAServerThatOnlyReadsIsUnavailable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, piroguetest.Postgres(t))
	address, err := url.Parse(w.url)
	require.NoError(t, err)
	require.NoError(t, w.exec(w.raw(), "ALTER DATABASE "+strings.TrimPrefix(address.Path, "/")+
		" SET default_transaction_read_only = on"))
	p, a := w.newCashIn(w.owner, "order_1")
	_, _, err = w.open(defaultRate).Payments.Accept(t.Context(), p, a, digest(a))
	require.Equal(t, pirogue.ServiceUnavailable, pirogue.CodeOf(err), "%v", err)
}

func TestACallerThatLeftLeavesNothingHalfMade(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, a := w.newCashIn(w.owner, "order_1")
		gone, leave := context.WithCancel(w.ctx())
		leave()
		_, _, err := w.db.Payments.Accept(gone, p, a, digest(a))
		require.Equal(w.t, pirogue.ServiceUnavailable, pirogue.CodeOf(err))
		_, fresh, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a))
		require.NoError(w.t, err)
		require.True(w.t, fresh)
		w.requireSound()
	})
}

// proxyLink is a proxy of a PostgreSQL server that can hang or be cut.
type proxyLink struct {
	url   string
	mu    sync.Mutex
	moved *sync.Cond
	state linkState
	ends  []net.Conn
}

type linkState int

const (
	whole linkState = iota
	hung
	cut
)

func newLink(t *testing.T, address string) *proxyLink {
	t.Helper()
	config, err := pgconn.ParseConfig(address)
	require.NoError(t, err)
	network, server := pgconn.NetworkAddress(config.Host, config.Port)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := &proxyLink{url: "postgres://postgres@" + listener.Addr().String() + "/" + config.Database + "?sslmode=disable"}
	l.moved = sync.NewCond(&l.mu)
	t.Cleanup(func() {
		listener.Close()
		l.set(cut)
	})
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := (&net.Dialer{}).Dial(network, server)
			if err != nil || !l.add(client, upstream) {
				client.Close() //nolint:errcheck // it carried nothing
				continue
			}
			go l.carry(client, upstream)
			go l.carry(upstream, client)
		}
	}()
	return l
}

// add keeps a connection's ends. It reports false while the link is cut.
func (l *proxyLink) add(ends ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends = append(l.ends, ends...)
	return l.state != cut
}

// set changes the link's state, for open connections too.
func (l *proxyLink) set(s linkState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = s
	if s == cut {
		for _, end := range l.ends {
			end.Close() //nolint:errcheck // the other side may have closed it
		}
		l.ends = nil
	}
	l.moved.Broadcast()
}

// carry copies bytes in one direction. It waits while the link hangs.
func (l *proxyLink) carry(to io.WriteCloser, from io.Reader) {
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		l.mu.Lock()
		for l.state == hung {
			l.moved.Wait()
		}
		l.mu.Unlock()
		if _, failed := to.Write(buffer[:n]); failed != nil || err != nil {
			return
		}
	}
}
