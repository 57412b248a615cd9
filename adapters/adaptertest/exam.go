package adaptertest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/config"
	"pirogue/operator"
	"pirogue/sandbox"
	"pirogue/sandbox/engine"
)

// verification holds one adapter, its simulator and the callbacks that arrive.
type verification struct {
	stand     Setup
	conf      config.Operator
	clock     *engine.VirtualClock
	simulator sandbox.Simulator
	base      string       // the simulator's address
	shop      string       // the address of our callback server
	written   atomic.Int64 // bytes of responses since a scenario set it to 0
	refs      int

	mu       sync.Mutex
	answered bool                    // the call that callbacks are about has returned
	told     map[string][]callbackOf // callbacks by reference
}

// callbackOf is one callback as it arrived.
type callbackOf struct {
	header http.Header
	body   []byte
	early  bool // before the call had returned
}

// attempt is one submission to the operator, with the fields that a workflow keeps about
// it.
type attempt struct {
	call   Call
	query  operator.StatusQuery
	parent operator.StatusQuery // of a refund: the collection that it gives back
}

// newVerification starts the simulator and a callback server. Both end with the test.
func newVerification(t *testing.T, s Setup) *verification {
	t.Helper()
	x := &verification{
		stand: s, told: map[string][]callbackOf{},
		clock: engine.NewVirtualClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), 0),
	}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(&counted{w, &x.written}, r)
	}))
	all, err := sandbox.New(sandbox.Options{PublicURL: server.URL, Clock: x.clock})
	require.NoError(t, err)
	handler = all.Handler()
	shop := httptest.NewServer(http.HandlerFunc(x.hear))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patient)
		defer cancel()
		err := all.Close(ctx)
		require.NoError(t, err)
		server.CloseClientConnections()
		server.Close()
		shop.Close()
	})
	x.shop = shop.URL
	x.conf = Sandboxed(t, s.Operator, server.URL)
	if s.Change != nil {
		s.Change(&x.conf)
	}
	x.stand.Network = cmp.Or(s.Network, x.conf.Network)
	code, _, _ := strings.Cut(strings.TrimPrefix(x.conf.BaseURL, server.URL+"/"), "/")
	x.simulator, x.base = all.Simulator(code), server.URL+"/"+code
	return x
}

// Sandboxed returns the configuration of an operator in the sandbox at sandboxURL.
func Sandboxed(t *testing.T, code pirogue.OperatorCode, sandboxURL string) config.Operator {
	t.Helper()
	conf, err := config.Load([]string{"PIROGUE_SANDBOX_URL=" + sandboxURL})
	require.NoError(t, err)
	for _, one := range conf.Operators {
		if one.Code == code {
			return one
		}
	}
	require.Fail(t, fmt.Sprintf("the sandbox has no operator %s", code))
	return config.Operator{}
}

// hear stores a callback. The path ends with the reference of its attempt.
func (x *verification) hear(w http.ResponseWriter, r *http.Request) {
	var body strings.Builder
	if err := r.Write(&body); err != nil {
		return
	}
	_, text, _ := strings.Cut(body.String(), "\r\n\r\n")
	x.mu.Lock()
	defer x.mu.Unlock()
	ref := strings.TrimPrefix(r.URL.Path, "/")
	x.told[ref] = append(x.told[ref], callbackOf{r.Header.Clone(), []byte(text), !x.answered})
	w.WriteHeader(http.StatusOK)
}

// letters returns the callbacks about an attempt. It waits until there are enough, at most
// a second.
func (x *verification) letters(a *attempt, enough int) []callbackOf {
	for deadline := time.Now().Add(time.Second); ; time.Sleep(time.Millisecond) {
		x.mu.Lock()
		heard := x.told[string(a.query.Ref)]
		x.mu.Unlock()
		if len(heard) >= enough || time.Now().After(deadline) {
			return heard
		}
	}
}

// open returns an adapter without a token or an open connection.
func (x *verification) open(t *testing.T, patience time.Duration) operator.Operator {
	t.Helper()
	conf := x.conf
	conf.Timeout = config.Duration(patience)
	operator, err := x.stand.New(conf, x.clock.Now)
	require.NoError(t, err)
	return operator
}

