package adaptertest

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
)

// never lists the outcomes that an adapter must not report for an executed attempt.
var never = []pirogue.Outcome{pirogue.OutcomeDeclined, pirogue.OutcomeExpired, pirogue.OutcomeAbsent}

// dropped is the simulator's setting that loses one response.
const dropped = `"drop_answers":1`

// lose makes an attempt whose response is lost. It reports whether the simulator executed
// it.
func (x *verification) lose(t *testing.T, a *attempt) bool {
	t.Helper()
	return x.loseBy(t, a, dropped)
}

// loseBy does what lose does, with another setting of the simulator.
func (x *verification) loseBy(t *testing.T, a *attempt, how string) bool {
	t.Helper()
	x.heal(t, `{"force":"`+pays+`",`+how+`}`)
	receipt, err := x.send(t, x.open(t, patient), a)
	require.Equal(t, operator.Unknown, pirogue.CodeOf(err), receipt.Outcome)
	require.Empty(t, receipt.Outcome, err)
	x.settle(a.query.Ref)
	return len(x.paid(a.query.Ref)) > 0
}

// loses loses the response to an attempt in each way that the simulator has.
func (x *verification) loses(t *testing.T, seen *Observed) {
	for _, how := range []string{dropped, x.stand.TimesOut} {
		if how != "" {
			x.losesBy(t, seen, how)
		}
	}
}

// losesBy loses one response by a setting and reads the result. An executed attempt must
// never be reported as declined, expired or absent, because workflows would then pay again.
func (x *verification) losesBy(t *testing.T, seen *Observed, how string) {
	t.Helper()
	a := x.attempt(t, seen.Call)
	x.enter(t, a)
	executed := x.loseBy(t, a, how)
	x.heal(t, "")
	if executed && seen.Told {
		x.letters(a, 1)
	}
	receipt, err := x.became(t, a)
	switch {
	case pirogue.CodeOf(err) != "" && pirogue.CodeOf(err) != operator.Unknown:
		require.Fail(t, fmt.Sprintf("asked: %v, want an outcome or UNKNOWN", err))
	case executed && slices.Contains(never, receipt.Outcome):
		seen.Lies = true
		require.Fail(t, fmt.Sprintf("%s of what the book has executed", receipt.Outcome))
	case !executed && receipt.Outcome == pirogue.OutcomePaid:
		require.Fail(t, "PAID, and the book has nothing")
	}
}

// repeats sends an attempt again under its reference after a lost response. It records
// whether the simulator executed it once.
func (x *verification) repeats(t *testing.T, seen *Observed) {
	a := x.attempt(t, seen.Call)
	executed := x.lose(t, a)
	receipt, err := x.send(t, x.open(t, patient), a)
	x.settle(a.query.Ref)
	code := pirogue.CodeOf(err)
	require.False(t, executed && (code == operator.Refused || code == operator.Unable ||
		slices.Contains(never, receipt.Outcome)), "%q, %v to the repetition of what was executed", receipt.Outcome, err)
	times := len(x.paid(a.query.Ref))
	seen.SameOnce, seen.Answer = times <= 1, string(receipt.Outcome)+string(pirogue.CodeOf(err))
	twice := slices.Contains(x.stand.Twice, seen.Call)
	require.NotEqual(t, seen.SameOnce, twice, times)
}

// renews sends an attempt again under another reference after a lost response. It records
// whether the simulator executed one of the two only.
func (x *verification) renews(t *testing.T, seen *Observed) {
	a := x.attempt(t, seen.Call)
	x.lose(t, a)
	again := x.attemptOf(a)
	_, err := x.send(t, x.open(t, patient), again)
	x.settle(again.query.Ref)
	times := len(x.paid(a.query.Ref, again.query.Ref))
	seen.RenewedOnce = times == 1
	code := pirogue.CodeOf(err)
	require.False(t, times == 0 && code == "", "taken, and the book has nothing")
}

// finds reads the status of a paid attempt without the handle of a response. It records
// whether the reference alone finds it.
func (x *verification) finds(t *testing.T, seen *Observed) {
	if !seen.Asked {
		return
	}
	lost := x.attempt(t, seen.Call)
	x.lose(t, lost)
	x.heal(t, force(pays))
	a := lost
	if len(x.paid(a.query.Ref)) == 0 { // the customer cannot pay on a page that nobody showed him
		a = x.attempt(t, seen.Call)
		x.heal(t, force(pays))
		x.mustSend(t, a)
		x.settle(a.query.Ref)
		x.mustBecome(t, a, pirogue.OutcomePaid)
		a.query.Handle = lost.query.Handle
	}
	receipt, err := x.became(t, a)
	seen.ByReference = err == nil && receipt.Outcome == pirogue.OutcomePaid
	require.False(t, !seen.ByReference && pirogue.CodeOf(err) != operator.Unknown, "%q, %v of what was paid", receipt.Outcome, err)
}

