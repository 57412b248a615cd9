package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
	"pirogue/support"
)

// Before the case UNKNOWN_OUTCOME opens, an operator that can is asked once for its callback. The
// finality window is a day, and the operator is asked for an hour more.
func TestCallbackResend(t *testing.T) {
	t.Parallel()

	unknown := []support.Cause{support.CauseUnknown}
	late := []support.Cause{support.CauseLateSuccess}
	silent := []scripted{{err: pirogue.Errorf(operator.Unknown, "REQUALIFIED is in no document")}}
	tests := map[string]struct {
		set    setting
		script []scripted
		// after is the time from the request to the callback; 0: none comes.
		after   time.Duration
		refuses bool // the operator refuses the request
		found   bool // from the callback on the status says paid
		people  []support.SupportAction

		want    pirogue.Status
		resends int
		opened  []support.Cause
		closed  []support.Cause
	}{
		"the callback says paid, and it is accepted": {
			set: setting{noStatus: true, policy: pirogue.LateAccept}, after: 2 * time.Second,
			want: "SUCCESS", resends: 1,
		},
		"the callback says paid, and it is returned": {
			set: setting{noStatus: true}, after: 2 * time.Second, want: "EXPIRED", resends: 1, closed: late,
		},
		"the callback leads to a status that says paid": {
			set: setting{policy: pirogue.LateAccept}, script: silent, after: 2 * time.Second, found: true,
			want: "SUCCESS", resends: 1,
		},
		"no callback comes": {set: setting{noStatus: true}, want: "EXPIRED", resends: 1, opened: unknown},
		"no callback comes, and the status stays unreadable": {
			script: silent, want: "EXPIRED", resends: 1, opened: unknown,
		},
		"the status stays unreadable after the callback": {
			script: silent, after: 2 * time.Second, want: "EXPIRED", resends: 1, opened: unknown,
		},
		"the operator refuses": {set: setting{noStatus: true}, refuses: true, want: "EXPIRED", resends: 1, opened: unknown},
		"support asks meanwhile": {
			script: silent, people: []support.SupportAction{recheck()}, want: "EXPIRED", resends: 1, opened: unknown,
		},
		"the status is clear": {
			script: []scripted{{outcome: pirogue.OutcomeExpired, from: 10 * time.Minute}}, want: "EXPIRED",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if tt.set.policy == "" {
				tt.set.policy = pirogue.LateReturn
			}
			tt.set.resends = true
			w := newWorldOf(t, tt.set)
			w.operator.script = tt.script
			var asked time.Time
			w.operator.onResend = func() {
				asked = w.env.Now()
				if tt.after > 0 {
					w.called(tt.after, operator.OperatorResult{
						Outcome: pirogue.OutcomePaid, Amount: w.payment.AtOperator(), Message: "SUCCESS",
					})
				}
				if tt.found {
					w.operator.script = []scripted{{outcome: pirogue.OutcomePaid}}
				}
			}
			if tt.refuses {
				w.operator.onResend = nil
			}
			for _, action := range tt.people {
				w.act(24*time.Hour+20*time.Minute, action)
			}
			w.env.SetWorkflowRunTimeout(openFor)
			p := w.runAndAudit()
			require.Equal(t, tt.want, p.Status)
			require.Len(t, w.operator.resends, tt.resends)
			opened, closed := w.cases(p.ID)
			require.Equal(t, tt.opened, opened)
			require.Equal(t, tt.closed, closed)
			if tt.resends > 0 && !tt.refuses {
				ended := p.CreatedAt.Add(5*time.Minute + 24*time.Hour)
				require.WithinDuration(t, ended, asked, time.Minute, "it is asked at the end of the finality window")
			}
		})
	}
}
