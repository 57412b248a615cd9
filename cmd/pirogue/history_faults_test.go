package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"

	"pirogue"
	"pirogue/api/admin"
	"pirogue/bulk"
	"pirogue/config"
	"pirogue/piroguetest"
	"pirogue/support"
	"pirogue/workflows"
)

const (
	recordedWindow  = 6 * time.Second  // of every customer: long enough to lose a workflow within it
	recordedHorizon = 12 * time.Second // of every operator, so that watches end during the test
	redriveHorizon  = 5 * time.Minute  // of redrive's operator: longer than the retries of its submission
	historyPatience = 4 * time.Minute  // for one payment to end, on a slow machine
)

// faultWorld is a world whose histories are recorded. Two people of support act in it.
type faultWorld struct {
	*world
	m             merchant
	first, second *admin.Client
	digitalpaye   sync.Mutex // held by the one payment that breaks its simulator
}

// cutPayouts breaks off every payout of Taramoney. It also breaks off the payouts of one account
// of Novasend, until a status query about one arrives. The simulators do not receive these
// requests.
func cutPayouts() func(*http.Request) {
	var lost, asked atomic.Bool
	return func(r *http.Request) {
		key, _, _ := r.BasicAuth()
		redriven := strings.HasPrefix(r.URL.Path, "/novasend/") && key == "sandbox-key-bj"
		if redriven && lost.Load() && r.Method == http.MethodGet {
			asked.Store(true)
		}
		cut := redriven && strings.HasSuffix(r.URL.Path, "/payout") && !asked.Load()
		if cut {
			lost.Store(true)
		}
		if cut || strings.HasSuffix(r.URL.Path, "/taramoney/api/tara/payout/create") {
			panic(http.ErrAbortHandler)
		}
	}
}

func newFaultWorld(t *testing.T) *faultWorld {
	t.Helper()
	s := shortenTimes(piroguetest.SQLite(t))
	s.settings, s.onCall = []string{"PIROGUE_KEYS=" + piroguetest.RecordingKeys}, cutPayouts()
	tune := s.tune
	s.tune = func(o *config.Operator) {
		tune(o)
		o.Window, o.FinalityWindow = config.Duration(recordedWindow), config.Duration(recordedHorizon)
		switch o.Code {
		case "novasend-bj-test":
			o.FinalityWindow = config.Duration(redriveHorizon)
		case "taramoney-cm-test":
			o.AbsenceProves = false
		}
	}
	w := newWorld(t, s)
	server, err := w.parts.newSupport()
	require.NoError(t, err)
	url := w.listen(server.Handler())
	token, err := w.parts.store.Tokens.CreateToken(t.Context(), "awa", support.RoleFinance)
	require.NoError(t, err)
	f := &faultWorld{
		world: w, m: w.merchant(),
		first: &admin.Client{URL: url, Token: w.account.Support}, second: &admin.Client{URL: url, Token: token},
	}
	for country, network := range map[pirogue.CountryCode]pirogue.Network{
		"CI": pirogue.MTN, "SN": pirogue.Orange, "BF": pirogue.Moov, "BJ": pirogue.Moov, "CM": pirogue.Orange,
	} {
		w.fundIn(t, f.m, country, network, 100_000)
	}
	f.m.fund(t, 100_000)
	return f
}

// Each row names one way in which a workflow ends after a fault. It limits the events in the
// history.
func TestHistoriesOfFaultsStayShort(t *testing.T) {
	t.Parallel()

	f := newFaultWorld(t)
	tests := map[string]struct {
		play   func(*faultWorld, *testing.T) (workflow string)
		events int
	}{
		"cashin/watched to its end":            {(*faultWorld).watched, 70},
		"cashin/recheck while watching":        {(*faultWorld).recheckedWhileWatching, 115},
		"cashin/late success returned":         {(*faultWorld).lateSuccess, 120},
		"cashin/mismatch placed by two people": {(*faultWorld).mismatchPlaced, 130},
		"cashin/cancelled":                     {(*faultWorld).cancelled, 80},
		"cashin/started again":                 {(*faultWorld).startedAgain, 90},
		"cashin/watch started again":           {(*faultWorld).watchStartedAgain, 65},
		"cashout/parked and returned":          {(*faultWorld).parked, 50},
		"cashout/failover, not sent":           {(*faultWorld).failoverNotSent, 60},
		"cashout/failover after a refusal":     {(*faultWorld).failoverAfterRefusal, 95},
		"cashout/redriven":                     {(*faultWorld).redriven, 100},
		"cashout/resolved in two steps":        {(*faultWorld).resolved, 175},
		"cashout/mismatch paid in part":        {(*faultWorld).mismatchInPart, 125},
		"bulk/cancelled":                       {(*faultWorld).bulkCancelled, 20},
		"sweep/sweep":                          {(*faultWorld).swept, 20},
		"sweep/rebuild":                        {(*faultWorld).rebuilt, 11},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f.recordEnded(t, name, tt.play(f, t), tt.events)
		})
	}
}