// waits checks that an undecided attempt is pending, and that it is paid when the customer
// acts.
func (x *verification) waits(t *testing.T, seen *Observed) {
	a := x.attempt(t, seen.Call)
	x.heal(t, force(takesLong))
	x.enter(t, a)
	x.mustSend(t, a)
	if receipt, err := x.became(t, a); err != nil || receipt.Outcome != pirogue.OutcomePending {
		require.Fail(t, fmt.Sprintf("%q, %v of what is not decided", receipt.Outcome, err))
	}
	require.Empty(t, x.paid(a.query.Ref), "the book has it already")
	x.clock.Advance(31 * time.Second)
	if !seen.Asked && !seen.Told {
		return
	}
	receipt := x.mustBecome(t, a, pirogue.OutcomePaid)
	require.Empty(t, receipt.Mismatch, "%v %v", receipt.Amount, a.query.Amount)
	require.False(t, receipt.Amount != pirogue.Money{} && receipt.Amount != a.query.Amount, "paid by %v, mismatch %q; want %v", receipt.Amount, receipt.Mismatch, a.query.Amount)
}

// paysOther checks that the operator result holds the amount that moved, not the one
// ordered.
func (x *verification) paysOther(t *testing.T, seen *Observed) {
	a := x.attempt(t, seen.Call)
	x.heal(t, force(paysAnother))
	x.enter(t, a)
	x.mustSend(t, a)
	if !seen.Asked && !seen.Told {
		return
	}
	x.settle(a.query.Ref)
	receipt := x.mustBecome(t, a, pirogue.OutcomePaid)
	moved := x.paid(a.query.Ref)
	require.Len(t, moved, 1, receipt.Amount)
	require.Equal(t, moved[0].Amount, receipt.Amount.Minor)
	require.NotEqual(t, int64(asked), moved[0].Amount)
}

// corrects checks that a declined attempt which the operator corrects is reported as paid
// afterwards.
func (x *verification) corrects(t *testing.T, seen *Observed) {
	a := x.attempt(t, seen.Call)
	x.heal(t, `{"force":"`+refuses+`","correct_after_ms":60000}`)
	x.enter(t, a)
	receipt, err := x.send(t, x.open(t, patient), a)
	require.NoError(t, err, receipt.Outcome)
	require.False(t, !taken[receipt.Outcome] && receipt.Outcome != pirogue.OutcomeDeclined, "%q; want it taken, or declined in the answer", receipt.Outcome)
	if !seen.Asked && !seen.Told {
		return
	}
	x.clock.Advance(10 * time.Second)
	x.mustBecome(t, a, pirogue.OutcomeDeclined)
	x.clock.Advance(corrected)
	x.mustBecome(t, a, pirogue.OutcomePaid)
}

// hears checks that an undocumented status word is Unknown and no guess.
func (x *verification) hears(t *testing.T, seen *Observed) {
	if !seen.Asked {
		return
	}
	a := x.attempt(t, seen.Call)
	x.heal(t, force(pays))
	x.mustSend(t, a)
	x.mustBecome(t, a, pirogue.OutcomePaid)
	x.heal(t, `{"unknown_words":true}`)
	receipt, err := x.became(t, a)
	require.Equal(t, operator.Unknown, pirogue.CodeOf(err), receipt.Outcome)
	require.Empty(t, receipt.Outcome, err)
}

// reads spoils the responses to an attempt, and then those to the status call of a paid
// one.
func (x *verification) reads(t *testing.T, seen *Observed) {
	for _, how := range []string{"flood", "half", "page"} {
		for _, call := range x.spoiled(t, seen) {
			x.heal(t, `{"force":"`+pays+`","answers":"`+how+`"}`)
			require.NoError(t, x.bounded(t, patient, call), how)
		}
	}
}

// drips sends every response of every call at one byte a second. The calls run at once,
// because each takes its whole time-out.
func (x *verification) drips(t *testing.T, all []*Observed) {
	var calls []func(operator.Operator) error
	for _, seen := range all {
		calls = append(calls, x.spoiled(t, seen)...)
	}
	x.heal(t, `{"force":"`+pays+`","answers":"drip"}`)
	broken := make(chan error, len(calls))
	for _, call := range calls {
		go func() { broken <- x.bounded(t, hasty, call) }()
	}
	for range calls {
		require.NoError(t, <-broken)
	}
}

