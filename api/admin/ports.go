package admin

import (
	"context"
	"time"

	"pirogue"
)

// Store is the part of the database that support needs. Unlike a merchant it sees
// every merchant and both modes.
type Store interface {
	Tokens
	Reading
	Acts
	Partners
	Events
}

// Partners is whom we work with.
type Partners interface {
	Merchants
	Suspensions
	Operators
	AskFirsts
	Bulks
}

// Tokens knows who may come in.
type Tokens interface {
	// Token returns whose token secret is and what they may do. It fails with
	// NotFound, also for a revoked one.
	Token(ctx context.Context, secret string) (name string, role pirogue.Role, err error)
}

// Reading is what support looks at.
type Reading interface {
	Payments
	Lists

	// NextPoll returns about when the operator is asked about a payment's latest attempt, as of
	// the last question; the zero value before it.
	NextPoll(ctx context.Context, id pirogue.PaymentID) (time.Time, error)
}

// Payments finds and reads payments. One that does not exist is TransactionNotFound.
type Payments interface {
	Restarts
	// Find returns at most limit payments that a term names: a payment's ID, a
	// merchant's order or refund number, our reference at an operator, the operator's
	// own, or a number in E.164. None is no error.
	Find(ctx context.Context, term string, limit int) ([]pirogue.Payment, error)
	AnyPayment(ctx context.Context, id pirogue.PaymentID) (pirogue.PaymentView, error)
	AnyTimeline(ctx context.Context, id pirogue.PaymentID) ([]pirogue.Moment, error)
	// Cases returns a payment's cases, the open and the closed.
	Cases(ctx context.Context, id pirogue.PaymentID) ([]pirogue.Case, error)
}

// Restarts holds what starting the workflow of a payment again needs.
type Restarts interface {
	// Restart returns a payment as its workflow would be started again.
	Restart(ctx context.Context, id pirogue.PaymentID) (pirogue.Restart, error)
	// Reopen notes that the workflow of a payment has something to do again.
	Reopen(ctx context.Context, id pirogue.PaymentID, at time.Time) error
	// CloseCase closes a case that has no money in suspense.
	CloseCase(ctx context.Context, id pirogue.CaseID, at time.Time) error
}

// Lists is what support works through.
type Lists interface {
	// OpenCases returns a page of the open cases, the oldest first. It fails with
	// InvalidParameter for a cursor that is none.
	OpenCases(ctx context.Context, f pirogue.WorkFilter) (pirogue.WorkPage[pirogue.CaseView], error)
	// Stuck returns a page of the payments that need a look, each with why. It fails as
	// OpenCases does.
	Stuck(ctx context.Context, now time.Time, f pirogue.WorkFilter) (pirogue.WorkPage[pirogue.Stuck], error)
	// Audit checks every rule of the books against everything that is kept.
	Audit(ctx context.Context) ([]Violation, error)
}

// Acts is the audit log.
type Acts interface {
	// BeginAct writes an act before it is carried out.
	BeginAct(ctx context.Context, a pirogue.Act) error
	// EndAct completes an act with its verdict. An act that has one keeps it.
	EndAct(ctx context.Context, act string, v pirogue.Verdict, at time.Time) error
	// Acts returns at most limit acts, the newest first, on one payment or, for "", on
	// anything.
	Acts(ctx context.Context, id pirogue.PaymentID, limit int) ([]pirogue.Act, error)
}

// Merchants settles with merchants and keeps what was agreed with them. A merchant
// that does not exist is NotFound.
type Merchants interface {
	// PayOut books a payout, once for its ID. It fails with InsufficientBalance and
	// IdempotencyMismatch (the ID stands for another payout).
	PayOut(ctx context.Context, p pirogue.Payout) error
	Payouts(ctx context.Context, o pirogue.Owner) ([]pirogue.Payout, error)
	// SetFee replaces the rule of the same kind, country and network. Payments that
	// were accepted before keep their fee.
	SetFee(ctx context.Context, id pirogue.MerchantID, r pirogue.FeeRule) error
	Fees(ctx context.Context, id pirogue.MerchantID) (pirogue.FeeSchedule, error)
	SetLatePolicy(ctx context.Context, id pirogue.MerchantID, p pirogue.LatePolicy) error
}

// Suspensions holds back what merchants have not sent. A merchant that does not exist is
// NotFound.
type Suspensions interface {
	// SuspendMerchant refuses a merchant's requests and sends nothing of theirs that has not
	// left. What was perhaps sent is followed.
	SuspendMerchant(ctx context.Context, id pirogue.MerchantID) error
	// ResumeMerchant ends a suspension. What waited is sent.
	ResumeMerchant(ctx context.Context, id pirogue.MerchantID) error
}

// Events is what merchants were told.
type Events interface {
	EventsOf(ctx context.Context, id pirogue.PaymentID) ([]pirogue.Event, error)
	// Resend makes an event WAITING again, in another round, unless it is WAITING
	// already or has no address. It fails with NotFound.
	Resend(ctx context.Context, o pirogue.Owner, id pirogue.EventID) (pirogue.Event, error)
}

// Workflows is what support asks of the payments' workflows.
type Workflows interface {
	// Remedy has the payment's own workflow carry out an act, which it reads from the act's
	// row, and waits for its verdict as long as ctx allows. What would not be safe comes back as a verdict, REFUSED.
	// It fails with NotFound when no workflow is open for the payment, with
	// ServiceUnavailable when Temporal is away, and with Unknown when the workflow has
	// the remedy and did not answer in time: then it completes the act by itself.
	Remedy(ctx context.Context, p pirogue.Payment, act string) (pirogue.Verdict, error)
	// RemedyAnew starts the workflow of a payment again, from its rows, and does the same. It
	// fails with Internal where the rows do not allow it.
	RemedyAnew(ctx context.Context, r pirogue.Restart, act string) (pirogue.Verdict, error)
	Rebuilder
	// Waiting asks an open payment's workflow what it waits for.
	Waiting(ctx context.Context, p pirogue.PaymentID, k pirogue.Kind, now time.Time) (pirogue.Waiting, error)
	// Deliver starts the delivery of an event, in the round it is in.
	Deliver(ctx context.Context, o pirogue.Owner, id pirogue.EventID, round int) error
}

// Rebuilder starts workflows again.
type Rebuilder interface {
	// Rebuild starts all workflows again that are gone, or only shows them, and returns what
	// it found.
	Rebuild(ctx context.Context, dryRun bool) (pirogue.Restarted, error)
	// Blocked returns the payments whose workflow is open and cannot go on, because its code does
	// not replay its history.
	Blocked(ctx context.Context) ([]pirogue.LostWorkflow, error)
	// Restart starts the workflow of a payment again from its rows; with Anew the open one ends.
	Restart(ctx context.Context, r pirogue.Restart) error
}

// Violation is one row of the database that breaks a rule of the books.
type Violation struct {
	Rule string `json:"rule"` // in words
	Row  string `json:"row"`  // which one, such as a payment's ID
}
