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
	setup     Setup
	conf      config.Operator
	clock     *engine.VirtualClock
	simulator sandbox.Simulator
	base      string       // the simulator's address
	shop      string       // the address of our callback server
	written   atomic.Int64 // bytes of responses since a scenario set it to 0
	refs      int

	mu        sync.Mutex
	answered  bool                          // the call that callbacks are about has returned
	callbacks map[string][]receivedCallback // callbacks by reference
}

// receivedCallback is one callback as it arrived.
type receivedCallback struct {
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
	v := &verification{
		setup: s, callbacks: map[string][]receivedCallback{},
		clock: engine.NewVirtualClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), 0),
	}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(&counted{w, &v.written}, r)
	}))
	shop := httptest.NewServer(http.HandlerFunc(v.receiveCallback))
	v.shop = shop.URL
	var stop func(context.Context) error
	if s.Simulator == nil {
		handler, stop = v.startSandbox(t, server.URL)
	} else {
		handler, stop = v.startSimulator(t, server.URL)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patient)
		defer cancel()
		require.NoError(t, stop(ctx))
		server.CloseClientConnections()
		server.Close()
		shop.Close()
	})
	v.setup.Network = cmp.Or(s.Network, v.conf.Network)
	return v
}

// startSandbox starts the sandbox and uses its simulator of the setup's operator.
func (v *verification) startSandbox(t *testing.T, url string) (http.Handler, func(context.Context) error) {
	t.Helper()
	all, err := sandbox.New(sandbox.Options{PublicURL: url, Clock: v.clock})
	require.NoError(t, err)
	v.conf = sandboxConfig(t, v.setup.Operator, url)
	if v.setup.Change != nil {
		v.setup.Change(&v.conf)
	}
	code, _, _ := strings.Cut(strings.TrimPrefix(v.conf.BaseURL, url+"/"), "/")
	v.simulator, v.base = all.Simulator(code), url+"/"+code
	return all.Handler(), all.Close
}

// startSimulator starts the setup's own simulator.
func (v *verification) startSimulator(t *testing.T, url string) (http.Handler, func(context.Context) error) {
	t.Helper()
	one, err := v.setup.Simulator(engine.Config{Options: engine.Options{PublicURL: url, Clock: v.clock}})
	require.NoError(t, err)
	v.conf, v.simulator, v.base = v.setup.Conf, one, url
	v.conf.BaseURL = url
	return one.Handler(), one.Close
}

