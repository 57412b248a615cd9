package sonatel

import (
	"net/http"
	"strconv"
	"time"

	"pirogue/sandbox/stage"
)

// maxBulk is how many deposits one call may ask for.
const maxBulk = 500

// movedReply is the answer to a deposit and to a payment.
type movedReply struct {
	TransactionID string `json:"transactionId"`
	Status        Status `json:"status"`
	RequestID     string `json:"requestId"`
	Description   string `json:"description"`
	Reference     string `json:"reference"`
}

// bulkReply is the answer to a bulk of deposits; its lines are found by bulkId.
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
	// The PIN was right by now: a ceiling is not told to those who guess.
	to := s.Board.Read().PayoutTo(asked.Customer.ID)
	if to.End == stage.RefusedAtOnce {
		return ceilingReached
	}
	begun, err := s.begin(s.deposit(asked, to, address, ""))
	if err != nil {
		return err
	}
	return s.conclude(w, r, begun, replyTo(begun[0]))
}

// checkDeposit returns why a deposit is refused, or nil. The number of an operator
// that is down is looked at first, and the PIN last: a call that is wrong in itself
// costs no try.
func (s *Simulator) checkDeposit(m movement) error {
	if s.Board.Read().PayoutTo(m.Customer.ID).Down {
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

// deposit is the transaction that a deposit asks for.
func (s *Simulator) deposit(m movement, to stage.Payout, address, bulkID string) ordered {
	executed := int64(m.Amount.Value)
	if to.OtherAmount {
		executed = stage.AnotherAmount(executed)
	}
	t := s.transaction(m, address)
	t.Type, t.Amount, t.BulkID = typeCashIn, executed, bulkID
	t.Callbacks, t.LosesAnswers = to.Callbacks, to.AnswerLost
	return ordered{t, depositCourse(to)}
}

// transaction is what every movement of a body has in common.
func (s *Simulator) transaction(m movement, address string) transaction {
	now := s.Now()
	if said, err := time.Parse(time.RFC3339, m.RequestDate); err == nil {
		now = said.UTC()
	}
	return transaction{
		Asked: int64(m.Amount.Value), Reference: m.Reference, Partner: m.Partner.named(), Customer: m.Customer.named(),
		MSISDN: international(m.Customer.ID), Channel: channelAPI, Metadata: m.Metadata, RequestDate: now,
		// The customer hears of it unless told otherwise, as in Sonatel's starter.
		ReceiveNotification: m.ReceiveNotification == nil || *m.ReceiveNotification, CallbackURL: address,
	}
}

// begin puts movements into the book, where the float and the journal have their say.
func (s *Simulator) begin(asked ...ordered) ([]transaction, error) {
	return s.book.begin(s.Now(), s.board.settling(), asked)
}

// replyTo is the answer to a movement by itself. It carries no amount: only the history
// tells what was executed.
func replyTo(t transaction) movedReply {
	described := map[Status]string{Success: "Opération réussie.", Failed: t.Reason}[t.Status]
	if described == "" {
		described = "Opération en cours."
	}
	return movedReply{
		TransactionID: t.ID, Status: t.Status, RequestID: newID(), Description: described, Reference: t.Reference,
	}
}

// bulkCashin deposits into many wallets by one call. What is wrong with a line in
// itself refuses the call; what a customer's number does happens to the line.
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
		to := s.Board.Read().PayoutTo(line.Customer.ID)
		asked[i] = s.deposit(line, to, address, bulkID)
		asked[i].course.waits = true
		if to.End == stage.RefusedAtOnce {
			asked[i].course.end, asked[i].course.reason = Rejected, ceilingReached.detail
		}
	}
	begun, err := s.begin(asked...)
	if err != nil {
		return err
	}
	return s.conclude(w, r, begun, bulkReply{bulkID, Pending, "Les dépôts sont en cours."})
}
