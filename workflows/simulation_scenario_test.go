package workflows_test

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"pirogue"
	"pirogue/access"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/routing"
	"pirogue/workflows"
)

// scenario is one merchant with one payment, all that happens to them, and the payments
// that follow from it.
type scenario struct {
	restarts

	lot    *lot
	seed   uint64
	plan   plan
	nature *nature
	owner  access.Owner
	start  time.Time

	env     *testsuite.TestWorkflowEnvironment
	rig     *rig
	playing pirogue.Payment // the payment whose workflow is told
	parted  bool            // its history was cut so that the workflow of a return is told
	running []pirogue.Payment
	news    []pirogue.EventID // deliveries that were started
	actions map[string]*askedAction
	endedAt time.Time // of the workflow that is told; zero: not yet
	endErr  error
	cutAt   time.Time
	lost    bool         // a history was
	looks   atomic.Int64 // at the clock

	queue     []startedWorkflow // workflows that wait to be told
	knows     map[pirogue.PaymentID]workflowState
	signals   map[pirogue.PaymentID]int // that wait for their workflow
	losses    map[pirogue.PaymentID]int // how often its history is lost yet
	cancelled map[pirogue.PaymentID]time.Time
	recorded  map[pirogue.PaymentID]bool // their cancel request must be in the audit log
	failed    map[pirogue.PaymentID]time.Time
	left      map[pirogue.PaymentID]bool // nobody of support came, and they wait for somebody
	ahead     []*happening
	busy      map[time.Time]bool // moments at which something happens
	machine   int                // that the activity under way runs on
	hung      []*hungRun         // runs of activities that were given up and have not ended

	mu      sync.Mutex
	names   map[pirogue.OperatorRef]string
	trace   []string
	mistake bool
	dice    map[string]*rand.Rand
}

// startedWorkflow is a workflow that was started and whose workflow is not told yet.
type startedWorkflow struct {
	payment pirogue.Payment
	input   *lifecycle.PaymentInput // nil: what its rows say when it is told
}