// spoiled returns the calls whose responses a scenario spoils: an attempt, and the status
// call of a paid one if the operator has it.
func (x *verification) spoiled(t *testing.T, seen *Observed) []func(operator.Operator) error {
	t.Helper()
	a, paid := x.attempt(t, seen.Call), x.attempt(t, seen.Call)
	calls := []func(operator.Operator) error{func(o operator.Operator) error {
		_, err := x.order(t, o, a)
		return err
	}}
	if !seen.Asked {
		return calls
	}
	x.heal(t, force(pays))
	x.mustSend(t, paid)
	return append(calls, func(o operator.Operator) error {
		reader, _ := o.(operator.StatusReader) //nolint:errcheck // seen.Asked says that it is one
		receipt, err := reader.Status(t.Context(), paid.query)
		if receipt.Outcome != "" {
			return fmt.Errorf("%q of a response that nobody can read", receipt.Outcome)
		}
		return err
	})
}

// hasty is the time-out of a call whose response drips. It includes the calls for a token
// and a key.
const hasty = 400 * time.Millisecond

// bounded makes a call that must be Unknown within its time-out. The call must not read
// without end. It returns the rule that the call breaks, or nil.
func (x *verification) bounded(t *testing.T, patience time.Duration, call func(operator.Operator) error) error {
	t.Helper()
	adapter := x.open(t, patience)
	x.written.Store(0)
	start := time.Now()
	err := call(adapter)
	took, pushed := time.Since(start), x.written.Load()
	switch {
	case pirogue.CodeOf(err) != operator.Unknown:
		return fmt.Errorf("%w, want UNKNOWN", err)
	case took > patience+slack:
		return fmt.Errorf("took %v with a time-out of %v", took, patience)
	case pushed > floodRead:
		return fmt.Errorf("%d bytes were taken, want at most %d", pushed, floodRead)
	default:
		return nil
	}
}

// locksOut checks that an attempt with invalid credentials is not executed, both before the
// first token and with a token that was good. The adapter must not report a result from a
// status call that failed.
func (x *verification) locksOut(t *testing.T, seen *Observed) {
	a, paid := x.attempt(t, seen.Call), x.attempt(t, seen.Call)
	x.heal(t, force(pays))
	warm := x.open(t, patient)
	x.mustTake(t, warm, paid)
	x.settle(paid.query.Ref)
	for settings, adapter := range map[string]operator.Operator{
		`{"keys_changed":true}`: x.open(t, patient), `{"keys_changed":true,"refuse_tokens":true}`: warm,
	} {
		x.heal(t, settings)
		x.undone(t, adapter, a, operator.NotSent, operator.Refused, operator.Unable)
		receipt, err := x.became(t, paid)
		require.False(t, seen.Asked && err == nil, "%q to who may not ask", receipt.Outcome)
	}
}

// goesDown checks that an attempt at an operator that is down is not executed, and that
// earlier attempts are readable afterwards.
func (x *verification) goesDown(t *testing.T, seen *Observed) {
	a, before := x.attempt(t, seen.Call), x.attempt(t, seen.Call)
	x.heal(t, force(pays))
	warm := x.open(t, patient)
	x.mustTake(t, warm, before)
	x.heal(t, `{"down":true}`)
	x.undone(t, x.open(t, patient), a, operator.NotSent, operator.Unknown)
	x.undone(t, warm, a, operator.Unknown)
	if receipt, err := x.became(t, a); seen.Asked && err == nil {
		require.Fail(t, fmt.Sprintf("%q from an operator that is down", receipt.Outcome))
	}
	x.heal(t, "")
	if !seen.Asked {
		return
	}
	receipt, err := x.became(t, a)
	switch code := pirogue.CodeOf(err); {
	case code != "" && code != operator.Unknown:
		require.Fail(t, fmt.Sprintf("afterwards: %v", err))
	case receipt.Outcome == pirogue.OutcomeAbsent:
		seen.Absent = true
	case a.query.Kind.MoneyOut():
		require.Fail(t, fmt.Sprintf("afterwards: %q, %v; want ABSENT", receipt.Outcome, err))
	case err == nil && receipt.Outcome != pirogue.OutcomePending:
		require.Fail(t, fmt.Sprintf("afterwards: %q, want PENDING or ABSENT", receipt.Outcome))
	}
}

