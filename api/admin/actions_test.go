package admin_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/bulk"
	"pirogue/operator"
	"pirogue/support"
	"pirogue/webhook"
)

// because is the body of an action whose only field is its reason.
const because = `{"reason":"the customer called"}`

// actionRoutes returns every route that changes something, with a body that it accepts.
func (w *world) actionRoutes() map[string]struct {
	method, path, body string
	needs              support.Role
} {
	payment, merchant := "/payments/"+string(w.payment.ID), "/merchants/"+string(merchantID)
	return map[string]struct {
		method, path, body string
		needs              support.Role
	}{
		"recheck": {http.MethodPost, payment + "/recheck", because, support.RoleSupport},
		"redrive": {http.MethodPost, payment + "/redrive", because, support.RoleSupport},
		"resend":  {http.MethodPost, payment + "/resend", because, support.RoleSupport},
		"resolve": {
			http.MethodPost, payment + "/resolve",
			`{"reason":"the statement shows it","resolution":"paid","evidence":"statement of 12 May, line 4"}`,
			support.RoleFinance,
		},
		"settlement": {
			http.MethodPost, merchant + "/settlements",
			`{"reason":"monthly","id":"VIR-1","mode":"test","country_code":"ML","amount":1000,"currency":"XOF"}`,
			support.RoleFinance,
		},
		"fee": {
			http.MethodPut, merchant + "/fees",
			`{"reason":"contract of May","type":"CASHIN","basis_points":150,"payer":"merchant"}`, support.RoleFinance,
		},
		"remove-fee": {
			http.MethodDelete, merchant + "/fees", `{"reason":"contract of May","type":"CASHIN"}`, support.RoleFinance,
		},
		"notify-url": {
			http.MethodPut, merchant + "/notify-url", `{"reason":"they moved","notify_url":"https://shop.example/hook"}`,
			support.RoleFinance,
		},
		"park":   {http.MethodPost, "/operators/sonatel-sn/park", because, support.RoleSupport},
		"unpark": {http.MethodPost, "/operators/sonatel-sn/unpark", because, support.RoleSupport},
		"late-policy": {
			http.MethodPut, merchant + "/late-policy", `{"reason":"contract of May","late_policy":"accept"}`,
			support.RoleFinance,
		},
		"suspend":     {http.MethodPost, merchant + "/suspend", because, support.RoleSupport},
		"resume":      {http.MethodPost, merchant + "/resume", because, support.RoleFinance},
		"rebuild":     {http.MethodPost, "/rebuild", because, support.RoleSupport},
		"cancel-bulk": {http.MethodPost, "/bulks/" + string(bulkID) + "/cancel", because, support.RoleSupport},
	}
}

func TestSupportActions(t *testing.T) {
	t.Parallel()

	t.Run("role_required_and_audited", testActionsRoleRequiredAndAudited)
	t.Run("reason_required", testActionsReasonRequired)
	t.Run("result_in_audit_log", testActionsResultInAuditLog)
	t.Run("workflow_gets_audit_id", testActionsWorkflowGetsAuditId)
	t.Run("resolve_names_case", testActionsResolveNamesCase)
	t.Run("audit_log_away", testActionsAuditLogAway)
	t.Run("result_not_written", testActionsResultNotWritten)
	t.Run("outcome_unknown", testActionsOutcomeUnknown)
	t.Run("client_disconnects", testActionsClientDisconnects)
	t.Run("requests_at_once_100", testActionsRequestsAtOnce100)
	t.Run("queue_wait_bounded", testActionsQueueWaitBounded)
	t.Run("resend", testActionsResend)
	t.Run("resend_without_event", testActionsResendWithoutEvent)
}

