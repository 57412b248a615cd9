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

// loseResponse makes an attempt whose response is lost. It reports whether the simulator executed
// it.
func (v *verification) loseResponse(t *testing.T, a *attempt) bool {
	t.Helper()
	return v.loseResponseBy(t, a, dropped)
}

// loseResponseBy does what loseResponse does, with another setting of the simulator.
func (v *verification) loseResponseBy(t *testing.T, a *attempt, how string) bool {
	t.Helper()
	v.setFaults(t, `{"force":"`+pays+`",`+how+`}`)
	result, err := v.send(t, v.open(t, patient), a)
	require.Equal(t, operator.Unknown, pirogue.CodeOf(err), result.Outcome)
	require.Empty(t, result.Outcome, err)
	v.finishPayments(a.query.Ref)
	return len(v.movements(a.query.Ref)) > 0
}

// loseResponses loses the response to an attempt in each way that the simulator has.
func (v *verification) loseResponses(t *testing.T, seen *observed) {
	for _, how := range []string{dropped, v.setup.GatewayTimeout} {
		if how != "" {
			v.loseResponsesBy(t, seen, how)
		}
	}
}

// loseResponsesBy loses one response by a setting and reads the result. An executed attempt must
// never be reported as declined, expired or absent, because workflows would then pay again.
func (v *verification) loseResponsesBy(t *testing.T, seen *observed, how string) {
	t.Helper()
	a := v.attempt(t, seen.call)
	v.registerCallback(t, a)
	executed := v.loseResponseBy(t, a, how)
	v.setFaults(t, "")
	if executed && seen.hasCallback {
		v.awaitCallbacks(a, 1)
	}
	result, err := v.queryResult(t, a)
	switch {
	case pirogue.CodeOf(err) != "" && pirogue.CodeOf(err) != operator.Unknown:
		require.Fail(t, fmt.Sprintf("asked: %v, want an outcome or UNKNOWN", err))
	case executed && slices.Contains(never, result.Outcome):
		seen.falseResult = true
		require.Fail(t, fmt.Sprintf("%s of what the book has executed", result.Outcome))
	case !executed && result.Outcome == pirogue.OutcomePaid:
		require.Fail(t, "PAID, and the book has nothing")
	}
}

// repeatReference sends an attempt again under its reference after a lost response. It records
// whether the simulator executed it once.
func (v *verification) repeatReference(t *testing.T, seen *observed) {
	a := v.attempt(t, seen.call)
	executed := v.loseResponse(t, a)
	result, err := v.send(t, v.open(t, patient), a)
	v.finishPayments(a.query.Ref)
	code := pirogue.CodeOf(err)
	require.False(t, executed && (code == operator.Refused || code == operator.Unable ||
		slices.Contains(never, result.Outcome)), "%q, %v to the repetition of what was executed", result.Outcome, err)
	times := len(v.movements(a.query.Ref))
	seen.sameOnce, seen.secondResult = times <= 1, string(result.Outcome)+string(pirogue.CodeOf(err))
	twice := slices.Contains(v.setup.ExecutedTwice, seen.call)
	require.NotEqual(t, seen.sameOnce, twice, times)
}

// renewReference sends an attempt again under another reference after a lost response. It records
// whether the simulator executed one of the two only.
func (v *verification) renewReference(t *testing.T, seen *observed) {
	a := v.attempt(t, seen.call)
	v.loseResponse(t, a)
	again := v.attemptOf(a)
	_, err := v.send(t, v.open(t, patient), again)
	v.finishPayments(again.query.Ref)
	times := len(v.movements(a.query.Ref, again.query.Ref))
	seen.renewedOnce = times == 1
	code := pirogue.CodeOf(err)
	require.False(t, times == 0 && code == "", "taken, and the book has nothing")
}

// findByReference reads the status of a paid attempt without the handle of a response. It records
// whether the reference alone finds it.
func (v *verification) findByReference(t *testing.T, seen *observed) {
	if !seen.hasStatus {
		return
	}
	lost := v.attempt(t, seen.call)
	v.loseResponse(t, lost)
	v.setFaults(t, force(pays))
	a := lost
	if len(v.movements(a.query.Ref)) == 0 { // the customer cannot pay on a page that nobody showed him
		a = v.attempt(t, seen.call)
		v.setFaults(t, force(pays))
		v.mustSend(t, a)
		v.finishPayments(a.query.Ref)
		v.awaitOutcome(t, a, pirogue.OutcomePaid)
		a.query.Handle = lost.query.Handle
	}
	result, err := v.queryResult(t, a)
	seen.byReference = err == nil && result.Outcome == pirogue.OutcomePaid
	require.False(t, !seen.byReference && pirogue.CodeOf(err) != operator.Unknown, "%q, %v of what was paid",
		result.Outcome, err)
}

