package workflows_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"pirogue"
	"pirogue/activities"
	"pirogue/workflows"
)

// faults is everything that can go wrong in a scenario. A run that is long enough meets
// all of it.
var faults = []string{
	"the operator is down", "every request is lost", "a call does not leave", "refused", "refused, and kept as declined",
	"refused, and executed all the same", "the request is lost", "the request is lost, and arrives late",
	"the answer is lost", "5xx before executing", "5xx after executing", "the same reference arrives again",
	"money moves late", "declined, then executed", "never decided", "another amount", "another counterparty",
	"a status is unreadable", "a status call does not leave", "the status flaps to PENDING",
	"the status flaps to DECLINED", "the status flaps to ABSENT", "refunded by the refund call",
	"a callback", "a callback comes several times", "a callback before the answer", "a forged callback",
	"the database fails before writing", "the database fails after writing", "a worker dies after its work",
	"a history is lost", "a watch is lost", "nobody starts the workflow", "a payment is too old to be started",
	"support asks out of turn", "support presses a button twenty times", "support settles an unknown outcome",
	"support makes another attempt", "support settles stray money", "support is wrong", "stray money goes back", "a payment is paid in part",
	"no way back for stray money", "late money is accepted", "a merchant does not listen",
}

// scenario is one merchant with one payment, all that happens to them, and the payments
// that follow from it.
type scenario struct {
	restarts

	lot    *lot
	seed   uint64
	plan   plan
	nature *nature
	owner  pirogue.Owner
	start  time.Time

	env     *testsuite.TestWorkflowEnvironment
	rig     *rig
	playing pirogue.Payment // the payment whose story is told
	parted  bool            // its history was cut so that the story of a return is told
	told    []pirogue.Payment
	queue   []pirogue.Payment // payments that wait for their story
	news    []pirogue.EventID // deliveries that were started
	acts    map[string]*act
	endedAt time.Time // of the story that is told; zero: not yet
	endErr  error
	cutAt   time.Time
	lost    bool         // a history was
	looks   atomic.Int64 // at the clock

	mu      sync.Mutex
	names   map[pirogue.OperatorRef]string
	trace   []string
	mistake bool
	dice    map[string]*rand.Rand
}

// plan is what a scenario is about.
type plan struct {
	kind       pirogue.Kind
	policy     pirogue.LatePolicy
	capability pirogue.Capability
	window     time.Duration
	refunds    bool    // the operator has a refund call
	noWay      bool    // no operator pays into the payer's wallet
	shaky      float64 // share of the database calls that fail
	mortal     float64 // share of the activities whose worker dies
	unstarted  time.Duration
}

// The span of a scenario. Until the horizon the operator may change its mind; a person
// who knows the truth comes after it.
const (
	simHorizon = 30 * time.Minute
	visitEvery = 10 * time.Minute
	visits     = 30
)

// simStart is when every scenario begins.
var simStart = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func (l *lot) scenario(seed uint64) *scenario {
	s := &scenario{
		lot: l, seed: seed, start: simStart, names: map[pirogue.OperatorRef]string{}, acts: map[string]*act{},
		dice: map[string]*rand.Rand{},
	}
	for _, name := range []string{"plan", "fate", "noise", "database", "workers", "spread", "support", "merchant"} {
		hash := fnv.New64a()
		hash.Write([]byte(name))
		s.dice[name] = rand.New(rand.NewPCG(seed, hash.Sum64()))
	}
	s.plan = draw(s.dice["plan"])
	s.nature = &nature{
		s: s, fate: s.dice["fate"], noise: s.dice["noise"], book: map[pirogue.OperatorRef]*entry{},
		said: map[pirogue.OperatorRef][]statement{}, tries: map[pirogue.PaymentID][]pirogue.OperatorRef{},
		tried: map[pirogue.OperatorRef]time.Time{},
	}
	if chance(s.dice["plan"], 0.12) {
		s.nature.downTo = simStart.Add(between(s.dice["plan"], time.Second, 100*time.Second))
	}
	if chance(s.dice["plan"], 0.12) {
		s.nature.lostTo = simStart.Add(between(s.dice["plan"], time.Minute, 20*time.Minute))
	}
	return s
}

