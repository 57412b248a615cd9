package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
	"pirogue/workflows"
)

// outRow is one thing the world can do to money that leaves us, and what must become of
// it. The operator's finality window is an hour.
type outRow struct {
	answers     []error
	script      []scripted
	callbacksAt []time.Duration
	power       operator.ReferencePower
	proves      bool
	want        pirogue.Status // PENDING: only a person can end it
	failure     pirogue.FailureCode
	cause       support.Cause // of the open case
	closed      support.Cause // of a case that closed by itself
	sent        int           // submissions; 0 means one
	moved       int64         // at the operator, by our books; 0 with SUCCESS means the order's
}

const finalityWindow = time.Hour

// outRows lists the events that a cash-out, or a refund, can meet.
func outRows() map[string]outRow {
	const (
		pending  = pirogue.OutcomePending
		paid     = pirogue.OutcomePaid
		declined = pirogue.OutcomeDeclined
		expired  = pirogue.OutcomeExpired
		absent   = pirogue.OutcomeAbsent
	)
	lost, no := []error{unknown}, []error{refused}
	refusals := slices.Repeat(no, 12)
	flaps := []scripted{
		{outcome: declined},
		{from: 4 * time.Second, outcome: pending},
		{from: 8 * time.Second, outcome: declined},
		{from: 13 * time.Second, outcome: absent},
		{from: 18 * time.Second, outcome: declined},
		{from: 22 * time.Second, outcome: paid},
	}
	return map[string]outRow{
		"accepted, then paid": {script: []scripted{{from: 30 * time.Second, outcome: paid}}, want: "SUCCESS"},
		"paid at once":        {script: []scripted{{outcome: paid}}, want: "SUCCESS"},
		"accepted, then declined": {
			script: []scripted{{from: 5 * time.Second, outcome: declined}}, want: "FAILED",
			failure: pirogue.FailedDeclined,
		},
		"the operator closes it": {
			script: []scripted{{from: 5 * time.Second, outcome: expired}}, want: "FAILED",
			failure: pirogue.FailedDeclined,
		},
		"declined once, then paid": {
			script: []scripted{{outcome: declined}, {from: 4 * time.Second, outcome: paid}}, want: "SUCCESS",
		},
		"the status flaps, then says paid": {script: flaps, want: "SUCCESS"},
		"the status errs for long": {
			script: []scripted{{err: unknown}, {from: 20 * time.Minute, outcome: paid}}, want: "SUCCESS",
		},

		"refused, and nothing is known of it": {
			answers: no, script: []scripted{{outcome: absent}}, want: "FAILED", failure: pirogue.FailedRefused,
		},
		"refused, and the status says so": {
			answers: no, script: []scripted{{outcome: declined}}, want: "FAILED", failure: pirogue.FailedRefused,
		},
		"refused, and paid all the same": {answers: no, script: []scripted{{outcome: paid}}, want: "SUCCESS"},
		"refused, and the status errs first": {
			answers: no, script: []scripted{{err: unknown}, {from: time.Minute, outcome: absent}}, want: "FAILED",
			failure: pirogue.FailedRefused,
		},

		"the answer is lost, it was paid": {
			answers: lost, script: []scripted{{outcome: absent}, {from: time.Minute, outcome: paid}}, want: "SUCCESS",
		},
		"the answer is lost, it was declined": {
			answers: lost, script: []scripted{{outcome: declined}}, want: "FAILED", failure: pirogue.FailedUnavailable,
		},
		"lost, and never known": {
			answers: lost, script: []scripted{{outcome: absent}}, want: "PENDING", cause: support.CauseUnknown,
		},
		"lost, never known, which proves it": {
			answers: lost, script: []scripted{{outcome: absent}}, proves: true, want: "FAILED",
			failure: pirogue.FailedUnavailable,
		},
		"lost, and found paid after all": {
			answers: lost, script: []scripted{{outcome: absent}, {from: 3 * time.Hour, outcome: paid}}, want: "SUCCESS",
			closed: support.CauseUnknown,
		},
		"lost, absent only after the finality window": {
			answers: lost, script: []scripted{{err: unknown}, {from: 2 * time.Hour, outcome: absent}}, proves: true,
			want: "FAILED", failure: pirogue.FailedUnavailable, closed: support.CauseUnknown,
		},
		"accepted, and never decided": {want: "PENDING", cause: support.CauseUnknown},
		"accepted, then forgotten": {
			script: []scripted{{outcome: absent}}, want: "PENDING", cause: support.CauseUnknown,
		},
		"nobody answers what became of it": {
			script: []scripted{{err: unknown}}, want: "PENDING", cause: support.CauseUnknown,
		},

		"down for ever": {answers: down, want: "FAILED", failure: pirogue.FailedUnavailable, sent: several},
		"down, then up": {
			answers: []error{notSent, notSent}, script: []scripted{{outcome: paid}}, want: "SUCCESS", sent: 3,
		},
		"down, then silent": {
			answers: []error{notSent, unknown}, script: []scripted{{outcome: paid}}, want: "SUCCESS", sent: 2,
		},

		"declined, then paid after all": {
			script: []scripted{{outcome: declined}, {from: 30 * time.Minute, outcome: paid}}, want: "FAILED",
			failure: pirogue.FailedDeclined, cause: support.CausePaidAfterAll, moved: ordered,
		},
		"another amount": {
			script: []scripted{{outcome: paid, amount: 1500}}, want: "PENDING", cause: support.CauseAmountMismatch,
			moved: 1500,
		},
		"to somebody else": {
			script: []scripted{{outcome: paid, mismatch: "counterparty"}}, want: "PENDING",
			cause: support.CauseMismatch,
			moved: ordered,
		},
		"declined, then another amount": {
			script:  []scripted{{outcome: declined}, {from: 30 * time.Minute, outcome: paid, amount: 1500}},
			want:    "FAILED",
			failure: pirogue.FailedDeclined, cause: support.CauseAmountMismatch, moved: 1500,
		},

		"paid, and later how much": {
			script: []scripted{{unclear: true}, {from: time.Minute, outcome: paid}}, want: "SUCCESS",
		},
		"paid, and later how little": {
			script: []scripted{{unclear: true}, {from: time.Minute, outcome: paid, amount: 1500}}, want: "PENDING",
			cause: support.CauseAmountMismatch, moved: 1500,
		},
		"paid, and nobody knows how much": {
			script: []scripted{{unclear: true}}, want: "PENDING", cause: support.CauseUnknown,
		},

		"it calls back before it has answered": {
			script: []scripted{{outcome: paid}}, callbacksAt: []time.Duration{0}, want: "SUCCESS",
		},
		"it calls back three times": {
			script:      []scripted{{from: 20 * time.Second, outcome: paid}},
			callbacksAt: []time.Duration{20 * time.Second, 20 * time.Second, 21 * time.Second}, want: "SUCCESS",
		},
		"forged callbacks": {
			answers: lost, script: []scripted{{outcome: absent}},
			callbacksAt: []time.Duration{time.Second, time.Minute, 2 * finalityWindow}, want: "PENDING",
			cause: support.CauseUnknown,
		},

		"once by reference, the answer is lost": {
			answers: lost, script: []scripted{{outcome: paid}}, power: operator.IdempotentByReference, want: "SUCCESS",
			sent: 2,
		},
		"once by reference, down, then up": {
			answers: []error{notSent}, script: []scripted{{outcome: paid}}, power: operator.IdempotentByReference,
			want: "SUCCESS", sent: 2,
		},
		"once by reference, lost and never known": {
			answers: lost, script: []scripted{{outcome: absent}}, power: operator.IdempotentByReference,
			want:  "PENDING",
			cause: support.CauseUnknown, sent: 2,
		},
		"once by reference, lost, then refused": {
			answers: slices.Concat(lost, refusals), script: []scripted{{outcome: absent}},
			power: operator.IdempotentByReference, want: "PENDING", cause: support.CauseUnknown, sent: several,
		},
		"once by reference, lost, then down": {
			answers: slices.Concat(lost, down), script: []scripted{{outcome: absent}},
			power: operator.IdempotentByReference, want: "PENDING", cause: support.CauseUnknown, sent: several,
		},
	}
}

