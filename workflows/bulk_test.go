package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"pirogue"
	"pirogue/activities"
	"pirogue/bulk"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/workflows"
)

// bulkWorld is a world whose payments' workflows are played: a payment of a bulk ends some time
// after it was launched.
type bulkWorld struct {
	*world
	bulk  bulk.Bulk
	lines []bulk.BulkLine

	mu        sync.Mutex
	open      []pirogue.Payment
	launches  map[pirogue.PaymentID]int
	falls     int // launches after which the worker dies, once
	delivered []pirogue.EventID
	most      int // payments that were open at one moment

	operators map[pirogue.OperatorCode]operator.Instance
}

// newCrew accepts a bulk of so many lines.
func newBulkWorld(t *testing.T, lines int) *bulkWorld {
	t.Helper()
	c := &bulkWorld{world: freshDatabase(t).world(t, setting{}), launches: map[pirogue.PaymentID]int{}}
	c.collected("funds", int64(lines*120), 0)
	now := pirogue.Clock(c.env.Now).Now()
	c.bulk = bulk.Bulk{
		ID: pirogue.BulkID(ids.New()), MerchantID: c.owner.MerchantID, Mode: c.owner.Mode, Reference: "april",
		State: bulk.BulkAccepted, Country: "ML", Amount: xof(0), Fee: xof(0), CreatedAt: now, UpdatedAt: now,
	}
	for i := range lines {
		p := pirogue.Payment{
			ID: ids.Payment(), MerchantID: c.owner.MerchantID, Mode: c.owner.Mode, Kind: pirogue.CashOut,
			OrderID: fmt.Sprint("line_", i), Status: pirogue.StatusCreated, Amount: xof(100), Fee: xof(20),
			FeePayer: pirogue.PaidByMerchant, Country: "ML", MSISDN: "+22370001234", Network: pirogue.Orange,
			Operator: instance, BulkID: c.bulk.ID, Quiet: true,
		}
		c.lines = append(c.lines, bulk.BulkLine{Number: i + 1, Payment: p})
		c.bulk.Lines, c.bulk.Amount.Minor, c.bulk.Fee.Minor = i+1, c.bulk.Amount.Minor+100, c.bulk.Fee.Minor+20
		c.bulk.Cost += p.Net()
	}
	var err error
	c.bulk, _, err = c.store.AcceptBulk(t.Context(), c.bulk, c.lines)
	require.NoError(t, err)
	c.begin()
	return c
}

// begin gives the crew a Temporal of its own.
func (c *bulkWorld) begin() {
	c.employ(c.operator, c.store)
}

// Launch implements activities.Workflows.
func (c *bulkWorld) Launch(_ context.Context, p pirogue.Payment) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.launches[p.ID]++; c.launches[p.ID] == 1 {
		c.open = append(c.open, p)
		c.most = max(c.most, len(c.open))
	}
	if c.falls > 0 && len(c.launches) == c.falls {
		c.falls = 0
		return errors.New("the worker dies")
	}
	return nil
}

// Deliver implements activities.Workflows.
func (c *bulkWorld) Deliver(_ context.Context, e pirogue.Event) error {
	c.delivered = append(c.delivered, e.ID)
	return nil
}

// pay ends what is open every minute: every tenth fails.
func (c *bulkWorld) pay(rounds int) {
	for round := range rounds {
		c.env.RegisterDelayedCallback(c.payAll, time.Duration(round+1)*time.Minute)
	}
}

func (c *bulkWorld) payAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, p := range c.open {
		_, a, err := c.store.Latest(context.Background(), p.ID)
		require.NoError(c.t, err)
		if a.State == pirogue.AttemptPrepared {
			_, err = c.store.Send(context.Background(), a.ID, operator.SendLimits{}, c.env.Now())
			require.NoError(c.t, err)
		}
		end := lifecycle.Finalization{PaymentID: p.ID, Status: pirogue.StatusSuccess, At: c.env.Now()}
		if i%10 == 9 {
			end.Status, end.Failure = pirogue.StatusFailed, pirogue.Failure{Code: pirogue.FailedDeclined}
		}
		_, err = c.store.Finalize(context.Background(), end)
		require.NoError(c.t, err)
	}
	c.open = nil
}

// run runs the coordinator to its end.
func (c *bulkWorld) run() activities.BulkClosed {
	c.t.Helper()
	input := bulk.NewBulkInput(c.bulk, func(code pirogue.OperatorCode) (operator.Instance, bool) {
		return c.operators[code], true
	})
	for i := range input.Pages { // this Temporal counts silence by the machine's clock, over all runs of a page
		input.Pages[i].CallTimeout += operator.Duration(time.Minute)
	}
	c.env.ExecuteWorkflow(workflows.Bulk, input)
	require.True(c.t, c.env.IsWorkflowCompleted())
	require.NoError(c.t, c.env.GetWorkflowError())
	var closed activities.BulkClosed
	require.NoError(c.t, c.env.GetWorkflowResult(&closed))
	return closed
}

func TestBulk(t *testing.T) {
	t.Parallel()

	c := newBulkWorld(t, 1100) // three pages
	c.pay(10)
	closed := c.run()
	require.Equal(t, bulk.BulkCompleted, closed.State)
	require.Equal(t, 1100, closed.Counts["SUCCESS"]+closed.Counts["FAILED"])
	require.Len(t, c.launches, 1100)
	require.LessOrEqual(t, c.most, 2*bulk.BulkPageLines, "an operator that decides nothing is given no more")
	require.Equal(t, []pirogue.EventID{bulk.NewBulkEventID(c.bulk.ID)}, c.delivered)
	require.EqualValues(t, 1100*120-closed.Counts["SUCCESS"]*120, c.balance().Available)
	c.audit()
}

