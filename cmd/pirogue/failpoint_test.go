//go:build chaos

package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/config"
	"pirogue/failpoint"
	"pirogue/ids"
	"pirogue/listing"
	"pirogue/piroguetest"
	"pirogue/sandbox/engine"
	"pirogue/sandbox/inbox"
	"pirogue/support"
	"pirogue/vault"
)

// lanesFlag is the number of worlds of each database in which the sweep runs concurrently. They
// mostly wait until Temporal notices that a worker is gone.
var lanesFlag = flag.Int("lanes", 5, "worlds of each database in which the sweep runs")

// killCase is one kill: at this point, while this scenario passes it.
type killCase struct {
	failpoint.Point
	scenario failpoint.Scenario
}

// killCases returns every point with every scenario that passes it.
func killCases() []killCase {
	var all []killCase
	for _, point := range failpoint.Points {
		for _, scenario := range point.Scenarios {
			all = append(all, killCase{point, scenario})
		}
	}
	return all
}

// sweepTimes let a scenario with a kill in it end within half a minute.
var sweepTimes = shortTimes{window: 6 * time.Second, horizon: 10 * time.Second}

// databases maps each database's name to the function that makes one.
var databases = map[string]func(testing.TB) string{"postgres": piroguetest.Postgres, "sqlite": piroguetest.SQLite}

func TestAProcessKilledAtAnyPointLosesAndDoublesNothing(t *testing.T) {
	for name, database := range databases {
		todo := make(chan killCase, len(killCases()))
		for _, one := range killCases() {
			todo <- one
		}
		close(todo)
		for n := range *lanesFlag {
			t.Run(fmt.Sprintf("%s/lane%d", name, n+1), func(t *testing.T) {
				t.Parallel()
				sweep(t, database, todo)
			})
		}
	}
}

// TestAKillBetweenCallAndNoteIsSurvivedByEveryStory is a sample of the sweep, cheap enough for
// every test run. It kills between an operator's response and its record, where most money can be
// lost.
func TestAKillBetweenCallAndNoteIsSurvivedByEveryStory(t *testing.T) {
	for name, database := range databases {
		todo := make(chan killCase, len(killCases()))
		for _, one := range killCases() {
			if one.Name == "submit.called" && one.scenario != failpoint.ResponseLost {
				todo <- one
			}
		}
		close(todo)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sweep(t, database, todo)
		})
	}
}

// sweep runs trials until none is left. After a failure it takes another world: the books of the
// old one would fail every later trial.
func sweep(t *testing.T, database func(testing.TB) string, todo <-chan killCase) {
	var l *killWorld
	for one := range todo {
		if l == nil {
			l = newKillWorld(t, database(t))
		}
		if !t.Run(one.Name+"/"+string(one.scenario), func(t *testing.T) { l.killDuring(t, one) }) {
			l.stop()
			l = nil
		}
	}
}

// killWorld is a world whose API and worker are processes.
type killWorld struct {
	*world
	whole   *testing.T
	env     []string
	ports   map[failpoint.Part]string // the address at which each part reports that it is ready
	base    string
	running map[failpoint.Part]*process
}

// newKillWorld starts every part without a failpoint.
func newKillWorld(t *testing.T, database string) *killWorld {
	t.Helper()
	addrs := quietPorts(t, 4)
	simulators := httptest.NewUnstartedServer(nil)
	play := "http://" + simulators.Listener.Addr().String()
	l := &killWorld{
		whole: t, base: "http://" + addrs[0] + "/api/v1", running: map[failpoint.Part]*process{},
		ports: map[failpoint.Part]string{
			failpoint.API: "http://" + addrs[1] + "/readyz", failpoint.Worker: "http://" + addrs[2] + "/readyz",
		},
		env: append(os.Environ(),
			"DATABASE_URL="+database, "PIROGUE_KEYS="+vault.NewRing("test"), "PIROGUE_LOOPBACK_WEBHOOKS=true",
			"PIROGUE_API_ADDR="+addrs[0], "PIROGUE_ADMIN_ADDR="+addrs[1], "PIROGUE_WORKER_ADDR="+addrs[2],
			"PIROGUE_SUPPORT_ADDR="+addrs[3], "PIROGUE_SANDBOX_URL="+play, "PIROGUE_DATA_DIR="+t.TempDir(),
			"PIROGUE_LOG_LEVEL=error", "TEMPORAL_ADDRESS="+piroguetest.Temporal(t)),
	}
	l.open(simulators, play)
	t.Cleanup(l.stop)
	for _, part := range []failpoint.Part{failpoint.Worker, failpoint.API} {
		require.NoError(t, l.start(part, ""))
	}
	l.merchant().fund(t, 1_000_000)
	return l
}

