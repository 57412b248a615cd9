package admin_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/api/admin"
	"pirogue/lifecycle"
	"pirogue/support"
)

// AskFirstReport implements admin.AskFirstMode.
func (s fakeAskFirst) AskFirstReport(
	_ context.Context, configured []pirogue.OperatorCode,
) (lifecycle.AskFirstReport, error) {
	unlock, err := s.open()
	defer unlock()
	if s.askFirst == nil && err == nil {
		err = pirogue.Errorf(pirogue.NotFound, "ask-first mode")
	}
	if err != nil {
		return lifecycle.AskFirstReport{}, err
	}
	report := *s.askFirst
	for _, code := range configured {
		report.Operators = append(report.Operators, lifecycle.AskedOperator{Operator: code, Evidence: s.looked[code]})
	}
	return report, nil
}

// OperatorLooked implements admin.AskFirstMode.
func (s fakeAskFirst) OperatorLooked(_ context.Context, o pirogue.OperatorCode, evidence, _ string) error {
	unlock, err := s.open()
	defer unlock()
	s.looked[o] = evidence
	return err
}

// EndAskFirst implements admin.AskFirstMode: it needs two people.
func (s fakeAskFirst) EndAskFirst(
	_ context.Context, _ []pirogue.OperatorCode, actor string, _ time.Time,
) (support.ActionResult, error) {
	unlock, err := s.open()
	defer unlock()
	if s.askFirst.ProposedBy == "" || s.askFirst.ProposedBy == actor {
		s.askFirst.ProposedBy = actor
		return support.ActionResult{Decision: support.DecisionProposed, Reason: "another person confirms"}, err
	}
	return support.ActionResult{Decision: support.DecisionSettled, Reason: "ended"}, err
}

// Only finance may record where a person looked, and end the mode. A second person must confirm the
// end.
func TestAskFirst(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	require.Equal(t, http.StatusNotFound, w.do(request(reader, http.MethodGet, "/ask-first", "")).status())
	w.store.askFirst = &lifecycle.AskFirstReport{
		AskFirst: lifecycle.AskFirst{Since: time.Now(), Begun: time.Now(), Actor: "awa", Reason: "a disk failed"},
		Sums: []lifecycle.UnmatchedSum{
			{Operator: "sonatel-sn", Kind: pirogue.CashOut, Currency: pirogue.XOF, Lines: 1, Amount: 500},
		},
		Lost: []lifecycle.LostRow{{WorkflowID: "cashout-1", Reference: "order_9"}},
	}
	const why = `{"reason":"we restored","evidence":"its portal, page 3"}`
	looked := func(who string) reply {
		return w.do(request(who, http.MethodPost, "/ask-first/operators/orange-web-ml", why))
	}
	require.Equal(t, http.StatusForbidden, looked(supportToken).status())
	require.Equal(t, http.StatusOK, looked(finance).status())

	var shown admin.AskFirst
	require.NoError(t, json.Unmarshal(w.do(request(reader, http.MethodGet, "/ask-first", "")).Data, &shown))
	require.Equal(t, int64(500), shown.Sums[0].Amount)
	require.Equal(t, "order_9", shown.Lost[0].Reference)
	require.True(t, shown.Operators[0].Asked)
	require.False(t, shown.Operators[1].Asked)

	end := func(who string) reply {
		return w.do(request(who, http.MethodPost, "/ask-first/end", `{"reason":"all were asked"}`))
	}
	require.Equal(t, http.StatusForbidden, end(supportToken).status())
	require.Equal(t, support.DecisionProposed, end(finance).entry(t).Result.Decision)
	log := w.store.log()
	require.Len(t, log, 4)
	require.Equal(t, support.ActionAskFirstEnd, log[3].Action)
	require.Equal(t, "fatou", log[3].Actor)
}
