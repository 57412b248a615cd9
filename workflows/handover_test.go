package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/activities"
	"pirogue/activities/activitiestest"
	"pirogue/bulk"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// bulkOperator is an operator that takes many payments by one call.
type bulkOperator struct {
	*scriptedOperator
	fails error // what its bulk call fails with
	calls [][]pirogue.OperatorRef
}

func (*bulkOperator) MaxBulk() int { return 20 }

func (w *bulkOperator) BulkDisburse(_ context.Context, all []operator.DisburseRequest, _ string) (string, error) {
	var refs []pirogue.OperatorRef
	for _, d := range all {
		refs = append(refs, d.Ref)
	}
	w.calls = append(w.calls, refs)
	if w.fails != nil {
		return "", w.fails
	}
	return "B1", nil
}

// employ gives the crew an operator that takes bulks, over a store of the test's.
func (c *bulkWorld) employ(operator operator.Operator, store any) {
	instances := c.instances(false)
	i := instances[instance]
	i.Operator = operator
	instances[instance] = i
	c.operators = instances
	c.renew()
	c.env.SetTestTimeout(time.Minute)
	c.env.RegisterActivity(activities.New(activities.Config{
		Store: activitiestest.Store(store), Operators: instances, Routes: routes{instances}, Workflows: c, Clock: c.env.Now,
		Callbacks: urls{},
	}))
}

// attempts returns the state of each line's attempt.
func (c *bulkWorld) attempts() map[pirogue.AttemptState]int {
	c.t.Helper()
	states := map[pirogue.AttemptState]int{}
	for _, l := range c.lines {
		_, a, err := c.store.Latest(c.t.Context(), l.Payment.ID)
		require.NoError(c.t, err)
		states[a.State]++
	}
	return states
}

func TestBulkCallsPerPage(t *testing.T) {
	t.Parallel()

	// Each row is what the operator answers to the calls, and what the workflows find.
	for name, row := range map[string]struct {
		fails error
		want  pirogue.AttemptState
	}{
		"accepted": {nil, pirogue.AttemptAccepted},
		"refused":  {refused, pirogue.AttemptRefused},
		"not sent": {notSent, pirogue.AttemptPrepared},
		"unknown":  {unknown, pirogue.AttemptUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := newBulkWorld(t, 50)
			operator := &bulkOperator{scriptedOperator: c.operator, fails: row.fails}
			c.employ(operator, c.store)
			seen := map[pirogue.AttemptState]int{}
			c.env.RegisterDelayedCallback(func() { seen = c.attempts() }, 30*time.Second)
			c.pay(2)
			require.Equal(t, bulk.BulkCompleted, c.run().State)
			require.Equal(t, map[pirogue.AttemptState]int{row.want: 50}, seen)
			require.Len(t, operator.calls, 3, "twenty, twenty and ten")
			require.Empty(t, operator.refs, "nothing was submitted by itself")
			require.Len(t, c.launches, 50)
			c.once(operator)
			c.audit()
		})
	}
}

// once fails when a reference reached the operator twice.
func (c *bulkWorld) once(operator *bulkOperator) {
	c.t.Helper()
	seen := map[pirogue.OperatorRef]bool{}
	for _, refs := range operator.calls {
		for _, ref := range refs {
			require.False(c.t, seen[ref], "%s was handed over twice", ref)
			seen[ref] = true
		}
	}
}

// dyingStore is a store whose caller dies before or after a call, once.
type dyingStore struct {
	*activitiestest.AllStores

	at    string // the call
	after bool
	died  bool
}

func (m *dyingStore) dies(call string, after bool) error {
	if m.died || m.at != call || m.after != after {
		return nil
	}
	m.died = true
	return errors.New("the worker dies")
}

func (m *dyingStore) StartLines(
	ctx context.Context, id pirogue.BulkID, page, limit int, prepare func(pirogue.Payment) (pirogue.Attempt, string),
) (int, error) {
	n, err := m.AllStores.StartLines(ctx, id, page, limit, prepare)
	return n, errors.Join(err, m.dies("StartLines", true))
}

func (m *dyingStore) SendLines(
	ctx context.Context, attempts []pirogue.AttemptID, at time.Time,
) (map[pirogue.AttemptID]lifecycle.Sending, error) {
	if err := m.dies("SendLines", false); err != nil {
		return nil, err
	}
	marked, err := m.AllStores.SendLines(ctx, attempts, at)
	return marked, errors.Join(err, m.dies("SendLines", true))
}