// An attempt without the role changes nothing, and the audit log shows it.
func testActionsRoleRequiredAndAudited(t *testing.T) { // row 97
	t.Parallel()

	roles := map[string]support.Role{
		reader: support.RoleReader, supportToken: support.RoleSupport, finance: support.RoleFinance, "retired": "",
	}
	for name := range newWorld(t).actionRoutes() {
		for who, role := range roles {
			t.Run(name+" by "+who, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.store.balance = 1000
				act := w.actionRoutes()[name]
				got := w.do(request(who, act.method, act.path, act.body))

				rows := w.store.log()
				require.Len(t, rows, 1)
				require.Equal(t, support.SupportActionKind(name), rows[0].Action)
				require.Equal(t, who, rows[0].Actor)
				require.Equal(t, role, rows[0].Role)
				require.NotEmpty(t, rows[0].Result.Decision)
				if role.May(act.needs) {
					require.NotEqual(t, http.StatusForbidden, got.status(), got.Body)
					return
				}
				require.Equal(t, http.StatusForbidden, got.status(), got.Body)
				require.Equal(t, pirogue.Code("ROLE_REQUIRED"), got.Code)
				require.Equal(t, support.DecisionRefused, rows[0].Result.Decision)
				require.Empty(t, w.workflows.asked())
				require.Empty(t, w.store.settlements)
				require.Empty(t, w.store.fees[merchantID])
				require.Equal(t, pirogue.LateReturn, w.store.policies[merchantID])
				require.Empty(t, w.store.notifyURLs)
				require.Empty(t, w.store.suspended)
				require.Equal(t, bulk.BulkRunning, w.store.bulk.State)
			})
		}
	}
}

// An action without a reason is a malformed request, so it leaves no audit entry.
func testActionsReasonRequired(t *testing.T) {
	t.Parallel()

	for name := range newWorld(t).actionRoutes() {
		for _, body := range []string{`{}`, `{"reason":""}`, `{"reason":"  "}`, `{"reason":null}`} {
			w := newWorld(t)
			act := w.actionRoutes()[name]
			got := w.do(request(finance, act.method, act.path, body))
			require.Equal(t, 422, got.status(), "%s %s: %s", name, body, got.Body)
			require.Contains(t, got.Params, pirogue.Param{Field: "reason", Code: pirogue.MissingField})
			require.Empty(t, w.store.log())
			require.Empty(t, w.workflows.asked())
		}
	}
}

// The response and the audit entry give the same result. An entry stays open only where the
// workflow still has the action.
func testActionsResultInAuditLog(t *testing.T) {
	t.Parallel()

	result := func(d support.Decision) support.ActionResult {
		return support.ActionResult{
			Decision: d, Reason: "as the operator says", Evidence: "word", Status: pirogue.StatusPending,
		}
	}
	tests := map[string]struct {
		workflow func(context.Context, pirogue.Payment, string) (support.ActionResult, error)
		answer   int
		decision support.Decision
	}{
		"the payment is settled":          {says(result(support.DecisionSettled)), 200, support.DecisionSettled},
		"another attempt was made":        {says(result(support.DecisionResubmitted)), 200, support.DecisionResubmitted},
		"the operator has not decided":    {says(result(support.DecisionWaiting)), 200, support.DecisionWaiting},
		"another person must confirm":     {says(result(support.DecisionProposed)), 200, support.DecisionProposed},
		"it would not be safe":            {says(result(support.DecisionRefused)), 409, support.DecisionRefused},
		"its workflow is gone":            {fails(pirogue.NotFound), 200, support.DecisionSettled},
		"Temporal is away":                {fails(pirogue.ServiceUnavailable), 503, support.DecisionRefused},
		"a bug":                           {fails(pirogue.Internal), 500, support.DecisionRefused},
		"the workflow has not answered":   {fails(operator.Unknown), 202, ""},
		"the workflow answers much later": {hangs, 202, ""},
		"a panic, which nobody can answer": {
			func(context.Context, pirogue.Payment, string) (support.ActionResult, error) { panic("secret") }, 500, "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.workflows.act = tt.workflow
				got := w.requestAction(support.ActionRecheck, because)
				require.Equal(t, tt.answer, got.status(), got.Body)
				require.NotContains(t, got.Body.String(), "secret")

				rows := w.store.log()
				require.Len(t, rows, 1)
				require.Equal(t, tt.decision, rows[0].Result.Decision)
				require.Equal(t, tt.decision == "", rows[0].EndedAt.IsZero())
				require.Equal(t, w.payment.ID, rows[0].PaymentID)
				require.Equal(t, "the customer called", rows[0].Reason)
				if tt.decision != "" {
					require.NotEmpty(t, rows[0].Result.Reason)
					require.Equal(t, rows[0].Result, *got.entry(t).Result, "the answer and the audit log say the same")
				}
				if tt.answer >= 300 && tt.decision != "" {
					require.Equal(t, rows[0].Result.Reason, got.Error)
				}
			})
		})
	}
}

