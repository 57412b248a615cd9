//go:build chaos

package main

import (
	"context"
	"time"

	"pirogue"
	"pirogue/listing"
	"pirogue/support"
)

// checkWorklist requires that a payment which has not ended within listedWithin is on support's list. One
// of two looks must find it: its cause may change while the pages are read.
func (h *chaosWorld) checkWorklist(d *requestLog, over <-chan struct{}) {
	ended, missed := map[string]bool{}, map[string]int{}
	for {
		select {
		case <-over:
			return
		case <-time.After(5 * time.Second):
		}
		ctx, now := context.Background(), time.Now()
		listed, err := h.stuckPayments(ctx, now)
		if err != nil {
			continue
		}
		for _, w := range d.all() {
			if w.id == "" || ended[w.id] || listed[w.id] || now.Sub(w.at) < listedWithin {
				delete(missed, w.id)
				continue
			}
			p, err := h.parts.store.Payments.AnyPayment(ctx, pirogue.PaymentID(w.id))
			if ended[w.id] = err == nil && p.Status.Terminal(); err != nil || p.Status.Terminal() {
				continue
			}
			if now.Sub(w.at) < h.listedAfter(p.Payment) {
				continue
			}
			if missed[w.id]++; missed[w.id] == 2 {
				h.t.Errorf("%s %s (%s) is %s for %s and on no list: %s",
					p.Kind, p.ID, w.profile.name, p.Status, now.Sub(w.at), h.explain(p.Payment))
			}
		}
	}
}

// listedAfter returns the age at which an open payment must be on support's list.
func (h *chaosWorld) listedAfter(p pirogue.Payment) time.Duration {
	_, latest, err := h.parts.store.Attempts.Latest(context.Background(), p.ID)
	answered := latest.State == pirogue.AttemptAccepted || latest.State == pirogue.AttemptRefused
	if err == nil && p.Kind.MoneyOut() && answered {
		return undecidedWithin
	}
	return listedWithin
}

// stuckPayments returns every payment on support's list, page by page.
func (h *chaosWorld) stuckPayments(ctx context.Context, now time.Time) (map[string]bool, error) {
	all, f := map[string]bool{}, support.WorkFilter{Limit: listing.MaxPage}
	for {
		page, err := h.parts.store.Worklist.Stuck(ctx, now, f)
		if err != nil {
			return nil, err
		}
		for _, s := range page.Rows {
			all[string(s.Payment.ID)] = true
		}
		if f.After = page.Next; page.Next == "" {
			return all, nil
		}
	}
}
