package api_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/api"
	"pirogue/api/httpkit"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/piroguetest"
	"pirogue/store"
	"pirogue/vault"
)

// cut names the fault that commitProxy makes at the next COMMIT of an acceptance.
type cut int

const (
	noCut     cut = iota
	cutAnswer     // COMMIT reaches the server, its response does not reach us
	cutCommit     // COMMIT does not reach the server
	cutAll        // as cutAnswer, and every later connection fails
)

// commitProxy is a TCP proxy between the API and PostgreSQL. It reads the API's messages and breaks
// a connection at COMMIT.
type commitProxy struct {
	listener          net.Listener
	network, upstream string

	mu   sync.Mutex
	next cut
	dead bool
	wg   sync.WaitGroup
}

// newCommitProxy returns a proxy for the database at url, and the URL of the proxy.
func newCommitProxy(t *testing.T, url string) (*commitProxy, string) {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	require.NoError(t, err)
	p := &commitProxy{network: "tcp", upstream: net.JoinHostPort(config.Host, fmt.Sprint(config.Port))}
	if filepath.IsAbs(config.Host) {
		p.network, p.upstream = "unix", filepath.Join(config.Host, fmt.Sprintf(".s.PGSQL.%d", config.Port))
	}
	p.listener, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p.wg.Go(p.serve)
	t.Cleanup(func() {
		p.listener.Close()
		p.wg.Wait()
	})
	login := config.User
	if config.Password != "" {
		login += ":" + config.Password
	}
	return p, fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", login, p.listener.Addr(), config.Database)
}

func (p *commitProxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial(p.network, p.upstream)
		if err != nil || p.closed() {
			client.Close() //nolint:errcheck // the API sees a connection that ends
			continue
		}
		p.wg.Go(func() { p.forward(client, server) })
	}
}

// arm sets the fault at the next COMMIT of an acceptance.
func (p *commitProxy) arm(how cut) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next, p.dead = how, false
}

func (p *commitProxy) closed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// takeFault returns the armed fault and disarms it.
func (p *commitProxy) takeFault() cut {
	p.mu.Lock()
	defer p.mu.Unlock()
	how := p.next
	p.next, p.dead = noCut, how == cutAll
	return how
}

// forward moves messages in both directions until one side ends or the proxy breaks the connection.
func (p *commitProxy) forward(client, server net.Conn) {
	deaf := make(chan struct{}) // closed when no more messages of the server reach the API
	var wg sync.WaitGroup
	wg.Go(func() {
		defer client.Close() //nolint:errcheck // it may be closed
		answers := make([]byte, 32<<10)
		for {
			n, err := server.Read(answers)
			select {
			case <-deaf:
				continueUntilClosed(server)
				return
			default:
			}
			if _, failed := client.Write(answers[:n]); err != nil || failed != nil {
				return
			}
		}
	})
	p.listen(client, server, deaf)
	client.Close() //nolint:errcheck // it may be closed
	server.Close() //nolint:errcheck // likewise
	wg.Wait()
}

// continueUntilClosed drops the server's remaining messages.
func continueUntilClosed(server net.Conn) { io.Copy(io.Discard, server) } //nolint:errcheck // it is closed

// listen passes the API's messages on and makes the fault at the COMMIT of an acceptance.
func (p *commitProxy) listen(client, server net.Conn, deaf chan struct{}) {
	talk := conversation{prepared: map[string]string{}}
	for typed := false; ; typed = true {
		head, body, err := message(client, typed)
		if err != nil {
			return
		}
		how := noCut
		if typed && talk.commits(head[0], body) {
			how = p.takeFault()
		}
		if how != noCut {
			close(deaf)
			if how != cutCommit {
				server.Write(append(head, body...)) //nolint:errcheck // the test sees what became of it
				time.Sleep(50 * time.Millisecond)   // time in which the server commits
			}
			return
		}
		if _, err := server.Write(append(head, body...)); err != nil {
			return
		}
	}
}

// conversation follows the messages of one connection's transaction.
type conversation struct {
	prepared map[string]string // statement texts by their names
	accepts  bool              // the transaction writes a payment or a bulk
}

// commits reads one message and reports whether it commits an acceptance.
func (c *conversation) commits(kind byte, body []byte) bool {
	texts := strings.Split(string(body), "\x00")
	switch kind {
	case 'P':
		c.prepared[texts[0]] = texts[1]
	case 'B':
		text := c.prepared[texts[1]]
		if strings.HasPrefix(text, "begin") {
			c.accepts = false
		}
		c.accepts = c.accepts || strings.Contains(text, `INTO "payments"`) || strings.Contains(text, `INTO "bulks"`)
	case 'Q':
		if strings.HasPrefix(texts[0], "begin") {
			c.accepts = false
		}
		return c.accepts && texts[0] == "commit"
	}
	return false
}

// message reads one message of PostgreSQL's protocol. The first message of a connection has no
// type.
func message(from io.Reader, typed bool) (head, body []byte, err error) {
	head = make([]byte, 4)
	if typed {
		head = make([]byte, 5)
	}
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, nil, err
	}
	length := binary.BigEndian.Uint32(head[len(head)-4:])
	if length < 4 || length > 1<<20 {
		return nil, nil, errors.New("not a message")
	}
	body = make([]byte, length-4)
	_, err = io.ReadFull(from, body)
	return head, body, err
}

