package sonatel

import (
	"context"
	"encoding/base64"
	"net/http"
	"time"
	"unicode/utf8"

	"pirogue/sandbox/engine"
)

// codeRequest is the body of a QR code call. Some clients send code as a number.
type codeRequest struct {
	Code      label             `json:"code"`
	Name      string            `json:"name"`
	Amount    amount            `json:"amount"`
	Reference string            `json:"reference"`
	Validity  number            `json:"validity"` // seconds; a day if left out
	Metadata  map[string]string `json:"metadata"`
	// The addresses for the customer's browser afterwards. Callbacks go to the address in the
	// header X-Callback-Url, or to the registered one.
	SuccessURL string `json:"callbackSuccessUrl"`
	CancelURL  string `json:"callbackCancelUrl"`
	// Restrictions let a code be paid once. Otherwise it can be paid until it expires, so two
	// phones can pay one order.
	Restrictions struct {
		SingleUse bool `json:"isSingleUse"`
	} `json:"restrictions"`
}

// codeReply is the response to a QR code call, observed in production. QRCode is the base64
// of a PNG, without a data URI around it.
type codeReply struct {
	QRID      string            `json:"qrId"`
	DeepLink  string            `json:"deepLink"`
	DeepLinks map[string]string `json:"deepLinks"`
	ShortLink string            `json:"shortLink"`
	QRCode    string            `json:"qrCode"`
	Validity  int64             `json:"validity"` // seconds
	Metadata  map[string]string `json:"metadata"`
	ValidFor  validFor          `json:"validFor"`
}

// validFor is the period in which a code can be paid.
type validFor struct {
	Start string `json:"startDateTime"`
	End   string `json:"endDateTime"`
}

// validate returns every violation of the request.
func (q codeRequest) validate() []violation {
	return append(common(q.Amount, q.Reference, q.Metadata), broken([]rule{
		{"name", "have from 1 to 80 characters", q.Name != "" && utf8.RuneCountInString(q.Name) <= maxName},
		{"validity", "be at most 86400 seconds", q.Validity >= 0 && q.Validity <= number(maxValidity/time.Second)},
		{"callbackSuccessUrl", "be an absolute http address", q.SuccessURL == "" || validURL(q.SuccessURL)},
		{"callbackCancelUrl", "be an absolute http address", q.CancelURL == "" || validURL(q.CancelURL)},
	})...)
}

// qrCode makes a QR code that a customer pays by MAX IT or Orange Money. A caller who
// disconnects before the response has received no code, so no automatic customer pays it.
func (s *Simulator) qrCode(w http.ResponseWriter, r *http.Request) error {
	made, err := s.issue(w, r)
	if err != nil {
		return err
	}
	reply, err := s.codeReply(made)
	if err != nil {
		return err
	}
	timesOut := s.board.quirksNow().ExecutesThenTimesOut
	if made.behaviour().AnswerLost && !s.book.lostBefore(made) || timesOut || r.Context().Err() != nil {
		return s.lose(r, made, timesOut)
	}
	early, paid := s.payBeforeAnswer(r.Context(), made)
	if !made.actsAtOnce() { // scheduled before anyone reads the response
		s.expect(made)
	}
	engine.WriteJSON(w, http.StatusOK, reply)
	delivered := s.Flush(w)
	switch {
	case paid:
		s.carryOn([]transaction{early})
	case !delivered: // nobody received the code
		_, err = s.book.change(made.ID, (*code).lose)
	case made.actsAtOnce():
		s.expect(made)
	}
	return err
}

// issue reads a QR code call and stores its code, or returns the problem. It checks for the
// number of an operator that is down before every other field of the body.
func (s *Simulator) issue(w http.ResponseWriter, r *http.Request) (code, error) {
	var asked codeRequest
	if err := readBody(w, r, &asked); err != nil {
		return code{}, err
	}
	msisdn := r.Header.Get(MSISDNHeader)
	address, err := callbackURL(r)
	switch {
	case msisdn != "" && !engine.ValidNumber(msisdn):
		return code{}, badMSISDN.because(MSISDNHeader + " must look like +221770123456.")
	case s.Faults.Read().BehaviourOf(msisdn).Down:
		return code{}, unavailable
	case err != nil:
		return code{}, err
	}
	if err := violating(asked.validate()); err != nil {
		return code{}, err
	}
	if !engine.Same(string(asked.Code), s.options.Credentials.MerchantCode) {
		return code{}, merchantRefused
	}
	return s.book.issue(s.codeOf(r.Context(), asked, msisdn, address))
}

// codeOf returns the code of a request.
func (s *Simulator) codeOf(ctx context.Context, q codeRequest, msisdn, address string) code {
	now, life := s.Now(), time.Duration(q.Validity)*time.Second
	if life == 0 {
		life = maxValidity
	}
	c := code{
		ID: newID(), Name: q.Name, Amount: int64(q.Amount.Value), Reference: q.Reference, Metadata: q.Metadata,
		SuccessURL: q.SuccessURL, CancelURL: q.CancelURL, CallbackURL: address, SingleUse: q.Restrictions.SingleUse,
		MSISDN: msisdn, CreatedAt: now, ValidUntil: now.Add(life), AnswerLost: engine.AnswerIsLost(ctx),
		Unread: engine.AnswerIsSpoiled(ctx), Force: s.Faults.Read().Force,
	}
	c.expectCustomer()
	return c
}