// recordEnded waits for a workflow's end and records its history. It fails if the workflow fails.
func (f *faultWorld) recordEnded(t *testing.T, name, workflow string, most int) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), historyPatience)
	defer stop()
	require.NoError(t, f.parts.temporal.GetWorkflow(ctx, workflow, "").Get(ctx, nil))
	history := f.history(t, workflow)
	folder, file, _ := strings.Cut(name, "/")
	record(t, folder, file, history)
	require.LessOrEqual(t, len(history.Events), most)
	t.Logf("%d events, at most %d", len(history.Events), most)
}

// cashInOf requests a cash-in and returns its ID and its workflow's.
func (f *faultWorld) cashInOf(t *testing.T, number string) (id pirogue.PaymentID, workflow string) {
	t.Helper()
	got := f.m.pay(t, order(number))
	require.NotEmpty(t, got.Data.ID, got.Raw)
	id = pirogue.PaymentID(got.Data.ID)
	return id, workflows.PaymentWorkflowID(id, pirogue.CashIn)
}

// cashOutOf requests a cash-out on a network and returns its ID and its workflow's.
func (f *faultWorld) cashOutOf(t *testing.T, number string, n pirogue.Network) (id pirogue.PaymentID, workflow string) {
	t.Helper()
	got := f.m.send(t, "/payments/cashout", on(cashOut(number, 1000), n))
	require.NotEmpty(t, got.Data.ID, got.Raw)
	id = pirogue.PaymentID(got.Data.ID)
	return id, workflows.PaymentWorkflowID(id, pirogue.CashOut)
}

func (f *faultWorld) until(t *testing.T, id pirogue.PaymentID, s pirogue.Status) {
	t.Helper()
	f.m.until(t, string(id), string(s), historyPatience)
}

// decides fails unless a support action has a result with this decision.
func decides(t *testing.T, want support.Decision, act admin.AuditEntry, err error) {
	t.Helper()
	require.NotNil(t, act.Result, "%v", err)
	require.Equal(t, want, act.Result.Decision, act.Result.Reason)
}

// resolveTwice has two people resolve a payment in the same way, and requires the decision on
// each.
func (f *faultWorld) resolveTwice(t *testing.T, id pirogue.PaymentID, as support.Resolution, cause support.Cause) {
	t.Helper()
	f.expectCase(t, t.Name(), string(id), cause, historyPatience)
	resolution := admin.Resolution{As: as, Evidence: "line 4 of the statement"}
	act, err := f.first.Resolve(t.Context(), id, resolution, "the operator cannot tell")
	decides(t, support.DecisionProposed, act, err)
	act, err = f.second.Resolve(t.Context(), id, resolution, "I have read it too")
	decides(t, support.DecisionSettled, act, err)
}

func (f *faultWorld) watched(t *testing.T) string {
	id, workflow := f.cashInOf(t, "+22376333333")
	f.until(t, id, pirogue.StatusExpired)
	return workflow
}

func (f *faultWorld) recheckedWhileWatching(t *testing.T) string {
	id, workflow := f.cashInOf(t, "+22376333333")
	f.until(t, id, pirogue.StatusExpired)
	act, err := f.first.Recheck(t.Context(), id, "the customer says that they paid")
	decides(t, support.DecisionRefused, act, err)
	require.Contains(t, act.Result.Reason, "knows of no money")
	return workflow
}

func (f *faultWorld) lateSuccess(t *testing.T) string {
	id, workflow := f.cashInOf(t, "+22376777777")
	f.until(t, id, pirogue.StatusExpired)
	f.expectCase(t, t.Name(), string(id), support.CauseLateSuccess, historyPatience)
	return workflow
}

