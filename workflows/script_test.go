package workflows_test

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"pirogue"
	"pirogue/operator"
	"pirogue/webhook"
)

// What a call to an operator can fail with.
var (
	notSent = pirogue.Errorf(operator.NotSent, "connection refused")
	unknown = pirogue.Errorf(operator.Unknown, "no answer in 10 s")
	unable  = pirogue.Errorf(operator.Unable, "the float is empty")
	refused = pirogue.Errorf(operator.Refused, "merchant_key is wrong")
)

// token is the handle that the operator requires in a status call about a cash-in.
var token = pirogue.Handle{"pay_token": "secret"}

// scripted is the operator's status from a moment on, counted from the submission.
type scripted struct {
	from     time.Duration
	outcome  pirogue.Outcome
	amount   int64  // 0: the order's
	extra    int64  // what moved beside it
	err      error  // instead of an outcome
	mismatch string // what else than the amount is not the order's
	unclear  bool   // "paid" without an amount that it states elsewhere
}

// scriptedOperator plays scenes and counts what it was asked. It executes nothing: what it
// says is all there is.
type scriptedOperator struct {
	mu             sync.Mutex
	now            func() time.Time
	power          operator.ReferencePower
	finalityWindow time.Duration
	proves         bool
	proof          operator.CallbackProof // "" for none
	resend         time.Duration
	payouts        operator.Limits // of one disbursement

	began     time.Time     // of the latest submission that may have arrived
	answers   []error       // what the first submissions fail with; then it accepts
	named     bool          // a lost answer names the token all the same
	upAfter   time.Duration // until then no submission reaches it, counted from the first
	first     time.Time     // submission
	refs      []pirogue.OperatorRef
	reached   []pirogue.OperatorRef // those that may have arrived
	passwords []string              // one-time, of collections
	reversals int                   // submissions by the refund call
	reversed  []pirogue.OperatorRef // collections that they were to give back
	tokenless bool                  // a cash-in can be asked about although its answer was lost
	during    func()                // happens while a submission is under way
	script    []scripted
	scriptOf  map[int][]scripted    // of the submission of this number, from 1, instead of scenes
	resends   []pirogue.OperatorRef // requests for the callback
	onResend  func()                // what such a request leads to; nil: it is refused
	asked     int
	askedAt   []time.Time
}

// askedBefore returns how many questions came within a while of the first submission.
func (o *scriptedOperator) askedBefore(limit time.Duration) int {
	n := 0
	for _, at := range o.askedAt {
		if at.Sub(o.first) < limit {
			n++
		}
	}
	return n
}

func (o *scriptedOperator) Capability() operator.Capability {
	c := operator.Capability{
		Reference: o.power, OnLostResponse: operator.ResendNewReference, FinalityWindow: o.finalityWindow,
		AbsenceProves: o.proves,
		ResendWithin:  o.resend, CashOut: o.payouts, Proof: cmp.Or(o.proof, operator.ProofNone),
	}
	if c.Reference == "" {
		c.Reference = operator.StatusByReference
	}
	if c.FinalityWindow == 0 {
		c.FinalityWindow = 24 * time.Hour
	}
	return c
}

func (o *scriptedOperator) Collect(_ context.Context, c operator.CollectRequest) (operator.OperatorResult, error) {
	if c.OTP != "" {
		o.passwords = append(o.passwords, c.OTP)
	}
	if err := o.submit(c.Ref); err != nil {
		if o.named && pirogue.CodeOf(err) == operator.Unknown {
			return operator.OperatorResult{Handle: token}, err
		}
		return operator.OperatorResult{}, err
	}
	return operator.OperatorResult{
		Outcome: pirogue.OutcomePending, Handle: token,
		NextAction: pirogue.NextAction{Type: pirogue.ActionRedirect, URL: "https://operator.example/pay"},
	}, nil
}

func (o *scriptedOperator) Disburse(_ context.Context, d operator.DisburseRequest) (operator.OperatorResult, error) {
	return operator.OperatorResult{Outcome: pirogue.OutcomePending}, o.submit(d.Ref)
}

// submit takes one submission and answers as the script says.
func (o *scriptedOperator) submit(ref pirogue.OperatorRef) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refs = append(o.refs, ref)
	if o.first.IsZero() {
		o.first = o.now()
	}
	var answer error
	switch n := len(o.refs); {
	case o.now().Sub(o.first) < o.upAfter:
		answer = notSent
	case n <= len(o.answers):
		answer = o.answers[n-1]
	}
	if pirogue.CodeOf(answer) == operator.NotSent {
		return answer
	}
	o.reached, o.began = append(o.reached, ref), o.now()
	if o.during != nil {
		o.during()
	}
	return answer
}