// draw draws a plan.
func draw(r *rand.Rand) plan {
	p := plan{
		kind:   []pirogue.Kind{pirogue.CashIn, pirogue.CashIn, pirogue.CashOut, pirogue.CashOut, pirogue.CashOut, pirogue.Refund}[r.IntN(6)],
		policy: []pirogue.LatePolicy{pirogue.LateReturn, pirogue.LateAccept}[r.IntN(2)],
		capability: pirogue.Capability{
			Reference:     []pirogue.ReferencePower{pirogue.StatusByReference, pirogue.StatusByReference, pirogue.IdempotentByReference}[r.IntN(3)],
			Horizon:       simHorizon,
			AbsenceProves: chance(r, 0.4),
		},
		window:  between(r, 30*time.Second, 3*time.Minute).Round(time.Second),
		refunds: chance(r, 0.5),
		noWay:   chance(r, 0.4),
	}
	unheard := []pirogue.RepeatRule{pirogue.RepeatRenewed, pirogue.RepeatNever}
	if p.capability.Reference == pirogue.IdempotentByReference {
		unheard = []pirogue.RepeatRule{pirogue.RepeatRenewed, pirogue.RepeatSame}
	}
	p.capability.Unheard = unheard[r.IntN(2)]
	if p.capability.Reference == pirogue.IdempotentByReference {
		p.capability.ResendWithin = []time.Duration{0, 3 * time.Minute, 2 * time.Hour}[r.IntN(3)]
	}
	if chance(r, 0.35) {
		p.shaky, p.mortal = 0.04, 0.04
	}
	if chance(r, 0.06) {
		p.unstarted = []time.Duration{20 * time.Second, 2 * time.Minute}[r.IntN(2)]
	}
	return p
}

// play tells the stories of the scenario's payment and of those that follow from it,
// and then tells the merchant.
func (s *scenario) play() {
	s.lot.t.Helper()
	s.lot.now = func() time.Time { return s.start }
	s.begin()
	for len(s.queue) > 0 {
		p := s.queue[0]
		s.queue = s.queue[1:]
		if !s.knows(p, s.told) {
			s.told = append(s.told, p)
		}
		s.tell(p)
	}
	s.sweep(s.start.Add(time.Minute))
	s.deliver()
}

// begin makes the merchant and accepts the payment.
func (s *scenario) begin() {
	s.lot.t.Helper()
	w := &world{t: s.lot.t, store: s.lot.store, env: quiet().NewTestWorkflowEnvironment()}
	w.env.SetStartTime(s.start)
	w.hire(s.plan.policy)
	s.owner = w.owner
	p := w.accept(setting{kind: s.plan.kind, part: s.part()})
	s.note("%s of %s: %+v", p.Kind, p.Amount, s.plan)
	for _, known := range []pirogue.Payment{p, w.parent} {
		s.lot.owner[known.ID] = s
	}
	s.queue = []pirogue.Payment{p}
	if s.plan.unstarted > 0 {
		s.queue = nil
		s.mark("nobody starts the workflow")
		s.sweep(s.start.Add(s.plan.unstarted))
		if len(s.queue) == 0 {
			s.mark("a payment is too old to be started")
			s.told = append(s.told, p)
		}
	}
}

// part draws how much of a cash-in is given back; 0 is all of it.
func (s *scenario) part() int64 {
	if chance(s.dice["plan"], 0.5) {
		return 0
	}
	return 1 + s.dice["plan"].Int64N(4999)
}

// tell tells the story of one payment. Now and then its history is lost on the way, and
// some time later it is started again from the rows, as the sweep does.
func (s *scenario) tell(p pirogue.Payment) {
	s.lot.t.Helper()
	tales := 1
	for chance(s.dice["plan"], 0.15) && tales < 3 {
		tales++
	}
	s.playing, s.parted = p, false
	order := s.order(p)
	for ; tales > 0; tales-- {
		s.stage(p)
		if tales > 1 {
			s.loseHistory(between(s.dice["plan"], 0, 10*time.Minute))
		}
		stories := map[pirogue.Kind]story{
			pirogue.CashIn: workflows.CashIn, pirogue.CashOut: workflows.CashOut, pirogue.Refund: workflows.Refund,
		}
		s.env.ExecuteWorkflow(lingering(losable(stories[p.Kind]), s.ended), order)
		if s.cutAt.IsZero() {
			break
		}
		if s.parted { // the story of the return first, then this one goes on from the rows
			s.start = s.cutAt
			s.queue = append(s.queue, p)
			return
		}
		order = s.rebuilt(p)
		s.start = s.cutAt.Add(between(s.dice["plan"], 0, 10*time.Minute))
	}
	switch {
	case s.endedAt.IsZero():
		s.wrong("the story never ended")
	case s.endErr != nil:
		s.wrong("the story failed: %v", s.endErr)
	default:
		s.start = s.endedAt
	}
}

