package api

import (
	"context"
	"sync"
	"time"

	"pirogue"
	"pirogue/access"
	"pirogue/api/httpkit"
)

// statusWaits holds the responses that wait until the status of their payment changes.
type statusWaits struct {
	payments Payments
	slots    *httpkit.ConcurrencyLimiter
	// closing is closed when the server is about to stop: responses that wait on a status are sent
	// then.
	closing   chan struct{}
	closeOnce sync.Once
}

// newStatusWaits returns a holder of at most maxWaiters responses.
func newStatusWaits(payments Payments) *statusWaits {
	return &statusWaits{
		payments: payments, closing: make(chan struct{}),
		slots: httpkit.NewConcurrencyLimiter(httpkit.ConcurrencyLimits{Inside: maxWaiters}),
	}
}

// awaitChange rereads a payment until its status differs from p's, at most for the given
// seconds. It ends with an error when the client disconnects. It returns the current payment when the
// server is about to stop, or at once when maxWaiters wait already. The client can then ask again.
func (w *statusWaits) awaitChange(
	life context.Context, o access.Owner, p pirogue.Payment, seconds int,
) (pirogue.Payment, error) {
	leave, err := w.slots.Enter(life)
	if err != nil {
		return p, nil // too many wait: the client reads on
	}
	defer leave()
	end := time.NewTimer(time.Duration(seconds) * time.Second)
	defer end.Stop()
	again := time.NewTicker(rereadEvery)
	defer again.Stop()
	for {
		select {
		case <-again.C:
			current, err := w.readAgain(life, o, p.ID)
			if err != nil || current.Status != p.Status {
				return current, err
			}
			p = current
		case <-end.C:
			return p, nil
		case <-w.closing:
			return p, nil
		case <-life.Done():
			return p, life.Err()
		}
	}
}

// readAgain reads a payment within storeTime.
func (w *statusWaits) readAgain(life context.Context, o access.Owner, id pirogue.PaymentID) (pirogue.Payment, error) {
	ctx, cancel := context.WithTimeout(life, storeTime)
	defer cancel()
	return w.payments.Payment(ctx, o, id)
}

// release ends every hold, so that a server that stops does not wait for their clients.
func (w *statusWaits) release() { w.closeOnce.Do(func() { close(w.closing) }) }
