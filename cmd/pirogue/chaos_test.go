//go:build chaos

package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/sandbox/engine"
	"pirogue/support"
	"pirogue/workflows"
)

// The flags of a fault run.
var (
	seedFlag   = flag.Uint64("seed", 0, "what the faults and the load are drawn from; 0 draws one and prints it")
	faultsFlag = flag.Duration("faults", 4*time.Minute, "how long things go wrong")
)

// The parts of a fault run after the faults.
const (
	answersWithin = time.Minute     // until every request has its final response
	healsWithin   = 4 * time.Minute // until every acknowledged payment has ended
	// Until an open payment is on support's list. The sweep finds a lost workflow within minutes.
	// Its submission to an operator that is down then takes calledLost until it counts as unknown.
	foundWithin  = 90 * time.Second // the sweep runs every 30 s and looks at a row once a minute
	calledLost   = time.Minute      // after which a result counts as unknown
	listedWithin = foundWithin + calledLost + 30*time.Second
	// An operator has five minutes to pay out what it accepted: see store.Stuck.
	undecidedWithin = 5*time.Minute + 30*time.Second
	auditEvery      = 3 * time.Second
)

// TestWhateverBreaksNothingIsLostAndNothingIsPaidTwice lets merchants trade while every part dies
// repeatedly and every connection has every fault. Afterwards the books must have no trace of that.
//
// During the faults it requires only safety: the books balance at every moment, and support sees
// stuck payments. It requires progress once everything is mended.
func TestWhateverBreaksNothingIsLostAndNothingIsPaidTwice(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("again with the same faults: make chaos SEED=%d FOR=%v", seed, *faultsFlag)
	h := newChaosWorld(newErrorSummary(t))
	h.fundMerchant()
	d := &requestLog{tries: map[string]int{}}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	closing := make(chan struct{})
	var trading, watching sync.WaitGroup
	for till := range shops {
		trading.Go(func() { h.runShop(ctx, closing, d, newRand(seed, uint64(till))) })
	}
	trading.Go(func() { h.repeat(ctx, d, closing, newRand(seed, shops)) })
	over := make(chan struct{})
	watching.Go(func() { h.checkBooks(over) })
	watching.Go(func() { h.checkWorklist(d, over) })
	watching.Go(func() { h.forgeCallbacks(closing) })
	watching.Go(func() { h.repeatFaults(closing) })

	injected := h.injectFaults(seed)
	close(closing)
	h.removeFaults()
	h.awaitResponses(&trading, d)
	h.awaitEnds(d)
	close(over)
	watching.Wait()
	h.comparePayments(d)
	h.report(d, injected)
}

// newRand returns the random source of one actor of a run.
func newRand(seed, actor uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, actor)) }

// fundMerchant gives the merchant a balance for cash-outs, in both countries.
func (h *chaosWorld) fundMerchant() {
	for _, number := range []string{pays, "+221770123456"} {
		body := strings.Replace(order(number), "5000", "5000000", 1)
		got := h.customer().pay(h.t, body)
		require.Equal(h.t, http.StatusAccepted, got.Status, got.Raw)
		h.customer().until(h.t, got.Data.ID, "SUCCESS", time.Minute)
	}
}

// fault is one fault: the kill of a part, or a fault of a connection.
type fault struct {
	part   string // "" for a connection
	edge   string
	how    toxic
	stream string
	lasts  time.Duration
}

func (x fault) String() string {
	if x.part != "" {
		return "kill " + x.part
	}
	return x.how.Name + " on " + x.edge
}

// The amount of faults.
const (
	killEach    = time.Minute // each part is killed once in this time, and at least once
	longestDown = 3 * time.Second
	longestBad  = 5 * time.Second
)