// commitWorld is an API whose database is behind a proxy, with a direct connection to that
// database.
type commitWorld struct {
	*world
	db    *store.DB
	proxy *commitProxy
	paid  pirogue.Payment
}

func newCommitWorld(t *testing.T) *commitWorld {
	t.Helper()
	url := piroguetest.Postgres(t)
	ring, err := vault.ParseRing(vault.NewRing("test"))
	require.NoError(t, err)
	open := func(url string) *store.DB {
		db, err := store.Open(t.Context(), store.Options{URL: url, Clock: time.Now, Ring: ring})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return db
	}
	proxy, through := newCommitProxy(t, url)
	w := &commitWorld{db: open(url), proxy: proxy}
	require.NoError(t, w.db.Migrate(t.Context()))
	behind := open(through)
	w.world = newWorld(t, func(o *api.Options) { o.Store = subStores(behind) })
	w.workflows.start = func(context.Context, pirogue.Payment) (lifecycle.FirstResponse, error) {
		return lifecycle.FirstResponse{}, nil
	}
	w.merchant, err = w.db.Merchants.CreateMerchant(t.Context(), pirogue.Merchant{Name: "Boutique"})
	require.NoError(t, err)
	public, secret, err := w.db.Keys.CreateKey(t.Context(), w.owner(), nil)
	require.NoError(t, err)
	w.test = access.APIKey{Public: public, Secrets: []access.Secret{{Text: secret}}}
	w.earn(10_000)
	return w
}

// subStores returns a database as the API takes it.
func subStores(db *store.DB) api.Store {
	return api.Store{
		Schema: db, Access: db.Keys, Payments: db.Payments, Fees: db.Merchants, Bulks: db.Bulks, Reports: db.Reports,
		Callbacks: db.Callbacks, Breakers: db.Operators, Events: db.Webhooks,
	}
}

// earn books a successful cash-in.
func (w *commitWorld) earn(amount int64) {
	w.t.Helper()
	now := time.Now()
	w.paid = pirogue.Payment{
		ID: ids.Payment(), MerchantID: w.merchant.ID, Mode: pirogue.Test, Kind: pirogue.CashIn, OrderID: "funds",
		Amount: pirogue.Money{Minor: amount, Currency: pirogue.XOF}, Fee: pirogue.Money{Currency: pirogue.XOF},
		Country: "ML", Network: pirogue.Orange, MSISDN: "+22376123456", CreatedAt: now,
	}
	a := pirogue.Attempt{
		ID: pirogue.AttemptID(ids.New()), PaymentID: w.paid.ID, Number: 1, Operator: testOperator,
		Ref: ids.Reference(pirogue.CashIn),
	}
	_, _, err := w.db.Payments.Accept(w.t.Context(), w.paid, a, "digest")
	require.NoError(w.t, err)
	_, err = w.db.Attempts.Send(w.t.Context(), a.ID, operator.SendLimits{}, now)
	require.NoError(w.t, err)
	_, err = w.db.Payments.Finalize(w.t.Context(), lifecycle.Finalization{
		PaymentID: w.paid.ID, Status: pirogue.StatusSuccess, At: now,
	})
	require.NoError(w.t, err)
}

func TestLostCommit(t *testing.T) {
	t.Parallel()

	t.Run("response_lost", testLostCommitResponseLost)
	t.Run("database_away", testLostCommitDatabaseAway)
}

// A merchant who reads that nothing was created may ask under another reference, and would pay
// twice. So the API may say it only where it is proven.
func testLostCommitResponseLost(t *testing.T) {
	t.Parallel()

	w := newCommitWorld(t)
	for kind, ask := range map[string]func(reference string) reply{
		"cash-in":  func(reference string) reply { return w.collect(order(reference)) },
		"cash-out": func(reference string) reply { return w.payOut(wages(reference, 500)) },
		"refund":   func(reference string) reply { return w.refund(w.paid.ID, reference, `"amount":500`) },
		"bulk": func(reference string) reply {
			return w.post(bulkPath, bulkOf(reference, "", bulkLine(reference+"_a"), bulkLine(reference+"_b")))
		},
	} {
		t.Run(kind, func(t *testing.T) {
			for name, how := range map[string]cut{"committed": cutAnswer, "not_committed": cutCommit} {
				reference := kind + "_" + name
				w.proxy.arm(how)
				got := ask(reference)
				require.Equal(t, http.StatusAccepted, got.Code, "%s: %s", name, got.Body)
				require.Equal(t, noCut, w.proxy.takeFault(), "nothing was cut")
				ask(reference).requireCode(pirogue.DuplicateOrder)
			}
			reference := kind + "_unknown"
			w.proxy.arm(cutAll)
			failed := ask(reference).requireCode(pirogue.ServiceUnavailable)
			require.Contains(t, failed.Error, "on ne sait pas si la demande a été acceptée")
			w.proxy.arm(noCut)
			ask(reference).requireCode(pirogue.DuplicateOrder)
		})
	}
	violations, err := w.db.Books.Audit(t.Context())
	require.NoError(t, err)
	require.Empty(t, violations)
}

// Where COMMIT did not reach the database, nothing was created, and the response claims no more.
func testLostCommitDatabaseAway(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.store.fail(pirogue.Errorf(pirogue.ServiceUnavailable, "no connection"))
	failed := w.collect(order("order_1")).requireCode(pirogue.ServiceUnavailable)
	require.Equal(t, httpkit.InfoOf(pirogue.ServiceUnavailable).Text.FR, failed.Error)
}