// hangs plays a workflow that has the action and does not respond in time.
func hangs(ctx context.Context, _ pirogue.Payment, _ string) (support.ActionResult, error) {
	<-ctx.Done()
	return support.ActionResult{}, pirogue.Errorf(operator.Unknown, "no answer yet: %w", ctx.Err())
}

// The actor comes from the token alone. The workflow gets the entry's ID and reads everything else
// from its row.
func testActionsWorkflowGetsAuditId(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	r := request(finance, http.MethodPost, "/payments/"+string(w.payment.ID)+"/resolve",
		`{"reason":"as written","resolution":"unpaid","evidence":"statement of 12 May"}`)
	r.Header.Set("X-Pirogue-Actor", "somebody else")
	require.Equal(t, http.StatusOK, w.do(r).status())
	row := w.store.log()[0]
	require.Equal(t, "unpaid: statement of 12 May", row.Subject)
	require.Equal(t, finance, row.Actor)
	require.Equal(t, support.RoleFinance, row.Role)
	require.Equal(t, support.ResolvedUnpaid, row.Resolution)
	require.Equal(t, "statement of 12 May", row.Evidence)
	require.Equal(t, []string{row.ID}, w.workflows.asked(), "the row says everything, the workflow gets its ID")
}

// testActionsResolveNamesCase shows that a resolution without a case settles the only open one, and
// must name one of two.
func testActionsResolveNamesCase(t *testing.T) {
	t.Parallel()

	open := func(w *world, causes ...support.Cause) {
		for _, cause := range causes {
			w.store.cases = append(w.store.cases, support.Case{
				ID: support.NewCaseID(w.payment.ID, cause), PaymentID: w.payment.ID, Cause: cause, OpenedAt: time.Now(),
			})
		}
	}
	for name, tt := range map[string]struct {
		causes []support.Cause
		named  support.Cause
		want   support.Cause
		status int
	}{
		"none is open":           {status: 200},
		"the only one":           {causes: []support.Cause{"LATE_SUCCESS"}, want: "LATE_SUCCESS", status: 200},
		"two, and none is named": {causes: []support.Cause{"LATE_SUCCESS", "SECOND_PAYMENT"}, status: 422},
		"two, and one is named": {
			[]support.Cause{"LATE_SUCCESS", "SECOND_PAYMENT"}, "SECOND_PAYMENT", "SECOND_PAYMENT", 200,
		},
		"one that is not open": {causes: []support.Cause{"LATE_SUCCESS"}, named: "SECOND_PAYMENT", status: 404},
		"one beside what people settle not": {
			causes: []support.Cause{"LATE_SUCCESS", "NOT_BOOKED"}, want: "LATE_SUCCESS", status: 200,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			open(w, tt.causes...)
			body := `{"reason":"as written","resolution":"unpaid","evidence":"line 12"}`
			if tt.named != "" {
				id := support.NewCaseID(w.payment.ID, tt.named)
				body = `{"reason":"as written","resolution":"unpaid","evidence":"line 12","case_id":"` + string(id) + `"}`
			}
			got := w.do(request(finance, http.MethodPost, "/payments/"+string(w.payment.ID)+"/resolve", body))
			require.Equal(t, tt.status, got.status(), got.Body)
			if tt.status != http.StatusOK {
				require.Empty(t, w.store.log())
				return
			}
			want := support.CaseID("")
			if tt.want != "" {
				want = support.NewCaseID(w.payment.ID, tt.want)
			}
			require.Equal(t, want, w.store.log()[0].Case)
		})
	}
}