// order holds what the workflow of a payment is started with: as the API does, or as the sweep does
// once its history is lost.
func (s *scenario) order(p pirogue.Payment) pirogue.Order {
	s.lot.t.Helper()
	stands, _, err := s.lot.store.Latest(s.lot.t.Context(), p.ID)
	require.NoError(s.lot.t, err)
	if stands.Status.Terminal() {
		return s.rebuilt(p)
	}
	return pirogue.NewOrder(p, []pirogue.Instance{s.instance()})
}

// rebuilt holds what a payment's workflow is started with again.
func (s *scenario) rebuilt(p pirogue.Payment) pirogue.Order {
	s.lot.t.Helper()
	instance := s.instance()
	table, err := pirogue.NewRouteTable(map[pirogue.OperatorCode]pirogue.Instance{instance.Code: instance}, nil)
	require.NoError(s.lot.t, err)
	r, err := s.lot.store.Restart(s.lot.t.Context(), p.ID)
	require.NoError(s.lot.t, err)
	order, err := table.Rebuild(r)
	require.NoError(s.lot.t, err)
	return order
}

// pause ends the history of a payment whose stray money goes back: the return is another story, of
// which this environment knows nothing.
func (s *scenario) pause() {
	if !s.endedAt.IsZero() || !s.cutAt.IsZero() {
		return
	}
	s.note("the return of its money is told first")
	s.cutAt, s.lost, s.parted = s.env.Now(), true, true
	s.rig.vanish()
	loseHistory(s.env)
}

// knows reports whether a payment is one of several.
func (s *scenario) knows(p pirogue.Payment, all []pirogue.Payment) bool {
	return slices.ContainsFunc(all, func(known pirogue.Payment) bool { return known.ID == p.ID })
}

// stage sets up Temporal, the workers and everybody who has a part in the story.
func (s *scenario) stage(p pirogue.Payment) {
	s.env = quiet().NewTestWorkflowEnvironment()
	s.env.SetTestTimeout(time.Minute)
	s.env.SetStartTime(s.start)
	s.lot.now = s.env.Now
	s.endedAt, s.cutAt, s.endErr = time.Time{}, time.Time{}, nil
	s.rig = newRig(s.env, s.activities())
	s.rig.loses = func(string) bool {
		dies := chance(s.dice["workers"], s.plan.mortal)
		if dies {
			s.mark("a worker dies after its work")
		}
		return dies
	}
	s.note("the story of %s %s begins", p.Kind, p.OrderID)
	for range s.dice["support"].IntN(3) {
		s.mark("a forged callback")
		s.ring(between(s.dice["support"], 0, 40*time.Minute))
	}
	s.visit()
}

// activities returns the real ones, over a database that may fail.
func (s *scenario) activities() *activities.Activities {
	instances := map[pirogue.OperatorCode]pirogue.Instance{instance: s.instance()}
	return &activities.Activities{
		Store: &shaky{DB: s.lot.store, fails: s.fails}, Operators: instances, Routes: ways{s}, Workflows: s, Sender: &listener{s: s},
		Clock: s.now, Callbacks: urls{}, Chance: s.dice["spread"].Float64,
	}
}

func (s *scenario) instance() pirogue.Instance {
	i := pirogue.Instance{
		Code: instance, Mode: pirogue.Test, Country: "ML", Network: pirogue.Orange,
		Window: s.plan.window, CallTimeout: 10 * time.Second, Operator: s.nature,
	}
	if s.plan.refunds {
		i.Operator = refunding{s.nature}
	}
	return i
}

// now is the present, a little later each time somebody looks: no two things happen at
// once.
func (s *scenario) now() time.Time {
	return s.lot.now().Add(time.Duration(s.looks.Add(1)) * time.Microsecond)
}