// undone makes an attempt that the operator must not execute and that must end with one of
// these codes.
func (x *verification) undone(t *testing.T, o operator.Operator, a *attempt, classes ...pirogue.Code) {
	t.Helper()
	before := x.simulator.Asked()
	receipt, err := x.send(t, o, a)
	require.Contains(t, classes, pirogue.CodeOf(err), receipt.Outcome)
	require.Empty(t, receipt.Outcome, "%v %v", err, classes)
	after := x.simulator.Asked()
	require.Equal(t, before, after)
}

// runsDry checks that an empty float makes a payout Unable, so that another operator may
// pay it. A ceiling of the beneficiary must not be Unable.
func (x *verification) runsDry(t *testing.T, seen *Observed) {
	float := x.float(t)
	if float == "" || seen.Call == Collect {
		return
	}
	a := x.attempt(t, seen.Call)
	x.heal(t, `{"`+float+`":0}`)
	x.undone(t, x.open(t, patient), a, operator.Unable)
	x.heal(t, force(isPoor))
	x.undone(t, x.open(t, patient), x.attemptOf(a), operator.Refused, operator.Unknown) // where no documents define the word
}

// attemptOf returns another attempt of the same payment.
func (x *verification) attemptOf(a *attempt) *attempt {
	other := &attempt{call: a.call, query: x.query(a.call)}
	if a.call == Refund {
		other.of(a.parent)
	}
	return other
}

// isTold checks that three callbacks about one attempt give the same operator result, the
// first before the response. It then tries to forge one.
func (x *verification) isTold(t *testing.T, seen *Observed) {
	a := x.attempt(t, seen.Call)
	x.heal(t, force(isTold3))
	x.enter(t, a)
	x.mustSend(t, a)
	if !seen.Told {
		heard := x.letters(a, 0)
		require.Empty(t, heard, "%d callbacks of what is not told", len(heard))
		return
	}
	heard := x.letters(a, 3)
	require.Len(t, heard, 3)
	require.True(t, heard[0].early, "%d callbacks; want three, the first before the answer", len(heard))
	reader, ok := x.open(t, patient).(operator.CallbackReader)
	require.True(t, ok, "the operator reads no callbacks")
	early, err := reader.Callback(pirogue.Attempt{Ref: a.query.Ref}, heard[0].header, heard[0].body)
	require.NoError(t, err, early.Outcome)
	require.True(t, taken[early.Outcome], "before the answer: %q; want it understood", early.Outcome)
	attempt := pirogue.Attempt{Ref: a.query.Ref, Handle: a.query.Handle}
	var first operator.OperatorResult
	for n, one := range heard {
		got, err := reader.Callback(attempt, one.header, one.body)
		if n == 0 {
			first = got
		}
		require.NoError(t, err, "%v %v", n+1, first)
		require.True(t, taken[got.Outcome], "callback %d: %+v, %v; want the first once more, %+v", n+1, got, err, first)
		require.Equal(t, first, got, n+1)
		require.False(t, !seen.Asked && (got.Outcome != pirogue.OutcomePaid || got.Mismatch == "" && got.Amount != a.query.Amount), "callback %d: %+v; want it to say all, for nobody can ask", n+1, got)
	}
	seen.Proof = x.proof(t, reader, a, heard[0], first)
}

// proof sends forged callbacks to the adapter and returns the proof that rejected them.
func (x *verification) proof(
	t *testing.T, reader operator.CallbackReader, a *attempt, heard callbackOf, was operator.OperatorResult,
) operator.CallbackProof {
	t.Helper()
	other := x.attemptOf(a)
	if a.call == Refund {
		other = x.attempt(t, Refund)
	}
	x.heal(t, force(pays))
	x.mustSend(t, other)
	stranger := pirogue.Attempt{Ref: a.query.Ref, Handle: other.query.Handle}
	if _, err := reader.Callback(stranger, http.Header{}, heard.body); pirogue.CodeOf(err) != pirogue.SignatureInvalid {
		return operator.ProofNone
	}
	name := string(a.query.Ref)
	if !bytes.Contains(heard.body, []byte(name)) {
		name = was.ProviderTxID
	}
	altered := bytes.ReplaceAll(heard.body, []byte(name), []byte(strings.Repeat("Z", len(name))))
	attempt := pirogue.Attempt{
		Ref:    pirogue.OperatorRef(strings.ReplaceAll(string(a.query.Ref), name, strings.Repeat("Z", len(name)))),
		Handle: a.query.Handle,
	}
	if _, err := reader.Callback(attempt, heard.header, altered); pirogue.CodeOf(err) != pirogue.SignatureInvalid {
		return operator.ProofToken
	}
	return operator.ProofSignature
}