func (f *faultWorld) mismatchPlaced(t *testing.T) string {
	id, workflow := f.cashInOf(t, "+22376999999")
	f.resolveTwice(t, id, support.ResolvedPlaced, support.CauseAmountMismatch)
	f.until(t, id, pirogue.StatusFailed)
	return workflow
}

func (f *faultWorld) cancelled(t *testing.T) string {
	id, workflow := f.cashInOf(t, "+22376333333")
	require.NoError(t, f.parts.temporal.CancelWorkflow(t.Context(), workflow, ""))
	f.until(t, id, pirogue.StatusExpired)
	asked := func(e *historypb.HistoryEvent) bool {
		return e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED
	}
	require.True(t, slices.ContainsFunc(f.history(t, workflow).Events, asked))
	return workflow
}

// lose terminates a workflow as Temporal's command line does. Then support rechecks the payment,
// which starts it again.
func (f *faultWorld) lose(t *testing.T, id pirogue.PaymentID, workflow string, heard support.Decision) {
	t.Helper()
	require.NoError(t, f.parts.temporal.TerminateWorkflow(t.Context(), workflow, "", "a test"))
	act, err := f.first.Recheck(t.Context(), id, "nobody follows the payment")
	decides(t, heard, act, err)
}

func (f *faultWorld) startedAgain(t *testing.T) string {
	id, workflow := f.cashInOf(t, "+22376333333")
	f.lose(t, id, workflow, support.DecisionWaiting)
	f.until(t, id, pirogue.StatusExpired)
	return workflow
}

func (f *faultWorld) watchStartedAgain(t *testing.T) string {
	id, workflow := f.cashInOf(t, "+22376333333")
	f.until(t, id, pirogue.StatusExpired)
	f.lose(t, id, workflow, support.DecisionRefused)
	return workflow
}

// outOfService takes an operator out of service, and returns once every worker knows it.
func (f *faultWorld) outOfService(t *testing.T, o pirogue.OperatorCode) {
	t.Helper()
	_, err := f.first.Park(t.Context(), o, "they announced maintenance")
	require.NoError(t, err)
	time.Sleep(2 * time.Second) // a worker caches an operator's state for one second
}

// parks waits until the workflow of a cash-out waits for its operator: an activity looks for it again
// and again. The rows of a payment say that it waits before its workflow starts.
func (f *faultWorld) parks(t *testing.T, id pirogue.PaymentID) {
	t.Helper()
	workflow := workflows.PaymentWorkflowID(id, pirogue.CashOut)
	require.Eventually(t, func() bool {
		described, err := f.parts.temporal.DescribeWorkflowExecution(t.Context(), workflow, "")
		return err == nil && slices.ContainsFunc(described.PendingActivities, func(a *workflowpb.PendingActivityInfo) bool {
			return a.Attempt > 1
		})
	}, historyPatience, 100*time.Millisecond)
}

// waiting waits until this number of payments waits for an operator.
func (f *faultWorld) waiting(t *testing.T, o pirogue.OperatorCode, payments int) {
	t.Helper()
	require.Eventually(t, func() bool {
		n, err := f.parts.store.Operators.Waiting(t.Context(), o)
		return err == nil && n == payments
	}, historyPatience, 100*time.Millisecond)
}

func (f *faultWorld) parked(t *testing.T) string {
	const operator = "sonatel-sn-test"
	f.outOfService(t, operator)
	id, workflow := f.cashOutOf(t, "+221770123456", pirogue.Orange)
	f.waiting(t, operator, 1)
	f.parks(t, id)
	_, err := f.first.Unpark(t.Context(), operator, "they are back")
	require.NoError(t, err)
	f.until(t, id, pirogue.StatusSuccess)
	return workflow
}

// failover has the second operator of a route execute the payment while the first is broken.
func (f *faultWorld) failover(t *testing.T, broken string) string {
	t.Helper()
	f.digitalpaye.Lock()
	defer f.digitalpaye.Unlock()
	settings := f.sandbox.Simulator("digitalpaye").Settings()
	require.NoError(t, settings.Set([]byte(broken)))
	defer func() { require.NoError(t, settings.Heal()) }()
	id, workflow := f.cashOutOf(t, "+2250505123456", pirogue.MTN)
	f.until(t, id, pirogue.StatusSuccess)
	p, a, err := f.parts.store.Attempts.Latest(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, pirogue.OperatorCode("novasend-ci-test"), p.Operator)
	require.Equal(t, 2, a.Number)
	return workflow
}

