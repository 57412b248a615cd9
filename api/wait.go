package api

import (
	"context"
	"time"

	"pirogue"
	"pirogue/access"
)

// hold rereads a payment until its status differs from p's, at most for the given seconds. It ends
// with an error when the client disconnects. It returns the current payment when the server is
// about to stop, or at once when maxWaiters wait already. The client can then ask again.
func (s *Server) hold(
	life context.Context, o access.Owner, p pirogue.Payment, seconds int,
) (pirogue.Payment, error) {
	select {
	case s.waiterSlots <- struct{}{}:
		defer func() { <-s.waiterSlots }()
	default:
		return p, nil
	}
	end := time.NewTimer(time.Duration(seconds) * time.Second)
	defer end.Stop()
	again := time.NewTicker(rereadEvery)
	defer again.Stop()
	for {
		select {
		case <-again.C:
			current, err := s.readAgain(life, o, p.ID)
			if err != nil || current.Status != p.Status {
				return current, err
			}
			p = current
		case <-end.C:
			return p, nil
		case <-s.closing:
			return p, nil
		case <-life.Done():
			return p, life.Err()
		}
	}
}

// readAgain reads a payment within storeTime.
func (s *Server) readAgain(life context.Context, o access.Owner, id pirogue.PaymentID) (pirogue.Payment, error) {
	ctx, cancel := context.WithTimeout(life, storeTime)
	defer cancel()
	return s.store.Payments.Payment(ctx, o, id)
}

// release ends every hold, so that a server that stops does not wait for their clients.
func (s *Server) release() { s.closeOnce.Do(func() { close(s.closing) }) }