// An action without an audit entry would be untraceable, so it must not happen.
func testActionsAuditLogAway(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.store.full = pirogue.Errorf(pirogue.ServiceUnavailable, "the disk is full")
	w.store.balance = 1000
	for name, act := range w.actionRoutes() {
		require.Equal(t, http.StatusServiceUnavailable, w.do(request(finance, act.method, act.path, act.body)).status(), name)
	}
	require.Empty(t, w.workflows.asked())
	require.Empty(t, w.store.settlements)
	require.Empty(t, w.store.fees[merchantID])
}

// The action has had its effect, so a failed write of its result is no failure of the action.
func testActionsResultNotWritten(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.workflows.act = func(context.Context, pirogue.Payment, string) (support.ActionResult, error) {
		require.Len(t, w.store.log(), 1, "the row comes first")
		return support.ActionResult{Decision: support.DecisionSettled}, nil
	}
	w.store.cutOff = pirogue.Errorf(pirogue.ServiceUnavailable, "away")
	require.Equal(t, http.StatusOK, w.requestAction(support.ActionRecheck, because).status())
	require.Empty(t, w.store.log()[0].Result.Decision)
}

// An action whose COMMIT got no response is made a second time. An audit entry with REFUSED would
// be wrong where the money was booked. Without a second response the entry stays open.
func testActionsOutcomeUnknown(t *testing.T) {
	t.Parallel()

	for lost, want := range map[int]support.Decision{0: support.DecisionSettled, 1: support.DecisionSettled, 2: ""} {
		w := newWorld(t)
		w.store.balance, w.store.lost = 5000, lost
		act := w.actionRoutes()["settlement"]
		got := w.do(request(finance, act.method, act.path, act.body))
		require.Len(t, w.store.settlements, 1)
		require.EqualValues(t, 4000, w.store.balance)
		require.Equal(t, want, w.store.log()[0].Result.Decision)
		if want == "" {
			require.Equal(t, http.StatusServiceUnavailable, got.status(), got.Body)
			require.True(t, w.store.log()[0].EndedAt.IsZero())
			continue
		}
		require.Equal(t, http.StatusOK, got.status(), got.Body)
	}
}

// A client that disconnects must not leave an action half done.
func testActionsClientDisconnects(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, hangUp := context.WithCancel(t.Context())
		w.workflows.act = func(ctx context.Context, _ pirogue.Payment, _ string) (support.ActionResult, error) {
			hangUp()
			time.Sleep(10 * time.Second)
			return support.ActionResult{Decision: support.DecisionSettled}, ctx.Err()
		}
		w.do(request(supportToken, http.MethodPost, "/payments/"+string(w.payment.ID)+"/recheck", because).WithContext(ctx))
		require.Equal(t, support.DecisionSettled, w.store.log()[0].Result.Decision)
	})
}

// One attempt is made, every other person reads that it was refused, and Temporal's limit of
// updates is never reached.
func testActionsRequestsAtOnce100(t *testing.T) { // row 97
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const people = 100
		w := newWorld(t)
		var once sync.Once
		w.workflows.act = func(context.Context, pirogue.Payment, string) (support.ActionResult, error) {
			time.Sleep(time.Second)
			v := support.ActionResult{Decision: support.DecisionRefused, Reason: "the payment has ended"}
			once.Do(func() { v = support.ActionResult{Decision: support.DecisionResubmitted, Reason: "proven dead"} })
			return v, nil
		}
		answers := make([]int, people)
		var all sync.WaitGroup
		for i := range people {
			all.Go(func() { answers[i] = w.requestAction(support.ActionRedrive, because).status() })
		}
		all.Wait()

		statuses, kept := map[int]int{}, map[support.Decision]int{}
		for _, status := range answers {
			statuses[status]++
		}
		rows := w.store.log()
		for _, row := range rows {
			kept[row.Result.Decision]++
		}
		require.Equal(t, map[int]int{200: 1, 409: people - 1}, statuses)
		require.Equal(t, map[support.Decision]int{support.DecisionResubmitted: 1, support.DecisionRefused: people - 1}, kept)
		require.Len(t, rows, people)
		require.Equal(t, 8, w.workflows.most)
	})
}

