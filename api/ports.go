package api

import (
	"context"
	"time"

	"pirogue"
)

// Store is the part of the database that the API needs.
type Store interface {
	Gate
	Payments
	Reports
	Operators
	Webhooks
}

// Operators is what operators tell us, and how they do.
type Operators interface {
	Callbacks
	Healths

	// NextPoll returns about when the operator is asked about a payment's latest attempt, as of
	// the last question; the zero value before it.
	NextPoll(ctx context.Context, id pirogue.PaymentID) (time.Time, error)
}

// Healths knows how operators do.
type Healths interface {
	// Healths returns the health of every operator that ever had trouble.
	Healths(ctx context.Context) (map[pirogue.OperatorCode]pirogue.Health, error)
}

// Gate decides whether a request comes in.
type Gate interface {
	// Ping fails when the database is away or its schema is not current.
	Ping(ctx context.Context) error
	// Key returns a key in force with the secrets that verify at this moment, and its
	// merchant. It fails with NotFound, also for a revoked key.
	Key(ctx context.Context, public string, at time.Time) (pirogue.Key, pirogue.Merchant, error)
	// Spend binds a signature to the method and path it is first seen on, for
	// pirogue.SignatureLife. It reports false when it is bound to another one.
	Spend(ctx context.Context, s pirogue.Spent) (bool, error)
	// Take counts one request against an owner's rate and returns 0, or how long to
	// wait until one would pass.
	Take(ctx context.Context, o pirogue.Owner, at time.Time) (time.Duration, error)
}

// Payments writes and reads payments of one owner. A payment of another owner is
// TransactionNotFound.
type Payments interface {
	Bulks
	// Accept writes a payment, its first attempt and its idempotency in one
	// transaction, and with a cash-out or refund its hold. When the owner's reference
	// exists already it changes nothing and returns the original with false. It fails
	// with InsufficientBalance; for a refund also with TransactionNotFound (the owner
	// has no such payment), RefundNotAllowed (it is no successful cash-in) and
	// RefundExceedsPayment (less is left of it). A failure leaves nothing behind.
	Accept(ctx context.Context, p pirogue.Payment, a pirogue.Attempt, callbackDigest string) (pirogue.Payment, bool, error)
	Payment(ctx context.Context, o pirogue.Owner, id pirogue.PaymentID) (pirogue.Payment, error)
	// ByReference returns the owner's payment with a reference: merchant_refund_id for
	// a refund, merchant_order_id for the other kinds. It fails with
	// TransactionNotFound.
	ByReference(ctx context.Context, o pirogue.Owner, k pirogue.Kind, ref string) (pirogue.Payment, error)
	// Fees returns the merchant's contract.
	Fees(ctx context.Context, id pirogue.MerchantID) (pirogue.FeeSchedule, error)
}

// Bulks writes and reads bulks of one owner. A bulk of another owner is NotFound.
type Bulks interface {
	// AcceptBulk writes a bulk with its lines, takes their order numbers and sets aside
	// what they cost, in one transaction. When the owner's reference exists already it
	// changes nothing and returns the original with false. It fails with InvalidOrderID,
	// naming the lines whose order number is taken, and with InsufficientBalance; a
	// failure leaves nothing behind.
	AcceptBulk(ctx context.Context, b pirogue.Bulk, lines []pirogue.BulkLine) (pirogue.Bulk, bool, error)
	Bulk(ctx context.Context, o pirogue.Owner, id pirogue.BulkID) (pirogue.BulkProgress, error)
	// BulkLines calls each for every line of a span, as Export does.
	BulkLines(
		ctx context.Context, o pirogue.Owner, id pirogue.BulkID, span pirogue.LineSpan, each func(pirogue.BulkLine) error,
	) error
	// CancelBulk ends the lines that have not begun and gives their money back. It may be
	// called again, also when the bulk is over.
	CancelBulk(ctx context.Context, o pirogue.Owner, id pirogue.BulkID, at time.Time) (pirogue.BulkProgress, error)
}

// Reports reads what one owner has.
type Reports interface {
	// Export calls each for every payment that the filter selects, oldest first, without
	// keeping them in memory and without holding anything of the database while each takes
	// its time. It stops at each's first error and returns it.
	Export(ctx context.Context, o pirogue.Owner, f pirogue.ExportFilter, each func(pirogue.ExportRow) error) error
	List(ctx context.Context, o pirogue.Owner, f pirogue.PaymentFilter) ([]pirogue.Payment, error)
	Timeline(ctx context.Context, o pirogue.Owner, id pirogue.PaymentID) ([]pirogue.Moment, error)
	Balances(ctx context.Context, o pirogue.Owner) ([]pirogue.Balance, error)
}

