package orangeweb

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"pirogue/sandbox/stage"
)

const (
	hangsFor      = 60 * time.Second // a lost answer, when the caller does not give up first
	payTokenLen   = 32               // bytes, twice as many hexadecimal digits
	notifTokenLen = 16               // bytes
)

// webpayment opens a session. The order of its acts is the point of it: what a
// magic number does before, during or after the answer happens here.
func (s *Simulator) webpayment(w http.ResponseWriter, r *http.Request) {
	kept, err := s.openSession(w, r)
	if err != nil {
		s.refuse(w, err)
		return
	}
	if kept.AnswerLost { // executed, and the caller will never know
		s.hang(r)
	}
	if r.Context().Err() != nil { // nobody was given the page, so no customer can pay on it
		return
	}
	callbacks := kept.behaviour().Callbacks
	early := callbacks > 1 && !kept.NextAt.IsZero()
	switch {
	case early:
		callbacks -= s.payBeforeAnswer(r.Context(), kept.PayToken)
	case !kept.actsAtOnce(): // arranged by the time that anyone reads the answer
		s.arrange(kept)
	}
	stage.WriteJSON(w, http.StatusCreated, openedReply{
		Status: http.StatusCreated, Message: "OK", PayToken: kept.PayToken,
		PaymentURL: s.options.PublicURL + "/payment/pay_token/" + kept.PayToken,
		NotifToken: kept.NotifToken,
	})
	// The answer leaves before the customer acts: "at once" is not "before".
	if err := http.NewResponseController(w).Flush(); err != nil {
		s.log.Debug("answer not flushed", "error", err)
	}
	switch {
	case early:
		s.announce(kept.PayToken, callbacks)
	case kept.actsAtOnce():
		s.arrange(kept)
	}
}

// openSession reads a webpayment call and keeps its session, or says why not. The
// number of an operator that is down is looked at first: it answers 503 to
// everybody, with a token or without.
func (s *Simulator) openSession(w http.ResponseWriter, r *http.Request) (session, error) {
	msisdn, segment := r.Header.Get(MSISDNHeader), r.PathValue("segment")
	var asked order
	switch {
	case msisdn != "" && !stage.ValidNumber(msisdn):
		return session{}, invalidHeader.because(MSISDNHeader + " must look like +22376123456.")
	case s.board.Read().BehaviourOf(msisdn).Down:
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
	if s.board.Read().KeysChanged || !same(asked.MerchantKey, s.options.Credentials.MerchantKey) {
		return session{}, forbiddenMerchant
	}
	asked.MerchantKey = "" // checked; the journal has no use for it
	return s.keep(r.Context(), segment, msisdn, asked)
}

// keep puts a session into the book.
func (s *Simulator) keep(ctx context.Context, segment, msisdn string, asked order) (session, error) {
	now := s.clock.Now().UTC()
	kept, err := s.book.open(session{
		PayToken: random(payTokenLen), NotifToken: random(notifTokenLen), Segment: segment, Order: asked,
		MSISDN: msisdn, Status: Initiated, AnswerLost: stage.AnswerIsLost(ctx), Unread: stage.AnswerIsSpoiled(ctx),
		OpenedAt: now, ValidUntil: now.Add(validity), Force: s.board.Read().Force,
	})
	switch {
	case errors.Is(err, errOrderUsed):
		return session{}, invalidField.because("order_id was used before; it must be unique for ever.")
	case errors.Is(err, errFull):
		return session{}, unavailable.because(errFull.Error())
	}
	return kept, err
}

// hang keeps the caller waiting for an answer that never comes. It does not return.
func (s *Simulator) hang(r *http.Request) {
	if !stage.AnswerIsLost(r.Context()) { // a dropped answer is dropped at once
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(s.life, cancel)() //nolint:contextcheck // Close ends the wait as well
		stage.Wait(ctx, s.clock, hangsFor)
	}
	panic(http.ErrAbortHandler)
}

// transactionStatus tells where a session stands to whoever knows all about it:
// the order, the amount and the token. Orange answers 201, not 200.
func (s *Simulator) transactionStatus(w http.ResponseWriter, r *http.Request) {
	var asked question
	if err := s.authorize(r); err != nil {
		s.refuse(w, err)
		return
	}
	if err := readBody(w, r, &asked); err != nil {
		s.refuse(w, err)
		return
	}
	kept, found := s.book.find(asked.PayToken)
	if !found || kept.Segment != r.PathValue("segment") ||
		kept.Order.OrderID != asked.OrderID || kept.Order.Amount != asked.Amount {
		s.refuse(w, notFound.because("No session has this order_id, amount and pay_token together."))
		return
	}
	reply := statusReply{Status: kept.Status, OrderID: kept.Order.OrderID, TxnID: kept.TxnID}
	// The real answer carries no amount. One that contradicts the order is the
	// whole trick of number 999999.
	if other := kept.executedAmount(); kept.Status == Success && other != kept.Order.Amount {
		reply.Amount = &other
	}
	if s.board.Read().UnknownWords {
		reply.Status = stage.UnknownWord
	}
	stage.WriteJSON(w, http.StatusCreated, reply)
}

// showBook answers with everything the simulator knows and executed.
func (s *Simulator) showBook(w http.ResponseWriter, _ *http.Request) {
	executed := s.Book()
	if executed == nil {
		executed = []stage.Paid{}
	}
	stage.WriteJSON(w, http.StatusOK, struct {
		Sessions []Session    `json:"sessions"`
		Paid     []stage.Paid `json:"paid"`
	}{s.Sessions(), executed})
}

// random returns n bytes nobody can guess, in hexadecimal.
func random(n int) string {
	raw := make([]byte, n)
	rand.Read(raw) // never fails: it would end the program
	return hex.EncodeToString(raw)
}