// The worker dies at different lines of a page; the page is run again.
func TestBulkPageDies(t *testing.T) {
	t.Parallel()

	for _, falls := range []int{1, 7, 30} {
		t.Run(fmt.Sprintf("after %d launches", falls), func(t *testing.T) {
			t.Parallel()

			c := newBulkWorld(t, 30)
			c.falls = falls
			c.pay(2)
			require.Equal(t, bulk.BulkCompleted, c.run().State)
			require.Len(t, c.launches, 30)
			c.audit()
		})
	}
}

// The coordinator is lost, with all that Temporal knew of it, and started anew.
func TestBulkStartedAnew(t *testing.T) {
	t.Parallel()

	c := newBulkWorld(t, 60)
	c.env.RegisterDelayedCallback(func() { loseHistory(c.env) }, 20*time.Second)
	noOperator := func(pirogue.OperatorCode) (operator.Instance, bool) { return operator.Instance{}, false }
	c.env.ExecuteWorkflow(withLosableHistory(workflows.Bulk), bulk.NewBulkInput(c.bulk, noOperator))
	require.Error(t, c.env.GetWorkflowError())
	require.Len(t, c.launches, 60)
	c.payAll()
	c.begin()
	require.Equal(t, bulk.BulkCompleted, c.run().State)
	for id, n := range c.launches {
		require.Equal(t, 1, n, "%s had ended when its page was started anew", id)
	}
	c.audit()
}

func TestBulkCancelled(t *testing.T) {
	t.Parallel()

	c := newBulkWorld(t, 1100)
	c.env.RegisterDelayedCallback(func() {
		_, err := c.store.CancelBulk(context.Background(), c.owner, c.bulk.ID, c.env.Now())
		require.NoError(t, err)
	}, 10*time.Second) // the first page is open, the second waits for room
	c.pay(3)
	closed := c.run()
	require.Equal(t, bulk.BulkCancelled, closed.State)
	require.Equal(t, 100+bulk.BulkPageLines, closed.Counts[bulk.LineCancelled])
	require.Len(t, c.launches, bulk.BulkPageLines)
	c.audit()
}

func TestSweepStartsBulk(t *testing.T) {
	t.Parallel()

	c := newBulkWorld(t, 3)
	c.expire() // the world's own payment
	c.env.SetStartTime(c.env.Now().Add(24 * time.Hour))
	c.env.ExecuteWorkflow(workflows.Sweep)
	require.NoError(t, c.env.GetWorkflowError())
	require.Equal(t, []pirogue.BulkID{c.bulk.ID}, c.bulks)
	progress, err := c.store.Bulk(t.Context(), c.owner, c.bulk.ID)
	require.NoError(t, err)
	require.Equal(t, 3, progress.Tallies[bulk.LineWaiting].Lines, "lines whose turn has not come are left alone")
}

func TestSweepLeavesWaitingLines(t *testing.T) {
	t.Parallel()

	c := newBulkWorld(t, 3)
	c.expire()
	_, err := c.store.StartLines(t.Context(), c.bulk.ID, 1, 2, func(p pirogue.Payment) (pirogue.Attempt, string) {
		a := pirogue.Attempt{ID: pirogue.AttemptID(ids.New()), Operator: p.Operator, Ref: ids.Reference(p.Kind)}
		return a, urls{}.Digest(a.Ref)
	})
	require.NoError(t, err)
	c.env.SetStartTime(c.env.Now().Add(24 * time.Hour))
	c.env.ExecuteWorkflow(workflows.Sweep)
	require.NoError(t, c.env.GetWorkflowError())
	require.Empty(t, c.launches)
	progress, err := c.store.Bulk(t.Context(), c.owner, c.bulk.ID)
	require.NoError(t, err)
	require.Equal(t, 2, progress.Tallies["CREATED"].Lines, "a day later they still wait")
}

// LaunchBulk implements activities.Workflows.
func (s *scenario) LaunchBulk(context.Context, bulk.Bulk) error { return nil }

// deserted is a Temporal where nobody works for an operator that left the configuration.
type deserted struct{ begun []string }

// StartPage implements the activity of that name.
func (d *deserted) StartPage(ctx context.Context, in activities.BulkPageInput) (activities.BulkPageResult, error) {
	queue := activity.GetInfo(ctx).TaskQueue
	if queue != workflows.PaymentsQueue {
		return activities.BulkPageResult{}, temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START, nil)
	}
	d.begun = append(d.begun, fmt.Sprintf("page %d %s", in.Number, in.Page.Operator))
	return activities.BulkPageResult{}, nil
}

// CloseBulk implements the activity of that name.
func (*deserted) CloseBulk(context.Context, pirogue.BulkID) (activities.BulkClosed, error) {
	return activities.BulkClosed{State: bulk.BulkCompleted}, nil
}

func TestBulkPageUnserved(t *testing.T) {
	t.Parallel()

	env, d := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment(), &deserted{}
	env.RegisterWorkflow(workflows.Bulk)
	env.RegisterActivity(d)
	env.ExecuteWorkflow(workflows.Bulk, bulk.BulkInput{BulkID: "april", Pages: []bulk.BulkPage{
		{}, {Operator: "gone", CallTimeout: operator.Duration(time.Second)}, {},
	}})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []string{"page 1 ", "page 2 ", "page 3 "}, d.begun)
}
