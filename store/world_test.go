package store_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/listing"
	"pirogue/operator"
	"pirogue/piroguetest"
	"pirogue/store"
	"pirogue/vault"
)

func TestMain(m *testing.M) { piroguetest.Main(m) }

// world is one merchant in one database, and a clock that the test moves.
type world struct {
	t     testing.TB
	url   string
	db    *store.DB
	ring  *vault.Ring
	now   *atomic.Int64 // Unix microseconds
	owner access.Owner
	key   string
}

const (
	operatorCode = pirogue.OperatorCode("orange-web-ml")
	hook         = "https://merchant.example/hook"
)

// defaultRate is the rate limit of every world.
var defaultRate = store.Rate{PerSecond: 10, Burst: 20}

// worldStart is the time at which every test begins.
var worldStart = time.Date(2026, 4, 29, 14, 32, 18, 123456000, time.UTC)

// each runs a test in its own world on both databases.
func each(t *testing.T, test func(w *world)) {
	t.Helper()
	piroguetest.EachDatabase(t, func(t *testing.T, url string) {
		t.Helper()
		test(newWorld(t, url))
	})
}

func newWorld(tb testing.TB, url string) *world {
	tb.Helper()
	w := &world{t: tb, url: url, ring: newRing(tb), now: newClock()}
	w.db = w.open(defaultRate)
	require.NoError(tb, w.db.Migrate(tb.Context()))
	w.owner = w.another()
	return w
}

func newRing(tb testing.TB) *vault.Ring {
	tb.Helper()
	ring, err := vault.ParseRing(vault.NewRing("test"))
	require.NoError(tb, err)
	return ring
}

func newClock() *atomic.Int64 {
	var now atomic.Int64
	now.Store(worldStart.UnixMicro())
	return &now
}

func newWorldOnSQLite(t *testing.T) *world {
	t.Helper()
	return newWorld(t, piroguetest.SQLite(t))
}

// open opens the world's database once more.
func (w *world) open(rate store.Rate) *store.DB {
	w.t.Helper()
	db, err := store.Open(w.t.Context(), store.Options{URL: w.url, Clock: w.clock(), Ring: w.ring, Rate: rate})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, db.Close()) })
	return db
}

func (w *world) clock() pirogue.Clock {
	return func() time.Time { return time.UnixMicro(w.now.Load()) }
}

// at returns a time after the world's present.
func (w *world) at(after time.Duration) time.Time { return w.clock().Now().Add(after) }

// another makes another merchant with a test key.
func (w *world) another() access.Owner {
	w.t.Helper()
	merchant, err := w.db.Merchants.CreateMerchant(w.ctx(), pirogue.Merchant{Name: "Boutique Téranga", NotifyURL: hook})
	require.NoError(w.t, err)
	o := access.Owner{MerchantID: merchant.ID, Mode: pirogue.Test}
	w.key, _, err = w.db.Keys.CreateKey(w.ctx(), o, nil)
	require.NoError(w.t, err)
	return o
}

// test returns the test that sub-tests run under.
func (w *world) test() *testing.T {
	w.t.Helper()
	t, ok := w.t.(*testing.T)
	require.True(w.t, ok, "a benchmark has no sub-tests")
	return t
}

func (w *world) ctx() context.Context { return w.t.Context() }

// newCashIn returns a cash-in that is not accepted yet, with its attempt.
func (w *world) newCashIn(o access.Owner, reference string) (pirogue.Payment, pirogue.Attempt) {
	p := pirogue.Payment{
		ID: ids.Payment(), MerchantID: o.MerchantID, Mode: o.Mode, Kind: pirogue.CashIn, OrderID: reference,
		Status: pirogue.StatusCreated, Amount: pirogue.Money{Minor: 5000, Currency: pirogue.XOF},
		Fee: pirogue.Money{Minor: 75, Currency: pirogue.XOF}, FeePayer: pirogue.PaidByMerchant, FeeReturns: true,
		Country: "ML", MSISDN: "+22376123456",
		Network: pirogue.Orange, Operator: operatorCode, CustomerName: "Awa Diarra", Description: "Deux pagnes",
		ReturnURL: "https://shop.example/back", CancelURL: "https://shop.example/cancel",
		Metadata: map[string]string{"cart": "17"}, StartDeadline: w.at(90 * time.Second),
		CreatedAt: w.at(0), UpdatedAt: w.at(0),
	}
	return p, pirogue.Attempt{
		ID: pirogue.AttemptID(ids.New()), PaymentID: p.ID, Number: 1, Operator: operatorCode, Ref: ids.Reference(p.Kind),
		State: pirogue.AttemptPrepared, CreatedAt: w.at(0), UpdatedAt: w.at(0),
	}
}