// calls returns the methods of the adapter that move money.
func (x *verification) calls(t *testing.T) []Call {
	t.Helper()
	adapter := x.open(t, patient)
	var able []Call
	if _, ok := adapter.(operator.Collector); ok {
		able = append(able, Collect)
	}
	if _, ok := adapter.(operator.Disburser); ok {
		able = append(able, Disburse)
	}
	if _, ok := adapter.(operator.Refunder); ok {
		able = append(able, Refund)
	}
	return able
}

// canAsk reports whether the adapter can read a status.
func (x *verification) canAsk(t *testing.T) bool {
	t.Helper()
	_, ok := x.open(t, patient).(operator.StatusReader)
	return ok
}

// heal resets the simulator to the stand's settings, then applies those of a scenario.
func (x *verification) heal(t *testing.T, settings string) {
	t.Helper()
	err := x.simulator.Settings().Heal()
	for _, object := range []string{x.stand.Settings, settings} {
		if err == nil && object != "" {
			err = x.simulator.Settings().Set([]byte(object))
		}
	}
	require.NoError(t, err)
}

// float returns the name of the simulator's setting for the money that it can pay out. It
// returns "" if there is none.
func (x *verification) float(t *testing.T) string {
	t.Helper()
	settings, err := x.simulator.Settings().Values()
	require.NoError(t, err)
	for _, name := range []string{"float", "balance"} {
		if _, has := settings[name]; has {
			return name
		}
	}
	return ""
}

// force returns the setting that makes every customer behave like one magic number.
func force(digits string) string { return `{"force":"` + digits + `"}` }

// attempt returns an attempt under a new reference. For a refund it first makes the
// collection that the refund gives back.
func (x *verification) attempt(t *testing.T, call Call) *attempt {
	t.Helper()
	a := &attempt{call: call, query: x.query(call)}
	if call == Refund {
		x.heal(t, force(pays))
		collected := x.attempt(t, Collect)
		x.enter(t, collected)
		x.mustSend(t, collected)
		x.mustBecome(t, collected, pirogue.OutcomePaid)
		if !slices.Contains(x.stand.Silent, Collect) {
			x.letters(collected, 1) // so that its callback does not go to the address entered next
		}
		a.of(collected.query)
		x.heal(t, "")
	}
	return a
}

// of makes an attempt the refund of a collection.
func (a *attempt) of(parent operator.StatusQuery) {
	a.parent, a.query.RefundedCollect = parent, &parent
}

// query returns the status query of an attempt under a new reference.
func (x *verification) query(call Call) operator.StatusQuery {
	x.refs++
	return operator.StatusQuery{
		Kind:   map[Call]pirogue.PaymentKind{Collect: pirogue.CashIn, Disburse: pirogue.CashOut, Refund: pirogue.Refund}[call],
		Ref:    pirogue.OperatorRef(fmt.Sprintf("WITNESS%04d", x.refs)),
		Amount: pirogue.Money{Minor: asked, Currency: x.conf.Currency},
		MSISDN: x.stand.MSISDN, SentAt: x.clock.Now(),
	}
}

// send makes an attempt and keeps its handle, as the workflow does.
func (x *verification) send(t *testing.T, o operator.Operator, a *attempt) (operator.OperatorResult, error) {
	t.Helper()
	x.setAnswered(false)
	defer x.setAnswered(true)
	receipt, err := x.order(t, o, a)
	if code := pirogue.CodeOf(err); receipt.Handle != nil && (code == "" || code == operator.Unknown) {
		a.query.Handle = receipt.Handle
	}
	return receipt, err
}

// setAnswered records whether the call under test has returned, so that hear can mark
// callbacks that arrive before.
func (x *verification) setAnswered(answered bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.answered = answered
}

// order calls the adapter's method for an attempt.
func (x *verification) order(t *testing.T, o operator.Operator, a *attempt) (operator.OperatorResult, error) {
	t.Helper()
	callback := x.shop + "/" + string(a.query.Ref)
	if c, ok := o.(operator.Collector); ok && a.call == Collect {
		return c.Collect(t.Context(), operator.CollectRequest{
			Ref: a.query.Ref, Amount: a.query.Amount, MSISDN: a.query.MSISDN, Network: x.stand.Network,
			Payer: "Awa Ndiaye", Payee: "Boutique", ReturnURL: x.shop + "/back", CancelURL: x.shop + "/back",
			CallbackURL: callback, OTP: x.stand.OTP, Window: config.DefaultWindow,
		})
	}
	if r, ok := o.(operator.Refunder); ok && a.call == Refund {
		return r.Refund(t.Context(), operator.RefundRequest{
			Ref: a.query.Ref, Amount: a.query.Amount, CollectQuery: a.parent, CallbackURL: callback,
		})
	}
	d, ok := o.(operator.Disburser)
	require.True(t, ok, "the operator has no method %s", a.call)
	return d.Disburse(t.Context(), operator.DisburseRequest{
		Ref: a.query.Ref, Amount: a.query.Amount, MSISDN: a.query.MSISDN, Network: x.stand.Network,
		Beneficiary: "Awa Ndiaye", Payer: "Boutique", CallbackURL: callback,
	})
}