// open makes the parts that are no processes: the books, the simulators, the merchant.
func (l *killWorld) open(simulators *httptest.Server, play string) {
	t := l.whole
	conf, err := config.Load(l.env)
	require.NoError(t, err)
	sweepTimes.hasten(&conf)
	p, err := newParts(conf)
	require.NoError(t, err)
	p.log = zap.NewNop()
	require.NoError(t, errors.Join(p.openStore(t.Context()), p.openTemporal()))
	require.NoError(t, p.store.Migrate(t.Context()))
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	l.world = &world{t: t, parts: p}
	l.account, err = p.devAccount(t.Context())
	require.NoError(t, err)
	l.inbox = inbox.New(l.account.Secret)
	l.startSandbox(simulators, play, hurriedRate)
	require.NoError(t, promise(l.sandbox, *promisesFlag))
}

// start starts a part and waits until it is ready. die names the failpoint at which the part
// dies; "" is none.
func (l *killWorld) start(part failpoint.Part, die string) error {
	p, err := spawn(os.Stderr, string(part), l.env, append(sweepTimes.flags(), "-die", die)...)
	if err != nil {
		return err
	}
	l.running[part] = p
	return p.answers(l.ports[part])
}

// stop ends the processes.
func (l *killWorld) stop() {
	for _, p := range l.running {
		p.kill()
	}
}

func (l *killWorld) merchant() merchant { return merchant{l.base, l.account} }

// killDuring kills a process at a point while a payment passes it, and starts the process again. The
// payment must end as if nothing had happened.
func (l *killWorld) killDuring(t *testing.T, one killCase) {
	l.t = t
	prepared := prepare[one.scenario](l)
	risen := l.armFailpoint(t, one.Part, one.Name)
	if before, left := leaves[one.scenario]; left && one.Part != failpoint.API {
		left := l.armFailpoint(t, failpoint.API, before)
		defer func() { require.NoError(t, <-left) }()
	}
	l.playUntil(risen, one, prepared)
	l.settled()
}

// playUntil plays a scenario until the armed process has died and risen. A bulk whose lines are launched
// before its merchant stops it comes to no point: another one follows it.
func (l *killWorld) playUntil(risen <-chan error, one killCase, prepared string) {
	again := patience // the merchant may receive the webhook before the worker records that
	if one.scenario == failpoint.Stopped {
		again = time.Second
	}
	for began := time.Now(); ; {
		l.play(one.scenario, one.Name, prepared)
		select {
		case err := <-risen:
			require.NoError(l.t, err)
			return
		case <-time.After(again):
			require.Less(l.t, time.Since(began), patience, "the %s never came to %s", one.scenario, one.Name)
		}
	}
}

// armFailpoint restarts a part so that it dies at a point. After that death it starts the part without a
// failpoint. The channel gets the error of that, or nil.
func (l *killWorld) armFailpoint(t *testing.T, part failpoint.Part, point string) <-chan error {
	t.Helper()
	l.running[part].kill()
	require.NoError(t, l.start(part, point))
	armed, risen := l.running[part], make(chan error, 1)
	go func() {
		<-armed.gone
		if ended := armed.cmd.ProcessState.String(); ended != "signal: killed" {
			risen <- errors.New("the process did not die of the point: " + ended)
			return
		}
		risen <- l.start(part, "")
	}()
	return risen
}

// leaves names the point at which the API dies so that the sweep must take a scenario up.
var leaves = map[failpoint.Scenario]string{
	failpoint.Left: "api.accept.committed", failpoint.Orphan: "api.bulk.committed",
}