// accept accepts a cash-in of the world's merchant.
func (w *world) accept(reference string) (pirogue.Payment, pirogue.Attempt) {
	w.t.Helper()
	p, a := w.newCashIn(w.owner, reference)
	p, fresh, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a))
	require.NoError(w.t, err)
	require.True(w.t, fresh)
	return p, a
}

// fund gives the world's merchant money: a paid cash-in without a fee.
func (w *world) fund(amount int64) pirogue.Payment {
	w.t.Helper()
	p, a := w.newCashIn(w.owner, "fund "+ids.New())
	p.Amount.Minor, p.Fee.Minor = amount, 0
	w.accepted(p, a)
	w.send(a)
	finalized, err := w.success(p)
	require.NoError(w.t, err)
	return finalized.Payment
}

// cashOut returns a cash-out that is not accepted yet, with its attempt.
func (w *world) cashOut(reference string, amount, fee int64) (pirogue.Payment, pirogue.Attempt) {
	p, a := w.newCashIn(w.owner, reference)
	p.Kind, p.Amount.Minor, p.Fee.Minor, p.FeeReturns = pirogue.CashOut, amount, fee, false
	return p, a
}

// refund returns a refund of a cash-in that is not accepted yet, with its attempt.
func (w *world) refund(parent pirogue.Payment, reference string, amount int64) (pirogue.Payment, pirogue.Attempt) {
	p, a := w.cashOut(reference, amount, 0)
	p.Kind, p.ParentID = pirogue.Refund, parent.ID
	return p, a
}

// accepted accepts a payment.
func (w *world) accepted(p pirogue.Payment, a pirogue.Attempt) pirogue.Payment {
	w.t.Helper()
	p, fresh, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a))
	require.NoError(w.t, err)
	require.True(w.t, fresh)
	return p
}

// underway accepts a payment and sends it.
func (w *world) underway(p pirogue.Payment, a pirogue.Attempt) pirogue.Payment {
	w.t.Helper()
	p = w.accepted(p, a)
	w.send(a)
	return p
}

// requireRefused requires that a payment fails with code and leaves nothing behind.
func (w *world) requireRefused(code pirogue.Code, p pirogue.Payment, a pirogue.Attempt) {
	w.t.Helper()
	_, _, err := w.db.Payments.Accept(w.ctx(), p, a, digest(a))
	require.Equal(w.t, code, pirogue.CodeOf(err), "%v", err)
	_, _, err = w.db.Attempts.Latest(w.ctx(), p.ID)
	require.Equal(w.t, pirogue.TransactionNotFound, pirogue.CodeOf(err))
}

// countUnless counts a call that succeeded or failed with code. It returns any other error.
func (w *world) countUnless(code pirogue.Code, err error, accepted, refused *atomic.Int64) error {
	switch {
	case err == nil:
		accepted.Add(1)
	case pirogue.CodeOf(err) == code:
		refused.Add(1)
	default:
		return err
	}
	return nil
}

// money returns the balance of the world's merchant in Mali.
func (w *world) money() listing.Balance {
	w.t.Helper()
	balances, err := w.db.Reports.Balances(w.ctx(), w.owner)
	require.NoError(w.t, err)
	require.Len(w.t, balances, 1)
	return balances[0]
}

// requireBalance requires the available and the reserved money of the world's merchant.
func (w *world) requireBalance(available, reserved int64) {
	w.t.Helper()
	money := w.money()
	require.Equal(w.t, []int64{available, reserved}, []int64{money.Available, money.Reserved}, "available, reserved")
}

// operatorBook returns the money that moved through an operator by our books.
func (w *world) operatorBook(code pirogue.OperatorCode) (in, out map[string]int64) {
	w.t.Helper()
	in, out, err := w.db.Books.OperatorBook(w.ctx(), code)
	require.NoError(w.t, err)
	return in, out
}

// digest returns the digest of an attempt's callback token.
func digest(a pirogue.Attempt) string { return operator.CallbackDigest("token of " + string(a.Ref)) }

// anyAge lets an attempt leave again at any age.
var anyAge = operator.SendLimits{Again: 1000 * time.Hour}