// mustSend makes an attempt that the operator must accept.
func (x *verification) mustSend(t *testing.T, a *attempt) {
	t.Helper()
	x.mustTake(t, x.open(t, patient), a)
}

// mustTake makes an attempt through one adapter; the operator must accept it.
func (x *verification) mustTake(t *testing.T, o operator.Operator, a *attempt) {
	t.Helper()
	receipt, err := x.send(t, o, a)
	require.NoError(t, err, "%v %v", a.call, receipt.Outcome)
	require.True(t, taken[receipt.Outcome], "%s: %q; want it taken", a.call, receipt.Outcome)
}

// taken holds the outcomes of an accepted attempt.
var taken = map[pirogue.Outcome]bool{pirogue.OutcomePending: true, pirogue.OutcomePaid: true}

// became returns the operator's result for an attempt by a status call. An operator without
// one reports it in its latest callback.
func (x *verification) became(t *testing.T, a *attempt) (operator.OperatorResult, error) {
	t.Helper()
	adapter := x.open(t, patient)
	if reader, ok := adapter.(operator.StatusReader); ok {
		return reader.Status(t.Context(), a.query)
	}
	x.mu.Lock()
	heard := x.told[string(a.query.Ref)]
	x.mu.Unlock()
	reader, ok := adapter.(operator.CallbackReader)
	if !ok || len(heard) == 0 {
		return operator.OperatorResult{Outcome: pirogue.OutcomePending}, nil
	}
	last := heard[len(heard)-1]
	return reader.Callback(pirogue.Attempt{Ref: a.query.Ref, Handle: a.query.Handle}, last.header, last.body)
}

// mustBecome waits at most a second until the operator reports an outcome.
func (x *verification) mustBecome(t *testing.T, a *attempt, want pirogue.Outcome) operator.OperatorResult {
	t.Helper()
	for deadline := time.Now().Add(time.Second); ; time.Sleep(time.Millisecond) {
		receipt, err := x.became(t, a)
		if err == nil && receipt.Outcome == want {
			return receipt
		}
		require.NoError(t, err, "%v %v %v", a.call, a.query.Ref, receipt.Outcome)
		require.False(t, time.Now().After(deadline), "%s of %s: %q, %v; want %s", a.call, a.query.Ref, receipt.Outcome, err, want)
	}
}

// paid returns the movements of money in the simulator's book under these references.
func (x *verification) paid(refs ...pirogue.OperatorRef) []engine.Paid {
	var moved []engine.Paid
	for _, one := range x.simulator.Book() {
		for _, ref := range refs {
			if one.OrderID == string(ref) {
				moved = append(moved, one)
			}
		}
	}
	return moved
}

// prompt bounds the time that an immediate action of a customer takes on a busy machine.
const prompt = 200 * time.Millisecond

// settle lets customers and operator complete everything that is still due. It waits until
// the book shows the reference, at most prompt, and then lets an hour pass.
func (x *verification) settle(ref pirogue.OperatorRef) {
	time.Sleep(time.Millisecond)
	for deadline := time.Now().Add(prompt); len(x.paid(ref)) == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	x.clock.Advance(time.Hour)
}

// enter registers the callback address of an attempt in the operator's portal.
func (x *verification) enter(t *testing.T, a *attempt) {
	t.Helper()
	if x.stand.Portal == "" {
		return
	}
	body, err := json.Marshal(map[string]string{"key": x.stand.Portal, "url": x.shop + "/" + string(a.query.Ref)})
	require.NoError(t, err)
	address := x.base + "/portal/webhook"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, bytes.NewReader(body))
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// counted counts the bytes of a response.
type counted struct {
	http.ResponseWriter

	written *atomic.Int64
}

// Write implements io.Writer.
func (c *counted) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.written.Add(int64(n))
	return n, err
}

// Unwrap lets http.ResponseController reach the original writer.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }
