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
	"pirogue/activities"
)

// What a call to an operator can fail with.
var (
	notSent = pirogue.Errorf(pirogue.NotSent, "connection refused")
	unknown = pirogue.Errorf(pirogue.Unknown, "no answer in 10 s")
	unable  = pirogue.Errorf(pirogue.Unable, "the float is empty")
	refused = pirogue.Errorf(pirogue.Refused, "merchant_key is wrong")
)

// token is what the operator wants back when it is asked about a cash-in.
var token = pirogue.Handle{"pay_token": "secret"}

// scene is what the operator says from a moment on, counted from the submission.
type scene struct {
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
	mu      sync.Mutex
	now     func() time.Time
	power   pirogue.ReferencePower
	horizon time.Duration
	proves  bool
	proof   pirogue.CallbackProof // "" for none
	resend  time.Duration
	payouts pirogue.Limits // of one disbursement

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
	scenes    []scene
	scenesOf  map[int][]scene // of the submission of this number, from 1, instead of scenes
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

func (o *scriptedOperator) Capability() pirogue.Capability {
	c := pirogue.Capability{
		Reference: o.power, OnLostResponse: pirogue.ResendNewReference, FinalityWindow: o.horizon, AbsenceProves: o.proves,
		ResendWithin: o.resend, CashOut: o.payouts, Proof: cmp.Or(o.proof, pirogue.ProofNone),
	}
	if c.Reference == "" {
		c.Reference = pirogue.StatusByReference
	}
	if c.FinalityWindow == 0 {
		c.FinalityWindow = 24 * time.Hour
	}
	return c
}

func (o *scriptedOperator) Collect(_ context.Context, c pirogue.CollectRequest) (pirogue.OperatorResult, error) {
	if c.OTP != "" {
		o.passwords = append(o.passwords, c.OTP)
	}
	if err := o.submit(c.Ref); err != nil {
		if o.named && pirogue.CodeOf(err) == pirogue.Unknown {
			return pirogue.OperatorResult{Handle: token}, err
		}
		return pirogue.OperatorResult{}, err
	}
	return pirogue.OperatorResult{
		Outcome: pirogue.OutcomePending, Handle: token,
		NextAction: pirogue.NextAction{Type: pirogue.ActionRedirect, URL: "https://operator.example/pay"},
	}, nil
}

func (o *scriptedOperator) Disburse(_ context.Context, d pirogue.DisburseRequest) (pirogue.OperatorResult, error) {
	return pirogue.OperatorResult{Outcome: pirogue.OutcomePending}, o.submit(d.Ref)
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
	if pirogue.CodeOf(answer) == pirogue.NotSent {
		return answer
	}
	o.reached, o.began = append(o.reached, ref), o.now()
	if o.during != nil {
		o.during()
	}
	return answer
}

func (o *scriptedOperator) Status(_ context.Context, q pirogue.StatusQuery) (pirogue.OperatorResult, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked++
	o.askedAt = append(o.askedAt, o.now())
	if q.Kind == pirogue.CashIn && !o.tokenless && q.Handle["pay_token"] != token["pay_token"] {
		return pirogue.OperatorResult{}, pirogue.Errorf(pirogue.Unknown, "asked without the token")
	}
	current := scene{outcome: pirogue.OutcomePending}
	scenes := o.scenes
	if own, has := o.scenesOf[slices.Index(o.refs, q.Ref)+1]; has {
		scenes = own
	}
	for _, s := range scenes {
		if o.now().Sub(o.began) >= s.from {
			current = s
		}
	}
	switch {
	case current.err != nil:
		return pirogue.OperatorResult{}, current.err
	case current.unclear:
		return pirogue.OperatorResult{Outcome: pirogue.OutcomePending, Unreadable: true, Message: "paid, some amount"}, nil
	}
	receipt := pirogue.OperatorResult{Outcome: current.outcome, ProviderTxID: "MP1", Mismatch: current.mismatch}
	if current.amount != 0 {
		receipt.Amount = xof(current.amount)
	}
	if current.extra != 0 {
		receipt.Extra = xof(current.extra)
	}
	return receipt, nil
}

// refunder is an operator that can give back what it collected.
type refunder struct{ *scriptedOperator }

func (r refunder) Refund(_ context.Context, q pirogue.RefundRequest) (pirogue.OperatorResult, error) {
	if !r.tokenless && q.CollectQuery.Handle["pay_token"] != token["pay_token"] {
		return pirogue.OperatorResult{}, pirogue.Errorf(pirogue.Refused, "not a payment of ours")
	}
	r.mu.Lock()
	r.reversals, r.reversed = r.reversals+1, append(r.reversed, q.CollectQuery.Ref)
	r.mu.Unlock()
	return pirogue.OperatorResult{Outcome: pirogue.OutcomePending}, r.submit(q.Ref)
}

// deaf is an operator that cannot be asked and proves its callbacks by a secret.
type deaf struct{ script *scriptedOperator }

func (d deaf) Capability() pirogue.Capability {
	c := d.script.Capability()
	c.Reference, c.OnLostResponse, c.Proof = pirogue.NeitherByReference, pirogue.ResendNever, pirogue.ProofToken
	return c
}

func (d deaf) Collect(ctx context.Context, c pirogue.CollectRequest) (pirogue.OperatorResult, error) {
	return d.script.Collect(ctx, c)
}

func (d deaf) Disburse(ctx context.Context, q pirogue.DisburseRequest) (pirogue.OperatorResult, error) {
	return d.script.Disburse(ctx, q)
}

// endpoint is a merchant's server that answers as it is told.
type endpoint struct {
	now     func() time.Time
	answers []int // 0: no answer at all; the last one repeats
	after   time.Duration
	at      []time.Time
}

func (e *endpoint) Send(_ context.Context, _ activities.WebhookMessage, spend func([32]byte) error) (activities.WebhookReply, error) {
	if err := spend([32]byte{byte(len(e.at) + 1)}); err != nil {
		return activities.WebhookReply{}, err
	}
	e.at = append(e.at, e.now())
	answer := http.StatusOK
	if len(e.answers) > 0 {
		answer = e.answers[min(len(e.at), len(e.answers))-1]
	}
	if answer == 0 {
		return activities.WebhookReply{}, errors.New("TIMED_OUT")
	}
	return activities.WebhookReply{HTTPStatus: answer, RetryAfter: e.after}, nil
}