// lose withholds the response to a QR code call. Nobody received the code, so nobody pays
// it.
func (s *Simulator) lose(r *http.Request, made code, timesOut bool) error {
	if _, err := s.book.change(made.ID, (*code).lose); err != nil {
		return err
	}
	if timesOut {
		return tryAgain
	}
	if r.Context().Err() == nil {
		s.Hang(r)
	}
	return nil // the caller has disconnected
}

// payBeforeAnswer serves the number with three callbacks. Its customer pays, and one
// callback arrives, while the merchant still waits for the code.
func (s *Simulator) payBeforeAnswer(ctx context.Context, c code) (transaction, bool) {
	if c.behaviour().Callbacks < 2 || c.NextAt.IsZero() {
		return transaction{}, false
	}
	t, err := s.book.pay(s.payment(c, c.NextAt, 0))
	if err != nil {
		s.Log.Info("customer could not pay", "reference", c.Reference, "error", err)
		return transaction{}, false
	}
	return s.tellEarly(ctx, t), true
}

// codeReply returns a code in the API's form. The real links open apps; those of the
// sandbox all lead to its page.
func (s *Simulator) codeReply(c code) (codeReply, error) {
	link := s.options.PublicURL + "/qr/" + c.ID
	picture, err := drawQR(link)
	if err != nil {
		return codeReply{}, err
	}
	return codeReply{
		QRID: c.ID, DeepLink: link, DeepLinks: map[string]string{"OM": link, "MAXIT": link}, ShortLink: link,
		QRCode:   base64.StdEncoding.EncodeToString(picture),
		Validity: int64(c.ValidUntil.Sub(c.CreatedAt) / time.Second), Metadata: c.Metadata,
		ValidFor: validFor{instant(c.CreatedAt), instant(c.ValidUntil)},
	}, nil
}

// checkPayment returns the reason to refuse a payment to the merchant, or nil. Payments go
// to a till, by its code; deposits come from a number.
func (s *Simulator) checkPayment(m movement) error {
	if s.Faults.Read().BehaviourOf(m.Customer.ID).Down {
		return unavailable
	}
	if err := violating(m.validate()); err != nil {
		return err
	}
	switch {
	case !localNumber.MatchString(m.Customer.ID):
		return badMSISDN
	case m.Partner.IDType != idCode || !engine.Same(m.Partner.ID, s.options.Credentials.MerchantCode):
		return merchantRefused
	}
	return nil
}

// readPayment reads and checks the body of a payment to the merchant. courseOf returns the
// course for the behaviour of the customer's number.
func (s *Simulator) readPayment(
	w http.ResponseWriter, r *http.Request, courseOf func(engine.Behaviour) course,
) (asked movement, o ordered, err error) {
	if err := readBody(w, r, &asked); err != nil {
		return movement{}, ordered{}, err
	}
	address, err := callbackURL(r)
	if err != nil {
		return movement{}, ordered{}, err
	}
	if err := s.checkPayment(asked); err != nil {
		return movement{}, ordered{}, err
	}
	b := s.Faults.Read().BehaviourOf(asked.Customer.ID)
	t := s.transaction(asked, address)
	t.Type, t.Amount, t.Callbacks, t.LosesAnswers = typePayment, t.Asked, b.Callbacks, b.AnswerLost
	if b.OtherAmount {
		t.Amount = engine.AnotherAmount(t.Asked)
	}
	return asked, ordered{t, courseOf(b)}, nil
}

// oneStep executes a payment of a customer who gave an OTP beforehand. It uses up the OTP,
// whatever the result.
func (s *Simulator) oneStep(w http.ResponseWriter, r *http.Request) error {
	asked, payment, err := s.readPayment(w, r, oneStepCourse)
	if err != nil {
		return err
	}
	if !s.otps.spend(asked.Customer.ID, asked.Customer.OTP) {
		return wrongOTP
	}
	begun, err := s.begin(payment)
	if err != nil {
		return err
	}
	return s.conclude(w, r, begun, replyTo(begun[0]))
}

// twoSteps asks a customer for a payment, to be confirmed on the phone.
func (s *Simulator) twoSteps(w http.ResponseWriter, r *http.Request) error {
	asked, payment, err := s.readPayment(w, r, twoStepCourse)
	if err != nil {
		return err
	}
	if asked.Method != "CLASSIC" {
		return violating([]violation{{"method", "must be CLASSIC"}})
	}
	begun, err := s.begin(payment)
	if err != nil {
		return err
	}
	return s.conclude(w, r, begun, replyTo(begun[0]))
}

// confirm stands for the customer who dials #144# and confirms.
func (s *Simulator) confirm(w http.ResponseWriter, r *http.Request) error {
	var who party
	if err := readBody(w, r, &who); err != nil {
		return err
	}
	kept, found := s.book.find(r.PathValue("id"))
	switch {
	case !found || kept.Customer.ID != who.ID:
		return notFound
	case kept.Status != Initiated:
		return stillPending.because("The transaction does not wait for its customer.")
	}
	if err := s.checkCustomer(who); err != nil {
		return err
	}
	// The confirmation overrides the course of the number.
	after, ended, err := s.book.settle(kept.ID, s.Now(), true)
	if err != nil {
		return err
	}
	if ended {
		s.tell(after, 1)
	}
	engine.WriteJSON(w, http.StatusOK, replyTo(after))
	return nil
}