// prepare maps each scenario to the function that makes what the scenario needs, before any failpoint
// is set. The function returns an ID, or "".
var prepare = map[failpoint.Scenario]func(*killWorld) string{
	failpoint.CashIn: nothing, failpoint.Lost: nothing, failpoint.Late: nothing, failpoint.Left: nothing,
	failpoint.Refused: nothing, failpoint.CashOut: nothing, failpoint.ResponseLost: nothing, failpoint.Rejected: nothing,
	failpoint.Bulk: nothing, failpoint.Stopped: nothing, failpoint.Orphan: nothing,
	failpoint.Refund: func(l *killWorld) string {
		id := l.merchant().fund(l.t, 5000).ID
		l.expectEnd(id, "SUCCESS")
		return id
	},
}

func nothing(*killWorld) string { return "" }

// play runs a scenario. It must end as always, and the merchant must receive the webhooks of that
// end and no others. Money that leaves us leaves once. If nobody can tell whether a call was
// made, Pirogue makes none again. The payment fails once the operator has proven that it does not
// know the attempt.
func (l *killWorld) play(scenario failpoint.Scenario, point, prepared string) {
	out := "SUCCESS"
	if point == "submit.sent" {
		out = "FAILED"
		defer l.settledByPeople()()
	}
	switch scenario {
	case failpoint.CashIn, failpoint.Left, failpoint.Refused:
		if scenario == failpoint.Refused {
			l.refuses.Store(1)
		}
		id := l.requestPayment("/payments/cashin", order(silent))
		l.payPage(id, pays)
		l.expectEnd(id, "SUCCESS")
	case failpoint.Lost:
		l.expectEnd(l.requestPayment("/payments/cashin", order(unheardOf)), "SUCCESS")
	case failpoint.Late:
		id := l.requestPayment("/payments/cashin", order(late))
		l.expectEnd(id, "EXPIRED")
		l.expectEnd(l.givenBack(id), "SUCCESS")
	case failpoint.CashOut:
		l.expectEnd(l.requestPayment("/payments/cashout", cashOut(pays, 5000)), out)
	case failpoint.ResponseLost:
		l.expectEnd(l.requestPayment("/payments/cashout", cashOut(unheardOf, 5000)), out)
	case failpoint.Rejected:
		l.expectEnd(l.requestPayment("/payments/cashout", cashOut(rejects, 5000)), "FAILED")
	case failpoint.Bulk, failpoint.Orphan:
		l.expectBulkEnd(l.requestBulk(), "COMPLETED", point == "bulk.page.marked")
	case failpoint.Stopped:
		l.expectBulkEnd(l.stopBulk(), "", false)
	case failpoint.Refund:
		l.expectEnd(l.requestPayment("/refunds", refund(prepared, 5000)), out)
		if out == "SUCCESS" {
			l.expectEnd(prepared, "SUCCESS", "REVERSED")
		}
	}
}

// settledByPeople has two people settle every payment with an open case of an unknown result as not
// paid. It does so until stop is called. The simulators may promise no more than live operators.
// Then nobody else can say that an attempt marked as sent never left.
func (l *killWorld) settledByPeople() (stop func()) {
	if *promisesFlag != engine.PromisesLive {
		return func() {}
	}
	ctx, cancel := context.WithCancel(l.t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		for ctx.Err() == nil {
			page, err := l.parts.store.Cases.OpenCases(ctx, support.WorkFilter{
				Cause: string(support.CauseUnknown), Limit: listing.MaxPage,
			})
			if err == nil {
				for _, c := range page.Rows {
					l.resolve(ctx, c.Payment, "awa")
					l.resolve(ctx, c.Payment, "moussa")
				}
			}
			sleep(ctx, time.Second)
		}
	})
	return func() {
		cancel()
		all.Wait()
	}
}

