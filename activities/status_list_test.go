package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/activities"
	"pirogue/operator"
)

// lister is a counter whose operator has a list of so many pages.
type lister struct {
	*counter

	pages, read int // pages it has, and pages that were read
	lines       []operator.StatementLine
	due         int // questions, of this attempt and others
	sent        time.Time
}

func (l *lister) Numbered(context.Context, pirogue.PaymentID, int) (pirogue.Payment, pirogue.Attempt, error) {
	return l.payment, pirogue.Attempt{
		Operator: "op", Ref: "ours", State: pirogue.AttemptAccepted, PolledAt: l.polled, FirstSent: l.sent,
	}, nil
}

func (l *lister) Capability() operator.Capability {
	return operator.Capability{FinalityWindow: 24 * time.Hour, StatementNames: true}
}

func (l *lister) WatchLoad(
	context.Context, pirogue.OperatorCode, time.Time, time.Time,
) (operator.WatchLoad, error) {
	return operator.WatchLoad{Due: l.due, First: l.sent}, nil
}

func (l *lister) Statement(ctx context.Context, _, _ time.Time) ([]operator.StatementLine, error) {
	for range l.pages {
		if err := operator.PermitCall(ctx); err != nil {
			return nil, err
		}
		l.read++
	}
	return l.lines, nil
}

func TestAListAnswersAWatch(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 4, 29, 14, 0, 0, 0, time.UTC)
	ended := now.Add(-2 * time.Minute)
	const paid, declined = pirogue.OutcomePaid, pirogue.OutcomeDeclined
	line := func(ref pirogue.OperatorRef, outcome pirogue.Outcome) []operator.StatementLine {
		return []operator.StatementLine{{TxID: "MP1", Ref: ref, Outcome: outcome}}
	}
	for name, row := range map[string]struct {
		status pirogue.Status
		pages  int
		due    int
		lines  []operator.StatementLine
		read   int // pages
		asked  int // by reference
	}{
		"that names the attempt nowhere":    {pirogue.StatusExpired, 3, 200, line("other", paid), 3, 0},
		"that calls it declined":            {pirogue.StatusExpired, 1, 200, line("ours", declined), 1, 0},
		"that calls it paid":                {pirogue.StatusExpired, 1, 200, line("ours", paid), 1, 1},
		"that has an unknown word for it":   {pirogue.StatusFailed, 1, 200, line("ours", ""), 1, 1},
		"that costs more calls than it may": {pirogue.StatusExpired, 9, 10, nil, 5, 1},
		"only where many questions are due": {pirogue.StatusExpired, 1, 3, nil, 0, 1},
		"only after the end":                {pirogue.StatusPending, 1, 200, nil, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &lister{
				counter: &counter{
					payment: pirogue.Payment{Kind: pirogue.CashIn, Status: row.status, UpdatedAt: ended}, polled: ended,
				},
				pages: row.pages, lines: row.lines, due: row.due, sent: now.Add(-10 * time.Minute),
			}
			a := over(l, l, 0, &now)
			ask(t, a, activities.Slow)
			require.Equal(t, row.read, l.read, "pages")
			require.Equal(t, row.asked, l.asked, "questions by reference")
		})
	}
}

// A list that was stopped is not begun again at the next question.
func TestAListThatIsTooLongRests(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 4, 29, 14, 0, 0, 0, time.UTC)
	ended := pirogue.Payment{Kind: pirogue.CashIn, Status: pirogue.StatusExpired, UpdatedAt: now.Add(-2 * time.Minute)}
	l := &lister{
		counter: &counter{payment: ended, polled: ended.UpdatedAt}, pages: 9, due: 10, sent: now.Add(-10 * time.Minute),
	}
	a := over(l, l, 0, &now)
	ask(t, a, activities.Slow)
	ask(t, a, activities.Slow)
	now = now.Add(11 * time.Minute)
	ask(t, a, activities.Slow)
	require.Equal(t, 5, l.read, "a list that is known to cost too much is not begun")
	require.Equal(t, 3, l.asked)
}
