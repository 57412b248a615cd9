package api

import (
	"context"
	"time"

	"pirogue"
)

// hold reads a payment again and again until its status is no longer p's, at most
// for some seconds. It ends early when the client hangs up, and answers with what
// it has when the server is about to stop or too many answers are held already: a
// client that asked to wait gets an answer it can ask again from.
func (s *Server) hold(
	life context.Context, o pirogue.Owner, p pirogue.Payment, seconds int,
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

// readAgain reads a payment within the database's own time limit.
func (s *Server) readAgain(life context.Context, o pirogue.Owner, id pirogue.PaymentID) (pirogue.Payment, error) {
	ctx, cancel := context.WithTimeout(life, storeTime)
	defer cancel()
	return s.store.Payment(ctx, o, id)
}

// release lets go of every held answer, so that a server that stops does not wait
// for its waiters.
func (s *Server) release() { s.closeOnce.Do(func() { close(s.closing) }) }
