package sonatel

import (
	"net/http"
	"strconv"
	"time"

	"pirogue/sandbox/engine"
)

// maxBulk is the number of deposits that one call may order.
const maxBulk = 500

// movedReply is the response to a deposit and to a payment.
type movedReply struct {
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
	begun, err := s.begin(s.deposit(asked, to, address, ""))
	if err != nil {
		return err
	}
	return s.conclude(w, r, begun, replyTo(begun[0]))
}

// checkDeposit returns the reason to refuse a deposit, or nil. It checks first for the
// number of an operator that is down. It checks the PIN last, so that an invalid call costs
// no try.
func (s *Simulator) checkDeposit(m movement) error {
	if s.Faults.Read().PayoutTo(m.Customer.ID).Down {
		return unavailable
	}
	if err := violating(m.validate()); err != nil {
		return err
	}
	if !localNumber.MatchString(m.Customer.ID) {
		return badMSISDN
	}
	return s.checkRetailer(m.Partner)
}

// deposit returns the transaction of a deposit.
func (s *Simulator) deposit(m movement, to engine.Payout, address, bulkID string) ordered {
	executed := int64(m.Amount.Value)
	if to.OtherAmount {
		executed = engine.AnotherAmount(executed)
	}
	t := s.transaction(m, address)
	t.Type, t.Amount, t.BulkID = typeCashIn, executed, bulkID
	t.Callbacks, t.LosesAnswers = to.Callbacks, to.AnswerLost
	return ordered{t, depositCourse(to)}
}

// transaction returns the fields that every movement of a body shares.
func (s *Simulator) transaction(m movement, address string) transaction {
	now := s.Now()
	if said, err := time.Parse(time.RFC3339, m.RequestDate); err == nil {
		now = said.UTC()
	}
	return transaction{
		Asked: int64(m.Amount.Value), Reference: m.Reference, Partner: m.Partner.named(), Customer: m.Customer.named(),
		MSISDN: international(m.Customer.ID), Channel: channelAPI, Metadata: m.Metadata, RequestDate: now,
		// The customer gets a message by default, as in Sonatel's starter.
		ReceiveNotification: m.ReceiveNotification == nil || *m.ReceiveNotification, CallbackURL: address,
	}
}

// begin stores movements. The float and the journal may refuse them.
func (s *Simulator) begin(asked ...ordered) ([]transaction, error) {
	return s.book.begin(s.Now(), s.board.settling(), asked)
}

// replyTo returns the response to a single movement. It has no amount: only the history
// shows the executed one.
func replyTo(t transaction) movedReply {
	described := map[Status]string{Success: "Opération réussie.", Failed: t.Reason}[t.Status]
	if described == "" {
		described = "Opération en cours."
	}
	return movedReply{
		TransactionID: t.ID, Status: t.Status, RequestID: newID(), Description: described, Reference: t.Reference,
	}
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
		return invalidInput.because("A bulk has from 1 to " + strconv.Itoa(maxBulk) + " deposits.")
	}
	bulkID := newID()
	asked := make([]ordered, len(lines))
	for i, line := range lines {
		if err := s.checkDeposit(line); err != nil {
			return err
		}
		to := s.Faults.Read().PayoutTo(line.Customer.ID)
		asked[i] = s.deposit(line, to, address, bulkID)
		asked[i].course.waits = true
		if to.End == engine.RefusedAtOnce {
			asked[i].course.end, asked[i].course.reason = Rejected, ceilingReached.detail
		}
	}
	begun, err := s.begin(asked...)
	if err != nil {
		return err
	}
	return s.conclude(w, r, begun, bulkReply{bulkID, Pending, "Les dépôts sont en cours."})
}
