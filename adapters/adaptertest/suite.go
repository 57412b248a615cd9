// Package adaptertest holds the contract of operator.Operator as a test.
//
// A Suite describes one adapter. Its Run takes tables of Cases: a recorded response with the
// result that the adapter must read from it. Rows, StatusWords and PaidCase write the tables.
// Run adds the faults that every adapter must survive, from a closed port to a body of 50 MB.
// RunUnsent and RunWithoutToken check what must not leave, and CheckMistakes the
// configurations that the constructor must reject. A Server records requests, for tests of
// what leaves.
//
// VerifyAgainstSimulator compares an adapter with the simulator of its operator, which Setup
// names.
package adaptertest

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/config"
	"pirogue/operator"
)

// Call names one method of an operator.
type Call string

// The methods under contract. Status is read for each kind of attempt.
const (
	Collect       Call = "Collect"
	Disburse      Call = "Disburse"
	Refund        Call = "Refund"
	Status        Call = "Status"
	CashOutStatus Call = "Status of a cash-out"
	RefundStatus  Call = "Status of a refund"
	Balance       Call = "Balance"
	Callback      Call = "Callback"
)

// calls lists the methods that call the operator.
var calls = []Call{Collect, Disburse, Refund, Status, CashOutStatus, RefundStatus, Balance}

// Suite describes the adapter under test.
type Suite struct {
	New  constructor
	Conf config.Operator // of a simulator; BaseURL and Timeout are set by the rows

	// Prelude maps paths that the adapter calls before the method itself, such as for a token.
	// The value is the file of a good response. Every row answers them well.
	Prelude map[string]string
	// Good holds one good response to each method that calls the operator.
	Good map[Call]Reply

	// EmptyList holds the outcome that an empty list means, for each method that reads lists.
	// To the other methods a list is an undocumented response, and so Unknown.
	EmptyList map[Call]pirogue.Outcome

	// AnyNumber lists the methods whose request holds no telephone number. Rows with wrong
	// numbers do not apply to them.
	AnyNumber []Call

	Collection   operator.CollectRequest
	Disbursement operator.DisburseRequest
	Reversal     operator.RefundRequest
	Query        operator.StatusQuery // of Status; by default that of Collection
	CashOutQuery operator.StatusQuery // of CashOutStatus; by default that of Disbursement
	RefundQuery  operator.StatusQuery // of RefundStatus
	Attempt      pirogue.Attempt      // the attempt whose callbacks are read; by default Collection's
	Header       http.Header          // of every callback; may be nil
	Forged       string               // file of a callback with a wrong proof; "" where the operator has none

	// Secrets lists values that no operator message and no error may contain.
	Secrets []string
}

// Reply is a recorded response: an HTTP status and a file under testdata. A File that
// begins with a brace is itself the JSON.
type Reply struct {
	Status int
	File   string
}

// Case holds one response or callback with the result that the adapter must derive from it.
// That is an outcome or an error code, never both. Reply.Status is 0 for a callback.
type Case struct {
	Call     Call
	Reply    Reply
	Outcome  pirogue.Outcome // "" for a Balance, which has only an Amount
	Code     pirogue.Code
	TxID     string
	Amount   pirogue.Money
	Extra    pirogue.Money // besides those of the payment
	Mismatch string
}

// now is the time of every adapter under test.
var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// Now is the clock of every adapter under test. It stands still, so that signatures and
// dates are the same in every run.
func Now() time.Time { return now }

// Run runs the adapter's own cases, then the faults that every adapter must survive.
func (s Suite) Run(t *testing.T, tables ...map[string]Case) {
	t.Helper()
	for name, tt := range all(t, tables...) {
		t.Run(string(tt.Call)+"/"+name, func(t *testing.T) {
			t.Parallel()
			n := newFakeOperator(t, s)
			n.respond(tt.Reply.Status, s.file(t, tt.Reply.File))
			got, err := s.call(t, s.open(t, n.server.URL, patient), tt)
			s.check(t, tt, got, err)
		})
	}
	for _, call := range calls {
		if _, ok := s.Good[call]; ok {
			t.Run(string(call), func(t *testing.T) { s.runFaults(t, call) })
		}
	}
	t.Run(string(Callback), s.runCallback)
}

