package orangeweb

import (
	"context"
	"time"

	"pirogue/sandbox/engine"
)

// arrange schedules the automatic events of a session, and runs those that are due. It does
// not wake a customer twice who steps back meanwhile: the call that finds nothing due
// schedules again.
func (s *Simulator) arrange(kept session) {
	if kept.NextAt.IsZero() {
		return
	}
	if !kept.NextAt.After(s.Now()) {
		s.proceed(kept.PayToken)
		return
	}
	s.Scheduler.At(kept.NextAt, func() { s.proceed(kept.PayToken) })
}

// proceed runs the due events of a session, notifies the merchant, and schedules the next.
func (s *Simulator) proceed(payToken string) {
	after, what := s.step(payToken, s.Faults.Read().Settling())
	if what == paid || what == failed {
		s.announce(payToken, 1)
		s.mayCorrect(after, s.Now())
	}
	s.arrange(after)
}

// mayCorrect schedules the correction that the switch demands, for a session that just
// ended.
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

// step runs the due event of a session, without a notification.
func (s *Simulator) step(payToken string, settling time.Duration) (session, event) {
	now := s.Now()
	after, what, err := s.book.change(payToken, now, func(x *session) event { return x.proceed(now, settling) })
	if err != nil {
		s.Log.Error("customer could not act", "error", err)
		return session{}, nothing
	}
	return after, what
}

// payBeforeAnswer lets the customer pay, and the notification arrive, while the merchant
// still waits for the response to webpayment. The payment needs no time to settle. It
// returns 1 when the notification is dealt with, and 0 when notifications are delayed. A
// delayed one must not arrive before the response.
func (s *Simulator) payBeforeAnswer(ctx context.Context, payToken string) int {
	after, what := s.step(payToken, 0)
	if what == failed {
		s.mayCorrect(after, s.Now())
	}
	if s.DelaysNotifications() {
		return 0
	}
	if letter, send := s.notice(payToken); send {
		s.Notifier.Deliver(context.WithoutCancel(ctx), letter)
	}
	return 1
}

// announce sends the notification of a session's end, times times, without waiting, or
// after the delay of the switch. Orange sends one for SUCCESS and FAILED only.
func (s *Simulator) announce(payToken string, times int) {
	s.Notify(func() {
		if letter, send := s.notice(payToken); send {
			letter.Copies = times * s.Faults.Read().NotificationCopies
			s.Notifier.Enqueue(letter)
		}
	})
}

// notice returns the notification of a session's current state, and false if there is none.
func (s *Simulator) notice(payToken string) (letter engine.Notification, send bool) {
	kept, found := s.book.find(payToken)
	ended := kept.Status == Success || kept.Status == Failed
	if !found || !ended || s.Faults.Read().NotificationsOff {
		return engine.Notification{}, false
	}
	letter = s.Notification(kept.Order.NotifURL, nil,
		notification{Status: kept.Status, NotifToken: kept.NotifToken, TxnID: kept.TxnID})
	return letter, letter.URL != ""
}