// ordered stands for the order's amount in a row that does not know it.
const ordered = -1

func TestCashOut(t *testing.T) {
	t.Parallel()

	for name, row := range outRows() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorldOf(
				t, setting{kind: pirogue.CashOut, power: row.power, proves: row.proves, finalityWindow: finalityWindow},
			)
			p := w.play(row)
			cost := w.payment.Net()
			switch p.Status {
			case pirogue.StatusSuccess:
				w.requireBalance(funds-cost, 0)
			case pirogue.StatusFailed:
				w.requireBalance(funds, 0)
			default:
				w.requireBalance(funds-cost, cost)
			}
		})
	}
}

// play runs the workflow of a row and proves what is true of all money that leaves us.
func (w *world) play(row outRow) pirogue.Payment {
	w.t.Helper()
	w.operator.answers, w.operator.script = row.answers, row.script
	for _, after := range row.callbacksAt {
		w.callBack(after)
	}
	w.env.SetWorkflowRunTimeout(4 * finalityWindow)
	p := w.runAndAudit()
	require.Equal(w.t, row.want, p.Status)
	require.Equal(w.t, row.failure, p.Failure.Code)
	require.Equal(w.t, row.cause != "", w.env.GetWorkflowError() != nil, "a workflow with an open case stays open")

	if row.sent == several {
		require.Greater(w.t, len(w.operator.refs), 5)
	} else {
		require.Len(w.t, w.operator.refs, max(row.sent, 1))
	}
	for _, ref := range w.operator.refs {
		require.Equal(w.t, w.operator.refs[0], ref, "one payment, one reference")
	}
	if row.power != operator.IdempotentByReference {
		require.LessOrEqual(w.t, len(w.operator.reached), 1, "sent twice")
	}

	open, closed := w.cases(p.ID)
	require.Equal(w.t, causes(row.cause), open)
	require.Equal(w.t, causes(row.closed), closed)
	moved := row.moved
	if moved == ordered || row.want == pirogue.StatusSuccess {
		moved = w.payment.AtOperator().Minor
	}
	require.Equal(w.t, moved, w.paidOut(w.operator.refs[0]))
	require.Equal(w.t, p.Status.Terminal(), len(w.endpoint.events) > 0)
	return p
}