func (o *scriptedOperator) Status(_ context.Context, q operator.StatusQuery) (operator.OperatorResult, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked++
	o.askedAt = append(o.askedAt, o.now())
	if q.Kind == pirogue.CashIn && !o.tokenless && q.Handle["pay_token"] != token["pay_token"] {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "asked without the token")
	}
	current := scripted{outcome: pirogue.OutcomePending}
	script := o.script
	if own, has := o.scriptOf[slices.Index(o.refs, q.Ref)+1]; has {
		script = own
	}
	for _, s := range script {
		if o.now().Sub(o.began) >= s.from {
			current = s
		}
	}
	switch {
	case current.err != nil:
		return operator.OperatorResult{}, current.err
	case current.unclear:
		return operator.OperatorResult{
			Outcome: pirogue.OutcomePending, Unreadable: true, Message: "paid, some amount",
		}, nil
	}
	result := operator.OperatorResult{Outcome: current.outcome, ProviderTxID: "MP1", Mismatch: current.mismatch}
	if current.amount != 0 {
		result.Amount = xof(current.amount)
	}
	if current.extra != 0 {
		result.Extra = xof(current.extra)
	}
	return result, nil
}

// refunder is an operator that can give back what it collected.
type refunder struct{ *scriptedOperator }

func (r refunder) Refund(_ context.Context, q operator.RefundRequest) (operator.OperatorResult, error) {
	if !r.tokenless && q.CollectQuery.Handle["pay_token"] != token["pay_token"] {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Refused, "not a payment of ours")
	}
	r.mu.Lock()
	r.reversals, r.reversed = r.reversals+1, append(r.reversed, q.CollectQuery.Ref)
	r.mu.Unlock()
	return operator.OperatorResult{Outcome: pirogue.OutcomePending}, r.submit(q.Ref)
}

// noStatus is an operator that cannot be asked and proves its callbacks by a secret.
type noStatus struct{ script *scriptedOperator }

func (d noStatus) Capability() operator.Capability {
	c := d.script.Capability()
	c.Reference, c.OnLostResponse, c.Proof = operator.NeitherByReference, operator.ResendNever, operator.ProofToken
	return c
}

func (d noStatus) Collect(ctx context.Context, c operator.CollectRequest) (operator.OperatorResult, error) {
	return d.script.Collect(ctx, c)
}

func (d noStatus) Disburse(ctx context.Context, q operator.DisburseRequest) (operator.OperatorResult, error) {
	return d.script.Disburse(ctx, q)
}

// resender is an operator that sends its callback again when it is asked to.
type resender struct {
	operator.Operator
	operator.Collector
	operator.Disburser

	script *scriptedOperator
}

// ResendCallback counts what it was asked, and does what the script says.
func (r resender) ResendCallback(_ context.Context, q operator.StatusQuery) error {
	r.script.mu.Lock()
	defer r.script.mu.Unlock()
	r.script.resends = append(r.script.resends, q.Ref)
	if r.script.onResend == nil {
		return refused
	}
	r.script.onResend()
	return nil
}

// resendsAndAnswers is a resender that can be asked for the status too.
type resendsAndAnswers struct {
	resender
	operator.StatusReader
}

// endpoint is a merchant's server that answers as it is told.
type endpoint struct {
	mu      sync.Mutex
	now     func() time.Time
	answers []int // 0: no answer at all; the last one repeats
	after   time.Duration
	at      []time.Time
	events  []pirogue.EventID // that it received
	during  func()            // happens while it receives one
}

func (e *endpoint) Send(_ context.Context, m webhook.Message, spend func([32]byte) error) (webhook.Reply, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := spend([32]byte{byte(len(e.at) + 1)}); err != nil {
		return webhook.Reply{}, err
	}
	e.at, e.events = append(e.at, e.now()), append(e.events, m.EventID)
	if e.during != nil {
		e.during()
	}
	answer := http.StatusOK
	if len(e.answers) > 0 {
		answer = e.answers[min(len(e.at), len(e.answers))-1]
	}
	if answer == 0 {
		return webhook.Reply{}, errors.New("TIMED_OUT")
	}
	return webhook.Reply{HTTPStatus: answer, RetryAfter: e.after}, nil
}
