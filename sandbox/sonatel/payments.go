package sonatel

import (
	"errors"
	"net/http"
	"time"

	"pirogue/sandbox/engine"
)

const (
	methodTwoSteps = "CLASSIC"
	// customerWaits is the time for which a payment in two steps waits for its customer.
	// Sonatel promises a final status within 24 h.
	customerWaits = 24 * time.Hour
)

// checkPayment returns the reason to refuse a payment to the merchant, or nil. Payments go
// to a till, by its code; deposits come from a number.
func (s *Simulator) checkPayment(m movement) error {
	if s.Faults.Read().BehaviourOf(m.Customer.ID).Down {
		return unavailable
	}
	if err := invalid(m.validate()); err != nil {
		return err
	}
	switch {
	case !localNumber.MatchString(m.Customer.ID):
		return badMSISDN
	case m.Partner.IDType != idCode || !engine.SameSecret(m.Partner.ID, s.credentials.MerchantCode):
		return merchantRefused
	}
	return nil
}

// readPayment reads and checks the body of a payment to the merchant. courseOf returns the
// course for the behaviour of the customer's number.
func (s *Simulator) readPayment(
	w http.ResponseWriter, r *http.Request, courseOf func(engine.Behaviour) engine.Course,
) (asked movement, wanted engine.Opening, err error) {
	if err := readBody(w, r, &asked); err != nil {
		return movement{}, engine.Opening{}, err
	}
	address, err := callbackURL(r)
	if err != nil {
		return movement{}, engine.Opening{}, err
	}
	if err := s.checkPayment(asked); err != nil {
		return movement{}, engine.Opening{}, err
	}
	b := s.Faults.Read().BehaviourOf(asked.Customer.ID)
	wanted = engine.CollectionOf(asked.order(address), b, 0, 0)
	wanted.Course = courseOf(b)
	return asked, wanted, nil
}

// oneStep executes a payment of a customer who gave an OTP beforehand. It uses up the OTP,
// whatever the result.
func (s *Simulator) oneStep(w http.ResponseWriter, r *http.Request) error {
	asked, wanted, err := s.readPayment(w, r, oneStepCourse)
	if err != nil {
		return err
	}
	if !s.otps.use(asked.Customer.ID, asked.Customer.OTP) {
		return wrongOTP
	}
	return s.openAndReply(w, r, wanted)
}

// twoSteps asks a customer for a payment, to be confirmed on the phone.
func (s *Simulator) twoSteps(w http.ResponseWriter, r *http.Request) error {
	asked, wanted, err := s.readPayment(w, r, twoStepCourse)
	if err != nil {
		return err
	}
	if asked.Method != methodTwoSteps {
		return invalid([]violation{{"method", "must be " + methodTwoSteps}})
	}
	wanted.Order.Notes[noteTwoSteps] = asked.Method
	return s.openAndReply(w, r, wanted)
}

// confirm stands for the customer who dials #144# and confirms.
func (s *Simulator) confirm(w http.ResponseWriter, r *http.Request) error {
	var who party
	if err := readBody(w, r, &who); err != nil {
		return err
	}
	found, _ := s.Order(r.PathValue("id"))
	t := transaction{found}
	switch {
	case t.ID == "" || t.party(customerPrefix).ID != who.ID:
		return notFound
	case t.status() != Initiated:
		return stillPending.withDetail("The transaction does not wait for its customer.")
	}
	if err := s.pins.checkCustomer(who); err != nil {
		return err
	}
	// The confirmation overrides the course of the number. A transaction that ended meanwhile
	// stays as it is.
	after, err := s.Decide(t.ID, engine.Executed, "")
	if err != nil && !errors.Is(err, engine.ErrNoOrder) {
		return err
	}
	engine.WriteJSON(w, http.StatusOK, replyTo(after))
	return nil
}

// paymentCourse returns the course of a payment after the customer of one magic number has
// confirmed it.
func paymentCourse(b engine.Behaviour) engine.Course {
	if b.Outcome == engine.Refuses {
		return engine.Course{Ends: engine.Declined, Reason: engine.TooPoor}
	}
	return engine.Course{Ends: engine.Executed}
}

// oneStepCourse returns the course of a payment whose customer gave an OTP beforehand. The
// response shows the end, unless the number takes its time.
func oneStepCourse(b engine.Behaviour) engine.Course {
	switch {
	case b.Outcome == engine.Silent:
		return engine.Course{Ends: engine.Declined, Reason: noResult, After: engine.SilentFor}
	case b.Outcome == engine.Pays && b.After > engine.DefaultPaidAfter:
		return engine.Course{Ends: engine.Executed, After: b.After}
	default:
		return paymentCourse(b)
	}
}

// twoStepCourse returns the course of a payment that the customer confirms later.
func twoStepCourse(b engine.Behaviour) engine.Course {
	c := engine.Course{Ends: engine.Executed, After: b.After, AfterResponse: true}
	switch b.Outcome {
	case engine.Refuses:
		c.Ends, c.Reason = engine.Declined, engine.SaidNo
	case engine.Silent:
		c.Ends, c.Reason, c.After = engine.Declined, engine.Silence, customerWaits
	case engine.Pays:
	}
	return c
}