// Callbacks keeps what operators tell us.
type Callbacks interface {
	// AttemptByCallback returns the attempt whose callback URL carries the token with
	// this digest. It fails with NotFound.
	AttemptByCallback(ctx context.Context, o pirogue.OperatorCode, digest string) (pirogue.Attempt, error)
	// AttemptByRef returns the attempt with our reference at an operator. It fails with
	// NotFound.
	AttemptByRef(ctx context.Context, o pirogue.OperatorCode, ref pirogue.OperatorRef) (pirogue.Attempt, error)
	// RecordCallback keeps a callback. It reports false for one that is kept already.
	RecordCallback(ctx context.Context, c pirogue.Callback) (bool, error)
	// RoutedAtEnd marks a callback as told that says nothing else than how its payment
	// ended, and reports whether it does.
	RoutedAtEnd(ctx context.Context, c pirogue.Callback, at time.Time) (bool, error)
	// Routed marks a callback as told to its workflow.
	Routed(ctx context.Context, id string, at time.Time) error
}

// Webhooks is what merchants may see and ask of the deliveries to them.
type Webhooks interface {
	// Deliveries returns a page of the owner's events, newest first, each with its
	// deliveries.
	Deliveries(ctx context.Context, o pirogue.Owner, f pirogue.EventFilter) ([]pirogue.EventLog, error)
	// Resend makes an event WAITING again, with all its deliveries before it, and
	// returns it in its round; one that is WAITING already keeps its round, and one that
	// cannot be sent comes back as it stands. It fails with NotFound.
	Resend(ctx context.Context, o pirogue.Owner, id pirogue.EventID) (pirogue.Event, error)
}

// Workflows is what the API asks of the payments' workflows.
type Workflows interface {
	Launcher
	// Ready fails with ServiceUnavailable when Temporal is away, or its database, and when
	// no worker has polled for payments for 30 s. It answers from what was seen within the
	// last second, so it may be asked before every payment.
	Ready(ctx context.Context) error
	// Start starts a payment's workflow, or joins it, and waits for the operator's
	// first answer as long as ctx allows. When ctx ends first it fails with
	// ServiceUnavailable if the workflow may not have been started, and with Unknown
	// if it was started and has not answered yet.
	Start(ctx context.Context, p pirogue.Payment) (pirogue.FirstAnswer, error)
	// Waiting asks an open payment's workflow what it waits for.
	Waiting(ctx context.Context, p pirogue.PaymentID, k pirogue.Kind, now time.Time) (pirogue.Waiting, error)
	// Heard tells a payment's workflow that the operator called back. It fails with
	// NotFound when no workflow is open for it.
	Heard(ctx context.Context, p pirogue.PaymentID, k pirogue.Kind) error
}

// Launcher starts workflows that are no payment's. Each may be started again without a
// second effect.
type Launcher interface {
	// Deliver starts the delivery of an event, in the round it is in.
	Deliver(ctx context.Context, o pirogue.Owner, id pirogue.EventID, round int) error
	// LaunchBulk starts the workflow that starts a bulk's payments, or joins it.
	LaunchBulk(ctx context.Context, b pirogue.Bulk) error
}

// Routes says which operators serve a payment.
type Routes interface {
	// Route returns the instances to try, in order. network "" means the country's
	// first. It fails with CountryNotSupported.
	Route(m pirogue.Mode, c pirogue.CountryCode, n pirogue.Network, k pirogue.Kind) ([]pirogue.Instance, error)
	// Network returns the network whose route a payment takes, and why that one: the one
	// that was asked for, or the one that the number suggests, or the country's first.
	Network(
		m pirogue.Mode, c pirogue.CountryCode, asked pirogue.Network, k pirogue.Kind, number pirogue.MSISDN,
	) (pirogue.Network, string)
	// Routes returns every route of a mode.
	Routes(m pirogue.Mode) []pirogue.Route
	// Instance returns the operator behind a callback URL, and whether there is one.
	Instance(code pirogue.OperatorCode) (pirogue.Instance, bool)
}