// The wait for a turn is bounded, and each payment has turns of its own.
func testActionsQueueWaitBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.workflows.act = hangs
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { w.requestAction(support.ActionRecheck, because) })
		}
		synctest.Wait()
		began := time.Now()
		got := w.requestAction(support.ActionRecheck, because)
		require.Equal(t, 20*time.Second, time.Since(began))
		require.Equal(t, http.StatusServiceUnavailable, got.status())
		require.Equal(t, pirogue.Code("RETRY"), got.Code)
		require.Equal(t, "5", got.Header().Get("Retry-After"))
		require.Equal(t, support.DecisionRefused, got.entry(t).Result.Decision)

		w.change(func(p *pirogue.Payment) { p.ID = "018f3b1e-7c1a-7def-8abc-00000000beef" })
		w.workflows.act = says(support.ActionResult{Decision: support.DecisionSettled})
		began = time.Now()
		require.Equal(t, http.StatusOK, w.requestAction(support.ActionRecheck, because).status())
		require.Zero(t, time.Since(began), "another payment has its own turns")
		all.Wait()
	})
}

// A delivery that Temporal cannot start is left to the sweep, so the action succeeds.
func testActionsResend(t *testing.T) {
	t.Parallel()

	const url = "https://shop.example/hook"
	first, second := 1, 2
	tests := map[string]struct {
		ask       int // which event; 0: the latest
		state     pirogue.EventState
		url       string
		away      bool // Temporal does not respond
		answer    int
		delivered int // which event
	}{
		"the latest when nobody says":           {0, pirogue.EventExhausted, url, false, 200, second},
		"one that is named":                     {first, pirogue.EventDelivered, url, false, 200, first},
		"one that the payment does not have":    {7, pirogue.EventDelivered, url, false, 409, 0},
		"one that has no address":               {0, pirogue.EventUnwanted, "", false, 409, 0},
		"with Temporal away the sweep sends it": {0, pirogue.EventExhausted, url, true, 200, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.change(func(p *pirogue.Payment) { p.Status, p.Sequence = pirogue.StatusSuccess, second })
			for n := first; n <= second; n++ {
				id := webhook.NewEventID(w.payment.ID, n)
				w.store.events[id] = pirogue.Event{
					ID: id, PaymentID: w.payment.ID, MerchantID: merchantID, Mode: pirogue.Test, State: tt.state, URL: tt.url,
				}
			}
			if tt.away {
				w.workflows.away = pirogue.Errorf(pirogue.ServiceUnavailable, "away")
			}
			body := because
			if tt.ask > 0 {
				body = fmt.Sprintf(`{"reason":"they ask for it","event_id":%q}`, webhook.NewEventID(w.payment.ID, tt.ask))
			}
			got := w.requestAction(support.ActionResend, body)
			require.Equal(t, tt.answer, got.status(), got.Body)
			want := []string(nil)
			if tt.delivered > 0 {
				want = []string{string(webhook.NewEventID(w.payment.ID, tt.delivered)) + " 1"}
			}
			require.Equal(t, want, w.workflows.delivered)
			require.Len(t, w.store.log(), 1)
		})
	}
}

// Only an ended payment has a webhook.
func testActionsResendWithoutEvent(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	require.Equal(t, http.StatusConflict, w.requestAction(support.ActionResend, because).status())
	require.Empty(t, w.workflows.delivered)
}