// causes is a list of at most one cause.
func causes(c support.Cause) []support.Cause {
	if c == "" {
		return nil
	}
	return []support.Cause{c}
}

// requireBalance proves what the merchant can spend and what is held.
func (w *world) requireBalance(available, reserved int64) {
	w.t.Helper()
	b := w.balance()
	require.Equal(w.t, available, b.Available, "available")
	require.Equal(w.t, reserved, b.Reserved, "reserved")
}

func TestCashOutUnknownAtFinality(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, finalityWindow: finalityWindow})
	w.operator.answers, w.operator.script = []error{unknown}, []scripted{{outcome: pirogue.OutcomeAbsent}}
	w.env.SetWorkflowRunTimeout(3 * finalityWindow)
	w.runAndAudit()

	cases, err := w.store.Cases(t.Context(), w.payment.ID)
	require.NoError(t, err)
	require.Len(t, cases, 1)
	_, attempt := w.latest()
	require.False(t, cases[0].OpenedAt.Before(attempt.SentAt.Add(finalityWindow)), "a person was called early")
}

func TestCashOutSweptBeforeSending(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut})
	w.expire()
	require.Equal(t, pirogue.StatusExpired, w.runAndAudit().Status)
	require.Empty(t, w.operator.refs)
	w.requireBalance(funds, 0)
}

func TestCashOutWaitState(t *testing.T) {
	t.Parallel()

	w := newWorldOf(t, setting{kind: pirogue.CashOut, finalityWindow: finalityWindow})
	waits := func(after time.Duration, want string) {
		w.env.RegisterDelayedCallback(func() {
			value, err := w.env.QueryWorkflow(workflows.WaitStateQuery, w.env.Now())
			require.NoError(t, err)
			var waiting lifecycle.WaitState
			require.NoError(t, value.Get(&waiting))
			require.Equal(t, want, waiting.For)
			w.requireRowsSay(waiting)
		}, after)
	}
	waits(time.Minute, "operator")
	waits(2*finalityWindow, "support")
	w.env.SetWorkflowRunTimeout(3 * finalityWindow)
	w.runAndAudit()
}
