package sonatel

import (
	"net/http"
	"slices"
	"time"

	"pirogue/sandbox/engine"
)

// conclude sends the response to a call that moves money. The order of its steps matters: a
// magic number acts before, during or after the response. Everything is executed or
// scheduled before the response, whatever becomes of it.
func (s *Simulator) conclude(w http.ResponseWriter, r *http.Request, begun []transaction, reply any) error {
	for i, t := range begun { // one callback arrives before the response
		if t.Callbacks > 1 && t.final() {
			begun[i] = s.tellEarly(r.Context(), t)
		}
	}
	lost := slices.ContainsFunc(begun, func(t transaction) bool { return t.AnswerLost })
	timesOut := s.board.quirksNow().ExecutesThenTimesOut
	if lost || timesOut {
		s.carryOn(begun)
	}
	switch {
	case lost:
		s.Hang(r)
	case timesOut:
		return tryAgain
	}
	engine.WriteJSON(w, http.StatusOK, reply)
	s.Flush(w)
	s.carryOn(begun)
	return nil
}

// carryOn sends the callbacks of ended transactions and schedules the others.
func (s *Simulator) carryOn(begun []transaction) {
	for _, t := range begun {
		if t.final() {
			s.tell(t, max(t.Callbacks, 1))
			s.mayCorrect(t)
		} else {
			s.arrange(t)
		}
	}
}

// mayCorrect schedules the correction that the switch demands.
func (s *Simulator) mayCorrect(t transaction) {
	if t.Status == Success {
		return
	}
	s.MayCorrect(t.UpdatedAt, func() {
		corrected, err := s.book.correct(t.ID, s.Now())
		if err != nil {
			s.Log.Info("transaction not corrected", "error", err)
			return
		}
		s.tell(corrected, 1)
	})
}

// arrange schedules the end of a transaction, or ends it if it is due.
func (s *Simulator) arrange(t transaction) {
	switch {
	case t.final():
	case t.NextAt.After(s.Now()):
		s.Scheduler.At(t.NextAt, func() { s.proceed(t.ID) })
	default:
		s.proceed(t.ID)
	}
}

// proceed ends a due transaction and sends its callback.
func (s *Simulator) proceed(id string) {
	after, ended, err := s.book.settle(id, s.Now(), false)
	if err != nil {
		s.Log.Error("transaction could not end", "error", err)
		return
	}
	if ended {
		s.tell(after, max(after.Callbacks, 1))
		s.mayCorrect(after)
	}
}

// expect schedules the payment of a QR code's automatic customer. It does not wake a
// customer twice who steps back meanwhile: the call that finds nothing due schedules again.
func (s *Simulator) expect(c code) {
	switch {
	case c.NextAt.IsZero():
	case c.NextAt.After(s.Now()):
		s.Scheduler.At(c.NextAt, func() { s.customerActs(c.ID) })
	default:
		s.customerActs(c.ID)
	}
}

// customerActs lets the automatic customer of a code pay it, if it is due.
func (s *Simulator) customerActs(id string) {
	c, found := s.book.findCode(id)
	now := s.Now()
	if !found || c.NextAt.IsZero() {
		return
	}
	if c.NextAt.After(now) {
		s.expect(c)
		return
	}
	t, err := s.book.pay(s.payment(c, c.confirmedAt(), s.board.settling()))
	if err != nil {
		s.Log.Info("customer could not pay", "reference", c.Reference, "error", err)
		return
	}
	s.carryOn([]transaction{t})
}

// payment returns the confirmation of a code's customer at an instant, noticed now.
func (s *Simulator) payment(c code, at time.Time, settling time.Duration) payment {
	return payment{
		codeID: c.ID, msisdn: c.MSISDN, behaviour: c.behaviour(), merchantCode: s.options.Credentials.MerchantCode,
		at: at, now: s.Now(), settling: settling,
	}
}
