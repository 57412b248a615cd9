//go:build chaos

package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"pirogue"
)

// profile describes one kind of payment in the load: its customer's behaviour and the statuses in
// which it may end.
type profile struct {
	name   string
	weight int // how often it is chosen, relative to the others
	path   string
	number string
	ends   []pirogue.Status
	types  string        // the number that the customer types on the operator's page; "" if no customer comes
	after  time.Duration // the customer's delay
}

// The statuses in which payments may end. If the operator cannot be reached, a payment fails even
// where it would be paid. A cash-in without a status query in time expires; if its customer pays,
// the money goes back.
var (
	paidIn = []pirogue.Status{
		pirogue.StatusSuccess, pirogue.StatusReversed, pirogue.StatusExpired,
		pirogue.StatusFailed,
	}
	unpaidIn = []pirogue.Status{pirogue.StatusExpired, pirogue.StatusFailed}
	paidOut  = []pirogue.Status{pirogue.StatusSuccess, pirogue.StatusFailed}
	refused  = []pirogue.Status{pirogue.StatusFailed}
	strange  = []pirogue.Status{pirogue.StatusPending, pirogue.StatusExpired, pirogue.StatusFailed} // never a success
)

const (
	cashIns  = "/payments/cashin"
	cashOuts = "/payments/cashout"
	refunds  = "/refunds"
)

// profiles is the load. In Mali customers come to Orange's page, so the test plays them as people.
// A simulated customer would pay also a page whose address was lost with the response. In
// Senegal, Pirogue asks again under the same reference for a code whose response was lost. The
// simulated customer of a reference pays one code of it, so there the simulator plays the
// customers.
var profiles = []profile{
	{"pays", 30, cashIns, silent, paidIn, pays, 0},
	{"pays slowly", 4, cashIns, silent, paidIn, pays, 4 * time.Second},
	{"pays late", 3, cashIns, silent, paidIn, pays, 14 * time.Second},
	{"has no money", 3, cashIns, silent, unpaidIn, "+22376111111", 0},
	{"pays another amount", 1, cashIns, silent, strange, "+22376999999", 0},
	{"never comes", 2, cashIns, silent, unpaidIn, "", 0},
	{"operator is down", 1, cashIns, "+22376555555", refused, "", 0},

	{"Senegal, pays", 14, cashIns, "+221770123456", paidIn, "", 0},
	{"Senegal, pays after the answer was lost", 2, cashIns, "+221770666666", paidIn, "", 0},
	{"Senegal, pays before the answer, told three times", 3, cashIns, "+221770888888", paidIn, "", 0},
	{"Senegal, refuses", 2, cashIns, "+221770222222", unpaidIn, "", 0},

	{"paid out", 12, cashOuts, pays, paidOut, "", 0},
	{"paid out in a while", 4, cashOuts, "+22370001234", paidOut, "", 0},
	{"paid out, answer lost", 5, cashOuts, unheardOf, paidOut, "", 0},
	{"paid out before the answer, told three times", 3, cashOuts, "+22376888888", paidOut, "", 0},
	{"paid out after everybody gave up", 2, cashOuts, late, paidOut, "", 0},
	{"rejected later", 3, cashOuts, rejects, refused, "", 0},
	{"refused at once", 2, cashOuts, "+22376111111", refused, "", 0},
	{"operator is down for it", 1, cashOuts, "+22376555555", refused, "", 0},
	{"another amount goes out", 1, cashOuts, "+22376999999", strange, "", 0},
	{"Senegal, paid out", 4, cashOuts, "+221770123456", paidOut, "", 0},

	{"part of a cash-in goes back", 10, refunds, "", paidOut, "", 0},
}

// chooseProfile draws a profile by its weight.
func chooseProfile(random *rand.Rand) profile {
	all := 0
	for _, n := range profiles {
		all += n.weight
	}
	left := random.IntN(all)
	for _, n := range profiles {
		if left -= n.weight; left < 0 {
			return n
		}
	}
	return profiles[0]
}

// loadRequest is one request of a merchant, with every response to it and to its retries.
type loadRequest struct {
	profile profile
	body    string
	ref     string
	id      string // "" after a refusal
	refused string // the error code
	at      time.Time
	said    map[string]bool // every payment ID in a response
}

// requestLog keeps what the merchants know: every request that was acknowledged or refused.
type requestLog struct {
	mu       sync.Mutex
	requests []*loadRequest
	paid     []string // cash-ins seen in SUCCESS
	tries    map[string]int
}

func (d *requestLog) add(w *loadRequest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.requests = append(d.requests, w)
}

// count counts the result of one try: an HTTP status, or none.
func (d *requestLog) count(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tries[what]++
}

// succeeded keeps a cash-in that a refund can give back.
func (d *requestLog) succeeded(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.paid = append(d.paid, id)
}

// refundable draws a cash-in that succeeded; "" if there is none.
func (d *requestLog) refundable(random *rand.Rand) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.paid) == 0 {
		return ""
	}
	return d.paid[random.IntN(len(d.paid))]
}

// all returns a copy of all requests.
func (d *requestLog) all() []loadRequest {
	d.mu.Lock()
	defer d.mu.Unlock()
	requests := make([]loadRequest, len(d.requests))
	for i, w := range d.requests {
		requests[i] = *w
		requests[i].said = maps.Clone(w.said)
	}
	return requests
}