func (f *faultWorld) failoverNotSent(t *testing.T) string {
	return f.failover(t, `{"keys_changed": true, "refuse_tokens": true}`)
}

func (f *faultWorld) failoverAfterRefusal(t *testing.T) string {
	return f.failover(t, `{"float": 0}`)
}

func (f *faultWorld) redriven(t *testing.T) string {
	id, workflow := f.cashOutOf(t, "+2290164123456", pirogue.Moov)
	// It waits while the submission is retried. The acts have its decision even if the response
	// is lost.
	f.first.Redrive(t.Context(), id, "the beneficiary waits") //nolint:errcheck // see above
	f.until(t, id, pirogue.StatusSuccess)
	acts, err := f.first.AuditEntries(t.Context(), id, 1)
	require.NoError(t, err)
	decides(t, support.DecisionResubmitted, acts[0], nil)
	return workflow
}

func (f *faultWorld) resolved(t *testing.T) string {
	id, workflow := f.cashOutOf(t, "+237699123456", pirogue.Orange)
	f.resolveTwice(t, id, support.ResolvedUnpaid, support.CauseUnknown)
	f.until(t, id, pirogue.StatusFailed)
	return workflow
}

func (f *faultWorld) mismatchInPart(t *testing.T) string {
	id, workflow := f.cashOutOf(t, "+22376999999", pirogue.Orange)
	f.resolveTwice(t, id, support.ResolvedInPart, support.CauseAmountMismatch)
	f.until(t, id, pirogue.StatusFailed)
	return workflow
}

// bulkCancelled cancels a bulk whose lines wait for their operator, and records the workflow of
// one line.
func (f *faultWorld) bulkCancelled(t *testing.T) string {
	const operator, lines = "novasend-bf-test", 3
	f.outOfService(t, operator)
	asked := make([]string, lines)
	for i := range asked {
		asked[i] = on(cashOut("+22670123456", 500), pirogue.Moov)
	}
	body := fmt.Sprintf(`{"merchant_bulk_id":"cancelled","lines":[%s]}`, strings.Join(asked, ","))
	got := f.m.send(t, "/payments/cashout/bulk", body)
	var answered struct {
		Data struct {
			ID pirogue.BulkID `json:"bulk_id"`
		} `json:"data"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.Raw), &answered))
	require.NotEmpty(t, answered.Data.ID, got.Raw)
	f.waiting(t, operator, lines)
	var line pirogue.PaymentID
	require.NoError(t, f.parts.store.Bulks.BulkLines(t.Context(), f.owner(t), answered.Data.ID, bulk.LineSpan{},
		func(l bulk.BulkLine) error {
			line = l.Payment.ID
			f.parks(t, line)
			return nil
		}))
	_, err := f.first.CancelBulk(t.Context(), answered.Data.ID, "the merchant asks for it")
	require.NoError(t, err)
	_, err = f.first.Unpark(t.Context(), operator, "they are back")
	require.NoError(t, err)

	f.recordEnded(t, "cashout/line of a cancelled bulk", workflows.PaymentWorkflowID(line, pirogue.CashOut), 40)
	return workflows.BulkWorkflowID(answered.Data.ID)
}

// swept makes the Schedule start a sweep at once.
func (f *faultWorld) swept(t *testing.T) string {
	handle := f.parts.temporal.ScheduleClient().GetHandle(t.Context(), workflows.SweepSchedule)
	require.NoError(t, handle.Trigger(t.Context(), client.ScheduleTriggerOptions{}))
	var workflow string
	require.Eventually(t, func() bool {
		found, err := handle.Describe(t.Context())
		if err != nil || len(found.Info.RecentActions) == 0 {
			return false
		}
		workflow = found.Info.RecentActions[0].StartWorkflowResult.WorkflowID
		return true
	}, historyPatience, 100*time.Millisecond)
	return workflow
}

func (f *faultWorld) rebuilt(t *testing.T) string {
	_, err := f.parts.starter.Rebuild(t.Context(), true)
	require.NoError(t, err)
	return "rebuild-dry-run"
}