// waitUndecided checks that an undecided attempt is pending, and that it is paid when the customer
// acts.
func (v *verification) waitUndecided(t *testing.T, seen *observed) {
	a := v.attempt(t, seen.call)
	v.setFaults(t, force(takesLong))
	v.registerCallback(t, a)
	v.mustSend(t, a)
	if result, err := v.queryResult(t, a); err != nil || result.Outcome != pirogue.OutcomePending {
		require.Fail(t, fmt.Sprintf("%q, %v of what is not decided", result.Outcome, err))
	}
	require.Empty(t, v.movements(a.query.Ref), "the book has it already")
	v.clock.Advance(31 * time.Second)
	if !seen.hasStatus && !seen.hasCallback {
		return
	}
	result := v.awaitOutcome(t, a, pirogue.OutcomePaid)
	require.Empty(t, result.Mismatch, "%v %v", result.Amount, a.query.Amount)
	if result.Amount != (pirogue.Money{}) {
		require.Equal(t, a.query.Amount, result.Amount)
	}
}

// payOtherAmount checks that the operator result holds the amount that moved, not the one
// ordered.
func (v *verification) payOtherAmount(t *testing.T, seen *observed) {
	a := v.attempt(t, seen.call)
	v.setFaults(t, force(paysAnother))
	v.registerCallback(t, a)
	v.mustSend(t, a)
	if !seen.hasStatus && !seen.hasCallback {
		return
	}
	v.finishPayments(a.query.Ref)
	result := v.awaitOutcome(t, a, pirogue.OutcomePaid)
	moved := v.movements(a.query.Ref)
	require.Len(t, moved, 1, result.Amount)
	require.Equal(t, moved[0].Amount, result.Amount.Minor)
	require.NotEqual(t, int64(asked), moved[0].Amount)
}

// correctDecline checks that a declined attempt which the operator corrects is reported as paid
// afterwards.
func (v *verification) correctDecline(t *testing.T, seen *observed) {
	a := v.attempt(t, seen.call)
	v.setFaults(t, `{"force":"`+refuses+`","correct_after_ms":60000}`)
	v.registerCallback(t, a)
	result, err := v.send(t, v.open(t, patient), a)
	require.NoError(t, err, result.Outcome)
	if result.Outcome != pirogue.OutcomeDeclined {
		require.True(t, accepted[result.Outcome], result.Outcome)
	}
	if !seen.hasStatus && !seen.hasCallback {
		return
	}
	v.clock.Advance(10 * time.Second)
	v.awaitOutcome(t, a, pirogue.OutcomeDeclined)
	v.clock.Advance(corrected)
	v.awaitOutcome(t, a, pirogue.OutcomePaid)
}

// readUnknownWord checks that an undocumented status word is Unknown and no guess.
func (v *verification) readUnknownWord(t *testing.T, seen *observed) {
	if !seen.hasStatus {
		return
	}
	a := v.attempt(t, seen.call)
	v.setFaults(t, force(pays))
	v.mustSend(t, a)
	v.awaitOutcome(t, a, pirogue.OutcomePaid)
	v.setFaults(t, `{"unknown_words":true}`)
	result, err := v.queryResult(t, a)
	require.Equal(t, operator.Unknown, pirogue.CodeOf(err), result.Outcome)
	require.Empty(t, result.Outcome, err)
}

// readSpoiled spoils the responses to an attempt, and then those to the status call of a paid
// one.
func (v *verification) readSpoiled(t *testing.T, seen *observed) {
	for _, how := range []string{"flood", "half", "page"} {
		for _, call := range v.spoiled(t, seen) {
			v.setFaults(t, `{"force":"`+pays+`","answers":"`+how+`"}`)
			require.NoError(t, v.bounded(t, patient, call), how)
		}
	}
}

// readDripping sends every response of every call at one byte a second. The calls run at once,
// because each takes its whole time-out.
func (v *verification) readDripping(t *testing.T, all []*observed) {
	var calls []func(operator.Operator) error
	for _, seen := range all {
		calls = append(calls, v.spoiled(t, seen)...)
	}
	v.setFaults(t, `{"force":"`+pays+`","answers":"drip"}`)
	broken := make(chan error, len(calls))
	for _, call := range calls {
		go func() { broken <- v.bounded(t, hasty, call) }()
	}
	for range calls {
		require.NoError(t, <-broken)
	}
}

