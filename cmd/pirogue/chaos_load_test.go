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

// nature is what happens to a payment by itself: which statuses it may end with, and
// what its customer does.
type nature struct {
	name   string
	weight int // how often it is chosen, against the others
	path   string
	number string
	ends   []pirogue.Status
	types  string        // the number that the customer types on the operator's page; "" for nobody who comes
	after  time.Duration // how long he looks for his telephone
}

// The statuses in which payments may end. A payment whose operator could not be reached
// fails also where it would have been paid; one that takes money in and was not asked
// about in time expires, and its money goes back.
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

// natures is the load. In Mali customers come to Orange's page, so they are played as
// people: a simulated one would pay also the page that a lost answer hid from everybody.
// In Senegal a code whose answer was lost is asked for again under its reference, and the
// simulated customer of a reference pays one code of it, so there they play themselves.
var natures = []nature{
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

// choose draws a nature by its weight.
func choose(dice *rand.Rand) nature {
	all := 0
	for _, n := range natures {
		all += n.weight
	}
	left := dice.IntN(all)
	for _, n := range natures {
		if left -= n.weight; left < 0 {
			return n
		}
	}
	return natures[0]
}

// wish is one thing that a merchant asked for, as often as it took to be answered.
type wish struct {
	nature  nature
	body    string
	ref     string
	id      string // "" when it was refused
	refused string // the code
	at      time.Time
	said    map[string]bool // every ID that was ever answered
}

// diary is what the merchants remember: all that was acknowledged, and all that was
// refused.
type diary struct {
	mu     sync.Mutex
	wishes []*wish
	paid   []string // cash-ins that were seen to succeed
	tries  map[string]int
}

func (d *diary) note(w *wish) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wishes = append(d.wishes, w)
}

// count counts what one try brought: a status of HTTP, or nothing.
func (d *diary) count(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tries[what]++
}

// succeeded remembers a cash-in that can be given back.
func (d *diary) succeeded(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.paid = append(d.paid, id)
}

// refundable draws a cash-in that succeeded; "" while there is none.
func (d *diary) refundable(dice *rand.Rand) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.paid) == 0 {
		return ""
	}
	return d.paid[dice.IntN(len(d.paid))]
}

// all returns the wishes so far, as they stand.
func (d *diary) all() []wish {
	d.mu.Lock()
	defer d.mu.Unlock()
	wishes := make([]wish, len(d.wishes))
	for i, w := range d.wishes {
		wishes[i] = *w
		wishes[i].said = maps.Clone(w.said)
	}
	return wishes
}

// The pace of the load.
const (
	shops     = 10                      // merchants' tills that ask at once
	shopPause = 1200 * time.Millisecond // at most, between two payments at one till
	tryFor    = 8 * time.Second         // one request
	tryPause  = 300 * time.Millisecond
)

// trade asks for payments at one till until closing ends. Whatever was begun is asked
// for until it is answered, or ctx ends.
func (h *harbour) trade(ctx context.Context, closing <-chan struct{}, d *diary, dice *rand.Rand) {
	var customers sync.WaitGroup
	defer customers.Wait()
	for n := 0; ; n++ {
		select {
		case <-closing:
			return
		case <-time.After(time.Duration(dice.Int64N(int64(shopPause)))):
		}
		w := &wish{nature: choose(dice), said: map[string]bool{}}
		if !w.write(d, dice) {
			continue
		}
		if !h.wishFor(ctx, d, w) {
			return // the run is over
		}
		if w.nature.path == cashIns && w.id != "" {
			customers.Go(func() { h.serve(ctx, d, w) })
		}
	}
}

// write makes the request. It reports false when nothing can be given back yet.
func (w *wish) write(d *diary, dice *rand.Rand) bool {
	amount := 500 + dice.Int64N(40)*50
	w.ref = fmt.Sprintf("wish_%d_%016x", orders.Add(1), dice.Uint64())
	switch w.nature.path {
	case refunds:
		id := d.refundable(dice)
		w.body = fmt.Sprintf(`{"transaction_id":%q,"merchant_refund_id":%q,"amount":%d}`, id, w.ref, 100+dice.Int64N(4)*50)
		return id != ""
	case cashOuts:
		w.body = fmt.Sprintf(`{"merchant_order_id":%q,"amount":%d,"beneficiary_msisdn":%q}`, w.ref, amount, w.nature.number)
	default:
		w.body = fmt.Sprintf(`{"merchant_order_id":%q,"amount":%d,"customer_msisdn":%q}`, w.ref, amount, w.nature.number)
	}
	return true
}

// wishFor asks until it is answered for good: with a payment, or with a refusal that
// asking again would not change. It reports false when ctx ended before.
func (h *harbour) wishFor(ctx context.Context, d *diary, w *wish) bool {
	d.note(w)
	for ctx.Err() == nil {
		trying, stop := context.WithTimeout(ctx, tryFor)
		got, err := h.customer().do(trying, http.MethodPost, w.nature.path, w.body)
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

func (d *diary) acknowledge(w *wish, id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	w.id, w.at = id, time.Now()
	w.said[id] = true
}

// serve is the customer of a cash-in: he comes to the page when there is one, and does
// there what is his nature. Then he looks whether he has paid.
func (h *harbour) serve(ctx context.Context, d *diary, w *wish) {
	typed := w.nature.types == ""
	var came time.Time
	for deadline := time.Now().Add(servedWithin); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(tryPause) {
		p, err := h.parts.store.AnyPayment(ctx, pirogue.PaymentID(w.id))
		if err != nil {
			continue
		}
		if came.IsZero() && p.NextAction.URL != "" {
			came = time.Now()
		}
		if !typed && !came.IsZero() && time.Since(came) >= w.nature.after {
			typed = payer(w.nature.types).pay(ctx, p.NextAction.URL) == nil
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

// acknowledged draws a wish that was answered with a payment; nil while there is none.
func (d *diary) acknowledged(dice *rand.Rand) *wish {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.wishes) == 0 {
		return nil
	}
	if w := d.wishes[dice.IntN(len(d.wishes))]; w.id != "" {
		return w
	}
	return nil
}

// servedWithin is how long a customer goes on trying.
const servedWithin = 45 * time.Second

// repeat asks again for what was acknowledged, as a merchant does who lost his notes, and
// keeps what is answered.
func (h *harbour) repeat(ctx context.Context, d *diary, closing <-chan struct{}, dice *rand.Rand) {
	for {
		select {
		case <-closing:
			return
		case <-time.After(500 * time.Millisecond):
		}
		w := d.acknowledged(dice)
		if w == nil {
			continue
		}
		trying, stop := context.WithTimeout(ctx, tryFor)
		got, err := h.customer().do(trying, http.MethodPost, w.nature.path, w.body)
		stop()
		if id := cmp.Or(got.Data.RefundID, got.Data.ID); err == nil && id != "" {
			d.mu.Lock()
			w.said[id] = true
			d.mu.Unlock()
		}
	}
}