// fails draws whether a call to the database fails.
func (s *scenario) fails(method string) moment {
	switch draw := s.dice["database"].Float64(); {
	case draw < s.plan.shaky/2, draw < s.plan.shaky && method == "Latest": // what reads writes nothing
		s.mark("the database fails before writing")
		s.note("%s fails and writes nothing", method)
		if method == "Polled" {
			s.nature.unheard()
		}
		return before
	case draw < s.plan.shaky:
		s.mark("the database fails after writing")
		s.note("%s writes, and nobody hears of it", method)
		return after
	default:
		return spared
	}
}

// ended notes how the story ended.
func (s *scenario) ended(at time.Time, err error) {
	s.endedAt, s.endErr = at, err
	s.note("the story ended: %v", err)
}

// loseHistory ends the workflow after a while as if it had never been, also one that watches
// a payment that has ended.
func (s *scenario) loseHistory(after time.Duration) {
	s.env.RegisterDelayedCallback(func() {
		if !s.endedAt.IsZero() {
			return
		}
		p, _, err := s.lot.store.Latest(s.lot.t.Context(), s.playing.ID)
		require.NoError(s.lot.t, err)
		if p.Status.Terminal() {
			s.mark("a watch is lost")
		}
		s.mark("a history is lost")
		s.note("the history is lost")
		s.cutAt, s.lost = s.env.Now(), true
		s.rig.vanish()
		loseHistory(s.env)
	}, after)
}

// ring is the operator calling back after a while.
func (s *scenario) ring(after time.Duration) {
	env := s.env
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(workflows.CallbackSignal, nil) }, after)
}

// sweep runs the sweep at a moment, as its schedule would.
func (s *scenario) sweep(at time.Time) {
	s.lot.t.Helper()
	s.start, s.lot.now = at, func() time.Time { return at }
	a := s.activities()
	a.Store = s.lot.store
	_, err := a.Sweep(s.lot.t.Context())
	require.NoError(s.lot.t, err)
}

// deliver tells the merchant all its news.
func (s *scenario) deliver() {
	s.lot.t.Helper()
	for _, event := range s.news {
		env := quiet().NewTestWorkflowEnvironment()
		env.SetStartTime(s.start)
		s.lot.now = env.Now
		a := s.activities()
		a.Store = s.lot.store
		env.RegisterActivity(a)
		env.ExecuteWorkflow(workflows.Webhook, activities.News{Owner: s.owner, EventID: event})
		require.NoError(s.lot.t, env.GetWorkflowError())
	}
}

// Launch implements activities.Workflows.
func (s *scenario) Launch(_ context.Context, p pirogue.Payment) error {
	if s.knows(p, s.queue) || s.knows(p, s.told) {
		return nil
	}
	s.lot.owner[p.ID] = s
	s.queue = append(s.queue, p)
	if p.Late {
		s.mark("stray money goes back")
		if s.playing.ID == p.ParentID {
			s.env.RegisterDelayedCallback(s.pause, time.Second)
		}
	}
	return nil
}

// Deliver implements activities.Workflows.
func (s *scenario) Deliver(_ context.Context, _ pirogue.Owner, id pirogue.EventID, _ int) error {
	for _, known := range s.news {
		if known == id {
			return nil
		}
	}
	s.news = append(s.news, id)
	return nil
}

// Heard implements activities.Workflows.
func (s *scenario) Heard(context.Context, pirogue.PaymentID, pirogue.Kind) error { return nil }

// mark says that a fault happened.
func (s *scenario) mark(fault string) { s.lot.seen.hit(fault) }

// note adds a line to the trace.
func (s *scenario) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := fmt.Sprintf(format, args...)
	s.trace = append(s.trace, fmt.Sprintf("%10s  %s", s.lot.now().Sub(simStart).Round(time.Millisecond), line))
}

// alias names a reference by when it was first seen, so that a trace is the same in
// every run.
func (s *scenario) alias(ref pirogue.OperatorRef) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names[ref] == "" {
		s.names[ref] = fmt.Sprintf("reference %d", len(s.names)+1)
	}
	return s.names[ref]
}

func (s *scenario) traced() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.trace, "\n")
}

// wrong reports a mistake with how to see it again. The first one tells the whole story.
func (s *scenario) wrong(format string, args ...any) {
	s.lot.t.Helper()
	story := ""
	if !s.mistake {
		s.mistake = true
		story = "\n" + s.traced()
	}
	s.lot.t.Errorf("%s\n\tgo test ./workflows -run TestSimulation -seed %d -simulations 1%s",
		fmt.Sprintf(format, args...), s.seed, story)
}
