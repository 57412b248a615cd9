package support

import (
	"time"

	"pirogue"
)

// AuditEntry is one action of a person, or an attempt at one: a row of the audit log. It is written before
// the action and completed with the result afterwards, so no action escapes the log.
type AuditEntry struct {
	ID        string
	At        time.Time
	Actor     string
	Role      Role
	Action    SupportActionKind
	PaymentID pirogue.PaymentID // "" when the action concerns no payment
	Subject   string            // another object of the action, such as a merchant or an event
	Reason    string            // the reason, in the actor's own text
	// Resolution, Evidence and Case belong to ActionResolve. They hold the outcome of the payment,
	// where it can be seen, and the case to close, "" for none.
	Resolution Resolution
	Evidence   string
	Case       CaseID
	Result     ActionResult // zero: under way, or interrupted
	EndedAt    time.Time
}
