package orangeweb

import (
	"context"
	"time"

	"pirogue/sandbox/stage"
)

// arrange sees to it that what a session does by itself is done: at once what is
// due already, later the rest. A customer who steps back meanwhile is not woken
// twice: the call that finds nothing due arranges anew.
func (s *Simulator) arrange(kept session) {
	if kept.NextAt.IsZero() {
		return
	}
	if !kept.NextAt.After(s.Now()) {
		s.proceed(kept.PayToken)
		return
	}
	s.Agenda.At(kept.NextAt, func() { s.proceed(kept.PayToken) })
}

// proceed does what is due by itself in a session, tells the merchant, and
// arranges what comes next.
func (s *Simulator) proceed(payToken string) {
	after, what := s.step(payToken, s.Board.Read().Settling())
	if what == paid || what == failed {
		s.announce(payToken, 1)
		s.mayCorrect(after, s.Now())
	}
	s.arrange(after)
}

// mayCorrect arranges the change of mind that the switch asks for, of a session that
// ended just now.
func (s *Simulator) mayCorrect(ended session, now time.Time) {
	if ended.Status != Failed {
		return
	}
	s.MayCorrect(now, func() {
		_, what, err := s.book.change(ended.PayToken, s.Now(), (*session).correct)
		switch {
		case err != nil:
			s.Log.Error("session not corrected", "error", err)
		case what == corrected:
			s.announce(ended.PayToken, 1)
		}
	})
}

// step does what is due by itself in a session, and no more.
func (s *Simulator) step(payToken string, settling time.Duration) (session, event) {
	now := s.Now()
	after, what, err := s.book.change(payToken, now, func(x *session) event { return x.proceed(now, settling) })
	if err != nil {
		s.Log.Error("customer could not act", "error", err)
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
		s.mayCorrect(after, s.Now())
	}
	if s.HoldsBack() {
		return 0
	}
	if letter, send := s.notice(payToken); send {
		s.Messenger.Deliver(context.WithoutCancel(ctx), letter)
	}
	return 1
}

// announce sends the notification of a session's end, times times, without waiting, or
// holds it back as long as the switch says. Orange sends one for SUCCESS and FAILED only.
func (s *Simulator) announce(payToken string, times int) {
	s.Tell(func() {
		if letter, send := s.notice(payToken); send {
			letter.Copies = times * s.Board.Read().NotificationCopies
			s.Messenger.Carry(letter)
		}
	})
}

// notice is the notification of a session as it stands, and whether there is one.
func (s *Simulator) notice(payToken string) (letter stage.Message, send bool) {
	kept, found := s.book.find(payToken)
	ended := kept.Status == Success || kept.Status == Failed
	if !found || !ended || s.Board.Read().NotificationsOff {
		return stage.Message{}, false
	}
	letter = s.Letter(kept.Order.NotifURL, nil,
		notification{Status: kept.Status, NotifToken: kept.NotifToken, TxnID: kept.TxnID})
	return letter, letter.URL != ""
}