// resolve has one person say that a payment was not paid.
func (l *killWorld) resolve(ctx context.Context, p pirogue.Payment, actor string) {
	act := support.AuditEntry{
		ID: ids.New(), At: time.Now(), Actor: actor, Role: support.RoleFinance, Action: support.ActionResolve,
		PaymentID: p.ID,
		Reason:    "the operator's statement has no such payout", Resolution: support.ResolvedUnpaid, Evidence: "statement",
	}
	if l.parts.store.AuditLog.BeginAuditEntry(ctx, act) == nil {
		l.parts.starter.Act(ctx, p, act.ID) //nolint:errcheck // the loop repeats it until the payment has ended
	}
}

// Numbers of the merchant's document, each named for its effect.
const (
	pays      = "+22376123456"
	rejects   = "+22376222222"
	silent    = "+22376333333"
	unheardOf = "+22376666666"
	late      = "+22376777777"
)

// endurance bounds a scenario with a kill in it: Temporal's own time-outs, two rounds of the sweep,
// and a slow machine.
const endurance = 150 * time.Second

// requestPayment repeats a request until the response is a payment, as a merchant does who needs the result.
func (l *killWorld) requestPayment(path, body string) string {
	var got answer
	var err error
	for deadline := time.Now().Add(endurance); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		got, err = l.merchant().do(l.t.Context(), http.MethodPost, path, body)
		if err == nil && got.Data.ID != "" {
			return cmp.Or(got.Data.RefundID, got.Data.ID)
		}
	}
	l.t.Fatalf("%s is never answered: %v %s", path, err, got.Raw)
	return ""
}

// payPage has the customer pay once the merchant has a payment page for him.
func (l *killWorld) payPage(id, number string) {
	require.Eventually(l.t, func() bool {
		got, err := l.merchant().do(l.t.Context(), http.MethodGet, "/payments/"+id, "")
		return err == nil && got.Data.URL != "" && payer(number).pay(l.t.Context(), got.Data.URL) == nil
	}, endurance, 100*time.Millisecond, "nobody can pay %s", id)
}

// expectEnd waits until a payment has the last of the terminal statuses. It then requires a webhook of
// each of them and no other. A webhook may arrive twice and in any order, after a kill during a
// delivery.
func (l *killWorld) expectEnd(id string, statuses ...string) {
	l.merchant().until(l.t, id, statuses[len(statuses)-1], endurance)
	slices.Sort(statuses)
	require.Eventually(l.t, func() bool {
		return slices.Equal(slices.Compact(slices.Sorted(slices.Values(l.webhooks(id)))), statuses)
	}, endurance, 100*time.Millisecond, "the merchant does not hear that %s is %v", id, statuses)
}

// givenBack waits until the unwanted money of a payment is refunded, and returns the ID of the
// refund.
func (l *killWorld) givenBack(id string) string {
	var back string
	require.Eventually(l.t, func() bool {
		stray, err := l.parts.store.Cases.Cases(l.t.Context(), pirogue.PaymentID(id))
		if err != nil || len(stray) != 1 || stray[0].ClosedAt.IsZero() {
			return false
		}
		found, err := l.parts.store.Payments.Find(l.t.Context(), late, listing.MaxPage)
		for _, p := range found {
			if string(p.ParentID) == id {
				back = string(p.ID)
			}
		}
		return err == nil && back != ""
	}, endurance, 100*time.Millisecond, "the case of %s does not close", id)
	return back
}

// nextPort counts through ports below the range that a system gives to clients. So concurrent
// worlds do not take each other's port while a part restarts.
var nextPort atomic.Int64

const firstQuietPort, quietPortsEnd = 20000, 30000

// quietPorts returns n addresses on which nothing listens.
func quietPorts(t testing.TB, n int) []string {
	t.Helper()
	nextPort.CompareAndSwap(0, firstQuietPort+int64(os.Getpid()%500)*10)
	var addrs []string
	for len(addrs) < n {
		addr := fmt.Sprintf("127.0.0.1:%d", nextPort.Add(1))
		require.Less(t, nextPort.Load(), int64(quietPortsEnd))
		if listener, err := net.Listen("tcp", addr); err == nil {
			require.NoError(t, listener.Close())
			addrs = append(addrs, addr)
		}
	}
	return addrs
}
