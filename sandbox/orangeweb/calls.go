package orangeweb

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"

	"pirogue/sandbox/engine"
)

const (
	payTokenLen   = 32 // bytes, as twice as many hexadecimal digits
	notifTokenLen = 16 // bytes
)

// webpayment opens a session. The order of its steps matters: a magic number acts before,
// during or after the response.
func (s *Simulator) webpayment(w http.ResponseWriter, r *http.Request) error {
	kept, err := s.openSession(w, r)
	if err != nil {
		return err
	}
	if kept.AnswerLost { // executed, and the caller never learns of it
		s.Hang(r)
	}
	if r.Context().Err() == nil { // otherwise nobody got the page, and no customer can pay on it
		s.present(w, r, kept)
	}
	return nil
}

// present sends the response about a session that was just opened.
func (s *Simulator) present(w http.ResponseWriter, r *http.Request, kept session) {
	callbacks := kept.behaviour().Callbacks
	early := callbacks > 1 && !kept.NextAt.IsZero()
	switch {
	case early:
		callbacks -= s.payBeforeAnswer(r.Context(), kept.PayToken)
	case !kept.actsAtOnce(): // arranged before anyone reads the response
		s.arrange(kept)
	}
	engine.WriteJSON(w, http.StatusCreated, openedReply{
		Status: http.StatusCreated, Message: "OK", PayToken: kept.PayToken,
		PaymentURL: s.options.PublicURL + "/payment/pay_token/" + kept.PayToken,
		NotifToken: kept.NotifToken,
	})
	delivered := s.Flush(w)
	switch {
	case early:
		s.announce(kept.PayToken, callbacks)
	case !delivered:
		s.forget(kept.PayToken)
	case kept.actsAtOnce():
		s.arrange(kept)
	}
}

// forget cancels the automatic customer of a page whose address did not leave.
func (s *Simulator) forget(payToken string) {
	if _, _, err := s.book.change(payToken, s.Now(), (*session).lose); err != nil {
		s.Log.Error("lost session not kept", "error", err)
	}
}

// openSession reads a webpayment call and stores its session, or returns the refusal. It
// checks first for the number of an operator that is down. That answers 503 to every
// caller, with or without a token.
func (s *Simulator) openSession(w http.ResponseWriter, r *http.Request) (session, error) {
	msisdn, segment := r.Header.Get(MSISDNHeader), r.PathValue("segment")
	var asked order
	switch {
	case msisdn != "" && !engine.ValidNumber(msisdn):
		return session{}, invalidHeader.because(MSISDNHeader + " must look like +22376123456.")
	case s.Faults.Read().BehaviourOf(msisdn).Down:
		return session{}, unavailable
	case segment != dev && !country.MatchString(segment):
		return session{}, notFound
	}
	if err := s.authorize(r); err != nil {
		return session{}, err
	}
	if err := readBody(w, r, &asked); err != nil {
		return session{}, err
	}
	if err := asked.validate(segment); err != nil {
		return session{}, err
	}
	if !s.Authenticate(asked.MerchantKey, s.options.Credentials.MerchantKey) {
		return session{}, forbiddenMerchant
	}
	asked.MerchantKey = "" // checked, and of no use in the journal
	return s.keep(r.Context(), segment, msisdn, asked)
}

// keep stores a session in the book.
func (s *Simulator) keep(ctx context.Context, segment, msisdn string, asked order) (session, error) {
	now := s.Now()
	return s.book.open(session{
		PayToken: random(payTokenLen), NotifToken: random(notifTokenLen), Segment: segment, Order: asked,
		MSISDN: msisdn, Status: Initiated, AnswerLost: engine.AnswerIsLost(ctx), Unread: engine.AnswerIsSpoiled(ctx),
		OpenedAt: now, ValidUntil: now.Add(validity), Force: s.Faults.Read().Force,
	})
}

// transactionStatus serves the status of a session to a caller who knows the order, the
// amount and the token. Orange answers 201, not 200.
func (s *Simulator) transactionStatus(w http.ResponseWriter, r *http.Request) error {
	var asked question
	if err := s.authorize(r); err != nil {
		return err
	}
	if err := readBody(w, r, &asked); err != nil {
		return err
	}
	kept, found := s.book.find(asked.PayToken)
	if !found || kept.Segment != r.PathValue("segment") ||
		kept.Order.OrderID != asked.OrderID || kept.Order.Amount != asked.Amount {
		return notFound.because("No session has this order_id, amount and pay_token together.")
	}
	reply := statusReply{Status: s.Faults.Read().Word(string(kept.Status)), OrderID: kept.Order.OrderID, TxnID: kept.TxnID}
	// The real response has no amount. Number 999999 works by an amount that contradicts the
	// order.
	if other := kept.executedAmount(); kept.Status == Success && other != kept.Order.Amount {
		reply.Amount = &other
	}
	engine.WriteJSON(w, http.StatusCreated, reply)
	return nil
}

// showBook sends every session and every executed payment.
func (s *Simulator) showBook(w http.ResponseWriter, _ *http.Request) {
	engine.WriteJSON(w, http.StatusOK, struct {
		Sessions []Session     `json:"sessions"`
		Paid     []engine.Paid `json:"paid"`
	}{s.Sessions(), s.Book()})
}

// random returns n random bytes in hexadecimal, which nobody can guess.
func random(n int) string {
	raw := make([]byte, n)
	rand.Read(raw) // never fails: it ends the program instead
	return hex.EncodeToString(raw)
}