// sandboxConfig returns the configuration of an operator in the sandbox at sandboxURL.
func sandboxConfig(t *testing.T, code pirogue.OperatorCode, sandboxURL string) config.Operator {
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

// receiveCallback stores a callback. The path ends with the reference of its attempt.
func (v *verification) receiveCallback(w http.ResponseWriter, r *http.Request) {
	var body strings.Builder
	if err := r.Write(&body); err != nil {
		return
	}
	_, text, _ := strings.Cut(body.String(), "\r\n\r\n")
	v.mu.Lock()
	defer v.mu.Unlock()
	ref := strings.TrimPrefix(r.URL.Path, "/")
	v.callbacks[ref] = append(v.callbacks[ref], receivedCallback{r.Header.Clone(), []byte(text), !v.answered})
	w.WriteHeader(http.StatusOK)
}

// awaitCallbacks returns the callbacks about an attempt. It waits until there are enough, at most
// a second.
func (v *verification) awaitCallbacks(a *attempt, enough int) []receivedCallback {
	for deadline := time.Now().Add(time.Second); ; time.Sleep(time.Millisecond) {
		v.mu.Lock()
		received := v.callbacks[string(a.query.Ref)]
		v.mu.Unlock()
		if len(received) >= enough || time.Now().After(deadline) {
			return received
		}
	}
}

// open returns an adapter without a token or an open connection.
func (v *verification) open(t *testing.T, patience time.Duration) operator.Operator {
	t.Helper()
	conf := v.conf
	conf.Timeout = config.Duration(patience)
	operator, err := v.setup.New(conf, v.clock.Now)
	require.NoError(t, err)
	return operator
}

// calls returns the methods of the adapter that move money.
func (v *verification) calls(t *testing.T) []Call {
	t.Helper()
	adapter := v.open(t, patient)
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
func (v *verification) canAsk(t *testing.T) bool {
	t.Helper()
	_, ok := v.open(t, patient).(operator.StatusReader)
	return ok
}

// setFaults resets the simulator to the setup's settings, then applies those of a scenario.
func (v *verification) setFaults(t *testing.T, settings string) {
	t.Helper()
	err := v.simulator.Settings().Heal()
	for _, object := range []string{v.setup.Settings, settings} {
		if err == nil && object != "" {
			err = v.simulator.Settings().Set([]byte(object))
		}
	}
	require.NoError(t, err)
}

// float returns the name of the simulator's setting for the money that it can pay out. It
// returns "" if there is none.
func (v *verification) float(t *testing.T) string {
	t.Helper()
	settings, err := v.simulator.Settings().Values()
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
func (v *verification) attempt(t *testing.T, call Call) *attempt {
	t.Helper()
	a := &attempt{call: call, query: v.query(call)}
	if call == Refund {
		v.setFaults(t, force(pays))
		collected := v.attempt(t, Collect)
		v.registerCallback(t, collected)
		v.mustSend(t, collected)
		v.awaitOutcome(t, collected, pirogue.OutcomePaid)
		if !slices.Contains(v.setup.NoCallback, Collect) {
			v.awaitCallbacks(collected, 1) // so that its callback does not go to the address entered next
		}
		a.of(collected.query)
		v.setFaults(t, "")
	}
	return a
}

// of makes an attempt the refund of a collection.
func (a *attempt) of(parent operator.StatusQuery) {
	a.parent, a.query.RefundedCollect = parent, &parent
}

// query returns the status query of an attempt under a new reference.
func (v *verification) query(call Call) operator.StatusQuery {
	v.refs++
	return operator.StatusQuery{
		Kind: map[Call]pirogue.PaymentKind{
			Collect: pirogue.CashIn, Disburse: pirogue.CashOut,
			Refund: pirogue.Refund,
		}[call],
		Ref:    pirogue.OperatorRef(fmt.Sprintf("VERIFY%05d", v.refs)),
		Amount: pirogue.Money{Minor: asked, Currency: v.conf.Currency},
		MSISDN: v.setup.MSISDN, SentAt: v.clock.Now(),
	}
}

// send makes an attempt and keeps its handle, as the workflow does.
func (v *verification) send(t *testing.T, o operator.Operator, a *attempt) (operator.OperatorResult, error) {
	t.Helper()
	v.setAnswered(false)
	defer v.setAnswered(true)
	result, err := v.submit(t, o, a)
	if code := pirogue.CodeOf(err); result.Handle != nil && (code == "" || code == operator.Unknown) {
		a.query.Handle = result.Handle
	}
	return result, err
}

// setAnswered records whether the call under test has returned, so that receiveCallback can mark
// callbacks that arrive before.
func (v *verification) setAnswered(answered bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.answered = answered
}

// submit calls the adapter's method for an attempt.
func (v *verification) submit(t *testing.T, o operator.Operator, a *attempt) (operator.OperatorResult, error) {
	t.Helper()
	callback := v.shop + "/" + string(a.query.Ref)
	if c, ok := o.(operator.Collector); ok && a.call == Collect {
		return c.Collect(t.Context(), operator.CollectRequest{
			Ref: a.query.Ref, Amount: a.query.Amount, MSISDN: a.query.MSISDN, Network: v.setup.Network,
			Payer: "Awa Ndiaye", Payee: "Boutique", ReturnURL: v.shop + "/back", CancelURL: v.shop + "/back",
			CallbackURL: callback, OTP: v.setup.OTP, Window: config.DefaultWindow,
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
		Ref: a.query.Ref, Amount: a.query.Amount, MSISDN: a.query.MSISDN, Network: v.setup.Network,
		Beneficiary: "Awa Ndiaye", Payer: "Boutique", CallbackURL: callback,
	})
}

// mustSend makes an attempt that the operator must accept.
func (v *verification) mustSend(t *testing.T, a *attempt) {
	t.Helper()
	v.mustAccept(t, v.open(t, patient), a)
}

// mustAccept makes an attempt through one adapter; the operator must accept it.
func (v *verification) mustAccept(t *testing.T, o operator.Operator, a *attempt) {
	t.Helper()
	result, err := v.send(t, o, a)
	require.NoError(t, err, "%v %v", a.call, result.Outcome)
	require.True(t, accepted[result.Outcome], "%s: %q; want it taken", a.call, result.Outcome)
}

// accepted holds the outcomes of an accepted attempt.
var accepted = map[pirogue.Outcome]bool{pirogue.OutcomePending: true, pirogue.OutcomePaid: true}

// queryResult returns the operator's result for an attempt by a status call. An operator without
// one reports it in its latest callback.
func (v *verification) queryResult(t *testing.T, a *attempt) (operator.OperatorResult, error) {
	t.Helper()
	adapter := v.open(t, patient)
	if reader, ok := adapter.(operator.StatusReader); ok {
		return reader.Status(t.Context(), a.query)
	}
	v.mu.Lock()
	received := v.callbacks[string(a.query.Ref)]
	v.mu.Unlock()
	reader, ok := adapter.(operator.CallbackReader)
	if !ok || len(received) == 0 {
		return operator.OperatorResult{Outcome: pirogue.OutcomePending}, nil
	}
	last := received[len(received)-1]
	return reader.Callback(pirogue.Attempt{Ref: a.query.Ref, Handle: a.query.Handle}, last.header, last.body)
}

// awaitOutcome waits at most a second until the operator reports an outcome.
func (v *verification) awaitOutcome(t *testing.T, a *attempt, want pirogue.Outcome) operator.OperatorResult {
	t.Helper()
	for deadline := time.Now().Add(time.Second); ; time.Sleep(time.Millisecond) {
		result, err := v.queryResult(t, a)
		if err == nil && result.Outcome == want {
			return result
		}
		require.NoError(t, err, "%v %v %v", a.call, a.query.Ref, result.Outcome)
		require.False(t, time.Now().After(deadline), "%s of %s: %q, %v; want %s", a.call, a.query.Ref, result.Outcome, err,
			want)
	}
}

// movements returns the movements of money in the simulator's book under these references.
func (v *verification) movements(refs ...pirogue.OperatorRef) []engine.BookEntry {
	var moved []engine.BookEntry
	for _, one := range v.simulator.Book() {
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

// finishPayments lets customers and operator complete everything that is still due. It waits until
// the book shows the reference, at most prompt, and then lets an hour pass.
func (v *verification) finishPayments(ref pirogue.OperatorRef) {
	time.Sleep(time.Millisecond)
	for deadline := time.Now().Add(prompt); len(v.movements(ref)) == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	v.clock.Advance(time.Hour)
}

// registerCallback registers the callback address of an attempt in the operator's portal.
func (v *verification) registerCallback(t *testing.T, a *attempt) {
	t.Helper()
	if v.setup.Portal == "" {
		return
	}
	body, err := json.Marshal(map[string]string{"key": v.setup.Portal, "url": v.shop + "/" + string(a.query.Ref)})
	require.NoError(t, err)
	address := v.base + "/portal/webhook"
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