// The pace of the load.
const (
	shops     = 10                      // merchants' shops that send requests at the same time
	shopPause = 1200 * time.Millisecond // at most, between two payments of one shop
	tryFor    = 8 * time.Second         // for one request
	tryPause  = 300 * time.Millisecond
)

// runShop requests payments for one shop until closing closes. It retries each request until it has
// a final response, or ctx ends.
func (h *chaosWorld) runShop(ctx context.Context, closing <-chan struct{}, d *requestLog, random *rand.Rand) {
	var customers sync.WaitGroup
	defer customers.Wait()
	for n := 0; ; n++ {
		select {
		case <-closing:
			return
		case <-time.After(time.Duration(random.Int64N(int64(shopPause)))):
		}
		w := &loadRequest{profile: chooseProfile(random), said: map[string]bool{}}
		if !w.write(d, random) {
			continue
		}
		if !h.sendUntilFinal(ctx, d, w) {
			return // the run is over
		}
		if w.profile.path == cashIns && w.id != "" {
			customers.Go(func() { h.playCustomer(ctx, d, w) })
		}
	}
}

// write makes the request. It reports false if it is a refund and no cash-in has succeeded.
func (w *loadRequest) write(d *requestLog, random *rand.Rand) bool {
	amount := 500 + random.Int64N(40)*50
	w.ref = fmt.Sprintf("chaos_%d_%016x", orders.Add(1), random.Uint64())
	switch w.profile.path {
	case refunds:
		id := d.refundable(random)
		w.body = fmt.Sprintf(`{"transaction_id":%q,"merchant_refund_id":%q,"amount":%d}`, id, w.ref, 100+random.Int64N(4)*50)
		return id != ""
	case cashOuts:
		w.body = fmt.Sprintf(`{"merchant_order_id":%q,"amount":%d,"beneficiary_msisdn":%q}`, w.ref, amount, w.profile.number)
	default:
		w.body = fmt.Sprintf(`{"merchant_order_id":%q,"amount":%d,"customer_msisdn":%q}`, w.ref, amount, w.profile.number)
	}
	return true
}

// sendUntilFinal sends a request until the response is final: a payment, or a refusal that no retry can
// change. It reports false if ctx ends first.
func (h *chaosWorld) sendUntilFinal(ctx context.Context, d *requestLog, w *loadRequest) bool {
	d.add(w)
	for ctx.Err() == nil {
		trying, stop := context.WithTimeout(ctx, tryFor)
		got, err := h.customer().do(trying, http.MethodPost, w.profile.path, w.body)
		stop()
		id := cmp.Or(got.Data.RefundID, got.Data.ID)
		switch {
		case err != nil:
			d.count("no answer")
		case id != "" && (got.Status == 202 || got.Status == 409 || got.Status == 503):
			d.count(fmt.Sprint(got.Status))
			d.acknowledge(w, id)
			return true
		case got.Status == 422 || got.Status == 409 || got.Status == 404:
			d.count(got.Code)
			d.mu.Lock()
			w.refused = got.Code
			d.mu.Unlock()
			return true
		default:
			d.count(fmt.Sprint(got.Status))
		}
		time.Sleep(tryPause)
	}
	return false
}

func (d *requestLog) acknowledge(w *loadRequest, id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	w.id, w.at = id, time.Now()
	w.said[id] = true
}

// playCustomer plays the customer of a cash-in. He opens the page once there is one, does what his
// profile says, and then checks whether he has paid.
func (h *chaosWorld) playCustomer(ctx context.Context, d *requestLog, w *loadRequest) {
	typed := w.profile.types == ""
	var came time.Time
	for deadline := time.Now().Add(servedWithin); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(tryPause) {
		p, err := h.parts.store.Payments.AnyPayment(ctx, pirogue.PaymentID(w.id))
		if err != nil {
			continue
		}
		if came.IsZero() && p.NextAction.URL != "" {
			came = time.Now()
		}
		if !typed && !came.IsZero() && time.Since(came) >= w.profile.after {
			typed = payer(w.profile.types).pay(ctx, p.NextAction.URL) == nil
		}
		if p.Status == pirogue.StatusSuccess {
			d.succeeded(w.id)
			return
		}
		if p.Status.Terminal() && typed {
			return
		}
	}
}

// acknowledged draws a request whose response was a payment; nil if there is none.
func (d *requestLog) acknowledged(random *rand.Rand) *loadRequest {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.requests) == 0 {
		return nil
	}
	if w := d.requests[random.IntN(len(d.requests))]; w.id != "" {
		return w
	}
	return nil
}

// servedWithin bounds the time for which a customer keeps trying.
const servedWithin = 45 * time.Second

// repeat sends acknowledged requests again, as a merchant does who lost his records. It keeps
// each payment ID in the responses: one request may have only one.
func (h *chaosWorld) repeat(ctx context.Context, d *requestLog, closing <-chan struct{}, random *rand.Rand) {
	for {
		select {
		case <-closing:
			return
		case <-time.After(500 * time.Millisecond):
		}
		w := d.acknowledged(random)
		if w == nil {
			continue
		}
		trying, stop := context.WithTimeout(ctx, tryFor)
		got, err := h.customer().do(trying, http.MethodPost, w.profile.path, w.body)
		stop()
		if id := cmp.Or(got.Data.RefundID, got.Data.ID); err == nil && id != "" {
			d.mu.Lock()
			w.said[id] = true
			d.mu.Unlock()
		}
	}
}
