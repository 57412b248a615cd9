package orangeweb

import (
	"context"
	"encoding/json"
	"time"
)

// arrange sees to it that what a session does by itself is done: at once what is
// due already, later the rest. A customer who steps back meanwhile is not woken
// twice: the call that finds nothing due arranges anew.
func (s *Simulator) arrange(kept session) {
	if kept.NextAt.IsZero() {
		return
	}
	if !kept.NextAt.After(s.clock.Now()) {
		s.proceed(kept.PayToken)
		return
	}
	s.agenda.At(kept.NextAt, func() { s.proceed(kept.PayToken) })
}

// proceed does what is due by itself in a session, tells the merchant, and
// arranges what comes next.
func (s *Simulator) proceed(payToken string) {
	after, what := s.step(payToken, s.settling())
	if what == paid || what == failed {
		s.announce(payToken, 1)
		s.mayCorrect(after, s.clock.Now())
	}
	s.arrange(after)
}

// mayCorrect arranges the change of mind that the switch asks for, of a session that
// has just ended.
func (s *Simulator) mayCorrect(ended session, now time.Time) {
	after := time.Duration(s.board.Read().CorrectAfterMS) * time.Millisecond
	if ended.Status != Failed || after == 0 {
		return
	}
	s.agenda.At(now.Add(after), func() {
		_, what, err := s.book.change(ended.PayToken, s.clock.Now().UTC(), (*session).correct)
		switch {
		case err != nil:
			s.log.Error("session not corrected", "error", err)
		case what == corrected:
			s.announce(ended.PayToken, 1)
		}
	})
}

// step does what is due by itself in a session, and no more.
func (s *Simulator) step(payToken string, settling time.Duration) (session, event) {
	now := s.clock.Now().UTC()
	after, what, err := s.book.change(payToken, now, func(x *session) event { return x.proceed(now, settling) })
	if err != nil {
		s.log.Error("customer could not act", "error", err)
		return session{}, nothing
	}
	return after, what
}

// payBeforeAnswer lets the customer pay, and the notification arrive, while the
// merchant still waits for the answer to webpayment. It takes no time to settle. It
// returns how many notifications are done with: none when they are held back, since
// none overtakes the answer then.
func (s *Simulator) payBeforeAnswer(ctx context.Context, payToken string) int {
	after, what := s.step(payToken, 0)
	if what == failed {
		s.mayCorrect(after, s.clock.Now())
	}
	if s.board.Read().NotificationDelayMS > 0 {
		return 0
	}
	body, address, send := s.notice(payToken)
	if send {
		s.messenger.Post(context.WithoutCancel(ctx), address, body)
	}
	return 1
}

// announce sends the notification of a session's end, times times, without waiting, or
// holds it back as long as the switch says.
func (s *Simulator) announce(payToken string, times int) {
	delay := time.Duration(s.board.Read().NotificationDelayMS) * time.Millisecond
	if delay == 0 {
		s.send(payToken, times)
		return
	}
	s.agenda.At(s.clock.Now().Add(delay), func() { s.send(payToken, times) })
}

// send lets the notification of a session's end leave now.
func (s *Simulator) send(payToken string, times int) {
	body, address, send := s.notice(payToken)
	if send {
		s.messenger.Send(address, body, times*s.board.Read().NotificationCopies)
	}
}

// notice is the notification of a session and where it goes. Orange sends one
// for SUCCESS and FAILED only.
func (s *Simulator) notice(payToken string) (body []byte, address string, send bool) {
	kept, found := s.book.find(payToken)
	ended := kept.Status == Success || kept.Status == Failed
	if !found || !ended || s.board.Read().NotificationsOff {
		return nil, "", false
	}
	body, err := json.Marshal(notification{Status: kept.Status, NotifToken: kept.NotifToken, TxnID: kept.TxnID})
	if err != nil {
		s.log.Error("notification could not be written", "error", err)
		return nil, "", false
	}
	return body, kept.Order.NotifURL, true
}

// settling is how long a confirmed payment stays PENDING.
func (s *Simulator) settling() time.Duration {
	return time.Duration(s.board.Read().SettleMS) * time.Millisecond
}