func (m *dyingStore) RecordAttemptResult(ctx context.Context, a lifecycle.AttemptResult) (pirogue.AttemptState, error) {
	if err := m.dies("RecordAttemptResult", false); err != nil {
		return "", err
	}
	stands, err := m.AllStores.RecordAttemptResult(ctx, a)
	return stands, errors.Join(err, m.dies("RecordAttemptResult", true))
}

func (m *dyingStore) OpenLines(ctx context.Context, id pirogue.BulkID, page int) ([]bulk.OpenLine, error) {
	if err := m.dies("OpenLines", false); err != nil {
		return nil, err
	}
	return m.AllStores.OpenLines(ctx, id, page)
}

func (m *dyingStore) CloseBulk(ctx context.Context, id pirogue.BulkID, at time.Time) (bulk.BulkProgress, bool, error) {
	progress, closed, err := m.AllStores.CloseBulk(ctx, id, at)
	if closed {
		err = errors.Join(err, m.dies("CloseBulk", true))
	}
	return progress, closed, err
}

// Whatever the line on which the worker dies, nothing is handed over twice: what was
// marked and is not known to have been answered is asked for.
func TestBulkCallWorkerDies(t *testing.T) {
	t.Parallel()

	// Each row is where it dies, how many calls reach the operator and what the workflows
	// find.
	for name, row := range map[string]struct {
		at    string
		after bool
		calls int
		want  map[pirogue.AttemptState]int
	}{
		"lines have begun": {"StartLines", true, 2, map[pirogue.AttemptState]int{"ACCEPTED": 30}},
		"before the mark":  {"SendLines", false, 2, map[pirogue.AttemptState]int{"ACCEPTED": 30}},
		"after the mark": {
			"SendLines", true, 1, map[pirogue.AttemptState]int{"SENT": 20, "ACCEPTED": 10},
		},
		"after the call": {
			"RecordAttemptResult", false, 2, map[pirogue.AttemptState]int{"SENT": 20, "ACCEPTED": 10},
		},
		"after the first note": {
			"RecordAttemptResult", true, 2, map[pirogue.AttemptState]int{"SENT": 19, "ACCEPTED": 11},
		},
		"before the workflows start":   {"OpenLines", false, 2, map[pirogue.AttemptState]int{"ACCEPTED": 30}},
		"the bulk is closed, not told": {"CloseBulk", true, 2, map[pirogue.AttemptState]int{"ACCEPTED": 30}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := newBulkWorld(t, 30)
			operator := &bulkOperator{scriptedOperator: c.operator}
			c.employ(operator, &dyingStore{AllStores: c.store, at: row.at, after: row.after})
			seen := map[pirogue.AttemptState]int{}
			c.env.RegisterDelayedCallback(func() { seen = c.attempts() }, 40*time.Second)
			c.pay(2)
			require.Equal(t, bulk.BulkCompleted, c.run().State)
			require.Equal(t, row.want, seen)
			require.Len(t, operator.calls, row.calls)
			c.once(operator)
			require.Equal(t, []pirogue.EventID{bulk.NewBulkEventID(c.bulk.ID)}, c.delivered)
			c.audit()
		})
	}
}

// competingStore is a store in which somebody else sends one payment of a page first.
type competingStore struct {
	*activitiestest.AllStores

	sent pirogue.AttemptID
}

func (r *competingStore) SendLines(
	ctx context.Context, attempts []pirogue.AttemptID, at time.Time,
) (map[pirogue.AttemptID]lifecycle.Sending, error) {
	if r.sent == "" {
		r.sent = attempts[3]
		if _, err := r.AllStores.Send(ctx, r.sent, operator.SendLimits{}, at); err != nil {
			return nil, err
		}
	}
	return r.AllStores.SendLines(ctx, attempts, at)
}

func TestBulkCallSkipsSentLines(t *testing.T) {
	t.Parallel()

	c := newBulkWorld(t, 10)
	operator, store := &bulkOperator{scriptedOperator: c.operator}, &competingStore{AllStores: c.store}
	c.employ(operator, store)
	c.pay(2)
	require.Equal(t, bulk.BulkCompleted, c.run().State)
	require.Len(t, operator.calls, 1)
	require.Len(t, operator.calls[0], 9)
	c.audit()
}