// limits returns anyAge for an attempt that may leave again.
func limits(again bool) operator.SendLimits {
	if again {
		return anyAge
	}
	return operator.SendLimits{}
}

// markSent marks an attempt sent, and reports whether its bytes may leave.
func (w *world) markSent(id pirogue.AttemptID, again bool, at time.Time) (bool, error) {
	sending, err := w.db.Attempts.Send(w.ctx(), id, limits(again), at)
	return sending.Result == lifecycle.SendMarked, err
}

// recordResult records a result: of the first sending, unless a names another.
func (w *world) recordResult(a lifecycle.AttemptResult) error {
	a.Sending = cmp.Or(a.Sending, 1)
	_, err := w.db.Attempts.RecordAttemptResult(w.ctx(), a)
	return err
}

// send marks an attempt sent.
func (w *world) send(a pirogue.Attempt) {
	w.t.Helper()
	sent, err := w.markSent(a.ID, false, w.at(time.Second))
	require.NoError(w.t, err)
	require.True(w.t, sent)
}

// sent accepts a payment and sends it.
func (w *world) sent(reference string) (pirogue.Payment, pirogue.Attempt) {
	w.t.Helper()
	p, a := w.accept(reference)
	w.send(a)
	return p, a
}

// success settles a payment as paid.
func (w *world) success(p pirogue.Payment) (lifecycle.Finalized, error) {
	return w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
		PaymentID: p.ID, Status: pirogue.StatusSuccess, ProviderTxID: "MP2604.1", At: w.at(time.Minute),
	})
}

// end settles a payment without money.
func (w *world) end(p pirogue.Payment, status pirogue.Status, code pirogue.FailureCode) (lifecycle.Finalized, error) {
	return w.db.Payments.Finalize(w.ctx(), lifecycle.Finalization{
		PaymentID: p.ID, Status: status, Failure: pirogue.Failure{Code: code, Note: "solde"}, At: w.at(time.Minute),
	})
}

// latest reads a payment with its latest attempt.
func (w *world) latest(id pirogue.PaymentID) (pirogue.Payment, pirogue.Attempt) {
	w.t.Helper()
	p, a, err := w.db.Attempts.Latest(w.ctx(), id)
	require.NoError(w.t, err)
	return p, a
}

// requireSound requires every rule of the audit, except those in but.
func (w *world) requireSound(but ...string) {
	w.t.Helper()
	violations, err := w.db.Books.Audit(w.ctx())
	require.NoError(w.t, err)
	violations = slices.DeleteFunc(violations, func(v store.Violation) bool { return slices.Contains(but, v.Rule) })
	require.Empty(w.t, violations)
}

// raw opens the database without the store, as a bug or an intruder would. On SQLite it adds
// pragmas.
func (w *world) raw(pragmas ...string) *sql.DB {
	w.t.Helper()
	driver, dsn := "pgx", w.url
	if path, ok := strings.CutPrefix(w.url, "sqlite:"); ok {
		pragmas = append(pragmas, "foreign_keys(1)", "busy_timeout(5000)", "recursive_triggers(1)")
		driver, dsn = "sqlite", "file:"+path+"?_pragma="+strings.Join(pragmas, "&_pragma=")
	}
	db, err := sql.Open(driver, dsn)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, db.Close()) })
	return db
}

func (w *world) postgres() bool { return !strings.HasPrefix(w.url, "sqlite:") }

// exec runs one statement without the store's checks.
func (w *world) exec(db *sql.DB, statement string, args ...any) error {
	if w.postgres() {
		for i := range args {
			statement = strings.Replace(statement, "?", "$"+string(rune('1'+i)), 1)
		}
	}
	_, err := db.ExecContext(w.ctx(), statement, args...)
	return err
}

// moduleFolder returns the folder of a module's files.
func moduleFolder(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// repeatUnavailable repeats do with the same arguments while the database is busy, as the store's
// callers do.
func repeatUnavailable(do func() error) error {
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		err := do()
		if pirogue.CodeOf(err) != pirogue.ServiceUnavailable || time.Since(began) > repeats {
			return err
		}
	}
}

// repeats bounds the time of these repeats, for a machine that has much else to do.
const repeats = 3 * time.Minute

// concurrently calls do n times at once and returns the errors.
func concurrently(n int, do func(i int) error) error {
	var all sync.WaitGroup
	start, errs := make(chan struct{}), make([]error, n)
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = repeatUnavailable(func() error { return do(i) })
		})
	}
	close(start)
	all.Wait()
	return errors.Join(errs...)
}