// spoiled returns the calls whose responses a scenario spoils: an attempt, and the status
// call of a paid one if the operator has it.
func (v *verification) spoiled(t *testing.T, seen *observed) []func(operator.Operator) error {
	t.Helper()
	a, paid := v.attempt(t, seen.call), v.attempt(t, seen.call)
	calls := []func(operator.Operator) error{func(o operator.Operator) error {
		_, err := v.submit(t, o, a)
		return err
	}}
	if !seen.hasStatus {
		return calls
	}
	v.setFaults(t, force(pays))
	v.mustSend(t, paid)
	return append(calls, func(o operator.Operator) error {
		reader, _ := o.(operator.StatusReader) //nolint:errcheck // seen.hasStatus says that it is one
		result, err := reader.Status(t.Context(), paid.query)
		if result.Outcome != "" {
			return fmt.Errorf("%q of a response that nobody can read", result.Outcome)
		}
		return err
	})
}

// hasty is the time-out of a call whose response drips. It includes the calls for a token
// and a key.
const hasty = 400 * time.Millisecond

// bounded makes a call that must be Unknown within its time-out. The call must not read
// without end. It returns the rule that the call breaks, or nil.
func (v *verification) bounded(t *testing.T, patience time.Duration, call func(operator.Operator) error) error {
	t.Helper()
	adapter := v.open(t, patience)
	v.written.Store(0)
	start := time.Now()
	err := call(adapter)
	took, pushed := time.Since(start), v.written.Load()
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

// changeCredentials checks that an attempt with invalid credentials is not executed. It tries
// before the first token and with a token that was good. The adapter must not report a result from
// a status call that failed.
func (v *verification) changeCredentials(t *testing.T, seen *observed) {
	a, paid := v.attempt(t, seen.call), v.attempt(t, seen.call)
	v.setFaults(t, force(pays))
	warm := v.open(t, patient)
	v.mustAccept(t, warm, paid)
	v.finishPayments(paid.query.Ref)
	for settings, adapter := range map[string]operator.Operator{
		`{"keys_changed":true}`: v.open(t, patient), `{"keys_changed":true,"refuse_tokens":true}`: warm,
	} {
		v.setFaults(t, settings)
		v.mustNotExecute(t, adapter, a, operator.NotSent, operator.Refused, operator.Unable)
		result, err := v.queryResult(t, paid)
		require.False(t, seen.hasStatus && err == nil, "%q to who may not ask", result.Outcome)
	}
}

// shutDown checks that an attempt at an operator that is down is not executed. Earlier attempts
// must be readable afterwards.
func (v *verification) shutDown(t *testing.T, seen *observed) {
	a, before := v.attempt(t, seen.call), v.attempt(t, seen.call)
	v.setFaults(t, force(pays))
	warm := v.open(t, patient)
	v.mustAccept(t, warm, before)
	v.setFaults(t, `{"down":true}`)
	v.mustNotExecute(t, v.open(t, patient), a, operator.NotSent, operator.Unknown)
	v.mustNotExecute(t, warm, a, operator.Unknown)
	if result, err := v.queryResult(t, a); seen.hasStatus && err == nil {
		require.Fail(t, fmt.Sprintf("%q from an operator that is down", result.Outcome))
	}
	v.setFaults(t, "")
	if !seen.hasStatus {
		return
	}
	result, err := v.queryResult(t, a)
	switch code := pirogue.CodeOf(err); {
	case code != "" && code != operator.Unknown:
		require.Fail(t, fmt.Sprintf("afterwards: %v", err))
	case result.Outcome == pirogue.OutcomeAbsent:
		seen.absent = true
	case a.query.Kind.MoneyOut():
		require.Fail(t, fmt.Sprintf("afterwards: %q, %v; want ABSENT", result.Outcome, err))
	case err == nil && result.Outcome != pirogue.OutcomePending:
		require.Fail(t, fmt.Sprintf("afterwards: %q, want PENDING or ABSENT", result.Outcome))
	}
}

// mustNotExecute makes an attempt that the operator must not execute and that must end with one of
// these codes.
func (v *verification) mustNotExecute(t *testing.T, o operator.Operator, a *attempt, classes ...pirogue.Code) {
	t.Helper()
	before := v.simulator.Asked()
	result, err := v.send(t, o, a)
	require.Contains(t, classes, pirogue.CodeOf(err), result.Outcome)
	require.Empty(t, result.Outcome, "%v %v", err, classes)
	after := v.simulator.Asked()
	require.Equal(t, before, after)
}

// emptyFloat checks that an empty float makes a payout Unable, so that another operator may
// pay it. A ceiling of the beneficiary must not be Unable.
func (v *verification) emptyFloat(t *testing.T, seen *observed) {
	float := v.float(t)
	if float == "" || seen.call == Collect {
		return
	}
	a := v.attempt(t, seen.call)
	v.setFaults(t, `{"`+float+`":0}`)
	v.mustNotExecute(t, v.open(t, patient), a, operator.Unable)
	v.setFaults(t, force(isPoor))
	v.mustNotExecute(t, v.open(t, patient), v.attemptOf(a), operator.Refused,
		operator.Unknown) // where no documents define the word
}

// attemptOf returns another attempt of the same payment.
func (v *verification) attemptOf(a *attempt) *attempt {
	other := &attempt{call: a.call, query: v.query(a.call)}
	if a.call == Refund {
		other.of(a.parent)
	}
	return other
}

// receiveCallbacks checks that three callbacks about one attempt give the same operator result, the
// first before the response. It then tries to forge one.
func (v *verification) receiveCallbacks(t *testing.T, seen *observed) {
	a := v.attempt(t, seen.call)
	v.setFaults(t, force(isTold3))
	v.registerCallback(t, a)
	v.mustSend(t, a)
	if !seen.hasCallback {
		received := v.awaitCallbacks(a, 0)
		require.Empty(t, received, "%d callbacks about a call without callbacks", len(received))
		return
	}
	received := v.awaitCallbacks(a, 3)
	require.Len(t, received, 3)
	require.True(t, received[0].early, "%d callbacks; want three, the first before the answer", len(received))
	reader, ok := v.open(t, patient).(operator.CallbackReader)
	require.True(t, ok, "the operator reads no callbacks")
	early, err := reader.Callback(pirogue.Attempt{Ref: a.query.Ref}, received[0].header, received[0].body)
	require.NoError(t, err, early.Outcome)
	require.True(t, accepted[early.Outcome], "before the answer: %q; want it understood", early.Outcome)
	attempt := pirogue.Attempt{Ref: a.query.Ref, Handle: a.query.Handle}
	var first operator.OperatorResult
	for n, one := range received {
		got, err := reader.Callback(attempt, one.header, one.body)
		if n == 0 {
			first = got
		}
		require.NoError(t, err, "%v %v", n+1, first)
		require.True(t, accepted[got.Outcome], "callback %d: %+v, %v; want the first once more, %+v", n+1, got, err, first)
		require.Equal(t, first, got, n+1)
		if !seen.hasStatus { // nobody can read the status, so the callback must state everything
			require.Equal(t, pirogue.OutcomePaid, got.Outcome, n+1)
			require.True(t, got.Mismatch != "" || got.Amount == a.query.Amount, "callback %d: %+v", n+1, got)
		}
	}
	seen.proof = v.proof(t, reader, a, received[0], first)
}

// proof sends forged callbacks to the adapter and returns the proof that rejected them.
func (v *verification) proof(
	t *testing.T, reader operator.CallbackReader, a *attempt, received receivedCallback, was operator.OperatorResult,
) operator.CallbackProof {
	t.Helper()
	other := v.attemptOf(a)
	if a.call == Refund {
		other = v.attempt(t, Refund)
	}
	v.setFaults(t, force(pays))
	v.mustSend(t, other)
	stranger := pirogue.Attempt{Ref: a.query.Ref, Handle: other.query.Handle}
	if _, err := reader.Callback(stranger, http.Header{}, received.body); pirogue.CodeOf(err) != pirogue.SignatureInvalid {
		return operator.ProofNone
	}
	name := string(a.query.Ref)
	if !bytes.Contains(received.body, []byte(name)) {
		name = was.ProviderTxID
	}
	altered := bytes.ReplaceAll(received.body, []byte(name), []byte(strings.Repeat("Z", len(name))))
	attempt := pirogue.Attempt{
		Ref:    pirogue.OperatorRef(strings.ReplaceAll(string(a.query.Ref), name, strings.Repeat("Z", len(name)))),
		Handle: a.query.Handle,
	}
	if _, err := reader.Callback(attempt, received.header, altered); pirogue.CodeOf(err) != pirogue.SignatureInvalid {
		return operator.ProofToken
	}
	return operator.ProofSignature
}
