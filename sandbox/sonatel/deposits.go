package sonatel

import (
	"net/http"
	"strconv"

	"pirogue/sandbox/engine"
)

// maxBulk is the number of deposits that one call may order.
const maxBulk = 500

// movementReply is the response to a deposit and to a payment.
type movementReply struct {
	TransactionID string `json:"transactionId"`
	Status        Status `json:"status"`
	RequestID     string `json:"requestId"`
	Description   string `json:"description"`
	Reference     string `json:"reference"`
}

// bulkReply is the response to a bulk of deposits. A search by bulkId finds its lines.
type bulkReply struct {
	BulkID      string `json:"bulkId"`
	Status      Status `json:"status"`
	Description string `json:"description"`
}

// cashin deposits into one customer's wallet.
func (s *Simulator) cashin(w http.ResponseWriter, r *http.Request) error {
	var asked movement
	if err := readBody(w, r, &asked); err != nil {
		return err
	}
	address, err := callbackURL(r)
	if err != nil {
		return err
	}
	if err := s.checkDeposit(asked); err != nil {
		return err
	}
	// After the check of the PIN, so that nobody learns a ceiling by guessing.
	to := s.Faults.Read().PayoutTo(asked.Customer.ID)
	if to.End == engine.RefusedAtOnce {
		return ceilingReached
	}
	return s.openAndReply(w, r, engine.PayoutOf(asked.order(address), to, 0))
}

// checkDeposit returns the reason to refuse a deposit, or nil. It checks first for the
// number of an operator that is down. It checks the PIN last, so that an invalid call costs
// no try.
func (s *Simulator) checkDeposit(m movement) error {
	if s.Faults.Read().PayoutTo(m.Customer.ID).Down {
		return unavailable
	}
	if err := invalid(m.validate()); err != nil {
		return err
	}
	if !localNumber.MatchString(m.Customer.ID) {
		return badMSISDN
	}
	return s.pins.checkRetailer(m.Partner)
}

// bulkCashin deposits into many wallets by one call. An invalid line refuses the call; a
// customer's number decides only about its line.
func (s *Simulator) bulkCashin(w http.ResponseWriter, r *http.Request) error {
	var lines []movement
	if err := readBody(w, r, &lines); err != nil {
		return err
	}
	address, err := callbackURL(r)
	if err != nil {
		return err
	}
	if len(lines) == 0 || len(lines) > maxBulk {
		return invalidInput.withDetail("A bulk has from 1 to " + strconv.Itoa(maxBulk) + " deposits.")
	}
	bulkID := newID()
	wanted := make([]engine.Opening, len(lines))
	for i, line := range lines {
		if err := s.checkDeposit(line); err != nil {
			return err
		}
		wanted[i] = bulkLineOf(line, s.Faults.Read().PayoutTo(line.Customer.ID), address)
		wanted[i].Order.Notes[noteBulk] = bulkID
	}
	opened, err := s.open(wanted...)
	if err != nil {
		return err
	}
	response := engine.JSONHandler(http.StatusOK, bulkReply{bulkID, Pending, "Les dépôts sont en cours."})
	return s.reply(w, r, engine.OpeningReply{Orders: opened, Response: response})
}

// bulkLineOf returns the opening of a line of a bulk. A line ends after the response, and
// the float or the ceiling rejects no other line.
func bulkLineOf(m movement, to engine.Payout, callbackURL string) engine.Opening {
	line := engine.PayoutOf(m.order(callbackURL), to, 0)
	line.Course.AfterResponse = true
	if to.End == engine.RefusedAtOnce {
		line.Course.Reason = ceilingAtEnd
	}
	poor := line.Course
	poor.Ends, poor.Reason = engine.Declined, floatTooLow
	line.WithoutFloat = &poor
	return line
}

// open opens transactions: all of them or none. No transaction ends before the settling of
// the switches is over.
func (s *Simulator) open(wanted ...engine.Opening) ([]engine.Order, error) {
	settling := s.settings.settling()
	for i := range wanted {
		c := &wanted[i].Course
		c.After = max(c.After, settling)
		if poor := wanted[i].WithoutFloat; poor != nil {
			poor.After = c.After
		}
	}
	return s.OpenAll(wanted...)
}

// openAndReply opens one transaction and sends the response.
func (s *Simulator) openAndReply(w http.ResponseWriter, r *http.Request, wanted engine.Opening) error {
	opened, err := s.open(wanted)
	if err != nil {
		return err
	}
	return s.reply(w, r, engine.JSONReply(opened[0], http.StatusOK, replyTo(opened[0])))
}

// reply sends the response to a call that opened transactions, or the time-out of the quirk.
func (s *Simulator) reply(w http.ResponseWriter, r *http.Request, reply engine.OpeningReply) error {
	if s.settings.quirks().ExecutesThenTimesOut {
		reply.Response = tryAgain
	}
	s.ReplyToOpening(w, r, reply)
	return nil
}

// replyTo returns the response to a single movement. It has no amount: only the history
// shows the executed one.
func replyTo(o engine.Order) movementReply {
	t := transaction{o}
	described := map[Status]string{Success: "Opération réussie.", Failed: declines[t.Reason].text}[t.status()]
	if described == "" {
		described = "Opération en cours."
	}
	return movementReply{
		TransactionID: t.ID, Status: t.status(), RequestID: newID(), Description: described, Reference: t.Reference,
	}
}