// partFaults returns every part, as often as the time allows, in a random order. Among them Temporal's
// database is deleted once and restored from an older copy once.
func partFaults(random *rand.Rand) []fault {
	var all []fault
	for range max(1, int(*faultsFlag/killEach)) {
		for _, part := range []string{"api", "worker1", "worker2", "both workers", "sandbox", "temporal", "postgres"} {
			all = append(all, fault{part: part, lasts: time.Duration(random.Int64N(int64(longestDown)))})
		}
	}
	for _, part := range []string{deleted, restored} {
		all = append(all, fault{part: part, lasts: time.Duration(random.Int64N(int64(longestDown)))})
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// connectionFaults returns every fault of every connection, in a random order.
func connectionFaults(random *rand.Rand) []fault {
	var all []fault
	for _, e := range edges {
		for _, how := range toxics {
			stream := []string{"upstream", "downstream"}[random.IntN(2)]
			lasts := longestBad/5 + time.Duration(random.Int64N(int64(longestBad*4/5)))
			all = append(all, fault{edge: e.name, how: how, stream: stream, lasts: lasts})
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// injectFaults causes every fault of the run, spread over its time. The kills come one after the
// other; beside them the faults of connections come two at a time.
func (h *chaosWorld) injectFaults(seed uint64) map[string]int {
	began, injected := time.Now(), map[string]int{}
	var mu sync.Mutex
	spread := func(all []fault, do func(fault)) {
		for i, x := range all {
			due := began.Add(*faultsFlag * time.Duration(i) / time.Duration(len(all)))
			time.Sleep(time.Until(due))
			h.t.Logf("%6.1fs %v for %v", time.Since(began).Seconds(), x, x.lasts.Round(time.Millisecond))
			do(x)
			mu.Lock()
			injected[x.String()]++
			mu.Unlock()
		}
	}
	bad := connectionFaults(newRand(seed, 1000))
	var all sync.WaitGroup
	all.Go(func() { spread(bad[:len(bad)/2], h.addFault) })
	all.Go(func() { spread(bad[len(bad)/2:], h.addFault) })
	spread(partFaults(newRand(seed, 1001)), h.killPart)
	all.Wait()
	return injected
}

// killPart kills a part and waits until it is back.
func (h *chaosWorld) killPart(x fault) {
	switch x.part {
	case "postgres":
		h.postgres.Kill(h.t)
		time.Sleep(x.lasts)
		h.postgres.Start(h.t)
	case "temporal":
		h.temporal.Kill()
		time.Sleep(x.lasts)
		h.startTemporal()
	case deleted:
		temporalData{h}.loseTemporal(x.lasts)
	case restored:
		temporalData{h}.restoreTemporal()
	case "both workers":
		h.keepers["worker1"].kill(x.lasts)
		h.keepers["worker2"].kill(x.lasts)
	default:
		h.keepers[x.part].kill(x.lasts)
	}
}

// addFault adds a fault to a connection for a while.
func (h *chaosWorld) addFault(x fault) {
	if err := h.proxies.disturb(x.edge, x.how, x.stream); err != nil {
		h.t.Error(err)
		return
	}
	time.Sleep(x.lasts)
	if err := h.proxies.mend(x.edge, x.how); err != nil {
		h.t.Error(err)
	}
}

// removeFaults removes every fault and waits until every part is back.
func (h *chaosWorld) removeFaults() {
	require.NoError(h.t, h.proxies.post("/reset", nil))
	require.NoError(h.t, h.ready())
	h.setFaults("/orange-web/switches", `{"drop_answers":0}`)
	h.setFaults("/sonatel/switches", `{"drop_answers":0,"executes_then_times_out":false}`)
}

// repeatFaults makes the operators repeat and forge callbacks, and lose responses at intervals. A
// simulator forgets these switches when it is killed, so the loop sets them again.
func (h *chaosWorld) repeatFaults(closing <-chan struct{}) {
	for n := 0; ; n++ {
		lost := n % 3 * 2
		h.setFaults("/orange-web/switches", fmt.Sprintf(`{"notification_copies":3,"drop_answers":%d}`, lost))
		h.setFaults("/sonatel/switches", fmt.Sprintf(
			`{"notification_copies":3,"forged_callbacks":true,"drop_answers":%d,"executes_then_times_out":%t}`, lost, n%5 == 4))
		select {
		case <-closing:
			return
		case <-time.After(5 * time.Second):
		}
	}
}

// setFaults sets a simulator's faults. A simulator that is down stays as it is.
func (h *chaosWorld) setFaults(path, body string) {
	resp, err := http.Post("http://"+h.addrs["sandbox"]+path, "application/json", strings.NewReader(body))
	if err == nil {
		resp.Body.Close()
	}
}

// forgeCallbacks posts callbacks that no operator sent, and our own webhooks back to us.
func (h *chaosWorld) forgeCallbacks(closing <-chan struct{}) {
	client := http.Client{Timeout: tryFor}
	for {
		select {
		case <-closing:
			return
		case <-time.After(2 * time.Second):
		}
		h.sink.mu.Lock()
		header, body := h.sink.header.Clone(), h.sink.body
		h.sink.mu.Unlock()
		for path, text := range map[string]string{
			"/callbacks/orange-web-ml-test/0123456789abcdef": `{"status":"SUCCESS","notif_token":"x","txnid":"y"}`,
			"/api/v1/refunds":          string(body),
			"/api/v1/payments/cashout": string(body),
		} {
			req, err := http.NewRequest(http.MethodPost, "http://"+h.addrs["api"]+path, strings.NewReader(text))
			if err != nil || text == "" {
				continue
			}
			if req.Header = header.Clone(); req.Header == nil {
				req.Header = http.Header{}
			}
			req.Header.Set("Content-Type", "application/json")
			resp, err := client.Do(req)
			if err != nil {
				continue
			}
			resp.Body.Close()
			if resp.StatusCode < http.StatusBadRequest {
				h.t.Errorf("a forged POST %s is answered %s", path, resp.Status)
			}
		}
	}
}

// checkBooks checks the books during the whole run: they must balance at every moment. A database that
// is down proves nothing.
func (h *chaosWorld) checkBooks(over <-chan struct{}) {
	for {
		select {
		case <-over:
			return
		case <-time.After(auditEvery):
		}
		found, err := h.parts.store.Books.Audit(context.Background())
		if err == nil && len(found) > 0 {
			h.t.Errorf("while things go wrong: %v", found)
			return
		}
	}
}

// awaitResponses waits until every request has its final response.
func (h *chaosWorld) awaitResponses(trading *sync.WaitGroup, d *requestLog) {
	done := make(chan struct{})
	go func() { trading.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(answersWithin):
		h.t.Fatal("not everything is answered although all is mended")
	}
	for _, w := range d.all() {
		if w.id == "" && w.refused == "" {
			h.t.Errorf("%s was never answered: %s", w.profile.name, w.body)
		}
	}
}

// awaitEnds waits until every payment has ended or waits for a person, and both books say the same.
func (h *chaosWorld) awaitEnds(d *requestLog) {
	var left []string
	for deadline := time.Now().Add(healsWithin); time.Now().Before(deadline); time.Sleep(2 * time.Second) {
		left = h.openPayments(d)
		if len(left) == 0 {
			found, err := booksCheck{h.parts}.violations(h.t.Context())
			require.NoError(h.t, err)
			for _, v := range found {
				left = append(left, v.Rule+": "+v.Row)
			}
		}
		if len(left) == 0 {
			return
		}
	}
	h.t.Errorf("%d things are not in order %s after all was mended:\n%s", len(left), healsWithin, strings.Join(left, "\n"))
}

// openPayments returns the acknowledged payments that have not ended. It excuses one that a person
// must end; other cases close by themselves.
func (h *chaosWorld) openPayments(d *requestLog) []string {
	var left []string
	for _, w := range d.all() {
		if w.id == "" {
			continue
		}
		p, err := h.parts.store.Payments.AnyPayment(h.t.Context(), pirogue.PaymentID(w.id))
		if err != nil {
			left = append(left, fmt.Sprintf("%s %s: %v", w.profile.name, w.id, err))
			continue
		}
		if p.Status.Terminal() {
			continue
		}
		cases, err := h.parts.store.Cases.Cases(h.t.Context(), p.ID)
		open := slices.ContainsFunc(cases, func(c support.Case) bool { return c.ClosedAt.IsZero() })
		if err != nil || !open || !slices.Contains(w.profile.ends, p.Status) && !unknown(p.Payment, cases) {
			left = append(left, fmt.Sprintf("%s %s is %s: %s", w.profile.name, w.id, p.Status, h.explain(p.Payment)))
		}
	}
	return left
}

// unknown reports whether a person must settle a payment. The simulators may promise no more than
// live operators. Then nobody else can say that an attempt marked as sent never left.
func unknown(p pirogue.Payment, cases []support.Case) bool {
	return *promisesFlag == engine.PromisesLive && p.Kind.MoneyOut() && p.Status == pirogue.StatusPending &&
		slices.ContainsFunc(cases,
			func(c support.Case) bool { return c.ClosedAt.IsZero() && c.Cause == support.CauseUnknown })
}

// explain describes a payment's latest attempt and the activities its workflow waits for.
func (h *chaosWorld) explain(p pirogue.Payment) string {
	ctx := h.t.Context()
	var said []string
	if _, attempt, err := h.parts.store.Attempts.Latest(ctx, p.ID); err == nil {
		said = append(said, fmt.Sprintf("attempt %d %s, polled %s: %s",
			attempt.Number, attempt.State, attempt.PolledAt.Format(time.TimeOnly), attempt.OperatorMessage))
	}
	found, err := h.parts.temporal.DescribeWorkflowExecution(ctx, workflows.PaymentWorkflowID(p.ID, p.Kind), "")
	if err != nil {
		return strings.Join(append(said, "no workflow: "+err.Error()), "; ")
	}
	said = append(said, found.GetWorkflowExecutionInfo().GetStatus().String())
	for _, a := range found.GetPendingActivities() {
		said = append(said, fmt.Sprintf("%s %s, run %d, next %s: %s",
			a.GetActivityType().GetName(), a.GetState(), a.GetAttempt(),
			a.GetScheduledTime().AsTime().Format(time.TimeOnly), a.GetLastFailure().GetMessage()))
	}
	return strings.Join(said, "; ")
}

// comparePayments compares every request with the payment in the database.
func (h *chaosWorld) comparePayments(d *requestLog) {
	var said bytes.Buffer
	verify := root(h.env(""))
	verify.SetArgs([]string{"admin", "verify"})
	verify.SetOut(&said)
	require.NoError(h.t, verify.ExecuteContext(h.t.Context()), said.String())

	owner := access.Owner{MerchantID: h.account.MerchantID, Mode: pirogue.Test}
	for _, w := range d.all() {
		kind := map[string]pirogue.PaymentKind{
			cashIns: pirogue.CashIn, cashOuts: pirogue.CashOut, refunds: pirogue.Refund,
		}[w.profile.path]
		p, err := h.parts.store.Payments.ByReference(h.t.Context(), owner, kind, w.ref)
		switch {
		case w.id == "" && pirogue.CodeOf(err) != pirogue.TransactionNotFound:
			h.t.Errorf("%s was refused with %s and exists: %v %v", w.profile.name, w.refused, p.ID, err)
		case w.id == "":
		case err != nil:
			h.t.Errorf("%s %s was acknowledged and is lost: %v", w.profile.name, w.id, err)
		case len(w.said) != 1 || !w.said[string(p.ID)]:
			h.t.Errorf("%s: one reference was answered with %v", w.profile.name, slices.Sorted(maps.Keys(w.said)))
		case !slices.Contains(w.profile.ends, p.Status):
			if cases, err := h.parts.store.Cases.Cases(h.t.Context(), p.ID); err != nil || !unknown(p, cases) {
				h.t.Errorf("%s %s ended %s", w.profile.name, w.id, p.Status)
			}
		default:
			h.checkWebhooks(w, p)
		}
	}
	require.Zero(h.t, h.sink.forged, "webhooks whose signature did not verify")
}

// checkWebhooks requires that no webhook of a payment names a status that the payment never had.
func (h *chaosWorld) checkWebhooks(w loadRequest, p pirogue.Payment) {
	may := []string{string(p.Status)}
	if p.Status == pirogue.StatusReversed {
		may = append(may, string(pirogue.StatusSuccess))
	}
	for _, said := range h.sink.statuses(w.id) {
		if !slices.Contains(may, said) || !p.Status.Terminal() {
			h.t.Errorf("%s %s is %s, and its merchant was told %s", w.profile.name, w.id, p.Status, said)
		}
	}
}

// report prints the requests, faults and results. A run with almost no payment or no effect
// proves nothing, and fails.
func (h *chaosWorld) report(d *requestLog, injected map[string]int) {
	became, notified := map[string]int{}, 0
	for _, w := range d.all() {
		p, err := h.parts.store.Payments.AnyPayment(h.t.Context(), pirogue.PaymentID(w.id))
		if err != nil {
			became["refused "+w.refused]++
			continue
		}
		became[strings.TrimPrefix(w.profile.path, "/payments/")+" "+string(p.Status)]++
		if len(h.sink.statuses(w.id)) > 0 {
			notified++
		}
	}
	h.t.Logf("%d requests, of %d the merchant got a webhook: %v", len(d.all()), notified, became)
	h.t.Logf("answers: %v", d.tries)
	h.t.Logf("%d kinds of fault: %v", len(injected), injected)
	require.Len(h.t, injected, len(edges)*len(toxics)+9, "some fault never happened")
	require.Positive(h.t, d.tries["no answer"], "no merchant noticed anything")
	require.Greater(h.t, became["cashin SUCCESS"]+became["cashout SUCCESS"]+became["refunds SUCCESS"], len(d.all())/2)
}
