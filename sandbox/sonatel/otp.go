package sonatel

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"net/http"
	"sync"
	"time"

	"pirogue/sandbox/engine"
)

const (
	otpLifetime = 5 * time.Minute
	maxOTPs     = 10_000 // passwords issued and unused; beyond it the call answers 503
)

// otps stores the one-time passwords issued and unused. They are not journaled: after a
// restart a customer requests another.
type otps struct {
	clock  engine.Clock
	mu     *sync.Mutex
	issued map[string]issuedOTP // by the customer's local number
}

// issuedOTP is one password with its expiry.
type issuedOTP struct {
	otp   string
	until time.Time
}

// newOTPs returns a store without passwords.
func newOTPs(clock engine.Clock) otps {
	return otps{clock: clock, mu: &sync.Mutex{}, issued: make(map[string]issuedOTP)}
}

// issue returns a password for a customer, in place of any other.
func (o otps) issue(customer string) (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.issued) >= maxOTPs {
		return "", unavailable
	}
	otp := fmt.Sprintf("%06d", n)
	o.issued[customer] = issuedOTP{otp, o.clock.Now().Add(otpLifetime)}
	return otp, nil
}

// use reports whether a password is the customer's, and uses it up. OTP is always valid
// and never used up, so that a test needs no preparing call.
func (o otps) use(customer, otp string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	mine, found := o.issued[customer]
	if found && engine.SameSecret(mine.otp, otp) {
		delete(o.issued, customer)
		return !o.clock.Now().After(mine.until)
	}
	return engine.SameSecret(otp, OTP)
}

// otp serves payments/otp. In the tests of integrators it stands for the customer who dials
// #144#391#.
func (s *Simulator) otp(w http.ResponseWriter, r *http.Request) error {
	var asked party
	if err := readBody(w, r, &asked); err != nil {
		return err
	}
	if s.Faults.Read().BehaviourOf(asked.ID).Down {
		return unavailable
	}
	if err := s.pins.checkCustomer(asked); err != nil {
		return err
	}
	otp, err := s.otps.issue(asked.ID)
	if err != nil {
		return err
	}
	engine.WriteJSON(w, http.StatusOK, map[string]string{"otp": otp})
	return nil
}