func (l *lot) scenario(seed uint64) *scenario {
	s := &scenario{
		lot: l, seed: seed, start: simStart, names: map[pirogue.OperatorRef]string{},
		actions: map[string]*askedAction{},
		dice:    map[string]*rand.Rand{}, knows: map[pirogue.PaymentID]workflowState{},
		signals: map[pirogue.PaymentID]int{}, losses: map[pirogue.PaymentID]int{},
		cancelled: map[pirogue.PaymentID]time.Time{}, busy: map[time.Time]bool{},
		recorded: map[pirogue.PaymentID]bool{}, left: map[pirogue.PaymentID]bool{},
		failed: map[pirogue.PaymentID]time.Time{},
	}
	for _, name := range streams {
		hash := fnv.New64a()
		hash.Write([]byte(name))
		s.dice[name] = rand.New(rand.NewPCG(seed, hash.Sum64()))
	}
	s.plan = draw(s.dice["plan"])
	s.plan.widen(s.dice["widened"])
	s.plan.deliver(s.dice["deliveries"])
	s.nature = &nature{
		s: s, fate: s.dice["fate"], noise: s.dice["noise"], book: map[pirogue.OperatorRef]*entry{},
		said: map[pirogue.OperatorRef][]*statement{}, tries: map[pirogue.PaymentID][]pirogue.OperatorRef{},
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

// play tells the workflows of the scenario's payment and of those that follow from it. It lets time
// pass until nothing more can happen, and then tells the merchant.
func (s *scenario) play() {
	s.lot.t.Helper()
	s.rest(s.start)
	s.begin()
	for len(s.queue) > 0 || s.passTime() {
		next := s.queue[0]
		s.queue = s.queue[1:]
		if !knows(next.payment, s.running) {
			s.running = append(s.running, next.payment)
		}
		s.runWorkflow(next)
	}
	s.sweep(s.start.Add(time.Minute))
	s.deliver()
}

// begin makes the merchant and accepts the payment.
func (s *scenario) begin() {
	s.lot.t.Helper()
	w := &world{t: s.lot.t, store: s.lot.store, env: quiet().NewTestWorkflowEnvironment()}
	w.env.SetStartTime(s.start)
	w.addMerchant(s.plan.policy)
	s.owner = w.owner
	p := w.accept(setting{kind: s.plan.kind, part: s.part()})
	s.note("%s of %s: %+v", p.Kind, p.Amount, s.plan)
	s.lot.owner[p.ID] = s
	for _, a := range w.earned {
		s.earned(a)
	}
	if s.plan.unstarted == 0 {
		s.launch(p)
		return
	}
	s.mark("nobody starts the workflow")
	s.sweep(s.start.Add(s.plan.unstarted))
	if len(s.queue) == 0 {
		s.mark("a payment is too old to be started")
		s.running = append(s.running, p)
	}
}

// earned has the operator know a cash-in that was paid before the scenario began.
func (s *scenario) earned(a pirogue.Attempt) {
	s.lot.t.Helper()
	p, _, err := s.lot.store.Latest(s.lot.t.Context(), a.PaymentID)
	require.NoError(s.lot.t, err)
	s.lot.owner[p.ID] = s
	s.nature.arrived = append(s.nature.arrived, &entry{
		s: s, payment: p.ID, ref: a.Ref, name: s.alias(a.Ref), kind: p.Kind, times: 1, since: s.start, shown: s.start,
		paid: time.Nanosecond, amount: p.AtOperator().Minor,
	})
}

// runWorkflow runs the workflow of one payment. Now and then its history is lost on the way.
// Some time later the sweep starts it again from the rows.
func (s *scenario) runWorkflow(next startedWorkflow) {
	s.lot.t.Helper()
	p := next.payment
	if i := slices.IndexFunc(
		s.queue, func(back startedWorkflow) bool { return back.payment.ParentID == p.ID },
	); i >= 0 {
		s.queue = append(s.queue, next) // the return of its money is told first
		return
	}
	s.playing, s.parted = p, false
	input := s.input(next)
	s.stage(p)
	if s.loses(p) {
		s.loseHistory(between(s.dice["plan"], 0, 10*time.Minute))
	}
	stories := map[pirogue.PaymentKind]paymentFunc{
		pirogue.CashIn: workflows.CashIn, pirogue.CashOut: workflows.CashOut, pirogue.Refund: workflows.Refund,
	}
	s.env.ExecuteWorkflow(withLinger(withLosableHistory(stories[p.Kind]), s.ended), input)
	switch {
	case s.left[p.ID]:
		s.rest(s.cutAt)
	case s.parted: // the workflow of the return first, then this one goes on from the rows
		s.rest(s.cutAt)
		s.queue = append(s.queue, startedWorkflow{payment: p})
	case !s.cutAt.IsZero():
		s.rest(s.cutAt)
		s.revive(p)
	case s.endedAt.IsZero():
		s.wrong("the story never ended: %v", s.env.GetWorkflowError())
	case s.endErr != nil:
		s.wrong("the story failed: %v", s.endErr)
	default:
		s.rest(s.endedAt)
	}
}

// loses draws whether the history of a payment is lost on the way: twice at most.
func (s *scenario) loses(p pirogue.Payment) bool {
	if _, drawn := s.losses[p.ID]; !drawn {
		for chance(s.dice["plan"], 0.15) && s.losses[p.ID] < 2 {
			s.losses[p.ID]++
		}
		s.losses[p.ID]++
	}
	s.losses[p.ID] = max(s.losses[p.ID]-1, 0)
	return s.losses[p.ID] > 0
}

// input returns the input of a payment's workflow.
func (s *scenario) input(next startedWorkflow) lifecycle.PaymentInput {
	s.lot.t.Helper()
	if next.input != nil {
		return *next.input
	}
	r, err := s.lot.store.Restart(s.lot.t.Context(), next.payment.ID)
	require.NoError(s.lot.t, err)
	input, err := s.rebuilt(r)
	require.NoError(s.lot.t, err)
	return input
}

// rebuilt returns the input of a payment's workflow that is started again.
func (s *scenario) rebuilt(r lifecycle.Restart) (lifecycle.PaymentInput, error) {
	instance := s.instance()
	table, err := routing.NewRouteTable(map[pirogue.OperatorCode]operator.Instance{instance.Code: instance}, nil)
	if err != nil {
		return lifecycle.PaymentInput{}, err
	}
	input, err := table.Rebuild(r)
	if err == nil {
		input.Resumes.At = s.now()
		input.Revision = s.plan.revision
	}
	return input, err
}

// pause ends the history of a payment whose stray money goes back: the return is another workflow, of
// which this environment knows nothing.
func (s *scenario) pause() {
	if !s.endedAt.IsZero() || !s.cutAt.IsZero() {
		return
	}
	s.note("the return of its money is told first")
	s.cutAt, s.lost, s.parted = s.lot.now(), true, true
	s.rig.vanish()
	loseHistory(s.env)
}

// knows reports whether a payment is one of several.
func knows(p pirogue.Payment, all []pirogue.Payment) bool {
	return slices.ContainsFunc(all, func(known pirogue.Payment) bool { return known.ID == p.ID })
}

// stage sets up Temporal, the workers and everybody who has a part in the workflow.
func (s *scenario) stage(p pirogue.Payment) {
	s.env = quiet().NewTestWorkflowEnvironment()
	s.env.SetTestTimeout(time.Minute)
	setWorker(s.env, s.plan.holdBack)
	env := s.env
	env.SetStartTime(s.start.Add(s.plan.temporal))
	s.lot.now = func() time.Time { return env.Now().Add(-s.plan.temporal) }
	s.endedAt, s.cutAt, s.endErr = time.Time{}, time.Time{}, nil
	s.rig = newRig(s.env, s.activities())
	s.rig.runs = s.begins
	s.rig.left = func() { s.mark("a first delivery is left to its event's workflow") }
	s.rig.loses = func(string) bool {
		dies := chance(s.dice["workers"], s.plan.dyingStore)
		if dies {
			s.mark("a worker dies after its work")
		}
		return dies
	}
	s.note("the story of %s %s begins", p.Kind, p.OrderID)
	for range s.dice["support"].IntN(3) {
		s.forge(between(s.dice["support"], 0, 40*time.Minute))
	}
	for _, h := range s.ahead {
		s.arm(h)
	}
	s.visit()
	s.leave()
	s.cancel()
	s.sweepOften()
	for ; s.signals[p.ID] > 0; s.signals[p.ID]-- {
		s.env.RegisterDelayedCallback(s.signalCallback, 0)
	}
}

// activities returns the real ones, over a database that may fail.
func (s *scenario) activities() *activities.Activities {
	return s.activitiesOver(&faultyStore{AllStores: s.lot.store, fails: s.fails, ended: s.settled})
}

// activitiesOver returns the real ones, over a database.
func (s *scenario) activitiesOver(db any) *activities.Activities {
	instances := map[pirogue.OperatorCode]operator.Instance{instance: s.instance()}
	return activities.New(activities.Config{
		Store: activitiestest.Store(db), Operators: instances, Routes: ways{s},
		Workflows: s, Sender: &listener{s: s},
		Clock: s.workerTime, Callbacks: urls{}, Chance: s.dice["spread"].Float64,
	})
}

func (s *scenario) instance() operator.Instance {
	i := operator.Instance{
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
func (s *scenario) fails(method string) faultTime {
	switch draw := s.dice["database"].Float64(); {
	case draw < s.plan.faultyStore/2, draw < s.plan.faultyStore && method == "Latest": // what reads writes nothing
		s.mark("the database fails before writing")
		s.note("%s fails and writes nothing", method)
		return before
	case draw < s.plan.faultyStore:
		s.mark("the database fails after writing")
		s.note("%s writes, and nobody hears of it", method)
		return after
	default:
		return spared
	}
}

// settled notes when a payment first became FAILED, by no worker's clock.
func (s *scenario) settled(p pirogue.Payment) {
	if _, known := s.failed[p.ID]; !known && p.Status == pirogue.StatusFailed {
		s.failed[p.ID] = s.now()
	}
}

// ended notes how the workflow ended.
func (s *scenario) ended(at time.Time, err error) {
	s.endedAt, s.endErr = at.Add(-s.plan.temporal), err
	if s.cutAt.IsZero() {
		s.knows[s.playing.ID] = closed
		at := s.cancelled[s.playing.ID]
		s.recorded[s.playing.ID] = s.recorded[s.playing.ID] || !at.IsZero() && s.endedAt.Sub(at) > time.Minute
	}
	s.note("the story ended: %v", err)
}

// loseHistory ends the workflow after a while as if it had never been. It also ends one that
// watches a payment that has ended.
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
		s.cutAt, s.lost = s.lot.now(), true
		s.forget(p.ID)
		s.rig.vanish()
		loseHistory(s.env)
	}, after)
}

// deliver tells the merchant all its news.
func (s *scenario) deliver() {
	s.lot.t.Helper()
	for _, event := range s.news {
		env := quiet().NewTestWorkflowEnvironment()
		env.SetStartTime(s.start)
		s.lot.now = env.Now
		env.RegisterActivity(s.activitiesOver(s.lot.store))
		env.ExecuteWorkflow(workflows.Webhook, activities.DeliverInput{Owner: s.owner, EventID: event})
		require.NoError(s.lot.t, env.GetWorkflowError())
	}
}
