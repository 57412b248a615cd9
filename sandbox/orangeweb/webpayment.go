package orangeweb

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"

	"pirogue/sandbox/engine"
)

// The paths of the two payment calls, and the beginning of the page's.
const (
	webpaymentPath        = "/orange-money-webpay/{segment}/v1/webpayment"
	transactionStatusPath = "/orange-money-webpay/{segment}/v1/transactionstatus"
	pagePath              = "/payment/pay_token/"
)

const (
	payTokenLen   = 32 // bytes, as twice as many hexadecimal digits
	notifTokenLen = 16 // bytes
)

// webpayment opens a session and sends the address of its page.
func (s *Simulator) webpayment(w http.ResponseWriter, r *http.Request) error {
	asked, err := s.readOrder(w, r)
	if err != nil {
		return err
	}
	o, err := s.OpenOnPage(r, asked)
	if err != nil {
		return err
	}
	s.ReplyToOpening(w, r, engine.JSONReply(o, http.StatusCreated, openedReply{
		Status: http.StatusCreated, Message: "OK", PayToken: o.Key,
		PaymentURL: s.Address(pagePath + o.Key), NotifToken: o.Notes[noteNotifToken],
	}))
	return nil
}

// readOrder reads a webpayment call, or returns the refusal. It checks first for the number
// of an operator that is down. That answers 503 to every caller, with or without a token.
func (s *Simulator) readOrder(w http.ResponseWriter, r *http.Request) (engine.Order, error) {
	msisdn, segment := r.Header.Get(MSISDNHeader), r.PathValue("segment")
	var asked order
	switch {
	case msisdn != "" && !engine.IsValidNumber(msisdn):
		return engine.Order{}, invalidHeader.because(MSISDNHeader + " must look like +22376123456.")
	case s.Down(engine.In, msisdn):
		return engine.Order{}, unavailable
	case segment != dev && !country.MatchString(segment):
		return engine.Order{}, notFound
	}
	if err := s.authorize(r); err != nil {
		return engine.Order{}, err
	}
	if err := readBody(w, r, &asked); err != nil {
		return engine.Order{}, err
	}
	if err := asked.validate(segment); err != nil {
		return engine.Order{}, err
	}
	if !s.Authenticate(asked.MerchantKey, s.credentials.MerchantKey) {
		return engine.Order{}, forbiddenMerchant
	}
	return engine.Order{
		Reference: asked.OrderID, Key: random(payTokenLen), MSISDN: msisdn, Asked: asked.Amount,
		Currency: asked.Currency, CallbackURL: asked.NotifURL,
		Notes: map[string]string{
			noteSegment: segment, noteNotifToken: random(notifTokenLen), noteMerchant: asked.Reference,
			noteLang: asked.Lang, noteReturn: asked.ReturnURL, noteCancel: asked.CancelURL,
		},
	}, nil
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
	o, found := s.ByKey(asked.PayToken)
	if !found || o.Notes[noteSegment] != r.PathValue("segment") ||
		o.Reference != asked.OrderID || o.Asked != asked.Amount {
		return notFound.because("No session has this order_id, amount and pay_token together.")
	}
	reply := statusReply{Status: s.Faults.Read().StatusWord(string(statusOf(o))), OrderID: o.Reference, TxnID: txnID(o)}
	// The real response has no amount. Number 999999 works by an amount that contradicts the
	// order.
	if o.State == engine.Executed && o.Amount != o.Asked {
		reply.Amount = &o.Amount
	}
	engine.WriteJSON(w, http.StatusCreated, reply)
	return nil
}

// random returns n random bytes in hexadecimal, which nobody can guess.
func random(n int) string {
	raw := make([]byte, n)
	rand.Read(raw) // never fails: it ends the program instead
	return hex.EncodeToString(raw)
}
