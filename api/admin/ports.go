package admin

import (
	"context"
	"slices"
	"time"

	"pirogue"
	"pirogue/access"
	"pirogue/bulk"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

// Store holds the parts of the database that support needs, by subject. It covers every merchant and
// both modes.
type Store struct {
	Tokens      Tokens
	Payments    Payments
	Restarts    Restarts
	Cases       Cases
	Stuck       StuckPayments
	Books       Books
	Audit       AuditLog
	Merchants   Merchants
	Fees        Fees
	Settlements Settlements
	Operators   Operators
	AskFirst    AskFirstMode
	Bulks       Bulks
	Events      Events
}

// missing returns the names of the parts that are nil.
func (s Store) missing() []string {
	var names []string
	for name, part := range map[string]any{
		"Tokens": s.Tokens, "Payments": s.Payments, "Restarts": s.Restarts, "Cases": s.Cases, "Stuck": s.Stuck,
		"Books": s.Books, "Audit": s.Audit, "Merchants": s.Merchants, "Fees": s.Fees, "Settlements": s.Settlements,
		"Operators": s.Operators, "AskFirst": s.AskFirst, "Bulks": s.Bulks, "Events": s.Events,
	} {
		if part == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Tokens authenticates people.
type Tokens interface {
	// Token returns the name and the role of the token with this secret. It fails with NotFound,
	// also for a revoked token.
	Token(ctx context.Context, secret string) (name string, role support.Role, err error)
}

// Payments finds and reads payments. An unknown payment is TransactionNotFound.
type Payments interface {
	// Find returns at most limit payments that match a term. A term is a payment's ID, a merchant's
	// order or refund ID, or a number in E.164. It may also be our reference at an operator, or the
	// operator's own. No match is no error.
	Find(ctx context.Context, term string, limit int) ([]pirogue.Payment, error)
	// AnyPayment returns a payment of any merchant, without the sealed fields that cannot be
	// decrypted.
	AnyPayment(ctx context.Context, id pirogue.PaymentID) (support.PaymentView, error)
	// AnyTimeline returns every event of a payment of any merchant, oldest first.
	AnyTimeline(ctx context.Context, id pirogue.PaymentID) ([]support.TimelineEntry, error)
	// NextPoll returns the approximate time of the next status call for a payment's latest attempt,
	// planned at the last one. It is zero before the first.
	NextPoll(ctx context.Context, id pirogue.PaymentID) (time.Time, error)
}

// Restarts reads and marks payments whose workflow starts again.
type Restarts interface {
	// Restart returns a payment with the rows from which its workflow would start again.
	Restart(ctx context.Context, id pirogue.PaymentID) (lifecycle.Restart, error)
	// Reopen records that the workflow of a payment has work again.
	Reopen(ctx context.Context, id pirogue.PaymentID, at time.Time) error
}

// Cases reads and closes cases.
type Cases interface {
	// Cases returns a payment's open and closed cases.
	Cases(ctx context.Context, id pirogue.PaymentID) ([]support.Case, error)
	// OpenCases returns a page of the open cases, the oldest first. It fails with InvalidParameter
	// for an invalid cursor.
	OpenCases(ctx context.Context, f support.WorkFilter) (support.WorkPage[support.CaseView], error)
	// CloseCase closes a case without money in suspense.
	CloseCase(ctx context.Context, id support.CaseID, at time.Time) error
}

// StuckPayments reads the payments that support should look at.
type StuckPayments interface {
	// Stuck returns a page of the stuck payments, each with its cause. It fails with
	// InvalidParameter for an invalid cursor.
	Stuck(ctx context.Context, now time.Time, f support.WorkFilter) (support.WorkPage[support.Stuck], error)
}

// Books checks the books.
type Books interface {
	// Audit checks every rule of the books against all stored rows.
	Audit(ctx context.Context) ([]Violation, error)
}

// AuditLog reads and writes the audit log.
type AuditLog interface {
	support.AuditLog

	// AuditEntries returns at most limit entries, the newest first, on one payment or, for "", on all
	// subjects.
	AuditEntries(ctx context.Context, id pirogue.PaymentID, limit int) ([]support.AuditEntry, error)
}

// Merchants suspends merchants and changes their policies and addresses. An unknown merchant is NotFound.
type Merchants interface {
	// SetLatePolicy sets the policy for money that arrives after a payment ended.
	SetLatePolicy(ctx context.Context, id pirogue.MerchantID, p pirogue.LatePolicy) error
	// SetNotifyURL sets the address of a merchant's webhooks, "" for none. Existing events keep theirs
	// until they are sent again.
	SetNotifyURL(ctx context.Context, id pirogue.MerchantID, url string) error
	// SuspendMerchant refuses a merchant's requests and sends none of its payments that have not
	// left. Payments that may have left are followed to their end.
	SuspendMerchant(ctx context.Context, id pirogue.MerchantID) error
	// ResumeMerchant ends a suspension. The payments that waited are sent.
	ResumeMerchant(ctx context.Context, id pirogue.MerchantID) error
}

// Fees reads and changes merchants' contracts. An unknown merchant is NotFound.
type Fees interface {
	// SetFee replaces the rule of the same kind, country and network. Payments accepted before keep
	// their fee.
	SetFee(ctx context.Context, id pirogue.MerchantID, r pirogue.FeeRule) error
	// RemoveFee removes the rule of a kind, country and network. It fails with NotFound without such a
	// rule. Payments accepted before keep their fee.
	RemoveFee(
		ctx context.Context, id pirogue.MerchantID, k pirogue.PaymentKind, c pirogue.CountryCode, n pirogue.Network,
	) error
	// Fees returns a merchant's contract.
	Fees(ctx context.Context, id pirogue.MerchantID) (pirogue.FeeSchedule, error)
}

// Settlements books transfers to merchants' banks. An unknown merchant is NotFound.
type Settlements interface {
	// RecordSettlement books a settlement, once for its ID. It fails with InsufficientBalance. It
	// fails with IdempotencyMismatch when another settlement has the ID.
	RecordSettlement(ctx context.Context, p support.Settlement) error
	// Settlements returns the booked settlements of one merchant and mode.
	Settlements(ctx context.Context, o access.Owner) ([]support.Settlement, error)
}

// AskFirstMode controls ask-first mode, in which every operator is asked before anything is sent. Its
// methods fail with NotFound while the mode is off.
type AskFirstMode interface {
	// AskFirstReport returns the mode's progress, with one row for each configured operator.
	AskFirstReport(ctx context.Context, configured []pirogue.OperatorCode) (lifecycle.AskFirstReport, error)
	// OperatorLooked records where a person looked instead of asking an operator.
	OperatorLooked(ctx context.Context, o pirogue.OperatorCode, evidence, by string) error
	// EndAskFirst ends the mode on a second person's request and records a first person's proposal.
	// It refuses while operators are left to ask, and returns them.
	EndAskFirst(
		ctx context.Context, configured []pirogue.OperatorCode, actor string, at time.Time,
	) (support.ActionResult, error)
}

// Bulks reads and cancels bulks of every merchant. An unknown bulk is NotFound.
type Bulks interface {
	// AnyBulk returns a bulk of any merchant with the tallies of its lines.
	AnyBulk(ctx context.Context, id pirogue.BulkID) (bulk.BulkProgress, error)
	// CancelBulk cancels the lines of an owner's bulk that were not sent, like a request of its
	// merchant. Lines that may have been sent go on. A bulk that has ended stays as it is.
	CancelBulk(
		ctx context.Context, o access.Owner, id pirogue.BulkID, at time.Time,
	) (bulk.BulkProgress, error)
}

// Operators reads the circuit breakers of operators and changes their service. An operator that never failed
// has no circuit breaker.
type Operators interface {
	// Breakers returns the circuit breaker of every operator that ever failed.
	Breakers(ctx context.Context) (map[pirogue.OperatorCode]operator.CircuitBreaker, error)
	// Park takes an operator out of service, or puts it back into service.
	Park(ctx context.Context, c operator.ServiceChange) error
	// InFlight counts the open payments at an operator. Waiting counts those of them that wait to be
	// sent.
	InFlight(ctx context.Context, o pirogue.OperatorCode) (int, error)
	Waiting(ctx context.Context, o pirogue.OperatorCode) (int, error)
}

// Events reads merchants' webhooks and sends them again.
type Events interface {
	// EventsOf returns the webhooks of a payment.
	EventsOf(ctx context.Context, id pirogue.PaymentID) ([]pirogue.Event, error)
	// Resend makes an event WAITING again, in a further round of deliveries. It does nothing for an
	// event that is WAITING or has no address. It fails with NotFound.
	Resend(ctx context.Context, o access.Owner, id pirogue.EventID) (pirogue.Event, error)
}

// Workflows sends support's actions to the payments' workflows.
type Workflows interface {
	// Act passes an action to the payment's own workflow, which reads it from the audit entry's
	// row. It waits for the result within ctx. An unsafe action returns the result REFUSED. It
	// fails with NotFound when no workflow is open for the payment, and with ServiceUnavailable when
	// Temporal does not respond. It fails with Unknown when the workflow has the action and did not
	// respond in time. The workflow completes the entry then.
	Act(ctx context.Context, p pirogue.Payment, auditID string) (support.ActionResult, error)
	// ActOnRestarted starts the workflow of a payment again from its rows, and then does the same. It
	// fails with Internal where the rows do not allow it.
	ActOnRestarted(ctx context.Context, r lifecycle.Restart, auditID string) (support.ActionResult, error)
	Rebuilder
	// Waiting queries an open payment's workflow for what it waits on.
	Waiting(ctx context.Context, p pirogue.PaymentID, k pirogue.PaymentKind, now time.Time) (lifecycle.WaitState, error)
	// Deliver starts the delivery of an event in its round.
	Deliver(ctx context.Context, e pirogue.Event) error
}

// Rebuilder starts lost and blocked workflows again.
type Rebuilder interface {
	// Rebuild starts all lost workflows again and returns what it found. With dryRun it starts none.
	Rebuild(ctx context.Context, dryRun bool) (lifecycle.Restarted, error)
	// Blocked returns the payments whose workflow is open and cannot continue, because its code does
	// not replay its history.
	Blocked(ctx context.Context) ([]lifecycle.LostWorkflow, error)
	// Restart starts the workflow of a payment again from its rows; with Anew it ends the open one
	// first.
	Restart(ctx context.Context, r lifecycle.Restart) error
}

// Violation is one row of the database that breaks a rule of the books.
type Violation struct {
	Rule string `json:"rule"` // in words
	Row  string `json:"row"`  // the row's name, such as a payment's ID
}