// open returns the adapter for an operator at url, with a time-out of patience.
func (s Suite) open(t *testing.T, url string, patience time.Duration) operator.Operator {
	t.Helper()
	conf := s.Conf
	conf.BaseURL = url
	conf.Timeout = config.Duration(patience)
	operator, err := s.New(conf, Now)
	require.NoError(t, err)
	return operator
}

// call calls the method of a case. An adapter without that method fails the test.
func (s Suite) call(t *testing.T, adapter operator.Operator, c Case) (operator.OperatorResult, error) {
	t.Helper()
	if o, ok := adapter.(operator.Collector); ok && c.Call == Collect {
		return o.Collect(t.Context(), s.Collection)
	}
	if o, ok := adapter.(operator.Disburser); ok && c.Call == Disburse {
		return o.Disburse(t.Context(), s.Disbursement)
	}
	if o, ok := adapter.(operator.Refunder); ok && c.Call == Refund {
		return o.Refund(t.Context(), s.Reversal)
	}
	if q, asked := s.statusQuery(c.Call); asked {
		if o, ok := adapter.(operator.StatusReader); ok {
			return o.Status(t.Context(), q)
		}
	}
	if o, ok := adapter.(operator.BalanceReader); ok && c.Call == Balance {
		left, err := o.Balance(t.Context())
		return operator.OperatorResult{Amount: left}, err
	}
	if o, ok := adapter.(operator.CallbackReader); ok && c.Call == Callback {
		return o.Callback(s.attempt(), s.Header, s.file(t, c.Reply.File))
	}
	require.Fail(t, fmt.Sprintf("the operator has no method %s", c.Call))
	return operator.OperatorResult{}, nil
}

// statusQuery returns the query of a status call, and false for every other call.
func (s Suite) statusQuery(call Call) (operator.StatusQuery, bool) {
	switch {
	case call == Status && s.Query.Ref == "":
		return QueryOf(client.CollectSubmission(s.Collection)), true
	case call == CashOutStatus && s.CashOutQuery.Ref == "":
		return QueryOf(client.DisburseSubmission(s.Disbursement)), true
	}
	q, asked := map[Call]operator.StatusQuery{
		Status: s.Query, CashOutStatus: s.CashOutQuery, RefundStatus: s.RefundQuery,
	}[call]
	return q, asked
}

// attempt returns the attempt whose callbacks are read.
func (s Suite) attempt() pirogue.Attempt {
	if s.Attempt.Ref == "" {
		return pirogue.Attempt{Ref: s.Collection.Ref}
	}
	return s.Attempt
}

// check compares an operator result or error with the case. It fails the test if either
// contains a secret.
func (s Suite) check(t *testing.T, want Case, got operator.OperatorResult, err error) {
	t.Helper()
	require.Equal(t, want.Outcome, got.Outcome, err)
	require.Equal(t, want.Code, pirogue.CodeOf(err), err)
	require.Equal(t, want.TxID, got.ProviderTxID)
	require.Equal(t, want.Amount, got.Amount)
	require.Equal(t, want.Extra, got.Extra)
	require.Equal(t, want.Mismatch, got.Mismatch)
	text := got.Message
	if err != nil {
		text = err.Error()
	}
	for _, secret := range s.Secrets {
		require.NotContains(t, text, secret)
	}
}

// file returns the content of a file under testdata, or name itself if it is JSON.
func (s Suite) file(t *testing.T, name string) []byte {
	t.Helper()
	if strings.HasPrefix(name, "{") {
		return []byte(name)
	}
	raw, err := os.ReadFile(filepath.Join("testdata", name)) //nolint:gosec // a test's own files
	require.NoError(t, err)
	return raw
}
